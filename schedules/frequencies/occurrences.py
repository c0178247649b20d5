"""When lines are on the air: any number of them over any span, exact across midnight and season changes.

An occurrence belongs to the UTC day on which it starts. A season's lines are on the air within the season only: a file lets
two thirds of them end on the change Sunday, although the season ends there at 01:00 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.frequencies.columns import columns_of, instant, minutes_of
from schedules.frequencies.day_sets import Numbers
from schedules.frequencies.line import Line
from schedules.season import Season
from schedules.time import DAY_MINUTES, Span

_BLOCK: Final = 1 << 14
"""Rows that are made plain at a time: the first of many millions are there at once."""
_ALWAYS: Final = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One line on the air once, from `start` to before `stop`."""

    line: Line
    start: datetime
    stop: datetime

    @property
    def span(self) -> Span:
        return Span(self.start, self.stop)


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Occurrences in order of their start, row by row; iterating gives them as plain values.

    `line` is the number of the line in `lines`; `start` and `stop` are minutes since 1970-01-01 00:00 UTC.
    """

    lines: Sequence[Line]
    line: NDArray[np.int32]
    start: Numbers
    stop: Numbers

    def __len__(self) -> int:
        return self.line.size

    def __iter__(self) -> Iterator[Occurrence]:
        for begin in range(0, len(self), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            rows = (column[block].tolist() for column in (self.line, self.start, self.stop))
            for line, start, stop in zip(*rows, strict=True):
                yield Occurrence(self.lines[line], instant(start), instant(stop))


def occurrences(lines: Sequence[Line], span: Span, season: Season | None = None) -> Occurrences:
    """Everything that is on the air within a span, each occurrence whole, though it reach beyond the span.

    With a season the lines are that season's: what of an occurrence lies outside it is not on the air.
    """
    limits = _ALWAYS if season is None else season.span
    within = span.intersection(limits)
    if not lines or within is None:
        return Occurrences(lines, np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))
    since, until = minutes_of(within)
    opens, closes = minutes_of(limits)
    columns = columns_of(lines)
    # Sorted once by the time of day, so that every day comes out in order, and the days one after the other.
    order = np.argsort(columns.start, kind="stable").astype(np.int32)
    columns = columns.rows(order)
    line, start, stop = [order[:0]], [columns.start[:0]], [columns.stop[:0]]
    for day in range(
        max(since // DAY_MINUTES - 1, int(columns.days.first.min())),
        min((until - 1) // DAY_MINUTES, int(columns.days.last.max())) + 1,
    ):
        midnight = day * DAY_MINUTES
        shared = (columns.start < until - midnight) & (columns.stop > since - midnight)
        row = np.flatnonzero(columns.days.hold(day) & shared)
        line.append(order[row])
        start.append((columns.start[row] + midnight).clip(min=opens))
        stop.append((columns.stop[row] + midnight).clip(max=closes))
    return Occurrences(lines, np.concatenate(line), np.concatenate(start), np.concatenate(stop))


def airs(line: Line, day: date) -> bool:
    """Whether the line starts on that UTC day."""
    return line.first_date <= day <= line.last_date and day.isoweekday() in line.days


def first_occurrence(line: Line, span: Span, season: Season | None = None) -> Occurrence | None:
    """The first of what `occurrences` finds; None where the line is not on the air in the span."""
    limits = _ALWAYS if season is None else season.span
    within = span.intersection(limits)
    if within is None:
        return None
    # What started the day before may still be on the air. What started on the day itself may be over: then a week later at the latest.
    first = max(line.first_date.toordinal(), within.start.toordinal() - 1)
    for ordinal in range(first, min(line.last_date.toordinal(), first + 8) + 1):
        day = date.fromordinal(ordinal)
        if airs(line, day) and on_air(line, day).overlaps(within):
            found = on_air(line, day)
            return Occurrence(line, max(found.start, limits.start), min(found.end, limits.end))
    return None


def on_air(line: Line, day: date) -> Span:
    """From when to when the line is on the air if it starts on that UTC day, whatever its days and dates say."""
    start = datetime.combine(day, time(), UTC) + timedelta(minutes=line.start_minute)
    return Span(start, start + timedelta(minutes=line.minutes))
