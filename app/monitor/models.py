from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class Listening(SQLModel, table=True):
    """What was heard once at the other end of a live feed."""

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    feed_id: int = Field(foreign_key="feed.id")
    at: datetime = Field(index=True)
    """When the last of the sound came."""
    finding: str
    """``ok``, ``unreachable``, ``silent``, ``stuck``, ``wrong``; ``unclear``: it tells nothing."""
    delay_s: float | None = None
    """Of what was known again: so much later than due it was heard."""
    likeness: float | None = None
    """With the most alike part of what went out, from 0 to 1."""
    loudness_dbfs: float | None = None
    """Of its loudest tenth of a second."""
    level: str | None = None
    """The step of the chain that went out then, as the air process says."""
    confirmed: bool = False
    """It is not the first of its kind in a row: the second ``silent``, ``stuck`` or ``wrong``, the third ``unreachable``."""
