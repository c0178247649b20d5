"""What is found in the library, and where it was heard, as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, computed_field

from app.library.finding import Found
from app.library.schemas import EXAMPLE, SegmentOut
from app.web.bodies import Answer
from app.web.pagination import Page


class ListedSegment(SegmentOut):
    """A segment, with when and how often it was heard."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [EXAMPLE | {"last_aired_at": "2026-11-22T15:02:10Z", "times_aired": 1}]
        }
    )

    last_aired_at: Annotated[datetime | None, Field(description="By evidence beyond `planned`")]
    times_aired: Annotated[int, Field(description="In how many airings, by evidence beyond `planned`")]

    @classmethod
    def of(cls, found: Found) -> Self:
        spoken = found.columns["spoken"]
        return cls.model_validate(
            found.columns
            | {
                "spoken_text": spoken["text"] if spoken else None,
                "last_aired_at": found.heard.last_aired_at,
                "times_aired": found.heard.times_aired,
            }
        )


_OUTING: dict[str, Any] = {
    "airing_id": 12,
    "state": "done",
    "programme": "night-voice",
    "programme_title": "밤의 목소리",
    "starts_at": "2026-11-22T15:00:00Z",
    "airs_at": "2026-11-22T15:02:10Z",
    "within_s": 130.0,
    "times": 1,
    "lines": 3,
    "khz": [7585, 9330],
    "evidence": {"delivered": 2, "monitored": 1},
}


class OutingOut(Answer):
    """A segment in one airing. ``airs_at`` is when it is heard first, ``within_s`` seconds after the airing's beginning.

    ``evidence`` says on how many lines what is known of it; it is empty of what is planned.
    """

    model_config = Answer.model_config | ConfigDict(json_schema_extra={"examples": [_OUTING]})

    airing_id: int
    state: str
    programme: str
    programme_title: str
    starts_at: datetime
    airs_at: datetime
    times: int
    lines: int
    khz: list[int]
    evidence: dict[str, int]

    @computed_field
    def within_s(self) -> float:
        return round((self.airs_at - self.starts_at).total_seconds(), 3)


class OutingsOut(Page[OutingOut]):
    """Where a segment has aired, and in ``planned`` where it will, as far as rundowns are compiled."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [_OUTING],
                    "next": None,
                    "planned": [_OUTING | {"airing_id": 15, "state": "compiled", "evidence": {}}],
                }
            ]
        }
    )

    planned: list[OutingOut]
