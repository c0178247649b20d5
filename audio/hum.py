"""The hum of the mains: found by listening to all of a recording, then taken out line by line.

A line is subtracted as the sine that it is, its amplitude and phase read anew every half second: a filter a hertz wide, where
a notch that takes effect as quickly would be ten, and would take with it what a voice has there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples
from audio.overlap import Overlap
from audio.pcm import RATE

# Frequencies are read off stretches of 2.7 s, at points 0.09 Hz apart. Of longer ones a short recording would have too few to
# tell a hum from a voice that keeps its pitch.
_STRETCH: Final = 1 << 17
_POINTS: Final = 1 << 19
_SHORTEST: Final = 2 * RATE
_TOGETHER: Final = 5
_MAINS_HZ: Final = (50.0, 60.0)
# Grids keep within 0.2 Hz of theirs, and a recorder's clock within much less
_OFF_HZ: Final = 0.4
_STEP_HZ: Final = 0.02
_HARMONICS: Final = 20
# A line stands so far over its surroundings three quarters of the time, and a voice passes by. Where there are two such lines,
# weaker ones belong to them too; noise reaches 3 dB
_LINE_DB: Final = 10.0
_COMPANION_DB: Final = 5.0
_FEWEST_LINES: Final = 2
_QUARTILE: Final = 0.25
# From stretch to stretch the mains drift, but not far
_DRIFT_HZ: Final = 0.1
# A voice that stands on a line for a while is louder than the line was
_MOST_OVER: Final = 1.5
# 10 ms, and how many of them are taken together: longer than a period, shorter than a syllable
_MOMENT: Final = RATE // 100
_MOMENTS: Final = 7
_LEAST_SAMPLES: Final = RATE // 4
_OVERLAP: Final = Overlap(RATE, RATE // 2)


@dataclass(frozen=True, slots=True)
class Hum:
    """The mains' frequency in Hz for each stretch of what was listened to, which harmonics are there, and how high each is at most."""

    hertz: tuple[float, ...]
    lines: tuple[int, ...]
    amplitudes: tuple[float, ...]


class HumSearch:
    """Collects what is needed to tell whether there is hum."""

    def __init__(self) -> None:
        self._contrasts: list[NDArray[np.float64]] = []
        self._amplitudes: list[NDArray[np.float64]] = []
        self._sound: list[Samples] = []
        self._count = 0

    def feed(self, block: Samples) -> None:
        self._sound.append(block)
        self._count += len(block)
        if self._count >= _STRETCH:
            sound = np.concatenate(self._sound)
            self._look(sound[:_STRETCH])
            self._sound, self._count = [sound[_STRETCH:]], len(sound) - _STRETCH

    def finish(self) -> Hum | None:
        """The hum, if there is any."""
        if self._count >= (_SHORTEST if not self._contrasts else _STRETCH // 2):
            self._look(np.concatenate(self._sound))
        if not self._contrasts:
            return None
        contrasts = np.stack(self._contrasts)
        steady = np.quantile(contrasts, _QUARTILE, axis=0)
        best = int(np.maximum(steady - _LINE_DB / 2, 0.0).sum(axis=1).argmax())
        if np.count_nonzero(steady[best] >= _LINE_DB) < _FEWEST_LINES:
            return None
        lines = np.flatnonzero(steady[best] >= _COMPANION_DB)
        candidates = _candidates()
        near = np.flatnonzero(np.abs(candidates - candidates[best]) <= _DRIFT_HZ)
        found = near[_running(contrasts[:, near][:, :, lines].sum(axis=2)).argmax(axis=1)]
        each = np.stack(self._amplitudes)[np.arange(len(found)), found]
        return Hum(
            hertz=tuple(candidates[found].tolist()),
            lines=tuple((lines + 1).tolist()),
            amplitudes=tuple((np.median(each[:, lines], axis=0) * _MOST_OVER).tolist()),
        )

    def _look(self, sound: Samples) -> None:
        """How far each harmonic of each candidate stands over what is around it, in dB: shape (candidates, harmonics)."""
        sound = sound[: len(sound) // _MOMENT * _MOMENT]
        window = np.hanning(len(sound)) * _between_words(sound)
        magnitude = np.abs(np.fft.rfft(sound * window, _POINTS)) * (2.0 / float(window.sum()))
        at, around = _places()
        highest = magnitude[at]
        usual = np.median(magnitude[around], axis=2)
        self._contrasts.append(20.0 * np.log10((highest + 1e-9) / (usual + 1e-9)))
        self._amplitudes.append(highest)


def _running(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over a stretch and those around it."""
    sums = np.cumsum(np.pad(values, ((_TOGETHER // 2 + 1, _TOGETHER // 2), (0, 0))), axis=0)
    together: NDArray[np.float64] = sums[_TOGETHER:] - sums[:-_TOGETHER]
    return together


def _between_words(frame: Samples) -> NDArray[np.float64]:
    """How much each sample says of the hum: where a voice is louder than that, little."""
    powers = (frame.reshape(-1, _MOMENT).astype(np.float64) ** 2).mean(axis=1)
    smooth = np.convolve(np.pad(powers, _MOMENTS // 2, mode="edge"), np.ones(_MOMENTS) / _MOMENTS, "valid")
    middles = (np.arange(len(smooth)) + 0.5) * _MOMENT
    shares: NDArray[np.float64] = np.interp(
        np.arange(len(frame)), middles, 1.0 / (smooth + smooth.min() + 1e-12)
    )
    return shares


@functools.cache
def _candidates() -> NDArray[np.float64]:
    steps = np.arange(-_OFF_HZ, _OFF_HZ + _STEP_HZ / 2, _STEP_HZ)
    return np.concatenate([mains + steps for mains in _MAINS_HZ])


@functools.cache
def _places() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Points of the spectrum for each candidate and harmonic: the line's own, and those from 3 to 8 Hz beside it."""
    hertz = _candidates()[:, None] * np.arange(1, _HARMONICS + 1)
    centre = np.rint(hertz * _POINTS / RATE).astype(np.intp)
    beside = np.arange(round(3.0 * _POINTS / RATE), round(8.0 * _POINTS / RATE), 4)
    return centre, centre[:, :, None] + np.concatenate([-beside, beside])


class HumRemoval:
    """Takes the lines out of one stretch after the other, in the order in which they were listened to."""

    def __init__(self, hum: Hum) -> None:
        self._hum = hum
        self._before = 0

    def remove(self, blocks: Iterator[Samples], samples: int) -> Iterator[Samples]:
        """The stretch without hum; what is too short to tell it from sound is left as it is."""
        window = np.hanning(RATE + 1)[:-1]
        first = self._before
        self._before += samples
        if samples < _LEAST_SAMPLES:
            yield from blocks
            return
        start = _OVERLAP.hop - _OVERLAP.size

        def without() -> Iterator[Samples]:
            nonlocal start
            for frames in _OVERLAP.cut(blocks):
                rows = []
                for frame in frames:
                    # What was reflected to fill a frame at either end has no phase
                    place = start + np.arange(_OVERLAP.size)
                    inside = window * ((place >= 0) & (place < samples))
                    lines = self._lines(frame, inside, first + max(start + _OVERLAP.hop, 0))
                    rows.append((window * (frame - lines)).astype(np.float32))
                    start += _OVERLAP.hop
                yield np.stack(rows)

        yield from _OVERLAP.added(without(), samples)

    def _lines(self, frame: Samples, window: NDArray[np.float64], at: int) -> NDArray[np.float64]:
        hertz = self._hum.hertz[min(at // _STRETCH, len(self._hum.hertz) - 1)]
        turn = np.exp(2j * np.pi * hertz / RATE * np.arange(len(frame)))
        weights = window * _between_words(frame)
        weighted = frame * weights
        lines = np.zeros(len(frame))
        harmonic, power = np.ones(len(frame), dtype=np.complex128), 0
        for line, most in zip(self._hum.lines, self._hum.amplitudes, strict=True):
            while power < line:
                harmonic, power = harmonic * turn, power + 1
            height = complex(np.vdot(harmonic, weighted)) * (2.0 / max(float(weights.sum()), 1e-12))
            height *= min(1.0, most / max(abs(height), 1e-12))
            lines += (height * harmonic).real
        return lines
