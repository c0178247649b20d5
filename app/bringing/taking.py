"""One recording is taken into the library: copied, remembered, ingested. Killed at any point, a second run ends the same."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.bringing.recordings import Recording, Source
from app.database import reading, writing
from app.errors import DanpaError, DiskReserve, Invalid, TooLarge
from app.library import service
from app.library.description import Description
from app.library.ingest import run_ingest
from app.library.models import ImportedFile, Segment, SegmentState
from app.library.names import display_name
from app.library.service import Original
from app.processes import Clock
from app.settings import Settings
from app.storage import CHUNK, require_space

log = structlog.get_logger("danpa.import")

SPACE_CHECK = 16 << 20
"""The disk's reserve is looked at again after this many bytes."""


class Outcome(StrEnum):
    imported = "imported"
    known = "known"
    """It was taken before."""
    same = "same"
    """The library has these very bytes, from elsewhere."""
    rejected = "rejected"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a recording becomes. ``within``: the samples of it that are played, where not all are."""

    recording: Recording
    description: Description
    within: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file; ``reason`` says why it was not taken, ``full``: because the disk is."""

    name: str
    outcome: Outcome
    segment_id: int | None = None
    reason: str = ""
    full: bool = False


def take(
    engine: Engine,
    settings: Settings,
    source: Source,
    intent: Intent,
    *,
    person_id: int,
    approve: bool,
    clock: Clock,
) -> Taken:
    """Take one recording. What is wrong with it is told in the result and stops nothing."""
    recording = intent.recording
    try:
        return _take(engine, settings, source, intent, person_id=person_id, approve=approve, clock=clock)
    except (OSError, DanpaError) as error:
        return Taken(recording.name, Outcome.failed, reason=str(error), full=isinstance(error, DiskReserve))
    except Exception:
        log.exception("a file could not be imported")
        reason = "something went wrong inside Danpa; the log says more"
        return Taken(recording.name, Outcome.failed, reason=reason)


def _take(
    engine: Engine,
    settings: Settings,
    source: Source,
    intent: Intent,
    *,
    person_id: int,
    approve: bool,
    clock: Clock,
) -> Taken:
    recording = intent.recording
    incoming = settings.incoming_dir / f"import-{_short(recording.key)}.part"
    segment = _begun(engine, recording)
    if segment is not None and segment.state != SegmentState.processing:
        return _told(recording.name, segment, Outcome.known)
    with source.open(recording) as stream:
        sha256, size = copy(settings, stream, incoming, recording.bytes)
    original = Original(display_name(recording.name), sha256, size)
    segment, is_new = _enter(engine, intent, original, person_id, clock)
    if segment.state != SegmentState.processing:
        incoming.unlink(missing_ok=True)
        return Taken(recording.name, Outcome.same, segment.id)
    payload = {
        "segment_id": segment.id,
        "file": incoming.name,
        "approve_by": person_id if approve else None,
        "within": intent.within,
    }
    run_ingest(engine, settings, payload, clock=clock)
    with reading(engine) as session:
        assert segment.id is not None
        outcome = Outcome.imported if is_new else Outcome.same
        return _told(recording.name, service.get(session, segment.id), outcome)


def copy(settings: Settings, stream: IO[bytes], incoming: Path, expected: int) -> tuple[str, int]:
    """Copy a producer's file (it is never moved); returns its SHA-256 and size.

    Raises:
        Invalid: it is empty, or its length is not what it was announced to be.
        TooLarge, DiskReserve, OSError: as they say.
    """
    if expected == 0:
        raise Invalid("the file is empty: the recorder saved nothing")
    if expected > settings.upload_limit_bytes:
        raise TooLarge(f"the file is larger than the {settings.upload_limit_bytes >> 20} MiB that are taken")
    require_space(settings, expected)
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            sha256, size = _pour(settings, stream, target, expected)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        incoming.unlink()
        raise
    return sha256, size


def _pour(settings: Settings, stream: IO[bytes], target: IO[bytes], expected: int) -> tuple[str, int]:
    digest, size, checked = hashlib.sha256(), 0, 0
    while block := stream.read(CHUNK):
        digest.update(block)
        size += target.write(block)
        if size > expected:
            break
        if size - checked >= SPACE_CHECK:
            require_space(settings)
            checked = size
    if size != expected:
        raise Invalid("the file changed its length while it was read: wait until it is complete")
    return digest.hexdigest(), size


def known_segments(session: Session) -> dict[str, tuple[int, int, str]]:
    """What was taken before, by key: bytes, stamp, and the state of its segment."""
    query = select(ImportedFile.path, ImportedFile.bytes, ImportedFile.modified_ns, Segment.state).join(
        Segment, col(Segment.id) == col(ImportedFile.segment_id)
    )
    return {key: (size, stamp, state) for key, size, stamp, state in session.exec(query)}


def remember(session: Session, recording: Recording, segment_id: int) -> None:
    """Note in the caller's transaction which segment a file became."""
    row = session.exec(_by_key(recording.key)).first() or ImportedFile(
        path=recording.key, bytes=0, modified_ns=0, segment_id=0
    )
    row.bytes, row.modified_ns, row.segment_id = recording.bytes, recording.stamp, segment_id
    session.add(row)


def begun_segment(session: Session, recording: Recording) -> int | None:
    """The segment that this very file became or is becoming."""
    row = session.exec(_by_key(recording.key)).first()
    same = row is not None and (row.bytes, row.modified_ns) == (recording.bytes, recording.stamp)
    return row.segment_id if row is not None and same else None


def _begun(engine: Engine, recording: Recording) -> Segment | None:
    with reading(engine) as session:
        segment_id = begun_segment(session, recording)
        return None if segment_id is None else service.get(session, segment_id)


def _enter(
    engine: Engine, intent: Intent, original: Original, person_id: int, clock: Clock
) -> tuple[Segment, bool]:
    """The segment and the note that this file is it, in one transaction: an interrupted run finds it again.

    One that was begun is described anew: the list may have been corrected since. Where the library has these bytes from
    elsewhere it is that one's segment, and False; an ingest of it that an earlier run left unfinished is then finished.
    """
    with writing(engine) as session:
        begun = begun_segment(session, intent.recording)
        if begun is not None:
            segment = service.get(session, begun)
            for field, value in _columns(intent.description).items():
                setattr(segment, field, value)
            session.add(segment)
            return segment, True
        same = _same_bytes(session, original.sha256)
        entered = same or service.create(
            session, intent.description, original, "segment.imported", person_id=person_id, now=clock()
        )
        assert entered.id is not None
        remember(session, intent.recording, entered.id)
        return entered, same is None


def _same_bytes(session: Session, sha256: str) -> Segment | None:
    """The first segment of these bytes that is in the library, or that an import has begun (an upload has a job of its own)."""
    of_import = select(ImportedFile.segment_id)
    query = (
        select(Segment)
        .where(
            Segment.original_sha256 == sha256,
            Segment.state != SegmentState.rejected,
            or_(Segment.state != SegmentState.processing, col(Segment.id).in_(of_import)),
        )
        .order_by(col(Segment.id))
    )
    return session.exec(query).first()


def _columns(description: Description) -> dict[str, object]:
    """A description's fields as a segment has them."""
    names = [field.name for field in fields(Description) if field.name in Segment.model_fields]
    said = {name: getattr(description, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def _by_key(key: str) -> SelectOfScalar[ImportedFile]:
    return select(ImportedFile).where(ImportedFile.path == key)


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _told(name: str, segment: Segment, otherwise: Outcome) -> Taken:
    if segment.state == SegmentState.rejected:
        return Taken(name, Outcome.rejected, segment.id, (segment.problem or {}).get("detail", ""))
    return Taken(name, otherwise, segment.id)
