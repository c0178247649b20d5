"""Garbage collection: removes audio that nothing needs any more. It starts from the rows, never from the files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.backup.roots import KINDS, arriving, required
from app.database import reading
from app.jobs.models import Job
from app.locks import Lock
from app.settings import Settings
from app.storage import Blobs, blobs_lock
from app.uploads.service import open_files
from audio.cache import trim_cache
from audio.files import sweep

YOUNG = timedelta(days=1)
"""What is younger may belong to a row that is about to be written, or to an upload that is still running."""

RECENTLY_USED = timedelta(hours=1)
"""A running render may be about to read what it found in the cache."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed: paths below the station's folder, and bytes. ``postponed``: blobs were in use, try later."""

    removed: tuple[str, ...] = ()
    bytes: int = 0
    cache_bytes: int = 0
    postponed: bool = False


def collect_garbage(engine: Engine, settings: Settings, now: datetime) -> Collected:
    """Remove blobs that no row needs, what broken uploads left behind, and the oldest of a cache over its size.

    An open airing, the library, the evergreen and the interval signal lose nothing. While somebody relies on blobs
    (an ingest about to commit, a backup), nothing is removed.
    """
    lock = Lock(blobs_lock(settings))
    if not lock.acquire():
        return Collected(postponed=True)
    try:
        with reading(engine) as session:
            stale = [*_stale_blobs(session, settings, now), *_stale_incoming(session, settings, now)]
        removed_bytes = sum(_remove(path) for path in stale)
    finally:
        lock.release()
    long_ago = (now - YOUNG).timestamp()
    for directory in (settings.incoming_dir, settings.cache_dir):
        sweep(directory, untouched_since=long_ago)
    cache_bytes = trim_cache(
        settings.cache_dir, settings.cache_limit_bytes, keep_used_since=(now - RECENTLY_USED).timestamp()
    )
    return Collected(
        tuple(str(path.relative_to(settings.root)) for path in stale), removed_bytes, cache_bytes
    )


def _stale_blobs(session: Session, settings: Settings, now: datetime) -> Iterator[Path]:
    blobs = Blobs(settings.blobs_dir)
    needed = {
        blobs.path(blob.kind, blob.sha256, blob.suffix)
        for blob in required(session, settings, now) | arriving(session)
    }
    for kind in KINDS:
        for path in blobs.all(kind):
            if path not in needed and _is_old(path, now):
                yield path


def _stale_incoming(session: Session, settings: Settings, now: datetime) -> Iterator[Path]:
    waiting = select(Job.payload).where(Job.kind == "ingest", col(Job.state).in_(["queued", "running"]))
    needed = {payload["file"] for payload in session.exec(waiting)} | open_files(session, settings)
    for path in settings.incoming_dir.iterdir():
        if path.name not in needed and _is_old(path, now):
            yield path


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return path.lstat().st_mtime < (now - YOUNG).timestamp()
    except FileNotFoundError:  # an ingest has just finished with it
        return False


def _remove(path: Path) -> int:
    size = path.lstat().st_size if path.is_file() else 0
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return size
