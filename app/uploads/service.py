"""Uploads that arrive in pieces: who may begin one, how far it is, and what becomes of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import CursorResult, Engine
from sqlmodel import Session, col, func, select, update

from app.database import id_of, reading, writing
from app.errors import DanpaError, Invalid, NotFound
from app.events.service import emit
from app.library import service as library
from app.library.description import from_form
from app.library.receive import Received
from app.settings import Settings
from app.storage import require_space
from app.uploads.announced import Announced
from app.uploads.errors import Gone, QuotaExceeded
from app.uploads.models import Upload, UploadState
from app.uploads.partial import RunningHash, make_file

KEPT = timedelta(hours=24)
"""An upload without progress is given up after it, and one that is over is remembered for as long."""


def file_of(settings: Settings, upload: Upload) -> Path:
    """Where an upload's bytes lie: where its ingest will look for them, so that finishing it moves nothing."""
    return settings.incoming_dir / f"{upload.name}.part"


def open_files(session: Session, settings: Settings) -> set[str]:
    """Names in the incoming folder that belong to uploads under way."""
    uploads = session.exec(select(Upload).where(Upload.state == UploadState.open))
    return {file_of(settings, upload).name for upload in uploads}


def begin(engine: Engine, settings: Settings, wanted: Announced, *, person_id: int, now: datetime) -> Upload:
    """A new upload, with an empty file.

    Raises:
        DiskReserve: the announced length would eat into the reserve.
        QuotaExceeded: the person has too much under way.
        Invalid: the airing that it is said to be for is not there, or awaits no such thing.
    """
    require_space(settings, wanted.length)
    upload = Upload(
        name=secrets.token_hex(16),
        person_id=person_id,
        length=wanted.length,
        file_name=wanted.file_name,
        fields=wanted.fields,
        announced=wanted.metadata,
        sha256=wanted.sha256,
        created_at=now,
        progressed_at=now,
        expires_at=now + KEPT,
    )
    path = file_of(settings, upload)
    make_file(path)  # before the row: an open upload without its file is one that was lost
    try:
        with writing(engine) as session:
            _require_quota(session, settings, upload)
            upload.fields = _placed(session, upload)
            session.add(upload)
            session.flush()
            emit(session, "upload", id_of(upload), upload.state, at=now)
    except BaseException:
        path.unlink()
        raise
    return upload


def _placed(session: Session, upload: Upload) -> dict[str, list[str]]:
    """The fields, with what it is awaited as in place of the airing: found now, not when all of it has come. Raises Invalid."""
    said = library.require_place(session, from_form(upload.fields, upload.file_name))
    if said.airing_id is None or said.awaited_as is None or said.awaited_on is None:
        return upload.fields
    others = {name: values for name, values in upload.fields.items() if name not in ("airing_id", "element")}
    return others | {"awaited_as": [said.awaited_as], "awaited_on": [said.awaited_on.isoformat()]}


def _require_quota(session: Session, settings: Settings, wanted: Upload) -> None:
    count, announced = session.exec(
        select(func.count(col(Upload.id)), func.coalesce(func.sum(Upload.length), 0)).where(
            Upload.person_id == wanted.person_id, Upload.state == UploadState.open
        )
    ).one()
    if count >= settings.partial_uploads_limit:
        raise QuotaExceeded(
            f"you have {count} uploads under way, and no more are taken from one person: "
            "finish some, or end them (DELETE)"
        )
    if announced + wanted.length > settings.partial_uploads_limit_bytes:
        raise QuotaExceeded(
            f"your uploads under way announce {announced:,} bytes, and this one {wanted.length:,} more; one person may have "
            f"{settings.partial_uploads_limit_bytes:,}: finish some, or end them (DELETE)"
        )


def find_own(session: Session, name: str, *, person_id: int, now: datetime) -> Upload:
    """An upload that is open or done, of this person.

    Raises:
        NotFound: there is none of this name, or it is somebody else's.
        Gone: it is over without a segment.
    """
    upload = look_up(session, name, person_id=person_id)
    if upload.state == UploadState.failed:
        raise Gone(f"the upload failed: {(upload.problem or {}).get('detail')}")
    if upload.state == UploadState.ended:
        raise Gone("the upload was ended: begin again")
    # The engine may not have come by yet
    is_late = upload.state == UploadState.open and upload.expires_at <= now
    if upload.state == UploadState.expired or is_late:
        raise Gone("the upload was given up, a day after its last byte had come: begin again")
    return upload


def look_up(session: Session, name: str, *, person_id: int) -> Upload:
    """An upload of this person in whatever state. Raises NotFound."""
    upload = session.exec(
        select(Upload).where(Upload.name == name, Upload.person_id == person_id)
    ).one_or_none()
    if upload is None:
        raise NotFound(f"there is no upload {name[:40]}")
    return upload


def advance(engine: Engine, upload_id: int, received: int, now: datetime) -> None:
    """Write down how many bytes are on the disk for good.

    Raises:
        Gone: the upload was ended meanwhile.
    """
    change = (
        update(Upload)
        .where(col(Upload.id) == upload_id, col(Upload.state) == UploadState.open)
        .values(received=received, progressed_at=now, expires_at=now + KEPT)
    )
    with writing(engine) as session:
        done = cast("CursorResult[tuple[()]]", session.exec(change))
        if done.rowcount != 1:
            raise Gone("the upload was ended meanwhile")


def complete(engine: Engine, settings: Settings, upload_id: int, known: RunningHash, now: datetime) -> Upload:
    """Make the segment of an upload whose bytes are all there; once, whoever asks and however often.

    Hashes what ``known`` has not seen: seconds for gigabytes, so not for the event loop.

    Raises:
        Invalid: the bytes are not those whose SHA-256 was announced; the upload has failed.
        Gone: the file was lost.
    """
    with reading(engine) as session:
        upload = session.get_one(Upload, upload_id)
    if upload.state != UploadState.open or upload.received < upload.length:
        return upload
    path = file_of(settings, upload)
    try:
        if path.stat().st_size != upload.length:
            raise Gone("the upload's file is not as long as what had arrived: begin again")
        sha256 = known.of(path, upload.length)
    except FileNotFoundError:
        return _settled(engine, upload_id)
    if upload.sha256 is not None and sha256 != upload.sha256:
        mixed = _mixed(upload.sha256, sha256)
        _fail(engine, settings, upload_id, mixed, now)
        raise mixed
    received = Received(path, upload.file_name, sha256, upload.length, upload.fields)
    description = from_form(upload.fields, upload.file_name)
    with writing(engine) as session:
        upload = session.get_one(Upload, upload_id)
        if upload.state == UploadState.open:
            segment = library.accept_upload(
                session, received, description, person_id=upload.person_id, now=now
            )
            upload.segment_id = segment.id
            close(session, upload, UploadState.done, now)
    return upload


def _settled(engine: Engine, upload_id: int) -> Upload:
    """Of an upload whose file went while we looked: another request has finished it, or it was ended."""
    with reading(engine) as session:
        upload = session.get_one(Upload, upload_id)
    if upload.state == UploadState.open:
        raise Gone("the upload's file is not there any more: begin again")
    return upload


def _mixed(announced: str, found: str) -> Invalid:
    return Invalid(
        f"what arrived has the SHA-256 {found}, announced was {announced}: the file changed between the pieces, or "
        "pieces of two files were sent; nothing was kept, begin again",
        field="sha256",
    )


def end(engine: Engine, settings: Settings, upload: Upload, now: datetime) -> None:
    """What its sender wants no more. A segment that it has become stays: that is the library's matter."""
    with writing(engine) as session:
        row = session.get_one(Upload, id_of(upload))
        was_open = row.state == UploadState.open
        if row.state != UploadState.ended:
            close(session, row, UploadState.ended, now)
    if was_open:
        file_of(settings, upload).unlink(missing_ok=True)


def _fail(engine: Engine, settings: Settings, upload_id: int, error: DanpaError, now: datetime) -> None:
    from app.web.problems import problem_of  # it imports what it maps

    with writing(engine) as session:
        upload = session.get_one(Upload, upload_id)
        if upload.state != UploadState.open:
            return
        upload.problem = problem_of(error)
        close(session, upload, UploadState.failed, now)
    file_of(settings, upload).unlink(missing_ok=True)


def close(session: Session, upload: Upload, state: UploadState, now: datetime) -> None:
    """The upload is over; it is remembered for a day."""
    upload.state, upload.expires_at = state, now + KEPT
    session.add(upload)
    emit(session, "upload", id_of(upload), state, at=now)
