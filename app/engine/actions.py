"""Carrying out the plan: each action is one small transaction that may be repeated.

An action looks again at what it is about to change, so that doing it twice, or after a crash in the middle of the
one before it, does nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Protocol

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.air.armed import Armed
from app.air.arming import arm, digest, of_files, of_live
from app.airings import asrun
from app.airings.carriage import LISTENING_RECIPE, carriages, readable_recipe, wishes
from app.airings.materialise import materialise
from app.airings.models import Airing, Artefact, Intent, RundownVersion
from app.airings.on_air import HEARD_WRONG, next_join, position
from app.airings.programme import compile_key
from app.alarms.models import Alarm
from app.alarms.service import clear, escalate, raise_alarm
from app.database import id_of, reading, writing
from app.engine.snapshot import render_key
from app.events.service import emit
from app.handoffs.models import Handoff
from app.handoffs.terms import terms
from app.jobs.models import Job
from app.jobs.service import enqueue_again
from app.journal.service import record
from app.settings import Settings
from app.studio.wishes import carry_out
from schedules import actions as due
from schedules.rundown import Rundown
from schedules.snapshot import CHAIN, DELIVERED

log = structlog.get_logger()


TURN_TAKES = timedelta(seconds=0.6)
"""From a wish for another step of the chain until the ticker knows of it."""


class StartDelivery(Protocol):
    """Begins a delivery, or (``again``) a second look before air."""

    def __call__(self, handoff_id: int, *, again: bool) -> None: ...


StartLook = Callable[[int, int], None]
"""Begins to look into a folder: airing and feed."""


class Actions:
    """Executes the actions of the plan. What takes time at the sites is handed to the two that start it."""

    def __init__(
        self, database: Engine, settings: Settings, start_delivery: StartDelivery, start_look: StartLook
    ) -> None:
        self._database = database
        self._settings = settings
        self._start_delivery = start_delivery
        self._start_look = start_look

    @singledispatchmethod
    def execute(self, action: due.Action, now: datetime) -> None:
        """Carry out one action as of ``now``."""
        raise TypeError(f"no way to carry out {action!r} at {now}")

    @execute.register
    def _(self, action: due.Materialise, now: datetime) -> None:
        with writing(self._database) as session:
            found = materialise(session, now, action.until)
            for airing in found.displaced:
                self._call_off(session, airing, "its slot does not have it any more", now)
            for airing, _ in found.restored:
                _call_back(session, self._settings, airing, now)
        if found:
            log.info("airings follow their slots", new=len(found.new), displaced=len(found.displaced))

    @execute.register
    def _(self, action: due.Compile, now: datetime) -> None:
        with writing(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            payload = {"airing_id": action.airing_id, "level": action.level, "cause": action.cause}
            key = compile_key(action.airing_id, airing.version + 1)
            enqueue_again(session, "compile", key, payload, now)
            if action.intent_id is not None:
                _carried_out(session, action.intent_id, now)

    @execute.register
    def _(self, action: due.TakeRundown, now: datetime) -> None:
        with writing(self._database) as session:
            job = session.get_one(Job, action.job_id)
            airing = session.get_one(Airing, action.airing_id)
            if job.key != compile_key(action.airing_id, airing.version + 1):
                return  # taken already
            result = job.result or {}
            airing.version += 1
            if airing.state != "on_air":
                airing.state = "compiled"
            session.add(
                RundownVersion(
                    airing_id=action.airing_id,
                    version=airing.version,
                    level=result["level"],
                    cause=job.payload["cause"],
                    body=result["body"],
                    sha256=result["sha256"],
                    compiled_at=now,
                    unspoken=result.get("unspoken", []),
                    clock_sha256=result.get("clock_sha256"),
                    awaited=result.get("awaited"),
                )
            )
            session.add(airing)
            emit(session, "airing", action.airing_id, airing.state, at=now)
            record(
                session,
                "airing.compiled",
                at=now,
                person_id=None,
                subject_id=action.airing_id,
                version=airing.version,
                level=result["level"],
                passed=result["passed"],
            )
        log.info("rundown", airing=action.airing_id, version=airing.version, level=result["level"])

    @execute.register
    def _(self, action: due.Render, now: datetime) -> None:
        with writing(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            rundown = _rundown(session, action.airing_id, action.version)
            payload = {"rundown_id": id_of(rundown), **_wishes_for(session, airing, action.recipe)}
            enqueue_again(session, "render", render_key(id_of(rundown), action.recipe), payload, now)

    @execute.register
    def _(self, action: due.TakeArtefact, now: datetime) -> None:
        with writing(self._database) as session:
            job = session.get_one(Job, action.job_id)
            rundown = _rundown(session, action.airing_id, action.version)
            known = select(Artefact).where(
                Artefact.rundown_id == rundown.id, Artefact.recipe == action.recipe
            )
            if session.exec(known).one_or_none() is None:
                session.add(
                    Artefact(
                        rundown_id=id_of(rundown), recipe=action.recipe, rendered_at=now, **(job.result or {})
                    )
                )
        log.info("artefact", airing=action.airing_id, version=action.version, recipe=action.recipe)

    @execute.register
    def _(self, action: due.HandOver, now: datetime) -> None:
        with writing(self._database) as session:
            _hand_over(session, action, now)

    @execute.register
    def _(self, action: due.Amend, now: datetime) -> None:
        with writing(self._database) as session:
            _amend(session, session.get_one(Handoff, action.handoff_id), now)

    @execute.register
    def _(self, action: due.Send, _now: datetime) -> None:
        self._start_delivery(action.handoff_id, again=False)

    @execute.register
    def _(self, action: due.Recheck, _now: datetime) -> None:
        self._start_delivery(action.handoff_id, again=True)

    @execute.register
    def _(self, action: due.LookInto, _now: datetime) -> None:
        self._start_look(action.airing_id, action.feed_id)

    @execute.register
    def _(self, action: due.GiveUp, now: datetime) -> None:
        late = "too-late: the site takes nothing for this airing any more"
        with writing(self._database) as session:
            handoff = session.get_one(Handoff, action.handoff_id)
            _move_handoff(session, handoff, "failed", now)
            handoff.error = f"{handoff.error}; {late}" if handoff.error else late

    @execute.register
    def _(self, action: due.Supersede, now: datetime) -> None:
        with writing(self._database) as session:
            _move_handoff(session, session.get_one(Handoff, action.handoff_id), "superseded", now)

    @execute.register
    def _(self, action: due.Arm, now: datetime) -> None:
        with reading(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            armed = of_files(session, self._settings, airing)
        self._arm(armed, now, armed_as=None)

    @execute.register
    def _(self, action: due.ArmLive, now: datetime) -> None:
        with reading(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            carried = carriages(session, airing.slot_id, airing.starts_at.date())
            armed = of_live(session, self._settings, airing, carried, now)
        if armed is not None:
            self._arm(armed, now, armed_as=digest(armed))

    def _arm(self, armed: Armed, now: datetime, *, armed_as: str | None) -> None:
        """The file first: an airing that is said to be armed is armed. Doing it again leaves the same behind."""
        armed = replace(armed, serial=armed.serial + 1)
        arm(self._settings, armed)
        with writing(self._database) as session:
            airing = session.get_one(Airing, armed.airing_id)
            airing.armed_version, airing.armed_as, airing.arming = armed.version, armed_as, armed.serial
            _move_airing(session, airing, airing.state if airing.state == "on_air" else "armed", now)
        log.info("armed", airing=armed.airing_id, version=armed.version, serial=armed.serial)

    @execute.register
    def _(self, action: due.TakeTurn, now: datetime) -> None:
        with writing(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            # Not before the air process knows of it: what stands in is to be heard from its beginning
            at = max(position(airing, now + TURN_TAKES), 0)
            if action.level == CHAIN[0] and airing.armed_version:
                row = _rundown(session, action.airing_id, airing.armed_version)
                at = next_join(Rundown.from_json(row.body), at)
            before = [turn for turn in airing.turns if turn["from_sample"] < at]
            turn: dict[str, object] = {"from_sample": at, "level": action.level}
            if action.intent_id is not None:
                _carried_out(session, action.intent_id, now)
            else:
                turn["because"] = HEARD_WRONG
                told = {"level": action.level, "sample": at}
                record(
                    session,
                    "airing.stepped_down",
                    at=now,
                    person_id=None,
                    subject_id=action.airing_id,
                    **told,
                )
                log.warning("stepped down the chain", airing=action.airing_id, level=action.level)
            airing.turns = [*before, turn]
            session.add(airing)
            emit(session, "airing", action.airing_id, airing.state, at=now)

    @execute.register
    def _(self, action: due.TakeOver, now: datetime) -> None:
        with writing(self._database) as session:
            carry_out(session, action.airing_id, action.intent_id, now, now + TURN_TAKES)

    @execute.register
    def _(self, action: due.GiveBack, now: datetime) -> None:
        with writing(self._database) as session:
            carry_out(session, action.airing_id, action.intent_id, now, now + TURN_TAKES)

    @execute.register
    def _(self, action: due.SetState, now: datetime) -> None:
        with writing(self._database) as session:
            _move_airing(session, session.get_one(Airing, action.airing_id), action.state, now)

    @execute.register
    def _(self, action: due.SetReadiness, now: datetime) -> None:
        with writing(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            airing.readiness = action.readiness
            session.add(airing)
            emit(session, "airing", action.airing_id, airing.state, at=now)

    @execute.register
    def _(self, action: due.Close, now: datetime) -> None:
        with writing(self._database) as session:
            airing = session.get_one(Airing, action.airing_id)
            delivered = asrun.record(session, airing)
            airing.readiness = "ok" if delivered else "failed"
            _move_airing(session, airing, "done" if delivered else "missed", now)
            _end_handoffs(session, action.airing_id, "failed", now)
            _refuse_intents(session, action.airing_id, "the airing is over", now)
            _settle_alarms(session, self._settings, airing, now)
        log.info("airing closed", airing=action.airing_id, state=airing.state)

    @execute.register
    def _(self, action: due.Cancel, now: datetime) -> None:
        with writing(self._database) as session:
            _carried_out(session, action.intent_id, now)
            self._call_off(session, session.get_one(Airing, action.airing_id), "it was cancelled", now)

    def _call_off(self, session: Session, airing: Airing, why: str, now: datetime) -> None:
        """End an airing before its time. Sites that have its audio would air it: people must tell them."""
        airing_id = id_of(airing)
        _move_airing(session, airing, "cancelled", now)
        # What is being sent just now arrives, or may have arrived before a crash.
        there = [one.feed_id for one in _handoffs(session, airing_id) if one.state in (*DELIVERED, "sending")]
        _end_handoffs(session, airing_id, "cancelled", now)
        _refuse_intents(session, airing_id, why, now)
        _settle_alarms(session, self._settings, airing, now)
        for feed_id in there:
            raise_alarm(
                session,
                "cancelled_after_delivery",
                alarm_key(airing_id, feed_id),
                now=now,
                airing_id=airing_id,
                feed_id=feed_id,
                channels=self._settings.alarm_channels,
            )

    @execute.register
    def _(self, action: due.Retry, now: datetime) -> None:
        with writing(self._database) as session:
            handoff = session.get_one(Handoff, action.handoff_id)
            handoff.next_attempt_at, handoff.held = now, False
            _move_handoff(session, handoff, "due", now)
            if action.intent_id is not None:
                _carried_out(session, action.intent_id, now)

    @execute.register
    def _(self, action: due.Hold, now: datetime) -> None:
        with writing(self._database) as session:
            handoff = session.get_one(Handoff, action.handoff_id)
            handoff.held = True
            # The next attempt is made when somebody says so: a failed one is then due like the others
            _move_handoff(session, handoff, "due", now)
            _carried_out(session, action.intent_id, now)

    @execute.register
    def _(self, action: due.RecordByHand, now: datetime) -> None:
        with writing(self._database) as session:
            handoff = session.get_one(Handoff, action.handoff_id)
            intent = session.get_one(Intent, action.intent_id)
            handoff.manual = {"by": intent.person_id, **(intent.details or {})}
            handoff.held, handoff.error = False, None
            _move_handoff(session, handoff, "manual", now)
            clear(session, "feed_failing", alarm_key(handoff.airing_id, handoff.feed_id), now=now)
            _carried_out(session, action.intent_id, now)

    @execute.register
    def _(self, action: due.Refuse, now: datetime) -> None:
        with writing(self._database) as session:
            _carried_out(session, action.intent_id, now, refused=action.why)

    @execute.register
    def _(self, action: due.Raise, now: datetime) -> None:
        with writing(self._database) as session:
            raise_alarm(
                session,
                action.kind,
                alarm_key(action.airing_id, action.feed_id),
                now=now,
                airing_id=action.airing_id,
                feed_id=action.feed_id,
                channels=self._settings.alarm_channels,
            )

    @execute.register
    def _(self, action: due.Escalate, now: datetime) -> None:
        with writing(self._database) as session:
            key = alarm_key(action.airing_id, action.feed_id)
            channels = self._settings.alarm_channels
            escalate(session, action.kind, key, action.step, now=now, channels=channels)

    @execute.register
    def _(self, action: due.Clear, now: datetime) -> None:
        with writing(self._database) as session:
            clear(session, action.kind, alarm_key(action.airing_id, action.feed_id), now=now)


def alarm_key(airing_id: int, feed_id: int | None) -> str:
    """What an alarm is about."""
    return f"airing:{airing_id}" + (f"/feed:{feed_id}" if feed_id is not None else "")


def _rundown(session: Session, airing_id: int, version: int) -> RundownVersion:
    return session.exec(
        select(RundownVersion).where(RundownVersion.airing_id == airing_id, RundownVersion.version == version)
    ).one()


def _wishes_for(session: Session, airing: Airing, recipe_key: str) -> dict[str, object]:
    """The wishes behind a recipe's key, as plain fields for a job's payload."""
    wanted = [LISTENING_RECIPE]
    for carriage in carriages(session, airing.slot_id, airing.starts_at.date()):
        wanted += [wishes(feed) for feed in (*carriage.feeds, *carriage.seconds) if readable_recipe(feed)]
    wish = next(each for each in wanted if each.recipe == recipe_key)
    return {
        "encoding": asdict(wish.encoding),
        "profile": asdict(wish.profile),
        "lead_in": asdict(wish.lead_in),
        "excerpt": asdict(wish.excerpt),
    }


def _hand_over(session: Session, action: due.HandOver, now: datetime) -> None:
    wanted = terms(session, action.airing_id, action.feed_id, action.version)
    before = select(Handoff.held).where(
        Handoff.airing_id == action.airing_id, Handoff.feed_id == action.feed_id
    )
    handoff = Handoff(
        airing_id=action.airing_id,
        feed_id=action.feed_id,
        version=action.version,
        # Who holds back a version does not want the next one sent either
        held=any(session.exec(before).all()),
        next_attempt_at=max(wanted["deliver_at"], now),
        created_at=now,
        **wanted,
    )
    session.add(handoff)
    session.flush()
    emit(session, "handoff", id_of(handoff), handoff.state, at=now)


def _amend(session: Session, handoff: Handoff, now: datetime) -> None:
    """What lies at the site under an older name stays there: it is named in the journal."""
    wanted = terms(session, handoff.airing_id, handoff.feed_id, handoff.version)
    if all(getattr(handoff, name) == wanted[name] for name in ("artefact_id", "object_name", "frequencies")):
        return
    record(
        session,
        "handoff.amended",
        at=now,
        person_id=None,
        subject_id=handoff.id,
        was=handoff.state,
        object_name=handoff.object_name,
    )
    for name, value in wanted.items():
        setattr(handoff, name, value)
    handoff.next_attempt_at = max(handoff.deliver_at, now)
    handoff.verified_at = handoff.rechecked_at = handoff.error = None
    _move_handoff(session, handoff, "due", now)


def _move_airing(session: Session, airing: Airing, state: str, now: datetime) -> None:
    if airing.state != state:
        airing.state = state
        emit(session, "airing", id_of(airing), state, at=now)
    session.add(airing)


def _move_handoff(session: Session, handoff: Handoff, state: str, now: datetime) -> None:
    handoff.state = state
    session.add(handoff)
    emit(session, "handoff", id_of(handoff), state, at=now)


def _handoffs(session: Session, airing_id: int) -> Sequence[Handoff]:
    return session.exec(select(Handoff).where(Handoff.airing_id == airing_id)).all()


def _end_handoffs(session: Session, airing_id: int, state: str, now: datetime) -> None:
    """What has not arrived when the airing ends never will."""
    for handoff in session.exec(select(Handoff).where(Handoff.airing_id == airing_id)).all():
        if handoff.state in ("due", "sending") or (state == "cancelled" and handoff.state not in DELIVERED):
            _move_handoff(session, handoff, state, now)


def _call_back(session: Session, settings: Settings, airing: Airing, now: datetime) -> None:
    """The slot has this airing again: what was called off with it goes on."""
    _settle_alarms(session, settings, airing, now)
    for handoff in _handoffs(session, id_of(airing)):
        if handoff.state == "cancelled":
            handoff.next_attempt_at = max(handoff.deliver_at, now)
            _move_handoff(session, handoff, "due", now)


def _carried_out(session: Session, intent_id: int, now: datetime, refused: str | None = None) -> None:
    intent = session.get_one(Intent, intent_id)
    intent.carried_out_at, intent.refused = now, refused
    session.add(intent)


def _refuse_intents(session: Session, airing_id: int, why: str, now: datetime) -> None:
    for intent in session.exec(
        select(Intent).where(Intent.airing_id == airing_id, col(Intent.carried_out_at).is_(None))
    ).all():
        _carried_out(session, id_of(intent), now, refused=why)


def _settle_alarms(session: Session, settings: Settings, airing: Airing, now: datetime) -> None:
    """After the airing nobody can act on its alarms; a missed one leaves a last alarm that says so."""
    for alarm in session.exec(
        select(Alarm).where(Alarm.airing_id == airing.id, col(Alarm.cleared_at).is_(None))
    ).all():
        clear(session, alarm.kind, alarm.key, now)
    if airing.state == "missed":
        raise_alarm(
            session,
            "airing_missed",
            alarm_key(id_of(airing), None),
            now=now,
            airing_id=airing.id,
            channels=settings.alarm_channels,
        )
