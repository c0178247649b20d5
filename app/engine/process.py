"""The engine process. APScheduler is its alarm clock, the database is the truth.

Two jobs live in memory: a sweep every few seconds, and one date job at the next instant that the plan names. Both
call ``tick``, which asks the plan what is due until nothing is. Missing a job, or the whole process, loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Collection, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from app.air.status import AirWatch
from app.airings.models import Airing, Intent
from app.airings.stand_ins import keep_stand_ins
from app.alarms.notify import deliver_due
from app.approving.reminders import remind_due
from app.awaited.cut_off import Steps, measure
from app.bringing.dropping.folder import DropFolder
from app.database import id_of, open_database, reading, writing
from app.engine.actions import Actions
from app.engine.housekeeping import keep_house
from app.engine.snapshot import Busy, take_snapshot
from app.events.service import emit
from app.handoffs.delivery import deliver, recheck
from app.handoffs.folders import look_into
from app.jobs.service import NIGHT_KINDS, unfinished
from app.locks import Lock
from app.moves.notices import send_due
from app.processes import Clock, is_news, utcnow
from app.settings import Settings
from app.storage import write_atomically
from schedules.actions import Action
from schedules.plan import Plan, plan

log = structlog.get_logger()

JOB_DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
TOLD = {"alarms": deliver_due, "notices": send_due, "reminders": remind_due}
"""What is told beside the plan, each in a task of its own: alarms to people, notices to sites, reminders to who approves."""

MEASURED_EVERY = timedelta(minutes=5)
PAUSE_S = 5.0
"""After a delivery of which not even the failure could be written down (a full disk, say)."""

WORK_POLL_S = 0.3
"""While a worker is busy with something that an airing waits for, look this often whether it is done."""

ROUNDS = 50
"""A plan that still wants something after so many rounds is a bug: log it and go on at the next sweep."""


class Engine:
    """Plans and acts. ``tick`` may be called at any time and as often as one likes."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.deliveries: dict[int, asyncio.Task[None]] = {}
        self.looks: dict[tuple[int, int], asyncio.Task[None]] = {}
        self.changed = asyncio.Event()
        """Set when a delivery has ended, so that the outer loop ticks at once."""
        self._loop = asyncio.get_running_loop()
        self.telling: dict[str, asyncio.Task[None]] = {}
        """What is being told, by its name in `TOLD`."""
        self._air = AirWatch(settings)
        self._drop_folder = DropFolder(settings)
        self._dropping: asyncio.Task[None] | None = None
        """A look at the drop folder: it may copy gigabytes, and nothing waits for it."""
        self._wish = 0
        self._steps: tuple[datetime, Steps] | None = None
        self._ticking = asyncio.Lock()
        self._actions = Actions(database, settings, self._ask_delivery, self._ask_look)

    async def tick(self) -> Plan:
        """Do everything that is due now. Returns the last plan: empty of actions, with the next instant."""
        async with self._ticking:
            now = self.clock()
            await asyncio.to_thread(keep_stand_ins, self.database, self.settings, now)
            current = await asyncio.to_thread(self._plan, now)
            rounds, before = 0, None
            # The same actions a second time mean that none of them worked: the next sweep tries again.
            while current.actions not in ((), before) and rounds < ROUNDS:
                await asyncio.to_thread(self._carry_out, current.actions, now)
                before, current = current.actions, await asyncio.to_thread(self._plan, now)
                rounds += 1
            if current.actions and is_news("unrest"):
                log.error(
                    "the plan does not come to rest", actions=[repr(one) for one in current.actions[:5]]
                )
            for what, tell in TOLD.items():
                if what not in self.telling or self.telling[what].done():
                    self.telling[what] = asyncio.create_task(tell(self.database, self.settings, now))
            self._look_at_drop_folder(now)
            # Last: trouble in the house (a full disk, a damaged journal) must not keep alarms from being told.
            await asyncio.to_thread(keep_house, self.database, self.settings, now)
            return current

    def _look_at_drop_folder(self, now: datetime) -> None:
        if self._drop_folder.is_set and (self._dropping is None or self._dropping.done()):
            self._dropping = asyncio.create_task(self._take_dropped(now))

    async def _take_dropped(self, now: datetime) -> None:
        try:
            await asyncio.to_thread(self._drop_folder.turn, self.database, now)
        except Exception:  # files stay where they are, and the next sweep looks again
            if is_news("drop folder turn"):
                log.exception("the drop folder could not be looked at")

    async def is_wanted(self) -> bool:
        """Whether somebody has asked for something since we looked last: on the air it is to be heard within seconds.

        And whoever looks at the page is told when something else goes out.
        """
        try:
            newest = await asyncio.to_thread(self._newest_wish)
            if changed := await asyncio.to_thread(self._air.changed):
                await asyncio.to_thread(self._show, changed)
        except SQLAlchemyError:  # the sweep says what is wrong with the database
            return False
        before, self._wish = self._wish, newest
        return newest > before or bool(changed)

    def _show(self, airings: Collection[int]) -> None:
        with writing(self.database) as session:
            for airing in session.exec(select(Airing).where(col(Airing.id).in_(airings))).all():
                emit(session, "airing", id_of(airing), airing.state, at=self.clock())

    def _newest_wish(self) -> int:
        with reading(self.database) as session:
            return session.exec(select(func.max(Intent.id))).one() or 0

    def _plan(self, now: datetime) -> Plan:
        with reading(self.database) as session:
            steps = self._measured(session, now)
            busy = Busy(set(self.deliveries), set(self.looks), self._air.look(now), steps)
            return plan(take_snapshot(session, self.settings, busy, now), now)

    def _measured(self, session: Session, now: datetime) -> Steps:
        """How long things take here, measured now and then."""
        if self._steps is None or not self._steps[0] <= now < self._steps[0] + MEASURED_EVERY:
            self._steps = (now, measure(session, now))
        return self._steps[1]

    def _carry_out(self, actions: tuple[Action, ...], now: datetime) -> None:
        for action in actions:
            try:
                self._actions.execute(action, now)
            except Exception:
                # One airing's trouble must not keep the others from the air. The plan will ask again; people see
                # the alarm that follows from what was not done.
                subject = getattr(action, "airing_id", None) or getattr(action, "handoff_id", "")
                if is_news(f"{type(action).__name__} {subject}"):
                    log.exception("action failed", action=repr(action))

    def _ask_delivery(self, handoff_id: int, *, again: bool) -> None:
        """Called from the planning thread: the task itself belongs to the event loop."""
        asyncio.run_coroutine_threadsafe(self._start_delivery(handoff_id, again=again), self._loop).result()

    async def _start_delivery(self, handoff_id: int, *, again: bool) -> None:
        if handoff_id in self.deliveries:
            return
        work = recheck if again else deliver
        task = asyncio.create_task(self._guarded(work(self.database, self.settings, handoff_id, self.clock)))
        self.deliveries[handoff_id] = task
        task.add_done_callback(lambda _: self._delivered(handoff_id))

    def _ask_look(self, airing_id: int, feed_id: int) -> None:
        asyncio.run_coroutine_threadsafe(self._start_look(airing_id, feed_id), self._loop).result()

    async def _start_look(self, airing_id: int, feed_id: int) -> None:
        key = (airing_id, feed_id)
        if key in self.looks:
            return
        work = look_into(self.database, self.settings, airing_id, feed_id, self.clock)
        self.looks[key] = asyncio.create_task(self._guarded(work))
        self.looks[key].add_done_callback(lambda _: self._looked(key))

    def _looked(self, key: tuple[int, int]) -> None:
        del self.looks[key]
        self.changed.set()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:  # the handoff stays in state "sending", and the next sweep looks at the site again
            if is_news("delivery"):
                log.exception("delivery ended without a record")
            await asyncio.sleep(PAUSE_S)

    def _delivered(self, handoff_id: int) -> None:
        del self.deliveries[handoff_id]
        self.changed.set()

    async def close(self) -> None:
        """End between two turns and stop the deliveries. What is cut off is looked at again by the next engine."""
        async with self._ticking:
            pass
        self._drop_folder.stopping.set()
        if self._dropping is not None:
            await asyncio.gather(self._dropping, return_exceptions=True)
        tasks = [*self.deliveries.values(), *self.looks.values(), *self.telling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_engine(settings: Settings, clock: Clock = utcnow) -> None:
    """Run until SIGTERM or SIGINT. A second engine stands by until the first one is gone."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    lock = Lock(settings.run_dir / "engine.lock")
    while not lock.acquire():
        log.info("another engine is at work: standing by")
        if await _set_within(stopping, settings.sweep_s):
            return
    engine = Engine(settings, open_database(settings), clock)
    # It says that a turn was still running when the next was due (nothing is lost by that), and repeats what we log.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)

    async def turn() -> None:
        try:
            current = await engine.tick()
            _wake_at(scheduler, turn, engine, current)
            _write_status(settings, clock(), current)
        except Exception:
            # A full disk, say. Ending would cut off the deliveries that are under way; the next sweep comes anyway,
            # and the status that is not renewed tells people that the engine is not well.
            if is_news("turn"):
                log.exception("the engine could not finish its turn")

    scheduler.add_job(turn, IntervalTrigger(seconds=settings.sweep_s, timezone=UTC), id="sweep")
    scheduler.start()
    await turn()
    while not stopping.is_set():
        if await _set_within(engine.changed, WORK_POLL_S) or await engine.is_wanted():
            engine.changed.clear()
            await turn()
    scheduler.pause()
    await engine.close()
    scheduler.shutdown(wait=False)
    lock.release()


def _wake_at(scheduler: AsyncIOScheduler, turn: Any, engine: Engine, current: Plan) -> None:
    """Set the one date job: at the next instant of the plan, or soon where a worker's result is awaited."""
    now = engine.clock()
    soon = now + timedelta(seconds=WORK_POLL_S) if engine_waits(engine.database) else None
    instants = [instant for instant in (current.next_at, soon) if instant is not None]
    if instants:
        at = datetime.now(UTC) + max(min(instants) - now, timedelta(0))
        scheduler.add_job(turn, DateTrigger(at, timezone=UTC), id="next", replace_existing=True)


def engine_waits(database: Database) -> bool:
    """Whether a worker is doing something that an airing waits for."""
    with reading(database) as session:
        return unfinished(session, NIGHT_KINDS) > 0


def _write_status(settings: Settings, now: datetime, current: Plan) -> None:
    """What ``/health/ready`` and the page look at: when the engine last came round, and what it waits for."""
    body = {
        "pid": os.getpid(),
        "at": now.isoformat(),
        "next_at": current.next_at.isoformat() if current.next_at else None,
    }
    write_atomically(settings.run_dir / "engine.json", json.dumps(body).encode())


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
