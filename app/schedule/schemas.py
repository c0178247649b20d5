"""Schedule files, the background, conflicts and occurrences as the API shows and takes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import UploadFile
from pydantic import Field

from app.schedule.checking import Check
from app.schedule.files import Format
from app.schedule.importing import Intake, Taken
from app.web.bodies import Answer, Body, RowId, SaidOut, Text, example
from schedules.days import format_days
from schedules.frequencies.conflicts import Conflict
from schedules.frequencies.findings import Finding
from schedules.frequencies.line import Line
from schedules.frequencies.season_diff import LineChange, SeasonDiff
from schedules.frequencies.text import Problem
from schedules.frequencies.zones import zones_text
from schedules.hhmm import format_hhmm

SeasonCode = Annotated[
    str, Field(pattern=r"^[ABab][0-9]{2}$", description="B26: October 2026 to March 2027", examples=["B26"])
]

_PROBLEM: dict[str, Any] = {
    "line": 212,
    "columns": [12, 15],
    "field": "STOP",
    "reason": '"2460" is not a time: hours go from 00 to 23 (2400 for a stop), minutes from 00 to 59',
    "said": {
        "code": "unread-hours",
        "text": '"2460" is not a time: hours go from 00 to 23 (2400 for a stop), minutes from 00 to 59',
        "values": {"text": "2460"},
    },
    "text": 'line 212, columns 12-15 (STOP): "2460" is not a time: hours go from 00 to 23 (2400 for a stop), minutes from 00 to 59',
}
_VALUE: dict[str, Any] = {
    "key": "41",
    "khz": 9650.0,
    "start": "2000",
    "stop": "2100",
    "days": "daily",
    "first_date": "2026-10-25",
    "last_date": "2027-03-27",
    "site": "TAC",
    "who": "XYZ",
    "zones": "44NE",
    "power_kw": 100.0,
    "azimuth": 76,
}


class ProblemOut(Answer):
    model_config = example(**_PROBLEM)

    line: int
    columns: list[int]
    """First and last, from 1; empty where the whole line is meant."""
    field: str
    reason: str
    said: SaidOut
    text: str

    @classmethod
    def of(cls, problem: Problem) -> Self:
        columns = [problem.first_column, problem.last_column] if problem.first_column else []
        return cls(
            line=problem.line_number,
            columns=columns,
            field=problem.field,
            reason=problem.reason.text,
            said=SaidOut(**problem.reason.written()),
            text=str(problem),
        )


class LineValueOut(Answer):
    """A line, whoever's it is. Days are words, times HHMM in UTC; ``key`` is our line's id, or the line of the file."""

    model_config = example(**_VALUE)

    key: str
    khz: float
    start: str
    stop: str
    days: str
    first_date: date
    last_date: date
    site: str
    who: str
    zones: str
    power_kw: float | None
    azimuth: int | None

    @classmethod
    def of(cls, line: Line) -> Self:
        return cls(
            key=line.key,
            khz=line.khz,
            start=format_hhmm(line.start_minute),
            stop=format_hhmm(line.stop_minute),
            days=format_days(line.days) if line.days else "",
            first_date=line.first_date,
            last_date=line.last_date,
            site=line.site,
            who=line.who,
            zones=zones_text(line.zones) if line.zones else "",
            power_kw=line.power_kw,
            azimuth=line.azimuth,
        )


class FileIn(Body):
    """A schedule file: HFCC's fixed columns or EiBi's CSV, in ISO-8859-1 or UTF-8."""

    model_config = Body.model_config | example(file="(the bytes of b26.txt)", season="B26", format="hfcc")

    file: UploadFile
    season: SeasonCode
    format: Annotated[Format | None, Field(description="Left out: what it looks like")] = None
    whose: Annotated[
        Text | None,
        Field(max_length=40, description="Only this broadcaster's lines (HFCC's BRC, EiBi's station)"),
    ] = None
    slot_id: Annotated[
        RowId | None, Field(description="Which slot carries them, where several have their times")
    ] = None


class BackgroundIn(Body):
    """Everybody else's season file."""

    model_config = Body.model_config | example(
        file="(the bytes of sked-b26.csv)", format="eibi", leave_out="XYZ"
    )

    file: UploadFile
    format: Annotated[Format | None, Field(description="Left out: what it looks like")] = None
    leave_out: Annotated[
        Text | None,
        Field(
            max_length=40, description="What the file calls us (BRC, station): our lines are not background"
        ),
    ] = None
    file_season: Annotated[
        SeasonCode | None,
        Field(
            description="EiBi: the file's season, if it is loaded for another one, to plan with: only rows that say something of "
            "other seasons are taken (persistence 1, 4 and 5)"
        ),
    ] = None


_TAKEN: dict[str, Any] = {
    "line_number": 3,
    "action": "changed",
    "line_id": 9,
    "slot_id": 7,
    "site": "TAC",
    "khz": 9650,
    "what": ["last_date"],
}


class TakenOut(Answer):
    model_config = example(**_TAKEN)

    line_number: int
    action: str
    """``added``, ``changed`` or ``unchanged``."""
    line_id: Annotated[int | None, Field(description="Null where it was only tried and is not there yet")]
    slot_id: int
    site: str
    khz: int
    what: list[str]

    @classmethod
    def of(cls, taken: Taken, *, dry_run: bool) -> Self:
        made = cls.model_validate(taken)
        return made.model_copy(update={"line_id": None}) if dry_run and taken.action == "added" else made


class ImportOut(Answer):
    """What an import did, or would do. What it does not name stays as it is."""

    model_config = example(
        dry_run=True,
        format="hfcc",
        encoding="iso-8859-1",
        lines=[_TAKEN],
        problems=[_PROBLEM],
        notes=[],
        passed_over=3204,
        absent=[12],
    )

    dry_run: bool
    format: str
    encoding: str
    lines: list[TakenOut]
    problems: list[ProblemOut]
    notes: list[ProblemOut]
    passed_over: Annotated[int, Field(description="Lines of others, or of another season")]
    absent: Annotated[list[int], Field(description="Our lines of the season that the file does not have")]

    @classmethod
    def of(cls, intake: Intake, *, dry_run: bool) -> Self:
        return cls(
            dry_run=dry_run,
            format=intake.file.format,
            encoding=intake.file.encoding,
            lines=[TakenOut.of(one, dry_run=dry_run) for one in intake.taken],
            problems=[ProblemOut.of(one) for one in intake.problems],
            notes=[ProblemOut.of(one) for one in intake.notes],
            passed_over=intake.passed_over,
            absent=intake.absent,
        )


class BackgroundOut(Answer):
    model_config = example(
        id=2,
        season="B26",
        format="eibi",
        file_name="sked-b26.csv",
        file_sha256="ab" * 32,
        encoding="iso-8859-1",
        lines=5210,
        left_out={"other-season": 359, "not-shortwave": 812},
        problems=['line 2426, columns 8-16 (Time): "1241-1241" is empty'],
        unread=3,
        imported_at="2026-10-25T01:00:00Z",
        imported_by=1,
    )

    id: int
    season: str
    format: str
    file_name: str
    file_sha256: str
    encoding: str
    lines: int
    left_out: dict[str, int]
    problems: list[str]
    unread: int
    imported_at: datetime
    imported_by: int | None


class BackgroundLinesOut(Answer):
    """The lines by column, upwards in frequency: line n is the n-th of each. A background that was loaded has at least one."""

    model_config = example(
        background_id=2,
        since="2026-10-25",
        khz=[6015, 9650.5],
        start_minute=[840, 1200],
        stop_minute=[900, 1260],
        first_day=[0, 0],
        last_day=[153, 66],
        days=[0, 0],
        site=[1, 0],
        who=[0, 1],
        day_names=["1234567"],
        site_names=["KAS", "KRE"],
        who_names=["Voice of Korea", "CRI"],
    )

    background_id: int
    since: Annotated[date, Field(description="The day that `first_day` and `last_day` count from")]
    khz: list[int | float]
    start_minute: list[int]
    stop_minute: Annotated[
        list[int], Field(description="Not after the start: on the next day; of equal ones it is a whole day")
    ]
    first_day: list[int]
    last_day: list[int]
    days: Annotated[list[int], Field(description="Places in `day_names`: ISO digits of UTC start days")]
    site: Annotated[list[int], Field(description="Places in `site_names`")]
    who: Annotated[list[int], Field(description="Places in `who_names`")]
    day_names: list[str]
    site_names: list[str]
    who_names: list[str]


class ChangeOut(Answer):
    model_config = example(old=_VALUE, new=_VALUE | {"khz": 9655.0}, what=["khz"])

    old: LineValueOut
    new: LineValueOut
    what: list[str]

    @classmethod
    def of(cls, change: LineChange) -> Self:
        return cls(old=LineValueOut.of(change.old), new=LineValueOut.of(change.new), what=list(change.what))


class DiffOut(Answer):
    model_config = example(added=[_VALUE], gone=[], moved=[], changed=[])

    added: list[LineValueOut]
    gone: list[LineValueOut]
    moved: list[ChangeOut]
    changed: list[ChangeOut]

    @classmethod
    def of(cls, diff: SeasonDiff) -> Self:
        return cls(
            added=[LineValueOut.of(line) for line in diff.added],
            gone=[LineValueOut.of(line) for line in diff.gone],
            moved=[ChangeOut.of(change) for change in diff.moved],
            changed=[ChangeOut.of(change) for change in diff.changed],
        )


class ReviewOut(Answer):
    """What a file would be as the background, and what it would change of the one that is there (null: there is none)."""

    model_config = example(
        format="eibi",
        lines=5210,
        left_out={"other-season": 359},
        problems=['line 2426, columns 8-16 (Time): "1241-1241" is empty'],
        unread=3,
        diff=None,
    )

    format: str
    lines: int
    left_out: dict[str, int]
    problems: list[str]
    unread: int
    diff: DiffOut | None


CONFLICT: dict[str, Any] = {
    "level": "co-channel",
    "severity": "warning",
    "line": _VALUE,
    "other": _VALUE | {"key": "2204", "who": "CRI", "site": "KAS"},
    "first_at": "2026-10-26T20:00:00Z",
    "occurrences": 153,
    "minutes": 9180,
    "separation_khz": 0.0,
    "shared_zones": "44NE",
    "gap_s": None,
    "text": "co-channel: 9650 kHz ...",
}


class ConflictOut(Answer):
    """Two lines that harm each other. Of a retuning ``line`` stops and ``other`` starts ``gap_s`` later."""

    model_config = example(**CONFLICT)

    level: str
    severity: str
    line: LineValueOut
    other: LineValueOut
    first_at: datetime
    occurrences: int
    minutes: int
    separation_khz: float
    shared_zones: str
    gap_s: int | None
    text: str

    @classmethod
    def of(cls, conflict: Conflict) -> Self:
        return cls(
            level=conflict.level.code,
            severity=conflict.level.severity.code,
            line=LineValueOut.of(conflict.line),
            other=LineValueOut.of(conflict.other),
            first_at=conflict.first_at,
            occurrences=conflict.occurrences,
            minutes=conflict.minutes,
            separation_khz=conflict.separation_khz,
            shared_zones=zones_text(conflict.shared_zones) if conflict.shared_zones else "",
            gap_s=conflict.gap_s,
            text=str(conflict),
        )


_FINDING: dict[str, Any] = {
    "kind": "out-of-band",
    "severity": "warning",
    "line_id": 9,
    "starts_at": None,
    "ends_at": None,
    "times": 1,
    "text": "7585 kHz lies outside the broadcasting bands: the site's administration must allow it",
    "said": {
        "code": "out-of-band",
        "text": "7585 kHz lies outside the broadcasting bands: the site's administration must allow it",
        "values": {"khz": "7585"},
    },
}


class FindingOut(Answer):
    """One thing to look at. From when to when it is first so, where that can be said, and how often."""

    model_config = example(**_FINDING)

    kind: str
    severity: str
    line_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    times: int
    text: str
    said: SaidOut

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(
            kind=finding.kind.value,
            severity=finding.severity.code,
            line_id=int(finding.line.key) if finding.line else None,
            starts_at=finding.span.start if finding.span else None,
            ends_at=finding.span.end if finding.span else None,
            times=finding.times,
            text=finding.message.text,
            said=SaidOut(**finding.message.written()),
        )


class CheckOut(Answer):
    """What is wrong with a season, the worst first: among our lines, with everybody else's, and by themselves."""

    model_config = example(
        season="B26", others=5210, own=[], background=[CONFLICT], findings=[_FINDING], worst="warning"
    )

    season: str
    others: Annotated[
        int, Field(description="Lines of the background that were looked at; 0: none was imported")
    ]
    worst: str | None
    own: list[ConflictOut]
    background: list[ConflictOut]
    findings: list[FindingOut]

    @classmethod
    def of(cls, season: str, check: Check) -> Self:
        return cls(
            season=season,
            others=check.others,
            worst=check.worst.code if check.worst else None,
            own=[ConflictOut.of(one) for one in check.own],
            background=[ConflictOut.of(one) for one in check.background],
            findings=[FindingOut.of(one) for one in check.findings],
        )


class OccurrenceOut(Answer):
    model_config = example(
        line_id=9, khz=9650.0, site="TAC", starts_at="2026-11-22T20:00:00Z", stops_at="2026-11-22T21:00:00Z"
    )

    line_id: int
    khz: float
    site: str
    starts_at: datetime
    stops_at: datetime
