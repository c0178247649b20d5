"""Hearing by the sound: what came is decoded by ffmpeg and laid beside the sound that was meant.

Works for sources that encode anew, where no frame is known. The place of a stretch in its programme is found to the
sample (the peak of a correlation), its ends to a few milliseconds (a codec smears). Stretches of less than half a second,
and interruptions of less than two frames, are not found.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE
from audio.profile import MP3_FRAME_SAMPLES
from tests.ears.frames import Stream
from tests.ears.report import Programme, Report, Sound, Stretch, report

_WINDOW: Final = RATE // 2
_HOP: Final = _WINDOW // 2
_LIKE: Final = 0.9
"""Correlation from which a window is that part of the programme. Measured: the same sound through LAME at 128 kbit/s
over 0.999, other speech of the same kind up to 0.77."""
_SURE: Final = 0.99
"""Nothing else is searched for where it goes on as well as that."""
_BETTER: Final = 0.01
_SMEARED: Final = 2 * MP3_FRAME_SAMPLES
"""What a splice may spoil: a shorter interruption is not told from it, and `tests.ears.frames` finds that one."""
_INEXACT: Final = RATE // 100
_AUDIBLE: Final = 1e-3
"""-60 dBFS."""


def decoded(frames: Sequence[bytes], ffmpeg: Path) -> Sound:
    """The sound of whole MP3 frames, mono at 48 kHz. Raises `ValueError` unless each gave 1,152 samples.

    A decoder plays silence for a frame whose bits stood in frames before the first.
    """
    if not frames:
        return np.zeros(0, dtype=np.float32)
    command = [
        *(str(ffmpeg), "-v", "quiet", "-f", "mp3", "-i", "pipe:0"),
        *("-af", "aformat=sample_fmts=flt:channel_layouts=mono:sample_rates=48000"),
        *("-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"),
    ]
    made = subprocess.run(
        command,
        input=b"".join(frames),
        stdout=subprocess.PIPE,
        check=True,
    )
    sound = np.frombuffer(made.stdout, dtype="<f4").astype(np.float32)
    if len(sound) != len(frames) * MP3_FRAME_SAMPLES:
        raise ValueError(f"{len(frames)} frames gave {len(sound)} samples")
    return sound


def longest_silence_ms(sound: Sound, *, below: float = _AUDIBLE) -> float:
    """The longest time without any sample over ``below`` (an amplitude, full scale being 1)."""
    loud = np.flatnonzero(np.abs(sound) > below)
    edges = np.concatenate([[-1], loud, [len(sound)]])
    return float(np.diff(edges).max() - 1) / RATE * 1000


def by_sound(stream: Stream, sound: Sound, programmes: Sequence[Programme]) -> Report:
    """Hear which parts of which programmes came, in which order and when. ``sound`` is the stream's, decoded."""
    meant = [_Meant(each) for each in programmes]
    stretches = _stretches(sound, meant)
    return report(stretches, programmes, stream.timeline, junk_bytes=stream.junk_bytes)


class _Meant:
    """A programme's sound, made ready to be searched."""

    def __init__(self, programme: Programme) -> None:
        assert programme.sound is not None, f"{programme.name} has no sound to be known by"
        self.programme = programme
        self.sound = programme.sound.astype(np.float32)
        self._size = 1 << (len(self.sound) + _WINDOW - 1).bit_length()
        self._spectrum = np.fft.rfft(self.sound, self._size)
        self._energies = np.concatenate([[0.0], np.cumsum(self.sound.astype(np.float64) ** 2)])

    def find(self, window: Sound) -> tuple[float, int]:
        """The likeness of the most alike part, and where it begins in the programme (perhaps before it)."""
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(window, self._size)), self._size)
        starts = np.arange(-len(window) + 1, len(self.sound))
        found = product[starts]
        energies = self._energies_at(starts, len(window))
        # A part of which the programme has only a corner must not win by that corner
        floor = 0.1 * float(window @ window)
        likeness = found / np.sqrt(np.maximum(energies, floor) * float(window @ window))
        best = int(likeness.argmax())
        return float(likeness[best]), int(starts[best])

    def like(self, window: Sound, start: int) -> float:
        """The likeness of the part that begins at ``start``."""
        part = self.part(start, start + len(window))
        energy = float(part @ part) * float(window @ window)
        return float(part @ window) / np.sqrt(energy) if energy else 0.0

    def part(self, first: int, end: int) -> Sound:
        """Samples [first, end), with silence where the programme has none."""
        out = np.zeros(end - first, dtype=np.float32)
        low, high = max(first, 0), min(end, len(self.sound))
        if low < high:
            out[low - first : high - first] = self.sound[low:high]
        return out

    def _energies_at(self, starts: NDArray[np.int_], length: int) -> NDArray[np.float64]:
        low, high = np.clip(starts, 0, len(self.sound)), np.clip(starts + length, 0, len(self.sound))
        energies: NDArray[np.float64] = self._energies[high] - self._energies[low]
        return energies


@dataclass(slots=True)
class _Run:
    """Windows of the stream, the first at ``low``, the last ending at ``high``, all at one place of one programme:
    sample s of the stream is its sample s - ``offset``."""

    meant: _Meant
    offset: int
    low: int
    high: int

    @property
    def reaches(self) -> int:
        """Where in the stream the programme would end."""
        return self.offset + len(self.meant.sound)


def _stretches(sound: Sound, meant: Sequence[_Meant]) -> list[Stretch]:
    runs = _runs(sound, meant)
    # The edges of runs: what lies between two is either one's, the other's or neither's
    edges = [0] * (2 * len(runs))
    for index in range(len(runs) + 1):
        before = runs[index - 1] if index else None
        after = runs[index] if index < len(runs) else None
        if before is None and after is None:
            continue
        low = (before.low + before.high) // 2 if before else 0
        high = (after.low + after.high) // 2 if after else len(sound)
        last, first = _edges(sound, before, after, low, max(low, high))
        if before:
            edges[2 * index - 1] = last
        if after:
            edges[2 * index] = first
    found: list[Stretch] = []
    for index, run in enumerate(runs):
        programme = run.meant.programme
        first = max(edges[2 * index] - run.offset, 0)
        end = min(edges[2 * index + 1] - run.offset, programme.samples)
        if found and programme.name == found[-1].programme and run.offset != runs[index - 1].offset:
            first = _snapped(first, found[-1], edges[2 * index] - edges[2 * index - 1])
        if end > first:
            found.append(Stretch(programme.name, first, end, first + run.offset + programme.early_samples))
    return found


def _snapped(first: int, before: Stretch, between: int) -> int:
    """Where it goes on behind an interruption: edges are not exact to the sample, so a little less or more is neither."""
    return before.end if between and abs(first - before.end) < _INEXACT else first


def _runs(sound: Sound, meant: Sequence[_Meant]) -> list[_Run]:
    runs: list[_Run] = []
    for low in range(0, max(1, len(sound) - _WINDOW + 1), _HOP):
        window = sound[low : low + _WINDOW]
        if np.abs(window).max(initial=0.0) < _AUDIBLE:
            continue
        last = runs[-1] if runs else None
        goes_on = last.meant.like(window, low - last.offset) if last else 0.0
        if goes_on < _SURE:
            likeness, start, best = max(
                ((*each.find(window), each) for each in meant), key=lambda found: found[0]
            )
            # Tones are like themselves a period later: another place must be the better one
            if likeness > _LIKE and likeness > goes_on + _BETTER:
                runs.append(_Run(best, low - start, low, low + len(window)))
                continue
        if last and goes_on > _LIKE:
            last.high = low + len(window)
    return runs


def _edges(sound: Sound, before: _Run | None, after: _Run | None, low: int, high: int) -> tuple[int, int]:
    """Where in [low, high) of the stream ``before`` ends and ``after`` begins, with anything else between.

    The two places at which the sum of squares is least of: the stream less the one programme up to the first, the
    stream itself between them, the stream less the other programme behind the second.
    """
    here = sound[low:high].astype(np.float64)
    plain = _sums(here)
    places = np.arange(low, high + 1)

    def left_by(run: _Run) -> NDArray[np.float64]:
        return _sums(here - _gain(sound, run) * run.meant.part(low - run.offset, high - run.offset))

    # A programme reaches no further than it is long
    ending = beginning = np.zeros(len(places))
    if before is not None:
        ending = np.where(places <= before.reaches, left_by(before) - plain, np.inf)
    if after is not None:
        beginning = np.where(places >= after.offset, plain - left_by(after), np.inf)
    if before is None:
        return low, low + int(_as_good(beginning)[0])
    if after is None:
        return low + int(_as_good(ending)[-1]), high
    second = int((np.minimum.accumulate(ending) + beginning).argmin())
    first = int(_as_good(ending[: second + 1])[-1])
    second = first + int(_as_good(beginning[first:])[0])
    both = ending + beginning
    if second - first < _SMEARED and np.isfinite(both).any():
        first = second = int(both.argmin())
    return low + first, low + second


def _as_good(sums: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where a sum of squares is least, but for what nobody hears: silence is the programme's as long as it may be."""
    return np.flatnonzero(sums <= sums.min() + _WINDOW * _AUDIBLE**2)


def _gain(sound: Sound, run: _Run) -> float:
    """By how much the stream is louder than what was meant, in the middle of a run, where nothing else is heard."""
    low = (run.low + run.high - _WINDOW) // 2
    heard = sound[low : low + _WINDOW]
    part = run.meant.part(low - run.offset, low - run.offset + len(heard))
    return float(part @ heard) / max(float(part @ part), 1e-12)


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values**2)])
