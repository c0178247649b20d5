from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class SegmentKind(StrEnum):
    news = "news"
    talk = "talk"
    drama = "drama"
    testimony = "testimony"
    music = "music"
    jingle = "jingle"
    ident = "ident"
    interval_signal = "interval_signal"
    announcement = "announcement"
    filler = "filler"
    bed = "bed"


class SegmentState(StrEnum):
    processing = "processing"
    rejected = "rejected"
    draft = "draft"
    approved = "approved"
    retired = "retired"
    recalled = "recalled"


class Segment(SQLModel, table=True):
    """One piece of audio in the library. Positions and lengths are samples of its 48 kHz master."""

    id: int | None = Field(default=None, primary_key=True)
    title: str
    kind: str = Field(index=True)
    tags: list[str] = Field(default_factory=list, sa_type=JSON)
    presenter: str | None = None
    series: str | None = Field(default=None, index=True)
    episode: int | None = None
    awaited_as: str | None = None
    awaited_on: date | None = None
    """The awaited element of a clock and the broadcast date (KST) that it was delivered for."""
    air_from: datetime | None = None
    air_until: datetime | None = None
    state: str = Field(default=SegmentState.processing, index=True)
    created_at: datetime
    created_by: int | None = Field(default=None, foreign_key="person.id")
    approved_at: datetime | None = None
    approved_by: int | None = Field(default=None, foreign_key="person.id")
    revision: int = 1

    original_name: str | None = None
    """The file's name as its sender wrote it, NFC: for display, never a path."""
    original_sha256: str | None = Field(default=None, index=True)
    original_bytes: int | None = None

    master_sha256: str | None = Field(default=None, index=True)
    samples: int | None = None
    cue_in: int | None = None
    cue_out: int | None = None
    """What is played is ``[cue_in, cue_out)`` of the master: without leading and trailing silence."""
    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    leading_silence_samples: int | None = None
    trailing_silence_samples: int | None = None
    silences: list[list[int]] = Field(default_factory=list, sa_type=JSON)
    """Silences of over a second inside, as ``[start, end)`` pairs."""
    clipped_samples: int | None = None
    damaged: bool = False
    peaks_sha256: str | None = None
    fingerprint_sha256: str | None = None
    """Of the recording as it came. None where it is still to be made, and of what Danpa spoke."""
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Why it was rejected, as a problem document."""
    spoken_key: str | None = Field(default=None, unique=True, index=True)
    """Of what Danpa spoke for single airings: what its words and clips were. Such a segment is no part of the producers' library."""
    spoken: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Of the same: ``template`` and ``text``."""

    @property
    def spoken_text(self) -> str | None:
        return self.spoken["text"] if self.spoken else None


class SegmentLandmark(SQLModel, table=True):
    """A moment of a segment that a copy of it is found by: an index of what lies in the fingerprints' blobs.

    About 45 a minute. Without a row id the key is the table: it is read by word, and 20,000 segments have millions.
    """

    __tablename__ = "segment_landmark"
    __table_args__ = {"sqlite_with_rowid": False}

    word: int = Field(primary_key=True)
    segment_id: int = Field(primary_key=True, foreign_key="segment.id", ondelete="CASCADE")
    frame: int = Field(primary_key=True)
    """Where it is, in steps of `audio.fingerprint.FRAME_S`."""


class ImportedFile(SQLModel, table=True):
    """A file that ``danpa import`` made a segment of, so that a second run goes on where the first stopped."""

    __tablename__ = "imported_file"

    id: int | None = Field(default=None, primary_key=True)
    path: str = Field(unique=True)
    bytes: int
    modified_ns: int
    segment_id: int = Field(foreign_key="segment.id")
