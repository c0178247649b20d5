"""Programmes as the pages show them: plain values, read in a fixed number of queries however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.materialise import slot_value
from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.database import id_of
from app.frequencies.models import Line
from app.library.models import Segment
from app.people.models import Person
from app.programmes.models import Programme, Replacement, Slot
from app.programmes.service import times_of
from app.programmes.times import ShownTimes, shown_in_kst, shown_in_utc
from schedules.clock import parse_clock
from schedules.elements import Awaited, Fixed
from schedules.errors import BadClock
from schedules.snapshot import CLOSED
from schedules.time import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot in both zones. ``lines`` carry it; ``is_over``: its last date has passed."""

    id: int
    programme_id: int
    utc: ShownTimes
    kst: ShownTimes
    target_samples: int
    early_off_s: int
    compile_lead_s: int
    revision: int
    lines: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class NextAiring:
    id: int
    starts_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    id: int
    title: str
    code: str
    elements: int
    slots: tuple[SlotView, ...]
    next: NextAiring | None
    missing: tuple[str, ...]
    """What it needs before it can air as planned: ``clock``, ``slot``, ``line``, ``standby``."""


@dataclass(frozen=True, slots=True)
class ReplacementView:
    """Another programme in a slot on one date, by its UTC start day."""

    id: int
    slot_id: int
    starts_at: datetime
    programme_id: int
    title: str
    instead_of: str
    reason: str


def programmes(session: Session, now: datetime) -> list[ProgrammeView]:
    """All of them, by title."""
    rows = session.exec(select(Programme).order_by(col(Programme.title), col(Programme.id))).all()
    slots = _by_programme(slots_of(session, now))
    coming = _next_airings(session, now)
    return [view_of(row, slots.get(id_of(row), []), coming.get(id_of(row))) for row in rows]


def view_of(row: Programme, slots: Sequence[SlotView], coming: NextAiring | None) -> ProgrammeView:
    running = [slot for slot in slots if not slot.is_over]
    missing = [
        name
        for name, is_missing in (
            ("clock", not row.clock),
            ("slot", not running),
            ("line", bool(running) and not any(slot.lines for slot in running)),
            ("standby", row.standby_segment_id is None),
        )
        if is_missing
    ]
    return ProgrammeView(
        id=id_of(row),
        title=row.title,
        code=row.code,
        elements=len(row.clock),
        slots=tuple(slots),
        next=coming,
        missing=tuple(missing),
    )


def slots_of(session: Session, now: datetime, programme_id: int | None = None) -> list[SlotView]:
    """The slots of a programme, or of all, those that still run first, by their start in Korea."""
    lines = (
        select(func.count(col(Line.id)))
        .where(col(Line.slot_id) == col(Slot.id))
        .correlate(Slot)
        .scalar_subquery()
    )
    query = select(Slot, lines)
    if programme_id is not None:
        query = query.where(Slot.programme_id == programme_id)
    found = [_slot(row, carried, now.date()) for row, carried in session.exec(query).all()]
    return sorted(found, key=lambda slot: (slot.is_over, slot.kst.start, slot.id))


def next_airing(session: Session, programme_id: int, now: datetime) -> NextAiring | None:
    return _next_airings(session, now).get(programme_id)


def replacements(session: Session, now: datetime, programme_id: int) -> list[ReplacementView]:
    """Those of today and later in which a programme is replaced, or replaces another."""
    titles = dict(session.exec(select(Programme.id, Programme.title)).all())
    rows = session.exec(
        select(Replacement, Slot)
        .join(Slot, col(Replacement.slot_id) == col(Slot.id))
        .where(
            (col(Replacement.programme_id) == programme_id) | (col(Slot.programme_id) == programme_id),
            Replacement.on_date >= now.date(),
        )
        .order_by(col(Replacement.on_date), col(Replacement.id))
    ).all()
    return [
        ReplacementView(
            id=id_of(row),
            slot_id=row.slot_id,
            starts_at=_start_on(slot, row.on_date, now),
            programme_id=row.programme_id,
            title=titles[row.programme_id],
            instead_of=titles[slot.programme_id],
            reason=row.reason,
        )
        for row, slot in rows
    ]


def named_segments(session: Session, row: Programme) -> dict[int, dict[str, object]]:
    """What the editor says of the segments that a programme names: title, kind and seconds, by id."""
    wanted = {row.standby_segment_id}
    try:
        elements = parse_clock(row.clock).elements if row.clock else ()
    except BadClock:  # the editor shows it as it is, and saving says what is wrong
        elements = ()
    for element in elements:
        match element:
            case Fixed(segment_id=segment_id):
                wanted.add(segment_id)
            case Awaited(substitute_id=substitute_id):
                wanted.add(substitute_id)
    rows = session.exec(
        select(Segment.id, Segment.title, Segment.kind, Segment.samples).where(
            col(Segment.id).in_(wanted - {None})
        )
    ).all()
    return {
        number: {"id": number, "title": title, "kind": kind, "duration_s": (samples or 0) / SAMPLE_RATE}
        for number, title, kind, samples in rows
        if number is not None
    }


def people(session: Session) -> list[tuple[int, str]]:
    """Whom something may be awaited from, by name."""
    rows = session.exec(select(Person.id, Person.name).order_by(col(Person.name), col(Person.id))).all()
    return [(number, name) for number, name in rows if number is not None]


def series(session: Session) -> list[str]:
    rows = session.exec(select(Segment.series).where(col(Segment.series).is_not(None)).distinct()).all()
    return sorted(name for name in rows if name)


def _slot(row: Slot, lines: int, today: date) -> SlotView:
    times = times_of(row)
    return SlotView(
        id=id_of(row),
        programme_id=row.programme_id,
        utc=shown_in_utc(times),
        kst=shown_in_kst(times),
        target_samples=slot_value(row).target_samples(SAMPLE_RATE, GRID_SAMPLES),
        early_off_s=row.early_off_s,
        compile_lead_s=row.compile_lead_s,
        revision=row.revision,
        lines=lines,
        is_over=row.last_date < today,
    )


def _by_programme(slots: Sequence[SlotView]) -> dict[int, list[SlotView]]:
    grouped: dict[int, list[SlotView]] = {}
    for slot in slots:
        grouped.setdefault(slot.programme_id, []).append(slot)
    return grouped


def _next_airings(session: Session, now: datetime) -> dict[int, NextAiring]:
    """The next airing of each programme, or the one that is on the air."""
    rows = session.exec(
        select(PROGRAMME_ID, Airing.id, Airing.starts_at, Airing.state)
        .join(Slot, col(Airing.slot_id) == col(Slot.id))
        .where(Airing.stops_at > now, col(Airing.state).not_in(CLOSED))
        .order_by(col(Airing.starts_at).desc(), col(Airing.id).desc())
    ).all()
    return {
        programme: NextAiring(number, starts_at, state)
        for programme, number, starts_at, state in rows
        if number is not None
    }


def _start_on(slot: Slot, day: date, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, *divmod(slot.start_minute, 60), tzinfo=now.tzinfo)
