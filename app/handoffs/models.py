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
    frequencies: list[int] | None = Field(default=None, sa_type=JSON)
    """In kHz, as its manifest tells them; None where there is no manifest."""
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
    held: bool = False
    """A person has said that nothing is to be sent until somebody says so."""
    manual: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """A delivery by hand: ``by`` (person), ``at``, ``how``."""
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


class FolderCheck(SQLModel, table=True):
    """The folder of a feed as it was seen before an airing, and what was wrong with it. The newest of each airing and feed."""

    __tablename__ = "folder_check"
    __table_args__ = (UniqueConstraint("airing_id", "feed_id"),)

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    checked_at: datetime
    listed: int | None = None
    """How many files there were; None where the endpoint cannot tell."""
    findings: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """What is wrong: ``kind``, ``name`` and sizes."""
    removed: int = 0
    """Our own expired files that were taken away."""
    error: str | None = None
    """Why nothing could be seen, in words."""
