"""What a frequency manager should know of lines by themselves, at a season's change, and against what was booked.

A finding repairs nothing. Only an own airing that a season change would cut is an error: planned again, never cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from schedules.days import format_days
from schedules.frequencies.bands import notes_on
from schedules.frequencies.columns import instant, minutes_of
from schedules.frequencies.levels import Severity
from schedules.frequencies.line import Line
from schedules.frequencies.occurrences import airs, first_occurrence, occurrences, on_air
from schedules.frequencies.wording import named
from schedules.said import Said, say
from schedules.season import Season
from schedules.time import DAY_MINUTES, Span

_DAY = timedelta(days=1)
_TO_THE_MINUTE = "from {starts_at:%a %Y-%m-%d %H:%M} to {ends_at:%H:%M} UTC"
_OF_SEASON = "{season}, {season_starts_at:%Y-%m-%d %H:%M} to {season_ends_at:%Y-%m-%d %H:%M} UTC"


class Kind(StrEnum):
    """Stable names for machines."""

    NEVER_AIRS = "never-airs"
    """Its dates and its days disagree."""
    OUTSIDE_SEASON = "outside-season"
    OUT_OF_BAND = "out-of-band"
    ACROSS_CHANGE = "across-change"
    CHANGE_HOUR_UNCOVERED = "change-hour-uncovered"
    """The old season's last hour, Sunday 00-01 UTC, after lines that end on the Saturday."""
    BOOKED_UNUSED = "booked-unused"
    AIRED_UNBOOKED = "aired-unbooked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `span` is when it is first so, and `times` how often the same is so at that time of day."""

    kind: Kind
    message: Said
    line: Line | None = None
    span: Span | None = None
    times: int = 1

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.kind is Kind.ACROSS_CHANGE else Severity.WARNING


def line_findings(lines: Iterable[Line], season: Season) -> list[Finding]:
    """What each line of a season shows by itself, in the order of the lines."""
    return [finding for line in lines for finding in _of_line(line, season)]


def change_findings(lines: Sequence[Line], season: Season) -> list[Finding]:
    """What own lines of a season do at its two changes: the errors first, each in the order of the lines."""
    across = [finding for line in lines for finding in _across(line, season)]
    return across + list(_uncovered(lines, season))


def booking_findings(lines: Sequence[Line], booked: Iterable[Span], span: Span) -> list[Finding]:
    """Where own lines at a site and what was booked there differ within a span, by when that is first so.

    Booked spans that overlap are several transmitters, as are lines. Minutes are whole; what is the same at the same time of
    other days is told once.
    """
    told: dict[tuple[int, int, int], Finding] = {}
    for start, end, spare in _differences(lines, booked, span):
        alike = (start % DAY_MINUTES, end - start, spare)
        if alike in told:
            told[alike] = replace(told[alike], times=told[alike].times + 1)
        else:
            told[alike] = _booking(Span(instant(start), instant(end)), spare)
    return list(told.values())


def never_airs(line: Line) -> bool:
    """Whether no day between its dates is one of its days."""
    count = (line.last_date - line.first_date).days + 1
    return not any(airs(line, line.first_date + step * _DAY) for step in range(min(count, 7)))


def _of_line(line: Line, season: Season) -> Iterator[Finding]:
    for note in notes_on(line.khz):
        yield Finding(Kind.OUT_OF_BAND, note, line)
    if never_airs(line):
        yield Finding(Kind.NEVER_AIRS, _never(line), line)
    elif first_occurrence(line, season.span, season) is None:
        message = say(
            "found-not-in-season",
            "{line} is never on the air in " + _OF_SEASON + ": its dates are {first_on} to {last_on}",
            line=named(line),
            season=season.code,
            season_starts_at=season.start,
            season_ends_at=season.end,
            first_on=line.first_date,
            last_on=line.last_date,
        )
        yield Finding(Kind.OUTSIDE_SEASON, message, line)
    elif line.first_date < season.start.date() or line.last_date > season.end.date():
        message = say(
            "found-beyond-season",
            "{line} goes from {first_on} to {last_on}, beyond "
            + _OF_SEASON
            + ": what is outside is not aired",
            line=named(line),
            season=season.code,
            season_starts_at=season.start,
            season_ends_at=season.end,
            first_on=line.first_date,
            last_on=line.last_date,
        )
        yield Finding(Kind.OUTSIDE_SEASON, message, line)


def _never(line: Line) -> Said:
    if line.last_date < line.first_date:
        return say(
            "found-dates-swapped",
            "{line} is never on the air: its last date {last_on} is before its first date {first_on}: swap or correct them",
            line=named(line),
            first_on=line.first_date,
            last_on=line.last_date,
        )
    if not line.days:
        return say(
            "found-no-weekday",
            "{line} is never on the air: it has no weekday: choose at least one",
            line=named(line),
        )
    when = "from {first_on} to {last_on}" if line.first_date < line.last_date else "on {first_on}"
    return say(
        "found-no-such-day",
        "{line} is never on the air: there is no {days} " + when + ": correct the dates or the days",
        line=named(line),
        days=format_days(line.days),
        first_on=line.first_date,
        last_on=line.last_date,
    )


def _across(line: Line, season: Season) -> Iterator[Finding]:
    """The airings that a change would cut."""
    for change in (season.start, season.end):
        for day in (change.date() - _DAY, change.date()):
            airing = on_air(line, day)
            if airs(line, day) and airing.start < change < airing.end:
                message = say(
                    "found-across-change",
                    "{line} would be on the air "
                    + _TO_THE_MINUTE
                    + ", across the season change at {change_at:%H:%M} UTC: "
                    "end it by then on that day, and start another line in the new season",
                    line=named(line),
                    starts_at=airing.start,
                    ends_at=airing.end,
                    change_at=change,
                )
                yield Finding(Kind.ACROSS_CHANGE, message, line, airing)


def _uncovered(lines: Sequence[Line], season: Season) -> Iterator[Finding]:
    """Where lines that end the day before the season does leave its last hour without their frequency.

    27 % of a real season's lines end on that Saturday. Of those, the ones that were on the air between 00 and 01 UTC on Sundays.
    """
    sunday = season.end.date()
    hour = Span(season.end - timedelta(hours=1), season.end)
    aired = [(one.line.site, one.line.khz, one.span) for one in occurrences(lines, hour)]
    for line in lines:
        usual = on_air(line, sunday).intersection(hour)
        ended = line.last_date == sunday - _DAY and airs(line, sunday - 7 * _DAY)
        if usual is None or not ended:
            continue
        covered = [span for site, khz, span in aired if (site, khz) == (line.site, line.khz)]
        for gap in _without(usual, covered):
            message = say(
                "found-hour-uncovered",
                "{line} ends on {last_on}, but {season} ends at {season_ends_at:%H:%M} UTC on the Sunday after: "
                "nothing is on the air "
                + _TO_THE_MINUTE
                + "; end it on {sunday_on} or add a line for that hour",
                line=named(line),
                last_on=line.last_date,
                season=season.code,
                season_ends_at=season.end,
                starts_at=gap.start,
                ends_at=gap.end,
                sunday_on=sunday,
            )
            yield Finding(Kind.CHANGE_HOUR_UNCOVERED, message, line, gap)


def _without(span: Span, others: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span, in order; the others are in order of their start."""
    start = span.start
    for other in others:
        if start < min(other.start, span.end):
            yield Span(start, min(other.start, span.end))
        start = max(start, other.end)
    if start < span.end:
        yield Span(start, span.end)


def _differences(lines: Sequence[Line], booked: Iterable[Span], span: Span) -> Iterator[tuple[int, int, int]]:
    """From which to which minute how many transmitters are booked and not used; negative: used and not booked."""
    steps: Counter[int] = Counter()
    for booking in filter(None, map(span.intersection, booked)):
        start, end = minutes_of(booking)
        steps[start] += 1
        steps[end] -= 1
    since, until = minutes_of(span)
    found = occurrences(lines, span)
    steps.subtract(found.start.clip(min=since).tolist())
    steps.update(found.stop.clip(max=until).tolist())
    spare = 0
    # A step of nothing is no step: one booking ends, the next begins.
    for (start, step), (end, _) in pairwise(sorted((minute, step) for minute, step in steps.items() if step)):
        spare += step
        if spare:
            yield start, end, spare


def _booking(span: Span, spare: int) -> Finding:
    count = abs(spare)
    transmitters = "{count} transmitter" if count == 1 else "{count} transmitters"
    if spare > 0:
        message = say(
            "found-unused",
            transmitters + " booked " + _TO_THE_MINUTE + " and not used: add a line or give the time back",
            count=count,
            starts_at=span.start,
            ends_at=span.end,
        )
        return Finding(Kind.BOOKED_UNUSED, message, span=span)
    message = say(
        "found-unbooked",
        transmitters + " used " + _TO_THE_MINUTE + " and not booked: book the time or end a line earlier",
        count=count,
        starts_at=span.start,
        ends_at=span.end,
    )
    return Finding(Kind.AIRED_UNBOOKED, message, span=span)
