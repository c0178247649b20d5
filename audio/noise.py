"""What is steadily there between the words: how loud it is, read from all of a recording, and turned down where nothing else is.

In every five seconds each frequency is free of speech for some moments, and the quietest tenth of them tells the noise. It is
read beforehand and from both sides, so that no word is taken for the noise that it stands in. Where speech stands over it, the
gain is Wiener's with the decision-directed estimate of Ephraim and Malah (1984); nowhere is it less than a floor: what is left of
the noise sounds as before, only further away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.overlap import Overlap, Spectra
from audio.pcm import RATE

OVERLAP: Final = Overlap(2048, 512)
"""43 ms: a voice's harmonics are told apart, and its syllables are."""

DEPTHS_DB: Final = {"gentle": 8.0, "strong": 15.0}
"""How far noise is turned down. Intelligibility was the measure: `tests/bench/cleaning.py`."""

_SECOND: Final = RATE / OVERLAP.hop
_STRETCH: Final = round(5 * _SECOND)
_SHORTEST: Final = round(1 * _SECOND)
_SMOOTHED: Final = 8
_QUANTILE: Final = 0.1
# The mean of white noise's power over that quantile of it, smoothed so: measured over a minute
_BIAS: Final = 2.27
# Less than all of it is called noise: what stays is heard, what goes is missed
_CAUTION: Final = 0.8
# How much of the estimate comes from the frame before: less than the usual 0.98, which drags syllables' ends
_MEMORY: Final = 0.933
_LEAST: Final = 1e-14

Powers = NDArray[np.float32]


class NoiseFloor:
    """Collects how loud the noise is, five seconds at a time."""

    def __init__(self) -> None:
        self._floors: list[Powers] = []
        self._frames: list[Powers] = []
        self._count = 0

    def feed(self, spectra: Spectra) -> None:
        self._frames.append(_powers(spectra))
        self._count += len(spectra)
        while self._count >= _STRETCH:
            frames = np.concatenate(self._frames)
            self._floors.append(_quiet(frames[:_STRETCH]))
            self._frames, self._count = [frames[_STRETCH:]], len(frames) - _STRETCH

    def finish(self) -> Powers:
        """The noise's power, shape (stretches, bins); silence counts as very little of it."""
        if self._count >= _SHORTEST or (self._count and not self._floors):
            self._floors.append(_quiet(np.concatenate(self._frames)))
        floors: Powers = np.maximum(np.stack(self._floors) * np.float32(_BIAS), np.float32(_LEAST))
        return floors


def _quiet(frames: Powers) -> Powers:
    sums = np.cumsum(np.concatenate([np.zeros((1, frames.shape[1])), frames]), axis=0)
    span = min(_SMOOTHED, len(frames))
    smoothed = (sums[span:] - sums[:-span]) / span
    at = int(_QUANTILE * (len(smoothed) - 1))
    quiet: Powers = np.partition(smoothed, at, axis=0)[at].astype(np.float32)
    return quiet


class Denoiser:
    """Turns noise down in one stretch after the other, in the order in which they were listened to."""

    def __init__(self, floors: Powers, depth_db: float) -> None:
        self._floors = np.log(floors)
        self._gains = Gains(_MEMORY, depth_db)
        self._frame = 0

    def change(self, batches: Iterable[Spectra]) -> Iterator[Spectra]:
        for spectra in batches:
            yield spectra * self._gains.against(_powers(spectra), self._noise(len(spectra)))

    def _noise(self, count: int) -> Powers:
        """For each of the next frames, between those of the stretches around."""
        place = (self._frame + np.arange(count)) / _STRETCH - 0.5
        self._frame += count
        place = np.clip(place, 0.0, len(self._floors) - 1.0)
        low = place.astype(np.intp)
        high = np.minimum(low + 1, len(self._floors) - 1)
        share = (place - low)[:, None].astype(np.float32)
        noise: Powers = np.exp(self._floors[low] * (1 - share) + self._floors[high] * share)
        return noise * np.float32(_CAUTION)


class Gains:
    """Wiener's gain, frame after frame, by what is wanted and what is not."""

    def __init__(self, memory: float, depth_db: float) -> None:
        self._memory = np.float32(memory)
        self._least = np.float32(math.pow(10.0, -depth_db / 20.0))
        self._before: Powers | None = None

    def against(self, powers: Powers, unwanted: Powers) -> Powers:
        """Gains for frames of these powers, in which so much is not wanted."""
        gains = np.empty_like(powers)
        over = powers / unwanted
        wanted = self._before if self._before is not None else np.maximum(over[0] - 1, 0) * unwanted[0]
        fresh = np.maximum(over - 1, 0) * (1 - self._memory)
        kept = self._memory / unwanted
        for gain, new, share, power in zip(gains, fresh, kept, powers, strict=True):
            ratio = share * wanted + new
            np.divide(ratio, 1 + ratio, out=gain)
            wanted = gain * gain * power
        self._before = wanted
        return np.maximum(gains, self._least)


def _powers(spectra: Spectra) -> Powers:
    powers: Powers = (spectra.real**2 + spectra.imag**2).astype(np.float32)
    return powers
