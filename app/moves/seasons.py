"""Seasons and what is planned in them; a plan for the next one is made by rolling this one over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sqlmodel import Session, col, select

from app.database import id_of
from app.errors import DanpaError, Invalid
from app.frequencies.models import Line
from app.frequencies.service import LineFields, feeds_of
from app.journal.service import record
from app.moves import drafting
from app.moves.models import LineChange, PoolEntry
from app.moves.occurrences import DAY
from app.programmes.models import Slot
from app.programmes.service import SlotFields, create_slot, times_of
from app.programmes.times import SlotTimes
from schedules.errors import ScheduleError
from schedules.said import Said, say, told_by
from schedules.season import Season, season, season_at
from schedules.time import DAY_MINUTES

Row = TypeVar("Row", Slot, Line)

STILL_ON = timedelta(days=7)
"""What is on the air within a season's last week belongs to its end, whatever its weekdays; the rest was moved or ended."""

ZONE_NOTE = (
    "UTC times, weekdays and powers are kept. Korea has no summer time, so the times in KST and in Pyongyang stay the same too; "
    "what moves by an hour is the sun at the site and the day of those who listen where clocks are changed."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A season, and how many lines are on the air in it or drafted and asked for."""

    season: Season
    lines: int
    drafted: int
    asked: int
    differs: bool
    """It has other lines than the season before, or lines are drafted or asked for in it."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """One slot or line of the old season. ``made_id`` is the new slot or the drafted change, None in a dry run."""

    old_id: int
    outcome: str
    """``made``, ``there`` (nothing to do), or ``left_out`` with why."""
    why: Said | None = None
    made_id: int | None = None
    first_date: date | None = None
    last_date: date | None = None


@dataclass(frozen=True, slots=True)
class Rollover:
    old: Season
    new: Season
    slots: tuple[Rolled, ...]
    lines: tuple[Rolled, ...]


def seasons(session: Session, now: datetime) -> list[Plan]:
    """The seasons that have lines or drafts, the one at ``now`` and the next one, in order."""
    lines = session.exec(select(col(Line.first_date), col(Line.last_date))).all()
    changes = session.exec(
        select(col(LineChange.first_date), col(LineChange.last_date), col(LineChange.state)).where(
            col(LineChange.undone_at).is_(None), col(LineChange.state).in_(("draft", "requested", "sent"))
        )
    ).all()
    current = season_at(now)
    dates = [
        *((first, last) for first, last in lines),
        *((first, last) for first, last, _ in changes),
        (current.start.date(), current.end.date()),
    ]
    first, last = min(first for first, _ in dates), max(last for _, last in dates)
    found: list[Plan] = []
    before: set[int] = set()
    each = min(season_at(datetime.combine(first, time(), UTC)), current, key=lambda one: one.start)
    while each.start.date() <= last:
        of_lines = {place for place, span in enumerate(lines) if _is_in(each, *span)}
        states = [state for start, stop, state in changes if _is_in(each, start, stop)]
        if of_lines or states or each in (current, season_at(current.end)):
            drafted = states.count("draft")
            differs = bool(states) or of_lines != before
            found.append(Plan(each, len(of_lines), drafted, len(states) - drafted, differs))
        before = of_lines
        each = season_at(each.end)
    return found


def roll_over(
    session: Session, code: str, *, dry_run: bool, room_bytes: int, now: datetime, by: int | None
) -> Rollover:
    """Plan the season after ``code``: its slots again, and its lines as drafts that the sites have yet to agree to.

    What is there already is left alone, so that a second call does only what is missing.

    Raises:
        BadSeason: there is no such season.
        Invalid: the season to be planned is over.
    """
    old = season(code)
    new = season_at(old.end)
    if new.end <= now:
        told = "{season} is over: there is nothing to be planned"
        raise Invalid(say("wrong-season-over", told, season=new.code), field="code")
    work = _Rolling(session, old, new, dry_run, room_bytes, now, by)
    slots = tuple(work.slot(row) for row in _of(session, Slot, old))
    lines = tuple(work.line(row) for row in _of(session, Line, old))
    if not dry_run and any(each.made_id for each in (*slots, *lines)):
        record(session, "season.rolled_over", at=now, person_id=by, season=old.code, to=new.code)
    return Rollover(old, new, slots, lines)


class _Rolling:
    """One rollover: where each old slot goes on in the new season."""

    def __init__(
        self,
        session: Session,
        old: Season,
        new: Season,
        dry_run: bool,  # noqa: FBT001 - as `roll_over` was told
        room_bytes: int,
        now: datetime,
        by: int | None,
    ) -> None:
        self.session = session
        self.old, self.new = old, new
        self.dry_run = dry_run
        self.room_bytes, self.now, self.by = room_bytes, now, by
        self.goes_on: dict[int, tuple[Slot | None, SlotTimes]] = {}
        """By the old slot's id: the slot of the new season (None in a dry run that would make it) and its times."""

    def slot(self, row: Slot) -> Rolled:
        old_id = id_of(row)
        first, last = _dates_in(self.new, row)
        settled = self._needs_nothing(row, first)
        if settled is not None:
            if settled.outcome == "there":
                self.goes_on[old_id] = (row, times_of(row))
            return settled
        known = self._twin(row, first, last)
        if known is not None:
            self.goes_on[old_id] = (known, times_of(known))
            return Rolled(
                old_id, "there", say("rolled-same", "slot {slot_id} has the same times", slot_id=id_of(known))
            )
        times = replace(times_of(row), first_date=first, last_date=last)
        made = None if self.dry_run else self._made(row, times)
        self.goes_on[old_id] = (made, times)
        return Rolled(old_id, "made", made_id=made.id if made else None, first_date=first, last_date=last)

    def line(self, row: Line) -> Rolled:
        if row.slot_id not in self.goes_on:
            return Rolled(id_of(row), "left_out", say("rolled-slot", "its slot does not go on"))
        slot, times = self.goes_on[row.slot_id]
        first, last = _dates_in(self.new, times)
        first, last = max(first, times.first_date), min(last, times.last_date)
        settled = self._needs_nothing(row, first)
        if settled is not None:
            return settled
        if slot is not None and self._is_planned(slot, row, first, last):
            return Rolled(id_of(row), "there", say("rolled-planned", "it is planned already"))
        return self._drafted(row, slot, first, last)

    def _needs_nothing(self, row: Slot | Line, first: date) -> Rolled | None:
        if row.last_date >= first:
            return Rolled(id_of(row), "there", say("rolled-on", "it goes on into the new season"))
        if row.last_date < self.old.end.date() - STILL_ON:
            ended = say("rolled-ended", "it ended on {last_on}, before the season did", last_on=row.last_date)
            return Rolled(id_of(row), "left_out", ended)
        return None

    def _made(self, row: Slot, times: SlotTimes) -> Slot:
        fields = SlotFields(
            programme_id=row.programme_id,
            times=times,
            early_off_s=row.early_off_s,
            compile_lead_s=row.compile_lead_s,
        )
        made = create_slot(self.session, fields, now=self.now, by=self.by)
        self._copy_pool(row, made)
        return made

    def _drafted(self, row: Line, slot: Slot | None, first: date, last: date) -> Rolled:
        if self.dry_run or slot is None:
            return Rolled(id_of(row), "made", first_date=first, last_date=last)
        try:
            made = self._draft(row, id_of(slot), first, last)
        except (DanpaError, ScheduleError) as error:  # the others are planned all the same
            return Rolled(id_of(row), "left_out", told_by(error))
        return Rolled(id_of(row), "made", made_id=made.id, first_date=made.first_date, last_date=last)

    def _draft(self, row: Line, slot_id: int, first: date, last: date) -> LineChange:
        feeds = feeds_of(self.session, [id_of(row)]).get(id_of(row), [])
        fields = LineFields(
            slot_id=slot_id,
            site_id=row.site_id,
            khz=row.khz,
            power_kw=row.power_kw,
            azimuth=row.azimuth,
            ciraf_zones=row.ciraf_zones,
            transmitter=row.transmitter,
            synchronised=row.synchronised,
            days=frozenset(int(digit) for digit in row.days),
            first_date=first,
            last_date=last,
            feed_ids=tuple(feeds),
        )
        reason = f"rolled over from {self.old.code}"
        made = drafting.draft_new(
            self.session, fields, reason, room_bytes=self.room_bytes, now=self.now, by=self.by
        )
        made.rolled_from_id = row.id
        return drafting.store(self.session, made, now=self.now, by=self.by)

    def _twin(self, row: Slot, first: date, last: date) -> Slot | None:
        return self.session.exec(
            select(Slot).where(
                Slot.id != row.id,
                Slot.programme_id == row.programme_id,
                Slot.start_minute == row.start_minute,
                Slot.stop_minute == row.stop_minute,
                Slot.days == row.days,
                Slot.first_date <= last,
                Slot.last_date >= first,
            )
        ).first()

    def _is_planned(self, slot: Slot, row: Line, first: date, last: date) -> bool:
        same = select(Line.id).where(
            Line.slot_id == slot.id,
            Line.site_id == row.site_id,
            Line.khz == row.khz,
            Line.days == row.days,
            Line.first_date <= last,
            Line.last_date >= first,
        )
        drafted = select(LineChange.id).where(
            LineChange.rolled_from_id == row.id, col(LineChange.undone_at).is_(None)
        )
        return any(self.session.exec(query.limit(1)).first() is not None for query in (same, drafted))

    def _copy_pool(self, row: Slot, made: Slot) -> None:
        """A clearance of the old season says nothing of the new one: it is kept as a note."""
        for entry in self.session.exec(select(PoolEntry).where(PoolEntry.slot_id == row.id)).all():
            was = f"in {self.old.code}: {entry.legal_status}" if entry.legal_status else ""
            note = "; ".join(text for text in (entry.note, was) if text)
            self.session.add(PoolEntry(slot_id=id_of(made), khz=entry.khz, site_id=entry.site_id, note=note))


def _of(session: Session, kind: type[Row], within: Season) -> Sequence[Row]:
    """Slots or lines that are in a season by their dates, in the order in which they were made."""
    rows = session.exec(select(kind).order_by(col(kind.id))).all()
    return [row for row in rows if _is_in(within, row.first_date, row.last_date)]


def _dates_in(within: Season, times: Slot | SlotTimes) -> tuple[date, date]:
    """The first and the last UTC start day on which these times lie whole in a season."""
    minutes = (times.stop_minute - times.start_minute - 1) % DAY_MINUTES + 1
    first, last = within.start.date(), within.end.date()
    if _start(first, times) < within.start:
        first += DAY
    while _start(last, times) + timedelta(minutes=minutes) > within.end:
        last -= DAY
    return first, last


def _start(day: date, times: Slot | SlotTimes) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(minutes=times.start_minute)


def _is_in(within: Season, first: date, last: date) -> bool:
    """Whether dates reach into a season; the change Sunday by itself, whose first hour is the old one's, does not."""
    return first < within.end.date() and last > within.start.date()
