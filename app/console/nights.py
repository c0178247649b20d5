"""The night that a page shows: from its address, and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schedules.time import Span, night_of, night_span

FIRST_YEAR, LAST_YEAR = 1950, 2150


@dataclass(frozen=True, slots=True)
class ShownNight:
    """A night, labelled by its evening (KST)."""

    night: date
    tonight: date

    @property
    def is_tonight(self) -> bool:
        return self.night == self.tonight

    @property
    def previous(self) -> date:
        return self.night - timedelta(days=1)

    @property
    def next(self) -> date:
        return self.night + timedelta(days=1)

    @property
    def span(self) -> Span:
        return night_span(self.night)


def shown_night(asked: str, now: datetime) -> ShownNight:
    """The night of this date; tonight for anything else that stands in the address."""
    tonight = night_of(now)
    try:
        night = date.fromisoformat(asked)
    except ValueError:
        night = tonight
    if not FIRST_YEAR <= night.year <= LAST_YEAR:  # it has a night before and after it
        night = tonight
    return ShownNight(night, tonight)
