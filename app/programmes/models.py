from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel


class Programme(SQLModel, table=True):
    """A show: its clock says what it is made of."""

    id: int | None = Field(default=None, primary_key=True)
    title: str
    code: str = Field(unique=True)
    """Short ASCII name for files at the sites."""
    clock: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    standby_segment_id: int | None = Field(default=None, foreign_key="segment.id")
    live_input: bool = False
    """Whether a studio may take over while it is on the air live."""
    created_at: datetime
    revision: int = 1


class Slot(SQLModel, table=True):
    """A programme's recurring UTC span. Minutes count from 00:00 UTC of the start day; a stop of 1440 is 2400."""

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programme.id", index=True)
    start_minute: int
    stop_minute: int
    days: str
    """UTC start days as ISO digits, 1 = Monday: ``12345``."""
    first_date: date
    last_date: date
    early_off_s: int = 0
    compile_lead_s: int = 6 * 3600
    """The programme is compiled this long before it starts, or earlier where a feed's deadline asks for it."""
    created_at: datetime
    revision: int = 1


class Replacement(SQLModel, table=True):
    """Another programme in a slot on one date: a holiday, a special."""

    __table_args__ = (UniqueConstraint("slot_id", "on_date"),)

    id: int | None = Field(default=None, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id")
    on_date: date
    """The UTC day on which the airing starts."""
    programme_id: int = Field(foreign_key="programme.id")
    reason: str
    created_at: datetime
    created_by: int | None = Field(default=None, foreign_key="person.id")
