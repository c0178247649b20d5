"""Airings out of slots: every occurrence gets its row ahead of time, also those that a long outage slept through."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.models import Airing
from app.database import id_of
from app.events.service import emit
from app.programmes.models import Slot as SlotRow
from app.station.models import Station
from schedules.days import days_from_eibi
from schedules.season import season_at
from schedules.slots import Slot, occurrences
from schedules.time import SAMPLE_RATE, Span

log = structlog.get_logger()


def slot_value(row: SlotRow) -> Slot:
    """The slot as the schedules room knows it."""
    return Slot(
        start_minute=row.start_minute,
        stop_minute=row.stop_minute,
        days=days_from_eibi(row.days),
        first_date=row.first_date,
        last_date=row.last_date,
        early_off_s=row.early_off_s,
    )


def materialise(session: Session, now: datetime, until: datetime) -> int:
    """Make the airings that start before ``until``; returns how many are new.

    It begins where the last call ended, so that what an outage slept through is on the record as missed. An
    occurrence astride a season change cannot be entered as a slot and is passed over here.
    """
    station = session.get_one(Station, 1)
    since = station.materialised_until or now
    made = 0
    for row in session.exec(select(SlotRow)).all():
        made += materialise_slot(session, row, Span(min(since, now), until), now)
    station.materialised_until = until
    session.add(station)
    return made


def materialise_slot(session: Session, row: SlotRow, span: Span, now: datetime) -> int:
    """Make one slot's airings that start within the span, except those that there are."""
    slot = slot_value(row)
    known = set(session.exec(select(Airing.starts_at).where(Airing.slot_id == row.id)).all())
    made = 0
    for occurrence in occurrences(slot, span):
        if occurrence.start in known or season_at(occurrence.start).end < occurrence.end:
            continue
        airing = Airing(
            slot_id=id_of(row),
            starts_at=occurrence.start,
            stops_at=occurrence.end,
            target_samples=slot.target_samples(SAMPLE_RATE, GRID_SAMPLES),
            compile_at=occurrence.start - timedelta(seconds=row.compile_lead_s),
            created_at=now,
        )
        session.add(airing)
        session.flush()
        emit(session, "airing", id_of(airing), airing.state, at=now)
        made += 1
    return made
