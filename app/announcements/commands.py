"""``danpa voices checklist`` and ``danpa voices check``."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.database import NotInitialised, open_database, reading, require_current
from app.settings import Settings

WRONG = 1
"""Exit status of `check` where a clip cannot be used."""


def add_to(cli: typer.Typer) -> None:
    """Add the group to the command line."""
    voices = typer.Typer(
        no_args_is_help=True, help="The voice pack: clips from which announcements are made."
    )
    voices.command(name="checklist")(checklist)
    voices.command(name="check")(check)
    cli.add_typer(voices, name="voices")


def checklist(
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only what is still to record.")] = False,
) -> None:
    """List what to record, in the order in which to read it: the file's name (with any ending), its words, what is there."""
    from app.announcements.service import look_through

    settings = _here()
    database = open_database(settings)
    with reading(database) as session:
        pack = look_through(session, settings)
    database.dispose()
    rows = [
        (one.key, one.text, {"recorded": "have", "other_words": "other words"}.get(one.state, one.state))
        for one in pack.wanted
        if not missing or one.state != "recorded"
    ]
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([("key", "text", "state"), *rows])
        return
    table = Table("key", "text", "state")
    for row in rows:
        table.add_row(*row)
    out = Console()
    out.print(table)
    out.print(f"{pack.count('recorded')} of {len(pack.wanted)} are recorded.", highlight=False)


def check() -> None:
    """Decode and measure every clip of the voice pack. Exits with 1 if one cannot be used."""
    from app.announcements.checking import check_clips
    from app.announcements.pack import folder_of, read_pack
    from app.announcements.service import look_through
    from audio.ffmpeg import find_ffmpeg

    settings = _here()
    database = open_database(settings)
    with reading(database) as session:
        state = look_through(session, settings)
    database.dispose()
    clips = list(read_pack(settings).clips.values())
    checks = check_clips(clips, settings.incoming_dir, find_ffmpeg(settings.ffmpeg))
    found = list(track(checks, "Listening", total=len(clips), console=Console(stderr=True), transient=True))
    for one in found:
        word = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[one.verdict]
        typer.echo(f"{word}  {one.clip.path.name}: {one.words}")
    for wanted in state.wanted:
        if wanted.state == "other_words" and wanted.clip is not None:
            typer.echo(
                f'note   {wanted.clip.path.name}: says "{wanted.clip.says}", and "{wanted.text}" is wanted: not used'
            )
    for name in state.unknown:
        typer.echo(
            f"note   {name}: nobody hears it: no announcement asks for it, or another file has its key"
        )
    typer.echo(
        f"{len(clips)} clips in {folder_of(settings)}; {state.count('missing', 'other_words')} are still to record."
    )
    if any(one.verdict == "wrong" for one in found):
        sys.exit(WRONG)


def _here() -> Settings:
    """The settings of the station that is here. Raises NotInitialised."""
    settings = Settings()
    if not settings.database_path.exists():
        raise NotInitialised(f"there is no station in {settings.root}: run `danpa init` first")
    database = open_database(settings)
    require_current(settings, database)
    database.dispose()
    return settings
