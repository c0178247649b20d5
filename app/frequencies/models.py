from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Site(SQLModel, table=True):
    """A transmitter site under its HFCC code."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    operator: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    contacts: str | None = None
    desk: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """Whom an alarm names: ``name``, ``phone``, ``mail``, ``language``, ``hours``."""
    desk_in_alarms: bool = False
    """Whether alarms that leave the station may say so."""
    notice_h: float = 0
    """A change must be asked for this many hours before it is to begin."""
    notice_mail: str | None = None
    """Where notices of changes are sent; None: to its desk, if that has a mail address."""
    country: str | None = None
    """ITU's code of the country that it stands in: never that of the administration (Taiwan's sites carry CHN there)."""
    retune_s: int | None = None
    """How long a transmitter needs for another frequency; None: nobody has said."""
    created_at: datetime
    revision: int = 1


class Line(SQLModel, table=True):
    """One frequency-schedule line that carries a slot from a site."""

    id: int | None = Field(default=None, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id", index=True)
    site_id: int = Field(foreign_key="site.id")
    khz: int
    power_kw: float | None = None
    azimuth: int | None = None
    ciraf_zones: str | None = None
    days: str
    """UTC start days within the slot's, ISO digits."""
    first_date: date
    last_date: date
    transmitter: str | None = None
    """Which of the site's transmitters, where that is known."""
    synchronised: str | None = None
    """Lines with the same mark send the same programme in step on one frequency: that is meant."""
    texts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """The line as it stood in the files that it was imported from, by format (``hfcc``, ``eibi``)."""
    created_at: datetime
    revision: int = 1


class LineFeed(SQLModel, table=True):
    """A feed takes a line's audio."""

    __tablename__ = "line_feed"

    line_id: int = Field(foreign_key="line.id", primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", primary_key=True)
