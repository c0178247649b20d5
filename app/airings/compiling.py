"""The compile job: the library and the clock go in, a rundown comes out, from as far up the chain as possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.materialise import slot_value
from app.airings.models import Airing, AsRun, RundownVersion
from app.database import id_of, reading
from app.errors import NotFound
from app.library.models import Segment, SegmentState
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.station.models import Station
from app.web.problems import problem_of
from schedules.candidates import Candidate
from schedules.clock import parse_clock
from schedules.compile import Request, compile_rundown, compile_single
from schedules.errors import ScheduleError
from schedules.rundown import Level, Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CHAIN, CLOSED
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
    request = request_for(session, programme, airing.starts_at, airing.target_samples, seed=airing.slot_id)
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


def request_for(
    session: Session, programme: Programme, starts_at: datetime, target_samples: int, *, seed: int
) -> Request:
    """What the compiler needs to know to make this programme at that time from today's library.

    The seed is the slot's id, for previews as for airings: a preview is what the airing will be.
    """
    signal_samples = session.get_one(Station, 1).interval_signal_samples
    if signal_samples is None:
        raise NotFound("the station has no interval signal: run `danpa init`")
    return Request(
        clock=parse_clock(programme.clock),
        starts_at=starts_at,
        target_samples=target_samples,
        grid_samples=GRID_SAMPLES,
        candidates=candidates(session, starts_at),
        interval_signal_samples=signal_samples,
        seed=seed,
    )


def preview(session: Session, programme: Programme, slot: Slot, day: date) -> Rundown:
    """What the programme would be on a UTC day in a slot, compiled from today's library; nothing is stored.

    Raises:
        ScheduleError: what stands in the way, in words.
    """
    minutes = timedelta(minutes=slot.start_minute)
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes
    target = slot_value(slot).target_samples(SAMPLE_RATE, GRID_SAMPLES)
    return compile_rundown(request_for(session, programme, starts_at, target, seed=id_of(slot)))


def candidates(session: Session, starts_at: datetime) -> tuple[Candidate, ...]:
    """Every segment that may air, with when it was heard last before ``starts_at``."""
    heard = last_heard(session, starts_at)
    rows = session.exec(
        select(Segment).where(Segment.state == SegmentState.approved, col(Segment.cue_out) > Segment.cue_in)
    ).all()
    return tuple(
        Candidate(
            segment_id=id_of(row),
            master_sha256=row.master_sha256 or "",
            kind=row.kind,
            tags=frozenset(row.tags),
            samples=(row.cue_out or row.samples or 0) - (row.cue_in or 0),
            first_sample=row.cue_in or 0,
            approved_at=row.approved_at or row.created_at,
            last_aired_at=heard.get(id_of(row)),
            air_from=row.air_from,
            air_until=row.air_until,
        )
        for row in rows
    )


def last_heard(session: Session, before: datetime) -> dict[int, datetime]:
    """For each segment when it last aired, or will, before an instant: as-run, and the rundowns still to come."""
    heard: dict[int, datetime] = {
        segment_id: at
        for segment_id, at in session.exec(
            select(AsRun.segment_id, func.max(AsRun.starts_at))
            .where(AsRun.starts_at < before, AsRun.evidence != "planned", col(AsRun.segment_id).is_not(None))
            .group_by(col(AsRun.segment_id))
        ).all()
        if segment_id is not None
    }
    coming = session.exec(
        select(RundownVersion.body, Airing.starts_at)
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .where(
            RundownVersion.version == Airing.version,
            Airing.starts_at < before,
            col(Airing.state).not_in(CLOSED),
        )
    ).all()
    for body, starts_at in coming:
        rundown = Rundown.from_json(body)
        for item in rundown.items:
            if isinstance(item.source, SegmentSource):
                at = audio_airs_at(item, starts_at)
                heard[item.source.segment_id] = max(at, heard.get(item.source.segment_id, at))
    return heard
