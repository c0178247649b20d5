"""Loudness made even within an item: two people at different distances from one microphone.

What is said without a pause is taken as one and has one gain, which changes in the pauses between; so nothing is pumped, and a
voice keeps its own emphasis. It needs to have heard everything before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.edits import Range
from audio.meter import EnergyMeter, Samples
from audio.pcm import RATE

MOST_DB: Final = 12.0
"""Up or down: a voice that is further off than that has more noise than words."""

# As far as a voice strays by itself nothing is done, and from there on soon all of it
_NATURAL_DB: Final = 2.0
_ALL_DB: Final = 5.0
# Loudness is that of tenths of a second
_HOP: Final = RATE // 10
_PER_SECOND: Final = RATE // _HOP
# What stands this far over the quietest tenth of a minute, and is not much softer than the rest, is speech
_OVER_NOISE_DB: Final = 6.0
_UNDER_ITEM_DB: Final = 30.0
_GATE_LUFS: Final = -65.0
_NOISE_SPAN: Final = 60 * _PER_SECOND
_PAUSE: Final = 3
# A longer run is looked at in parts: people lean back while they talk
_LONGEST_RUN: Final = 6 * _PER_SECOND
# What is shorter says little of a voice's level: it counts with what was said before
_SURE: Final = 1.5 * _PER_SECOND
_SMOOTHED: Final = 5
_SILENCE: Final = 1e-12
_OFFSET_LU: Final = -0.691

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gain:
    """Gains in dB at the middle of each tenth of a second, and straight between; None: no change at all."""

    gains_db: Levels | None

    def over(self, block: Samples, at: int) -> Samples:
        """A block that begins at sample `at`, at its level."""
        if self.gains_db is None:
            return block
        middles = (np.arange(len(self.gains_db)) + 0.5) * _HOP
        gains_db = np.interp(np.arange(at, at + len(block)), middles, self.gains_db)
        evened: Samples = (block * 10 ** (gains_db / 20)).astype(np.float32)
        return evened


class Evening:
    """Hears an item to its end, then says by which gains it becomes even."""

    def __init__(self) -> None:
        self._meter = EnergyMeter(RATE)
        self._left = np.zeros(0, dtype=np.float32)
        self._powers: list[Levels] = []

    def hear(self, block: Samples) -> None:
        self._add(self._meter.feed(block))

    def _add(self, energies: Samples) -> None:
        energies = np.concatenate([self._left, energies])
        steps = _HOP // self._meter.step
        whole = len(energies) // steps * steps
        self._left = energies[whole:]
        self._powers.append(energies[:whole].reshape(-1, steps).sum(axis=1, dtype=np.float64) / _HOP)

    def curve(self, covers: Sequence[Range] = ()) -> Gain:
        """The gains. `covers` are ranges without speech, whatever is in them."""
        self._add(self._meter.finish())
        powers = np.concatenate([*self._powers, [float(self._left.sum()) / _HOP]])
        spoken = _spoken(powers)
        for start, end in covers:
            spoken[start // _HOP : -(-end // _HOP)] = False
        runs = _runs(spoken, powers)
        if not runs:
            return Gain(None)
        levels = np.array([_lufs(powers[start:end][spoken[start:end]].mean()) for start, end in runs])
        lengths = np.array([end - start for start, end in runs], dtype=np.float64)
        gains = _wanted(levels, lengths)
        # What is even stays as it is, to the bit
        return Gain(_smooth(runs, gains, len(powers)) if gains.any() else None)


def _spoken(powers: Levels) -> NDArray[np.bool_]:
    """Which tenths of a second are speech."""
    levels = 10 * np.log10(np.maximum(powers, _SILENCE)) + _OFFSET_LU
    floor = np.empty_like(levels)
    for start in range(0, len(levels), _NOISE_SPAN):
        around = levels[max(0, start - _NOISE_SPAN // 2) : start + _NOISE_SPAN * 3 // 2]
        floor[start : start + _NOISE_SPAN] = np.quantile(around, 0.1)
    item = _lufs(powers[levels > _GATE_LUFS].mean()) if (levels > _GATE_LUFS).any() else 0.0
    return (levels > floor + _OVER_NOISE_DB) & (levels > max(item - _UNDER_ITEM_DB, _GATE_LUFS))


def _runs(spoken: NDArray[np.bool_], powers: Levels) -> list[Range]:
    """Stretches of speech without a pause, long ones taken apart where they are quietest."""
    places = np.flatnonzero(spoken)
    if not len(places):
        return []
    runs: list[Range] = []
    for run in np.split(places, np.flatnonzero(np.diff(places) > _PAUSE) + 1):
        start, end = int(run[0]), int(run[-1]) + 1
        while end - start > _LONGEST_RUN:
            low, high = start + _LONGEST_RUN // 3, start + _LONGEST_RUN
            quietest = low + int(powers[low:high].argmin())
            runs.append((start, quietest))
            start = quietest
        runs.append((start, end))
    return runs


def _wanted(levels: Levels, lengths: Levels) -> Levels:
    """A gain for each run, in dB."""
    # The level of most of what is said: so half of an item, at least, stays as it was
    order = np.argsort(levels)
    shares = np.cumsum(lengths[order])
    target = float(levels[order][np.searchsorted(shares, shares[-1] / 2)])
    off = target - levels
    share = np.clip((np.abs(off) - _NATURAL_DB) / (_ALL_DB - _NATURAL_DB), 0.0, 1.0)
    own = np.clip(off * share, -MOST_DB, MOST_DB)
    gains = own.copy()
    for index in range(1, len(own)):
        trust = min(1.0, lengths[index] / _SURE)
        gains[index] = trust * own[index] + (1 - trust) * gains[index - 1]
    return gains


def _smooth(runs: Sequence[Range], gains: Levels, count: int) -> Levels:
    """Each run's gain over the run, straight from one to the next in the pause between, without corners."""
    places = [place for start, end in runs for place in (start, end - 1)]
    straight = np.interp(np.arange(count), places, np.repeat(gains, 2))
    window = np.hanning(_SMOOTHED + 2)[1:-1]
    padded = np.pad(straight, _SMOOTHED // 2, mode="edge")
    smooth: Levels = np.convolve(padded, window / window.sum(), mode="valid")
    return smooth


def spread_lu(sound_powers: Levels) -> float:
    """How far apart the loud and the soft parts are: EBU Tech 3342's loudness range, from the power of each tenth of a second.

    Of the loudness over 3 s, gated at -70 LUFS and 20 LU under the whole, the 95th less the 10th percentile.
    """
    sums = np.cumsum(np.concatenate([[0.0], sound_powers]))
    span = min(3 * _PER_SECOND, len(sound_powers))
    powers = (sums[span:] - sums[:-span]) / span
    powers = powers[powers > 10 ** ((-70.0 - _OFFSET_LU) / 10)]
    if not len(powers):
        return 0.0
    powers = powers[powers > powers.mean() * 10 ** (-20.0 / 10)]
    low, high = np.quantile(10 * np.log10(powers), [0.10, 0.95])
    return float(high - low)


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10 * math.log10(max(float(power), _SILENCE))
