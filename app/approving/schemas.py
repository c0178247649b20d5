"""The approval queue, notes and signatures, as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.library.models import CutState, SegmentKind
from app.web.bodies import Answer, Body, Prose, RowId, example
from audio.pcm import RATE

_WANTED: dict[str, Any] = {
    "airing_id": 12,
    "programme": "아침 뉴스",
    "starts_at": "2026-11-22T20:00:00Z",
    "how": "awaited",
    "cut_off_at": "2026-11-22T18:42:30Z",
    "seconds_left": 1150.0,
    "late": False,
}

_WAITING: dict[str, Any] = {
    "segment_id": 41,
    "revision": 2,
    "title": "아침 뉴스 11월 22일",
    "kind": "news",
    "presenter": "김하늘",
    "pseudonym": None,
    "duration_s": 300.0,
    "cut": 2,
    "cut_state": "ready",
    "approved_cut": None,
    "edited_only": False,
    "made_by": 2,
    "made_by_name": "박바다",
    "waiting_since": "2026-11-22T18:20:00Z",
    "has_script": True,
    "has_notes": False,
    "open_notes": 1,
    "loudness_lufs": -21.4,
    "peak_dbtp": -4.2,
    "clipped_samples": 0,
    "damaged": False,
    "longest_silence_s": 4.1,
    "warnings": ["long_silence"],
    "may_i": True,
    "why_not": None,
    "wanted_by": [_WANTED],
}

_NOTE: dict[str, Any] = {
    "id": 5,
    "segment_id": 41,
    "cut": 1,
    "at_sample": 6_240_000,
    "at_s": 130.0,
    "newest_cut": 2,
    "at_newest_sample": 6_192_000,
    "at_newest_s": 129.0,
    "text": "이름이 들립니다",
    "created_at": "2026-11-22T18:31:00Z",
    "created_by": 3,
    "author": "이강",
    "resolved_at": None,
    "resolved_by": None,
}

Concern = Literal["damaged", "clipped", "long_silence", "faint"]


class WantedOut(Answer):
    """An airing that waits for the draft. ``how``: ``awaited``, or ``airs_older_cut`` (its rundown holds the cut that was
    approved before, which airs unless this one is approved in time).
    """

    model_config = Answer.model_config | example(**_WANTED)

    airing_id: int
    programme: str
    starts_at: datetime
    how: Literal["awaited", "airs_older_cut"]
    cut_off_at: Annotated[datetime, Field(description="What is not here by then would come too late")]
    seconds_left: Annotated[float, Field(description="Until then; 0 where it is past")]
    late: Annotated[
        bool, Field(description="It is heard only where the sites still take a new version in time")
    ]


class WaitingOut(Answer):
    """A draft that waits for somebody's ear. Send ``revision`` as `If-Match` and ``cut`` in the body of `/approve`."""

    model_config = Answer.model_config | example(**_WAITING)

    segment_id: int
    revision: int
    title: str
    kind: SegmentKind
    presenter: str | None
    pseudonym: str | None
    duration_s: float | None
    cut: int
    cut_state: CutState
    approved_cut: int | None
    edited_only: Annotated[
        bool, Field(description="The recording was approved before: only its edits are new")
    ]
    made_by: Annotated[int | None, Field(description="Who made the newest cut")]
    made_by_name: str | None
    waiting_since: datetime
    has_script: bool
    has_notes: bool
    open_notes: int
    loudness_lufs: float | None
    peak_dbtp: float | None
    clipped_samples: int
    damaged: bool
    longest_silence_s: Annotated[float, Field(description="Of what its newest cut leaves")]
    warnings: list[Concern]
    may_i: bool
    why_not: str | None
    wanted_by: Annotated[list[WantedOut], Field(description="The most urgent first; it gives the order")]


class QueueOut(Answer):
    """The approval queue; ``waiting`` counts those too that the limit leaves out."""

    model_config = Answer.model_config | example(items=[_WAITING], next=None, waiting=1)

    items: list[WaitingOut]
    next: None = None
    waiting: int


class NoteIn(Body):
    """A note: about a place, in seconds or samples of the cut as it is played, or about the whole."""

    model_config = example(text="이름이 들립니다", cut=1, at_s=130.0)

    text: Prose
    cut: Annotated[
        int | None,
        Field(
            ge=0,
            lt=2**31,
            description="Which cut was listened to; 0: the recording as it came; left out: the newest",
        ),
    ] = None
    at_s: Annotated[float | None, Field(ge=0, le=10**6, allow_inf_nan=False)] = None
    at_sample: Annotated[int | None, Field(ge=0, lt=2**53)] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.at_s is not None and self.at_sample is not None:
            raise ValueError("give at_s or at_sample, not both")
        if not self.text:
            raise ValueError("the text is empty")
        return self

    def place(self) -> int | None:
        """In samples."""
        return self.at_sample if self.at_s is None else round(self.at_s * RATE)


class NoteOut(Answer):
    """A note, where it was made, and where that is in the newest cut (null: removed since, or not known)."""

    model_config = Answer.model_config | example(**_NOTE)

    id: int
    segment_id: int
    cut: int
    at_sample: int | None
    at_s: float | None
    newest_cut: int
    at_newest_sample: int | None
    at_newest_s: float | None
    text: str
    created_at: datetime
    created_by: int | None
    author: str | None
    resolved_at: datetime | None
    resolved_by: int | None

    @classmethod
    def of(cls, view: Any) -> NoteOut:
        fields = {name: getattr(view, name) for name in cls.model_fields if not name.endswith("_s")}
        return cls(**fields, at_s=_seconds(view.at_sample), at_newest_s=_seconds(view.at_newest_sample))


def _seconds(sample: int | None) -> float | None:
    return None if sample is None else round(sample / RATE, 3)


class SignOffIn(Body):
    """The version that was looked at."""

    model_config = example(version=3)

    version: RowId


class SignatureOut(Answer):
    """Somebody's signature under one version of a rundown."""

    model_config = Answer.model_config | example(version=3, at="2026-11-22T18:50:00Z", by_id=3, by="이강")

    version: int
    at: datetime
    by_id: int
    by: str
