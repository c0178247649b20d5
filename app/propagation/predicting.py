"""The predict job: a question goes in, and rows of the cache come out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from app.database import reading, writing
from app.events.service import emit
from app.jobs.progress import reporting
from app.processes import Clock
from app.propagation.cache import forget_old, keep, missing, recall
from app.propagation.service import KIND
from app.settings import Settings
from schedules.frequencies.propagation import Circuit, Question, predict


def run_predict(
    engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock
) -> dict[str, Any]:
    """Predict what nobody has predicted yet, and store it in one step at the end.

    Payload: ``slot_id``, and ``circuit``, ``month``, ``sunspots`` and ``khz`` of a `Question`. Result: ``khz`` that were
    computed. A job that died may simply run again. Raises BadCircuit.
    """
    asked = Question(
        circuit=Circuit(**payload["circuit"]),
        month=payload["month"],
        sunspots=payload["sunspots"],
        khz=tuple(payload["khz"]),
    )
    with reading(engine) as session:
        left = missing(asked, recall(session, asked))
    rest = replace(asked, khz=tuple(map(float, left)))
    hours = []
    with reporting(settings, KIND, "slot", payload["slot_id"]) as progress:
        for done, hour in enumerate(predict(rest), 1):
            hours.append(hour)
            progress(done / len(rest.hours))
    now = clock()
    with writing(engine) as session:
        keep(session, rest, hours, now)
        forget_old(session, now)
        emit(session, "slot", payload["slot_id"], "predicted", at=now)
    return {"khz": left}
