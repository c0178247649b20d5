"""What a chart shows: stretches of time on a frequency, clipped to the chart's span."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from schedules.frequencies.line import Line
from schedules.time import Span

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Minutes from the span's start, and the lines that are on the air there, at least one."""

    khz: float
    start: float
    end: float
    lines: tuple[Line, ...]


def own_bars(lines: Iterable[Line], span: Span) -> list[Bar]:
    """A bar for each occurrence."""
    return [Bar(line.khz, start, end, (line,)) for line in lines for start, end in _occurrences(line, span)]


def background_bars(lines: Iterable[Line], span: Span, ranges: Collection[tuple[float, float]]) -> list[Bar]:
    """What overlaps or touches on one frequency is one bar. Only what lies in a range (lowest and highest kHz); all if there is none."""
    found: dict[float, list[tuple[float, float, Line]]] = defaultdict(list)
    for line in lines:
        if not ranges or any(low <= line.khz <= high for low, high in ranges):
            found[line.khz].extend((*minutes, line) for minutes in _occurrences(line, span))
    return [bar for khz in sorted(found) for bar in _merged(khz, found[khz])]


def _merged(khz: float, occurrences: Iterable[tuple[float, float, Line]]) -> Iterator[Bar]:
    start = end = -1.0
    inside: list[Line] = []
    for begin, stop, line in sorted(occurrences, key=lambda one: (one[0], one[1], one[2].key)):
        if inside and begin > end:
            yield Bar(khz, start, end, tuple(inside))
            inside = []
        if not inside:
            start = begin
        end = max(end, stop)
        inside.append(line)
    if inside:
        yield Bar(khz, start, end, tuple(inside))


def _occurrences(line: Line, span: Span) -> Iterator[tuple[float, float]]:
    """When the line is on the air within the span, in minutes from its start."""
    length = timedelta(minutes=line.minutes)
    first = max(line.first_date, (span.start - length).date())
    last = min(line.last_date, span.end.date())
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.isoweekday() not in line.days:
            continue
        start = datetime.combine(day, time(), UTC) + timedelta(minutes=line.start_minute)
        if start < span.end and start + length > span.start:
            begin, end = max(start, span.start), min(start + length, span.end)
            yield (begin - span.start) / _MINUTE, (end - span.start) / _MINUTE
