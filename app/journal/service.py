from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.journal.models import JournalEntry


def record(
    session: Session,
    action: str,
    *,
    at: datetime,
    person_id: int | None,
    subject_id: int | None = None,
    **details: Any,
) -> None:
    """Add one entry in the caller's transaction, so that a write and its actor are stored together or not at all."""
    session.add(
        JournalEntry(at=at, person_id=person_id, action=action, subject_id=subject_id, details=details)
    )
