from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from app.feeds.contract import TEMPORARY


class Feed(SQLModel, table=True):
    """An endpoint at a site that takes our audio, as a file or live, and what the site wants of it.

    Instants are seconds before the start of the airing: delivery begins at ``deadline_s + lead_s``, people are warned
    at ``deadline_s + warn_s``, the file must be there at ``deadline_s``, and the site takes replacements until
    ``accept_until_s``.
    """

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str = Field(unique=True)
    protocol: str
    """One of `app.feeds.drivers.PROTOCOLS`, or of `app.feeds.live.LIVE`."""
    address: str
    """An absolute folder, or a URL; empty for ``pull``."""
    credential: str | None = None
    """A reference, never the secret: ``env:DANPA_FEED_NAME`` or ``file:/path`` (mode 0600). A bearer token, a password, an
    SSH key or an access key and its secret, as the protocol has it."""
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What only this protocol needs (`app.feeds.options`)."""
    codec: str = "mp3"
    sample_rate: int = 48_000
    bitrate_kbps: int | None = None
    """None: the codec's usual one, or none at all (WAV, FLAC)."""
    channels: int = 1
    """2: dual mono, the same sound in both."""
    profile: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Deviations from the shortwave profile; empty for the default."""
    lead_in: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the file has before the programme (the fields of `audio.lead_in.LeadIn`); empty for nothing."""
    part: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Which part of each airing it takes, as a file by itself (the fields of `audio.excerpt.Excerpt`); empty for all of it.

    A site that splits the hour has a feed for each part: each has its own name, receipts and alarms."""
    name_template: str
    temporary: str = TEMPORARY
    """What a file is called while it is written, with ``{name}``; ``{name}`` itself writes in place."""
    sidecar: str = ""
    """What the manifest of a file is called, with ``{name}``; it may lie in another folder. Empty: there is none."""
    may_remove: bool = False
    """Whether our own files may be taken away once their airing is over."""
    second_feed_id: int | None = Field(default=None, foreign_key="feed.id")
    """Another way to the same site. Its own lines apart, it gets what this feed gets, as ``second_route`` says."""
    second_route: str = "in_order"
    """``in_order``: from the first trouble of this feed on; ``both``: always."""
    read_back: str = "get"
    """``none``, ``head`` or ``get``; a folder is always read back."""
    max_duration_s: int | None = None
    lead_s: int = 3600
    warn_s: int = 900
    deadline_s: int = 1800
    accept_until_s: int = 300
    enabled: bool = True
    created_at: datetime
    updated_at: datetime
    revision: int = 1
