"""BS.1770's K-weighting, at any rate."""

from __future__ import annotations

import functools
import math
from typing import Any, Final

from audio.linear import TURN, Matrices, RowFilter, matrices

# K-weighting (BS.1770-5, annex 1) as analogue prototypes, so that it can be had at any rate: a shelf for the head and
# a high-pass. The figures are those that give back the recommendation's coefficients at 48 kHz.
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
_ORDER: Final = 4


def k_weighting(rate: int, row: int) -> RowFilter:
    """The weighting of one sound at `rate`, in rows of `row` samples (at most `audio.linear.LONGEST_ROW`)."""
    return RowFilter(_matrices(rate, row))


@functools.cache
def _matrices(rate: int, row: int) -> Matrices:
    return matrices(_shelf(rate) * _highpass(rate), _ORDER, row)


def _shelf(rate: int) -> Any:
    k = math.tan(math.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**0.4996667741545416
    damped = k / _SHELF_Q
    above = (
        (high + band * damped + k * k) + 2 * (k * k - high) * TURN + (high - band * damped + k * k) * TURN**2
    )
    return above / _below(k, _SHELF_Q)


def _highpass(rate: int) -> Any:
    k = math.tan(math.pi * _HIGHPASS_HZ / rate)
    # The recommendation's numerator is 1, -2, 1 over a normalised denominator
    return (1 - TURN) ** 2 * (1 + k / _HIGHPASS_Q + k * k) / _below(k, _HIGHPASS_Q)


def _below(k: float, q: float) -> Any:
    return (1 + k / q + k * k) + 2 * (k * k - 1) * TURN + (1 - k / q + k * k) * TURN**2
