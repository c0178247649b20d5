"""The band that a transmitter is given: a high-pass of the second order, a low-pass of the fourth, both Butterworth's.

Steep enough to keep the neighbouring channel clear (24 dB an octave), gentle enough not to ring. The same numbers as
ffmpeg's `highpass` and `lowpass` give (`test_band.py` compares them), the same with every ffmpeg, and at half the cost.
"""

from __future__ import annotations

import functools
import math
from typing import Any, Final

import numpy as np

from audio.linear import LONGEST_ROW, TURN, Matrices, RowFilter, matrices
from audio.meter import Samples
from audio.pcm import RATE

_HIGHPASS_Q: Final = (math.sqrt(0.5),)
_LOWPASS_QS: Final = (0.5412, 1.3066)


class Band:
    """The band limits of one sound, from rest. None leaves one out."""

    def __init__(self, highpass_hz: int | None, lowpass_hz: int | None) -> None:
        self._filter = None
        if highpass_hz is not None or lowpass_hz is not None:
            self._filter = RowFilter(_matrices(highpass_hz, lowpass_hz))

    def feed(self, block: Samples) -> Samples:
        """The next samples at 48 kHz. All blocks but the last are whole rows of `LONGEST_ROW`."""
        if self._filter is None:
            return block
        rows = np.pad(block, (0, -len(block) % LONGEST_ROW)).reshape(-1, LONGEST_ROW)
        limited: Samples = self._filter.feed(rows).ravel()[: len(block)]
        return limited


@functools.cache
def _matrices(highpass_hz: int | None, lowpass_hz: int | None) -> Matrices:
    stages = [] if highpass_hz is None else [_stage(highpass_hz, q, -1.0) for q in _HIGHPASS_Q]
    stages += [] if lowpass_hz is None else [_stage(lowpass_hz, q, 1.0) for q in _LOWPASS_QS]
    return matrices(np.prod(stages, axis=0), 2 * len(stages), LONGEST_ROW)


def _stage(hertz: int, q: float, sign: float) -> Any:
    """A second-order section by the bilinear transform: `sign` +1 is a low-pass, -1 a high-pass."""
    turned = 2.0 * math.pi * hertz / RATE
    damped = math.sin(turned) / (2.0 * q)
    above = (1.0 + sign * TURN) ** 2 * (1.0 - sign * math.cos(turned)) / 2.0
    return above / ((1.0 + damped) - 2.0 * math.cos(turned) * TURN + (1.0 - damped) * TURN**2)
