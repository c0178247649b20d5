"""What is true of an airing, as far as an announcement tells it: read from the rows, anew each time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from sqlmodel import Session, col, select

from app.airings.carriage import is_on_air
from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.frequencies.models import Line
from app.moves.pending import pending
from app.programmes.models import Programme, Slot
from app.station.models import Station
from schedules.announcing.tokens import Facts, NextProgramme, Zone
from schedules.time import Span

NEXT_WITHIN = timedelta(hours=24)
"""What begins later after an airing's end is not announced: nobody waits for it, and airings are not made further ahead."""


def frequencies_are_known(session: Session, slot_id: int, day: date) -> bool:
    """Whether the lines of a slot are certain on a UTC start day: no change is asked for that its site has not answered."""
    return not pending(session, slot_id, day)


def facts_of(session: Session, slot_id: int, on_air: Span) -> Facts:
    """What can be said of an airing of this slot. Raises BadAnnouncement."""
    station = session.get_one(Station, 1)
    day = on_air.start.date()
    named = station.frequencies_spoken and frequencies_are_known(session, slot_id, day)
    return Facts(
        station=station.spoken_name or station.name,
        on_air=on_air,
        khz=tuple(line.khz for line in lines_on_air(session, slot_id, day)) if named else (),
        zone=cast("Zone", station.announced_zone),
        next=_next(session, on_air.end) if station.next_spoken else None,
    )


def lines_on_air(session: Session, slot_id: int, day: date) -> list[Line]:
    """The lines of a slot that are active on a UTC start day."""
    of_slot = session.exec(select(Line).where(Line.slot_id == slot_id).order_by(col(Line.id))).all()
    return [line for line in of_slot if is_on_air(line, day)]


def _next(session: Session, after: datetime) -> NextProgramme | None:
    """The first airing from an instant on that a line carries: what nobody can hear is not announced."""
    coming = session.exec(
        select(Airing.starts_at, Airing.slot_id, Programme.title, Programme.code)
        .join(Slot, col(Airing.slot_id) == col(Slot.id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(
            Airing.starts_at >= after,
            Airing.starts_at < after + NEXT_WITHIN,
            col(Airing.state).not_in(("cancelled", "missed")),
        )
        .order_by(col(Airing.starts_at), col(Airing.id))
    )
    for starts_at, slot_id, title, code in coming:
        if lines_on_air(session, slot_id, starts_at.date()):
            return NextProgramme(title, starts_at, code)
    return None
