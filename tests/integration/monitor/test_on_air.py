"""One airing on real mounts, sent by the real air process, and our listener at what its sites make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.airings.models import Airing
from app.database import writing
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.monitor.models import Listening
from app.monitor.process import Monitor
from app.programmes.models import Programme, Slot
from audio.encode import encode
from audio.ffmpeg import find_ffmpeg
from audio.frames import Frames
from audio.pcm import RATE
from tests.armed_airings import MP3, AirStation, air_station, material, soon, wait_until
from tests.icecast_sites import Icecast, Mount, icecast
from tests.listeners import Listener
from tests.relays import Late, Looping, relay
from tests.stations import NOW, SmallStation, keyed, make_station, serving

SECONDS = 60.0
LATE_S = 3.0
LONGEST_DELAY_S = 4.0
LISTENS = 3
OWN, BURSTING, LATE, OTHER, SILENT, LOOPING, GONE, NOBODY_LISTENS = range(1, 9)


@dataclass
class Evening:
    station: SmallStation
    rows: list[list[Listening]]
    """By listen."""

    def of(self, feed_id: int) -> list[Listening]:
        return [row for rows in self.rows for row in rows if row.feed_id == feed_id]

    def findings(self, feed_id: int) -> list[tuple[str, bool]]:
        return [(row.finding, row.confirmed) for row in self.of(feed_id)]


def silence(folder: Path) -> list[bytes]:
    path = folder / "silence.mp3"
    encode([bytes(2 * 2 * RATE)], 2 * RATE, MP3, path, ffmpeg=find_ffmpeg())
    with Frames.open(path, MP3) as frames:
        return frames.read(0, frames.count)


def plan(station: SmallStation, site: Icecast, options: dict[int, dict[str, object]], airing: Airing) -> None:
    with writing(station.database) as session:
        session.add(Programme(id=1, title="저녁", code="evening", clock=[], created_at=NOW))
        session.add(Site(id=1, code="TAC", name="Tashkent", created_at=NOW))
        session.flush()
        session.add(
            Slot(
                id=1, programme_id=1, start_minute=0, stop_minute=60, days="1234567", created_at=NOW,
                first_date=date(2026, 11, 1), last_date=date(2026, 12, 31),
            )
        )  # fmt: skip
        session.flush()
        session.add(airing)
        for feed_id, told in options.items():
            session.add(
                Feed(
                    id=feed_id, site_id=1, name=f"feed {feed_id}", protocol="icecast", options=told,
                    address=site.url(f"/{feed_id}").replace("//", "//source@"), created_at=NOW, updated_at=NOW, name_template="-",
                )
            )  # fmt: skip


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], Path]) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("monitor")
    station = make_station(folder / "home")
    programme = material(folder, 1, SECONDS)
    with (
        icecast(peer("icecast2"), mounts=[Mount(f"/{BURSTING}", burst_bytes=65_536)]) as site,
        air_station(station.settings.root) as air,
        Listener(site.port, f"/{LATE}") as ahead,
        relay(
            {
                "/late": Late(ahead, LATE_S),
                "/other": Looping(material(folder, 2, 20.0).frames()),
                "/silent": Looping(silence(folder)),
                "/loop": Looping(programme.frames()[250:334]),
            }
        ) as relays,
    ):
        starts_at = soon(4.0)
        options: dict[int, dict[str, object]] = {
            OWN: {},
            BURSTING: {},
            LATE: {"listen_url": relays.url("/late")},
            OTHER: {"listen_url": relays.url("/other")},
            SILENT: {"listen_url": relays.url("/silent")},
            LOOPING: {"listen_url": relays.url("/loop")},
            GONE: {"listen_url": site.url("/nothing")},
            NOBODY_LISTENS: {"monitor": False},
        }
        armed = air.arm(1, programme, starts_at, {feed: site.url(f"/{feed}") for feed in options})
        row = Airing(
            id=1, slot_id=1, starts_at=starts_at, stops_at=armed.stops_at, target_samples=0, compile_at=NOW,
            created_at=NOW,
        )  # fmt: skip
        plan(station, site, options, row)
        yield Evening(station, listen(station, air, starts_at))


def listen(station: SmallStation, air: AirStation, starts_at: datetime) -> list[list[Listening]]:
    monitor = Monitor(station.settings, station.database, LONGEST_DELAY_S)
    try:
        assert monitor.listen() == [], "nothing is on the air yet"
        since = starts_at.timestamp() + LONGEST_DELAY_S + 7.0
        wait_until(lambda: datetime.now(UTC).timestamp() > since, "it is well on the air")
        return [monitor.listen() for _ in range(LISTENS)]
    finally:
        monitor.close()


@pytest.mark.parametrize("feed", [OWN, BURSTING])
def test_what_goes_out_is_heard_at_our_own_mount_at_once(evening: Evening, feed: int) -> None:
    """Also where the server begins with a burst of what went out before."""
    assert evening.findings(feed) == [("ok", False)] * LISTENS
    for row in evening.of(feed):
        assert row.delay_s is not None
        assert row.likeness is not None
        assert -0.2 < row.delay_s < 1.0  # four frames are sent when the first is due
        assert row.likeness > 0.95
        assert row.level == "programme"


def test_a_relay_that_is_late_is_right_and_its_delay_is_known(evening: Evening) -> None:
    assert evening.findings(LATE) == [("ok", False)] * LISTENS
    for row in evening.of(LATE):
        assert row.delay_s is not None
        assert LATE_S - 0.2 < row.delay_s < LATE_S + 1.0


@pytest.mark.parametrize(
    ("feed", "finding"),
    [(OTHER, "wrong"), (SILENT, "silent"), (LOOPING, "stuck")],
)
def test_anything_else_is_found_and_believed_the_second_time(
    evening: Evening, feed: int, finding: str
) -> None:
    assert evening.findings(feed) == [(finding, False), (finding, True), (finding, True)]


def test_a_mount_that_is_not_there_is_believed_the_third_time(evening: Evening) -> None:
    assert evening.findings(GONE) == [("unreachable", False), ("unreachable", False), ("unreachable", True)]


def test_nobody_listens_where_nobody_is_to_listen(evening: Evening) -> None:
    assert evening.of(NOBODY_LISTENS) == []


def test_the_api_tells_what_was_heard(evening: Evening) -> None:
    with serving(evening.station) as url, keyed(url, evening.station.key) as client:
        told = client.get("/api/v1/airings/1/listening").json()["items"]
    assert len(told) == sum(len(rows) for rows in evening.rows)
    assert {one["finding"] for one in told} == {"ok", "wrong", "silent", "stuck", "unreachable"}
