"""BS.1770's K-weighting of a stream, as products of matrices: exact, and cheaper than by Fourier transforms.

A row of samples sounds weighted as its own response, which is one product for many rows, and as what is left of all
rows before it. Of a filter of the fourth order four numbers are left (its state), and they go from row to row by a
matrix of 4 x 4. These matrices are read off the impulse response: as many past samples as the row is long, times the
response to them, have rank 4, and the singular values say how (Ho and Kalman).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Consecutive samples of one channel, in rows of equal length."""

# K-weighting (BS.1770-5, annex 1) as analogue prototypes, so that it can be had at any rate: a shelf for the head and
# a high-pass. The figures are those that give back the recommendation's coefficients at 48 kHz.
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
_ORDER: Final = 4

LONGEST_ROW: Final = 32
"""Longer rows cost more products, shorter ones more states."""

# OpenBLAS puts a product on several threads, which then wait in loops, once it has more than 2**18 terms: two workers
# on two cores would pay twice.
_ROWS_AT_ONCE: Final = 256
# A state has fallen by 300 dB after 2**8 rows: doubling the reach eight times is all there is.
_DOUBLINGS: Final = 8
# The response is read off 16,384 points of the spectrum; it has fallen by 300 dB after half of them.
_POINTS: Final = 16_384


class KWeighting:
    """The weighting of one sound at `rate`, in rows of `row` samples, `row` being at most `LONGEST_ROW`."""

    def __init__(self, rate: int, row: int) -> None:
        self._filter = _filter(rate, row)
        self._state = np.zeros(_ORDER, dtype=np.float32)

    def feed(self, rows: Rows) -> Rows:
        """The next rows, weighted. Shape (rows, `row`) in and out."""
        parts = [slice(at, at + _ROWS_AT_ONCE) for at in range(0, len(rows), _ROWS_AT_ONCE)]
        states = np.empty((len(rows) + 1, _ORDER), dtype=np.float32)
        states[0] = self._state
        for part in parts:
            np.matmul(rows[part], self._filter.left, out=states[1:][part])
        # What one row leaves reaches the next, then what two leave the next two, then what four leave the next four
        for doubling, power in enumerate(self._filter.powers):
            reach = 1 << doubling
            states[reach:] += states[:-reach] @ power
        self._state = states[-1]
        weighted = np.empty_like(rows)
        for part in parts:
            np.matmul(rows[part], self._filter.own, out=weighted[part])
            weighted[part] += states[:-1][part] @ self._filter.heard
        return weighted


@dataclass(frozen=True, slots=True)
class _Filter:
    """What a row becomes alone (row, row), what it leaves as a state (row, 4), how a state is heard in the next row
    (4, row), and what is left of a state after 1, 2, 4, ... rows (4, 4).
    """

    own: Rows
    left: Rows
    heard: Rows
    powers: tuple[Rows, ...]


@functools.cache
def _filter(rate: int, row: int) -> _Filter:
    if row > LONGEST_ROW:
        raise ValueError(f"a row of {row} samples is longer than {LONGEST_ROW}")
    response = _response(rate)
    at = np.arange(row)
    apart = at - at[:, None]
    own = np.where(apart >= 0, response[np.abs(apart)], 0.0)
    # How each sample of a row is heard at each place of the next row, and of the one after that
    later = row + apart
    near, far = response[later], response[row + later]
    left, strength, heard = np.linalg.svd(near)
    scale = np.sqrt(strength[:_ORDER])
    left, heard = left[:, :_ORDER], heard[:_ORDER]
    step = (left / scale).T @ far @ (heard.T / scale)
    powers = [np.linalg.matrix_power(step, 1 << doubling) for doubling in range(_DOUBLINGS)]
    matrices = (own, left * scale, scale[:, None] * heard, *powers)
    first, second, third, *others = (matrix.astype(np.float32) for matrix in matrices)
    return _Filter(first, second, third, tuple(others))


def _response(rate: int) -> NDArray[np.float64]:
    """The impulse response."""
    turn = np.exp(-2j * np.pi * np.arange(_POINTS // 2 + 1) / _POINTS)
    return np.fft.irfft(_shelf(rate, turn) * _highpass(rate, turn), _POINTS)


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
