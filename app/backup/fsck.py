"""``danpa fsck``: does what is on the disk agree with what is in the database?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from app.airings.models import Airing, Artefact, RundownVersion
from app.backup.roots import KINDS, arriving, required
from app.database import reading
from app.handoffs.models import Handoff
from app.jobs.models import Job
from app.library.models import Segment, SegmentState
from app.settings import Settings
from app.storage import Blobs, sha256_of
from app.uploads.models import Upload, UploadState
from app.uploads.service import file_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement. ``harmless`` ones need nobody: garbage collection or the next run sees to them."""

    what: str
    harmless: bool = False


def check(engine: Engine, settings: Settings, now: datetime, *, quick: bool = False) -> list[Finding]:
    """Everything that does not agree; ``quick`` looks at the presence of files only and hashes none."""
    with reading(engine) as session:
        rows = [
            *_database(session),
            *_segments(session, settings),
            *_uploads(session, settings),
            *_handoffs(session),
        ]
        needed = {
            _path(settings, blob.kind, blob.sha256, blob.suffix): blob
            for blob in required(session, settings, now)
        }
        known = {*needed, *(_path(settings, blob.kind, blob.sha256) for blob in arriving(session))}
    files = [
        finding for path, blob in sorted(needed.items()) if (finding := _blob(path, blob.sha256, quick=quick))
    ]
    return [*rows, *files, *_orphans(settings, known)]


def _database(session: Session) -> Iterator[Finding]:
    for (message,) in session.connection().execute(text("PRAGMA quick_check")):
        if message != "ok":
            yield Finding(f"database: {message}")
    for table, row, parent, _ in session.connection().execute(text("PRAGMA foreign_key_check")):
        yield Finding(f"database: row {row} of {table} names a {parent} that is not there")


def _segments(session: Session, settings: Settings) -> Iterator[Finding]:
    usable = (SegmentState.draft, SegmentState.approved)
    query = select(Segment.id).where(col(Segment.state).in_(usable), col(Segment.master_sha256).is_(None))
    for segment_id in session.exec(query):
        yield Finding(f"segment {segment_id}: it has no master")
    jobs = select(Job.payload).where(Job.kind == "ingest", col(Job.state).in_(["queued", "running"]))
    files = {payload["segment_id"]: payload["file"] for payload in session.exec(jobs)}
    processing = select(Segment.id, Segment.original_sha256).where(Segment.state == SegmentState.processing)
    for segment_id, sha256 in session.exec(processing):
        name = files.get(segment_id)
        if name is None:
            yield Finding(
                f"segment {segment_id}: nothing ingests it; an import stopped in its middle: run it again"
            )
        elif (
            not (settings.incoming_dir / name).exists()
            and not _path(settings, "originals", sha256 or "").exists()
        ):
            yield Finding(f"segment {segment_id}: its upload is gone before its ingest")


def _uploads(session: Session, settings: Settings) -> Iterator[Finding]:
    for upload in session.exec(select(Upload).where(Upload.state == UploadState.open)):
        path = file_of(settings, upload)
        if not path.exists() or path.stat().st_size < upload.received:
            yield Finding(
                f"upload {upload.id}: bytes that were acknowledged are gone; its sender has to begin again"
            )


def _handoffs(session: Session) -> Iterator[Finding]:
    query = (
        select(Handoff.id, Handoff.version, Handoff.airing_id)
        .join(Artefact, col(Handoff.artefact_id) == col(Artefact.id))
        .join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .where((Handoff.airing_id != RundownVersion.airing_id) | (Handoff.version != RundownVersion.version))
    )
    for handoff_id, version, airing_id in session.exec(query):
        yield Finding(f"handoff {handoff_id}: its artefact is not of version {version} of airing {airing_id}")


def _blob(path: Path, sha256: str, *, quick: bool) -> Finding | None:
    name = f"{path.parent.parent.name}/{path.name}"
    if not path.exists():
        return Finding(f"{name}: it is missing")
    if not path.stat().st_size:
        return Finding(f"{name}: it is empty")
    if not quick and sha256_of(path) != sha256:
        return Finding(f"{name}: its content is not what its name says")
    return None


def _orphans(settings: Settings, known: set[Path]) -> Iterator[Finding]:
    blobs = Blobs(settings.blobs_dir)
    for kind in KINDS:
        for path in sorted(blobs.all(kind)):
            if path not in known:
                yield Finding(f"{kind}/{path.name}: no row needs it", harmless=True)


def _path(settings: Settings, kind: str, sha256: str, suffix: str = "") -> Path:
    return Blobs(settings.blobs_dir).path(kind, sha256, suffix)
