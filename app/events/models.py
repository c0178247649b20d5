from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """Something changed: which thing. Pages ask for the thing itself; ids grow, so Last-Event-ID resumes."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    subject: str
    """``airing``, ``handoff``, ``segment``, ``upload`` or ``alarm``."""
    subject_id: int
    state: str
