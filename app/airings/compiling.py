"""The compile job: the library and the clock go in, a rundown comes out, from as far up the chain as possible."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.materialise import slot_value
from app.airings.models import Airing, Edition, RundownVersion
from app.airings.on_air import begun
from app.airings.programme import programme_of
from app.airings.requests import clock_of, request_for
from app.announcements.making import Made, look_up, make
from app.announcements.sayings import span_of, templates_of
from app.awaited.service import approved_deliveries, names_awaited
from app.database import id_of, reading
from app.processes import Clock, utcnow
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.station.models import Station
from app.web.problems import problem_of
from schedules.candidates import Announced, Candidate, Request, deliverable
from schedules.compile import compile_alternatives, compile_rundown
from schedules.elements import Awaited
from schedules.errors import BadClock, ScheduleError, Uncompilable
from schedules.recompile import recompile
from schedules.rundown import Level, Rundown
from schedules.said import Said, say
from schedules.single import compile_single
from schedules.snapshot import CHAIN
from schedules.time import SAMPLE_RATE, Span

KEEPING = frozenset({"reworded", "renewed"})
"""Causes for which a new version begins as the one before it."""


class NothingSet(ScheduleError):
    """This step of the chain has no segment, or one that may not air."""

    code = "nothing-set"


def run_compile(
    engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock = utcnow
) -> dict[str, Any]:
    """Compile one airing, once its announcements are spoken. Payload: ``airing_id``, ``level`` to begin at, ``cause``.

    Result: ``level``, ``body``, ``sha256``; ``passed`` says, for each step of the chain that could not be taken, why;
    ``unspoken`` which announcements could not be made, ``clock_sha256`` by which clock it was compiled, and ``awaited`` what
    had come by then.
    """
    airing_id: int = payload["airing_id"]
    tried: list[dict[str, object]] | None = None
    made = _announce(engine, settings, airing_id, clock()) if payload["level"] == CHAIN[0] else Made()
    with reading(engine) as session:
        airing = session.get_one(Airing, airing_id)
        steps = chain(session, airing, made.announced, keep=payload.get("cause") in KEEPING, now=clock())
        clock_sha256 = _clock_sha256(session, airing)
        if payload["level"] == CHAIN[0]:
            names = names_awaited(session, [airing]).get(id_of(airing), ())
            tried = approved_deliveries(session, airing, names)
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
            "unspoken": list(made.unspoken) if level == CHAIN[0] else [],
            "clock_sha256": clock_sha256,
            "awaited": tried,
        }
    raise AssertionError("the interval signal always fits")


def _announce(engine: Engine, settings: Settings, airing_id: int, now: datetime) -> Made:
    """What the clock of an airing asks to be said, spoken."""
    with reading(engine) as session:
        airing = session.get_one(Airing, airing_id)
        try:
            clock = clock_of(programme_of(session, airing), session.get(Edition, airing_id))
        except BadClock:  # the compile says what is wrong with it
            return Made()
    return make(engine, settings, airing.slot_id, span_of(airing), templates_of(clock), now=now)


def _clock_sha256(session: Session, airing: Airing) -> str:
    """Of the clock as it is stored: the same as long as nobody changes it."""
    edition = session.get(Edition, airing.id)
    stored = edition.clock if edition else programme_of(session, airing).clock
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()


def chain(
    session: Session,
    airing: Airing,
    announced: tuple[Announced, ...] = (),
    *,
    keep: bool = False,
    now: datetime | None = None,
) -> dict[str, Callable[[], Rundown]]:
    """The four ways to fill this airing, from what was planned down to what is synthesised.

    ``keep``: only what is announced or awaited, or a cut, has changed, so that what comes before it stays. ``now``: what has begun by then of
    an airing that is on the air live stays too, whatever has changed.
    """
    programme = programme_of(session, airing)
    station = session.get_one(Station, 1)
    request = request_for(
        session,
        programme,
        airing.starts_at,
        airing.target_samples,
        seed=airing.slot_id,
        airing=airing,
        edition=session.get(Edition, airing.id),
        announced=announced,
    )
    before = _version_before(session, airing)
    heard = begun(airing, before, now) if before is not None and now is not None else ()
    if len(heard) > len(request.kept):
        request, keep = replace(request, kept=heard), False
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
        "programme": lambda: _with_what_came(request, before if keep else None),
        "standby": lambda: single("standby", programme.standby_segment_id),
        "evergreen": lambda: single("evergreen", station.evergreen_segment_id),
        "interval_signal": lambda: single("interval_signal", None),
    }


def _with_what_came(request: Request, before: Rundown | None) -> Rundown:
    """The programme with what came for it. What cannot be used is as if it had not come, so that it sinks nothing else.

    That is found out one by one, the latest arrival first. Raises ScheduleError.
    """
    notes: list[Said] = []
    while True:
        came = _came(request)
        try:
            rundown = recompile(request, before) if before else compile_rundown(request)
        except Uncompilable as wrong:
            if not came:
                raise
            unused, why = came[0], wrong.said
        else:
            there = rundown.segment_ids()
            left_out = [one for one in came if one.segment_id not in there]
            if not left_out:
                return replace(rundown, notes=(*notes, *rundown.notes))
            unused, why = left_out[0], say("was-left-out", "it was left out")
        notes.append(
            say(
                "came-unusable",
                "what came (#{segment_id}) could not be used: {why}",
                segment_id=unused.segment_id,
                why=why,
            )
        )
        others = tuple(one for one in request.candidates if one.segment_id != unused.segment_id)
        request = replace(request, candidates=others)


def _came(request: Request) -> list[Candidate]:
    """What came for each awaited element, the latest arrival first."""
    awaited = [one for one in request.clock.elements if isinstance(one, Awaited)]
    best = {found[0] for one in awaited if (found := deliverable(one, request.candidates, request.span))}
    return sorted(best, key=lambda one: (one.arrived_at or one.approved_at, one.segment_id), reverse=True)


def _version_before(session: Session, airing: Airing) -> Rundown | None:
    """The newest version, if it is of the programme and was compiled by the clock that there is now."""
    row = session.exec(
        select(RundownVersion).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
        )
    ).one_or_none()
    if row is None or row.level != CHAIN[0] or row.clock_sha256 != _clock_sha256(session, airing):
        return None
    return Rundown.from_json(row.body)


def preview(
    session: Session, settings: Settings, programme: Programme, slot: Slot, day: date, count: int = 1
) -> list[Rundown]:
    """What the programme would be on a UTC day in a slot, compiled from today's library; nothing is stored.

    Up to ``count`` of them, the best first: that one is what would air, unless the search was given up; somebody waits, so
    that comes sooner than in a night's.

    Raises:
        ScheduleError: what stands in the way, in words.
    """
    return compile_alternatives(tried(session, settings, programme, slot, day), count)


def tried(session: Session, settings: Settings, programme: Programme, slot: Slot, day: date) -> Request:
    """What a programme is compiled from on a UTC day in a slot, whether that is one of its days or not."""
    minutes = timedelta(minutes=slot.start_minute)
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes
    times = slot_value(slot)
    target = times.target_samples(SAMPLE_RATE, GRID_SAMPLES)
    on_air = Span(starts_at, starts_at + timedelta(seconds=times.span_s))
    templates = templates_of(clock_of(programme, None))
    announced = look_up(session, settings, id_of(slot), on_air, templates)
    return request_for(
        session, programme, starts_at, target, seed=id_of(slot), announced=announced, quick=True
    )


def with_clock(programme: Programme, clock: Sequence[dict[str, Any]] | None) -> Programme:
    """The programme as it would be with another clock; never stored. Itself where there is none."""
    if clock is None:
        return programme
    return Programme(**programme.model_dump(exclude={"clock"}), clock=list(clock))
