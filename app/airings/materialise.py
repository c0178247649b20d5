"""Airings out of slots: every occurrence gets its row ahead of time, and follows its slot when that is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.models import Airing, Intent
from app.airings.programme import give_programme, is_begun
from app.database import id_of
from app.events.service import emit
from app.processes import is_news
from app.programmes.models import Replacement
from app.programmes.models import Slot as SlotRow
from app.station.models import Station
from schedules.days import days_from_eibi
from schedules.errors import ScheduleError
from schedules.season import season_at
from schedules.slots import Slot, occurrences
from schedules.snapshot import CLOSED
from schedules.time import SAMPLE_RATE, Span

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a slot says of one of its airings."""

    slot_id: int
    starts_at: datetime
    stops_at: datetime
    target_samples: int
    compile_at: datetime


@dataclass(frozen=True, slots=True)
class Differences:
    """How the airings that there are differ from what the slots say."""

    new: tuple[Shape, ...]
    reshaped: tuple[tuple[Airing, Shape], ...]
    """Same start, but another length or another time of compiling."""
    displaced: tuple[Airing, ...]
    """Open airings that their slot does not have any more and that have not begun."""
    restored: tuple[tuple[Airing, Shape], ...]
    """Displaced earlier, and now their slot has them again. What a person called off stays off."""

    def __bool__(self) -> bool:
        return bool(self.new or self.reshaped or self.displaced or self.restored)


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


def shapes(row: SlotRow, span: Span) -> Iterator[Shape]:
    """The airings of a slot that start within a span. One astride a season change cannot be had, and is left out."""
    slot = slot_value(row)
    target = slot.target_samples(SAMPLE_RATE, GRID_SAMPLES)
    for occurrence in occurrences(slot, span):
        if season_at(occurrence.start).end >= occurrence.end:
            compile_at = occurrence.start - timedelta(seconds=row.compile_lead_s)
            yield Shape(id_of(row), occurrence.start, occurrence.end, target, compile_at)


def differences(session: Session, now: datetime, until: datetime) -> Differences:
    """Compare slots and airings from where the last outage began (or from now) until an instant.

    Looking back over an outage puts what it slept through on the record, as missed.
    """
    station = session.get_one(Station, 1)
    span = Span(min(station.materialised_until or now, now), until)
    wanted, unreadable = _wanted(session, span)
    rows = session.exec(select(Airing).where(Airing.starts_at >= span.start, Airing.starts_at < until)).all()
    known = {(row.slot_id, row.starts_at): row for row in rows if row.slot_id not in unreadable}
    to_come = {key: row for key, row in known.items() if row.starts_at > now and row.state not in CLOSED}
    off = {key: row for key, row in known.items() if row.starts_at > now and row.state == "cancelled"}
    for_good = _called_off_by_people(session) if off else frozenset()
    return Differences(
        new=tuple(shape for key, shape in wanted.items() if key not in known),
        reshaped=tuple(
            (row, wanted[key])
            for key, row in to_come.items()
            if key in wanted and _shape_of(row) != wanted[key]
        ),
        displaced=tuple(row for key, row in to_come.items() if key not in wanted),
        restored=tuple(
            (row, wanted[key]) for key, row in off.items() if key in wanted and row.id not in for_good
        ),
    )


def _wanted(session: Session, span: Span) -> tuple[dict[tuple[int, datetime], Shape], set[int]]:
    """What the slots say, and the slots that cannot be read (edited by hand, say): their airings stay as they are."""
    wanted: dict[tuple[int, datetime], Shape] = {}
    unreadable: set[int] = set()
    for row in session.exec(select(SlotRow)).all():
        try:
            of_slot = list(shapes(row, Span(max(span.start, row.created_at), span.end)))
        except (ValueError, TypeError, ScheduleError) as error:
            unreadable.add(id_of(row))
            if is_news(f"slot {row.id}"):
                log.warning("a slot cannot be read", slot=row.id, why=str(error))
        else:
            wanted |= {(shape.slot_id, shape.starts_at): shape for shape in of_slot}
    return wanted, unreadable


def _called_off_by_people(session: Session) -> frozenset[int]:
    carried_out = select(Intent.airing_id).where(
        Intent.kind == "cancel", col(Intent.carried_out_at).is_not(None), col(Intent.refused).is_(None)
    )
    return frozenset(session.exec(carried_out).all())


def materialise(session: Session, now: datetime, until: datetime) -> Differences:
    """Make the airings that start before ``until`` and change those whose slot was changed.

    What was compiled and is no longer wanted is left to the caller (``displaced``): sites may have it already.
    """
    found = differences(session, now, until)
    rows = session.exec(select(Replacement)).all() if found else ()
    replaced = {(row.slot_id, row.on_date): row.programme_id for row in rows}
    for shape in found.new:
        airing = Airing(
            slot_id=shape.slot_id,
            starts_at=shape.starts_at,
            stops_at=shape.stops_at,
            target_samples=shape.target_samples,
            compile_at=shape.compile_at,
            instead_id=replaced.get((shape.slot_id, shape.starts_at.date())),
            created_at=now,
        )
        session.add(airing)
        session.flush()
        emit(session, "airing", id_of(airing), airing.state, at=now)
    for airing, _ in found.restored:
        airing.state, airing.readiness = "compiled" if airing.version else "planned", "ok"
        airing.armed_version, airing.armed_as = 0, None  # it was disarmed
    for airing, shape in (*found.reshaped, *found.restored):
        airing.stops_at, airing.compile_at = shape.stops_at, shape.compile_at
        airing.target_samples = shape.target_samples
        instead_id = replaced.get((shape.slot_id, shape.starts_at.date()))
        if airing.instead_id != instead_id:
            give_programme(session, airing, instead_id)
            if is_begun(session, airing):
                session.add(Intent(airing_id=id_of(airing), kind="compile", created_at=now))
        session.add(airing)
        emit(session, "airing", id_of(airing), airing.state, at=now)
    station = session.get_one(Station, 1)
    station.materialised_until = until
    session.add(station)
    return found


def _shape_of(airing: Airing) -> Shape:
    return Shape(airing.slot_id, airing.starts_at, airing.stops_at, airing.target_samples, airing.compile_at)
