from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class PullKey(SQLModel, table=True):
    """What lets a site fetch a feed's files: the secret part of its address, kept as the SHA-256 of its 256 random bits."""

    __tablename__ = "pull_key"

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True, ondelete="CASCADE")
    label: str
    """Who was given it, so that people know which to revoke."""
    token_sha256: str = Field(unique=True)
    created_at: datetime
    created_by: int | None = Field(default=None, foreign_key="person.id")
    revoked_at: datetime | None = None


class Offer(SQLModel, table=True):
    """What lies under a name for the site to fetch, as a file would in a folder. Only the engine writes it.

    Whether the site sees it depends on its handoff and its airing (`app.pull.offers`).
    """

    __table_args__ = (UniqueConstraint("feed_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    handoff_id: int = Field(foreign_key="handoff.id", index=True)
    name: str
    sha256: str
    size: int
    media_type: str
    suffix: str
    """Of the artefact's blob, with its dot."""
    content: bytes | None = None
    """A manifest's bytes; None for an artefact, which is served from its blob."""
    offered_at: datetime


class Fetch(SQLModel, table=True):
    """One answer to a site: written before its first byte, and closed with what went out."""

    __table_args__ = (Index("ix_fetch_feed_id_name", "feed_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id")
    pull_key_id: int = Field(foreign_key="pull_key.id")
    handoff_id: int = Field(foreign_key="handoff.id", index=True)
    name: str
    sha256: str
    size: int
    """Of the whole object."""
    method: str
    status: int
    first_byte: int
    end_byte: int
    """What was to go out: ``[first_byte, end_byte)``."""
    bytes_sent: int = 0
    """What the connection took before it ended. The client has them for certain only where it ended ``whole``."""
    ended: str | None = None
    """`app.pull.endings.Ending`; None: still going on, or the process ended, or not known."""
    started_at: datetime
    finished_at: datetime | None = None
    """None: still going on, or the process ended."""
    remote_address: str
    user_agent: str
