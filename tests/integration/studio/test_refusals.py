"""Who is not let in, and what is made of what is no sound, or comes too slowly, or too fast."""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.database import writing
from app.feeds.models import Feed
from app.people.models import Key
from app.programmes.models import Programme
from tests.armed_airings import Material, material, soon, wait_until
from tests.studios import FEED, StudioStation, studio_station

SECONDS = 300


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return material(tmp_path_factory.mktemp("programme"), 910, SECONDS)


@pytest.fixture(scope="module")
def studio_sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return material(tmp_path_factory.mktemp("studio"), 911, 60.0).file.path.read_bytes()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, programme: Material) -> Iterator[StudioStation]:
    with studio_station(tmp_path_factory.mktemp("refusals") / "home", joins_s=(0, 290)) as found:
        found.plan(programme, soon(-1.0), "http://127.0.0.1:9/live")
        yield found


@contextlib.contextmanager
def _asked(
    station: StudioStation, key: str | None = None, mount: str = "/studio/1", user: str = "source",
    content_type: str = "audio/mpeg", method: str = "PUT", more: str = "",
) -> Iterator[tuple[socket.socket, bytes]]:  # fmt: skip
    """A source client by hand; gives its connection and the first line of its last answer."""
    secret = base64.b64encode(f"{user}:{key or station.key}".encode()).decode()
    version = "ICE/1.0" if method == "SOURCE" else "HTTP/1.1"
    head = f"{method} {mount} {version}\r\nAuthorization: Basic {secret}\r\nContent-Type: {content_type}\r\n{more}\r\n"
    with socket.create_connection(("127.0.0.1", station.studio_port), timeout=20) as line:
        line.sendall(head.encode())
        answer = line.recv(4096)
        while b"HTTP/1.0 " not in answer or b"\r\n\r\n" not in answer.partition(b"HTTP/1.0 ")[2]:
            answer += line.recv(4096)
        yield line, answer[answer.index(b"HTTP/1.0 ") :].partition(b"\r\n")[0]


def _is_over(line: socket.socket) -> None:
    """The other side has hung up."""
    with contextlib.suppress(ConnectionError):
        assert line.recv(1) == b""


@contextlib.contextmanager
def _let_in(station: StudioStation, **asked: str) -> Iterator[socket.socket]:
    """A source client that waits until the mount is free."""
    until = time.monotonic() + 20
    while True:
        with _asked(station, **asked) as (line, answer):
            if b"200" in answer:
                yield line
                return
        assert time.monotonic() < until, answer
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"key": "danpa_wrong"}, 401),
        ({"user": "somebody else"}, 401),
        ({"mount": "/studio/99"}, 404),
        ({"mount": "/live"}, 404),
        ({"mount": "/studio/"}, 404),
        ({"content_type": "video/mp4"}, 415),
        ({"content_type": "application/vnd.apple.mpegurl"}, 415),
        ({"method": "GET"}, 404),
        ({"method": "BREW"}, 404),
    ],
    ids=str,
)  # fmt: skip
def test_who_is_not_let_in_is_told_why(station: StudioStation, asked: dict[str, str], status: int) -> None:
    with _asked(station, **asked) as (line, answer):
        assert str(status).encode() in answer
        while line.recv(4096):
            pass


def test_what_is_no_request_is_refused(station: StudioStation) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"PUT\r\n\r\n", b"A" * 20_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", station.studio_port), timeout=20) as line:
            line.sendall(nonsense)
            with contextlib.suppress(ConnectionError):
                assert line.recv(4096)[:12] in {b"HTTP/1.0 400", b"HTTP/1.0 431"}


def test_a_title_is_taken_and_forgotten(station: StudioStation) -> None:
    with _asked(station, mount="/admin/metadata?mode=updinfo&mount=/studio/1&song=x", method="GET") as (
        _,
        answer,
    ):
        assert b"200" in answer


def test_a_programme_takes_live_input_only_if_it_says_so(station: StudioStation) -> None:
    _change(station, Programme, live_input=False)
    with _asked(station) as (_, answer):
        assert b"403" in answer
        assert b"takes no live input" in answer
    _change(station, Programme, live_input=True)


def test_nobody_is_let_in_before_the_airing_opens_or_after_its_end(station: StudioStation) -> None:
    from app.airings.models import Airing

    starts_at = station.starts_at
    for shift in (timedelta(hours=1), timedelta(hours=-1)):
        begins = starts_at + shift
        _change(station, Airing, starts_at=begins, stops_at=begins + timedelta(seconds=SECONDS))
        with _asked(station) as (_, answer):
            assert b"403" in answer
    _change(station, Airing, starts_at=starts_at, stops_at=starts_at + timedelta(seconds=SECONDS))


def test_what_a_feed_takes_must_be_something_that_is_encoded_live(station: StudioStation) -> None:
    _change(station, Feed, codec="opus", bitrate_kbps=48)
    with _asked(station) as (_, answer):
        assert b"403" in answer
        assert b"opus" in answer
    _change(station, Feed, codec="mp3", bitrate_kbps=128)


def test_a_key_that_was_revoked_opens_nothing(station: StudioStation) -> None:
    key = station.another_key()
    with _asked(station, key=key, content_type="text/plain") as (_, answer):
        assert b"415" in answer
    _change(station, Key, number=2, revoked_at=soon(0))
    with _asked(station, key=key, content_type="text/plain") as (_, answer):
        assert b"401" in answer


@pytest.mark.parametrize("method", ["PUT", "SOURCE"])
def test_the_second_studio_is_told_that_the_mount_is_in_use(station: StudioStation, method: str) -> None:
    with _let_in(station, method=method, more="Expect: 100-continue\r\n"), _asked(station) as (_, answer):
        assert answer.endswith(b"Mountpoint in use")


def test_what_is_no_sound_is_hung_up_on(station: StudioStation) -> None:
    with _let_in(station) as line:
        until = time.monotonic() + 20
        with contextlib.suppress(ConnectionError, TimeoutError):
            while time.monotonic() < until:
                line.sendall(b"this is no sound\n" * 1000)
                time.sleep(0.05)
        assert time.monotonic() < until


def test_what_comes_too_slowly_is_hung_up_on_before_it_is_heard(
    station: StudioStation, studio_sound: bytes
) -> None:
    before = len(station.airing().turns)
    with _let_in(station, mount="/studio/1?now=1") as line:
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(studio_sound), 4000):
                line.sendall(studio_sound[at : at + 4000])
                time.sleep(0.6)  # a quarter of a second of sound
        _is_over(line)
    wait_until(lambda: station.intents("studio_over")[-1].carried_out_at, "it was given back")
    assert (station.intents("studio_over")[-1].details or {})["why"] == "it came too late"
    assert len(station.airing().turns) <= before + 2


def test_what_comes_without_end_and_too_fast_is_held_up(station: StudioStation, studio_sound: bytes) -> None:
    with _let_in(station) as line:
        line.settimeout(3.0)
        sent, held_up = 0, False
        while not held_up:
            try:
                sent += line.send(studio_sound)
            except TimeoutError:
                held_up = True
            assert sent < 40 * len(studio_sound)
        # Eight seconds, and what lies in pipes and sockets
        assert sent < 6 * len(studio_sound)


def _change(station: StudioStation, kind: type[Any], *, number: int = FEED, **fields: object) -> None:
    with writing(station.database) as session:
        row: Any = session.get_one(kind, number)
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)
