"""What the engine sees to: uploads that nobody continues, that a crash left unfinished, or that are long over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from app.database import reading, writing
from app.jobs.models import Job
from app.jobs.service import enqueue
from app.processes import Clock, utcnow
from app.settings import Settings
from app.uploads.models import Upload, UploadState
from app.uploads.partial import RunningHash
from app.uploads.service import close, complete, file_of

UNFINISHED_AFTER = timedelta(minutes=1)
"""The web process finishes an upload in seconds; one that waits for longer lost it to a crash."""
JOB = "finish_upload"


@dataclass(frozen=True, slots=True)
class _Leftovers:
    lapsed: list[Upload]
    """Open, and without progress for a day, or without a file (a backup holds none)."""
    unfinished: list[Upload]
    """Open, though every byte is there."""
    over: list[int]
    """To be forgotten."""


def see_to_uploads(engine: Engine, settings: Settings, now: datetime) -> None:
    """Give up, finish, forget. Writes only where there is news."""
    with reading(engine) as session:
        left = _leftovers(session, settings, now)
    if not (left.lapsed or left.unfinished or left.over):
        return
    with writing(engine) as session:
        for upload in left.unfinished:
            enqueue(session, JOB, f"{JOB}:{upload.name}", {"upload_id": upload.id}, now)
        # Asked again under the write lock: a piece may just have come.
        lapsed = [session.get_one(Upload, upload.id) for upload in left.lapsed]
        lapsed = [upload for upload in lapsed if _has_lapsed(settings, upload, now)]
        for upload in lapsed:
            close(session, upload, UploadState.expired, now)
        session.exec(delete(Upload).where(col(Upload.id).in_(left.over)))
    for upload in lapsed:
        file_of(settings, upload).unlink(missing_ok=True)


def run_finish(
    engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock = utcnow
) -> dict[str, Any]:
    """The job: make the segment of an upload that is all there.

    Payload: ``upload_id``.
    """
    upload = complete(engine, settings, payload["upload_id"], RunningHash(), clock())
    return {"segment_id": upload.segment_id}


def _leftovers(session: Session, settings: Settings, now: datetime) -> _Leftovers:
    opened = session.exec(select(Upload).where(Upload.state == UploadState.open)).all()
    over = select(Upload.id).where(Upload.state != UploadState.open, Upload.expires_at <= now)
    lapsed = [upload for upload in opened if _has_lapsed(settings, upload, now)]
    return _Leftovers(
        lapsed,
        [
            upload
            for upload in opened
            if upload not in lapsed
            and upload.received == upload.length
            and upload.progressed_at <= now - UNFINISHED_AFTER
            and not _is_asked_for(session, upload)
        ],
        [upload_id for upload_id in session.exec(over) if upload_id is not None],
    )


def _has_lapsed(settings: Settings, upload: Upload, now: datetime) -> bool:
    if upload.state != UploadState.open:
        return False
    return upload.expires_at <= now or not file_of(settings, upload).exists()


def _is_asked_for(session: Session, upload: Upload) -> bool:
    return session.exec(select(Job.id).where(Job.key == f"{JOB}:{upload.name}")).first() is not None
