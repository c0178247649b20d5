"""Edits and cuts as the API takes and shows them. All positions are samples at 48 kHz, ranges [start, end)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.library.models import CutState
from app.library.schemas import EXAMPLE, SegmentOut
from app.web.bodies import Answer, Body, example
from audio.edits import LEAST_GAIN_DB, MOST_EDITS, MOST_GAIN_DB
from audio.pcm import RATE

Position = Annotated[int, Field(ge=0, lt=2**53)]
Strength = Literal["off", "gentle", "strong"]

_EDITS: dict[str, Any] = {
    "first_sample": 48000,
    "end_sample": None,
    "removed": [[960000, 1008000]],
    "covered": [{"start": 2400000, "end": 2448000, "sound": "tone"}],
    "gains": [{"start": 4800000, "end": 5280000, "gain_db": 6.0}],
    "fade_in_samples": 0,
    "fade_out_samples": 24000,
    "cleaning": {"hum": True, "rumble": True, "noise": "gentle", "room": "off"},
    "even": True,
    "gain_db": 0.0,
}

_CUT: dict[str, Any] = {
    "number": 2,
    "state": "ready",
    "edits": _EDITS,
    "duration_s": 298.5,
    "joins": [912000, 1391000],
    "loudness_lufs": -20.9,
    "peak_dbtp": -4.0,
    "problem": None,
    "made_at": "2026-11-22T09:40:12Z",
    "made_by": 1,
    "approved_at": None,
    "approved_by": None,
}


class CoverIn(Body):
    """A range of which nothing may be heard: a name, for instance. It stays as long as it is."""

    start: Position
    end: Position
    sound: Literal["tone", "silence"] = "tone"


class GainIn(Body):
    """A range that is turned up or down."""

    start: Position
    end: Position
    gain_db: Annotated[float, Field(ge=LEAST_GAIN_DB, le=MOST_GAIN_DB)]


class CleaningIn(Body):
    """What is cleaned out of a recording; listen to it before and after."""

    hum: Annotated[bool, Field(description="The mains and its harmonics")] = False
    rumble: Annotated[bool, Field(description="Wind, steps and handling, below voices")] = False
    noise: Annotated[Strength, Field(description="What is steadily there between the words")] = "off"
    room: Annotated[Strength, Field(description="Echo")] = "off"


class SegmentEditsIn(Body):
    """All edits of a segment: what is left out is not done. Positions are samples of the recording's master at 48 kHz.

    Nothing is changed in the recording; no edits at all give it back as it came.
    """

    model_config = example(**_EDITS)

    first_sample: Annotated[
        Position | None, Field(description="Where it begins; left out: without the silence before it")
    ] = None
    end_sample: Annotated[Position | None, Field(description="Where it ends, likewise")] = None
    removed: Annotated[
        list[tuple[Position, Position]],
        Field(max_length=MOST_EDITS, description="Cut out; the rest closes up"),
    ] = Field(default_factory=list)
    covered: Annotated[list[CoverIn], Field(max_length=MOST_EDITS)] = Field(default_factory=list)
    gains: Annotated[list[GainIn], Field(max_length=MOST_EDITS)] = Field(default_factory=list)
    fade_in_samples: Position = 0
    fade_out_samples: Position = 0
    cleaning: CleaningIn = Field(default_factory=CleaningIn)
    even: Annotated[bool, Field(description="Make loudness even within the item")] = False
    gain_db: Annotated[
        float, Field(ge=-20, le=10, description="The whole of it louder or softer than other items")
    ] = 0.0

    def document(self) -> dict[str, Any]:
        """As `app.library.cuts` takes it."""
        return self.model_dump(mode="json")


class CutOut(Answer):
    """What one set of edits makes of a segment. ``number`` 1 is the recording without edits."""

    model_config = Answer.model_config | example(**_CUT)

    number: int
    state: CutState
    edits: dict[str, Any]
    duration_s: float | None
    joins: Annotated[
        list[int], Field(description="Where sound that was apart is together: samples of the cut")
    ]
    loudness_lufs: float | None
    peak_dbtp: float | None
    problem: dict[str, Any] | None
    made_at: datetime
    made_by: int | None
    approved_at: datetime | None
    approved_by: int | None

    @classmethod
    def of(cls, row: Any) -> CutOut:
        played = None if row.cue_in is None or row.cue_out is None else (row.cue_out - row.cue_in) / RATE
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "duration_s"}
        return cls(**fields, duration_s=None if played is None else round(played, 3))


class EditedSegmentOut(SegmentOut):
    """The segment, and the cut that its edits make; a worker makes it within seconds."""

    model_config = example(**EXAMPLE, newest_cut=_CUT)

    newest_cut: CutOut


class ApproveIn(Body):
    """Which cut was listened to."""

    model_config = example(cut=3)

    cut: Annotated[
        Position | None,
        Field(description="Refused where it is not the newest any more; left out: the newest"),
    ] = None


class RejectIn(Body):
    """What is wrong, for who made it."""

    model_config = example(reason="the name at 2:10 must go")

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
