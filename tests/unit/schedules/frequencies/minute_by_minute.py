"""When lines are on the air and what they do to each other, found by looking at every minute of every day.

Slow and plain on purpose: it is what the arithmetic of `schedules.frequencies` is held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.frequencies.line import Line
from schedules.time import Span

Airing = frozenset[int]
"""The minutes of one time on the air, as Unix times divided by 60."""


def minute_of(instant: datetime) -> int:
    """The minute that has the instant in it."""
    return int(instant.timestamp() // 60)


def at(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def minutes_in(span: Span) -> frozenset[int]:
    """Every minute that has a moment of the span in it."""
    if span.start == span.end:
        return frozenset()
    return frozenset(range(minute_of(span.start), minute_of(span.end - timedelta.resolution) + 1))


def airings(line: Line) -> Iterator[Airing]:
    """Of every day between its dates that is one of its days."""
    day = line.first_date
    while day <= line.last_date:
        if day.isoweekday() in line.days:
            midnight = minute_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
            start, stop = midnight + line.start_minute, midnight + line.stop_minute
            if stop <= start:
                stop += 24 * 60
            yield frozenset(range(start, stop))
        day += timedelta(days=1)


def airings_within(line: Line, minutes: frozenset[int]) -> list[Airing]:
    """What of them lies in those minutes, in order."""
    return [airing & minutes for airing in airings(line) if airing & minutes]


@dataclass(frozen=True)
class Clash:
    """A conflict by its code, the keys of both lines and its figures."""

    code: str
    line: str
    other: str
    first_at: datetime
    occurrences: int
    minutes: int
    gap_s: int | None = None


def clashes(
    lines: Sequence[Line],
    others: Sequence[Line],
    minutes: frozenset[int],
    retune_s: dict[str, int] | None,
) -> set[Clash]:
    """Of every two lines. With `retune_s` they are our own."""
    aired = {line: airings_within(line, minutes) for line in {*lines, *others}}
    found = set()
    for number, line in enumerate(lines):
        for other in others[number + 1 :] if lines is others else others:
            code = _harm(line, other) if retune_s is None else _own_harm(line, other)
            ours, theirs = frozenset().union(*aired[line]), frozenset().union(*aired[other])
            both = ours & theirs
            if code and both:
                hit = sum(1 for airing in aired[line] if airing & both)
                found.add(Clash(code, line.key, other.key, at(min(both)), hit, len(both)))
        for other in others if retune_s is not None else ():
            if other is not line and line.site == other.site and line.khz != other.khz:
                found |= _retuning(line, other, aired, (retune_s or {}).get(line.site, 0))
    return found


def _own_harm(line: Line, other: Line) -> str | None:
    if line.site == other.site and line.transmitter is not None and line.transmitter == other.transmitter:
        return "same-transmitter"
    if line.khz == other.khz:
        if line.site == other.site:
            return "same-site-and-frequency"
        if line.synchronised is not None and line.synchronised == other.synchronised:
            return None
        return "own-co-channel"
    return _beside(line, other)


def _harm(line: Line, other: Line) -> str | None:
    if line.site == other.site and line.transmitter is not None and line.transmitter == other.transmitter:
        return "same-transmitter"
    if line.khz == other.khz:
        if line.site == other.site:
            return "same-site-and-frequency"
        if not line.zones or not other.zones:
            return "co-channel-zones-unknown"
        return "co-channel" if line.zones & other.zones else None
    return _beside(line, other)


def _beside(line: Line, other: Line) -> str | None:
    if not line.zones & other.zones or abs(line.khz - other.khz) > 10:
        return None
    return "adjacent-channel" if abs(line.khz - other.khz) <= 5 else "near-channel"


def _retuning(line: Line, other: Line, aired: dict[Line, list[Airing]], needed_s: int) -> set[Clash]:
    if line.transmitter and other.transmitter and line.transmitter != other.transmitter:
        return set()
    short = []
    for airing in aired[line]:
        stop = max(airing) + 1
        for following in aired[other]:
            gap_s = (min(following) - stop) * 60
            if 0 <= gap_s < needed_s:
                short.append((stop, gap_s))
    if not short:
        return set()
    code = "retune" if line.transmitter and other.transmitter else "retune-if-one-transmitter"
    first, gap_s = min(short)
    return {Clash(code, line.key, other.key, at(first), len(short), 0, gap_s)}
