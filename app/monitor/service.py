"""The rows of what was heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from app.monitor.models import Listening

KEPT = timedelta(days=30)
"""What an airing's record says stays for ever; how it was heard minute by minute, until the month's bill is settled."""

BAD = frozenset({"silent", "stuck", "wrong"})
"""Findings that something else is heard than what goes out."""


def of_airing(session: Session, airing_id: int, since: datetime | None = None) -> Sequence[Listening]:
    """What was heard of an airing, oldest first."""
    query = select(Listening).where(Listening.airing_id == airing_id)
    if since is not None:
        query = query.where(Listening.at > since)
    return session.exec(query.order_by(col(Listening.at), col(Listening.id))).all()


def forget_old(session: Session, now: datetime) -> None:
    """Drop what nobody asks for any more."""
    session.exec(delete(Listening).where(col(Listening.at) < now - KEPT))
