from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from app.events.models import Event

KEPT = timedelta(days=2)
"""Pages resume from Last-Event-ID after a break; after two days they load afresh."""


def emit(session: Session, subject: str, subject_id: int, state: str, *, at: datetime) -> None:
    """Tell the pages that a thing changed, in the transaction that changes it."""
    session.add(Event(at=at, subject=subject, subject_id=subject_id, state=state))


def since(session: Session, last_id: int, limit: int = 200) -> Sequence[Event]:
    """Events after ``last_id``, oldest first."""
    return session.exec(
        select(Event).where(col(Event.id) > last_id).order_by(col(Event.id)).limit(limit)
    ).all()


def newest_id(session: Session) -> int:
    """The id of the newest event; 0 before the first."""
    return session.exec(select(func.max(Event.id))).one() or 0


def forget_old(session: Session, now: datetime) -> None:
    """Drop what no page asks for any more; the newest one stays, so that ids go on growing."""
    session.exec(delete(Event).where(col(Event.at) < now - KEPT, col(Event.id) < newest_id(session)))
