"""What the API says of a clock that is tried: its budget, and the programmes that it would make."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from app.airings.schemas import SegmentNameOut
from app.programmes.schemas import CLOCK, ClockElements
from app.web.bodies import Answer, Body, RowId, example
from schedules.budget import Budget, Share
from schedules.time import SAMPLE_RATE

TriedClock = Annotated[
    ClockElements | None,
    Field(description="A clock to try instead of the programme's own; nothing is stored"),
]


class PreviewIn(Body):
    """Which edition to try: a UTC date, in one of the programme's slots (its first one by default)."""

    model_config = Body.model_config | example(date="2026-11-24", slot_id=3, alternatives=1)

    alternatives: Annotated[int, Field(ge=1, le=5, description="So many programmes, the best first.")] = 1
    date: date
    slot_id: Annotated[RowId | None, Field(description="The programme's first slot where left out.")] = None
    clock: TriedClock = None


class PreviewOut(Answer):
    """The rundown as it would be compiled now; nothing is stored."""

    model_config = Answer.model_config | example(
        slot_id=3,
        starts_at="2026-11-24T15:00:00Z",
        rundown={"target_samples": 85_680_000, "items": []},
        segments=[{"id": 12, "title": "라디오가 건너온 길", "kind": "talk"}],
    )

    slot_id: int
    starts_at: datetime
    rundown: dict[str, Any]
    alternatives: Annotated[list[dict[str, Any]], Field(description="The next best, where asked for.")] = (
        Field(default_factory=list)
    )
    segments: Annotated[
        list[SegmentNameOut], Field(description="Those of the rundowns, and those that their notes name")
    ]


class BudgetIn(Body):
    """The clock to reckon with; the programme's own where there is none."""

    model_config = Body.model_config | example(clock=CLOCK)

    clock: TriedClock = None


def _seconds(samples: int) -> float:
    return round(samples / SAMPLE_RATE, 3)


class ShareOut(Answer):
    """What one element takes, its pauses included. `most_s` is null for a fill, which takes what is left."""

    model_config = Answer.model_config | example(
        element=2, least_s=182.4, usual_s=301.9, most_s=372.6, candidates=14, is_missing=False
    )

    element: Annotated[int, Field(description="Its index in the clock")]
    least_s: float
    usual_s: Annotated[float, Field(description="By the mean of what may take its place")]
    most_s: float | None
    candidates: Annotated[int, Field(description="How many segments may take its place")]
    is_missing: Annotated[bool, Field(description="It is required, and nothing may take its place")]

    @classmethod
    def of(cls, share: Share) -> Self:
        return cls(
            element=share.element,
            least_s=_seconds(share.least),
            usual_s=_seconds(share.usual),
            most_s=None if share.most is None else _seconds(share.most),
            candidates=share.candidates,
            is_missing=share.is_missing,
        )


class BudgetOut(Answer):
    """A clock against the length of one slot, at its next airing, from today's library."""

    model_config = Answer.model_config | example(
        slot_id=3,
        starts_at="2026-11-24T15:00:00Z",
        target_s=1785.0,
        least_s=202.4,
        usual_s=1321.9,
        most_s=None,
        verdict="fits",
        elements=[ShareOut.model_config["json_schema_extra"]["examples"][0]],  # type: ignore[index]
    )

    slot_id: int
    starts_at: datetime
    target_s: float
    least_s: float
    usual_s: float
    most_s: float | None
    verdict: Annotated[
        Literal["fits", "tight", "short", "over"],
        Field(
            description="`tight`: the usual is too long, something is left out or shorter; `short`: interval signal takes the rest; "
            "`over`: not even the least fits"
        ),
    ]
    elements: list[ShareOut]

    @classmethod
    def of_budget(cls, budget: Budget, slot_id: int, starts_at: datetime, target_samples: int) -> Self:
        return cls(
            slot_id=slot_id,
            starts_at=starts_at,
            target_s=_seconds(target_samples),
            least_s=_seconds(budget.least),
            usual_s=_seconds(budget.usual),
            most_s=None if budget.most is None else _seconds(budget.most),
            verdict=budget.verdict,
            elements=[ShareOut.of(share) for share in budget.shares],
        )


class BudgetsOut(Answer):
    """One budget for each slot of the programme that still airs."""

    model_config = Answer.model_config | example(
        items=[BudgetOut.model_config["json_schema_extra"]["examples"][0]]  # type: ignore[index]
    )

    items: list[BudgetOut]
