from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel


class Handoff(SQLModel, table=True):
    """The delivery of one version of one airing to one feed. Only the engine writes its state."""

    __table_args__ = (UniqueConstraint("airing_id", "feed_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    version: int
    artefact_id: int = Field(foreign_key="artefact.id")
    object_name: str
    state: str = Field(default="due", index=True)
    was_late: bool = False
    deliver_at: datetime
    deadline_at: datetime
    accept_until: datetime
    next_attempt_at: datetime
    attempts: int = 0
    verified_at: datetime | None = None
    rechecked_at: datetime | None = None
    """When what was verified was verified once more before air."""
    error: str | None = None
    """What went wrong last, in words."""
    created_at: datetime


class Attempt(SQLModel, table=True):
    """One try at a handoff, committed before its first byte. The ledger is only ever appended to and closed."""

    __table_args__ = (UniqueConstraint("handoff_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    handoff_id: int = Field(foreign_key="handoff.id", index=True)
    number: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = "sending"
    """``sending``, ``verified``, ``stored``, ``passing`` or ``permanent`` (errors), ``interrupted``."""
    detail: str | None = None
    receipt: dict[str, Any] | None = Field(default=None, sa_type=JSON)
