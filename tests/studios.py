"""A station with an airing that takes live input: the real studio and air processes, and an engine that does nothing else.

The airing begins whenever the test wants it to; its programme is noise, so that every frame can be told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.air.armed import Turn, read_armed
from app.air.arming import arm
from app.airings.carriage import GRID_SAMPLES, wishes
from app.airings.models import Airing, Intent, RundownVersion
from app.database import id_of, open_database, reading, writing
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.people.service import create_key
from app.programmes.models import Programme, Slot
from app.station.founding import found
from app.studio.files import sent_frames
from app.studio.wishes import carry_out
from audio.ffmpeg import find_ffmpeg
from audio.pcm import RATE
from schedules.rundown import IntervalSignalSource, Item, Reason, Rundown
from schedules.said import Said
from tests.armed_airings import MP3, PATIENCE_S, AirStation, Material, wait_until
from tests.databases import put_current

FEED = 1
TURN_TAKES = timedelta(seconds=0.6)
HARD_S = 18
"""The clock's second element has this hard time."""


@dataclass
class StudioStation(AirStation):
    """Use `studio_station`. ``joins_s`` are the beginnings of the items."""

    joins_s: Sequence[int] = (0, 6, 12, HARD_S, 60)
    key: str = ""
    studio: subprocess.Popen[bytes] | None = None
    starts_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    clients: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settings = self.settings.model_copy(update={"disk_reserve_bytes": 0})
        put_current(self.settings)
        first = found(self.settings, "시험 방송국", "김하늘", now=datetime.now(UTC))
        assert first is not None
        self.key = first.key
        self.database: Engine = open_database(self.settings)

    # --- what is planned ---------------------------------------------------------------------------------------------

    def plan(
        self,
        programme: Material,
        starts_at: datetime,
        address: str,
        *,
        live_input: bool = True,
        codec: str = "mp3",
    ) -> int:
        """An airing as long as its programme, on one feed; gives its id. It is armed, and its rundown has a hard time."""
        self.starts_at = starts_at
        seconds = len(programme.sound) // RATE
        with writing(self.database) as session:
            airing = self._rows(session, starts_at, seconds, address, live_input=live_input, codec=codec)
            airing_id = id_of(airing)
            recipe = wishes(session.get_one(Feed, FEED)).recipe
        armed = self.arm(airing_id, programme, starts_at, {FEED: address}, seconds=seconds, preroll_s=2.0)
        armed = replace(
            armed,
            sounds=tuple(replace(one, recipe=recipe) for one in armed.sounds),
            outputs=tuple(replace(one, recipe=recipe) for one in armed.outputs),
        )
        arm(self.settings, armed)
        return airing_id

    def _rows(
        self,
        session: Session,
        starts_at: datetime,
        seconds: int,
        address: str,
        *,
        live_input: bool,
        codec: str,
    ) -> Airing:
        def add(row: Any) -> int:
            session.add(row)
            session.flush()
            number: int = row.id
            return number

        clock = [
            {"type": "interval_signal", "seconds": 6},
            {"type": "interval_signal", "seconds": 6, "at": f"+0:00:{HARD_S}"},
        ]
        every: dict[str, Any] = {
            "days": "1234567",
            "first_date": date(2026, 1, 1),
            "last_date": date(2027, 12, 31),
        }
        programme = add(
            Programme(title="저녁", code="evening", clock=clock, live_input=live_input, created_at=starts_at)
        )
        slot = add(
            Slot(programme_id=programme, start_minute=0, stop_minute=1440, created_at=starts_at, **every)
        )
        site = add(Site(code="TAC", name="Tashkent", created_at=starts_at))
        line = add(Line(slot_id=slot, site_id=site, khz=7585, created_at=starts_at, **every))
        feed = add(
            Feed(
                site_id=site, name="sink", protocol="icecast", address=address, codec=codec, created_at=starts_at,
                updated_at=starts_at, options={"preroll_s": 2.0}, name_template="x",
            )
        )  # fmt: skip
        session.add(LineFeed(line_id=line, feed_id=feed))
        airing = Airing(
            slot_id=slot, starts_at=starts_at, stops_at=starts_at + timedelta(seconds=seconds),
            target_samples=seconds * RATE, compile_at=starts_at, state="armed", version=1, armed_version=1, created_at=starts_at,
        )  # fmt: skip
        add(airing)
        rundown = self._rundown(seconds)
        add(
            RundownVersion(
                airing_id=id_of(airing), version=1, level="programme", cause="first", sha256="", compiled_at=starts_at,
                body=rundown.to_json().decode(),
            )
        )  # fmt: skip
        return airing

    def _rundown(self, seconds: int) -> Rundown:
        ends = [*self.joins_s[1:], seconds]
        items = tuple(
            Item(
                n,
                IntervalSignalSource(loop=True),
                start * RATE,
                (end - start) * RATE,
                0,
                0,
                0,
                0,
                Reason("", 1, Said("", "")),
            )
            for n, (start, end) in enumerate(zip(self.joins_s, ends, strict=True))
        )
        return Rundown(seconds * RATE, GRID_SAMPLES, "programme", items, (), None, "")

    def another_key(self) -> str:
        with writing(self.database) as session:
            return create_key(session, 1, "another", now=datetime.now(UTC), by=None)[1]

    def airing(self, airing_id: int = 1) -> Airing:
        with reading(self.database) as session:
            return session.get_one(Airing, airing_id)

    def intents(self, kind: str) -> list[Intent]:
        with reading(self.database) as session:
            return list(
                session.exec(select(Intent).where(Intent.kind == kind).order_by(col(Intent.id))).all()
            )

    # --- the engine, as far as it matters here -----------------------------------------------------------------------

    def engine(self) -> None:
        """Carries out what studios want, and arms anew: a thread."""
        while not self._ending.wait(0.2):
            now = datetime.now(UTC)
            with writing(self.database) as session:
                wanted = session.exec(select(Intent).where(col(Intent.carried_out_at).is_(None))).all()
                for intent in wanted:
                    carry_out(session, intent.airing_id, id_of(intent), now, now + TURN_TAKES)
                turns = {one.airing_id: session.get_one(Airing, one.airing_id).turns for one in wanted}
            for airing_id, told in turns.items():
                path = next(self.settings.armed_dir.glob(f"{airing_id}-*.json"))
                armed = read_armed(path)
                arm(
                    self.settings,
                    replace(armed, serial=armed.serial + 1, turns=tuple(Turn(**one) for one in told)),
                )

    # --- the studio process and studios ------------------------------------------------------------------------------

    def start_studio(self, **environment: str) -> None:
        (self.settings.run_dir / "studio.json").unlink(missing_ok=True)
        told = {"DANPA_HOME": str(self.home), "DANPA_STUDIO_PORT": "0", "DANPA_DISK_RESERVE_BYTES": "0"}
        self.studio = subprocess.Popen(
            [sys.executable, "-m", "app", "studio"], env=dict(os.environ) | told | environment
        )
        wait_until(lambda: self.studio_port, "the studio process listens")

    @property
    def studio_port(self) -> int:
        try:
            port: int = json.loads((self.settings.run_dir / "studio.json").read_bytes())["port"]
        except (OSError, ValueError):
            return 0
        return port

    def connect(
        self, sound: Path, mount: str = "/studio/1", key: str | None = None
    ) -> subprocess.Popen[bytes]:
        """A studio: ffmpeg, which sends a recording in real time as MP3."""
        url = f"icecast://source:{key or self.key}@127.0.0.1:{self.studio_port}{mount}"
        client = subprocess.Popen(
            [
                find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-i", sound, "-c:a", "libmp3lame", "-b:a", "128k",
                "-content_type", "audio/mpeg", "-f", "mp3", url,
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.clients.append(client)
        return client

    def sent_by_studio(self, number: int, airing_id: int = 1) -> Material:
        """What the number-th takeover's file holds."""
        path = next(
            one
            for one in sent_frames(self.settings, airing_id)
            if one.name.startswith(f"{airing_id}-{number}-")
        )
        material = self.chain["interval_signal"]
        return replace(material, file=replace(material.file, path=path, sha256=""), encoding=MP3)

    def end(self) -> None:
        self._ending.set()
        for process in (self.studio, *self.clients):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM if process is self.studio else signal.SIGKILL)
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.database.dispose()


@contextmanager
def studio_station(home: Path, **fields: Any) -> Iterator[StudioStation]:
    """A station whose studio and engine run until the block ends. Start the air process where it is wanted."""
    station = StudioStation(home, **fields)
    engine = threading.Thread(target=station.engine, name="engine")
    try:
        station.start_studio()
        engine.start()
        yield station
    finally:
        station.end()
        if engine.is_alive():
            engine.join()
        if station.process is not None and station.process.poll() is None:
            station.stop()


def sleep_until(at: datetime) -> None:
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
