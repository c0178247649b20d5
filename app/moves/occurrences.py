"""When the days of a change begin on the air, by the slot's UTC time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.moves.models import LineChange
from app.programmes.models import Slot

DAY = timedelta(days=1)


def start_of(slot: Slot, day: date) -> datetime:
    """When the slot starts on a UTC start day."""
    return datetime.combine(day, time(), UTC) + timedelta(minutes=slot.start_minute)


def days_between(days: str, first: date, last: date) -> Iterator[date]:
    """The dates from the first to the last, both included, whose weekday is among the ISO digits."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        if str(day.isoweekday()) in days:
            yield day


def has_a_day(days: str, first: date, last: date) -> bool:
    """Whether a line with these days is ever on the air between these dates."""
    return next(days_between(days, first, min(last, first + 6 * DAY)), None) is not None


def next_day(slot: Slot, days: str, first: date, last: date, now: datetime) -> date | None:
    """The first of these days whose occurrence has not started."""
    first = max(first, now.date() - DAY)
    return next((day for day in days_between(days, first, last) if start_of(slot, day) > now), None)


def has_begun(session: Session, change: LineChange, now: datetime) -> bool:
    """Whether something of what a change touches has been on the air, or is. What was called off never was."""
    slot = session.get_one(Slot, change.slot_id)
    last = min(change.last_date, now.date())
    begun = {
        start
        for day in days_between(change.days, change.first_date, last)
        if (start := start_of(slot, day)) <= now
    }
    if not begun:
        return False
    called_off = select(Airing.starts_at).where(
        Airing.slot_id == change.slot_id, col(Airing.starts_at).in_(begun), Airing.state == "cancelled"
    )
    return bool(begun - set(session.exec(called_off).all()))
