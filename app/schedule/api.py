"""`/api/v1/lines/import`, `/export`, `/conflicts`, `/occurrences`, `/chart.svg`, and `/api/v1/seasons/{code}/background`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Form, Path, Query
from fastapi.responses import Response

from app.database import reading, writing
from app.errors import Invalid
from app.library.names import display_name
from app.schedule import background
from app.schedule.charting import season_chart, span_chart
from app.schedule.checking import check
from app.schedule.columns import background_columns
from app.schedule.exporting import Labels, export
from app.schedule.files import Format, read_file
from app.schedule.importing import Wanted, take
from app.schedule.own import own_lines
from app.schedule.schemas import (
    BackgroundIn,
    BackgroundLinesOut,
    BackgroundOut,
    CheckOut,
    DiffOut,
    FileIn,
    ImportOut,
    OccurrenceOut,
    ReviewOut,
    SeasonCode,
)
from app.storage import free_bytes
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.pagination import Page
from app.web.routing import Router
from schedules.frequencies.occurrences import occurrences
from schedules.season import season, season_at
from schedules.time import Span, night_span

router = Router(prefix="/api/v1", tags=["frequencies"])

MOST_OCCURRENCES = 10_000
LONGEST = timedelta(days=400)

WantedSeason = Annotated[SeasonCode | None, Query(description="Left out: the one in force")]
Code = Annotated[SeasonCode, Path()]
DryRun = Annotated[bool, Query(description="Only say what would be done; `false` does it")]


@router.post("/lines/import", summary="Import our lines from a schedule file")
def import_lines(
    body: Annotated[FileIn, Form(media_type="multipart/form-data")],
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    *,
    dry_run: DryRun = True,
) -> ImportOut:
    """Tries first: `dry_run=false` imports. What is good is taken in one step; the rest is told by line, column and reason."""
    wanted = Wanted(season(body.season), body.whose, body.slot_id)
    file = read_file(body.file.file.read(), wanted.season, body.format)
    with writing(database) as session:
        intake = take(
            session,
            file,
            wanted,
            room_bytes=free_bytes(settings) - settings.disk_reserve_bytes,
            now=now,
            by=actor.person_id,
        )
        if dry_run:
            session.rollback()
    return ImportOut.of(intake, dry_run=dry_run)


_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/plain": {"example": ";FREQ STRT STOP CIRAF ZONES ..."}},
        "description": "The file",
    }
}


@router.get(
    "/lines/export", summary="Our lines of a season as a file", response_class=Response, responses=_FILE
)
def export_lines(
    database: Database,
    actor: Actor,
    now: Now,
    wanted: Annotated[Format, Query(alias="format")] = "hfcc",
    code: Annotated[SeasonCode | None, Query(alias="season")] = None,
    adm: Annotated[str, Query(max_length=3)] = "",
    brc: Annotated[str, Query(max_length=3)] = "",
    fmo: Annotated[str, Query(max_length=3)] = "",
    language: Annotated[str, Query(max_length=10, description="HFCC's column, or EiBi's code")] = "",
    itu: Annotated[str, Query(max_length=3, description="EiBi: the station's home country")] = "CLA",
    target: Annotated[str, Query(max_length=10, description="EiBi: the target area")] = "KRE",
) -> Response:
    """Lines that came from a file of the format, and did not change since, stand as they stood there. The journal keeps who took the file."""
    of = season(code) if code else season_at(now)
    hfcc = {"ADM": adm, "BRC": brc, "FMO": fmo, "LANGUAGE": language}
    labels = Labels(hfcc, itu, language or "K", target)
    with writing(database) as session:
        content = export(session, of, wanted, labels, now=now, by=actor.person_id)
    name = f"{of.code.lower()}.{'txt' if wanted == 'hfcc' else 'csv'}"
    charset = "iso-8859-1" if wanted == "hfcc" else "utf-8"
    return Response(
        content,
        media_type=f"text/plain; charset={charset}",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/lines/conflicts", summary="What is wrong with a season")
def list_conflicts(
    database: Database,
    _actor: Actor,
    now: Now,
    code: Annotated[SeasonCode | None, Query(alias="season")] = None,
    *,
    whole: Annotated[bool, Query(description="The whole season, not only what is left of it")] = False,
) -> CheckOut:
    """Among our lines, with everybody else's (the background), and what each line shows by itself; the worst first."""
    of = season(code) if code else season_at(now)
    with reading(database) as session:
        return CheckOut.of(of.code, check(session, of, None if whole else now))


@router.get("/lines/occurrences", summary="When our lines are on the air")
def list_occurrences(
    database: Database,
    _actor: Actor,
    first: Annotated[datetime, Query(alias="from")],
    last: Annotated[datetime, Query(alias="until")],
) -> Page[OccurrenceOut]:
    """Every time that a line is on the air within a span, in order of the start; at most ten thousand."""
    span = _span(first, last)
    with reading(database) as session:
        found = occurrences(own_lines(session), span)
    if len(found) > MOST_OCCURRENCES:
        raise Invalid(
            f"these are {len(found)} occurrences; at most {MOST_OCCURRENCES} are told at once: ask for a shorter span",
            field="until",
        )
    items = [
        OccurrenceOut(
            line_id=int(one.line.key),
            khz=one.line.khz,
            site=one.line.site,
            starts_at=one.start,
            stops_at=one.stop,
        )
        for one in found
    ]
    return Page(items=items, next=None)


def _span(first: datetime, last: datetime) -> Span:
    span = Span(first, last)
    if span.duration > LONGEST:
        raise Invalid(f"a span has at most {LONGEST.days} days", field="until")
    return span


class _Svg(Response):
    media_type = "image/svg+xml"


@router.get(
    "/lines/chart.svg",
    summary="Our lines over time and frequency, with everybody else's behind them",
    response_class=_Svg,
    responses={200: {"content": {"image/svg+xml": {"example": "<svg/>"}}, "description": "The chart"}},
)
def chart_lines(
    database: Database,
    _actor: Actor,
    now: Now,
    code: Annotated[SeasonCode | None, Query(alias="season", description="A week of it")] = None,
    night: Annotated[
        date | None, Query(description="A night instead, by its evening's date in Korea")
    ] = None,
    lang: Literal["ko", "en"] = "ko",
    *,
    whole: Annotated[bool, Query(description="All of shortwave, not only what is near our lines")] = False,
) -> _Svg:
    of = season(code) if code else season_at(now)
    with reading(database) as session:
        if night is not None:
            drawn = span_chart(session, night_span(night), lang, whole=whole)
        else:
            drawn = season_chart(session, of, now, lang, whole=whole)
    return _Svg(drawn)


@router.put("/seasons/{code}/background", summary="Load everybody else's season in place of the one before")
def put_background(
    code: Code,
    body: Annotated[BackgroundIn, Form(media_type="multipart/form-data")],
    database: Database,
    actor: Actor,
    now: Now,
) -> BackgroundOut:
    """The file is read first, and taken in one step. What of it could not be read is told."""
    of = season(code)
    file_season = season(body.file_season) if body.file_season else None
    others = background.read_others(body.file.file.read(), of, body.format, body.leave_out, file_season)
    name = display_name(body.file.filename or "")
    with writing(database) as session:
        row = background.replace_background(session, of, others, name, now=now, by=actor.person_id)
    return BackgroundOut.model_validate(row)


@router.get("/seasons/{code}/background", summary="Which file everybody else's lines are from")
def get_background(code: Code, database: Database, _actor: Actor) -> BackgroundOut:
    with reading(database) as session:
        return BackgroundOut.model_validate(background.background_of(session, season(code)))


@router.post(
    "/seasons/{code}/background/review", summary="What a season's file would change, before it is loaded"
)
def review_background(
    code: Code,
    body: Annotated[BackgroundIn, Form(media_type="multipart/form-data")],
    database: Database,
    _actor: Actor,
) -> ReviewOut:
    """Reads the file as `PUT` would, and compares it with the version that counts; nothing is written."""
    of = season(code)
    file_season = season(body.file_season) if body.file_season else None
    others = background.read_others(body.file.file.read(), of, body.format, body.leave_out, file_season)
    with reading(database) as session:
        diff = background.would_change(session, of, others)
    return ReviewOut(
        format=others.file.format,
        lines=len(others.lines),
        left_out=others.left_out,
        problems=[str(one) for one in others.file.problems[: background.MOST_TOLD]],
        unread=len({one.line_number for one in others.file.problems}),
        diff=DiffOut.of(diff) if diff else None,
    )


@router.get(
    "/seasons/{code}/background/lines", summary="Everybody else's lines of a season by column, for a chart"
)
def get_background_lines(code: Code, database: Database, _actor: Actor) -> BackgroundLinesOut:
    with reading(database) as session:
        return BackgroundLinesOut.model_validate(background_columns(session, season(code)))


@router.get("/seasons/{code}/background/diff", summary="What the newest version changes of the one before")
def diff_background(code: Code, database: Database, _actor: Actor) -> DiffOut:
    with reading(database) as session:
        return DiffOut.of(background.background_diff(session, season(code)))


@router.delete(
    "/seasons/{code}/background", status_code=204, summary="Forget everybody else's lines of a season"
)
def delete_background(code: Code, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        background.remove_background(session, season(code), now=now, by=actor.person_id)
