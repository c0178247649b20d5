from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Background(SQLModel, table=True):
    """Other people's lines in a season, as one file tells them. The newest counts; the one before stays for comparing."""

    id: int | None = Field(default=None, primary_key=True)
    season: str = Field(index=True)
    format: str
    """``hfcc`` or ``eibi``."""
    file_name: str
    file_sha256: str
    encoding: str
    lines: int
    left_out: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """Records that are no lines of this season, by why."""
    problems: list[str] = Field(default_factory=list, sa_type=JSON)
    """The lines that could not be read, in words; at most `app.schedule.background.MOST_TOLD`."""
    unread: int = 0
    """How many those were in all."""
    imported_at: datetime
    imported_by: int | None = Field(default=None, foreign_key="person.id")


class BackgroundLine(SQLModel, table=True):
    """One of its lines: the fields of `schedules.frequencies.line.Line`."""

    __tablename__ = "background_line"

    id: int | None = Field(default=None, primary_key=True)
    background_id: int = Field(foreign_key="background.id", index=True)
    key: str
    khz: float
    start_minute: int
    stop_minute: int
    days: str
    first_date: date
    last_date: date
    site: str
    who: str
    zones: str
    """CIRAF quadrants, separated by commas."""
    power_kw: float | None = None
    azimuth: int | None = None
