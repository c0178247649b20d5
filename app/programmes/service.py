"""Programmes with their clocks, and slots: what may be written, and by whom it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from app.airings.models import Airing
from app.database import id_of
from app.errors import Conflict, Invalid
from app.frequencies.fitting import duration_s, require_covered
from app.frequencies.models import Line
from app.journal.service import record
from app.library.service import named
from app.moves.models import LineChange, PoolEntry
from app.moves.pending import asked_of_slot
from app.people.models import Person
from app.programmes.models import Programme, Replacement, Slot
from app.programmes.times import SlotTimes
from app.records import find, referred, require_free, require_revision, require_unused, revise
from schedules import slots
from schedules.clock import Clock, dump_clock, parse_clock
from schedules.days import days_to_eibi
from schedules.elements import Awaited, Fixed
from schedules.said import say
from schedules.time import Span

FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2099, 12, 31)
"""The years for which seasons have names (A00 to B99)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeFields:
    """What a person says of a programme, besides its clock."""

    title: str
    code: str
    standby_segment_id: int | None = None
    live_input: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFields:
    """What a person says of a slot."""

    programme_id: int
    times: SlotTimes
    early_off_s: int = 0
    compile_lead_s: int = 6 * 3600


def programme(session: Session, programme_id: int) -> Programme:
    """Raises NotFound."""
    return find(session, Programme, programme_id, "programme")


def create_programme(
    session: Session,
    fields: ProgrammeFields,
    clock: Sequence[Mapping[str, object]],
    *,
    now: datetime,
    by: int | None,
) -> Programme:
    """Add a programme. Its clock may be empty until somebody writes one: its stand-by airs.

    Raises:
        BadClock, Invalid: the clock cannot be read, or a segment that it names is not there.
        Conflict: another programme has the code.
    """
    _check_programme(session, fields, None)
    elements = checked_clock(session, clock) if clock else []
    made = Programme(**asdict(fields), clock=elements, created_at=now)
    session.add(made)
    session.flush()
    record(session, "programme.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_programme(
    session: Session,
    programme_id: int,
    fields: ProgrammeFields,
    *,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Programme:
    """Change what a programme is called and its stand-by. Raises NotFound, StaleRevision, Invalid, Conflict."""
    changed = programme(session, programme_id)
    require_revision(changed, expected)
    _check_programme(session, fields, programme_id)
    names = revise(changed, asdict(fields))
    record(session, "programme.changed", at=now, person_id=by, subject_id=programme_id, fields=names)
    return changed


def set_clock(
    session: Session,
    programme_id: int,
    clock: Sequence[Mapping[str, object]],
    *,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Programme:
    """Write a programme's clock. Raises NotFound, StaleRevision, BadClock, Invalid."""
    changed = programme(session, programme_id)
    require_revision(changed, expected)
    names = revise(changed, {"clock": checked_clock(session, clock)})
    record(session, "programme.changed", at=now, person_id=by, subject_id=programme_id, fields=names)
    return changed


def delete_programme(session: Session, programme_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict while it has slots."""
    gone = programme(session, programme_id)
    require_unused(
        session,
        col(Slot.programme_id),
        programme_id,
        lambda count: say(
            "wrong-programme-slots",
            "programme {programme_id} has {count} slots: delete them or give them to another programme first",
            count=count,
            programme_id=programme_id,
        ),
    )
    require_unused(
        session,
        col(Replacement.programme_id),
        programme_id,
        lambda count: say(
            "wrong-programme-instead",
            "programme {programme_id} airs on {count} single dates instead of others: take those back first",
            count=count,
            programme_id=programme_id,
        ),
    )
    require_unused(
        session,
        col(Airing.instead_id),
        programme_id,
        lambda count: say(
            "wrong-programme-aired",
            "programme {programme_id} aired on {count} single dates, which are kept",
            count=count,
            programme_id=programme_id,
        ),
    )
    session.delete(gone)
    record(session, "programme.deleted", at=now, person_id=by, subject_id=programme_id)


def has_slots(session: Session) -> bool:
    """Whether anything is ever to be on the air: a new station has none."""
    return session.exec(select(Slot.id).limit(1)).first() is not None


def slot(session: Session, slot_id: int) -> Slot:
    """Raises NotFound."""
    return find(session, Slot, slot_id, "slot")


def create_slot(session: Session, fields: SlotFields, *, now: datetime, by: int | None) -> Slot:
    """Add a slot. Raises Invalid or a ScheduleError that says what is wrong with its times."""
    made = Slot(**_checked_slot(session, fields), created_at=now)
    session.add(made)
    session.flush()
    record(session, "slot.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_slot(
    session: Session, slot_id: int, fields: SlotFields, *, expected: int | None, now: datetime, by: int | None
) -> Slot:
    """Change a slot. Raises NotFound, StaleRevision, Invalid, ScheduleError; Conflict where it would leave a line or a part of its airings."""
    changed = slot(session, slot_id)
    require_revision(changed, expected)
    columns = _checked_slot(session, fields)
    for line in session.exec(select(Line).where(Line.slot_id == slot_id)):
        if not _holds(fields.times, line):
            why = (
                "line {line_id} ({khz} kHz) has days or dates that the slot would not have any more: "
                "change the line first"
            )
            raise Conflict(say("wrong-line-outside", why, line_id=id_of(line), khz=line.khz))
    for asked in asked_of_slot(session, slot_id):
        told = (changed.start_minute, changed.stop_minute)
        if told != (columns["start_minute"], columns["stop_minute"]) or not _holds(fields.times, asked):
            why = "the site was asked about change {change_id} with this slot's times: record its answer or undo the change first"
            raise Conflict(say("wrong-asked", why, change_id=id_of(asked)))
    lasted_s = duration_s(changed)
    names = revise(changed, columns)
    if duration_s(changed) != lasted_s:
        require_covered(session, changed)
    record(session, "slot.changed", at=now, person_id=by, subject_id=slot_id, fields=names)
    return changed


def delete_slot(session: Session, slot_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict while lines carry it or once it has airings."""
    gone = slot(session, slot_id)
    require_unused(
        session,
        col(Line.slot_id),
        slot_id,
        lambda count: say(
            "wrong-slot-lines",
            "slot {slot_id} is carried by {count} lines: delete them first",
            count=count,
            slot_id=slot_id,
        ),
    )
    require_unused(
        session,
        col(Airing.slot_id),
        slot_id,
        lambda count: say(
            "wrong-slot-airings",
            "slot {slot_id} has {count} airings, which are kept: end it with an earlier last date instead",
            count=count,
            slot_id=slot_id,
        ),
    )
    require_unused(
        session,
        col(LineChange.slot_id),
        slot_id,
        lambda count: say(
            "wrong-slot-changes",
            "slot {slot_id} has {count} changes of lines on record, which are kept: end it with an earlier last date instead",
            count=count,
            slot_id=slot_id,
        ),
    )
    session.exec(delete(Replacement).where(col(Replacement.slot_id) == slot_id))
    session.exec(delete(PoolEntry).where(col(PoolEntry.slot_id) == slot_id))
    session.delete(gone)
    record(session, "slot.deleted", at=now, person_id=by, subject_id=slot_id)


def times_of(row: Slot) -> SlotTimes:
    """A slot's times as a value."""
    days = frozenset(int(digit) for digit in row.days)
    return SlotTimes(row.start_minute, row.stop_minute, days, row.first_date, row.last_date)


def _check_programme(session: Session, fields: ProgrammeFields, programme_id: int | None) -> None:
    require_free(
        session,
        col(Programme.code),
        fields.code,
        programme_id,
        say(
            "wrong-programme-code",
            'another programme has the code "{code}": choose one that tells them apart at the sites',
            code=fields.code,
        ),
    )
    if fields.standby_segment_id is not None:
        named(session, fields.standby_segment_id, "standby_segment_id")


def checked_clock(session: Session, clock: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
    """The clock in its full form. Raises BadClock, and Invalid for a segment or a person that is not there."""
    parsed: Clock = parse_clock(clock)
    for number, element in enumerate(parsed.elements, 1):
        place = f"clock.{number - 1}"
        try:
            match element:
                case Fixed(segment_id=segment_id):
                    named(session, segment_id, f"{place}.segment_id")
                case Awaited(substitute_id=substitute_id, owner_id=owner_id):
                    if substitute_id is not None:
                        named(session, substitute_id, f"{place}.substitute_id")
                    if owner_id is not None:
                        referred(session, Person, owner_id, "person", f"{place}.owner_id")
        except Invalid as wrong:
            raise Invalid(f"element {number}: {wrong}", field=wrong.field) from None
    return dump_clock(parsed)


def _checked_slot(session: Session, fields: SlotFields) -> dict[str, Any]:
    """A slot's columns, once the schedule's own rules have been asked."""
    referred(session, Programme, fields.programme_id, "programme", "programme_id")
    times = fields.times
    for field, value in (("first_date", times.first_date), ("last_date", times.last_date)):
        if not FIRST_DATE <= value <= LAST_DATE:
            told = "{given_on} is not a date of a season: write {first_on} to {last_on}"
            said = say("wrong-season-date", told, given_on=value, first_on=FIRST_DATE, last_on=LAST_DATE)
            raise Invalid(said, field=field)
    planned = slots.Slot(**asdict(times), early_off_s=fields.early_off_s)
    midnight = datetime.combine(times.first_date, time(), UTC)
    end = datetime.combine(times.last_date, time(), UTC) + timedelta(days=1)
    slots.check_season_changes(planned, Span(midnight, end))
    return asdict(times) | {
        "programme_id": fields.programme_id,
        "days": days_to_eibi(times.days),
        "early_off_s": fields.early_off_s,
        "compile_lead_s": fields.compile_lead_s,
    }


def _holds(times: SlotTimes, line: Line | LineChange) -> bool:
    days = frozenset(int(digit) for digit in line.days)
    return days <= times.days and times.first_date <= line.first_date and line.last_date <= times.last_date
