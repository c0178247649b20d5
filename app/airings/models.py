from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Airing(SQLModel, table=True):
    """One slot on one day: the unit of work. Only the engine writes its state."""

    __table_args__ = (UniqueConstraint("slot_id", "starts_at"),)

    id: int | None = Field(default=None, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id", index=True)
    instead_id: int | None = Field(default=None, foreign_key="programme.id")
    """The programme that airs instead of its slot's; see `app.airings.programme`."""
    starts_at: datetime = Field(index=True)
    stops_at: datetime
    target_samples: int
    compile_at: datetime
    state: str = "planned"
    readiness: str = "ok"
    version: int = 0
    """The version that should go out: the newest one compiled, 0 before the first."""
    armed_version: int = 0
    """The version in the air process's folder."""
    armed_as: str | None = None
    """Of an airing with live feeds: a digest of what it was armed with last."""
    arming: int = 0
    """How often it was armed: the air process goes by the highest number."""
    turns: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """From which sample on which step of the chain goes out live, because somebody said so (`app.air.armed.Turn`), or, where
    there is ``because``, because of what was heard.
    """
    created_at: datetime


class Intent(SQLModel, table=True):
    """What a person wants of an airing or a handoff; the engine carries it out."""

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    handoff_id: int | None = Field(default=None, foreign_key="handoff.id")
    kind: str
    """``compile``, ``standby``, ``resume``, ``cancel``; of a studio ``studio`` and ``studio_over``; of a handoff ``retry``, ``send``, ``hold`` or ``manual``."""
    details: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Of a delivery by hand: ``at`` and ``how``; of a studio what `app.studio.turns` wants."""
    person_id: int | None = Field(default=None, foreign_key="person.id")
    created_at: datetime
    carried_out_at: datetime | None = Field(default=None, index=True)
    refused: str | None = None


class Edition(SQLModel, table=True):
    """What producers changed in an airing's rundown: the clock that it is compiled by from then on."""

    airing_id: int = Field(primary_key=True, foreign_key="airing.id")
    base_version: int
    """The version that was edited; the first ``kept`` items of its rundown stay as they are."""
    kept: int
    clock: list[dict[str, Any]] = Field(sa_type=JSON)
    excluded: list[int] = Field(default_factory=list, sa_type=JSON)
    edited_at: datetime
    edited_by: int | None = Field(default=None, foreign_key="person.id")


class RundownVersion(SQLModel, table=True):
    """A compiled rundown; its body is the canonical JSON and never changes."""

    __tablename__ = "rundown"
    __table_args__ = (UniqueConstraint("airing_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    version: int
    level: str
    cause: str
    """Why this version was made: first, requested, withdrawn (a segment may no longer air), reworded (an announcement
    says something else now), renewed (something awaited has come, or an item was cut anew), failed.
    """
    body: str
    sha256: str
    compiled_at: datetime
    unspoken: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """Announcements that its clock asks for and that could not be made: ``template``, ``key`` (of what they would have
    said, and by which clips) and ``why``.
    """
    clock_sha256: str | None = None
    """Of the clock by which it was compiled."""
    awaited: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON)
    """What had come by then of what its clock awaits: ``name``, ``segment_id``, ``cut``. None where the programme was not tried.
    """


class Artefact(SQLModel, table=True):
    """A rundown rendered in one encoding and profile; the file is named by its SHA-256."""

    __table_args__ = (UniqueConstraint("rundown_id", "recipe"),)

    id: int | None = Field(default=None, primary_key=True)
    rundown_id: int = Field(foreign_key="rundown.id", index=True)
    recipe: str
    """Encoding and profile in short form: the key under which feeds with equal wishes share a file."""
    sha256: str = Field(index=True)
    extension: str
    media_type: str
    bytes: int
    samples: int
    sample_rate: int
    frames: int | None = None
    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    joins: list[int] = Field(default_factory=list, sa_type=JSON)
    rendered_at: datetime


class StandIn(SQLModel, table=True):
    """A segment, or the interval signal, made ready in one recipe, so that it can go out live at any moment."""

    __tablename__ = "stand_in"
    __table_args__ = (UniqueConstraint("source", "recipe"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    """What it was made of: master, cues and gain, or the interval signal's master (`app.airings.stand_ins`)."""
    segment_id: int | None = Field(default=None, foreign_key="segment.id")
    """None: the interval signal."""
    recipe: str
    sha256: str = Field(index=True)
    extension: str
    bytes: int
    samples: int
    sample_rate: int
    rendered_at: datetime


class AsRun(SQLModel, table=True):
    """What went out over one line in one airing, item by item, and how we know."""

    __tablename__ = "as_run"
    __table_args__ = (
        UniqueConstraint("airing_id", "line_id", "feed_id", "position"),
        # When, how often and where a segment was heard is answered from the index alone
        Index("ix_as_run_segment", "segment_id", "starts_at", "airing_id", "evidence"),
    )

    id: int | None = Field(default=None, primary_key=True)
    airing_id: int = Field(foreign_key="airing.id", index=True)
    line_id: int = Field(foreign_key="line.id")
    feed_id: int | None = Field(default=None, foreign_key="feed.id")
    version: int | None = None
    position: int
    """Place in the rundown; -1 for a line whose airing had no audio."""
    segment_id: int | None = Field(default=None, foreign_key="segment.id")
    source: str
    """``segment``, ``interval_signal``, ``studio`` or ``nothing``."""
    starts_at: datetime = Field(index=True)
    ends_at: datetime
    evidence: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
