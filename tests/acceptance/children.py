"""The processes of a station under a simulated clock: the real web, the real workers, and an engine that can be shot.

    python children.py web|worker CLOCK [number]
    python children.py nursery CLOCK      # reads one JSON order a line: {"until": ..., "die_at_commit": n or null}

The nursery imports everything once and forks an engine for each order, so that hundreds of engines can be born and
killed with -9 within a minute. An engine that dies does so immediately before its n-th commit reaches the database:
whatever it did since the one before (a file sent, say) has happened and is on no record.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app.database import open_database, reading
from app.engine.process import Engine
from app.jobs.service import NIGHT_KINDS, unfinished
from app.jobs.worker import run_worker
from app.locks import Lock
from app.processes import configure_logs, stop_on_signals
from app.settings import Settings
from app.storage import write_atomically
from app.web.application import create_app
from app.web.server import Server

DONE, TIRED = 0, 3
"""Exit codes of an engine: it reached the end; or it made no headway for far too long."""


class FileClock:
    """The time that the test says it is, shared by every process through a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text()).astimezone(UTC)

    def set(self, at: datetime) -> None:
        write_atomically(self.path, at.isoformat().encode())


class Commits:
    """Counts commits, and kills its own process just before the fatal one."""

    def __init__(self, database: Any, fatal: int | None) -> None:
        self.count = 0
        self.fatal = fatal
        event.listen(database, "commit", self._about_to_commit)

    def _about_to_commit(self, _connection: Any) -> None:
        self.count += 1
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


async def run_engine(settings: Settings, clock: FileClock, until: datetime, fatal: int | None) -> int:
    """Live from instant to instant: when nothing is left to do at one, go to the next that the plan names."""
    lock = Lock(settings.run_dir / "engine.lock")
    while not lock.acquire():  # noqa: ASYNC110 - no event tells of another process's end
        await asyncio.sleep(0.01)
    database = open_database(settings)
    commits = Commits(database, fatal)
    engine = Engine(settings, database, clock)
    for _ in range(20_000):
        busy = is_busy(engine)
        engine.changed.clear()
        current = await engine.tick()
        # A delivery that ended inside the tick leaves a plan that still counted with it.
        if busy or is_busy(engine) or engine.changed.is_set() or current.actions:
            await asyncio.sleep(0.02)
        elif clock() >= until:
            await engine.close()
            write_atomically(settings.run_dir / "commits", str(commits.count).encode())
            return DONE
        else:
            clock.set(min(current.next_at or until, until))
    return TIRED


def is_busy(engine: Engine) -> bool:
    """Whether a delivery is on its way or a worker has something to do for the night."""
    with reading(engine.database) as session:
        return bool(engine.deliveries) or unfinished(session, NIGHT_KINDS) > 0


def nursery(settings: Settings, clock: FileClock) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            until = datetime.fromisoformat(order["until"])
            os._exit(asyncio.run(run_engine(settings, clock, until, order["die_at_commit"])))
        _, status = os.waitpid(child, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)


def main() -> None:
    role, clock = sys.argv[1], FileClock(Path(sys.argv[2]))
    settings = Settings()
    configure_logs(role, json=False)
    if role == "web":
        Server(create_app(settings, now=clock), settings).run()
    elif role == "worker":
        run_worker(settings, int(sys.argv[3]), stop_on_signals(), clock)
    else:
        nursery(settings, clock)


if __name__ == "__main__":
    main()
