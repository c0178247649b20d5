"""``danpa schedule import``, ``export``, ``check`` and ``chart``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from app.processes import utcnow

if TYPE_CHECKING:
    from schedules.frequencies.text import Problem
    from schedules.season import Season

schedule_cli = typer.Typer(
    no_args_is_help=True, help="The frequency schedule: files in and out, checks, a chart."
)
out = Console()

Code = Annotated[str | None, typer.Option("--season", help="Such as B26; the one in force if left out.")]
AsFormat = Annotated[
    Literal["hfcc", "eibi"] | None, typer.Option("--format", help="What it looks like, if left out.")
]


@schedule_cli.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="HFCC columns or EiBi CSV.")],
    season: Code = None,
    form: AsFormat = None,
    whose: Annotated[
        str | None, typer.Option(help="Only this broadcaster's lines; with --background: those left out.")
    ] = None,
    slot: Annotated[int | None, typer.Option(help="The slot, where several have a line's times.")] = None,
    file_season: Annotated[
        str | None, typer.Option(help="With --background: the EiBi file's season, if it is another one.")
    ] = None,
    *,
    background: Annotated[
        bool, typer.Option("--background", help="Everybody else's lines, in place of those there are.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")
    ] = False,
) -> None:
    """Import our lines, or everybody else's, from a schedule file."""
    of = _season(season)
    if background:
        _import_background(file, of, form, whose, file_season, yes=yes)
    else:
        _import_lines(file, of, form, whose, slot, yes=yes)


def _import_lines(
    file: Path,
    season: Season,
    form: Literal["hfcc", "eibi"] | None,
    whose: str | None,
    slot: int | None,
    *,
    yes: bool,
) -> None:
    from app.cli import station
    from app.database import writing
    from app.schedule.files import read_file
    from app.schedule.importing import Wanted, take
    from app.storage import free_bytes

    content = read_file(file.read_bytes(), season, form)
    with station() as (settings, engine), writing(engine) as session:
        intake = take(
            session,
            content,
            Wanted(season, whose, slot),
            room_bytes=free_bytes(settings) - settings.disk_reserve_bytes,
            now=utcnow(),
            by=None,
        )
        if not yes:
            session.rollback()
    table = Table("line", "what", "slot", "site", "kHz", "changes")
    for one in intake.taken:
        table.add_row(
            str(one.line_number), one.action, str(one.slot_id), one.site, str(one.khz), ", ".join(one.what)
        )
    out.print(table)
    _tell(intake.problems, "could not be taken")
    _tell(intake.notes, "to be looked at")
    if intake.absent:
        out.print(f"Not in the file, and left as they are: lines {', '.join(map(str, intake.absent))}.")
    out.print(f"{len(intake.taken)} lines are ours, {intake.passed_over} were passed over.")
    _say_whether_done(yes=yes)
    if intake.problems:
        sys.exit(1)


def _import_background(
    file: Path,
    season: Season,
    form: Literal["hfcc", "eibi"] | None,
    leave_out: str | None,
    file_season: str | None,
    *,
    yes: bool,
) -> None:
    from app.cli import station
    from app.database import writing
    from app.schedule.background import read_others, replace_background

    of_file = _season(file_season) if file_season else None
    others = read_others(file.read_bytes(), season, form, leave_out, of_file)
    if yes:
        with station() as (_, engine), writing(engine) as session:
            replace_background(session, season, others, file.name, now=utcnow(), by=None)
    _tell(others.file.problems, "could not be read")
    left_out = ", ".join(f"{count} {why}" for why, count in sorted(others.left_out.items()))
    out.print(
        f"{len(others.lines)} lines of {season.code}" + (f"; left out: {left_out}." if left_out else ".")
    )
    _say_whether_done(yes=yes)


@schedule_cli.command(name="export")
def export_file(
    file: Annotated[Path, typer.Argument(help="Where it goes; a file that is there is not overwritten.")],
    season: Code = None,
    form: AsFormat = None,
    adm: Annotated[str, typer.Option(help="HFCC's ADM, for lines that have none.")] = "",
    brc: Annotated[str, typer.Option(help="HFCC's BRC, likewise.")] = "",
    fmo: Annotated[str, typer.Option(help="HFCC's FMO, likewise.")] = "",
    language: Annotated[str, typer.Option(help="HFCC's LANGUAGE, or EiBi's code.")] = "",
) -> None:
    """Write our lines of a season as a schedule file: EiBi's where its name ends in .csv, else HFCC's."""
    from app.cli import station
    from app.database import writing
    from app.schedule.exporting import Labels, export

    wanted = form or ("eibi" if file.suffix.lower() == ".csv" else "hfcc")
    labels = Labels({"ADM": adm, "BRC": brc, "FMO": fmo, "LANGUAGE": language}, language=language or "K")
    with station() as (_, engine), writing(engine) as session:
        content = export(session, _season(season), wanted, labels, now=utcnow(), by=None)
    _write(file, content)
    out.print(f"{file}: {len(content)} bytes. Schedules are secret: mind where it goes.")


@schedule_cli.command(name="check")
def check_season(
    season: Code = None,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="All of it, not only what is left.")] = False,
) -> None:
    """Say what is wrong with a season. Exits with 1 if something cannot be aired as it is planned."""
    from app.cli import station
    from app.database import reading
    from app.schedule.checking import check
    from schedules.frequencies.levels import Severity

    of = _season(season)
    with station() as (_, engine), reading(engine) as session:
        found = check(session, of, None if whole else utcnow())
    for finding in found.findings:
        out.print(f"{finding.severity.code}: {finding.message}", highlight=False, soft_wrap=True)
    for conflict in (*found.own, *found.background):
        out.print(f"{conflict.level.severity.code}: {conflict}", highlight=False, soft_wrap=True)
    counts = f"{len(found.findings)} findings, {len(found.own)} conflicts among our lines, {len(found.background)} with others"
    out.print(f"{of.code}: {counts} ({found.others} of their lines).")
    if found.worst is Severity.ERROR:
        sys.exit(1)


@schedule_cli.command(name="chart")
def chart_season(
    file: Annotated[Path, typer.Argument(help="The SVG file; one that is there is not overwritten.")],
    season: Code = None,
    lang: Annotated[Literal["ko", "en"], typer.Option(help="Of its words.")] = "ko",
    *,
    whole: Annotated[bool, typer.Option("--whole", help="All of shortwave.")] = False,
) -> None:
    """Draw a week of a season: our lines over time and frequency, everybody else's behind them."""
    from app.cli import station
    from app.database import reading
    from app.schedule.charting import season_chart

    with station() as (_, engine), reading(engine) as session:
        drawn = season_chart(session, _season(season), utcnow(), lang, whole=whole)
    _write(file, drawn.encode())
    out.print(f"{file}: {len(drawn.encode())} bytes. Schedules are secret: mind where it goes.")


def _write(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as target:
            target.write(content)
    except FileExistsError:
        out.print(f"danpa: {file} is there already: remove it, or give another name", soft_wrap=True)
        sys.exit(1)
    except OSError as wrong:
        out.print(f"danpa: {file} cannot be written: {wrong.strerror}", soft_wrap=True)
        sys.exit(1)


def _season(code: str | None) -> Season:
    from schedules.season import season, season_at

    return season(code) if code else season_at(utcnow())


def _tell(problems: Iterable[Problem], what: str) -> None:
    told = list(problems)
    if told:
        out.print(f"{len({one.line_number for one in told})} lines {what}:")
    for one in told:
        out.print(f"  {one}", highlight=False, soft_wrap=True, markup=False)


def _say_whether_done(*, yes: bool) -> None:
    out.print("Done." if yes else "Nothing was changed: say --yes to do it.")
