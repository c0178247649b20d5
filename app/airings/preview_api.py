"""A clock that is tried: what an edition of any date would be, and whether its elements fit its slots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.airings.compiling import preview, tried, with_clock
from app.airings.materialise import slot_value
from app.airings.naming import named_in
from app.airings.preview_schemas import BudgetIn, BudgetOut, BudgetsOut, PreviewIn, PreviewOut
from app.database import id_of, reading
from app.errors import Invalid
from app.programmes.models import Programme, Slot
from app.programmes.service import checked_clock, programme
from app.web.bodies import RowId
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.routing import Router
from schedules.budget import budget_of
from schedules.slots import occurrences
from schedules.time import Span

router = Router(prefix="/api/v1", tags=["programmes"])

_AHEAD = timedelta(days=366)


@router.post("/programmes/{programme_id}/preview", summary="Try an edition of any date")
def preview_programme(
    _actor: Actor, database: Database, settings: CurrentSettings, programme_id: RowId, body: PreviewIn
) -> PreviewOut:
    """An announcement that nobody has spoken yet is there with its estimated length and no segment (id 0); the notes say so."""
    with reading(database) as session:
        wanted = _tried(session, programme_id, body.clock)
        slot = _slot_for(session, programme_id, body.slot_id)
        rundowns = preview(session, settings, wanted, slot, body.date, body.alternatives)
        segments = named_in(session, rundowns)
    first, *others = [json.loads(rundown.to_json()) for rundown in rundowns]
    return PreviewOut(
        slot_id=id_of(slot),
        starts_at=_start_on(slot, body.date),
        rundown=first,
        alternatives=others,
        segments=segments,
    )


@router.post("/programmes/{programme_id}/budget", summary="Reckon a clock against the length of its slots")
def reckon_budget(
    _actor: Actor,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    programme_id: RowId,
    body: BudgetIn,
) -> BudgetsOut:
    """At the next airing of each slot, from today's library; nothing is searched for or stored, so it can be asked at every change."""
    with reading(database) as session:
        wanted = _tried(session, programme_id, body.clock)
        slots = session.exec(select(Slot).where(Slot.programme_id == programme_id).order_by(col(Slot.id)))
        items = [
            _budget(session, settings, wanted, slot, day)
            for slot in slots
            if (day := _next_day(slot, now)) is not None
        ]
    return BudgetsOut(items=items)


def _budget(
    session: Session, settings: CurrentSettings, wanted: Programme, slot: Slot, day: date
) -> BudgetOut:
    request = tried(session, settings, wanted, slot, day)
    return BudgetOut.of_budget(budget_of(request), id_of(slot), _start_on(slot, day), request.target_samples)


def _tried(session: Session, programme_id: int, clock: Sequence[dict[str, Any]] | None) -> Programme:
    """The programme, with another clock where one is tried. Raises NotFound, BadClock, Invalid."""
    stored = programme(session, programme_id)
    return with_clock(stored, None if clock is None else checked_clock(session, clock))


def _slot_for(session: Session, programme_id: int, slot_id: int | None) -> Slot:
    query = select(Slot).where(Slot.programme_id == programme_id).order_by(col(Slot.id))
    if slot_id is not None:
        query = query.where(Slot.id == slot_id)
    slot = session.exec(query).first()
    if slot is None:
        which = f"slot {slot_id}" if slot_id is not None else "a slot"
        raise Invalid(f"the programme does not have {which}, so its length is not known", field="slot_id")
    return slot


def _next_day(slot: Slot, now: datetime) -> date | None:
    """The UTC day of its next airing; None where it has none within a year."""
    coming = next(occurrences(slot_value(slot), Span(now, now + _AHEAD)), None)
    return coming.start.date() if coming else None


def _start_on(slot: Slot, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=slot.start_minute)
