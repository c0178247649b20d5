"""What becomes of the lines when a site agrees to a change, and how they become again what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from app.airings.models import AsRun
from app.database import id_of
from app.errors import Conflict
from app.feeds.models import Feed
from app.frequencies.models import Line
from app.frequencies.service import feeds_of, set_feeds
from app.journal.service import record
from app.moves.models import LineChange
from app.moves.occurrences import DAY, has_a_day
from app.moves.pending import PENDING
from app.records import revise
from app.reports.models import ReceptionReport
from schedules.said import say

WANTED = ("site_id", "khz", "power_kw", "azimuth", "ciraf_zones", "transmitter", "synchronised")
"""What a change may change of a line, besides its days and dates."""

_DATES = ("first_date", "last_date")


@dataclass(frozen=True, slots=True)
class Piece:
    """Dates of a line, both included, with what the change wants (``is_new``) or with what was."""

    first_date: date
    last_date: date
    is_new: bool


def image_of(session: Session, line: Line) -> dict[str, Any]:
    """All that people say of a line, as JSON: what it was."""
    image = line.model_dump(mode="json", exclude={"id", "created_at", "revision"})
    return image | {"feed_ids": feeds_of(session, [id_of(line)]).get(id_of(line), [])}


def pieces(change: LineChange, line: Line) -> list[Piece]:
    """What a line falls into: before the change, the change, and after a single night. Pieces without a day on the air are none."""
    new = [] if change.kind == "end" else [Piece(change.first_date, change.last_date, is_new=True)]
    parts = [
        Piece(line.first_date, change.first_date - DAY, is_new=False),
        *new,
        Piece(change.last_date + DAY, line.last_date, is_new=False),
    ]
    return [
        part
        for part in parts
        if part.first_date <= part.last_date and has_a_day(line.days, part.first_date, part.last_date)
    ]


def carry_out(session: Session, change: LineChange, *, now: datetime, by: int | None) -> None:
    """Make a change true: nothing that has begun is touched, so that the record of what was aired stays as it is.

    The old line keeps its row, for what comes first; what follows gets rows of its own, with the same feeds.
    """
    if change.kind == "new":
        columns = _wanted(change) | {"texts": _rolled_texts(session, change)}
        made = _made(session, change, columns, change.first_date, change.last_date, now, by)
        set_feeds(session, id_of(made), _living(session, change.feed_ids))
        change.new_line_id = made.id
        change.became = {str(made.id): image_of(session, made)}
        return
    line = session.get_one(Line, change.line_id)
    change.was = image_of(session, line)
    feed_ids = change.was["feed_ids"]
    kept = {name: getattr(line, name) for name in WANTED}
    moves_away = change.site_id != line.site_id
    became = {}
    for number, piece in enumerate(pieces(change, line)):
        columns = _wanted(change) if piece.is_new else kept
        feeds = _living(session, change.feed_ids) if piece.is_new and moves_away else feed_ids
        if number == 0:
            dates = {"first_date": piece.first_date, "last_date": piece.last_date}
            names = revise(line, columns | dates)
            record(session, "line.changed", at=now, person_id=by, subject_id=line.id, fields=names)
            row = line
        else:
            columns = columns | {"texts": line.texts}
            row = _made(session, change, columns, piece.first_date, piece.last_date, now, by)
        set_feeds(session, id_of(row), feeds)
        became[str(row.id)] = image_of(session, row)
        if piece.is_new:
            change.new_line_id = row.id
        elif number:
            change.rest_line_id = row.id
    change.became = became


def take_back(session: Session, change: LineChange, *, now: datetime, by: int | None) -> None:
    """Make the lines again what they were before a change was carried out.

    Raises:
        Conflict: somebody built on them since, or the record knows them.
    """
    made = [each for each in (change.new_line_id, change.rest_line_id) if each not in (None, change.line_id)]
    rows = [session.get_one(Line, each) for each in made]
    line = session.get_one(Line, change.line_id) if change.line_id is not None else None
    touched = [*(row.id for row in rows), *([line.id] if line is not None else [])]
    _require_untouched(session, change, rows, line, touched)
    change.new_line_id = change.rest_line_id = None
    for settled in session.exec(select(LineChange).where(col(LineChange.line_id).in_(made))):
        settled.line_id = None
    for undone in session.exec(select(LineChange).where(col(LineChange.rolled_from_id).in_(made))):
        undone.rolled_from_id = None
    session.flush()
    for row in rows:
        set_feeds(session, id_of(row), ())
        session.delete(row)
        record(session, "line.deleted", at=now, person_id=by, subject_id=row.id, change=change.id)
    if line is not None and change.was is not None:
        was = {name: value for name, value in change.was.items() if name != "feed_ids"}
        names = revise(line, was | {name: date.fromisoformat(was[name]) for name in _DATES})
        set_feeds(session, id_of(line), _living(session, change.was["feed_ids"]))
        record(session, "line.changed", at=now, person_id=by, subject_id=line.id, fields=names)


def _require_untouched(
    session: Session,
    change: LineChange,
    rows: Sequence[Line],
    line: Line | None,
    touched: Sequence[int | None],
) -> None:
    made = [row.id for row in rows]
    later = session.exec(
        select(LineChange.id).where(
            LineChange.id != change.id,
            col(LineChange.undone_at).is_(None),
            or_(
                col(LineChange.rolled_from_id).in_(made),
                col(LineChange.state).not_in(("draft", "refused"))
                & or_(
                    col(LineChange.line_id).in_(made),
                    col(LineChange.line_id).in_(touched)
                    & (
                        col(LineChange.state).in_(PENDING)
                        | (col(LineChange.answered_at) > change.answered_at)
                    ),
                ),
            ),
        )
    ).first()
    if later is not None:
        raise Conflict(
            say(
                "wrong-built-on",
                "change {later} builds on the lines of change {change_id}: undo that one first",
                later=later,
                change_id=id_of(change),
            )
        )
    became = change.became or {}
    now_there = [*rows, *([line] if line is not None else [])]
    edited = [id_of(row) for row in now_there if image_of(session, row) != became.get(str(row.id))]
    if edited:
        raise Conflict(
            say(
                "wrong-line-edited",
                "line {line_id} was changed by somebody since change {change_id} was agreed to: put it right by hand, or ask for a new change",
                line_id=edited[0],
                change_id=id_of(change),
            )
        )
    for column in (col(AsRun.line_id), col(ReceptionReport.line_id)):
        known = session.exec(select(column).where(column.in_(made))).first()
        if known is not None:
            raise Conflict(
                say(
                    "wrong-line-known",
                    "line {line_id} has been on the air or was reported, and the record of that is kept: ask for a new change",
                    line_id=known,
                )
            )


def _rolled_texts(session: Session, change: LineChange) -> dict[str, str]:
    """What a season's files say of a line beside its columns (its language, say) goes on into the next one."""
    return session.get_one(Line, change.rolled_from_id).texts if change.rolled_from_id is not None else {}


def _wanted(change: LineChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in WANTED}


def _made(
    session: Session,
    change: LineChange,
    columns: dict[str, Any],
    first_date: date,
    last_date: date,
    now: datetime,
    by: int | None,
) -> Line:
    row = Line(
        slot_id=change.slot_id,
        days=change.days,
        first_date=first_date,
        last_date=last_date,
        created_at=now,
        **columns,
    )
    session.add(row)
    session.flush()
    record(session, "line.created", at=now, person_id=by, subject_id=row.id, change=change.id)
    return row


def _living(session: Session, feed_ids: Sequence[int]) -> list[int]:
    """Of these feeds, those that were not deleted while the site was thinking."""
    return [
        each for each in session.exec(select(Feed.id).where(col(Feed.id).in_(feed_ids))) if each is not None
    ]
