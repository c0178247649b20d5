from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class ReceptionReport(SQLModel, table=True):
    """One reception report. It holds nobody's name: listeners are at risk."""

    __tablename__ = "reception_report"

    id: int | None = Field(default=None, primary_key=True)
    heard_at: datetime = Field(index=True)
    line_id: int = Field(foreign_key="line.id", index=True)
    khz: int = Field(index=True)
    """The line's when it was heard."""
    sinpo: str | None = None
    """Five digits from 1 (worst) to 5: strength, interference, noise, propagation, overall."""
    overall: int
    """The O of SINPO: 1 useless, 2 poor, 3 fair, 4 good, 5 excellent."""
    jamming: str
    """``none``, ``noise``, ``tone``, ``music``, ``co_channel`` or ``unknown``."""
    source: str
    """``monitor``, ``listener`` or ``remote_sdr``."""
    place: str | None = None
    latitude: float | None = None
    """To a tenth of a degree (11 km), as the longitude; never stored more exactly."""
    longitude: float | None = None
    note: str | None = None
    taken_by: int | None = Field(default=None, foreign_key="person.id")
    """The person of the station who wrote it down, not the listener."""
    created_at: datetime
