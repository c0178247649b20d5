"""Another programme in a slot on one date: a holiday, a breaking special."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.airings.programme import give_programme, is_begun
from app.airings.service import want
from app.database import id_of
from app.errors import Conflict, Invalid
from app.journal.service import record
from app.programmes.models import Programme, Replacement, Slot
from app.programmes.times import Zone
from app.records import find, referred
from schedules.days import KST_AHEAD_MINUTES
from schedules.said import say
from schedules.snapshot import CLOSED
from schedules.time import DAY_MINUTES


def replace_programme(
    session: Session,
    slot_id: int,
    on: date,
    zone: Zone,
    programme_id: int,
    reason: str,
    *,
    now: datetime,
    by: int,
) -> Replacement:
    """Air another programme in a slot on the date, in UTC or KST, on which it starts. What is compiled already is compiled anew.

    Raises:
        Invalid: there is no such slot or programme, or the slot has no airing on that date.
        Conflict: another programme replaces it already, it is its own, or the airing is over or under way.
    """
    slot = referred(session, Slot, slot_id, "slot", "slot_id")
    referred(session, Programme, programme_id, "programme", "programme_id")
    on_date = _start_day(slot, on, zone)
    if not (slot.first_date <= on_date <= slot.last_date) or str(on_date.isoweekday()) not in slot.days:
        told = "slot {slot_id} has no airing on {date_on} ({zone})"
        raise Invalid(say("wrong-no-airing", told, slot_id=slot_id, date_on=on, zone=zone), field="date")
    if programme_id == slot.programme_id:
        told = "programme {programme_id} is what slot {slot_id} airs anyway"
        raise Conflict(say("wrong-airs-anyway", told, programme_id=programme_id, slot_id=slot_id))
    query = select(Replacement).where(Replacement.slot_id == slot_id, Replacement.on_date == on_date)
    if session.exec(query).first() is not None:
        told = "slot {slot_id} has another programme on {date_on} already: take that back first"
        raise Conflict(say("wrong-replaced", told, slot_id=slot_id, date_on=on))
    made = Replacement(
        slot_id=slot_id,
        on_date=on_date,
        programme_id=programme_id,
        reason=reason,
        created_at=now,
        created_by=by,
    )
    session.add(made)
    session.flush()
    _follow(session, slot, on_date, programme_id, now=now, by=by)
    record(session, "programme.replaced", at=now, person_id=by, subject_id=made.id, slot=slot_id)
    return made


def take_back(session: Session, replacement_id: int, *, now: datetime, by: int) -> None:
    """Air the slot's own programme again. Raises NotFound; Conflict where the airing is over or under way."""
    gone = find(session, Replacement, replacement_id, "replacement")
    _follow(session, session.get_one(Slot, gone.slot_id), gone.on_date, None, now=now, by=by)
    session.delete(gone)
    record(session, "programme.replacement_taken_back", at=now, person_id=by, subject_id=replacement_id)


def _follow(
    session: Session, slot: Slot, on_date: date, programme_id: int | None, *, now: datetime, by: int
) -> None:
    """Let an airing that is there already have the programme; what producers changed in it was of the other one."""
    begin = datetime.combine(on_date, datetime.min.time(), now.tzinfo)
    airings = session.exec(
        select(Airing)
        .where(
            Airing.slot_id == slot.id,
            Airing.starts_at >= begin,
            Airing.starts_at < begin + timedelta(days=1),
            col(Airing.state) != "cancelled",
        )
        .order_by(col(Airing.state).in_(CLOSED), col(Airing.starts_at).desc())
    ).all()
    if not airings:
        return
    airing = airings[0]  # where the slot was moved within the day, the one that is still to come
    if airing.state in CLOSED or airing.starts_at <= now:
        told = "airing {airing_id} is over, or on the air: its programme stays what it was"
        raise Conflict(say("wrong-on-air", told, airing_id=id_of(airing)))
    give_programme(session, airing, programme_id)
    if is_begun(session, airing):
        want(session, airing, "compile", person_id=by, now=now)


def _start_day(slot: Slot, on: date, zone: Zone) -> date:
    """The UTC day on which the airing starts whose date in the zone this is."""
    if zone == "UTC":
        return on
    return on - timedelta(days=(slot.start_minute + KST_AHEAD_MINUTES) // DAY_MINUTES)
