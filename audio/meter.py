"""BS.1770 loudness and true peak of a stream of samples, in numpy: one definition for whole files and for parts of them.

ffmpeg's ebur128 says the same (the tests compare them), but it can neither be asked for the figures of a stretch nor
give what adds up: here loudness is a row of energies, so that what was measured once can be put together like the
sound itself. It also costs a third of the loudness scan and a tenth of the true-peak scan.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE, gain_to_db

Samples = NDArray[np.float32]
"""One channel, full scale at +-1.0."""

Energies = NDArray[np.float32]
"""The sum of squares of K-weighted sound, one value for each step."""

# K-weighting (BS.1770-5, annex 1) as analogue prototypes, so that it can be had at any rate: a shelf for the head and
# a high-pass. The figures are those that give back the recommendation's coefficients at 48 kHz.
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
_OFFSET_LU: Final = -0.691
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
# A gating block is 400 ms, one begins every 100 ms.
_HOPS_PER_SECOND: Final = 10
_HOPS_PER_BLOCK: Final = 4

# The weighting is one multiplication in the frequency domain. Its response has fallen by 90 dB after 2,560 samples.
_FFT: Final = 16_384
_RESPONSE: Final = 2_560

# True peak: four times as many samples, each of the three between from 12 neighbours (BS.1770-5, annex 2).
_PHASES: Final = 4
_TAPS: Final = 12
_WINDOW_BETA: Final = 5.0
_CELL: Final = 64
_FIRST_CELLS, _MOST_CELLS = 16, 512


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
        self._response = _k_weighting(rate)
        self._hop = (_FFT - _RESPONSE) // self.step * self.step
        self._buffer = np.zeros(_FFT, dtype=np.float32)
        self._before = _FFT - self._hop
        self._filled = self._before

    def feed(self, block: Samples) -> Energies:
        parts: list[Energies] = []
        while len(block):
            taken = block[: _FFT - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            block = block[len(taken) :]
            if self._filled == _FFT:
                parts.append(self._weighted(self._hop))
                self._buffer[: self._before] = self._buffer[self._hop :].copy()
                self._filled = self._before
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def finish(self) -> Energies:
        left = self._filled - self._before
        self._buffer[self._filled :] = 0.0
        return self._weighted(-(-left // self.step) * self.step)

    def _weighted(self, samples: int) -> Energies:
        sound = np.fft.irfft(np.fft.rfft(self._buffer) * self._response, _FFT)
        rows = sound[self._before : self._before + samples].reshape(-1, self.step)
        energies: Energies = np.einsum("ij,ij->i", rows, rows)
        return energies


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

    No interpolated value can exceed its neighbours by more than the filter's gain (the sum of its coefficients'
    magnitudes), so what is left out cannot be the peak: the result is that of a full scan.
    """

    def __init__(self) -> None:
        self._highest = 0.0
        self._history = np.zeros(_TAPS - 1, dtype=np.float32)

    def feed(self, block: Samples) -> None:
        if len(block):
            sound = np.concatenate([self._history, block])
            self._history = sound[-(_TAPS - 1) :]
            self._highest = max(self._highest, float(np.abs(block).max()))
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
        """Every point between samples whose neighbours all lie in `sound`."""
        filters, gain = _interpolators()
        near = np.lib.stride_tricks.sliding_window_view(sound, _TAPS)
        whole = len(near) // _CELL * _CELL
        rest = near[whole:]
        if len(rest):
            self._highest = max(self._highest, float(np.abs(rest @ filters).max()))
        if not whole:
            return
        cells = np.lib.stride_tricks.sliding_window_view(sound, (_CELL + _TAPS - 1,))[:whole:_CELL]
        bound = _neighbours_peak(np.abs(sound), whole) * gain
        waiting = np.flatnonzero(bound > self._highest)
        waiting = waiting[np.argsort(-bound[waiting])]
        # The highest first: what they find rules out most of the others
        portion = _FIRST_CELLS
        while len(waiting):
            chosen, waiting = waiting[:portion], waiting[portion:]
            points = np.lib.stride_tricks.sliding_window_view(cells[chosen], _TAPS, axis=1)
            between = points.reshape(-1, _TAPS) @ filters
            self._highest = max(self._highest, float(np.abs(between).max()))
            waiting = waiting[: np.searchsorted(-bound[waiting], -self._highest)]
            portion = _MOST_CELLS


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


def _neighbours_peak(level: Samples, points: int) -> Samples:
    """The highest sample that the points of each cell have for a neighbour."""
    own = level[:points].reshape(-1, _CELL).max(axis=1)
    behind = np.lib.stride_tricks.sliding_window_view(level[_CELL:], _TAPS - 1)[:points:_CELL]
    highest: Samples = np.maximum(own, behind[: len(own)].max(axis=1))
    return highest


def step_samples(rate: int) -> int:
    """The default step: it divides 100 ms, and at 48 kHz (4 ms) the frames of MP3 too."""
    return 192 if rate == RATE else rate // 100


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LU) / 10))


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10.0 * math.log10(power)


@functools.cache
def _k_weighting(rate: int) -> NDArray[np.complex64]:
    """The weighting as a spectrum of `_FFT` points, its response cut to `_RESPONSE` samples."""
    turn = np.exp(-2j * np.pi * np.arange(_FFT // 2 + 1) / _FFT)
    response = np.fft.irfft(_shelf(rate, turn) * _highpass(rate, turn), _FFT)
    response[_RESPONSE:] = 0.0
    return np.fft.rfft(response).astype(np.complex64)


def _shelf(rate: int, turn: Any) -> Any:
    k = math.tan(math.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**0.4996667741545416
    damped = k / _SHELF_Q
    above = (
        (high + band * damped + k * k) + 2 * (k * k - high) * turn + (high - band * damped + k * k) * turn**2
    )
    return above / _below(k, _SHELF_Q, turn)


def _highpass(rate: int, turn: Any) -> Any:
    k = math.tan(math.pi * _HIGHPASS_HZ / rate)
    # The recommendation's numerator is 1, -2, 1 over a normalised denominator
    return (1 - turn) ** 2 * (1 + k / _HIGHPASS_Q + k * k) / _below(k, _HIGHPASS_Q, turn)


def _below(k: float, q: float, turn: Any) -> Any:
    return (1 + k / q + k * k) + 2 * (k * k - 1) * turn + (1 - k / q + k * k) * turn**2


@functools.cache
def _interpolators() -> tuple[Samples, float]:
    """Windowed sines for the three points between two samples, shape (taps, 3), and the most they can amplify."""
    at = np.arange(_TAPS) - (_TAPS / 2 - 1)
    columns = []
    for phase in range(1, _PHASES):
        distance = at - phase / _PHASES
        window = np.i0(_WINDOW_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / (_TAPS / 2)) ** 2)))
        column = np.sinc(distance) * window
        columns.append(column / column.sum())
    filters = np.stack(columns, axis=1)
    return filters.astype(np.float32), float(np.abs(filters).sum(axis=0).max()) * 1.0001
