"""Broadcasting seasons: A in the northern summer, B in its winter (HFCC, ITU Radio Regulations Article 12).

They change on the last Sunday of March and of October at 01:00 UTC. B26 begins in October 2026 and ends in March 2027.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from schedules.errors import BadSeason
from schedules.said import say
from schedules.time import Span, to_utc

_CODE = re.compile(r"([AB])([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Season:
    """One season, `[start, end)` in UTC."""

    code: str
    start: datetime
    end: datetime

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def start_dates(self, minute: int) -> tuple[date, date]:
        """The first and last UTC date on which what starts at that minute of the day starts within the season."""
        at = time(minute // 60, minute % 60, tzinfo=UTC)
        first, last = self.start.date(), self.end.date()
        return (
            first if datetime.combine(first, at) >= self.start else first + timedelta(days=1),
            last if datetime.combine(last, at) < self.end else last - timedelta(days=1),
        )


def season(code: str) -> Season:
    """The season "A26" or "b26", of the years 2000 to 2099. Raises BadSeason."""
    match = _CODE.fullmatch(code.strip().upper())
    if match is None:
        raise BadSeason(
            say(
                "unread-season",
                '"{code}" is not a season: write A (summer) or B (winter) and two digits of the year, such as B26',
                code=code,
            )
        )
    return _season(match[1], 2000 + int(match[2]))


def season_at(instant: datetime) -> Season:
    """The season in force at an instant. At 01:00:00 UTC of a change Sunday it is the new one."""
    instant = to_utc(instant)
    year = instant.year
    if instant < _change(year, 3):
        return _season("B", year - 1)
    return _season("A", year) if instant < _change(year, 10) else _season("B", year)


def seasons(first_year: int, last_year: int) -> Iterator[Season]:
    """A and B of every year from the first to the last, both included, in order and without gaps."""
    for year in range(first_year, last_year + 1):
        yield _season("A", year)
        yield _season("B", year)


def _season(letter: str, year: int) -> Season:
    summer, winter = _change(year, 3), _change(year, 10)
    start, end = (summer, winter) if letter == "A" else (winter, _change(year + 1, 3))
    return Season(f"{letter}{year % 100:02d}", start, end)


def _change(year: int, month: int) -> datetime:
    """01:00 UTC on the last Sunday of March or October, which both have 31 days. Raises BadSeason."""
    if not date.min.year <= year <= date.max.year:
        raise BadSeason(f"a season touches the year {year}, and years are 1 to {date.max.year}")
    last_day = date(year, month, 31)
    sunday = last_day - timedelta(days=last_day.isoweekday() % 7)
    return datetime(sunday.year, sunday.month, sunday.day, 1, tzinfo=UTC)
