"""``danpa import`` and ``danpa import-libretime``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.library.models import SegmentKind

out = Console()

Person = Annotated[str, typer.Option(help="In whose name.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag for each (may be repeated).")]
Approve = Annotated[bool, typer.Option("--approve", help="Let them on the air; else they are drafts.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
WriteCsv = Annotated[
    Path | None, typer.Option(help="Write what was guessed as a list, to be corrected and given to --csv.")
]
Report = Annotated[Path | None, typer.Option(help="Write what became of each file, as CSV.")]


def import_recordings(
    source: Annotated[
        Path, typer.Argument(help="A folder of recordings with its sub-folders, or a ZIP file.")
    ],
    person: Person = "engineer",
    kind: Annotated[
        str | None, typer.Option(help="news, talk, drama, testimony, music ...; else guessed, or talk.")
    ] = None,
    tags: Tags = None,
    csv: Annotated[
        Path | None, typer.Option(help="A list with a line for each file: file, title, kind, tags ...")
    ] = None,
    write_csv: WriteCsv = None,
    report: Report = None,
    *,
    approve: Approve = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    unlisted: Annotated[
        bool,
        typer.Option("--with-unlisted", help="With --csv: files without a line too, as they are guessed."),
    ] = False,
    no_guess: Annotated[
        bool, typer.Option("--no-guess", help="The title is the file's name, and nothing is guessed.")
    ] = False,
    no_tags: Annotated[
        bool, typer.Option("--no-tags", help="Guess from names only, which is much faster than reading tags.")
    ] = False,
) -> None:
    """Take a folder or a ZIP file of recordings into the library; a second run goes on where the first one stopped."""
    from app.bringing.planning import Wishes
    from app.bringing.running import Manner, run_import
    from app.cli import person_id, station
    from app.processes import give_way

    give_way()  # it works for hours, and beside it a night goes on
    with station() as (settings, database):
        wishes = Wishes(
            person_id=person_id(database, person),
            kind=_kind(kind),
            tags=tuple(tags or ()),
            approve=_may_approve(database, approve=approve),
            guesses=not no_guess,
            read_tags=not no_tags,
            unlisted=unlisted,
        )
        manner = Manner(dry_run=dry_run, yes=yes, ask=_asker(), write_csv=write_csv, report=report)
        sys.exit(run_import(database, settings, source, wishes, manner, console=out, listing=csv))


def import_libretime(
    dump: Annotated[Path, typer.Argument(help="What `pg_dump --format=plain` wrote, also with gzip.")],
    storage: Annotated[Path, typer.Option(help="LibreTime's storage folder, /srv/libretime usually.")],
    person: Person = "engineer",
    kind: Annotated[
        str | None, typer.Option(help="Of what has no track type; else guessed, or talk.")
    ] = None,
    kind_of: Annotated[
        list[str] | None, typer.Option(help="What a track type is here, as CODE=kind (may be repeated).")
    ] = None,
    tags: Tags = None,
    write_csv: WriteCsv = None,
    report: Report = None,
    *,
    approve: Approve = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take the tracks of a LibreTime station into the library, by a dump of its database and its storage folder."""
    from app.bringing.libretime.importing import run_import_libretime
    from app.bringing.planning import Wishes
    from app.bringing.running import Manner
    from app.cli import person_id, station
    from app.processes import give_way

    give_way()
    with station() as (settings, database):
        wishes = Wishes(
            person_id=person_id(database, person),
            kind=_kind(kind),
            tags=tuple(tags or ()),
            approve=_may_approve(database, approve=approve),
        )
        manner = Manner(dry_run=dry_run, yes=yes, ask=_asker(), write_csv=write_csv, report=report)
        sys.exit(
            run_import_libretime(
                database,
                settings,
                dump,
                storage,
                wishes,
                manner,
                kinds_given=_kinds_of(kind_of or ()),
                ask_kind=_ask_kind if sys.stdin.isatty() and not (dry_run or yes) else None,
                console=out,
            )
        )


def add_to(cli: typer.Typer) -> None:
    """Put the commands where people look for them."""
    cli.command(name="import")(import_recordings)
    cli.command(name="import-libretime")(import_libretime)


def _may_approve(database: Engine, *, approve: bool) -> bool:
    """Raises Invalid where somebody else than who imports has to let recordings on the air."""
    from app.database import reading
    from app.station.service import station as station_of

    if approve:
        with reading(database) as session:
            if station_of(session).approved_by_another:
                raise Invalid(
                    "--approve: at this station somebody else approves what you bring: leave it out"
                )
    return approve


def _kind(word: str | None) -> SegmentKind | None:

    from app.bringing.words import kind_named
    from app.library.models import SegmentKind

    if word is None:
        return None
    if (kind := kind_named(word)) is None:
        raise Invalid(f'--kind "{word}" is not known; it is one of {", ".join(SegmentKind)}')
    return kind


def _kinds_of(given: Sequence[str]) -> dict[str, SegmentKind]:
    kinds: dict[str, SegmentKind] = {}
    for one in given:
        code, equals, word = one.partition("=")
        if not equals:
            raise Invalid(f'--kind-of "{one}" is not a track type and a kind: write NWS=news')
        kind = _kind(word.strip())
        assert kind is not None
        kinds[code.strip().upper()] = kind
    return kinds


def _asker() -> Callable[[str], bool] | None:
    return typer.confirm if sys.stdin.isatty() and sys.stdout.isatty() else None


def _ask_kind(question: str) -> str:
    return str(typer.prompt(question))
