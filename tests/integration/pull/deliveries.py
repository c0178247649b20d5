"""A station with a pull feed, and deliveries to it as the engine makes them: handoff, driver, shelf."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from sqlmodel import Session, select

from app.airings.models import Airing, Artefact, RundownVersion
from app.database import id_of, reading, writing
from app.feeds.contract import ReadBack
from app.feeds.drivers import FeedAddress, FileFeed, open_feed, send_and_check
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.handoffs.models import Handoff
from app.programmes.models import Programme, Slot
from app.pull import service
from app.pull.models import Fetch
from app.pull.shelf import StationShelf
from app.storage import Blobs
from tests.stations import NOW, SmallStation

NAME = "20261122_1500_TAC_7585.mp3"


@dataclass
class PullStation:
    """What a test of fetching needs. ``address`` is the site's own, with its key."""

    station: SmallStation
    url: str
    feed_id: int
    key_id: int
    address: str
    _airings: dict[int, int] = field(default_factory=dict)

    def another_key(self) -> tuple[int, str]:
        """A second key of the feed, and the address with it."""
        with writing(self.station.database) as session:
            key, token = service.create_key(
                session, self.feed_id, "spare", now=self.station.clock(), by=self.station.person_id
            )
            return id_of(key), f"{self.url}/pull/{token}/"

    def airing(self, hour: int) -> int:
        """The airing of an hour of 22 November (24 and later: of the days after); made when it is first asked for."""
        if hour not in self._airings:
            with writing(self.station.database) as session:
                starts_at = NOW.replace(hour=0) + timedelta(hours=hour)
                row = Airing(
                    slot_id=session.exec(select(Slot.id)).first() or 0,
                    starts_at=starts_at,
                    stops_at=starts_at + timedelta(minutes=30),
                    target_samples=1,
                    compile_at=NOW,
                    created_at=NOW,
                )
                session.add(row)
                session.flush()
                self._airings[hour] = id_of(row)
        return self._airings[hour]

    def handoff(self, content: bytes, *, hour: int = 15, version: int = 1, state: str = "sending") -> int:
        """A version of an airing, rendered, on its way to the feed."""
        sha256 = hashlib.sha256(content).hexdigest()
        blob = self.blob(sha256)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        airing_id = self.airing(hour)
        with writing(self.station.database) as session:
            return _handoff(session, airing_id, self.feed_id, version, sha256, len(content), state)

    def feed(self, handoff_id: int | None = None) -> FileFeed:
        shelf = StationShelf(self.station.database, self.blobs, self.station.clock, self.feed_id, handoff_id)
        return open_feed(FeedAddress("pull", "", options={"shelf": shelf}))

    def offer(self, handoff_id: int, content: bytes, name: str = NAME) -> ReadBack:
        """Send and read back, as an attempt does."""
        sha256 = hashlib.sha256(content).hexdigest()
        _, seen = asyncio.run(
            send_and_check(
                self.feed(handoff_id),
                self.blob(sha256),
                name,
                sha256=sha256,
                size=len(content),
                media_type="audio/mpeg",
            )
        )
        return seen

    def deliver(
        self, content: bytes, *, hour: int = 15, version: int = 1, name: str = NAME, state: str = "stored"
    ) -> int:
        """One version, put where the site finds it."""
        handoff_id = self.handoff(content, hour=hour, version=version)
        self.offer(handoff_id, content, name)
        self.set_state(handoff_id, state)
        return handoff_id

    def look(self, handoff_id: int, content: bytes, name: str = NAME) -> ReadBack:
        sha256 = hashlib.sha256(content).hexdigest()
        return asyncio.run(self.feed(handoff_id).read_back(name, sha256=sha256, size=len(content)))

    def set_state(self, handoff_id: int, state: str) -> None:
        with writing(self.station.database) as session:
            session.get_one(Handoff, handoff_id).state = state

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.station.settings.blobs_dir)

    def blob(self, sha256: str) -> Path:
        return self.blobs.path("artefacts", sha256, ".mp3")

    def log(self) -> list[Fetch]:
        with reading(self.station.database) as session:
            return list(session.exec(select(Fetch).order_by(Fetch.id)))  # type: ignore[arg-type]

    def settled(self, count: int) -> list[Fetch]:
        """The log, once so many answers are closed: a client has its last byte a little earlier."""
        for _ in range(2000):
            log = self.log()
            if len(log) >= count and all(fetch.finished_at for fetch in log):
                return log
            time.sleep(0.01)
        raise AssertionError(f"the log is not closed: {self.log()}")

    def names(self) -> list[str]:
        """What the site sees."""
        return [item["name"] for item in httpx.get(self.address).json()["items"]]


def bytes_of(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def pull_station(station: SmallStation, url: str) -> PullStation:
    with writing(station.database) as session:
        site = Site(code="TAC", name="Tashkent", created_at=NOW)
        programme = Programme(title="밤의 목소리", code="night-voice", created_at=NOW)
        session.add_all([site, programme])
        session.flush()
        feed = Feed(
            site_id=id_of(site),
            name="Tashkent, fetches",
            protocol="pull",
            address="",
            name_template="{date}_{time}.{ext}",
            created_at=NOW,
            updated_at=NOW,
        )
        slot = Slot(
            programme_id=id_of(programme),
            start_minute=900,
            stop_minute=930,
            days="1234567",
            first_date=NOW.date(),
            last_date=NOW.date(),
            created_at=NOW,
        )
        session.add_all([feed, slot])
        session.flush()
        feed_id = id_of(feed)
        key, token = service.create_key(session, feed_id, "studio server", now=NOW, by=station.person_id)
    return PullStation(station, url, feed_id, id_of(key), f"{url}/pull/{token}/")


def _handoff(
    session: Session, airing_id: int, feed_id: int, version: int, sha256: str, size: int, state: str
) -> int:
    rundown = RundownVersion(
        airing_id=airing_id,
        version=version,
        level="programme",
        cause="first",
        body="{}",
        sha256="0" * 64,
        compiled_at=NOW,
    )
    session.add(rundown)
    session.flush()
    artefact = Artefact(
        rundown_id=id_of(rundown),
        recipe="mp3",
        sha256=sha256,
        extension="mp3",
        media_type="audio/mpeg",
        bytes=size,
        samples=1,
        sample_rate=48_000,
        rendered_at=NOW,
    )
    session.add(artefact)
    session.flush()
    handoff = Handoff(
        airing_id=airing_id,
        feed_id=feed_id,
        version=version,
        artefact_id=id_of(artefact),
        object_name=NAME,
        state=state,
        deliver_at=NOW,
        deadline_at=NOW,
        accept_until=NOW,
        next_attempt_at=NOW,
        created_at=NOW,
    )
    session.add(handoff)
    session.flush()
    return id_of(handoff)
