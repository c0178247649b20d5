"""The command line: ``danpa``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import Engine

from app import __version__
from app.announcements import commands as announcements
from app.bringing import commands as bringing
from app.database import (
    NotInitialised,
    id_of,
    migrate,
    open_database,
    open_sqlite,
    reading,
    require_current,
    schema_sql,
    writing,
)
from app.errors import DanpaError
from app.processes import configure_logs, end_with_parent, stop_on_signals, utcnow
from app.schedule.commands import schedule_cli
from app.settings import Settings
from app.signing import commands as signing
from schedules.errors import ScheduleError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those may hold secrets
    help="Danpa schedules and delivers shortwave programmes.",
)
key_cli = typer.Typer(no_args_is_help=True, help="People's keys, and the one that signs manifests.")
alarm_cli = typer.Typer(no_args_is_help=True, help="Alarms.")
cli.add_typer(key_cli, name="key")
cli.add_typer(alarm_cli, name="alarm")
cli.add_typer(schedule_cli, name="schedule")
signing.add_to(cli, key_cli)
announcements.add_to(cli)
bringing.add_to(cli)

out = Console()
err = Console(stderr=True)


def main() -> None:
    """Run the command; what the service refuses ends as one line, not as a traceback."""
    os.umask(0o077)  # what a station holds is its owner's only
    try:
        cli()
    except ValidationError as error:  # of the settings
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            err.print(f"danpa: DANPA_{name}: {wrong['msg']}", style="bold red", markup=False)
        sys.exit(1)
    except (DanpaError, ScheduleError, NotInitialised) as error:
        err.print(f"danpa: {error}", style="bold red", markup=False)
        sys.exit(1)


@contextmanager
def station() -> Iterator[tuple[Settings, Engine]]:
    """The settings and the database of the station that is here.

    Raises:
        NotInitialised: there is none, or it is of another version.
    """
    settings = Settings()
    if not settings.database_path.exists():
        raise NotInitialised(f"there is no station in {settings.root}: run `danpa init` first")
    engine = open_database(settings)
    require_current(settings, engine)
    try:
        yield settings, engine
    finally:
        engine.dispose()


@cli.command()
def version() -> None:
    """Say which version this is."""
    out.print(__version__)


@cli.command()
def init(
    name: Annotated[str, typer.Option(help="The station's name.")] = "단파",
    person: Annotated[str, typer.Option(help="Your name: the first key is yours.")] = "engineer",
) -> None:
    """Make a station here (DANPA_HOME), or bring the one that is here up to date."""
    from app.station.founding import found

    settings = Settings()
    founded = found(settings, name, person, now=utcnow())
    if founded is None:
        out.print(f"The station in {settings.root} is up to date.")
    else:
        out.print(f"A station was made in {settings.root}.")
        out.print(f"The key of {person}, shown only now: {founded.key}", soft_wrap=True, highlight=False)


@cli.command()
def serve() -> None:
    """Run the station: web, engine, workers and air, until Ctrl-C."""
    with station() as (settings, _):
        pass
    _serve(settings)


def _serve(settings: Settings, greeting: str = "") -> None:
    from app.supervisor import AlreadyRunning, Supervisor

    configure_logs("supervisor", json=settings.log_json)

    def ready() -> None:
        url = json.loads((settings.run_dir / "web.json").read_bytes())["url"]
        out.print(
            greeting.replace("{url}", url) if greeting else f"Danpa: {url}", soft_wrap=True, highlight=False
        )

    try:
        Supervisor(settings).run(stop_on_signals(), ready)
    except AlreadyRunning as error:
        err.print(f"danpa: {error}", style="bold red", markup=False)
        sys.exit(1)


@cli.command()
def demo(port: Annotated[int | None, typer.Option(help="Port of the page.")] = None) -> None:
    """Run the demo station, under var/demo: a Korean programme delivered into a folder within two minutes."""
    from app.demo.run import prepare

    settings = Settings()
    home = settings.root if settings.root.name == "demo" else settings.root / "demo"
    os.environ["DANPA_HOME"] = str(home)
    if port is not None:
        os.environ["DANPA_PORT"] = str(port)
    settings = Settings()
    out.print(
        "Making the demo station …" if not settings.database_path.exists() else "Opening the demo station …"
    )
    link, key = prepare(settings, utcnow())
    greeting = (
        "\n[bold]This is a demo: its feeds are folders under "
        f"{settings.root}[/bold]\n\n  Page, signed in (works once): {{url}}{link}\n  Key for the API: {key}\n"
    )
    _serve(settings, greeting)


@cli.command(hidden=True)
def web() -> None:
    """The web process (the supervisor starts it)."""
    from app.web.application import create_app
    from app.web.server import Server

    settings = _process("web")
    Server(create_app(settings), settings).run()


@cli.command(hidden=True)
def engine() -> None:
    """The engine process (the supervisor starts it)."""
    from app.engine.process import run_engine

    settings = _process("engine")
    asyncio.run(run_engine(settings))


@cli.command(hidden=True)
def worker(number: int) -> None:
    """A worker process (the supervisor starts them)."""
    from app.jobs.worker import run_worker

    settings = _process(f"worker-{number}")
    run_worker(settings, number, stop_on_signals())


@cli.command(hidden=True)
def monitor() -> None:
    """The process that listens to what is on the air (the supervisor starts it)."""
    from app.monitor.process import run_monitor

    settings = _process("monitor")
    run_monitor(settings, stop_on_signals())


@cli.command(hidden=True)
def studio() -> None:
    """The studio process (the supervisor starts it where live input is set up)."""
    from app.studio.process import run_studio

    settings = _process("studio")
    run_studio(settings, stop_on_signals())


def _process(name: str) -> Settings:
    """Begin a child of the supervisor, which has looked at the database before it started us.

    Raises:
        NotInitialised: the database has gone since. SQLite would make an empty one in its place; the supervisor tries again.
    """
    settings = Settings()
    configure_logs(name, json=settings.log_json)
    end_with_parent()
    if not settings.database_path.exists():
        raise NotInitialised(f"the database in {settings.root} is gone")
    return settings


@cli.command()
def render(
    airing: Annotated[int, typer.Argument(help="The airing's number; its newest version is rendered.")],
    folder: Annotated[Path, typer.Argument(help="Where the file goes; it is named by its SHA-256.")],
    codec: Annotated[str, typer.Option(help="mp3, mp2, wav, flac, opus, aac or adts.")] = "mp3",
) -> None:
    """Render an airing into a folder, to carry it to a site by hand, say; what is kept is not made again."""
    from rich.progress import Progress

    from app.airings import service
    from app.airings.carriage import Wishes
    from app.airings.rendering import render_version
    from audio.profile import Codec, Encoding

    with station() as (settings, database):
        with reading(database) as session:
            versions = service.rundowns(session, service.get(session, airing).id or 0)
        if not versions:
            raise DanpaError(f"airing {airing} is not compiled yet")
        try:
            encoding = Encoding(cast("Codec", codec))
        except ValueError as wrong:
            raise typer.BadParameter(str(wrong), param_hint="--codec") from None
        folder.mkdir(parents=True, exist_ok=True)
        with Progress(console=out) as bar:
            task = bar.add_task(f"airing {airing}, version {versions[0].version}", total=1.0)
            artefact = render_version(
                database, settings, versions[0], Wishes(encoding), folder,
                lambda fraction: bar.update(task, completed=fraction),
            )  # fmt: skip
    how = f", {artefact.encoded_frames} of {artefact.frames} frames encoded anew" if artefact.frames else ""
    out.print(f"{artefact.path} ({artefact.bytes >> 10} KiB{how})", soft_wrap=True, highlight=False)


@cli.command(name="backup")
def back_up(destination: Annotated[Path, typer.Argument(help="A folder that is made for it.")]) -> None:
    """Back the whole station up, while it works: the database and every recording it needs."""
    from app.backup.backup import backup

    manifest = backup(Settings(), destination, now=utcnow(), console=out)
    out.print(f"{destination}: {manifest.total_bytes >> 20} MiB", highlight=False)
    if manifest.missing:
        raise DanpaError(
            f"{len(manifest.missing)} files are missing or damaged in the station itself: `danpa fsck` names them"
        )


@cli.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `danpa backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Set the station that is here aside.")] = False,
) -> None:
    """Bring a backup back, after every file in it was checked. The service must not run."""
    from app.backup.restore import restore as bring_back

    restored = bring_back(Settings(), source, now=utcnow(), console=out, force=force)
    if restored.set_aside is not None:
        out.print(f"The station that was here is in {restored.set_aside}.", highlight=False)
    out.print("Restored.")


@cli.command()
def fsck(
    quick: Annotated[bool, typer.Option("--quick", help="Look at presence only, hash nothing.")] = False,
) -> None:
    """Check that every file that the database names is there and is what it should be."""
    from app.backup.fsck import check

    with station() as (settings, database):
        findings = check(database, settings, utcnow(), quick=quick)
    for finding in findings:
        out.print(("note: " if finding.harmless else "WRONG: ") + finding.what, highlight=False, markup=False)
    if any(not finding.harmless for finding in findings):
        sys.exit(1)
    out.print("Everything is in order.")


@cli.command()
def gc() -> None:
    """Remove the audio of airings that are long over and what nothing refers to (the engine does so every day)."""
    from app.backup.garbage import collect_garbage

    with station() as (settings, database):
        collected = collect_garbage(database, settings, utcnow())
    if collected.postponed:
        raise DanpaError("a recording is being taken in, or a backup runs: try again later")
    out.print(f"{len(collected.removed)} files removed, {collected.bytes >> 20} MiB", highlight=False)


@key_cli.command(name="create")
def create_key(
    person: Annotated[str, typer.Argument(help="Whose key; a new name adds a person.")],
    label: Annotated[str, typer.Option(help="What it is for.")] = "made on the command line",
) -> None:
    """Make a key for a person; it is shown once."""
    from app.people import service

    with station() as (_, database), writing(database) as session:
        found = service.find_person(session, person) or service.create_person(
            session, person, now=utcnow(), by=None
        )
        _, secret = service.create_key(session, id_of(found), label, now=utcnow(), by=None)
    out.print(secret, soft_wrap=True, highlight=False)


@key_cli.command(name="link")
def create_link(person: Annotated[str, typer.Argument(help="Who signs in with it.")]) -> None:
    """Print a link that signs one browser in, once, within an hour."""
    from app.people import service

    with station() as (settings, database):
        whose = person_id(database, person)
        with writing(database) as session:
            token = service.create_login_link(session, whose, timedelta(hours=1), now=utcnow())
        out.print(f"{settings.page_url()}/login/{token}", soft_wrap=True, highlight=False)


@alarm_cli.command(name="test")
def test_alarm() -> None:
    """Send a test alarm over every channel that is set, and say how it went."""
    from app.alarms.notify import test_alarm as send

    with station() as (settings, _):
        results = asyncio.run(send(settings, utcnow()))
    if not results:
        raise DanpaError(
            "no channel is set: set DANPA_ALARM_WEBHOOK_URL, or DANPA_SMTP_HOST and DANPA_ALARM_EMAIL_TO"
        )
    for channel, result in results.items():
        out.print(f"{channel}: {result}", highlight=False)
    if any(result != "told" for result in results.values()):
        sys.exit(1)


@cli.command()
def openapi() -> None:
    """Print the API's OpenAPI document."""
    from app.web.application import create_app

    print(json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False, sort_keys=True))  # noqa: T201


@cli.command(hidden=True)
def schema() -> None:
    """Print the database's schema as all migrations leave it."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_sqlite(Path(folder) / "new.db")
        migrate(database)
        print(schema_sql(database), end="")  # noqa: T201
        database.dispose()


def person_id(database: Engine, name: str) -> int:
    """Whose name that is. Raises DanpaError."""
    from app.people import service

    with reading(database) as session:
        found = service.find_person(session, name)
    if found is None or found.id is None:
        raise DanpaError(f'there is nobody called "{name}": `danpa key create "{name}"` adds them')
    return found.id
