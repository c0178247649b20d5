"""A real Icecast that is late, dies, stands still or will not let us in: the air comes back by itself, at the right frame."""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.air.armed import Level
from app.storage import write_atomically
from tests.armed_airings import AirStation, Material, air_station, material, soon, wait_until
from tests.heard_frames import Heard, by_name, came_at, heard, kinds_told, told, whys
from tests.icecast_sites import Icecast, icecast
from tests.listeners import Listener
from tests.live_sinks import PASSWORD, USER

ICECAST_KEEPS = 10
"""Frames at the end of a source that Icecast may not hand on: it waits for a full block."""
NOTICED_S = 1.5


@pytest.fixture(scope="module")
def program(peer: Callable[[str], Path]) -> Path:
    return peer("icecast2")


@dataclass
class Broadcast:
    station: AirStation
    known: dict[str, Material]
    starts_at: datetime
    frames: int
    sites: dict[str, Icecast] = field(default_factory=dict)
    ears: dict[str, Listener] = field(default_factory=dict)
    feeds: dict[str, int] = field(default_factory=dict)
    acted: dict[str, float] = field(default_factory=dict)
    """Seconds after the beginning."""
    status: dict[str, Any] = field(default_factory=dict)

    def at(self, seconds: float) -> None:
        time.sleep(max(0.0, self.starts_at.timestamp() + seconds - time.time()))

    def heard(self, name: str) -> list[Heard]:
        return heard(self.ears[name].data, self.known)

    def heard_each(self, name: str) -> list[list[Heard]]:
        """For each time that the listener was let in."""
        return [found for one in self.ears[name].captures if (found := heard(one.data, self.known))]

    def told(self, name: str) -> list[Heard]:
        return told(self.station, self.feeds[name], self.known)

    def lateness_s(self, name: str, of: str, frame: int) -> float:
        """How much later than due a frame of a programme was heard."""
        came = came_at(self.ears[name].captures, self.known[of].frames()[frame])
        return came - self.starts_at.timestamp() - frame * 0.024


# ------------------------------------------------------------------ servers with a fate


@pytest.fixture(scope="module")
def fates(
    tmp_path_factory: pytest.TempPathFactory, artefacts: Path, chain: dict[Level, Material], program: Path
) -> Iterator[Broadcast]:
    programme = material(artefacts, 5, 36.0)
    home = tmp_path_factory.mktemp("fates") / "home"
    with ExitStack() as stack:
        station = stack.enter_context(air_station(home, chain=chain))
        made = Broadcast(
            station, by_name(chain, programme=programme, alone=material(artefacts, 9, 36.0)), soon(5.0), 1500
        )
        for feed, name in enumerate(("late", "killed", "paused", "paused long"), start=1):
            made.sites[name] = site = stack.enter_context(icecast(program))
            made.feeds[name] = feed
            made.ears[name] = stack.enter_context(Listener(site.port, "/live"))
        made.sites["late"].kill()
        urls = {made.feeds[name]: f"http://127.0.0.1:{site.port}/live" for name, site in made.sites.items()}
        # Nobody else sends what the late one will be sent
        late = {made.feeds["late"]: urls.pop(made.feeds["late"])}
        station.arm(1, programme, made.starts_at, urls)
        station.arm(2, made.known["alone"], made.starts_at, late)
        run_fates(made)
        wait_until(lambda: len(station.journal("ended")) == 2, "both have ended", 30.0)
        yield made


def run_fates(made: Broadcast) -> None:
    made.at(4.0)
    for name in ("paused", "paused long"):
        made.sites[name].pause()
    made.sites["killed"].kill()
    made.at(7.0)
    made.sites["paused"].resume()
    made.sites["killed"].start()
    made.acted["killed"] = time.time() - made.starts_at.timestamp()
    made.at(15.0)
    made.sites["late"].start()
    made.acted["late"] = time.time() - made.starts_at.timestamp()
    made.at(24.0)
    made.sites["paused long"].resume()
    made.acted["paused long"] = 24.0
    made.at(34.0)
    made.status = made.station.status()


def is_whole_from(made: Broadcast, name: str, piece: Heard) -> None:
    """It is the programme, to its end, each frame when it is due."""
    assert piece.of == ("alone" if name == "late" else "programme")
    assert piece.end >= made.frames - ICECAST_KEEPS
    for frame in (piece.first + 25, piece.end - 25):
        assert -0.1 < made.lateness_s(name, piece.of, frame) < NOTICED_S


@pytest.mark.parametrize(("name", "seconds"), [("late", 6.0), ("killed", 6.0), ("paused long", 8.0)])
def test_a_server_that_comes_back_is_joined_in_progress(fates: Broadcast, name: str, seconds: float) -> None:
    """The programme, not what stands in for it: what is due is kept in memory while nobody can hear it."""
    *_, last = fates.heard_each(name)
    [piece] = [one for one in last if one.first > 42] or last
    back_s = piece.first * 0.024 - fates.acted[name]
    assert back_s < seconds
    is_whole_from(fates, name, piece)


def test_a_server_that_stands_still_for_a_moment_loses_nothing(fates: Broadcast) -> None:
    before, piece = fates.heard("paused")
    assert before.of == "interval_signal"
    assert piece.first == 0
    assert piece.end >= fates.frames - ICECAST_KEEPS
    assert kinds_told(fates.station, fates.feeds["paused"]).count("up") == 1
    assert fates.told("paused")[1:] == [Heard("programme", 0, fates.frames)]


@pytest.mark.parametrize("name", ["killed", "paused long"])
def test_what_was_missed_is_on_the_record(fates: Broadcast, name: str) -> None:
    signal, before, *_, after = fates.told(name)
    assert (signal.of, before.first, after.end) == ("interval_signal", 0, fates.frames)
    heard_before = [one for one in fates.heard_each(name)[0] if one.of == "programme"]
    assert before.end >= heard_before[-1].end, "nobody heard more than was sent"
    assert whys(fates.station, fates.feeds[name])
    kinds = kinds_told(fates.station, fates.feeds[name])
    assert kinds.index("down") < len(kinds) - 1 - kinds[::-1].index("up")


def test_everything_is_on_in_the_end(fates: Broadcast) -> None:
    assert {one["state"] for one in fates.status["outputs"]} == {"on"}
    assert {one["level"] for one in fates.status["outputs"]} == {"programme"}


# ------------------------------------------------------------------ servers that let us in, or not


@contextlib.contextmanager
def somebody_else(port: int, mount: str) -> Iterator[socket.socket]:
    """A source that holds a mount and says nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        line.sendall(
            f"SOURCE {mount} HTTP/1.0\r\nAuthorization: Basic {secret}\r\nContent-Type: audio/mpeg\r\n\r\n".encode()
        )
        assert b" 200 " in line.recv(4096)
        line.sendall(bytes(384))
        yield line


@pytest.fixture(scope="module")
def doors(
    tmp_path_factory: pytest.TempPathFactory, artefacts: Path, chain: dict[Level, Material], program: Path
) -> Iterator[Broadcast]:
    programme = material(artefacts, 6, 15.0)
    with ExitStack() as stack:
        plain = stack.enter_context(icecast(program))
        hasty = stack.enter_context(icecast(program, source_timeout_s=4))
        tls = stack.enter_context(icecast(program, tls=True))
        unknown = stack.enter_context(icecast(program, tls=True))
        home = tmp_path_factory.mktemp("doors") / "home"
        station = AirStation(home, chain=chain, environment={"SSL_CERT_FILE": str(tls.certificate)})
        made = Broadcast(station, by_name(chain, programme=programme), soon(5.0), 625)
        made.sites = {"plain": plain, "hasty": hasty}
        holders: dict[str, socket.socket] = {}
        for site, mount in ((plain, "in-use"), (plain, "taken"), (hasty, "half-open")):
            made.feeds[mount] = len(made.feeds) + 10
            holders[mount] = stack.enter_context(somebody_else(site.port, f"/{mount}"))
        for mount in ("in-use", "taken-beside", "source"):
            made.ears[mount] = stack.enter_context(Listener(plain.port, f"/{mount}"))
        made.ears["half-open"] = stack.enter_context(Listener(hasty.port, "/half-open"))
        arm_doors(made, tls, unknown)
        station.start()
        stack.callback(station.stop)
        made.at(3.0)
        write_atomically(Path(wrong_password(made).removeprefix("file:")), PASSWORD.encode())
        holders["in-use"].close()
        made.at(12.5)
        made.status = station.status()
        wait_until(lambda: len(station.journal("ended")) >= 5, "all have ended")
        yield made


def wrong_password(made: Broadcast) -> str:
    return made.station.credential("wrong")


def arm_doors(made: Broadcast, tls: Icecast, unknown: Icecast) -> None:
    arm, programme, at = made.station.arm, made.known["programme"], made.starts_at
    plain = f"http://127.0.0.1:{made.sites['plain'].port}"
    hasty = f"http://127.0.0.1:{made.sites['hasty'].port}"
    made.feeds |= {"wrong password": 1, "source": 2, "tls": 3, "unknown": 4}
    arm(1, programme, at, {1: f"{plain}/password"}, credential=wrong_password(made))
    arm(2, programme, at, {2: f"{plain}/source"}, options={"method": "source", "stream_name": "평양"})
    urls = {3: f"https://127.0.0.1:{tls.port}/tls", 4: f"https://127.0.0.1:{unknown.port}/tls"}
    urls |= {made.feeds["in-use"]: f"{plain}/in-use", made.feeds["half-open"]: f"{hasty}/half-open"}
    arm(3, programme, at, urls)
    beside = {"takeover_mount": "/taken-beside"}
    arm(4, programme, at, {made.feeds["taken"]: f"{plain}/taken"}, options=beside)
    # Nobody asked for a resolver's opinion of it, and nobody waits for it
    arm(5, programme, at, {5: "http://no-such-host.invalid/live"})


def output_of(made: Broadcast, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in made.status["outputs"] if one["feed"] == made.feeds.get(name, name)
    )
    return found


@pytest.mark.parametrize("name", ["wrong password", "in-use", "half-open", "tls", "source", "taken"])
def test_in_the_end_we_are_let_in(doors: Broadcast, name: str) -> None:
    said = output_of(doors, name)
    assert (said["state"], said["why"], said["level"]) == ("on", None, "programme")
    assert doors.told(name)[-1].end == doors.frames


def test_a_password_that_was_corrected_is_used_within_seconds(doors: Broadcast) -> None:
    assert whys(doors.station, doors.feeds["wrong password"]) == ["unauthorised"]
    [piece] = doors.told("wrong password")
    assert 3.0 < piece.first * 0.024 < 8.5


def test_a_mount_in_use_is_waited_for(doors: Broadcast) -> None:
    assert set(whys(doors.station, doors.feeds["in-use"])) == {"mount-in-use"}
    [piece] = doors.told("in-use")
    assert piece.first * 0.024 < 8.5
    assert doors.heard("in-use")[-1].end >= doors.frames - ICECAST_KEEPS


def test_a_mount_that_a_dead_connection_holds_is_had_after_the_servers_timeout(doors: Broadcast) -> None:
    assert set(whys(doors.station, doors.feeds["half-open"])) == {"mount-in-use"}
    assert doors.told("half-open")[-1].of == "programme"


def test_the_mount_beside_one_in_use_is_taken_at_once(doors: Broadcast) -> None:
    assert not whys(doors.station, doors.feeds["taken"])
    signal, programme = doors.heard("taken-beside")
    assert (signal.of, programme.first) == ("interval_signal", 0)


def test_a_certificate_that_nobody_vouches_for_is_refused(doors: Broadcast) -> None:
    assert output_of(doors, "unknown")["why"].startswith("tls: ")
    assert whys(doors.station, doors.feeds["unknown"]) == ["tls"]
    assert not doors.told("unknown")


def test_over_tls_and_by_the_old_method_it_is_whole(doors: Broadcast) -> None:
    for name in ("tls", "source"):
        signal, programme = doors.told(name)
        assert (signal.of, programme) == ("interval_signal", Heard("programme", 0, doors.frames))
    signal, programme = doors.heard("source")
    assert programme.first == 0
    assert programme.end >= doors.frames - ICECAST_KEEPS
