"""Which awaited element of which broadcast date a dropped file is for, by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.airings.models import Airing, Edition
from app.airings.programme import PROGRAMME_ID
from app.bringing.dates import find_date
from app.bringing.spelling import bare
from app.library.models import Segment, SegmentState
from app.programmes.models import Programme, Slot
from app.programmes.service import times_of
from schedules import slots
from schedules.elements import Awaited
from schedules.snapshot import CLOSED
from schedules.time import Span, to_kst

AHEAD = timedelta(days=14)
"""How far ahead the next broadcast date of a name is looked for: a fortnightly programme is found."""

_AGAIN = re.compile(r"\s*(?:\(\d{1,3}\)|-?\s*(?:복사본|사본|copy)(?:\s*\(?\d{1,3}\)?)?)$", re.IGNORECASE)
"""What computers and messengers put behind the name of a second copy."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name says: the awaited element, and the broadcast date (KST) where it says one."""

    name: str
    on: date | None


def awaited_names(session: Session) -> set[str]:
    """What the clocks of all programmes, and the edited ones of single airings, await."""
    clocks = [*session.exec(select(Programme.clock)), *session.exec(select(Edition.clock))]
    return {name for clock in clocks for name in _awaited(clock)}


def meant_by(stem: str, names: Collection[str], today: date) -> Meant | None:
    """What a file's name without its extension says; None where nothing awaited has that name.

    "오늘의뉴스", "오늘의 뉴스_1129", "2026-11-29 오늘의뉴스 (1)". A day without a year is the one near `today`. A name that
    holds a number itself ("9시 뉴스 1129") is looked for whole first.
    """
    by_bare = {bare(name): name for name in sorted(names, reverse=True)}
    plain = _AGAIN.sub("", stem.strip())
    if whole := by_bare.get(bare(plain)):
        return Meant(whole, None)
    found = find_date(plain, near=today)
    if found is not None and (dated := by_bare.get(bare(found.rest))):
        return Meant(dated, found.date)
    return None


def next_date(session: Session, name: str, now: datetime) -> date | None:
    """The next broadcast date on which a programme awaits this name and for which nothing has come yet."""
    gone = [SegmentState.rejected, SegmentState.recalled, SegmentState.retired]
    query = select(Segment).where(Segment.awaited_as == name, col(Segment.state).not_in(gone))
    come = {segment.awaited_on for segment in session.exec(query)}
    dates = {to_kst(start).date() for start in _starts(session, name, now)}
    return min(dates - come, default=None)


def _starts(session: Session, name: str, now: datetime) -> Iterator[datetime]:
    """When airings begin that await this name: those that there are, and those of slots that will be."""
    query = (
        select(Airing, Programme.clock)
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(Airing.starts_at > now)
    )
    edited = dict(session.exec(select(Edition.airing_id, Edition.clock)).all())
    there: set[tuple[int, datetime]] = set()
    for airing, clock in session.exec(query):
        there.add((airing.slot_id, airing.starts_at))
        if airing.state not in CLOSED and name in _awaited(edited.get(airing.id or 0, clock)):
            yield airing.starts_at
    for slot, clock in session.exec(
        select(Slot, Programme.clock).join(Programme, col(Programme.id) == col(Slot.programme_id))
    ):
        if name in _awaited(clock):
            for start in _occurrences(slot, now):
                if (slot.id or 0, start) not in there:
                    yield start


def _occurrences(slot: Slot, now: datetime) -> Iterator[datetime]:
    times = times_of(slot)
    planned = slots.Slot(times.start_minute, times.stop_minute, times.days, times.first_date, times.last_date)
    return (one.start for one in slots.occurrences(planned, Span(now, now + AHEAD)) if one.start > now)


def _awaited(clock: Sequence[Any]) -> set[str]:
    """Names in a clock as it is stored; whatever else its elements say is not ours, and a row edited by hand may hold anything."""
    elements = (element for element in clock if isinstance(element, dict))
    return {str(element.get("name")) for element in elements if element.get("type") == Awaited.type}
