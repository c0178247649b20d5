from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class JournalEntry(SQLModel, table=True):
    """One write: who, when, what, to which thing."""

    __tablename__ = "journal"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """None for what the service does by itself."""
    action: str
    """A verb in the past tense with its noun: ``segment.approved``."""
    subject_id: int | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
