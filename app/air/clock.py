"""The audio clock: monotonic, anchored to UTC once for each airing. Instants of UTC are nanoseconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_NS = 1_000_000_000

ReadNs = Callable[[], int]


def to_ns(instant: datetime) -> int:
    """An aware instant, exactly."""
    return (instant - EPOCH) // timedelta(microseconds=1) * 1000


def from_ns(utc_ns: int) -> datetime:
    """The instant, to the microsecond below."""
    return EPOCH + timedelta(microseconds=utc_ns // 1000)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where UTC lies on the monotonic clock. Steps of the system's clock after it was taken move nothing."""

    utc_minus_monotonic_ns: int

    def monotonic_ns(self, utc_ns: int) -> int:
        return utc_ns - self.utc_minus_monotonic_ns

    def utc_ns(self, monotonic_ns: int) -> int:
        return monotonic_ns + self.utc_minus_monotonic_ns


def take_anchor(utc: ReadNs = time.time_ns, monotonic: ReadNs = time.monotonic_ns) -> Anchor:
    """Read both clocks at once, as nearly as can be: of a few readings the one that took least time."""
    readings = []
    for _ in range(5):
        before, now, after = monotonic(), utc(), monotonic()
        readings.append((after - before, now - (before + after) // 2))
    return Anchor(min(readings)[1])
