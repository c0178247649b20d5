"""Programmes and slots as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from app.programmes.models import Programme, Slot
from app.programmes.service import ProgrammeFields, SlotFields, times_of
from app.programmes.times import Zone, read_times, shown_in_kst, shown_in_utc
from app.web.bodies import Answer, Body, RowId, Text, example
from schedules.said import Said
from schedules.slots import Slot as PlannedSlot

CLOCK: list[dict[str, Any]] = [
    {"type": "interval_signal", "seconds": 20},
    {"type": "fixed", "segment_id": 12, "label": "opening"},
    {"type": "pick", "kinds": ["news"], "order": "newest", "max_age_days": 2},
    {"type": "fill", "kinds": ["music"]},
]
_PROGRAMME: dict[str, Any] = {
    "title": "아침 뉴스",
    "code": "morning-news",
    "standby_segment_id": 12,
    "live_input": False,
}
_SLOT: dict[str, Any] = {
    "programme_id": 3,
    "start": "0500",
    "stop": "0530",
    "zone": "KST",
    "days": "Mo-Fr",
    "first_date": "2026-10-26",
    "last_date": "2027-03-26",
    "early_off_s": 10,
    "compile_lead_s": 21600,
}
_UTC: dict[str, Any] = {
    "start": "2000",
    "stop": "2030",
    "days": "12347",
    "days_hfcc": "12345",
    "days_text": "Mo-Th,Su",
    "first_date": "2026-10-25",
    "last_date": "2027-03-25",
}
_KST: dict[str, Any] = {
    "start": "0500",
    "stop": "0530",
    "days": "12345",
    "days_hfcc": "23456",
    "days_text": "Mo-Fr",
    "first_date": "2026-10-26",
    "last_date": "2027-03-26",
}

ClockElements = Annotated[
    list[dict[str, Any]],
    Field(max_length=200, description="Its elements in order: interval_signal, fixed, pick, fill"),
]


class ProgrammeIn(Body):
    """A programme without its clock."""

    model_config = example(**_PROGRAMME)

    title: Annotated[Text, Field(max_length=300)]
    code: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"),
        Field(description="Short ASCII name for the files at the sites"),
    ]
    standby_segment_id: Annotated[
        RowId | None, Field(description="Aired when the programme cannot be compiled or delivered")
    ] = None
    live_input: Annotated[
        bool, Field(description="Whether a studio may connect and take over while it is on the air live")
    ] = False

    def fields(self) -> ProgrammeFields:
        return ProgrammeFields(
            title=self.title,
            code=self.code,
            standby_segment_id=self.standby_segment_id,
            live_input=self.live_input,
        )


class NewProgramme(ProgrammeIn):
    """A programme with its clock, which may also be written later."""

    model_config = example(**_PROGRAMME, clock=CLOCK)

    clock: Annotated[ClockElements, Field(default_factory=list)]


class ClockIn(Body):
    model_config = example(clock=CLOCK)

    clock: ClockElements


class ClockOut(Answer):
    """Every element with every field, defaults too."""

    model_config = example(clock=CLOCK)

    clock: list[dict[str, Any]]


class ProgrammeOut(Answer):
    model_config = example(id=3, **_PROGRAMME, clock=CLOCK, created_at="2026-10-25T01:00:00Z", revision=1)

    id: int
    title: str
    code: str
    standby_segment_id: int | None
    live_input: bool
    clock: list[dict[str, Any]]
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, row: Programme) -> Self:
        return cls.model_validate(row)


_REPLACEMENT: dict[str, Any] = {
    "slot_id": 7,
    "date": "2027-02-07",
    "zone": "KST",
    "programme_id": 9,
    "reason": "설날 특집",
}


class ReplacementIn(Body):
    """Another programme in a slot on one date. The date is that of the start, in the zone named."""

    model_config = example(**_REPLACEMENT)

    slot_id: RowId
    date: date
    zone: Zone = "KST"
    programme_id: RowId
    reason: Annotated[Text, Field(max_length=300)]


class ReplacementOut(Answer):
    model_config = example(
        id=2,
        slot_id=7,
        on_date="2027-02-06",
        programme_id=9,
        reason="설날 특집",
        created_at="2027-01-20T03:00:00Z",
        created_by=1,
    )

    id: int
    slot_id: int
    on_date: Annotated[date, Field(description="The UTC day on which the airing starts")]
    programme_id: int
    reason: str
    created_at: datetime
    created_by: int | None


class SlotIn(Body):
    """A slot, in UTC or in KST. Weekdays and dates are those of the start, in the zone named."""

    model_config = example(**_SLOT)

    programme_id: RowId
    start: Annotated[str, Field(description="Four digits: 2000 (or 20:00)", max_length=10)]
    stop: Annotated[
        str,
        Field(description="Four digits; 2400 ends a day; before the start means the next day", max_length=10),
    ]
    zone: Zone = "UTC"
    days: Annotated[
        str, Field(description="ISO digits (1 = Monday) or words: Mo-Fr, daily, 월-금", max_length=60)
    ]
    first_date: date
    last_date: date
    early_off_s: Annotated[
        int, Field(description="End this many seconds early, so that the site can retune")
    ] = 0
    compile_lead_s: Annotated[
        int, Field(ge=60, le=7 * 86_400, description="Compile this many seconds before the start")
    ] = 6 * 3600

    def fields(self, notes: list[Said]) -> SlotFields:
        """What was written, in UTC; what was read otherwise than written goes to ``notes``. Raises ScheduleError."""
        times = read_times(
            self.start, self.stop, self.days, self.first_date, self.last_date, self.zone, notes
        )
        return SlotFields(
            programme_id=self.programme_id,
            times=times,
            early_off_s=self.early_off_s,
            compile_lead_s=self.compile_lead_s,
        )


class ShownTimesOut(Answer):
    """Times in one zone; weekdays as ISO digits (1 = Monday), HFCC digits (1 = Sunday) and words."""

    model_config = example(**_UTC)

    start: str
    stop: str
    days: str
    days_hfcc: str
    days_text: str
    first_date: date
    last_date: date


class SlotOut(Answer):
    model_config = example(
        id=7,
        programme_id=3,
        utc=_UTC,
        kst=_KST,
        early_off_s=10,
        target_s=1790,
        compile_lead_s=21600,
        created_at="2026-10-25T01:00:00Z",
        revision=1,
        notes=[],
    )

    id: int
    programme_id: int
    utc: ShownTimesOut
    kst: ShownTimesOut
    early_off_s: int
    target_s: Annotated[int, Field(description="Seconds of programme: the span without the early-off")]
    compile_lead_s: int
    created_at: datetime
    revision: int
    notes: Annotated[list[str], Field(description="What was read otherwise than it was written")]

    @classmethod
    def of(cls, row: Slot, notes: Sequence[Said] = ()) -> Self:
        times = times_of(row)
        planned = PlannedSlot(**asdict(times), early_off_s=row.early_off_s)
        return cls.model_validate(
            row.model_dump()
            | {
                "utc": asdict(shown_in_utc(times)),
                "kst": asdict(shown_in_kst(times)),
                "target_s": planned.span_s - planned.early_off_s,
                "notes": [note.text for note in notes],
            }
        )
