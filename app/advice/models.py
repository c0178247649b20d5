from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, SQLModel


class Jammer(SQLModel, table=True):
    """A frequency that somebody is known to jam. When it has gone, the row goes."""

    id: int | None = Field(default=None, primary_key=True)
    khz: float
    site: str = ""
    """From where, as far as anybody knows: a place, a name of its own; empty where nobody does."""
    since: date | None = None
    note: str | None = None
    created_at: datetime
    revision: int = 1
