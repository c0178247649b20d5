from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from schedules.time import end_of_kst_day


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


HEARD = frozenset({SegmentState.draft, SegmentState.approved, SegmentState.rejected})
"""States in which a cut that was approved earlier may air."""


class CutState(StrEnum):
    making = "making"
    ready = "ready"
    failed = "failed"
    forgotten = "forgotten"
    """Nobody works on it, and it airs no more: its sound is made again when somebody goes back to it."""


class Segment(SQLModel, table=True):
    """One piece of audio in the library. Positions and lengths are samples of its 48 kHz master."""

    __table_args__ = (Index("ix_segment_awaited", "awaited_on", "awaited_as"),)
    # What came for an awaited element is asked of every coming airing at every turn of the engine

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
    script: str | None = None
    """What is said, as written: read beside the audio by who approves it."""
    notes: str | None = None
    rights: str | None = None
    """Whose it is and what was agreed, for people."""
    pseudonym: str | None = None
    """The name under which whoever speaks may be known; outside the station there is no other."""
    max_airings: int | None = None
    """After so many it is not chosen any more."""
    retain_until: date | None = Field(default=None, index=True)
    """The last day (KST) for which its speaker lets the station keep it; then its audio and its script are erased."""
    air_from: datetime | None = None
    air_until: datetime | None = None
    state: str = Field(default=SegmentState.processing, index=True)
    batch: str | None = Field(default=None, index=True)
    """What its sender called the files that were sent together."""
    created_at: datetime
    created_by: int | None = Field(default=None, foreign_key="person.id")
    approved_at: datetime | None = None
    approved_by: int | None = Field(default=None, foreign_key="person.id")
    """When it was let on the air first, and by whom; of its later cuts their own rows know."""
    revision: int = 1

    cut: int = 0
    """The number of the cut that people work on: the newest wish of its editors. 0 before there is a master."""
    approved_cut: int | None = None
    """The number of the cut that may air, unless the segment is retired or recalled."""
    played_samples: int | None = None
    """How long ``cut`` is on the air."""

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
    def airs_until(self) -> datetime | None:
        """The end of its dates, and of the days for which it may be kept."""
        ends = [self.air_until, end_of_kst_day(self.retain_until) if self.retain_until else None]
        return min((end for end in ends if end is not None), default=None)

    @property
    def spoken_text(self) -> str | None:
        return self.spoken["text"] if self.spoken else None


class Cut(SQLModel, table=True):
    """What one set of edits makes of a segment's master. It is what airs, and what an approval is of; it never changes.

    The first cut of a segment has no edits. One that only begins later or ends earlier plays the segment's own master;
    every other has a master of its own.
    """

    __table_args__ = (UniqueConstraint("segment_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    segment_id: int = Field(foreign_key="segment.id", index=True, ondelete="CASCADE")
    number: int
    edits: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """As `audio.edits` writes them; positions are samples of the segment's master."""
    edits_sha256: str
    state: str = CutState.making
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Why it could not be made, as a problem document."""
    gain_db: float = 0.0
    """Louder or softer than the level to which everything is brought."""
    made_at: datetime
    made_by: int | None = Field(default=None, foreign_key="person.id")
    approved_at: datetime | None = None
    approved_by: int | None = Field(default=None, foreign_key="person.id")

    master_sha256: str | None = Field(default=None, index=True)
    samples: int | None = None
    cue_in: int | None = None
    cue_out: int | None = None
    """What is played is ``[cue_in, cue_out)`` of this cut's master."""
    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    peaks_sha256: str | None = None
    joins: list[int] = Field(default_factory=list, sa_type=JSON)
    """Where sound that was apart is together now: samples of this cut's master."""


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


class SegmentSearch(SQLModel, table=True):
    """What a segment's words are looked for in (`app.library.search`); written whenever the segment is (`app.library.findable`).

    In a table of its own because it is read from one end to the other, and a segment's row is five times as wide.
    """

    __tablename__ = "segment_search"

    segment_id: int = Field(primary_key=True, foreign_key="segment.id", ondelete="CASCADE")
    spelled: str
    typed: str


class SegmentTag(SQLModel, table=True):
    """A segment's tags once more, to be found by; written as `SegmentSearch` is."""

    __tablename__ = "segment_tag"

    tag: str = Field(primary_key=True)
    segment_id: int = Field(primary_key=True, foreign_key="segment.id", index=True, ondelete="CASCADE")
