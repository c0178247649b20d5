from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class SegmentNote(SQLModel, table=True):
    """What somebody who listened wants to be looked at: at a place of one cut, or about the whole of it."""

    __tablename__ = "segment_note"

    id: int | None = Field(default=None, primary_key=True)
    segment_id: int = Field(foreign_key="segment.id", index=True)
    cut: int
    """The cut that was listened to; 0 is the recording as it came."""
    at_sample: int | None = None
    """A sample of that cut's sound, as it is played; None: about the whole."""
    text: str
    created_at: datetime
    created_by: int | None = Field(default=None, foreign_key="person.id")
    resolved_at: datetime | None = None
    resolved_by: int | None = Field(default=None, foreign_key="person.id")


class SignOff(SQLModel, table=True):
    """Somebody's signature under one version of a rundown. A newer version is not signed by it."""

    __tablename__ = "sign_off"
    __table_args__ = (UniqueConstraint("airing_id", "version", "signed_by"),)

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id")
    version: int
    signed_at: datetime
    signed_by: int = Field(foreign_key="person.id")


class Reminder(SQLModel, table=True):
    """One telling that something awaited waits to be approved: to one person by mail, or by the station's webhook.

    The row is written before anything is told, and is unique: nothing is told twice, whichever process dies.
    """

    __table_args__ = (
        UniqueConstraint("segment_id", "cut", "airing_id", "step", "person_id"),
        # To a unique constraint no two NULLs are the same
        Index(
            "ix_reminder_webhook",
            "segment_id",
            "cut",
            "airing_id",
            "step",
            unique=True,
            sqlite_where=text("person_id IS NULL"),
            postgresql_where=text("person_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    segment_id: int = Field(foreign_key="segment.id")
    cut: int
    airing_id: int = Field(foreign_key="airing.id")
    step: str
    """``arrived``, ``half`` or ``last``."""
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Who is told by mail; None: by the webhook."""
    arrived_at: datetime
    cut_off_at: datetime
    """Until when it is told: afterwards it would not help this airing."""
    created_at: datetime
    next_attempt_at: datetime | None = Field(default=None, index=True)
    """None when it was told or is not wanted any more."""
    attempts: int = 0
    sent_at: datetime | None = None
    error: str | None = None
