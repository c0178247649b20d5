"""Changes of lines, pools and seasons as the API shows and takes them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from app.frequencies.schemas import LineIn
from app.frequencies.service import LineFields
from app.moves.consequences import Consequences
from app.moves.drafting import MoveFields
from app.moves.models import LineChange
from app.moves.pools import PoolFields
from app.moves.seasons import ZONE_NOTE, Plan, Rolled, Rollover
from app.moves.service import Answer as Answered
from app.schedule.schemas import CONFLICT, ConflictOut
from app.web.bodies import Answer, Body, Instant, Prose, RowId, SaidOut, Text, example

State = Literal["draft", "requested", "sent", "acknowledged", "refused", "in_effect"]

_ENTRY: dict[str, Any] = {
    "khz": 7585,
    "site_id": 2,
    "legal_status": "cleared until 2027-03-28",
    "note": "jammed in spring",
}
_MOVE: dict[str, Any] = {
    "from_date": "2026-11-23",
    "khz": 7585,
    "azimuth": 76,
    "reason": "7490 kHz is jammed since Friday",
}
_CHANGE: dict[str, Any] = {
    "id": 4,
    "kind": "move",
    "line_id": 9,
    "slot_id": 7,
    "site_id": 2,
    "old_khz": 7490,
    "khz": 7585,
    "power_kw": 100,
    "azimuth": 76,
    "ciraf_zones": "44NE",
    "transmitter": None,
    "synchronised": None,
    "feed_ids": [],
    "days": "1234567",
    "first_date": "2026-11-23",
    "last_date": "2027-03-27",
    "starts_at": "2026-11-23T20:00:00Z",
    "reason": "7490 kHz is jammed since Friday",
    "asked_by": 1,
    "created_at": "2026-11-22T09:00:00Z",
    "state": "sent",
    "requested_at": "2026-11-22T09:00:00Z",
    "cut_off_at": "2026-11-22T20:00:00Z",
    "answered_at": None,
    "answered_by": None,
    "answered_name": None,
    "answered_how": None,
    "answer_note": None,
    "new_line_id": None,
    "rest_line_id": None,
    "rolled_from_id": None,
    "undone_at": None,
    "undone_by": None,
    "revision": 3,
}
_PLANNED: dict[str, Any] = {
    "line_id": 9,
    "site_id": 2,
    "khz": 7490,
    "power_kw": 100,
    "azimuth": 76,
    "ciraf_zones": "44NE",
    "days": "1234567",
    "first_date": "2026-10-25",
    "last_date": "2026-11-22",
}
_CONSEQUENCES: dict[str, Any] = {
    "starts_at": "2026-11-23T20:00:00Z",
    "cut_off_at": "2026-11-22T20:00:00Z",
    "ask_by": "2026-11-22T20:00:00Z",
    "notice_kept": True,
    "airings": [{"airing_id": 412, "starts_at": "2026-11-23T20:00:00Z", "state": "planned"}],
    "feeds": [{"feed_id": 5, "name": "Tashkent folder", "site_id": 2, "renames": True}],
    "if_agreed": [
        _PLANNED,
        _PLANNED | {"line_id": None, "khz": 7585, "first_date": "2026-11-23", "last_date": "2027-03-27"},
    ],
    "if_refused": [_PLANNED | {"last_date": "2027-03-27"}],
    "conflicts": [],
    "conflicts_now": [CONFLICT],
    "notes": [
        {
            "code": "move-in-pool",
            "text": "in the pool: cleared until 2027-03-28",
            "values": {"status": "cleared until 2027-03-28"},
        }
    ],
}
_SEASON: dict[str, Any] = {
    "code": "B26",
    "starts_at": "2026-10-25T01:00:00Z",
    "ends_at": "2027-03-28T01:00:00Z",
    "lines": 12,
    "drafted": 0,
    "asked": 1,
}

Reason = Annotated[Text, Field(max_length=500)]


class PoolEntryIn(Body):
    model_config = Body.model_config | example(**_ENTRY)

    khz: int
    site_id: Annotated[RowId | None, Field(description="From which site; null from any")] = None
    legal_status: Annotated[
        Text | Literal[""], Field(max_length=200, description="Such as: cleared until 2027-03-28")
    ] = ""
    note: Annotated[Prose, Field(max_length=1000)] = ""


class PoolIn(Body):
    """The whole pool of a slot: what is not in it is taken out."""

    model_config = Body.model_config | example(entries=[_ENTRY])

    entries: Annotated[list[PoolEntryIn], Field(max_length=200)]

    def fields(self) -> list[PoolFields]:
        return [PoolFields(**entry.model_dump()) for entry in self.entries]


class PoolEntryOut(Answer):
    model_config = Answer.model_config | example(id=3, **_ENTRY)

    id: int
    khz: int
    site_id: int | None
    legal_status: str
    note: str


class PoolOut(Answer):
    model_config = Answer.model_config | example(entries=[{"id": 3, **_ENTRY}])

    entries: list[PoolEntryOut]


class MoveIn(Body):
    """A line's move. Without `from_date` and `night` it is from now: the next occurrence that has not started."""

    model_config = Body.model_config | example(**_MOVE)

    from_date: Annotated[date | Literal["now"], Field(description="UTC day of the first start, or `now`")] = (
        "now"
    )
    night: Annotated[
        date | None, Field(description="Only for the occurrence that starts on this UTC day")
    ] = None
    khz: int | None = None
    site_id: Annotated[RowId | None, Field(description="Another site, whose agreement it needs")] = None
    feed_ids: Annotated[
        list[RowId],
        Field(
            default_factory=list, max_length=50, description="Of another site: its feeds that take the audio"
        ),
    ]
    power_kw: Annotated[float | None, Field(gt=0, le=5000)] = None
    azimuth: Annotated[int | None, Field(ge=0, le=359)] = None
    reason: Reason
    draft: Annotated[bool, Field(description="Only write it down; ask for it later")] = False
    cut_off_at: Annotated[
        Instant | None,
        Field(description="By when the site must answer; usually its own notice period says it"),
    ] = None

    def fields(self) -> MoveFields:
        given = self.model_dump(exclude={"draft", "from_date"})
        from_date = None if self.from_date == "now" else self.from_date
        return MoveFields(**given | {"feed_ids": tuple(self.feed_ids), "from_date": from_date})


class EndIn(Body):
    """A line's end before its last date."""

    model_config = Body.model_config | example(from_date="2026-12-01", reason="The site closes")

    from_date: Annotated[
        date | Literal["now"], Field(description="UTC day of the first start that is not to be")
    ] = "now"
    reason: Reason
    draft: bool = False


class NewLineIn(LineIn):
    """A line that is to be, once its site has agreed."""

    model_config = LineIn.model_config | example(
        slot_id=7, site_id=2, khz=9650, feed_ids=[5], reason="A second frequency"
    )

    reason: Reason
    draft: bool = False

    def fields(self) -> LineFields:
        """Raises BadDays."""
        return LineIn(**self.model_dump(exclude={"reason", "draft"})).fields()


class AskIn(Body):
    """Drafts that are to be asked for: each site gets one mail."""

    model_config = Body.model_config | example(change_ids=[4, 5])

    change_ids: Annotated[list[RowId], Field(min_length=1, max_length=500)]


class AnswerIn(Body):
    """What a site said, as a person heard it."""

    model_config = Body.model_config | example(
        answer="acknowledged", name="Mr Karimov", how="by phone", note="They retune at 19:55"
    )

    answer: Literal["acknowledged", "refused"]
    name: Annotated[Text | None, Field(max_length=200, description="Who said it at the site")] = None
    how: Annotated[Text, Field(max_length=200, description="By phone, by mail")]
    note: Annotated[Prose | None, Field(max_length=1000)] = None

    def fields(self) -> Answered:
        return Answered(agrees=self.answer == "acknowledged", how=self.how, name=self.name, note=self.note)


class LineChangeOut(Answer):
    """A change of a line: not true before its state is `acknowledged`. One that was undone keeps its state."""

    model_config = Answer.model_config | example(**_CHANGE)

    id: int
    kind: Literal["move", "one_night", "end", "new"]
    line_id: int | None
    slot_id: int
    site_id: Annotated[int, Field(description="Whose agreement it needs")]
    old_khz: int | None
    khz: int
    power_kw: float | None
    azimuth: int | None
    ciraf_zones: str | None
    transmitter: str | None
    synchronised: str | None
    feed_ids: list[int]
    days: str
    first_date: Annotated[date, Field(description="The first UTC start day that it touches")]
    last_date: date
    starts_at: datetime
    reason: str
    asked_by: int | None
    created_at: datetime
    state: State
    requested_at: datetime | None
    cut_off_at: datetime
    answered_at: datetime | None
    answered_by: Annotated[int | None, Field(description="Who recorded it; null: the site, by its link")]
    answered_name: str | None
    answered_how: str | None
    answer_note: str | None
    new_line_id: int | None
    rest_line_id: int | None
    rolled_from_id: int | None
    undone_at: datetime | None
    undone_by: int | None
    revision: int

    @classmethod
    def of(cls, row: LineChange) -> Self:
        return cls.model_validate(row.model_dump() | {"old_khz": (row.was or {}).get("khz")})


class PlannedOut(Answer):
    """A line as it would be; `line_id` is null where it would be a new one."""

    model_config = Answer.model_config | example(**_PLANNED)

    line_id: int | None
    site_id: int
    khz: int
    power_kw: float | None
    azimuth: int | None
    ciraf_zones: str | None
    days: str
    first_date: date
    last_date: date


class ConcernedAiringOut(Answer):
    model_config = Answer.model_config | example(**_CONSEQUENCES["airings"][0])

    airing_id: int
    starts_at: datetime
    state: str


class ConcernedFeedOut(Answer):
    model_config = Answer.model_config | example(**_CONSEQUENCES["feeds"][0])

    feed_id: int
    name: str
    site_id: int
    renames: Annotated[bool, Field(description="Whether its files' names hold the frequency")]


class ConsequencesOut(Answer):
    """What a change does, with both outcomes. Until it is answered, announcements name no frequency."""

    model_config = Answer.model_config | example(**_CONSEQUENCES)

    starts_at: datetime
    cut_off_at: datetime
    ask_by: Annotated[datetime, Field(description="By when the site wants to be asked")]
    notice_kept: bool
    airings: Annotated[
        list[ConcernedAiringOut], Field(description="Those that are planned already, up to 50")
    ]
    feeds: list[ConcernedFeedOut]
    if_agreed: Annotated[list[PlannedOut], Field(description="The slot's lines, should the site agree")]
    if_refused: list[PlannedOut]
    conflicts: Annotated[
        list[ConflictOut],
        Field(
            description="What the new frequency would do to others, ours and the background's, this season"
        ),
    ]
    conflicts_now: Annotated[
        list[ConflictOut],
        Field(
            description="What the line as it is does to others over the same time; what is not in `conflicts` ends"
        ),
    ]
    notes: list[SaidOut]


class ChangeOut(Answer):
    """A change with what it does; of a dry run `change` is null."""

    model_config = Answer.model_config | example(change=_CHANGE, consequences=_CONSEQUENCES)

    change: LineChangeOut | None
    consequences: ConsequencesOut

    @classmethod
    def of(cls, row: LineChange | None, found: Consequences) -> Self:
        shown = LineChangeOut.of(row) if row is not None else None
        fields = {name: getattr(found, name) for name in ConsequencesOut.model_fields}
        for name in ("conflicts", "conflicts_now"):
            fields[name] = [ConflictOut.of(each) for each in fields[name]]
        fields["notes"] = [each.written() for each in found.notes]
        return cls(change=shown, consequences=ConsequencesOut.model_validate(fields))


class NoticeOut(Answer):
    """What a site was or is to be told by mail. The reply link is in the mail only."""

    model_config = Answer.model_config | example(
        id=3,
        site_id=2,
        kind="request",
        subject="Schedule change of 2026-11-23, 2000 UTC: please answer",
        body="한빛방송 asks you to agree to this change. …",
        cut_off_at="2026-11-22T20:00:00Z",
        created_at="2026-11-22T09:00:00Z",
        next_attempt_at=None,
        attempts=1,
        sent_at="2026-11-22T09:00:02Z",
        error=None,
    )

    id: int
    site_id: int
    kind: Literal["request", "withdrawal", "ending"]
    subject: str
    body: str
    cut_off_at: datetime | None
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: int
    sent_at: datetime | None
    error: str | None


class SeasonOut(Answer):
    model_config = Answer.model_config | example(**_SEASON)

    code: str
    starts_at: datetime
    ends_at: datetime
    lines: Annotated[int, Field(description="Lines whose dates reach into it")]
    drafted: Annotated[int, Field(description="Changes that are only drafts")]
    asked: Annotated[int, Field(description="Changes that wait for an answer")]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            code=plan.season.code,
            starts_at=plan.season.start,
            ends_at=plan.season.end,
            lines=plan.lines,
            drafted=plan.drafted,
            asked=plan.asked,
        )


class SeasonsOut(Answer):
    model_config = Answer.model_config | example(items=[_SEASON], next=None)

    items: list[SeasonOut]
    next: None = None


_ROLLED: dict[str, Any] = {
    "old_id": 9,
    "outcome": "made",
    "why": "",
    "said": None,
    "made_id": 21,
    "first_date": "2027-03-28",
    "last_date": "2027-10-30",
}


class RolledOut(Answer):
    """A slot or line of the old season: `made`, `there` already, or `left_out`, with why."""

    model_config = Answer.model_config | example(**_ROLLED)

    old_id: int
    outcome: Literal["made", "there", "left_out"]
    why: str
    said: Annotated[SaidOut | None, Field(description="Why, for other languages")]
    made_id: Annotated[int | None, Field(description="The new slot, or the line's draft; null in a dry run")]
    first_date: date | None
    last_date: date | None

    @classmethod
    def of(cls, rolled: Rolled) -> Self:
        why = rolled.why
        return cls.model_validate(
            asdict(rolled) | {"why": why.text if why else "", "said": why.written() if why else None}
        )


class RolloverOut(Answer):
    """A season's plan out of the one before: slots, and lines as drafts (`kind` is `new`) to be asked for."""

    model_config = Answer.model_config | example(
        dry_run=False, old="B26", new="A27", slots=[_ROLLED], lines=[_ROLLED], note=ZONE_NOTE
    )

    dry_run: bool
    old: str
    new: str
    slots: list[RolledOut]
    lines: list[RolledOut]
    note: str

    @classmethod
    def of(cls, rolled: Rollover, *, dry_run: bool) -> Self:
        return cls(
            dry_run=dry_run,
            old=rolled.old.code,
            new=rolled.new.code,
            slots=[RolledOut.of(each) for each in rolled.slots],
            lines=[RolledOut.of(each) for each in rolled.lines],
            note=ZONE_NOTE,
        )
