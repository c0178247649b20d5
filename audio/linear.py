"""Recursive filters over a stream, as products of matrices: exact, and cheaper than by Fourier transforms.

A row of samples comes out as its own response, which is one product for many rows, and as what is left of all rows before
it. Of a filter of the fourth order four numbers are left (its state), and they go from row to row by a matrix of 4 x 4. These
matrices are read off the impulse response: as many past samples as the row is long, times the response to them, have
rank 4, and the singular values say how (Ho and Kalman).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Consecutive samples of one channel, in rows of equal length."""

LONGEST_ROW: Final = 32
"""Longer rows cost more products, shorter ones more states."""

# OpenBLAS puts a product on several threads, which then wait in loops, once it has more than 2**18 terms: two workers
# on two cores would pay twice.
_ROWS_AT_ONCE: Final = 256
# A state has fallen by 300 dB after 2**8 rows: doubling the reach eight times is all there is.
_DOUBLINGS: Final = 8
# The response is read off 16,384 points of the spectrum; it has fallen by 300 dB after half of them.
_POINTS: Final = 16_384

TURN: Final = np.exp(-2j * np.pi * np.arange(_POINTS // 2 + 1) / _POINTS)
"""z to the power of -1, around the upper half of the unit circle: what a transfer function is given."""


@dataclass(frozen=True, slots=True)
class Matrices:
    """What a row becomes alone (row, row), what it leaves as a state (row, order), how a state is heard in the next row
    (order, row), and what is left of a state after 1, 2, 4, ... rows (order, order).
    """

    own: Rows
    left: Rows
    heard: Rows
    powers: tuple[Rows, ...]


def matrices(transfer: Any, order: int, row: int) -> Matrices:
    """Of the filter whose transfer function has these values at `TURN`, for rows of so many samples.

    Raises `ValueError` for rows longer than `LONGEST_ROW`.
    """
    if row > LONGEST_ROW:
        raise ValueError(f"a row of {row} samples is longer than {LONGEST_ROW}")
    response = np.fft.irfft(transfer, _POINTS)
    at = np.arange(row)
    apart = at - at[:, None]
    own = np.where(apart >= 0, response[np.abs(apart)], 0.0)
    # How each sample of a row is heard at each place of the next row, and of the one after that
    later = row + apart
    near, far = response[later], response[row + later]
    left, strength, heard = np.linalg.svd(near)
    scale = np.sqrt(strength[:order])
    left, heard = left[:, :order], heard[:order]
    step = (left / scale).T @ far @ (heard.T / scale)
    powers = [np.linalg.matrix_power(step, 1 << doubling) for doubling in range(_DOUBLINGS)]
    first, second, third, *others = (
        matrix.astype(np.float32) for matrix in (own, left * scale, scale[:, None] * heard, *powers)
    )
    return Matrices(first, second, third, tuple(others))


class RowFilter:
    """The filter of one sound, from rest, in rows as long as its matrices'."""

    def __init__(self, of: Matrices) -> None:
        self._of = of
        self._state = np.zeros(of.left.shape[1], dtype=np.float32)

    def feed(self, rows: Rows) -> Rows:
        """The next rows, filtered. Shape (rows, row) in and out."""
        parts = [slice(at, at + _ROWS_AT_ONCE) for at in range(0, len(rows), _ROWS_AT_ONCE)]
        states = np.empty((len(rows) + 1, len(self._state)), dtype=np.float32)
        states[0] = self._state
        for part in parts:
            np.matmul(rows[part], self._of.left, out=states[1:][part])
        # What one row leaves reaches the next, then what two leave the next two, then what four leave the next four
        for doubling, power in enumerate(self._of.powers):
            reach = 1 << doubling
            states[reach:] += states[:-reach] @ power
        self._state = states[-1]
        filtered = np.empty_like(rows)
        for part in parts:
            np.matmul(rows[part], self._of.own, out=filtered[part])
            filtered[part] += states[:-1][part] @ self._of.heard
        return filtered
