"""The air process. So far it keeps watch: it accepts what is armed, and journals when each airing begins and ends.

It holds a lock for as long as it lives, and outlives its supervisor: the next one finds the lock and leaves it be.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from app.air.arming import Armed, BadArmedFile, read_armed
from app.air.journal import RESERVED_PER_AIRING, Journal
from app.locks import Lock
from app.processes import Clock, is_news, utcnow
from app.settings import Settings
from app.storage import write_atomically

log = structlog.get_logger()

TICK_S = 0.2

Key = tuple[int, int]


def run_air(settings: Settings, stopping: threading.Event, clock: Clock = utcnow) -> bool:
    """Keep watch until told to stop. Returns at once, with False, when another air process lives."""
    lock = Lock(settings.run_dir / "air.lock")
    if not lock.acquire():
        return False
    watch = Watch(settings)
    written = ""
    while not stopping.is_set():
        status = watch.turn(clock())
        if status != written and _show(settings, status):
            written = status
        stopping.wait(TICK_S)
    watch.journal.close()
    lock.release()
    return True


def _show(settings: Settings, status: str) -> bool:
    """Tell the page. A full disk must not end what is on the air, so failing to is only tried again."""
    try:
        write_atomically(settings.run_dir / "air.json", status.encode())
    except OSError as error:
        if is_news("air status"):
            log.warning("the air's status cannot be written", error=str(error))
        return False
    return True


@dataclass
class Watch:
    """What is armed, and how far each airing is."""

    settings: Settings
    journal: Journal = field(init=False)
    accepted: dict[Key, Armed] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    started: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.journal = Journal(self.settings.air_dir / "journal")

    def turn(self, now: datetime) -> str:
        """Look at the folder and at the time; returns the status as JSON."""
        present = self._accept(now)
        # Before the disarmed ones go: the engine disarms at the very instant at which an airing ends.
        for armed in self.accepted.values():
            self._follow(armed, now)
        for key in [key for key in self.accepted if key not in present]:
            del self.accepted[key]
        playing = [one for one in self.accepted.values() if one.starts_at <= now < one.stops_at]
        status = {
            "armed": sorted(f"{airing}-{version}" for airing, version in self.accepted),
            "on_air": sorted({one.airing_id for one in playing}),
            "live": sorted({one.airing_id for one in playing if one.endpoints}),
        }
        return json.dumps(status)

    def _accept(self, now: datetime) -> set[Key]:
        present: set[Key] = set()
        for path in sorted(self.settings.armed_dir.glob("*.json")):
            try:
                armed = read_armed(path)
            except OSError:
                continue  # disarmed between the listing and the reading, or the disk cannot be read just now
            except BadArmedFile as error:
                if path.name not in self.refused:
                    self.refused.add(path.name)
                    log.warning("armed file refused", file=path.name, why=str(error))
                continue
            key = (armed.airing_id, armed.version)
            present.add(key)
            if key not in self.accepted and path.name not in self.refused:
                self._take(armed, path.name, now)
        return present

    def _take(self, armed: Armed, name: str, now: datetime) -> None:
        """Take an airing on, once its audio is seen to be there and there is room to keep its journal."""
        wrong = next((one for one in armed.artefacts if not _is_there(Path(one.path), one.bytes)), None)
        try:
            self.journal.reserve(RESERVED_PER_AIRING * (len(self.accepted) + 1))
        except OSError as error:
            if is_news("no room"):
                log.warning("no room for the journal", airing=armed.airing_id, error=str(error))
            return
        if wrong is not None:
            self.refused.add(name)
            self.journal.write("refused", armed.airing_id, armed.version, now, "its audio is not there")
            return
        self.accepted[armed.airing_id, armed.version] = armed
        self.journal.write("accepted", armed.airing_id, armed.version, now)

    def _follow(self, armed: Armed, now: datetime) -> None:
        if armed.starts_at <= now < armed.stops_at and armed.airing_id not in self.started:
            self.started.add(armed.airing_id)
            self.journal.write("started", armed.airing_id, armed.version, now)
        if armed.stops_at <= now and armed.airing_id not in self.ended:
            self.ended.add(armed.airing_id)
            self.journal.write("ended", armed.airing_id, armed.version, now)


def _is_there(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
