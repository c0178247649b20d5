from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, func, or_, select, update

from app.database import reading, writing
from app.jobs.models import Job

MAX_TRIES = 3
"""A job that took its worker down with it this often is not tried again."""

NIGHT_KINDS = ("compile", "render", "stand_in", "cut")
"""Jobs with a deadline, as every urgent one has. One worker does nothing else, so that no upload can hold up the night."""


KEPT = timedelta(days=90)
"""Of an airing that is long over nobody asks any more what its compile said."""


def enqueue(session: Session, kind: str, key: str, payload: dict[str, Any], now: datetime) -> Job:
    """Ask for a piece of work; the same key a second time returns the job that is already there."""
    job = session.exec(select(Job).where(Job.key == key)).one_or_none()
    if job is None:
        job = Job(kind=kind, key=key, payload=payload, created_at=now)
        session.add(job)
        session.flush()
    return job


def enqueue_again(session: Session, kind: str, key: str, payload: dict[str, Any], now: datetime) -> None:
    """Ask for a piece of work, also where it has failed before: the same job begins again, with this payload.

    Its last problem stays on it until it is done: whoever looks meanwhile sees that this is not the first try.
    """
    job = enqueue(session, kind, key, payload, now)
    if job.state == "failed":
        start_again(session, job, payload)


def start_again(session: Session, job: Job, payload: dict[str, Any]) -> None:
    """Put a job that has ended back into the queue, with this payload and all its tries."""
    job.state, job.payload, job.tries, job.finished_at = "queued", payload, 0, None
    session.add(job)


def claim(engine: Engine, worker: str, kinds: Collection[str]) -> Job | None:
    """Take the next job: those with a deadline first, then in order of arrival."""
    queued = (
        select(Job)
        .where(Job.state == "queued", or_(col(Job.kind).in_(kinds), col(Job.urgent)))
        .order_by(col(Job.kind).not_in(NIGHT_KINDS), ~col(Job.urgent), col(Job.id))
        .limit(1)
    )
    with reading(engine) as session:  # an idle worker must not take the write lock four times a second
        if session.exec(queued).first() is None:
            return None
    with writing(engine) as session:
        job = session.exec(queued).first()
        if job is not None:
            job.state, job.worker, job.tries = "running", worker, job.tries + 1
            session.add(job)
        return job


def finish(engine: Engine, job_id: int, result: dict[str, Any], now: datetime) -> None:
    """Store a job's result."""
    _end(engine, job_id, "done", now, result=result)


def fail(engine: Engine, job_id: int, problem: dict[str, Any], now: datetime) -> None:
    """Store why a job could not be done."""
    _end(engine, job_id, "failed", now, problem=problem)


def _end(engine: Engine, job_id: int, state: str, now: datetime, **values: Any) -> None:
    with writing(engine) as session:
        session.exec(
            update(Job)
            .where(col(Job.id) == job_id)
            .values(state=state, worker=None, finished_at=now, **values)
        )


def release(session: Session, worker: str, now: datetime) -> None:
    """Give back the jobs of a worker that died in the middle of them."""
    for job in session.exec(select(Job).where(Job.state == "running", Job.worker == worker)).all():
        job.worker = None
        if job.tries < MAX_TRIES:
            job.state = "queued"
        else:
            job.state, job.finished_at = "failed", now
            job.problem = {
                "type": "urn:danpa:problem:worker-died",
                "title": "The worker died",
                "detail": f"the worker process died {job.tries} times while doing this",
            }
        session.add(job)


def busy_workers(session: Session) -> set[str]:
    """Names of the workers that hold a job."""
    return {
        name for name in session.exec(select(Job.worker).where(Job.state == "running").distinct()) if name
    }


def forget_finished(session: Session, now: datetime) -> None:
    """Drop jobs that ended long ago: each compile holds a whole rundown, and they would pile up for ever."""
    session.exec(delete(Job).where(col(Job.state).in_(("done", "failed")), col(Job.finished_at) < now - KEPT))


def unfinished(session: Session, kinds: Collection[str]) -> int:
    """How many jobs of these kinds are queued or running."""
    return session.exec(
        select(func.count(col(Job.id))).where(
            col(Job.state).in_(("queued", "running")), col(Job.kind).in_(kinds)
        )
    ).one()
