"""The air process: what is armed goes out from here, to the frame. It needs no database, no API, no queue and no encoder.

One loop with one ticker feeds every live output; a thread watches the folder, another writes the journal. It holds a
lock for as long as it lives, and outlives its supervisor: the next one finds the lock and leaves it be. Killed, the next
air process joins what is on the air at the frame that is due.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from app import __version__
from app.air.account import tell_run
from app.air.armed import Armed
from app.air.booked import Booked
from app.air.clock import SECOND_NS, from_ns, take_anchor
from app.air.drivers import open_endpoint
from app.air.folder import Airborne, Folder
from app.air.journal import Journal
from app.air.output import AHEAD_NS, REANCHOR_NS, LiveOutput, OpenEndpoint
from app.air.progress import Progress
from app.air.recorder import Recorder
from app.air.tap import tap_path
from app.air.ticker import Ticker
from app.air.tracks import Tracks
from app.locks import Lock
from app.processes import is_news
from app.settings import Settings

log = structlog.get_logger()

LOOK_S = 0.1
"""The folder is looked at this often: what is asked for in it is heard so much later at the most."""

STATUS_S = 1.0

RENEWED_NS = 5 * SECOND_NS
"""The status is written at least this often."""

HANDED_OVER_S = 0.0005


def run_air(settings: Settings, stopping: threading.Event) -> bool:
    """Keep watch and feed until told to stop. Returns at once, with False, when another air process lives."""
    lock = Lock(settings.run_dir / "air.lock")
    if not lock.acquire():
        return False
    try:
        asyncio.run(Air(settings).run(stopping))
    finally:
        lock.release()
    return True


@dataclass
class Air:
    """Everything that the process holds."""

    settings: Settings
    open_endpoint: OpenEndpoint = open_endpoint
    outputs: dict[int, LiveOutput] = field(default_factory=dict)
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _airborne: dict[int, Airborne] = field(default_factory=dict)
    _sounding: tuple[Booked, ...] = ()
    """Of everything that is taken on each sound once."""

    def __post_init__(self) -> None:
        self.recorder = Recorder(Journal(self.settings.air_dir / "journal"))
        self.progress = Progress(self.settings.air_dir / "progress")
        self.tracks = Tracks()
        self.folder = Folder(self.settings.armed_dir, self.recorder, self.tracks)

    async def run(self, stopping: threading.Event) -> None:
        """Until told to stop; then every output says where it was."""
        for run in self.progress.left_over():
            tell_run(self.recorder, self.progress, run, "the process was killed")
        ticker = Ticker()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        watcher = threading.Thread(
            target=self._watch, args=(loop, ticker, stopping, ended), name="folder", daemon=True
        )
        # Another thread that computes gives the interpreter back to the ticker after so long: usually that is five milliseconds
        sys.setswitchinterval(HANDED_OVER_S)
        # Nothing that lives from the start needs to be looked at for garbage: a collection would cost milliseconds
        gc.collect()
        gc.freeze()
        watcher.start()
        shown = threading.Thread(target=self._show, args=(ticker, stopping), name="status", daemon=True)
        shown.start()
        preparing = asyncio.create_task(self._prepare(), name="prepare")
        await ended.wait()
        tasks = [preparing, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._close)

    async def _prepare(self) -> None:
        """Keep in memory what is due now and soon, whether or not any output is connected just now."""
        while True:
            for booked in self._sounding:
                try:
                    booked.prepare(time.time_ns())
                except Exception:
                    if is_news("prepare"):
                        log.exception("what is due soon could not be read ahead")
            await asyncio.sleep(1.0)

    def _close(self) -> None:
        self.tracks.close()
        self.recorder.close()
        self.progress.close()

    def _watch(
        self,
        loop: asyncio.AbstractEventLoop,
        ticker: Ticker,
        stopping: threading.Event,
        ended: asyncio.Event,
    ) -> None:
        """The thread that looks at the folder. It must not end before it is told to."""
        before: Mapping[int, Airborne] = {}
        anchor = take_anchor()
        while not stopping.is_set():
            try:
                airborne = self.folder.turn(from_ns(time.time_ns()))
            except Exception:
                # Whatever it was: what is on the air goes on, and the next turn tries again
                if is_news("folder"):
                    log.exception("the folder of armed airings could not be looked at")
            else:
                # Who sleeps until something opens must also be woken when the clock was set
                fresh = take_anchor()
                is_set = abs(fresh.utc_minus_monotonic_ns - anchor.utc_minus_monotonic_ns) > REANCHOR_NS
                if airborne != before or is_set:
                    before, anchor = airborne, fresh
                    loop.call_soon_threadsafe(self._apply, ticker, airborne)
            stopping.wait(LOOK_S)
        loop.call_soon_threadsafe(ended.set)

    def _apply(self, ticker: Ticker, airborne: dict[int, Airborne]) -> None:
        """Give every output what is booked on it."""
        self._airborne = airborne
        sounding: dict[tuple[int, str], Booked] = {}
        booked: dict[int, list[Booked]] = {feed_id: [] for feed_id in self.outputs}
        for one in airborne.values():
            for each in one.booked():
                booked.setdefault(each.booking.output.feed_id, []).append(each)
                sounding[each.booking.armed.airing_id, each.booking.output.recipe] = each
        self._sounding = tuple(sounding.values())
        for feed_id, wanted in booked.items():
            output = self.outputs.get(feed_id)
            if output is None:
                output = self.outputs[feed_id] = LiveOutput(
                    feed_id,
                    ticker,
                    self.recorder,
                    self.progress,
                    self.open_endpoint,
                    tap_path(self.settings, feed_id),
                )
                self._tasks[feed_id] = asyncio.create_task(output.run(), name=f"feed {feed_id}")
            output.book(wanted)
            if not wanted and output.state == "idle":
                self._tasks.pop(feed_id).cancel()
                output.leave()
                del self.outputs[feed_id]

    # --- what is told ------------------------------------------------------------------------------------------------

    def _show(self, ticker: Ticker, stopping: threading.Event) -> None:
        """The thread that writes the status. A full disk must not end what is on the air: it is only tried again."""
        path = self.settings.run_dir / "air.json"
        written = ""
        while True:
            status = json.dumps(self.status(ticker))
            if status != written:
                try:
                    _replace(path, status.encode())
                    written = status
                except OSError as error:
                    if is_news("air status"):
                        log.warning("the air's status cannot be written", error=str(error))
            if stopping.wait(STATUS_S if written else LOOK_S):
                return

    def status(self, ticker: Ticker) -> dict[str, Any]:
        """What the engine and the page look at."""
        now = time.time_ns()
        armed = [one.armed for one in list(self._airborne.values())]
        outputs = list(self.outputs.values())
        worst, ticker.worst_late_ns = ticker.worst_late_ns, 0
        live = sorted(one.airing_id for one in armed if _is_live(one, now))
        return {
            "pid": os.getpid(),
            "release": __version__,
            # A status that stays old says that nobody is there, or that whoever is there stands still
            "at": from_ns(now // RENEWED_NS * RENEWED_NS).isoformat(timespec="seconds"),
            "armed": {str(one.airing_id): one.serial for one in armed},
            "on_air": sorted(one.airing_id for one in armed if one.starts_at <= from_ns(now) < one.stops_at),
            "live": live,
            "outputs": [
                {
                    "feed": one.feed_id,
                    "airing": one.airing_id,
                    "state": one.state,
                    "why": one.why,
                    "level": one.level,
                    "frame": one.frame,
                }
                for one in outputs
                if one.airing_id is not None
            ],
            "worst_late_ms": round(worst / 1e6, 1) if live else None,
        }


def _is_live(armed: Armed, now_ns: int) -> bool:
    """Whether its outputs are open, or about to be."""
    if not armed.outputs:
        return False
    preroll_s = max(one.preroll_s for one in armed.outputs)
    opens = armed.starts_at.timestamp() - preroll_s - AHEAD_NS / SECOND_NS
    return opens <= now_ns / SECOND_NS < armed.stops_at.timestamp()


def _replace(path: Path, content: bytes) -> None:
    """In one step, but without waiting for the disk: after a power cut the next status comes in a second."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.chmod(0o600)
    temporary.replace(path)
