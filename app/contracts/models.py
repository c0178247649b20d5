from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel


class Contract(SQLModel, table=True):
    """What was booked at a site over a period of UTC days; the airings of its lines there count."""

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    first_date: date
    last_date: date
    booked_minutes: int
    booked_per: str
    """``month``, or ``period``: in all."""
    hours: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """Which hours were booked, where the contract says so: ``start`` and ``stop`` (HHMM, UTC) and ``days`` (ISO digits) of each
    transmitter. They do not change what is reckoned; lines are compared with them."""
    price_minor: int
    """Of one billing unit, in the currency's smallest unit (cents, won)."""
    currency: str
    billing_unit: str
    """``minute``, ``quarter_hour`` or ``hour``: a begun one is billed whole, airing by airing."""
    notice_days: int | None = None
    note: str | None = None
    created_at: datetime
    revision: int = 1


class LogImport(SQLModel, table=True):
    """A log or invoice of the site that was taken in, and how it was read."""

    __tablename__ = "log_import"

    id: int | None = Field(default=None, primary_key=True)
    contract_id: int = Field(foreign_key="contract.id", index=True)
    file_name: str
    file_sha256: str
    mapping: dict[str, Any] = Field(sa_type=JSON)
    rows: int
    """That were new."""
    imported_at: datetime
    imported_by: int | None = Field(default=None, foreign_key="person.id")


class LogEntry(SQLModel, table=True):
    """One row of a site's log, known by what it says: the same one is never taken twice."""

    __tablename__ = "log_entry"
    __table_args__ = (UniqueConstraint("contract_id", "row_sha256", "occurrence"),)

    id: int | None = Field(default=None, primary_key=True)
    contract_id: int = Field(foreign_key="contract.id")
    import_id: int = Field(foreign_key="log_import.id", index=True)
    line: int
    starts_at: datetime
    stops_at: datetime
    khz: int | None = None
    status: str
    aired: bool
    row_sha256: str
    occurrence: int
    """Counts rows of one file that say the same, from 0."""
