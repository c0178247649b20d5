"""Jammers, and the advice on a slot, as the API shows and takes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from app.advice.jammers import JammerFields
from app.advice.service import Advised
from app.library.names import clean_line
from app.propagation.schemas import CircuitOut, JobOut, job_out, notes_on
from app.web.bodies import Answer, Body, Prose, SaidOut, example
from schedules.frequencies.advice import Advice
from schedules.frequencies.propagation import HIGHEST_KHZ, LOWEST_KHZ
from schedules.said import Said

_JAMMER: dict[str, Any] = {
    "khz": 7515,
    "site": "Pyongyang",
    "since": "2026-11-03",
    "note": "Noise, every night from 15:00 UTC",
}
_REASON: dict[str, Any] = {
    "code": "jammer-on-channel",
    "text": "jammed: Pyongyang is on 7515 kHz, 0 kHz away",
    "values": {"site": "Pyongyang", "khz": "7515", "apart": "0"},
}
_MOVE: dict[str, Any] = {
    "path": "/api/v1/lines/9/move",
    "body": {
        "khz": 5905,
        "from_date": "2026-12-05",
        "reason": "place 1 in the advice of 2026-12-04 09:00 UTC",
    },
}
_ALTERNATIVE: dict[str, Any] = {
    "place": 1,
    "khz": 5905,
    "is_on_air": False,
    "is_cleared": True,
    "in_band": True,
    "decided_by": None,
    "reasons": [_REASON],
    "move": _MOVE,
}
_UNKNOWN_WITHOUT_CONFLICTS = frozenset({"possible", "no-serious-conflict", "no-neighbours"})
"""What advice says of a frequency that has no conflicts, also where nobody looked for any."""

Site = Annotated[str, Field(max_length=100), AfterValidator(lambda text: clean_line(text, "site", 100))]


class JammerIn(Body):
    model_config = Body.model_config | example(**_JAMMER)

    khz: Annotated[float, Field(ge=LOWEST_KHZ, le=HIGHEST_KHZ)]
    site: Annotated[Site, Field(description="From where; empty where nobody knows")] = ""
    since: Annotated[date | None, Field(description="It counts from this day on")] = None
    note: Prose | None = None

    def fields(self) -> JammerFields:
        return JammerFields(**self.model_dump())


class JammerOut(Answer):
    model_config = Answer.model_config | example(
        id=3, **_JAMMER, created_at="2026-11-05T09:00:00Z", revision=1
    )

    id: int
    khz: float
    site: str
    since: date | None
    note: str | None
    created_at: datetime
    revision: int


class MoveBody(Answer):
    """The body that carries it out."""

    model_config = Answer.model_config | example(**_MOVE["body"])

    khz: int | float
    from_date: date
    reason: str


class MoveOut(Answer):
    """The one call that carries it out: POST this body to this path."""

    model_config = Answer.model_config | example(**_MOVE)

    path: str
    body: MoveBody


class AlternativeOut(Answer):
    model_config = Answer.model_config | example(**_ALTERNATIVE)

    place: Annotated[int, Field(description="1 is the best")]
    khz: int | float
    is_on_air: Annotated[bool, Field(description="It carries the slot on that day already")]
    is_cleared: bool
    in_band: bool
    decided_by: Annotated[
        str | None, Field(description="The question on which it falls behind the one before it")
    ]
    reasons: Annotated[list[SaidOut], Field(description="In the order of the questions' weight")]
    move: Annotated[MoveOut | None, Field(description="Null for what is on the air already")]

    @classmethod
    def of(cls, one: Advice, advised: Advised, now: datetime) -> Self:
        alternative = one.alternative
        is_on_air = alternative.khz in advised.on_air
        return cls(
            place=one.place,
            khz=_plain(alternative.khz),
            is_on_air=is_on_air,
            is_cleared=alternative.is_cleared,
            in_band=alternative.in_band,
            decided_by=one.decided_by,
            reasons=[SaidOut(**each.written()) for each in one.reasons if _is_told(each, advised)],
            move=None if is_on_air else _move(one, advised, now),
        )


class AdviceOut(Answer):
    """Status 202 and `job` while signals are still being computed; 200 once all are there."""

    model_config = Answer.model_config | example(
        slot_id=7,
        line_id=9,
        day="2026-12-05",
        circuit=None,
        alternatives=[_ALTERNATIVE],
        job=None,
        notes=["No background season has been looked at: conflicts with other stations are not known."],
    )

    slot_id: int
    line_id: Annotated[int, Field(description="The line that would be moved")]
    day: Annotated[date, Field(description="A UTC start day of the slot")]
    circuit: Annotated[CircuitOut | None, Field(description="Null where no signal can be predicted")]
    alternatives: Annotated[list[AlternativeOut], Field(description="The best first; a person decides")]
    job: JobOut | None
    notes: list[str]

    @classmethod
    def of(cls, advised: Advised, now: datetime) -> Self:
        asked = advised.asked
        notes = [*advised.notes, *map(str, notes_on(asked) if asked is not None else ())]
        if not advised.conflicts_known:
            notes.insert(
                0, "No background season has been looked at: conflicts with other stations are not known."
            )
        return cls(
            slot_id=advised.slot.id or 0,
            line_id=advised.line.id or 0,
            day=advised.day,
            circuit=None if asked is None else CircuitOut.of(advised.site, asked),
            alternatives=[AlternativeOut.of(one, advised, now) for one in advised.ranked],
            job=job_out(advised.found.progress),
            notes=notes,
        )


def _is_told(reason: Said, advised: Advised) -> bool:
    return advised.conflicts_known or reason.code not in _UNKNOWN_WITHOUT_CONFLICTS


def _move(one: Advice, advised: Advised, now: datetime) -> MoveOut:
    return MoveOut(
        path=f"/api/v1/lines/{advised.line.id}/move",
        body=MoveBody(
            khz=_plain(one.alternative.khz),
            from_date=advised.day,
            reason=f"place {one.place} in the advice of {now:%Y-%m-%d %H:%M} UTC",
        ),
    )


def _plain(khz: float) -> int | float:
    return int(khz) if khz.is_integer() else khz
