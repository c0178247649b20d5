"""A station in a temporary folder, its web process, and recordings to send to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import numpy as np
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, select

from app.database import open_database, reading, writing
from app.jobs.service import claim
from app.jobs.worker import work
from app.library import service
from app.library.description import Description
from app.library.models import Segment, SegmentKind
from app.library.receive import Received
from app.people.service import create_key, create_person
from app.settings import Settings
from app.station.models import Station as StationRow
from app.storage import sha256_of
from tests.databases import put_current

Row = TypeVar("Row", bound=SQLModel)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]

SERVE = """
import socket, sys
from app.settings import Settings
from app.web.application import create_app
from app.web.server import Server
settings = Settings()
Server(create_app(settings), settings).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


@dataclass(frozen=True)
class Station:
    """An initialised station with one person and her key."""

    settings: Settings
    engine: Engine
    person_id: int
    key: str

    def segment(self, segment_id: int) -> Segment:
        with reading(self.engine) as session:
            return session.get_one(Segment, segment_id)

    def segments(self) -> list[Segment]:
        with reading(self.engine) as session:
            return list(session.exec(select(Segment).order_by(Segment.id)))  # type: ignore[arg-type]

    def ingest_all(self) -> None:
        """What the workers would do."""
        self._work("ingest")

    def cut_all(self) -> None:
        self._work("cut")

    def _work(self, kind: str) -> None:
        while (job := claim(self.engine, "worker-1", (kind,))) is not None:
            assert job.kind == kind
            work(self.engine, self.settings, job, lambda: NOW)

    def incoming(self) -> list[str]:
        return sorted(path.name for path in self.settings.incoming_dir.iterdir())

    def blobs(self, kind: str) -> list[str]:
        return sorted(path.name for path in (self.settings.blobs_dir / kind).rglob("*") if path.is_file())


def make_station(home: Path, **wishes: object) -> Station:
    settings = Settings(home=home, disk_reserve_bytes=0, **wishes)  # type: ignore[arg-type]
    put_current(settings)
    engine = open_database(settings)
    with writing(engine) as session:
        session.add(StationRow(name="단파", created_at=NOW))
        person = create_person(session, "김하늘", now=NOW, by=None)
        assert person.id is not None
        _, key = create_key(session, person.id, "test", now=NOW, by=None)
        return Station(settings, engine, person.id, key)


def receive(station: Station, recording: Path) -> dict[str, object]:
    """What the web process leaves behind: a row and a file in incoming. Returns the job's payload."""
    incoming = station.settings.incoming_dir / f"{recording.stem}.part"
    shutil.copyfile(recording, incoming)
    received = Received(incoming, recording.name, sha256_of(recording), recording.stat().st_size, {})
    description = Description(title=recording.stem, kind=SegmentKind.talk)
    with writing(station.engine) as session:
        segment = service.accept_upload(session, received, description, person_id=station.person_id, now=NOW)
    return {"segment_id": segment.id, "file": incoming.name}


@dataclass(frozen=True)
class Service:
    """A running web process."""

    station: Station
    client: httpx.Client
    address: tuple[str, int]
    pid: int

    def memory_bytes(self) -> tuple[int, int]:
        """What the process holds now, and the most that it ever held."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        kib = {
            name: int(value.split()[0])
            for name, _, value in (line.partition(":") for line in lines)
            if "kB" in value
        }
        return kib["VmRSS"] << 10, kib["VmHWM"] << 10


@contextlib.contextmanager
def serving(station: Station) -> Iterator[Service]:
    """The station's web process on a free port of loopback."""
    settings = station.settings
    environment = os.environ | {
        "DANPA_HOME": str(settings.home),
        "DANPA_DISK_RESERVE_BYTES": str(settings.disk_reserve_bytes),
        "DANPA_UPLOAD_LIMIT_BYTES": str(settings.upload_limit_bytes),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(listener.fileno())],
            pass_fds=[listener.fileno()],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            host, port = listener.getsockname()
            headers = {"Authorization": f"Bearer {station.key}"}
            with httpx.Client(base_url=f"http://{host}:{port}", headers=headers, timeout=60) as client:
                assert client.get("/health/live").status_code == 200
                yield Service(station, client, (host, port), process.pid)
        finally:
            process.terminate()
            process.wait()


def write_tone(
    path: Path, seconds: float = 1.0, hertz: float = 440.0, lead_s: float = 0.0, tail_s: float = 0.0
) -> Path:
    """A tone between silences, as 16-bit WAV at 48 kHz."""
    time_s = np.arange(round(seconds * 48_000)) / 48_000
    tone = 0.25 * np.sin(2 * np.pi * hertz * time_s)
    sound = np.concatenate([np.zeros(round(lead_s * 48_000)), tone, np.zeros(round(tail_s * 48_000))])
    with wave.open(os.fspath(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def all_of(session: Session, table: type[Row]) -> list[Row]:
    """Every row of a table."""
    return list(session.exec(select(table)))
