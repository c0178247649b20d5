"""``danpa backup``: one consistent copy of the station, made while it works.

The database is copied first, by SQLite's own backup; then the blobs that this copy refers to, which the garbage
collection leaves alone for as long. Blobs never change, so on the same file system a hard link is a copy; a backup that is to
survive its disk belongs on another one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy import create_engine
from sqlmodel import Session, col, select

from app import __version__
from app.backup.copying import (
    BLOBS,
    DATABASE,
    MANIFEST,
    VOICES,
    Entry,
    Manifest,
    copy_hashed,
    progress_of_bytes,
    sync_tree,
)
from app.backup.roots import Blob, arriving, required
from app.database import current_revision
from app.errors import Conflict, DiskReserve, NotFound
from app.jobs.models import Job
from app.library.models import Segment
from app.settings import Settings
from app.storage import Blobs, keeping_blobs, sha256_of, sync_directory, write_atomically


def backup(settings: Settings, destination: Path, *, now: datetime, console: Console) -> Manifest:
    """Back the station up into a new folder, which appears when it is whole.

    Blobs that are missing or damaged in the station itself do not stop it: they are in the manifest's ``missing``.

    Raises:
        NotFound: there is no station.
        Conflict: the destination exists.
        DiskReserve: the destination's disk is too small.
    """
    if not settings.database_path.exists():
        raise NotFound(f"there is no station in {settings.root}")
    destination = destination.absolute()
    if destination.exists():
        raise Conflict(f"{destination} exists: name a new folder for each backup")
    aside = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    try:
        with keeping_blobs(settings):
            manifest = _fill(settings, aside, now, console)
        write_atomically(aside / MANIFEST, manifest.to_json())
        sync_tree(aside)
        aside.rename(destination)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    sync_directory(destination.parent)
    return manifest


def _fill(settings: Settings, aside: Path, now: datetime, console: Console) -> Manifest:
    database = aside / DATABASE
    _copy_database(settings.database_path, database)
    revision, sources = _needed(settings, database, now)
    clips = [path for path in sorted(settings.voices_dir.rglob("*")) if path.is_file()]
    total = sum(_size(candidates) for candidates in [*sources.values(), *([clip] for clip in clips)])
    _require_room(aside, settings, total)
    entries = [Entry(DATABASE, sha256_of(database), database.stat().st_size)]
    missing: list[str] = []
    copies = Blobs(aside / BLOBS)
    with progress_of_bytes("Backing up", console) as progress:
        task = progress.add_task("", total=total)
        for blob in sorted(sources, key=lambda blob: (blob.kind, blob.sha256)):
            target = copies.path(blob.kind, blob.sha256, blob.suffix)
            name = target.relative_to(aside).as_posix()
            size = _take(sources[blob], target, blob.sha256)
            if size is None:
                missing.append(name)
            else:
                entries.append(Entry(name, blob.sha256, size))
            progress.advance(task, size or 0)
        for clip in clips:
            entry = _copy_clip(settings, clip, aside)
            entries += [entry] if entry else []
            progress.advance(task, entry.bytes if entry else 0)
    return Manifest(now, __version__, revision, tuple(entries), tuple(missing))


def _copy_clip(settings: Settings, clip: Path, aside: Path) -> Entry | None:
    """Copied and never linked: people may write over a clip. None where it was taken away meanwhile."""
    name = Path(VOICES) / clip.relative_to(settings.voices_dir)
    try:
        sha256 = copy_hashed(clip, aside / name)
    except FileNotFoundError:
        return None
    return Entry(name.as_posix(), sha256, (aside / name).stat().st_size)


def _copy_database(source: Path, target: Path) -> None:
    """A copy of one instant, in a single file, while others write."""
    with (
        contextlib.closing(sqlite3.connect(source)) as origin,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)


def _needed(settings: Settings, database: Path, now: datetime) -> tuple[str, dict[Blob, list[Path]]]:
    """The copy's schema revision, and where each blob that it refers to may lie.

    An upload that waits for its ingest is kept as the original that it will become, where its ingest looks as well.
    """
    engine = create_engine(f"sqlite:///{database}")  # not `open_sqlite`: the copy stays a single file
    try:
        with Session(engine) as session:
            needed = required(session, settings, now) | arriving(session)
            uploads = _uploads(session, settings)
        revision = current_revision(engine) or ""
    finally:
        engine.dispose()
    blobs = Blobs(settings.blobs_dir)
    return revision, {
        blob: [*uploads.get(blob, ()), blobs.path(blob.kind, blob.sha256, blob.suffix)] for blob in needed
    }


def _uploads(session: Session, settings: Settings) -> dict[Blob, list[Path]]:
    uploads: dict[Blob, list[Path]] = {}
    jobs = session.exec(
        select(Job.payload).where(Job.kind == "ingest", col(Job.state).in_(["queued", "running"]))
    )
    for payload in jobs.all():
        sha256 = session.get_one(Segment, payload["segment_id"]).original_sha256
        if sha256 is not None:
            uploads.setdefault(Blob("originals", sha256), []).append(settings.incoming_dir / payload["file"])
    return uploads


def _size(candidates: Sequence[Path]) -> int:
    for path in candidates:
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_size
    return 0


def _require_room(aside: Path, settings: Settings, total: int) -> None:
    if aside.stat().st_dev != settings.root.stat().st_dev and shutil.disk_usage(aside).free < total:
        raise DiskReserve(f"the backup needs {total >> 20} MiB, and its disk has less")


def _take(candidates: Sequence[Path], target: Path, sha256: str) -> int | None:
    """Bring the first whole candidate to its place in the backup; its size, or None where there is none."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for source in candidates:
        with contextlib.suppress(
            FileNotFoundError
        ):  # an ingest has just moved it to where the next candidate is
            if _link_or_copy(source, target) == sha256:
                return target.stat().st_size
            target.unlink()
    return None


def _link_or_copy(source: Path, target: Path) -> str:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        return copy_hashed(source, target)
    return sha256_of(target)
