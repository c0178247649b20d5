"""What a chart shows: stretches of time on a frequency, clipped to the chart's span."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from schedules.frequencies.line import Line
from schedules.frequencies.occurrences import occurrences
from schedules.time import Span

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Minutes from the span's start, and the lines that are on the air there, at least one."""

    khz: float
    start: float
    end: float
    lines: tuple[Line, ...]


def own_bars(lines: Sequence[Line], span: Span) -> list[Bar]:
    """A bar for each occurrence, line by line."""
    bars = [Bar(line.khz, start, end, (line,)) for start, end, line in _clipped(lines, span)]
    return sorted(bars, key=lambda bar: lines.index(bar.lines[0]))


def background_bars(lines: Iterable[Line], span: Span, ranges: Collection[tuple[float, float]]) -> list[Bar]:
    """What overlaps or touches on one frequency is one bar. Only what lies in a range (lowest and highest kHz); all if there is none."""
    shown = [line for line in lines if not ranges or any(low <= line.khz <= high for low, high in ranges)]
    found: dict[float, list[tuple[float, float, Line]]] = defaultdict(list)
    for start, end, line in _clipped(shown, span):
        found[line.khz].append((start, end, line))
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


def _clipped(lines: Sequence[Line], span: Span) -> Iterator[tuple[float, float, Line]]:
    """When each is on the air within the span, in minutes from its start."""
    for one in occurrences(lines, span):
        start, stop = max(one.start, span.start), min(one.stop, span.end)
        yield (start - span.start) / _MINUTE, (stop - span.start) / _MINUTE, one.line
