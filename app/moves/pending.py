"""What was asked of sites and is not settled: until it is, nobody can say which frequency is on the air."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, or_, select

from app.database import id_of
from app.errors import Conflict
from app.moves.models import LineChange, NoticeChange, SiteNotice
from schedules.said import say

PENDING = ("requested", "sent")
"""The states in which a site is thinking about it, or has not been asked yet by a mail on its way."""


def is_pending(change: LineChange) -> bool:
    """Whether its answer is awaited."""
    return change.state in PENDING and change.undone_at is None


def pending(session: Session, slot_id: int, day: date) -> bool:
    """Whether something unsettled touches what is on the air for a slot on a UTC start day.

    An announcement of that airing must not name a frequency then. Silence does not settle a change, also not after its
    cut-off: what the site does is unknown until somebody has asked it. Nor is a change settled that a site had agreed to and
    that was taken back, as long as the mail that says so has not gone.
    """
    return bool(pending_changes(session, slot_id, day))


def pending_changes(session: Session, slot_id: int, day: date) -> Sequence[LineChange]:
    """Those changes, in the order in which they were written."""
    untold = (
        select(NoticeChange.change_id)
        .join(SiteNotice, col(SiteNotice.id) == col(NoticeChange.notice_id))
        .where(SiteNotice.kind == "withdrawal", col(SiteNotice.next_attempt_at).is_not(None))
    )
    undone = col(LineChange.undone_at)
    unsettled = or_(
        undone.is_(None) & col(LineChange.state).in_(PENDING),
        undone.is_not(None)
        & col(LineChange.state).in_(("acknowledged", "in_effect"))
        & col(LineChange.id).in_(untold),
    )
    return session.exec(
        select(LineChange)
        .where(
            LineChange.slot_id == slot_id,
            LineChange.first_date <= day,
            LineChange.last_date >= day,
            col(LineChange.days).contains(str(day.isoweekday())),
            unsettled,
        )
        .order_by(col(LineChange.id))
    ).all()


def asked_of_slot(session: Session, slot_id: int) -> Sequence[LineChange]:
    """What sites are thinking about for a slot, whatever the day."""
    return session.exec(
        select(LineChange).where(
            LineChange.slot_id == slot_id,
            col(LineChange.state).in_(PENDING),
            col(LineChange.undone_at).is_(None),
        )
    ).all()


def require_settled(session: Session, line_id: int) -> None:
    """Refuse to touch a line of which a site is thinking about a change. Raises Conflict."""
    asked = session.exec(
        select(LineChange).where(
            LineChange.line_id == line_id,
            col(LineChange.state).in_(PENDING),
            col(LineChange.undone_at).is_(None),
        )
    ).first()
    if asked is not None:
        raise Conflict(
            say(
                "wrong-asked-already",
                "the site has not answered change {change_id} of line {line_id} yet ({khz} kHz from {first_on}): record its answer or undo the change first",
                change_id=id_of(asked),
                line_id=line_id,
                khz=asked.khz,
                first_on=asked.first_date,
            )
        )
