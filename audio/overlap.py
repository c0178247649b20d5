"""Sound as overlapping spectra and back, a stretch at a time: sample for sample at its place, however the spectra were changed.

A stretch is reflected at both ends, so that its first and last samples are as well covered as all others and nothing
from outside it is needed. Windows are roots of Hann's on the way in and on the way out; unchanged spectra give back the sound.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples

Spectra = NDArray[np.complex64]
"""Consecutive frames, shape (frames, bins)."""

_SAMPLES_AT_ONCE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Overlap:
    """Frames of `size` samples, one every `hop`; the size is a multiple of twice the hop."""

    size: int
    hop: int

    def frames(self, samples: int) -> int:
        """How many frames a stretch has."""
        return -(-(samples + self._reach) // self.hop)

    def spectra(self, blocks: Iterable[Samples]) -> Iterator[Spectra]:
        """The spectra of one stretch, many frames at a time."""
        window = _window(self.size)
        for frames in self.cut(blocks):
            yield np.fft.rfft(frames * window, axis=1).astype(np.complex64)

    def sound(self, spectra: Iterable[Spectra], samples: int) -> Iterator[Samples]:
        """The stretch of so many samples again."""
        window = _window(self.size) * np.float32(2 * self.hop / self.size)
        frames = (
            np.fft.irfft(each, self.size, axis=1).astype(np.float32) * window for each in spectra if len(each)
        )
        yield from self.added(frames, samples)

    def cut(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The frames of one stretch, without a window, shape (frames, size); those of an empty one are none."""
        sound = np.zeros(0, dtype=np.float32)
        began = False
        for block in blocks:
            sound = np.concatenate([sound, block])
            if not began and len(sound) >= self.size:
                sound, began = np.pad(sound, (self._reach, 0), mode="symmetric"), True
            count = (len(sound) - self.size) // self.hop + 1
            if began and count * self.hop >= _SAMPLES_AT_ONCE:
                yield self._view(sound, count)
                sound = sound[count * self.hop :]
        if not len(sound):
            return
        if not began:
            sound = np.pad(sound, (self._reach, 0), mode="symmetric")
        count = -(-len(sound) // self.hop)
        sound = np.pad(sound, (0, (count - 1) * self.hop + self.size - len(sound)), mode="symmetric")
        yield self._view(sound, count)

    def added(self, frames: Iterable[Samples], samples: int) -> Iterator[Samples]:
        """Windowed frames, each at its place, as the stretch of so many samples."""
        carried = np.zeros(self._reach, dtype=np.float32)
        at = -self._reach
        for rows in frames:
            sound = np.zeros((len(rows) - 1) * self.hop + self.size, dtype=np.float32)
            sound[: self._reach] = carried
            for part in range(self.size // self.hop):
                columns = rows[:, part * self.hop : (part + 1) * self.hop]
                start = part * self.hop
                sound[start : start + columns.size] += columns.ravel()
            settled = len(rows) * self.hop
            carried = sound[settled:]
            yield sound[max(-at, 0) : max(min(settled, samples - at), 0)]
            at += settled

    def _view(self, sound: Samples, count: int) -> Samples:
        return np.lib.stride_tricks.sliding_window_view(sound, self.size)[:: self.hop][:count]

    @property
    def _reach(self) -> int:
        return self.size - self.hop


@functools.cache
def _window(size: int) -> Samples:
    """The root of Hann's window, which is one-sided so that its shifted copies add up exactly."""
    window: Samples = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    return window
