"""``danpa restore``: a station from a backup, whole or not at all.

Everything is copied and verified aside, inside the station's folder (which may be a mounted volume). Then the old parts move
out of the way and the new ones in, the database last: until that rename there is no station here, and restoring
again finishes what a crash interrupted.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from rich.console import Console

from app.backup.copying import (
    BLOBS,
    DATABASE,
    VOICES,
    BackupDamaged,
    Manifest,
    copy_hashed,
    progress_of_bytes,
    read_manifest,
    sync_tree,
)
from app.database import alembic_config, open_database
from app.errors import Conflict, DiskReserve
from app.locks import Lock, holder
from app.settings import Settings
from app.storage import sync_directory

STATION = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", BLOBS, VOICES, "incoming", "cache", "air")
"""What makes a station, in the order in which it is moved away: the database first."""


class ServiceRunning(Conflict):
    """The station is in use."""

    code = "service-running"


class StationExists(Conflict):
    """There is a station where one should be restored."""

    code = "station-exists"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where the station that was there before now lies."""

    manifest: Manifest
    set_aside: Path | None


def restore(
    settings: Settings, source: Path, *, now: datetime, console: Console, force: bool = False
) -> Restored:
    """Restore a backup into the station's folder.

    Raises:
        StationExists: there is a station, and ``force`` was not given; with it, the old one is set aside.
        ServiceRunning: one of the station's processes runs.
        BackupDamaged: a file of the backup is missing or not what it was, or a newer Danpa made it.
        DiskReserve: the station's disk is too small.
    """
    manifest = read_manifest(source)
    _require_known_revision(settings, manifest)
    if settings.database_path.exists() and not force:
        raise StationExists(f"there is a station in {settings.root}: with --force it is set aside")
    settings.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock(settings.run_dir / "supervisor.lock")
    if not lock.acquire():
        raise ServiceRunning(f"the service of {settings.root} runs: stop it first")
    try:
        _require_nobody(settings, lock)
        return _restore(settings, source, manifest, now, console)
    finally:
        lock.release()


def _restore(
    settings: Settings, source: Path, manifest: Manifest, now: datetime, console: Console
) -> Restored:
    aside = settings.root / ".restoring"
    shutil.rmtree(aside, ignore_errors=True)
    if shutil.disk_usage(settings.root).free < manifest.total_bytes:
        raise DiskReserve(
            f"the backup needs {manifest.total_bytes >> 20} MiB, and the disk of {settings.root} has less"
        )
    aside.mkdir(mode=0o700)
    try:
        _copy_verified(source, aside, manifest, console)
        _forget_air(aside / DATABASE)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    set_aside = _set_aside(settings, settings.root / f"before-restore-{now:%Y%m%dT%H%M%SZ}")
    for name in (BLOBS, VOICES):
        if (aside / name).exists():
            (aside / name).rename(settings.root / name)
    (aside / DATABASE).rename(settings.database_path)
    aside.rmdir()
    settings.make_directories()
    sync_directory(settings.root)
    return Restored(manifest, set_aside)


def _forget_air(database: Path) -> None:
    """The air process of the restored station begins with an empty folder and a new journal: arm everything again."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE airing SET armed_version = 0, armed_as = NULL")
        connection.execute("UPDATE station SET air_journal_position = 0")


def _require_known_revision(settings: Settings, manifest: Manifest) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(open_database(settings)))
    try:
        scripts.get_revision(manifest.revision)
    except CommandError as error:
        raise BackupDamaged(
            f"the backup was made by a newer Danpa ({manifest.version}): install that one"
        ) from error


def _require_nobody(settings: Settings, own: Lock) -> None:
    for path in sorted(settings.run_dir.glob("*.lock")):
        if path != own.path and holder(path) is not None:
            raise ServiceRunning(
                f"{path.stem} of {settings.root} still runs (process {holder(path)}): stop it first"
            )


def _copy_verified(source: Path, aside: Path, manifest: Manifest, console: Console) -> None:
    with progress_of_bytes("Restoring", console) as progress:
        task = progress.add_task("", total=manifest.total_bytes)
        for entry in manifest.files:
            try:
                sha256 = copy_hashed(source / entry.path, aside / entry.path)
            except FileNotFoundError:
                raise BackupDamaged(f"{entry.path} is missing from the backup") from None
            if sha256 != entry.sha256:
                raise BackupDamaged(f"{entry.path} is not what it was when the backup was made")
            progress.advance(task, entry.bytes)
    if not (aside / DATABASE).exists():
        raise BackupDamaged("the backup holds no database")
    sync_tree(aside)


def _set_aside(settings: Settings, place: Path) -> Path | None:
    """Move what was here out of the way. None where that was nothing but empty folders."""
    place.mkdir(mode=0o700)
    for name in STATION:
        old = settings.root / name
        if old.exists():
            old.rename(place / name)
    sync_directory(settings.root)
    if any(path.is_file() for path in place.rglob("*")):
        return place
    shutil.rmtree(place)
    return None
