"""The one PCM format that travels between our own processes, and the few sums that go with it."""

from __future__ import annotations

import math
from typing import Final

RATE: Final = 48_000
"""Samples a second of everything internal."""

SAMPLE_BYTES: Final = 2
"""Prepared sound is 16 bit: every delivered encoding is lossy or 16 bit, and it halves what the pipes carry."""

BLOCK_SAMPLES: Final = RATE
"""How much of a stream is held at a time: one second."""


def db_to_gain(db: float) -> float:
    """A ratio of amplitudes from decibels."""
    return math.pow(10.0, db / 20.0)


def gain_to_db(gain: float) -> float:
    """Decibels from a ratio of amplitudes; minus infinity for none."""
    return 20.0 * math.log10(gain) if gain > 0.0 else -math.inf


def at_rate(samples: int, rate: int) -> int:
    """`samples` at 48 kHz as whole samples at `rate`, rounded down."""
    return samples * rate // RATE
