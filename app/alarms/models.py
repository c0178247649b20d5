from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class Alarm(SQLModel, table=True):
    """Something that a person must know tonight. One row per cause, open until the cause is gone."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """What is wrong: ``docs/operations.md`` lists every kind with what to do (a test compares the two)."""
    key: str = Field(index=True)
    """What it is about, e.g. ``airing:12/feed:3``: at most one open alarm for a kind and key."""
    airing_id: int | None = Field(default=None, foreign_key="airing.id")
    feed_id: int | None = Field(default=None, foreign_key="feed.id")
    site_id: int | None = Field(default=None, foreign_key="site.id")
    """Whose desk is to be called about a change of its lines; of the others the feed knows it."""
    change_id: int | None = Field(default=None, foreign_key="line_change.id")
    raised_at: datetime
    step: int = 0
    """How often it was told again because time runs out."""
    cleared_at: datetime | None = None


class Notification(SQLModel, table=True):
    """One alarm told over one channel: a row with a next-attempt time, not a sleeping task."""

    id: int | None = Field(default=None, primary_key=True)
    alarm_id: int = Field(foreign_key="alarm.id", index=True)
    channel: str
    """``webhook`` or ``email``."""
    step: int = 0
    """Of the alarm when this was to be told."""
    next_attempt_at: datetime | None
    """None when it was told or given up."""
    attempts: int = 0
    sent_at: datetime | None = None
    error: str | None = None
