"""Our own lines from a schedule file: what is good is taken in one step, the rest is told by line, column and reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from sqlmodel import Session, col, select

from app.database import id_of
from app.errors import DanpaError, Invalid
from app.frequencies.models import Line as LineRow
from app.frequencies.models import LineFeed, Site
from app.frequencies.service import LineFields, create_line, feeds_of, update_line
from app.journal.service import record
from app.programmes.models import Slot
from app.programmes.service import times_of
from app.schedule.files import ReadFile
from app.schedule.own import of_file, own_lines
from schedules.days import days_from_eibi, days_to_eibi, format_days
from schedules.errors import ScheduleError
from schedules.frequencies import eibi
from schedules.frequencies.eibi import Standing
from schedules.frequencies.line import Line
from schedules.frequencies.text import Problem
from schedules.frequencies.zones import zones_text
from schedules.hhmm import format_hhmm
from schedules.said import Said, say, told_by
from schedules.season import Season

MOST_OWN = 1000
"""Lines of one file that may be ours: more are everybody's, and taking them would keep the engine waiting."""

Action = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is taken of a file: a season's lines, and of them those of one broadcaster, for one slot, or all."""

    season: Season
    whose: str | None = None
    """HFCC's BRC, EiBi's station; None: the whole file is ours."""
    slot_id: int | None = None
    """None: the slot that has the line's times."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One line of the file, and what becomes of it. ``what`` are the fields that change."""

    line_number: int
    action: Action
    line_id: int
    slot_id: int
    site: str
    khz: int
    what: tuple[str, ...] = ()


@dataclass(slots=True)
class Intake:
    """What an import does. ``passed_over``: lines that are somebody else's or of another season. ``absent``: own lines of the
    season that the file does not have; they stay as they are.
    """

    file: ReadFile
    taken: list[Taken] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    passed_over: int = 0
    absent: list[int] = field(default_factory=list)


class _NotOurs(Exception):
    """Why a line cannot be one of ours."""

    def __init__(self, why: Said) -> None:
        super().__init__(why.text)
        self.why = why


def take(
    session: Session, file: ReadFile, wanted: Wanted, *, room_bytes: int, now: datetime, by: int | None
) -> Intake:
    """Add and change own lines as a file says; the caller commits, or rolls back what was only tried.

    Raises:
        Invalid: more lines are ours than a station has.
    """
    intake = Intake(file, problems=list(file.problems), notes=list(file.notes))
    ours = list(_lines(file, wanted, intake))
    if len(ours) > MOST_OWN:
        raise Invalid(
            say(
                "untaken-too-many",
                "{count} lines of the file would be ours, and at most {most} are: say whose lines are ours",
                count=len(ours),
                most=MOST_OWN,
            ),
            field="whose",
        )
    said: dict[Line, int] = {}
    for line_number, line, text in ours:
        if (first := said.setdefault(replace(line, key="", who=""), line_number)) != line_number:
            twice = say("untaken-twice", "says what line {line} says: taken once", line=first)
            intake.notes.append(Problem(line_number, twice))
            continue
        try:
            row = _Wish(session, wanted, intake, line_number, line, text)
            intake.taken.append(row.carried_out(room_bytes, now, by))
        except _NotOurs as wrong:
            intake.problems.append(Problem(line_number, wrong.why))
        except (DanpaError, ScheduleError) as wrong:
            intake.problems.append(Problem(line_number, told_by(wrong)))
    intake.problems.sort(key=lambda problem: (problem.line_number, problem.first_column))
    known = {one.line_id for one in intake.taken}
    intake.absent = [
        number for one in own_lines(session, wanted.season) if (number := int(one.key)) not in known
    ]
    done = {action: sum(one.action == action for one in intake.taken) for action in ("added", "changed")}
    if any(done.values()):
        record(session, "lines.imported", at=now, person_id=by, season=wanted.season.code, **done)
    return intake


def _lines(file: ReadFile, wanted: Wanted, intake: Intake) -> Iterator[tuple[int, Line, str]]:
    """Line number, line and text of each that is wanted."""

    def is_ours(line: Line) -> bool:
        return wanted.whose is None or line.who.casefold() == wanted.whose.casefold()

    if file.format == "hfcc":
        for one in file.hfcc.records:
            line = of_file(one.line, wanted.season)
            if line is not None and is_ours(line):
                yield one.line_number, line, one.text
            else:
                intake.passed_over += 1
        return
    for row in file.eibi.records:
        lines = [line for line in eibi.lines(row, wanted.season) if is_ours(line)]
        for line in lines:
            yield row.line_number, line, row.text
        if not lines:
            intake.passed_over += 1
            if eibi.standing(row, wanted.season) is Standing.UNCERTAIN:
                reason = say(
                    "untaken-uncertain",
                    "nobody can tell from its days when it is on the air: enter it by hand",
                )
                intake.notes.append(Problem(row.line_number, reason, "Days"))


@dataclass(slots=True)
class _Wish:
    """One line that is to be ours."""

    session: Session
    wanted: Wanted
    intake: Intake
    line_number: int
    line: Line
    text: str

    def carried_out(self, room_bytes: int, now: datetime, by: int | None) -> Taken:
        khz = round(self.line.khz)
        if khz != self.line.khz:
            raise _NotOurs(
                say("untaken-khz", "{khz} kHz: our lines are on whole kHz", khz=f"{self.line.khz:.9g}")
            )
        slot, site = self._slot(), self._site()
        fields = self._fields(slot, site, khz)
        known = self._known(slot, site, khz)
        if known is None:
            row = create_line(self.session, fields, room_bytes=room_bytes, now=now, by=by)
            return self._taken("added", row, site)
        before = known.model_dump()
        update_line(
            self.session,
            id_of(known),
            self._beside(known, fields),
            room_bytes=room_bytes,
            expected=None,
            now=now,
            by=by,
        )
        after = known.model_dump()
        what = sorted(name for name in before.keys() - {"revision", "texts"} if before[name] != after[name])
        return self._taken("changed" if what else "unchanged", known, site, tuple(what))

    def _beside(self, known: LineRow, fields: LineFields) -> LineFields:
        """What the file says, and as it is what the file cannot say. Raises `_NotOurs`."""
        first, last = self._dates_beside(known, fields)
        kept = replace(
            fields,
            first_date=first,
            last_date=last,
            transmitter=known.transmitter,
            synchronised=known.synchronised,
            texts=known.texts | (fields.texts or {}),
            feed_ids=tuple(feeds_of(self.session, [id_of(known)]).get(id_of(known), [])),
        )
        if self.intake.file.format == "hfcc":
            return kept
        zones = known.ciraf_zones or fields.ciraf_zones
        return replace(kept, power_kw=known.power_kw, azimuth=known.azimuth, ciraf_zones=zones)

    def _dates_beside(self, known: LineRow, fields: LineFields) -> tuple[date | None, date | None]:
        """The file's dates; of a line that is in other seasons too, those that it has there. Raises `_NotOurs`."""
        season_first, season_last = self.wanted.season.start_dates(self.line.start_minute)
        first, last = fields.first_date, fields.last_date
        before, after = known.first_date < season_first, known.last_date > season_last
        if (before and first != season_first) or (after and last != season_last):
            raise _NotOurs(
                say(
                    "untaken-seasons",
                    "line {line_id} is in another season too, from {first_on} to {last_on}: change its dates by hand",
                    line_id=id_of(known),
                    first_on=known.first_date,
                    last_on=known.last_date,
                )
            )
        return known.first_date if before else first, known.last_date if after else last

    def _taken(self, action: Action, row: LineRow, site: Site, what: tuple[str, ...] = ()) -> Taken:
        return Taken(self.line_number, action, id_of(row), row.slot_id, site.code, row.khz, what)

    def _slot(self) -> Slot:
        """The slot whose times the line has. Raises `_NotOurs`."""
        query = select(Slot).order_by(col(Slot.id))
        if self.wanted.slot_id is not None:
            query = query.where(Slot.id == self.wanted.slot_id)
        slots = self.session.exec(query).all()
        if not slots:
            if self.wanted.slot_id is None:
                raise _NotOurs(say("untaken-no-slot-yet", "there is no slot yet"))
            raise _NotOurs(say("untaken-no-slot", "there is no slot {slot_id}", slot_id=self.wanted.slot_id))
        times = (self.line.start_minute, self.line.stop_minute)
        span = f"{format_hhmm(times[0])}-{format_hhmm(times[1])} UTC"
        fitting = [slot for slot in slots if (slot.start_minute, slot.stop_minute) == times]
        if not fitting:
            raise _NotOurs(
                say("untaken-no-slot-then", "no slot is from {span}: add the slot first", span=span)
            )
        dated = [
            slot
            for slot in fitting
            if self.line.days <= days_from_eibi(slot.days)
            and slot.first_date <= self.line.last_date
            and self.line.first_date <= slot.last_date
        ]
        if not dated:
            raise _NotOurs(
                say(
                    "untaken-no-slot-on-days",
                    "no slot from {span} has {days} between {first_on} and {last_on}",
                    span=span,
                    days=format_days(self.line.days),
                    first_on=self.line.first_date,
                    last_on=self.line.last_date,
                )
            )
        if len(dated) > 1:
            raise _NotOurs(
                say(
                    "untaken-slots",
                    "slots {slots: and } are from {span}: say which one is meant",
                    slots=tuple(str(slot.id) for slot in dated),
                    span=span,
                )
            )
        return dated[0]

    def _site(self) -> Site:
        if not self.line.site:
            raise _NotOurs(say("untaken-no-site", "it names no site"))
        site = self.session.exec(select(Site).where(Site.code == self.line.site.upper())).one_or_none()
        if site is None:
            raise _NotOurs(
                say(
                    "untaken-unknown-site",
                    "there is no site {site}: add it first",
                    site=self.line.site.upper(),
                )
            )
        return site

    def _fields(self, slot: Slot, site: Site, khz: int) -> LineFields:
        times = times_of(slot)
        first = max(self.line.first_date, times.first_date)
        last = min(self.line.last_date, times.last_date)
        if (first, last) != (self.line.first_date, self.line.last_date):
            self._note(
                say(
                    "untaken-beyond",
                    "its dates go beyond those of slot {slot_id}: {first_on} to {last_on} are taken",
                    slot_id=id_of(slot),
                    first_on=first,
                    last_on=last,
                )
            )
        return LineFields(
            slot_id=id_of(slot),
            site_id=id_of(site),
            khz=khz,
            power_kw=self.line.power_kw,
            azimuth=None if self.line.azimuth is None else self.line.azimuth % 360,
            ciraf_zones=zones_text(self.line.zones) if self.line.zones else None,
            days=self.line.days,
            first_date=first,
            last_date=last,
            texts={self.intake.file.format: self.text},
            feed_ids=self._usual_feeds(slot, site),
        )

    def _usual_feeds(self, slot: Slot, site: Site) -> tuple[int, ...]:
        """Those of another line of the slot from this site; told where there is none."""
        beside = self.session.exec(
            select(LineFeed.feed_id)
            .join(LineRow, col(LineRow.id) == col(LineFeed.line_id))
            .where(LineRow.slot_id == slot.id, LineRow.site_id == site.id)
            .distinct()
        ).all()
        if not beside and self._known(slot, site, round(self.line.khz)) is None:
            self._note(say("untaken-no-feed", "no feed takes its audio yet"))
        return tuple(sorted(beside))

    def _known(self, slot: Slot, site: Site, khz: int) -> LineRow | None:
        """The line that is there already: the same slot, site and frequency, and a day between both lines' dates."""
        taken = {one.line_id for one in self.intake.taken}
        found: Sequence[LineRow] = self.session.exec(
            select(LineRow)
            .where(
                LineRow.slot_id == slot.id,
                LineRow.site_id == site.id,
                LineRow.khz == khz,
                LineRow.first_date <= self.line.last_date,
                LineRow.last_date >= self.line.first_date,
            )
            .order_by(col(LineRow.id))
        ).all()
        days = days_to_eibi(self.line.days)
        # Lines of other days may share slot, site and frequency
        return min(
            (row for row in found if row.id not in taken), key=lambda row: row.days != days, default=None
        )

    def _note(self, reason: Said) -> None:
        self.intake.notes.append(Problem(self.line_number, reason))
