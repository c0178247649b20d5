"""BS.1770 loudness and true peak of a stream of samples, in numpy: one definition for whole files and for parts of them.

ffmpeg's ebur128 says the same (the tests compare them), but it can neither be asked for the figures of a stretch nor
give what adds up: here loudness is a row of energies, so that what was measured once can be put together like the
sound itself. It also costs a tenth.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.linear import LONGEST_ROW
from audio.pcm import RATE, gain_to_db
from audio.weighting import k_weighting

Samples = NDArray[np.float32]
"""One channel, full scale at +-1.0."""

Energies = NDArray[np.float32]
"""The sum of squares of K-weighted sound, one value for each step."""

_OFFSET_LU: Final = -0.691
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
# A gating block is 400 ms, one begins every 100 ms.
_HOPS_PER_SECOND: Final = 10
_HOPS_PER_BLOCK: Final = 4

# True peak: four times as many samples, each of the three between from 12 neighbours (BS.1770-5, annex 2).
_PHASES: Final = 4
_TAPS: Final = 12
_WINDOW_BETA: Final = 5.0
_CELL: Final = 64
_CELLS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Loudness:
    """What BS.1770 says of one channel. `None` where nothing was loud or long enough to measure.

    `momentary_max_lufs` is the loudest 400 ms; `true_peak_dbtp` is minus infinity for digital silence.
    """

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    true_peak_dbtp: float


class EnergyMeter:
    """K-weighted energy in steps of `step_samples(rate)`. Blocks may have any size.

    Each `feed` gives the energies that are settled by then, `finish` the rest, the last step filled up with silence.
    """

    def __init__(self, rate: int) -> None:
        self.step = step_samples(rate)
        row = next(row for row in range(LONGEST_ROW, 0, -1) if self.step % row == 0)
        self._rows = (-1, row)
        self._weighting = k_weighting(rate, row)
        self._left: Samples = np.zeros(0, dtype=np.float32)

    def feed(self, block: Samples) -> Energies:
        sound = np.concatenate([self._left, block]) if len(self._left) else block
        settled = len(sound) // self.step * self.step
        self._left = sound[settled:]
        weighted = self._weighting.feed(sound[:settled].reshape(self._rows)).reshape(-1, self.step)
        energies: Energies = np.einsum("ij,ij->i", weighted, weighted)
        return energies

    def finish(self) -> Energies:
        return self.feed(np.zeros(-len(self._left) % self.step, dtype=np.float32))


class LoudnessSum:
    """Gated loudness of energies that are added one after the other."""

    def __init__(self, rate: int) -> None:
        self._hop = rate // _HOPS_PER_SECOND
        self._per_hop = self._hop // step_samples(rate)
        self._left: Energies = np.zeros(0, dtype=np.float32)
        self._hops: list[NDArray[np.float64]] = []

    def add(self, energies: Energies) -> None:
        energies = np.concatenate([self._left, energies])
        whole = len(energies) // self._per_hop * self._per_hop
        self._hops.append(energies[:whole].reshape(-1, self._per_hop).sum(axis=1, dtype=np.float64))
        self._left = energies[whole:]

    def integrated_lufs(self) -> float | None:
        """With both gates; None when all of it is silent, or there is less than 400 ms."""
        power = self._blocks()
        loud = power[power > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(loud):
            return None
        return _lufs(float(loud[loud > loud.mean() * 10 ** (_RELATIVE_GATE_LU / 10)].mean()))

    def momentary_max_lufs(self) -> float | None:
        """The loudest 400 ms; what is shorter counts as with silence behind it."""
        loudest = float(self._blocks(padded=True).max())
        return _lufs(loudest) if loudest > _power(_ABSOLUTE_GATE_LUFS) else None

    def _blocks(self, *, padded: bool = False) -> NDArray[np.float64]:
        """Mean power of each gating block."""
        hops = np.concatenate([*self._hops, np.zeros(0)])
        if padded:
            hops = np.concatenate([hops, [self._left.sum(dtype=np.float64)], np.zeros(_HOPS_PER_BLOCK)])
        sums = np.cumsum(np.concatenate([[0.0], hops]))
        power: NDArray[np.float64] = sums[_HOPS_PER_BLOCK:] - sums[:-_HOPS_PER_BLOCK]
        return power / (_HOPS_PER_BLOCK * self._hop)


class PeakMeter:
    """True peak by fourfold oversampling, computed only where it could exceed the highest so far.

    A point between two samples lies off the straight line through them by so much of the greatest step around as the
    filter allows, and no more: what is left out cannot be the peak, and the result is that of a full scan.
    """

    def __init__(self) -> None:
        self._highest = 0.0
        self._history = np.zeros(_TAPS - 1, dtype=np.float32)

    def feed(self, block: Samples) -> None:
        if len(block):
            sound = np.concatenate([self._history, block])
            self._history = sound[-(_TAPS - 1) :]
            self._scan(sound)

    def take(self) -> float:
        """The highest since the last time, as a gain. What lies less than 6 samples back belongs to the next part."""
        highest, self._highest = self._highest, 0.0
        return highest

    def finish(self) -> float:
        """As `take`, with nothing but silence to come."""
        self.feed(np.zeros(_TAPS // 2, dtype=np.float32))
        return self.take()

    def _scan(self, sound: Samples) -> None:
        """The samples, and every point between them whose neighbours all lie in `sound`."""
        filters, bend = _interpolators()
        starts = np.arange(0, len(sound) - 1, _CELL)
        levels = np.maximum.reduceat(np.abs(sound), starts)
        steps = np.maximum.reduceat(np.abs(sound[1:] - sound[:-1]), starts)
        self._highest = max(self._highest, float(levels.max()))
        # The points of a cell have their neighbours in it and in the next
        bound = levels + bend * steps
        bound[:-1] = np.maximum(levels[:-1], levels[1:]) + bend * np.maximum(steps[:-1], steps[1:])
        waiting = np.flatnonzero(bound > self._highest)
        waiting = waiting[np.argsort(-bound[waiting])]
        last = len(sound) - _TAPS
        # The highest first: what they find rules out most of the others
        while len(waiting):
            chosen, waiting = waiting[:_CELLS_AT_ONCE], waiting[_CELLS_AT_ONCE:]
            points = np.minimum((chosen[:, None] * _CELL + np.arange(_CELL)).ravel(), last)
            between = sound[points[:, None] + np.arange(_TAPS)] @ filters
            self._highest = max(self._highest, float(np.abs(between).max()))
            waiting = waiting[: np.searchsorted(-bound[waiting], -self._highest)]


class Meter:
    """Loudness and true peak of one sound from beginning to end."""

    def __init__(self, rate: int) -> None:
        self._energy = EnergyMeter(rate)
        self._sum = LoudnessSum(rate)
        self._peak = PeakMeter()

    def feed(self, block: Samples) -> None:
        """The next block, of any size."""
        self._sum.add(self._energy.feed(block))
        self._peak.feed(block)

    def finish(self) -> Loudness:
        self._sum.add(self._energy.finish())
        peak_dbtp = gain_to_db(self._peak.finish())
        return Loudness(self._sum.integrated_lufs(), self._sum.momentary_max_lufs(), peak_dbtp)


def as_floats(pcm: bytes | NDArray[np.int16]) -> Samples:
    """16-bit PCM as samples."""
    steps = np.frombuffer(pcm, dtype="<i2")
    sound: Samples = np.multiply(steps, np.float32(1 / 32768), dtype=np.float32)
    return sound


def step_samples(rate: int) -> int:
    """The default step: it divides 100 ms, and at 48 kHz (4 ms) the frames of MP3 too."""
    return 192 if rate == RATE else rate // 100


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LU) / 10))


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10.0 * math.log10(power)


@functools.cache
def _interpolators() -> tuple[Samples, float]:
    """Windowed sines for the three points between two samples, shape (taps, 3), and how far off the straight line they
    can put a point, as a share of the greatest step between its neighbours.
    """
    at = np.arange(_TAPS) - (_TAPS / 2 - 1)
    columns, bends = [], []
    for phase in range(1, _PHASES):
        distance = at - phase / _PHASES
        window = np.i0(_WINDOW_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / (_TAPS / 2)) ** 2)))
        column = np.sinc(distance) * window
        columns.append(column / column.sum())
        straight = np.maximum(0.0, 1.0 - np.abs(distance))
        # Summed by parts: the difference to the straight line, as weights of the steps from neighbour to neighbour
        bends.append(np.abs(np.cumsum(columns[-1] - straight)).sum())
    return np.stack(columns, axis=1).astype(np.float32), float(max(bends)) * 1.0001
