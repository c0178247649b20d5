"""A site's log laid over our airings, minute by minute. Pure: spans in, minutes out.

A row *speaks of* every airing on its frequency that it covers by half or by more than the tolerance; if there is none, of
the one that it meets and that begins within the tolerance of it. So a row may run over two slots, a slot may be logged in
two rows, and what a neighbour's row begins early stays the neighbour's. An outage speaks of every airing that it meets. A
row without a frequency counts for the one that needs it most.

Clocks at sites differ and transmitters are switched on before the programme. So what a row lacks at one end of its airing and
has too much at the other is made up for, and nobody is charged for a run-up or run-down, each up to the tolerance. What is
missing of an airing is never forgiven.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from schedules.time import Span

TOLERANCE = timedelta(minutes=5)

Claim = Literal["delivered", "sent", "nothing"]
"""What we know that the site had: proved to lie there, taken without proof, or no audio of ours."""

_NONE, _MINUTE, _DAY = timedelta(), timedelta(minutes=1), timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Carried:
    """An airing over one line: its slot's span on one frequency."""

    airing_id: int
    line_id: int
    khz: int
    span: Span
    claim: Claim


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the site's log: on the air or, if not ``aired``, an outage. Its span may be empty."""

    entry_id: int
    span: Span
    khz: int | None
    aired: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """What the log says of an airing, in minutes.

    ``confirmed``: we delivered and the site aired. ``disputed``: we delivered and the site says that it did not air, or the
    site says that it aired and had nothing from us. An airing that no row speaks of has neither.
    """

    carried: Carried
    confirmed: int
    disputed: int
    entry_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Minutes that the site logs as aired and that are no airing's."""

    entry: Logged
    minutes: int


@dataclass(frozen=True, slots=True)
class _Word:
    """A row that speaks of an airing, and how much of the airing it may have put beyond its other end."""

    row: Logged
    late: timedelta
    early: timedelta


def minutes_of(length: timedelta) -> int:
    """To the nearest minute, half up: sites cut seconds off or log them."""
    return (length + _MINUTE / 2) // _MINUTE


def match(
    carried: Sequence[Carried], logged: Iterable[Logged]
) -> tuple[tuple[Matched, ...], tuple[Unclaimed, ...]]:
    """Compare; airings in the order given, unclaimed rows by time."""
    timetable = _by_khz(carried)
    rows = _placed(timetable, logged)
    on_air: defaultdict[int | None, list[Logged]] = defaultdict(list)
    for row in rows:
        if row.aired:
            on_air[row.khz].append(row)
    told: defaultdict[Carried, list[_Word]] = defaultdict(list)
    unclaimed = []
    for row in rows:
        near = _near(timetable.get(row.khz, ()), row.span, _start)
        airings = _spoken_of(row, near)
        others = [other for other in _near(on_air[row.khz], row.span, _start) if other is not row]
        for one in airings:
            told[one].append(_word(row, one.span, [each.span for each in airings], others))
        if row.aired:
            seen = [other.span for other in others if _by_time(other) < _by_time(row)]
            minutes = _unclaimed(row.span, [one.span for one in near], seen)
            unclaimed += [Unclaimed(row, minutes)] if minutes else []
    return tuple(_judged(one, told.get(one, [])) for one in carried), tuple(unclaimed)


def _by_khz(carried: Iterable[Carried]) -> dict[int | None, list[Carried]]:
    """The airings of each frequency by time, the lowest frequency first."""
    timetable: dict[int | None, list[Carried]] = {}
    for one in sorted(carried, key=lambda one: (one.khz, one.span)):
        timetable.setdefault(one.khz, []).append(one)
    return timetable


def _near(ordered: Sequence[T], span: Span, start: Callable[[T], datetime]) -> Sequence[T]:
    """Those that a span could meet, of what is ordered by its start and no longer than a day."""
    first = bisect_left(ordered, span.start - _DAY - TOLERANCE, key=start)
    return ordered[first : bisect_right(ordered, span.end + TOLERANCE, key=start)]


def _start(one: Carried | Logged) -> datetime:
    return one.span.start


def _own_start(span: Span) -> datetime:
    return span.start


def _placed(timetable: Mapping[int | None, Sequence[Carried]], logged: Iterable[Logged]) -> list[Logged]:
    """The rows by time, each without a frequency on the one whose airing has the most minutes that no row covers yet."""
    covered: defaultdict[int | None, list[Span]] = defaultdict(list)
    placed = []
    for row in sorted(logged, key=lambda row: (row.khz is None, *_by_time(row))):
        khz = row.khz
        if khz is None:
            needs = [
                (_length(_minus(one.span, _near(covered[each], one.span, _own_start))), each)
                for each, carried in timetable.items()
                for one in _spoken_of(row, _near(carried, row.span, _start))
            ]
            khz = max(needs, key=lambda need: need[0])[1] if needs else None
        if khz is not None:
            insort(covered[khz], row.span)
        placed.append(replace(row, khz=khz))
    return sorted(placed, key=_by_time)


def _by_time(row: Logged) -> tuple[Span, int]:
    return row.span, row.entry_id


def _spoken_of(row: Logged, carried: Sequence[Carried]) -> list[Carried]:
    covered = [
        one for one in carried if (_covers(row.span, one.span) if row.aired else row.span.overlaps(one.span))
    ]
    if covered:
        return covered
    near = [one for one in carried if _is_beside(row.span, one.span)]
    return [min(near, key=lambda one: abs(one.span.start - row.span.start))] if near else []


def _covers(row: Span, airing: Span) -> bool:
    shared = row.intersection(airing)
    return shared is not None and (shared.duration > TOLERANCE or 2 * shared.duration >= airing.duration)


def _is_beside(row: Span, airing: Span) -> bool:
    """Whether the row, which may be empty, tells of a piece of this airing."""
    meets = row.overlaps(airing) or row.start == row.end
    return meets and abs(airing.start - row.start) <= TOLERANCE


def _judged(one: Carried, words: Sequence[_Word]) -> Matched:
    ids = tuple(word.row.entry_id for word in words)
    if not words:
        return Matched(one, 0, 0, ids)
    whole = minutes_of(one.span.duration)
    outages = [word.row.span for word in words if not word.row.aired and word.row.span.duration]
    if len(outages) == len(words) and one.claim != "nothing":  # of the rest the log says nothing
        return Matched(one, 0, minutes_of(_length(_united(outages, one.span))), ids)
    aired = min(whole, minutes_of(_aired(one.span, words)))
    if one.claim == "nothing":
        return Matched(one, 0, aired, ids)
    return Matched(one, aired, whole - aired, ids)


def _word(row: Logged, airing: Span, airings: Sequence[Span], others: Sequence[Logged]) -> _Word:
    """A row that ends after the last of its airings may have begun late by as much, and so on; not where others tell of it."""
    first, last = min(airings), max(airings)
    late = _slack(last.end, row.span.end, others) if airing == first else _NONE
    early = _slack(row.span.start, first.start, others) if airing == last else _NONE
    return _Word(row, *((late, early) if row.span.duration else (_NONE, _NONE)))


def _slack(start: datetime, end: datetime, others: Sequence[Logged]) -> timedelta:
    if not start < end <= start + TOLERANCE:
        return _NONE
    slack = Span(start, end)
    return _NONE if any(slack.overlaps(other.span) for other in others) else slack.duration


def _aired(airing: Span, words: Sequence[_Word]) -> timedelta:
    """How long, by these rows, the airing was on the air."""
    on = [word for word in words if word.row.aired]
    off = [word.row.span for word in words if not word.row.aired]
    aired = [piece for span in _united([word.row.span for word in on], airing) for piece in _minus(span, off)]
    if not aired:
        return _NONE
    return (
        _length(aired)
        + _made_up(Span(airing.start, aired[0].start), max(word.late for word in on), off)
        + _made_up(Span(aired[-1].end, airing.end), max(word.early for word in on), off)
    )


def _made_up(missing: Span, slack: timedelta, off: Iterable[Span]) -> timedelta:
    """What the site's clock moved from one end of the airing to the other; an outage that the log tells of is none."""
    return _NONE if any(missing.overlaps(span) for span in off) else min(missing.duration, slack)


def _unclaimed(row: Span, airings: Sequence[Span], seen: Sequence[Span]) -> int:
    """Minutes of a row that are no airing's, or that another row has told already."""
    again = _length(_united(seen, row))
    edges = {instant for span in airings for instant in (span.start, span.end)}
    beyond = [
        part
        for part in _minus(row, [*airings, *seen])
        if part.duration > TOLERANCE or not {part.start, part.end} & edges
    ]
    return minutes_of(_length(beyond) + (again if again > TOLERANCE else _NONE))


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.duration for span in spans), _NONE)


def _united(spans: Iterable[Span], within: Span) -> list[Span]:
    """The spans inside another one, overlapping ones as one, in order."""
    united: list[Span] = []
    for span in sorted(shared for each in spans if (shared := each.intersection(within)) is not None):
        if united and span.start <= united[-1].end:
            united[-1] = Span(united[-1].start, max(united[-1].end, span.end))
        else:
            united.append(span)
    return united


def _minus(span: Span, others: Iterable[Span]) -> list[Span]:
    """What is left of a span."""
    left, start = [], span.start
    for other in _united(others, span):
        if start < other.start:
            left.append(Span(start, other.start))
        start = other.end
    if start < span.end:
        left.append(Span(start, span.end))
    return left
