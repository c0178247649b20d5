"""What is known of a question, and the job that works out the rest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from app.database import id_of, reading, writing
from app.jobs.models import Job
from app.jobs.progress import in_progress
from app.jobs.service import enqueue, start_again
from app.propagation.cache import missing, recall
from app.propagation.models import Prediction
from app.settings import Settings
from schedules.frequencies.propagation import Question

KIND = "predict"

RETRY_AFTER = timedelta(minutes=10)
"""A prediction that failed is begun again when somebody asks for it so much later; until then the answer says why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a prediction is: `fraction` from 0 to 1, None once it has ended; `problem` where it failed."""

    id: int
    state: str
    fraction: float | None
    problem: dict[str, Any] | None

    @property
    def is_under_way(self) -> bool:
        return self.state in {"queued", "running"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is known by kHz, and how far the rest is; None where nothing is missing."""

    known: dict[int, Prediction]
    progress: Progress | None


def find_out(database: Engine, settings: Settings, asked: Question, slot_id: int, now: datetime) -> Found:
    """What is known of a question; what is missing is left to a worker, once, however often it is asked for."""
    with reading(database) as session:
        known, job = _look_up(session, asked)
    if missing(asked, known) and _is_to_be_done(job, now):
        with writing(database) as session:
            known, job = _ask(session, asked, slot_id, now)
    if not missing(asked, known) or job is None:
        return Found(known, None)
    return Found(known, _progress(job, settings, now))


def _look_up(session: Session, asked: Question) -> tuple[dict[int, Prediction], Job | None]:
    job = session.exec(select(Job).where(Job.key == _key(asked))).one_or_none()
    return recall(session, asked), job


def _ask(session: Session, asked: Question, slot_id: int, now: datetime) -> tuple[dict[int, Prediction], Job]:
    """The job of a question, made or begun again unless somebody else was quicker."""
    payload = {
        "slot_id": slot_id,
        "circuit": asdict(asked.circuit),
        "month": asked.month,
        "sunspots": asked.sunspots,
        "khz": list(asked.khz),
    }
    job = enqueue(session, KIND, _key(asked), payload, now)
    known = recall(session, asked)
    if missing(asked, known) and _is_to_be_done(job, now):
        start_again(session, job, payload)
    return known, job


def _is_to_be_done(job: Job | None, now: datetime) -> bool:
    """Done, and yet something is missing: the cache has forgotten it since."""
    if job is None or job.state == "done":
        return True
    return job.state == "failed" and (job.finished_at is None or job.finished_at <= now - RETRY_AFTER)


def _key(asked: Question) -> str:
    """Of the whole question, also where a part of it is known: it stays the same while that part grows."""
    return f"{KIND}:{asked.key}"


def _progress(job: Job, settings: Settings, now: datetime) -> Progress:
    problem = job.problem if job.state == "failed" else None
    return Progress(id_of(job), job.state, _fraction(job, settings, now), problem)


def _fraction(job: Job, settings: Settings, now: datetime) -> float | None:
    if job.state not in {"queued", "running"}:
        return None
    slot_id = job.payload["slot_id"]
    told = (
        one.fraction
        for one in in_progress(settings, now)
        if (one.kind, one.subject, one.subject_id) == (KIND, "slot", slot_id)
    )
    return next(told, 0.0) if job.state == "running" else 0.0
