"""What is awaited, as the API shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from app.web.bodies import Answer, example


class AwaitedOut(Answer):
    """An awaited element of an airing.

    ``state``: ``awaited`` (nothing has come), ``processing``, ``in_review``, ``turned_down``, ``approved``. ``otherwise``
    says what airs where it does not come: its ``substitute``, the programme without it (``left_out``), the ``standby``.
    """

    model_config = Answer.model_config | example(
        airing_id=12,
        programme="아침 뉴스",
        starts_at="2026-11-22T20:00:00Z",
        element=3,
        label="letter",
        name="letter",
        on="2026-11-23",
        owner_id=2,
        owner="김하늘",
        due_at="2026-11-22T10:30:00Z",
        cut_off_at="2026-11-22T18:42:30Z",
        otherwise="substitute",
        substitute_id=17,
        state="awaited",
        segment_ids=[],
        used=False,
        unusable=False,
    )

    airing_id: int
    programme: str
    starts_at: datetime
    element: Annotated[int, Field(description="Its place in the clock, from 0")]
    label: str
    name: str
    on: Annotated[date, Field(description="The broadcast date, in Seoul")]
    owner_id: int | None
    owner: Annotated[str | None, Field(description="Who delivers it")]
    due_at: datetime
    cut_off_at: Annotated[datetime, Field(description="What is not here by then would come too late")]
    otherwise: Literal["substitute", "left_out", "standby"]
    substitute_id: int | None
    state: Literal["awaited", "processing", "in_review", "turned_down", "approved"]
    segment_ids: Annotated[list[int], Field(description="What came, the newest first")]
    used: Annotated[bool, Field(description="The airing's newest version has it")]
    unusable: Annotated[
        bool, Field(description="It came and cannot be used: too long, too old; the rundown's notes say why")
    ]


class TakenOut(Answer):
    """How long a step takes here: nine of ten of those ``measured``; 0: too few were, and it is assumed."""

    model_config = Answer.model_config | example(seconds=41.5, measured=57)

    seconds: float
    measured: int


class StepsOut(Answer):
    """What stands between a recording and the deadline of a feed."""

    model_config = Answer.model_config | example(
        ingest={"seconds": 4.2, "measured": 57},
        approval={"seconds": 600, "measured": 0},
        compiling={"seconds": 1.1, "measured": 60},
        rendering={"seconds": 9.8, "measured": 60},
        upload={"seconds": 120, "measured": 0},
        uploads={"3": {"seconds": 41.5, "measured": 30}},
    )

    ingest: TakenOut
    approval: TakenOut
    compiling: TakenOut
    rendering: TakenOut
    upload: Annotated[TakenOut, Field(description="To a feed that was not measured")]
    uploads: Annotated[dict[int, TakenOut], Field(description="By the feed's id")]
