from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class Station(SQLModel, table=True):
    """The one station of this database (id 1)."""

    id: int = Field(default=1, primary_key=True)
    name: str
    is_demo: bool = False
    evergreen_segment_id: int | None = Field(default=None, foreign_key="segment.id")
    interval_signal_sha256: str | None = None
    interval_signal_samples: int | None = None
    materialised_until: datetime | None = None
    """Airings exist for every occurrence that starts before this instant."""
    air_journal_position: int = 0
    """Records of the air process's journal that have been imported."""
    spoken_name: str | None = None
    """What announcements call the station; its name, where there is none."""
    announced_zone: str = "kst"
    """Whose clock they tell: ``kst`` or ``pyongyang``."""
    frequencies_spoken: bool = True
    next_spoken: bool = True
    """Whether they tell the frequencies, and the next programme."""
    approved_by_another: bool = False
    """Whether who uploaded or edited a recording may not approve it."""
    created_at: datetime
