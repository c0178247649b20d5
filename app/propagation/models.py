from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Prediction(SQLModel, table=True):
    """One frequency over one circuit in one month, for the 24 UTC hours: a cache, which may be emptied at any time."""

    circuit_key: str = Field(primary_key=True)
    """A question's key without its frequencies: circuit, month, sunspots, and the edition of the arithmetic."""
    khz: int = Field(primary_key=True)
    snr_db: list[int] = Field(sa_type=JSON)
    reliability_percent: list[int] = Field(sa_type=JSON)
    muf_khz: list[int] = Field(sa_type=JSON)
    """The circuit's own: the same for all of its frequencies."""
    computed_at: datetime = Field(index=True)
