from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Job(SQLModel, table=True):
    """A piece of work for a worker process. Its key makes it happen once."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """``ingest``, ``cut``, ``compile``, ``render``, ``predict`` (propagation), ``fingerprint`` (of older segments) or ``collect`` (garbage)."""
    key: str = Field(unique=True)
    urgent: bool = False
    """Somebody waits for it with a programme: it comes before the others, and no upload of a library can hold it up."""
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    state: str = Field(default="queued", index=True)
    """``queued``, ``running``, ``done`` or ``failed``."""
    worker: str | None = None
    tries: int = 0
    result: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime
    finished_at: datetime | None = None
