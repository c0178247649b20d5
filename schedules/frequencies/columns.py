"""Lines as columns of whole numbers, and instants as minutes since 1970-01-01 00:00 UTC: sixty of them are a Unix time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.frequencies.day_sets import DaySets, Numbers, day_number, weekday_bits
from schedules.frequencies.line import Line
from schedules.time import Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Of each line the days on which it starts, and the minutes of the start day at which it starts and stops.

    The stop is 1 to 2879: a tail past midnight is counted on.
    """

    days: DaySets
    start: Numbers
    stop: Numbers

    def rows(self, index: NDArray[np.integer]) -> Columns:
        """The lines of these numbers, each as often as it is named."""
        return Columns(self.days.rows(index), self.start[index], self.stop[index])


def columns_of(lines: Sequence[Line]) -> Columns:
    start = numbers([line.start_minute for line in lines])
    return Columns(
        DaySets(
            numbers([day_number(line.first_date) for line in lines]),
            numbers([day_number(line.last_date) for line in lines]),
            numbers([weekday_bits(line.days) for line in lines]),
        ),
        start,
        start + numbers([line.minutes for line in lines]),
    )


def numbers(values: Sequence[int]) -> Numbers:
    return np.array(values, np.int64)


def instant(minute: int) -> datetime:
    """The instant of a minute since the epoch."""
    return _EPOCH + timedelta(minutes=minute)


def minutes_of(span: Span) -> tuple[int, int]:
    """First and end of a span in minutes since the epoch. Minutes are whole: one that the span shares in part is in it."""
    first = (span.start - _EPOCH) // _MINUTE
    return first, first if span.start == span.end else -((_EPOCH - span.end) // _MINUTE)
