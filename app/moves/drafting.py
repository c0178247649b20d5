"""Writing down what is to change of a line: checked against its slot, its site and what else is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.airings.models import AsRun
from app.database import id_of
from app.errors import Conflict, Invalid
from app.events.service import emit
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.frequencies.service import LineFields, checked_columns, feeds_of, line
from app.journal.service import record
from app.moves.lines import WANTED, image_of, pieces
from app.moves.models import LineChange
from app.moves.occurrences import next_day, start_of
from app.moves.pending import require_settled
from app.programmes.models import Slot
from app.records import revise
from schedules.said import say

TIME_TO_ANSWER = timedelta(hours=1)
"""A notice period that is nearly over leaves a site at least this long before its silence is told."""

CARRYING_OUT = timedelta(minutes=2)
"""What the engine and the feeds need at most after an answer, before the site takes nothing new any more."""


REDRAFTED = (
    *WANTED, "slot_id", "feed_ids", "days", "first_date", "last_date", "starts_at", "cut_off_at", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFields:
    """What a person wants of a line. What is None stays as it is; dates are UTC start days."""

    khz: int | None = None
    site_id: int | None = None
    feed_ids: tuple[int, ...] = ()
    """Of another site's line: the feeds there that take its audio."""
    power_kw: float | None = None
    azimuth: int | None = None
    from_date: date | None = None
    """None: from the next occurrence that has not started."""
    night: date | None = None
    """Only for the occurrence of this day."""
    reason: str
    cut_off_at: datetime | None = None


def draft_move(
    session: Session, line_id: int, fields: MoveFields, *, room_bytes: int, now: datetime, by: int | None
) -> LineChange:
    """A line's move to another frequency (or site, azimuth, power), not stored yet: for `store`, or only to be looked at.

    Raises:
        NotFound: there is no such line.
        Conflict: it is being asked about already, or the record would not stay true.
        Invalid: names the field.
    """
    moved = line(session, line_id)
    require_settled(session, line_id)
    wanted = _wanted(moved, fields)
    slot = session.get_one(Slot, moved.slot_id)
    first, last = _touched(slot, moved, fields, now)
    made = LineChange(
        kind="move" if fields.night is None else "one_night",
        line_id=line_id,
        slot_id=moved.slot_id,
        **wanted,
        feed_ids=list(fields.feed_ids),
        days=moved.days,
        first_date=first,
        last_date=last,
        starts_at=start_of(slot, first),
        reason=fields.reason,
        asked_by=by,
        created_at=now,
        cut_off_at=now,
        was=image_of(session, moved),
    )
    _check(session, made, room_bytes)
    _require_record_stays(session, made, moved)
    made.cut_off_at = _chosen_cut_off(session, made, fields.cut_off_at, now)
    return made


def draft_end(
    session: Session, line_id: int, from_date: date | None, reason: str, *, now: datetime, by: int | None
) -> LineChange:
    """A line's end before its last date, not stored yet. Raises as `draft_move`."""
    ended = line(session, line_id)
    require_settled(session, line_id)
    slot = session.get_one(Slot, ended.slot_id)
    first, last = _touched(slot, ended, MoveFields(from_date=from_date, reason=reason), now)
    made = LineChange(
        kind="end",
        line_id=line_id,
        slot_id=ended.slot_id,
        **{name: getattr(ended, name) for name in WANTED},
        days=ended.days,
        first_date=first,
        last_date=last,
        starts_at=start_of(slot, first),
        reason=reason,
        asked_by=by,
        created_at=now,
        cut_off_at=now,
        was=image_of(session, ended),
    )
    if not pieces(made, ended):
        raise Conflict(
            say(
                "wrong-never-on-air",
                "line {line_id} would never have been on the air: delete it instead",
                line_id=line_id,
            )
        )
    made.cut_off_at = cut_off(session, made, now)
    return made


def draft_new(
    session: Session, fields: LineFields, reason: str, *, room_bytes: int, now: datetime, by: int | None
) -> LineChange:
    """A line that is to be, not stored yet. Raises Invalid, BadDays as a line would."""
    columns = checked_columns(session, fields, room_bytes)
    slot = session.get_one(Slot, fields.slot_id)
    first = next_day(slot, columns["days"], columns["first_date"], columns["last_date"], now)
    if first is None:
        told = "the line would be over before it began: write later dates"
        raise Invalid(say("wrong-over", told), field="last_date")
    made = LineChange(
        kind="new",
        # A season's line keeps its season's first date, whatever its weekdays; what is past is not asked for
        **{name: value for name, value in columns.items() if name != "texts"}
        | ({"first_date": first} if columns["first_date"] <= now.date() else {}),
        feed_ids=list(fields.feed_ids),
        starts_at=start_of(slot, first),
        reason=reason,
        asked_by=by,
        created_at=now,
        cut_off_at=now,
    )
    made.cut_off_at = cut_off(session, made, now)
    return made


def redraft(
    session: Session,
    draft: LineChange,
    fields: LineFields,
    reason: str,
    *,
    room_bytes: int,
    now: datetime,
    by: int | None,
) -> LineChange:
    """Write a new line's draft anew: a season's plan is worked on. Raises Conflict, and as `draft_new`."""
    if draft.kind != "new" or draft.state != "draft" or draft.undone_at is not None:
        raise Conflict(
            say(
                "wrong-no-new-draft",
                "change {change_id} is no draft of a new line: undo it and write another one",
                change_id=id_of(draft),
            )
        )
    wanted = draft_new(session, fields, reason, room_bytes=room_bytes, now=now, by=by)
    names = revise(draft, {name: getattr(wanted, name) for name in REDRAFTED})
    record(session, "change.redrafted", at=now, person_id=by, subject_id=draft.id, fields=names)
    emit(session, "line_change", id_of(draft), draft.state, at=now)
    return draft


def store(session: Session, made: LineChange, *, now: datetime, by: int | None) -> LineChange:
    """Keep a draft."""
    session.add(made)
    session.flush()
    record(session, "change.drafted", at=now, person_id=by, subject_id=made.id)
    emit(session, "line_change", id_of(made), made.state, at=now)
    return made


def require_unchanged(session: Session, draft: LineChange) -> None:
    """Refuse to ask for a draft whose line is not what it was when the draft was written. Raises Conflict, Invalid."""
    if draft.line_id is None:
        if draft.kind != "new":
            raise Conflict(
                say(
                    "wrong-line-gone",
                    "the line of change {change_id} was taken back with the change that had made it: undo the draft",
                    change_id=id_of(draft),
                )
            )
        _check(session, draft, None)
        return
    known, current = draft.was or {}, image_of(session, line(session, draft.line_id))
    asked_about = ("khz", "site_id", "slot_id", "days", "first_date", "last_date")
    if any(known.get(name) != current[name] for name in asked_about):
        raise Conflict(
            say(
                "wrong-line-changed",
                "line {line_id} was changed since change {change_id} was drafted: undo the draft and write it anew",
                line_id=draft.line_id,
                change_id=id_of(draft),
            )
        )


def notice_starts(session: Session, made: LineChange) -> datetime:
    """By when the site wants to be asked."""
    return made.starts_at - timedelta(hours=session.get_one(Site, made.site_id).notice_h)


def cut_off(session: Session, made: LineChange, now: datetime) -> datetime:
    """By when the site must have answered: at the end of its notice period, since later it would want to be asked no more.

    Where we ask later than that, or too shortly before, it is the last moment at which its answer can still be followed:
    its feeds take a file under another name until their ``accept_until``.
    """
    by_notice = notice_starts(session, made)
    if by_notice - now >= TIME_TO_ANSWER and by_notice < made.starts_at:
        return by_notice
    feed_ids = made.feed_ids or (
        feeds_of(session, [made.line_id]).get(made.line_id, []) if made.line_id is not None else []
    )
    taking = session.exec(select(Feed.accept_until_s).where(col(Feed.id).in_(feed_ids))).all()
    last = made.starts_at - timedelta(seconds=max(taking, default=0)) - CARRYING_OUT
    return last if last > now else made.starts_at


def _chosen_cut_off(session: Session, made: LineChange, chosen: datetime | None, now: datetime) -> datetime:
    if chosen is None:
        return cut_off(session, made, now)
    if not now < chosen <= made.starts_at:
        told = (
            "the site cannot answer by {chosen_at:%Y-%m-%d %H:%M} UTC: name a time from now until "
            "{begins_at:%Y-%m-%d %H:%M} UTC, when the change begins"
        )
        said = say("wrong-cut-off", told, chosen_at=chosen, begins_at=made.starts_at)
        raise Invalid(said, field="cut_off_at")
    return chosen


def _wanted(moved: Line, fields: MoveFields) -> dict[str, Any]:
    """The line's columns as they are wanted. Raises Invalid where nothing would be different."""
    wanted = {name: getattr(moved, name) for name in WANTED}
    wanted |= {
        name: given
        for name in ("khz", "site_id", "power_kw", "azimuth")
        if (given := getattr(fields, name)) is not None
    }
    moves_away = wanted["site_id"] != moved.site_id
    if moves_away:
        wanted["transmitter"] = None  # it is the old site's
    if fields.feed_ids and not moves_away:
        told = "the line stays at its site and keeps its feeds: leave them out"
        raise Invalid(say("wrong-feeds-kept", told), field="feed_ids")
    if all(getattr(moved, name) == value for name, value in wanted.items()):
        told = "line {line_id} is on {khz} kHz already: name what is to be different"
        raise Invalid(say("wrong-same", told, line_id=id_of(moved), khz=moved.khz), field="khz")
    return wanted


def _touched(slot: Slot, moved: Line, fields: MoveFields, now: datetime) -> tuple[date, date]:
    """The first and the last UTC start day that a change touches."""
    if fields.night is not None:
        if fields.from_date is not None:
            raise Invalid(
                say("wrong-night-or-date", "a change is for one night or from a date, not both"),
                field="night",
            )
        first = next_day(slot, moved.days, max(fields.night, moved.first_date), moved.last_date, now)
        if first != fields.night:
            told = "line {line_id} has no occurrence to come on {night_on} (UTC day of its start)"
            said = say("wrong-no-night", told, line_id=id_of(moved), night_on=fields.night)
            raise Invalid(said, field="night")
        return first, first
    if fields.from_date is not None and fields.from_date < now.date():
        told = "{from_on} is past: write a day to come, or leave it out for now"
        raise Invalid(say("wrong-past", told, from_on=fields.from_date), field="from_date")
    first = next_day(
        slot, moved.days, max(fields.from_date or moved.first_date, moved.first_date), moved.last_date, now
    )
    if first is None:
        told = "line {line_id} has no occurrence to come until its last date, {last_on}"
        said = say("wrong-no-more", told, line_id=id_of(moved), last_on=moved.last_date)
        raise Invalid(said, field="from_date")
    return first, moved.last_date


def _check(session: Session, made: LineChange, room_bytes: int | None) -> None:
    """What a line must keep, this one must keep too."""
    keeps_feeds = made.was is not None and made.site_id == made.was["site_id"]
    checked_columns(
        session,
        LineFields(
            slot_id=made.slot_id,
            site_id=made.site_id,
            khz=made.khz,
            power_kw=made.power_kw,
            azimuth=made.azimuth,
            ciraf_zones=made.ciraf_zones,
            transmitter=made.transmitter,
            synchronised=made.synchronised,
            days=frozenset(int(digit) for digit in made.days),
            first_date=made.first_date,
            last_date=made.last_date,
            feed_ids=() if keeps_feeds else tuple(made.feed_ids),
        ),
        room_bytes if room_bytes is not None else 1 << 62,
    )


def _require_record_stays(session: Session, made: LineChange, moved: Line) -> None:
    """A line without a day before the change is changed itself; if it was on the air all the same, its dates were edited."""
    if not pieces(made, moved)[0].is_new:
        return
    if session.exec(select(AsRun.id).where(AsRun.line_id == moved.id).limit(1)).first() is not None:
        raise Conflict(
            say(
                "wrong-aired-before",
                "line {line_id} was on the air before its first date, {first_on}: give it back its true first date first",
                line_id=id_of(moved),
                first_on=moved.first_date,
            )
        )
