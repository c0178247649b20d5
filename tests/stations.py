"""A small station in a temporary folder: migrated, with one person and their key; and its web server, a real one."""

from __future__ import annotations

import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine

from app.database import id_of, open_database, writing
from app.library.cuts import first_cut
from app.library.models import Segment, SegmentState
from app.people import service as people
from app.settings import Settings
from app.station.models import Station
from app.web.application import create_app
from app.web.server import Server
from tests.databases import put_current

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)

PATIENCE_S = 60.0
"""A client waits as long as this: a busy machine is not a bug."""

TRUST = ssl.create_default_context()
"""For all clients of a process: each would read all certificates anew, which takes longer than a test's requests."""


class SettableClock:
    """What time it is, as the test says."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass(frozen=True, slots=True)
class SmallStation:
    settings: Settings
    database: Engine
    clock: SettableClock
    person_id: int
    key_id: int
    key: str

    def login_link(self, valid_for: timedelta = timedelta(hours=1)) -> str:
        with writing(self.database) as session:
            return people.create_login_link(session, self.person_id, valid_for, now=self.clock())

    def another_key(self, name: str) -> str:
        """The key of one more person."""
        with writing(self.database) as session:
            person = people.create_person(session, name, now=self.clock(), by=None)
            return people.create_key(session, id_of(person), "test", now=self.clock(), by=None)[1]

    def add_segment(self, **fields: Any) -> int:
        """A segment without audio, approved unless told otherwise."""
        wanted = {"title": "여는 말", "kind": "announcement", "state": SegmentState.approved} | fields
        with writing(self.database) as session:
            segment = Segment(**wanted, created_at=self.clock())
            session.add(segment)
            session.flush()
            cut = first_cut(session, segment, now=self.clock())
            if segment.state == SegmentState.approved:
                segment.approved_cut = cut.number
            return id_of(segment)


def make_station(folder: Path, *, is_demo: bool = False, **settings: Any) -> SmallStation:
    """A station in its own folder."""
    made = Settings(home=folder, disk_reserve_bytes=0, port=0, **settings)
    made.make_directories()
    content, person_id, key_id, key = _made_once(is_demo)
    made.database_path.write_bytes(content)
    return SmallStation(made, open_database(made), SettableClock(), person_id, key_id, key)


@cache
def _made_once(is_demo: bool) -> tuple[bytes, int, int, str]:  # noqa: FBT001 - what tells one from the other
    """The database of a new station, with the ids of its person and their key, and the key: all of a process have the same."""
    with tempfile.TemporaryDirectory(prefix="danpa-station-") as folder:
        settings = Settings(home=Path(folder))
        put_current(settings)
        database = open_database(settings)
        with writing(database) as session:
            session.add(Station(name="시험 방송국", is_demo=is_demo, created_at=NOW))
            person = people.create_person(session, "김하늘", now=NOW, by=None)
            key, secret = people.create_key(session, id_of(person), "test", now=NOW, by=None)
        database.dispose()  # the last connection folds the write-ahead log into the file
        return settings.database_path.read_bytes(), id_of(person), id_of(key), secret


@contextmanager
def serving(station: SmallStation) -> Iterator[str]:
    """The station's web server on a free port of the loopback; yields its URL."""
    app = create_app(station.settings, now=station.clock)
    with running(app, station.settings) as url:
        yield url


@contextmanager
def running(app: FastAPI, settings: Settings) -> Iterator[str]:
    """Any application under the real server, ended as the service ends it."""
    server = Server(app, settings)
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended before it had started"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def keyed(url: str, key: str) -> httpx.Client:
    """A machine's client, with its key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S, verify=TRUST)
