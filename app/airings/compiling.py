"""The compile job: the library and the clock go in, a rundown comes out, from as far up the chain as possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.airings.carriage import GRID_SAMPLES
from app.airings.materialise import slot_value
from app.airings.models import Airing, Edition
from app.airings.requests import request_for
from app.database import id_of, reading
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.station.models import Station
from app.web.problems import problem_of
from schedules.compile import compile_alternatives, compile_rundown
from schedules.errors import ScheduleError
from schedules.rundown import Level, Rundown
from schedules.single import compile_single
from schedules.snapshot import CHAIN
from schedules.time import SAMPLE_RATE


class NothingSet(ScheduleError):
    """This step of the chain has no segment, or one that may not air."""

    code = "nothing-set"


def run_compile(engine: Engine, _settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    """Compile one airing. Payload: ``airing_id``, ``level`` to begin at. Result: ``level, body, sha256, passed``.

    ``passed`` says, for each step of the chain that could not be taken, why.
    """
    with reading(engine) as session:
        airing = session.get_one(Airing, payload["airing_id"])
        steps = chain(session, airing)
    passed: list[dict[str, Any]] = []
    for level in CHAIN[CHAIN.index(payload["level"]) :]:
        try:
            rundown = steps[level]()
        except ScheduleError as error:
            passed.append({"level": level, "problem": problem_of(error)})
            continue
        rundown.check()
        body = rundown.to_json()
        return {
            "level": level,
            "body": body.decode(),
            "sha256": hashlib.sha256(body).hexdigest(),
            "passed": passed,
        }
    raise AssertionError("the interval signal always fits")


def chain(session: Session, airing: Airing) -> dict[str, Callable[[], Rundown]]:
    """The four ways to fill this airing, from what was planned down to what is synthesised."""
    slot = session.get_one(Slot, airing.slot_id)
    programme = session.get_one(Programme, slot.programme_id)
    station = session.get_one(Station, 1)
    request = request_for(
        session,
        programme,
        airing.starts_at,
        airing.target_samples,
        seed=airing.slot_id,
        airing=airing,
        edition=session.get(Edition, airing.id),
    )
    by_id = {candidate.segment_id: candidate for candidate in request.candidates}

    def single(level: Level, segment_id: int | None) -> Rundown:
        candidate = by_id.get(segment_id) if segment_id is not None else None
        if candidate is None and level != CHAIN[-1]:
            raise NothingSet(f"the {level} is not set, or its segment may not air")
        return compile_single(
            level,
            candidate,
            target_samples=request.target_samples,
            grid_samples=request.grid_samples,
            interval_signal_samples=request.interval_signal_samples,
            starts_at=request.starts_at,
        )

    return {
        "programme": lambda: compile_rundown(request),
        "standby": lambda: single("standby", programme.standby_segment_id),
        "evergreen": lambda: single("evergreen", station.evergreen_segment_id),
        "interval_signal": lambda: single("interval_signal", None),
    }


def preview(session: Session, programme: Programme, slot: Slot, day: date, count: int = 1) -> list[Rundown]:
    """What the programme would be on a UTC day in a slot, compiled from today's library; nothing is stored.

    Up to ``count`` of them, the best first: that one is what would air, unless the search was given up; somebody waits, so
    that comes sooner than in a night's.

    Raises:
        ScheduleError: what stands in the way, in words.
    """
    minutes = timedelta(minutes=slot.start_minute)
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes
    target = slot_value(slot).target_samples(SAMPLE_RATE, GRID_SAMPLES)
    request = request_for(session, programme, starts_at, target, seed=id_of(slot), quick=True)
    return compile_alternatives(request, count)
