"""Fingerprints of segments: kept with each ingest, and made by a job for those that came before there were any.

A fingerprint lies beside the waveform as a blob; its chief landmarks are rows, by which the others are found
(`app.library.alike`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, insert
from sqlmodel import Session, col, func, select

from app.database import reading, writing
from app.jobs.service import enqueue, unfinished
from app.library.models import Segment, SegmentLandmark
from app.processes import Clock, utcnow
from app.settings import Settings
from app.storage import Blobs, keeping_blobs, require_space, sha256_of
from audio.errors import AudioError
from audio.ffmpeg import find_ffmpeg
from audio.files import scratch
from audio.fingerprint import Fingerprint, Landmarks, read_fingerprint, write_fingerprint
from audio.fingerprinting import fingerprint_of
from audio.pcm import RATE

log = structlog.get_logger()

KIND = "fingerprint"
BATCH_SAMPLES = 2 * 3600 * RATE
"""Of one job: about ten seconds of work. An upload that comes meanwhile need not wait longer."""


@dataclass(frozen=True, slots=True)
class Made:
    """A fingerprint whose blob is in its place."""

    sha256: str
    landmarks: Landmarks


def adopt_fingerprint(blobs: Blobs, file: Path) -> Made:
    """Move a fingerprint's file among the blobs. Hold off the garbage collection until it is kept."""
    sha256, landmarks = sha256_of(file), read_fingerprint(file).landmarks
    blobs.adopt(file, "fingerprints", sha256, ".print")
    return Made(sha256, landmarks)


def keep_fingerprint(session: Session, segment_id: int, made: Made) -> None:
    """Give a segment its fingerprint, unless it has one: that was made of the same recording."""
    segment = session.get_one(Segment, segment_id)
    if segment.fingerprint_sha256 is not None:
        return
    segment.fingerprint_sha256 = made.sha256
    session.add(segment)
    chief = made.landmarks.chief
    words, frames = made.landmarks.words[chief].tolist(), made.landmarks.frames[chief].tolist()
    rows = [
        {"word": word, "segment_id": segment_id, "frame": frame}
        for word, frame in zip(words, frames, strict=True)
    ]
    if rows:
        session.execute(insert(SegmentLandmark), rows)


def without_fingerprint(session: Session) -> int:
    """How many segments of the library have audio and no fingerprint yet."""
    return session.exec(select(func.count(col(Segment.id))).where(*_MISSING)).one()


def enqueue_missing(session: Session, now: datetime) -> None:
    """Have the workers make what is missing, a batch at a time, unless they are at it."""
    if without_fingerprint(session) and not unfinished(session, [KIND]):
        enqueue(session, KIND, f"{KIND}:{now.isoformat()}", {}, now)


def run_fingerprint(
    engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock = utcnow
) -> dict[str, Any]:
    """Make one batch of missing fingerprints, from the segment ``after`` on, and ask for the next batch.

    A full disk ends it until the next day. Result: ``made``, how many; ``unreadable``, ids of segments whose master cannot be read (``danpa fsck`` says why).
    """
    with reading(engine) as session:
        batch = list(_batch(session, payload.get("after", 0)))
    require_space(settings)
    blobs, ffmpeg = Blobs(settings.blobs_dir), find_ffmpeg(settings.ffmpeg)
    unreadable = []
    for segment_id, master_sha256 in batch:
        try:
            fingerprint = fingerprint_of(blobs.path("masters", master_sha256, ".flac"), ffmpeg=ffmpeg)
        except (AudioError, FileNotFoundError) as error:
            log.warning("a master cannot be read", segment=segment_id, why=type(error).__name__)
            unreadable.append(segment_id)
        else:
            _keep(engine, settings, segment_id, fingerprint)
    if batch:
        now, after = clock(), batch[-1][0]
        with writing(engine) as session:
            enqueue(session, KIND, f"{KIND}:{now.isoformat()}:{after}", {"after": after}, now)
    return {"made": len(batch) - len(unreadable), "unreadable": unreadable}


_MISSING = (
    col(Segment.fingerprint_sha256).is_(None),
    col(Segment.master_sha256).is_not(None),
    col(Segment.spoken_key).is_(None),
)


def _batch(session: Session, after: int) -> Iterator[tuple[int, str]]:
    query = select(Segment.id, Segment.master_sha256, Segment.samples)
    query = query.where(*_MISSING, col(Segment.id) > after).order_by(col(Segment.id)).limit(500)
    total = 0
    for segment_id, master_sha256, samples in session.exec(query):
        assert segment_id is not None
        assert master_sha256 is not None
        yield segment_id, master_sha256
        total += samples or 0
        if total >= BATCH_SAMPLES:
            return


def _keep(engine: Engine, settings: Settings, segment_id: int, fingerprint: Fingerprint) -> None:
    with scratch(settings.incoming_dir) as workshop:
        file = workshop / "made.print"
        write_fingerprint(fingerprint, file)
        with keeping_blobs(settings):
            made = adopt_fingerprint(Blobs(settings.blobs_dir), file)
            with writing(engine) as session:
                keep_fingerprint(session, segment_id, made)
