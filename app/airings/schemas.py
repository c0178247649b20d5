"""What the API says of airings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion
from app.approving.schemas import SignatureOut
from app.approving.sign_offs import Signature
from app.web.bodies import Answer, Body, RowId, example
from schedules import edits
from schedules.edits import Edit

_AIRING: dict[str, Any] = {
    "id": 12,
    "slot_id": 3,
    "starts_at": "2026-11-22T15:00:00Z",
    "stops_at": "2026-11-22T15:30:00Z",
    "target_samples": 85_680_000,
    "compile_at": "2026-11-22T09:00:00Z",
    "state": "armed",
    "readiness": "ok",
    "version": 1,
    "content_cut_off_at": "2026-11-22T14:12:30Z",
    "instead_id": None,
    "signed_off": [{"version": 1, "at": "2026-11-22T09:10:00Z", "by_id": 3, "by": "이강"}],
    "is_signed": True,
}


class AiringOut(Answer):
    """One slot on one day."""

    model_config = Answer.model_config | example(**_AIRING)

    id: int
    slot_id: int
    starts_at: datetime
    stops_at: datetime
    target_samples: int
    compile_at: datetime
    state: str
    readiness: str
    version: int
    content_cut_off_at: Annotated[
        datetime | None,
        Field(
            description="What is recorded later would come too late, by what the steps to its feeds take here; of an airing that is over, null"
        ),
    ]
    instead_id: Annotated[
        int | None, Field(description="The programme that airs instead of its slot's on this date")
    ]
    signed_off: Annotated[
        list[SignatureOut], Field(description="Who has signed which version, the newest first")
    ]
    is_signed: Annotated[bool, Field(description="Whether somebody has signed the newest version")]

    @classmethod
    def of(
        cls,
        row: Airing,
        content_cut_off_at: datetime | None = None,
        signatures: Sequence[Signature] = (),
    ) -> AiringOut:
        reckoned = {"content_cut_off_at", "signed_off", "is_signed"}
        fields = {name: getattr(row, name) for name in cls.model_fields if name not in reckoned}
        return cls(
            **fields,
            content_cut_off_at=content_cut_off_at,
            signed_off=[SignatureOut.model_validate(one) for one in signatures],
            is_signed=any(one.version == row.version for one in signatures),
        )


class RundownOut(Answer):
    """A version of the rundown; ``rundown`` is the compiler's document, positions in samples at 48 kHz."""

    model_config = Answer.model_config | example(
        version=1,
        level="programme",
        cause="first",
        sha256="9f" * 32,
        compiled_at="2026-11-22T09:00:01Z",
        rundown={"target_samples": 85_680_000, "items": []},
    )

    version: int
    level: str
    cause: str
    sha256: str
    compiled_at: datetime
    rundown: dict[str, Any]

    @classmethod
    def of(cls, row: RundownVersion) -> RundownOut:
        return cls(
            version=row.version,
            level=row.level,
            cause=row.cause,
            sha256=row.sha256,
            compiled_at=row.compiled_at,
            rundown=json.loads(row.body),
        )


class ArtefactOut(Answer):
    """A version in one encoding."""

    model_config = Answer.model_config | example(
        recipe="mp3-48000-128/shortwave",
        sha256="1c" * 32,
        extension="mp3",
        media_type="audio/mpeg",
        bytes=28_560_000,
        samples=85_680_000,
        sample_rate=48_000,
        frames=74_375,
        loudness_lufs=-20.1,
        peak_dbtp=-3.6,
        joins=[2, 1000],
        rendered_at="2026-11-22T09:00:40Z",
    )

    recipe: str
    sha256: str
    extension: str
    media_type: str
    bytes: int
    samples: int
    sample_rate: int
    frames: int | None
    loudness_lufs: float | None
    peak_dbtp: float | None
    joins: list[int]
    rendered_at: datetime

    @classmethod
    def of(cls, row: Artefact) -> ArtefactOut:
        return cls.model_validate(row)


class ManifestOut(Answer):
    """Everything that was made of an airing's newest version."""

    model_config = Answer.model_config | example(
        airing=_AIRING, rundown_sha256="9f" * 32, level="programme", artefacts=[]
    )

    airing: AiringOut
    rundown_sha256: str
    level: str
    artefacts: list[ArtefactOut]


class IntentOut(Answer):
    """What was asked for; the engine carries it out within seconds, or says why not."""

    model_config = Answer.model_config | example(
        id=7,
        airing_id=12,
        handoff_id=None,
        kind="compile",
        created_at="2026-11-22T12:00:00Z",
        carried_out_at=None,
        refused=None,
    )

    id: int
    airing_id: int
    handoff_id: int | None
    kind: str
    created_at: datetime
    carried_out_at: datetime | None
    refused: str | None

    @classmethod
    def of(cls, row: Intent) -> IntentOut:
        return cls.model_validate(row)


class AsRunOut(Answer):
    """One item over one line, and how we know that it went out."""

    model_config = Answer.model_config | example(
        id=1,
        airing_id=12,
        line_id=2,
        feed_id=3,
        version=1,
        position=0,
        segment_id=5,
        source="segment",
        starts_at="2026-11-22T15:00:00.048Z",
        ends_at="2026-11-22T15:01:30Z",
        evidence="delivered",
    )

    id: int
    airing_id: int
    line_id: int
    feed_id: int | None
    version: int | None
    position: int
    segment_id: int | None
    source: str
    starts_at: datetime
    ends_at: datetime
    evidence: str

    @classmethod
    def of(cls, row: AsRun) -> AsRunOut:
        return cls.model_validate(row)


class LiveOutputOut(Answer):
    """One live feed just now: what goes out there, or why nothing does."""

    model_config = Answer.model_config | example(
        feed_id=3, state="on", level="programme", frame=4210, why=None
    )

    feed_id: int
    state: Annotated[str, Field(description="connecting, on")]
    level: Annotated[
        str | None,
        Field(
            description="programme, standby, evergreen, interval_signal, studio; null before anything is sent"
        ),
    ]
    frame: Annotated[int, Field(description="The next frame of the airing; negative before its beginning")]
    why: Annotated[str | None, Field(description="Of what is not on: a code and words")]


class TurnOut(Answer):
    """From which sample (48 kHz) on which step of the chain was asked for."""

    model_config = Answer.model_config | example(from_sample=1440000, level="standby")

    from_sample: int
    level: str
    because: Annotated[
        str | None,
        Field(
            description="`heard_wrong`: nobody asked for it, something wrong was heard; null: a person did"
        ),
    ] = None

    @classmethod
    def of(cls, turn: Mapping[str, Any]) -> Self:
        """Without what only the air process needs."""
        return cls(from_sample=turn["from_sample"], level=turn["level"])


class LiveOut(Answer):
    """An airing on the air live."""

    model_config = Answer.model_config | example(
        taken_on=True,
        outputs=[LiveOutputOut.model_config["json_schema_extra"]["examples"][0]],  # type: ignore[index]
        turns=[TurnOut.model_config["json_schema_extra"]["examples"][0]],  # type: ignore[index]
    )

    taken_on: Annotated[bool, Field(description="Whether the air process has what the engine armed last")]
    outputs: list[LiveOutputOut]
    turns: list[TurnOut]


class _OnItem(Body):
    """Positions count from 0, in the rundown as the edits before this one leave it."""

    position: Annotated[int, Field(ge=0, le=10_000)]


class SwapIn(_OnItem):
    """Another segment in an item's place."""

    op: Literal["swap"]
    segment_id: RowId

    def edit(self) -> Edit:
        return edits.Swap(self.position, self.segment_id)


class InsertIn(_OnItem):
    """A segment before an item; a position one past the last is the end."""

    op: Literal["insert"]
    segment_id: RowId

    def edit(self) -> Edit:
        return edits.Insert(self.position, self.segment_id)


class RemoveIn(_OnItem):
    """An item goes, and its segment is not picked again for this airing."""

    op: Literal["remove"]

    def edit(self) -> Edit:
        return edits.Remove(self.position)


class MoveIn(_OnItem):
    """An item goes to another place, counted without it."""

    op: Literal["move"]
    to: Annotated[int, Field(ge=0, le=10_000)]

    def edit(self) -> Edit:
        return edits.Move(self.position, self.to)


class LockIn(_OnItem):
    """An item stays, whatever else is changed."""

    op: Literal["lock"]

    def edit(self) -> Edit:
        return edits.Lock(self.position)


class TrimIn(_OnItem):
    """So many seconds less of an item at its beginning and at its end."""

    op: Literal["trim"]
    trim_in_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    trim_out_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0

    def edit(self) -> Edit:
        return edits.Trim(self.position, self.trim_in_s, self.trim_out_s)


EditIn = Annotated[SwapIn | InsertIn | RemoveIn | MoveIn | LockIn | TrimIn, Field(discriminator="op")]


class EditsIn(Body):
    """What to change in a rundown, in order; or which alternative (counted from 0) to take instead of it."""

    model_config = Body.model_config | example(
        edits=[{"op": "swap", "position": 3, "segment_id": 12}, {"op": "lock", "position": 5}]
    )

    edits: Annotated[list[EditIn], Field(max_length=200)] = Field(default_factory=list)
    alternative: Annotated[int | None, Field(ge=0, lt=5, description="Instead of edits.")] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.edits) == (self.alternative is not None):
            raise ValueError("send edits, or the number of an alternative")
        return self


_SEGMENT: dict[str, Any] = {"id": 12, "title": "라디오가 건너온 길", "kind": "talk"}


class SegmentNameOut(Answer):
    """What a segment of a rundown is called."""

    model_config = Answer.model_config | example(**_SEGMENT)

    id: int
    title: str
    kind: str


class EditedOut(Answer):
    """What the engine was asked for, and the rundown that it will make: everything before the first change is the same."""

    model_config = Answer.model_config | example(
        intent=IntentOut.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
        rundown={"target_samples": 85_680_000, "items": []},
        segments=[_SEGMENT],
    )

    intent: Annotated[IntentOut | None, Field(description="Of a dry run null")]
    rundown: dict[str, Any]
    segments: Annotated[
        list[SegmentNameOut], Field(description="Those of the rundown, and those that its notes name")
    ]


class BreakingIn(Body):
    """A recording to be put in at a join: the next one that can still be changed, or the next one from `at` on."""

    model_config = Body.model_config | example(segment_id=12, at=None)

    segment_id: RowId
    at: AwareDatetime | None = None


class InsertedOut(EditedOut):
    """As of an edit; and when the recording will be heard."""

    model_config = Answer.model_config | example(
        intent=IntentOut.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
        rundown={"target_samples": 85_680_000, "items": []},
        segments=[_SEGMENT],
        heard_at="2026-11-22T15:12:33Z",
    )

    heard_at: datetime


class AlternativesOut(Answer):
    """Programmes that could air instead, the best first; the first is what a compile would give."""

    model_config = Answer.model_config | example(
        rundowns=[{"target_samples": 85_680_000, "items": []}], segments=[_SEGMENT]
    )

    rundowns: list[dict[str, Any]]
    segments: Annotated[
        list[SegmentNameOut], Field(description="Those of the rundowns, and those that their notes name")
    ]
