"""A takeover's recording becomes a draft segment, through the same ingest as an upload, cut to what was on the air."""

from __future__ import annotations

import os
import secrets
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlmodel import select

from app.airings.models import Airing, Intent
from app.database import reading, writing
from app.jobs.service import enqueue
from app.library.description import Description
from app.library.models import Segment, SegmentKind
from app.library.service import Original, create
from app.settings import Settings
from app.storage import sha256_of
from app.studio.files import Note, forget, recording_path
from schedules.time import to_kst

log = structlog.get_logger()


def hand_over(
    database: Engine, settings: Settings, note: Note, span: tuple[int, int], now: datetime
) -> int | None:
    """Have the recording taken in. ``span``: which samples of the airing it was on the air for.

    Gives the segment's id; None where there is nothing to take in. Again after a crash it makes no second one.
    """
    recording = recording_path(settings, note.name)
    start, end = (sample - note.zero_sample for sample in span)
    if not recording.exists() or recording.stat().st_size == 0 or end <= start:
        forget(settings, note.name)
        return None
    sha256, size = sha256_of(recording), recording.stat().st_size
    if (known := _known(database, note, sha256)) is not None:
        forget(settings, note.name)
        return known
    incoming = settings.incoming_dir / f"studio-{note.name}-{secrets.token_hex(8)}.part"
    # A second name first: whoever is killed in between leaves the note, and the recording where it says
    os.link(recording, incoming)
    with writing(database) as session:
        airing = session.get(Airing, note.airing_id)
        day = to_kst(airing.starts_at if airing else now).date()
        description = Description(
            title=f"{note.title} {day:%Y-%m-%d}", kind=SegmentKind.talk, tags=("studio",)
        )
        original = Original(f"studio-{note.name}", sha256, size)
        segment = create(
            session, description, original, "segment.recorded", person_id=note.person_id, now=now
        )
        payload = {"segment_id": segment.id, "file": incoming.name, "within": [max(start, 0), end]}
        enqueue(session, "ingest", f"ingest:{segment.id}", payload, now)
        segment_id = segment.id
    forget(settings, note.name)
    log.info("a takeover is kept", airing=note.airing_id, segment=segment_id)
    return segment_id


def _known(database: Engine, note: Note, sha256: str) -> int | None:
    """The segment, where whoever handed it over was killed before he could take the note away."""
    with reading(database) as session:
        same = select(Segment.id).where(
            Segment.original_name == f"studio-{note.name}", Segment.original_sha256 == sha256
        )
        return session.exec(same).first()


def was_refused(database: Engine, intent_id: int) -> str | None:
    """Why the engine did not carry out what a studio wanted; None while it has not, or has."""
    with reading(database) as session:
        return session.exec(select(Intent.refused).where(Intent.id == intent_id)).one_or_none()
