"""Segments as the API shows and takes them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, computed_field

from app.errors import Invalid
from app.library.alike import Alike
from app.library.description import PROSE_LIMIT, check_max_airings, clean_presenter, clean_prose
from app.library.models import Segment, SegmentKind, SegmentState
from app.library.names import clean_line, clean_tags, clean_title
from app.web.bodies import Answer, Body, Instant
from app.web.pagination import Page
from audio.pcm import RATE

EXAMPLE: dict[str, Any] = {
    "id": 41,
    "title": "아침 뉴스 11월 22일",
    "kind": "news",
    "tags": ["뉴스", "daily"],
    "presenter": "김하늘",
    "series": None,
    "episode": None,
    "awaited_as": None,
    "awaited_on": None,
    "notes": None,
    "rights": None,
    "pseudonym": None,
    "max_airings": None,
    "retain_until": None,
    "air_from": "2026-11-22T15:00:00Z",
    "air_until": "2026-11-23T15:00:00Z",
    "state": "draft",
    "created_at": "2026-11-22T09:12:44Z",
    "created_by": 1,
    "approved_at": None,
    "approved_by": None,
    "revision": 2,
    "original_name": "아침뉴스_1122.wav",
    "original_sha256": "5f0c6c2ab9e1c3f5b6d1a7e0f1f0d8f5b7c9a3e2d4f6081a2b3c4d5e6f708192",
    "original_bytes": 28800044,
    "duration_s": 300.0,
    "cut": 1,
    "approved_cut": None,
    "played_samples": 14400000,
    "samples": 14400000,
    "cue_in": 9600,
    "cue_out": 14380800,
    "loudness_lufs": -21.4,
    "peak_dbtp": -4.2,
    "leading_silence_samples": 12000,
    "trailing_silence_samples": 21600,
    "silences": [[4800000, 4862400]],
    "clipped_samples": 0,
    "damaged": False,
    "problem": None,
    "spoken_text": None,
}


class SegmentOut(Answer):
    """A segment. Positions and lengths are samples of its 48 kHz master, which is there once ingest has ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: int
    title: str
    kind: SegmentKind
    tags: list[str]
    presenter: str | None
    series: str | None
    episode: int | None
    awaited_as: str | None
    awaited_on: date | None
    notes: str | None
    rights: Annotated[str | None, Field(description="Whose it is, and what was agreed")]
    pseudonym: Annotated[str | None, Field(description="The name under which whoever speaks may be known")]
    max_airings: Annotated[int | None, Field(description="After so many airings it is not chosen any more")]
    retain_until: Annotated[
        date | None, Field(description="The last day (KST) of its keeping; then its audio is deleted")
    ]
    air_from: datetime | None
    air_until: datetime | None
    state: SegmentState
    created_at: datetime
    created_by: int | None
    approved_at: datetime | None
    approved_by: int | None
    revision: int
    cut: Annotated[int, Field(description="The number of its newest cut; 0 before there is a master")]
    approved_cut: Annotated[
        int | None, Field(description="The cut that may air, unless the segment is retired or recalled")
    ]
    played_samples: Annotated[int | None, Field(description="How long its newest cut is")]
    original_name: str | None
    original_sha256: str | None
    original_bytes: int | None
    samples: int | None
    cue_in: int | None
    cue_out: int | None
    loudness_lufs: float | None
    peak_dbtp: float | None
    leading_silence_samples: int | None
    trailing_silence_samples: int | None
    silences: list[list[int]]
    clipped_samples: int | None
    damaged: bool
    problem: dict[str, Any] | None
    spoken_text: Annotated[
        str | None, Field(description="Of what Danpa spoke for single airings: what it says.")
    ]

    @computed_field
    def duration_s(self) -> float | None:
        """How long its newest cut is, in seconds."""
        return None if self.played_samples is None else round(self.played_samples / RATE, 3)


_PLACE: dict[str, Any] = {
    "airing_id": 12,
    "starts_at": "2026-11-22T15:00:00Z",
    "feed_id": 3,
    "feed_name": "Tashkent, studio server",
    "site_code": "TAC",
    "fate": "to_be_replaced",
    "evidence": None,
    "error": None,
    "accept_until": "2026-11-22T14:55:00Z",
}


class PlaceOut(Answer):
    """What has become of a segment in one airing at one site.

    ``fate``: ``not_delivered``; ``to_be_replaced`` (the site has it and still takes a newer version); ``not_reached``
    (so, and the newer version fails: ``error``); ``too_late`` (the site has it and takes nothing new: call it);
    ``replaced``; ``aired`` (``evidence`` says how we know).
    """

    model_config = Answer.model_config | ConfigDict(json_schema_extra={"examples": [_PLACE]})

    airing_id: int
    starts_at: datetime
    feed_id: int | None
    feed_name: str | None
    site_code: str | None
    fate: str
    evidence: str | None
    error: str | None
    accept_until: datetime | None


class RecallIn(Body):
    """Why, for the journal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "names a source"}]})

    reason: Annotated[str, Field(max_length=500)] = ""


class RecallOut(SegmentOut):
    """The recalled segment, where it is now, and what it can no longer stand in for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [EXAMPLE | {"whereabouts": [_PLACE], "stands_in_for": ["stand-by of night-voice"]}]
        }
    )

    whereabouts: list[PlaceOut]
    stands_in_for: list[str]


class SegmentDetail(SegmentOut):
    """One segment, with its script and the earlier ones that hold the same audio, and when it was heard and will be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                EXAMPLE
                | {
                    "script": "안녕하십니까. 11월 22일 아침 뉴스입니다.",
                    "same_audio_as": [17],
                    "last_aired_at": "2026-11-22T15:02:10Z",
                    "times_aired": 1,
                    "next_airs_at": None,
                }
            ]
        }
    )

    script: Annotated[str | None, Field(description="What is said, as written")]
    same_audio_as: list[int]
    last_aired_at: datetime | None = None
    times_aired: int = 0
    next_airs_at: datetime | None = None

    @classmethod
    def of(cls, segment: Segment, same_audio_as: list[int]) -> Self:
        shown = SegmentOut.model_validate(segment).model_dump(exclude={"duration_s"})
        return cls(**shown, script=segment.script, same_audio_as=same_audio_as)


_ALIKE: dict[str, Any] = {
    "segment_id": 17,
    "title": "대담: 강을 건너온 사람",
    "kind": "talk",
    "state": "recalled",
    "duration_s": 312.4,
    "shared_s": 187.3,
    "of_this": 0.98,
    "of_other": 0.81,
    "at_s": 1.2,
    "offset_s": 42.5,
}


class AlikeOut(Answer):
    """A segment that sounds like the one that was asked about, by how much, and where to listen.

    Pauses, noise and steady tones are no sound here. Two talks behind the same jingle share the jingle's seconds.
    """

    model_config = Answer.model_config | ConfigDict(json_schema_extra={"examples": [_ALIKE]})

    segment_id: int
    title: str
    kind: SegmentKind
    state: SegmentState
    duration_s: float | None
    shared_s: float = Field(description="Seconds of this one's sound that are in the other too.")
    of_this: float = Field(description="The same as a share of this one's sound, 0 to 1.")
    of_other: float = Field(description="How much of the other's sound is in this one, 0 to 1.")
    at_s: float = Field(description="Where in this one the longest common stretch begins.")
    offset_s: float = Field(description="How much further on it lies in the other.")

    @classmethod
    def of(cls, found: Alike) -> Self:
        shown = SegmentOut.model_validate(found.segment)
        common = {field: round(value, 3) for field, value in asdict(found.likeness).items()}
        described = {field: getattr(shown, field) for field in ("title", "kind", "state", "duration_s")}
        return cls(segment_id=shown.id, **described, **common)


class AlikePage(Page[AlikeOut]):
    """All of it is one page: ``next`` is null."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_ALIKE], "next": None, "not_compared": 0}]}
    )

    not_compared: int = Field(
        description="Segments that were not looked at: their fingerprints are still to be made, or cannot be read."
    )


class SegmentPatch(Body):
    """What to change; fields that are left out stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "아침 뉴스", "tags": ["뉴스"], "air_until": "2026-11-24T15:00:00Z"}]
        },
    )

    title: str | None = None
    tags: list[str] | None = None
    presenter: str | None = None
    series: str | None = None
    episode: int | None = None
    awaited_as: str | None = None
    awaited_on: date | None = None
    script: Annotated[str | None, Field(max_length=PROSE_LIMIT)] = None
    notes: Annotated[str | None, Field(max_length=PROSE_LIMIT)] = None
    rights: Annotated[str | None, Field(max_length=PROSE_LIMIT)] = None
    pseudonym: str | None = None
    max_airings: int | None = None
    retain_until: date | None = None
    air_from: Instant | None = None
    air_until: Instant | None = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, in the form in which they are stored.

        Raises:
            Invalid: a text is empty where it may not be, too long, or holds control characters.
        """
        given = {field: getattr(self, field) for field in self.model_fields_set}
        if "title" in given:
            if given["title"] is None:
                raise Invalid("title cannot be removed", field="title")
            given["title"] = clean_title(given["title"])
        if "tags" in given:
            given["tags"] = clean_tags(given["tags"] or [])
        if "presenter" in given:
            given["presenter"] = clean_presenter(given["presenter"])
        for field in ("script", "notes", "rights"):
            if field in given:
                given[field] = clean_prose(given[field], field)
        if "pseudonym" in given:
            given["pseudonym"] = clean_line(given["pseudonym"] or "", "pseudonym", 100) or None
        check_max_airings(given.get("max_airings"))
        return given


class PeaksOut(Answer):
    """A waveform: for each of equal stretches of the sound the lowest and the highest sample, of 127."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "samples": 14400000,
                    "rate": 48000,
                    "samples_per_pair": 14400,
                    "first_sample": 0,
                    "pairs": [[-31, 29], [-80, 77]],
                    "joins": [912000],
                }
            ]
        }
    )

    samples: int
    rate: int
    samples_per_pair: int = Field(description="The last pair may stand for fewer.")
    first_sample: int = Field(description="Where the first pair begins.")
    pairs: list[list[int]]
    joins: list[int] = Field(description="Where sound that was apart is together, in samples.")
