"""What time makes of changes: they come into effect, and silence and refusals are told to people.

Looked at by the engine at every sweep. It compares what should be with what is, so that doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.alarms.models import Alarm
from app.alarms.service import clear, raise_alarm
from app.database import id_of, reading, writing
from app.events.service import emit
from app.journal.service import record
from app.moves.models import LineChange, NoticeChange, SiteNotice
from app.moves.pending import PENDING, is_pending
from app.settings import Settings

WATCHED = frozenset({"change_refused", "change_unanswered", "notice_failing"})
"""Alarms that are raised and cleared here."""

FAILING_AFTER = 2
"""Attempts at a mail that failed before people are told: one may be a server that was just starting."""

LAPSES_AFTER = timedelta(hours=24)
"""What was to change once, and did not, stays before people's eyes for a day."""


def watch_changes(database: Engine, settings: Settings, now: datetime) -> None:
    """Bring changes into effect that are due, and raise and clear their alarms. Writes only where there is news."""
    with reading(database) as session:
        if not _news(session, now):
            return
    with writing(database) as session:
        begun, wanted, is_open = _found(session, now)
        for change in begun:
            change.state = "in_effect"
            change.revision += 1
            record(session, "change.in_effect", at=now, person_id=None, subject_id=change.id)
            emit(session, "line_change", id_of(change), change.state, at=now)
        for (kind, key), change in wanted.items():
            if (kind, key) not in is_open:
                raise_alarm(
                    session,
                    kind,
                    key,
                    now=now,
                    channels=settings.alarm_channels,
                    site_id=change.site_id,
                    change_id=id_of(change),
                )
        for kind, key in is_open - wanted.keys():
            clear(session, kind, key, now)


def _news(session: Session, now: datetime) -> bool:
    begun, wanted, is_open = _found(session, now)
    return bool(begun) or wanted.keys() != is_open


def _found(
    session: Session, now: datetime
) -> tuple[list[LineChange], Mapping[tuple[str, str], LineChange], set[tuple[str, str]]]:
    """Changes that begin, alarms that there should be (by kind and key), and those that are open."""
    living = col(LineChange.undone_at).is_(None)
    begun = session.exec(
        select(LineChange).where(living, LineChange.state == "acknowledged", LineChange.starts_at <= now)
    ).all()
    wanted = {(kind, f"change:{change.id}"): change for kind, change in _alarming(session, now)}
    is_open = session.exec(
        select(Alarm.kind, Alarm.key).where(col(Alarm.kind).in_(WATCHED), col(Alarm.cleared_at).is_(None))
    ).all()
    return list(begun), wanted, set(is_open)


def _alarming(session: Session, now: datetime) -> Iterable[tuple[str, LineChange]]:
    living = col(LineChange.undone_at).is_(None)
    silent = select(LineChange).where(
        living, col(LineChange.state).in_(PENDING), LineChange.cut_off_at <= now
    )
    for change in session.exec(silent).all():
        # One night is over by itself; any other change leaves it open what the site does until somebody has asked
        if change.kind != "one_night" or now < change.starts_at + LAPSES_AFTER:
            yield "change_unanswered", change
    refused = select(LineChange).where(
        living, LineChange.state == "refused", LineChange.starts_at > now - LAPSES_AFTER
    )
    for change in session.exec(refused).all():
        if not _is_asked_anew(session, change):
            yield "change_refused", change
    failing = (
        select(LineChange, SiteNotice.kind)
        .join(NoticeChange, col(NoticeChange.change_id) == col(LineChange.id))
        .join(SiteNotice, col(SiteNotice.id) == col(NoticeChange.notice_id))
        .where(
            col(SiteNotice.sent_at).is_(None),
            SiteNotice.attempts >= FAILING_AFTER,
            col(SiteNotice.error).is_not(None),
            LineChange.starts_at > now - LAPSES_AFTER,
        )
    )
    for change, kind in session.exec(failing).all():
        # A question that was answered otherwise needs no mail any more; what is only told must arrive all the same
        if kind != "request" or is_pending(change):
            yield "notice_failing", change


def _is_asked_anew(session: Session, refused: LineChange) -> bool:
    """Whether somebody has acted on a refusal: the same line was asked for again."""
    if refused.line_id is None:
        return False
    later = select(LineChange.id).where(
        LineChange.line_id == refused.line_id,
        LineChange.id != refused.id,
        col(LineChange.requested_at) >= refused.answered_at,
        col(LineChange.undone_at).is_(None),
    )
    return session.exec(later.limit(1)).first() is not None
