"""What time makes of changes: they come into effect, and silence and refusals are told to people.

Looked at by the engine at every sweep. It compares what should be with what is, so that doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select

from app.alarms.models import Alarm
from app.alarms.service import clear, raise_alarm
from app.database import id_of, reading, writing
from app.events.service import emit
from app.journal.service import record
from app.moves.models import LineChange, NoticeChange, SiteNotice
from app.moves.notices import NOBODY
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
        for (kind, key), (change, site_id) in wanted.items():
            if (kind, key) not in is_open:
                raise_alarm(
                    session,
                    kind,
                    key,
                    now=now,
                    channels=settings.alarm_channels,
                    site_id=site_id,
                    change_id=id_of(change),
                )
        for kind, key in is_open - wanted.keys():
            clear(session, kind, key, now)


def _news(session: Session, now: datetime) -> bool:
    begun, wanted, is_open = _found(session, now)
    return bool(begun) or wanted.keys() != is_open


def _found(
    session: Session, now: datetime
) -> tuple[list[LineChange], Mapping[tuple[str, str], tuple[LineChange, int]], set[tuple[str, str]]]:
    """Changes that begin, alarms that there should be (by kind and key, with the site to be called), and those that are open."""
    living = col(LineChange.undone_at).is_(None)
    begun = session.exec(
        select(LineChange).where(living, LineChange.state == "acknowledged", LineChange.starts_at <= now)
    ).all()
    wanted = {
        (kind, f"change:{change.id}/site:{site_id}"): (change, site_id)
        for kind, change, site_id in _alarming(session, now)
    }
    is_open = session.exec(
        select(Alarm.kind, Alarm.key).where(col(Alarm.kind).in_(WATCHED), col(Alarm.cleared_at).is_(None))
    ).all()
    return list(begun), wanted, set(is_open)


def _alarming(session: Session, now: datetime) -> Iterable[tuple[str, LineChange, int]]:
    living = col(LineChange.undone_at).is_(None)
    silent = select(LineChange).where(
        living, col(LineChange.state).in_(PENDING), LineChange.cut_off_at <= now
    )
    for change in session.exec(silent).all():
        # One night is over by itself; any other change leaves it open what the site does until somebody has asked
        if change.kind != "one_night" or now < change.starts_at + LAPSES_AFTER:
            yield "change_unanswered", change, change.site_id
    refused = select(LineChange).where(
        living, LineChange.state == "refused", LineChange.starts_at > now - LAPSES_AFTER
    )
    for change in session.exec(refused).all():
        if not _is_asked_anew(session, change):
            yield "change_refused", change, change.site_id
    failing = (
        select(LineChange, SiteNotice.kind, SiteNotice.site_id)
        .join(NoticeChange, col(NoticeChange.change_id) == col(LineChange.id))
        .join(SiteNotice, col(SiteNotice.id) == col(NoticeChange.notice_id))
        .where(
            col(SiteNotice.sent_at).is_(None),
            or_(
                (col(SiteNotice.attempts) >= FAILING_AFTER)
                & col(SiteNotice.error).is_not(None)
                & (col(LineChange.starts_at) > now - LAPSES_AFTER),
                # Whoever asks or takes back sees it at once; an old site is told when the new one agrees, by its link perhaps
                (col(SiteNotice.kind) == "ending")
                & (col(SiteNotice.error) == NOBODY)
                & (col(SiteNotice.created_at) > now - LAPSES_AFTER),
            ),
        )
    )
    for change, kind, site_id in session.exec(failing).all():
        if _is_wanted(kind, change):
            yield "notice_failing", change, site_id


def _is_wanted(kind: str, change: LineChange) -> bool:
    """A question that was answered otherwise needs no mail any more, nor does an ending that was taken back."""
    if kind == "request":
        return is_pending(change)
    return kind == "withdrawal" or change.undone_at is None


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
