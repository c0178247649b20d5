"""A worker process: takes one job after another. pydub and ffmpeg live here, away from the API and the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Engine

from app.airings.compiling import run_compile
from app.airings.rendering import run_render
from app.airings.stand_ins import run_stand_in
from app.backup.garbage import collect_garbage
from app.database import open_database, writing
from app.jobs.models import Job
from app.jobs.service import NIGHT_KINDS, claim, fail, finish, release
from app.library.cuts import run_cut
from app.library.fingerprints import run_fingerprint
from app.library.ingest import run_ingest
from app.locks import Lock
from app.processes import Clock, give_way, utcnow
from app.propagation.predicting import run_predict
from app.settings import Settings
from app.uploads.leftovers import run_finish
from app.web.problems import problem_of

log = structlog.get_logger()

POLL_S = 0.25

Run = Callable[[Engine, Settings, dict[str, Any], Clock], dict[str, Any]]
RUNS: dict[str, Run] = {
    "ingest": lambda engine, settings, payload, clock: run_ingest(engine, settings, payload, clock=clock),
    "cut": lambda engine, settings, payload, clock: run_cut(engine, settings, payload, clock=clock),
    "compile": lambda engine, settings, payload, clock: run_compile(engine, settings, payload, clock=clock),
    "collect": lambda engine, settings, _payload, clock: _collect(engine, settings, clock),
    "fingerprint": lambda engine, settings, payload, clock: run_fingerprint(
        engine, settings, payload, clock=clock
    ),
    "render": lambda engine, settings, payload, _clock: run_render(engine, settings, payload),
    "stand_in": lambda engine, settings, payload, _clock: run_stand_in(engine, settings, payload),
    "predict": lambda engine, settings, payload, clock: run_predict(engine, settings, payload, clock=clock),
    "finish_upload": lambda engine, settings, payload, clock: run_finish(
        engine, settings, payload, clock=clock
    ),
}


def _collect(engine: Engine, settings: Settings, clock: Clock) -> dict[str, Any]:
    """Once a day. Where a backup or an ingest holds it off, tomorrow is soon enough."""
    collected = collect_garbage(engine, settings, clock())
    return {"removed": len(collected.removed), "bytes": collected.bytes, "postponed": collected.postponed}


def run_worker(settings: Settings, number: int, stopping: threading.Event, clock: Clock = utcnow) -> None:
    """Work until told to stop. Worker 0 keeps itself free for what has a deadline.

    Encoding takes every processor there is, for minutes: the page, the engine and the air must not notice.
    """
    give_way()
    name = f"worker-{number}"
    lock = Lock(settings.run_dir / f"{name}.lock")
    while not lock.acquire():  # the one before us is still ending
        if stopping.wait(POLL_S):
            return
    engine = open_database(settings)
    with writing(engine) as session:
        release(session, name, clock())
    kinds = NIGHT_KINDS if number == 0 and settings.workers > 1 else tuple(RUNS)
    while not stopping.is_set():
        job = claim(engine, name, kinds)
        if job is None:
            stopping.wait(POLL_S)
        else:
            work(engine, settings, job, clock)


def work(engine: Engine, settings: Settings, job: Job, clock: Clock) -> None:
    """Do one job and store its result, or in words why it could not be done."""
    assert job.id is not None
    log.info("job taken", job=job.id, kind=job.kind)
    try:
        result = RUNS[job.kind](engine, settings, job.payload, clock)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind)
        fail(engine, job.id, problem_of(error), clock())
    else:
        finish(engine, job.id, result, clock())
        log.info("job done", job=job.id, kind=job.kind)
