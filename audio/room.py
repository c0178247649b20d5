"""The sound of a room: what comes back from its walls long after the word, predicted from what was said and taken away.

Weighted prediction error (T. Nakatani et al., "Speech dereverberation based on variance-normalized delayed linear prediction",
IEEE Transactions on Audio, Speech and Language Processing 18, 2010), for one microphone: in each frequency what can be
predicted from 40 to 250 ms before is echo. Early reflections stay, and what stays is the voice as it was: nothing is gated. A
voice far from the microphone does not come near by it.

`strong` then turns down what still decays like a room, as if it were noise; that takes a little from clean speech too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.noise import Gains, Powers
from audio.overlap import Overlap, Spectra
from audio.pcm import RATE

OVERLAP: Final = Overlap(2048, 1024)

_FRAMES_A_SECOND: Final = RATE / OVERLAP.hop
# A room's answer is taken to stay the same for so long; then people move
_STRETCH: Final = 2 * round(6 * _FRAMES_A_SECOND)
# Of less sound the prediction would learn the words instead of the room
_SHORTEST: Final = round(3 * _FRAMES_A_SECOND)
_DELAY: Final = 2
_TAPS: Final = 10
_ROUNDS: Final = 3
_TOP_BIN: Final = 8000 * OVERLAP.size // RATE
_BINS_AT_ONCE: Final = 57
_QUIETEST: Final = 1e-3
_LOADING: Final = 1e-4

# What is left after the prediction dies away as in a living room, at a third of what that would be
_DECAY_S: Final = 0.5
_LATE_FRAMES: Final = 3
_LATE_SHARE: Final = 0.35
_LATE_DEPTH_DB: Final = 10.0
_LATE_MEMORY: Final = 0.2
_LEAST: Final = 1e-14

Bins = NDArray[np.complex64]
"""Frames by frequency, shape (bins, frames)."""


def without_echo(batches: Iterable[Spectra]) -> Iterator[Spectra]:
    """The spectra of one stretch, with the echo that can be predicted taken away; under 3 s nothing is done."""
    source = iter(batches)
    left: list[Spectra] = []
    fading: Spectra | None = None
    half = _STRETCH // 2
    rising = (np.sin((np.arange(half) + 0.5) / half * np.pi / 2) ** 2).astype(np.float32)[:, None]
    while True:
        frames = _filled(left, source)
        last = len(frames) <= _STRETCH
        dry = _dried(frames[:_STRETCH]) if len(frames) >= _SHORTEST else frames
        if fading is not None:
            share = rising[: len(dry)]
            dry[:half] = dry[:half] * share + fading[: len(dry[:half])] * (1 - share)
        if last:
            yield dry
            return
        yield dry[:half]
        fading = dry[half:]
        left = [frames[half:]]


def _filled(left: list[Spectra], source: Iterator[Spectra]) -> Spectra:
    """A stretch and a little more, if there is as much."""
    count = sum(map(len, left))
    while count <= _STRETCH and (more := next(source, None)) is not None:
        left.append(more)
        count += len(more)
    return np.concatenate(left) if left else np.zeros((0, OVERLAP.size // 2 + 1), dtype=np.complex64)


def _dried(frames: Spectra) -> Spectra:
    dry = frames.copy()
    for low in range(0, _TOP_BIN, _BINS_AT_ONCE):
        bins = slice(low, min(low + _BINS_AT_ONCE, _TOP_BIN))
        dry[:, bins] = _unpredicted(np.ascontiguousarray(frames[:, bins].T)).T
    return dry


def _unpredicted(wet: Bins) -> Bins:
    """What cannot be told from what came before: by least squares weighted with the speech's own power, in a few rounds."""
    count = wet.shape[1]
    past = np.zeros((len(wet), _TAPS, count), dtype=np.complex64)
    for tap in range(_TAPS):
        late = _DELAY + tap
        past[:, tap, late:] = wet[:, : count - late]
    dry = wet
    for _ in range(_ROUNDS):
        power = _smoothed(dry.real**2 + dry.imag**2)
        floor = _QUIETEST * power.mean(axis=1, keepdims=True) + _LEAST
        weighted = past.conj() / np.maximum(power, floor)[:, None, :]
        matrix = (weighted @ past.transpose(0, 2, 1)).astype(np.complex128)
        vector = (weighted @ wet[:, :, None]).astype(np.complex128)
        loading = _LOADING * np.trace(matrix, axis1=1, axis2=2).real / _TAPS + _LEAST
        matrix += loading[:, None, None] * np.eye(_TAPS)
        taps = np.linalg.solve(matrix, vector).astype(np.complex64)
        dry = wet - (taps.transpose(0, 2, 1) @ past)[:, 0]
    return dry


def _smoothed(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over a frame and its neighbours."""
    padded = np.pad(power, ((0, 0), (1, 1)), mode="edge")
    smoothed: NDArray[np.float32] = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / np.float32(3)
    return smoothed


class LateEcho:
    """Turns down what a room would still hold of the frames before, in one stretch."""

    def __init__(self) -> None:
        self._gains = Gains(_LATE_MEMORY, _LATE_DEPTH_DB)

    def change(self, batches: Iterable[Spectra]) -> Iterator[Spectra]:
        fall = math.exp(-6.0 * math.log(10.0) / _DECAY_S / _FRAMES_A_SECOND)
        share = np.float32(_LATE_SHARE * fall**_LATE_FRAMES)
        held: list[Powers] = []
        for spectra in batches:
            powers: Powers = (spectra.real**2 + spectra.imag**2).astype(np.float32)
            unwanted = np.full_like(powers, _LEAST)
            for frame, power in enumerate(powers):
                before = held[-1] if held else power
                held.append(np.float32(fall) * before + np.float32(1 - fall) * power)
                if len(held) > _LATE_FRAMES:
                    unwanted[frame] += share * held.pop(0)
            yield spectra * self._gains.against(powers, unwanted)
