from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class AirRecord(SQLModel, table=True):
    """One record of the air process's journal, imported once under its sequence number."""

    __tablename__ = "air_record"

    id: int | None = Field(default=None, primary_key=True)
    sequence: int
    """Its number in the journal of its time: a restored station begins a new journal."""
    at: datetime
    kind: str
    """``accepted``, ``refused``, ``started`` or ``ended``."""
    airing_id: int = Field(index=True)
    """Not a foreign key: the journal may name an airing of a database that was restored since."""
    version: int
    detail: str | None = None
