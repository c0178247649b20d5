"""The servers that the air is tested against do what they promise."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import live_sinks
from tests.captures import joined
from tests.icecast_sites import PASSWORD, Icecast, Mount, icecast
from tests.live_sinks import BadSite, Manners, RawSink, hangs_up_after
from tests.live_sources import source

FRAME = b"\xff\xfb\x94\xc4" + bytes(380)


@contextlib.contextmanager
def listener(site: Icecast, mount: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as line:
        line.sendall(f"GET {mount} HTTP/1.0\r\n\r\n".encode())
        yield line


def heard_until(line: socket.socket, wanted: bytes) -> bytes:
    heard = b""
    while wanted not in heard:
        more = line.recv(4096)
        assert more, heard
        heard += more
    return heard


@pytest.fixture(scope="module")
def program(peer: Callable[[str], Path]) -> Path:
    return peer("icecast2")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("method", ["PUT", "SOURCE"])
def test_icecast_takes_a_source(program: Path, method: str, tls: bool) -> None:  # noqa: FBT001
    with (
        icecast(program, tls=tls) as site,
        source(site.port, "/programme", method=method, tls=site.certificate) as (line, answer),
    ):
        assert answer.endswith(b"200 OK\r\n\r\n")
        site.wait_for_source("/programme")
        line.sendall(FRAME * 10)
        assert site.stats()["/programme"].content_type == "audio/mpeg"


def test_icecast_refuses(program: Path) -> None:
    with icecast(program, max_sources=1) as site, source(site.port, "/one"):
        for mount, password, told in [
            ("/one", PASSWORD, live_sinks.MOUNT_IN_USE),
            ("/one", "wrong", live_sinks.WRONG_PASSWORD),
            ("/two", PASSWORD, live_sinks.TOO_MANY_SOURCES),
        ]:
            with source(site.port, mount, password=password) as (_, answer):
                assert answer.partition(b"\r\n")[0] == told.partition(b"\r\n")[0]
                assert answer.partition(b"\r\n\r\n")[2] == told.partition(b"\r\n\r\n")[2]


def test_listeners_fall_back_and_return(program: Path) -> None:
    mounts = (Mount("/programme", fallback="/stand-by"), Mount("/stand-by"))
    with icecast(program, mounts=mounts) as site, source(site.port, "/stand-by") as (spare, _):
        with listener(site, "/programme") as ears:
            spare.sendall(b"spare" * 2000)
            heard_until(ears, b"spare")
            with source(site.port, "/programme") as (line, _):
                line.sendall(b"night" * 2000)
                heard_until(ears, b"night")
                site.wait_for_listeners("/programme", 1)
            site.wait_for_source("/programme", there=False)
            spare.sendall(b"again" * 2000)
            heard_until(ears, b"again")
        assert site.stats().keys() == {"/stand-by"}


def test_icecast_dies_and_comes_back_at_its_port(program: Path) -> None:
    with icecast(program) as site:
        port = site.port
        with source(port, "/programme") as (line, _):
            site.kill()
            assert not line.recv(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        site.start()
        assert site.port == port
        with source(port, "/programme"):
            site.restart()
        assert not site.stats()
        assert any("PUT /programme" in line for line in site.access_log)


def test_a_source_that_falls_silent_loses_its_mount(program: Path) -> None:
    with icecast(program, source_timeout_s=1) as site, source(site.port, "/programme") as (line, _):
        line.sendall(FRAME)
        site.wait_for_source("/programme")
        site.wait_for_source("/programme", there=False)


def test_a_paused_icecast_answers_nobody(program: Path) -> None:
    with icecast(program) as site:
        site.pause()
        with source_that_waits(site.port) as line, pytest.raises(TimeoutError):
            line.recv(1)
        site.resume()
        assert not site.stats()


@contextlib.contextmanager
def source_that_waits(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=0.2) as line:
        line.sendall(b"PUT /x HTTP/1.1\r\n\r\n")
        yield line


@pytest.mark.parametrize("method", ["PUT", "SOURCE"])
def test_the_sink_keeps_what_came_and_when(method: str) -> None:
    with RawSink() as sink:
        with source(sink.port, "/programme", method=method) as (line, answer):
            assert answer == (live_sinks.CONTINUE if method == "PUT" else b"") + live_sinks.ACCEPTED
            began, began_real = time.monotonic_ns(), time.time_ns()
            line.sendall(b"one")
            sink.wait_for("/programme", size=3)
            middle = time.monotonic_ns()
            line.sendall(b"two")
        capture = sink.wait_for("/programme", size=6, ended=True)
    assert capture.data == b"onetwo"
    one, two = capture.blocks
    assert began <= one.monotonic_ns <= middle <= two.monotonic_ns <= (capture.ended_ns or 0)
    assert began_real <= one.realtime_ns <= two.realtime_ns
    assert capture.header("content-TYPE") == "audio/mpeg"


def test_the_sink_tells_connections_apart() -> None:
    with RawSink() as sink:
        with source(sink.port, "/a") as (a, _), source(sink.port, "/b") as (b, _):
            a.sendall(b"a")
            b.sendall(b"bb")
            sink.wait_for("/b", size=2)
            sink.hang_up("/a")
            sink.wait_for("/a", ended=True)
        with source(sink.port, "/a") as (a, _):
            a.sendall(b"later")
            assert sink.wait_for("/a", nth=2, size=5).data == b"later"
        with source(sink.port, "/a", password="wrong") as (_, answer):
            assert answer == live_sinks.WRONG_PASSWORD
        assert [capture.data for capture in sink.on("/a")] == [b"a", b"later"]
        assert {capture.name: capture.data for capture in joined(sink.captures)} == {
            "/a": b"alater",
            "/b": b"bb",
        }
        assert len(sink.refused) == 1


@pytest.mark.parametrize(
    "manners", [live_sinks.SAYS_IN_USE, live_sinks.SAYS_WRONG_PASSWORD, live_sinks.SAYS_TOO_MANY]
)
def test_bad_sites_refuse(manners: Manners) -> None:
    with BadSite(manners) as site, source(site.port, "/programme") as (line, answer):
        assert answer == manners.answers
        assert not line.recv(1)
        assert site.heads[0].startswith("PUT /programme HTTP/1.1\r\n")


@pytest.mark.parametrize("manners", [live_sinks.NEVER_READS, live_sinks.READS_SLOWLY])
def test_bad_sites_let_a_source_wait(manners: Manners) -> None:
    with BadSite(manners) as site, source(site.port, "/programme") as (line, _):
        line.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += line.send(bytes(65_536))
        if manners.reads_per_s:
            site.wait_for_bytes(1000)
        assert site.received <= sent


@pytest.mark.parametrize("resets", [False, True])
def test_a_bad_site_hangs_up(resets: bool) -> None:  # noqa: FBT001
    with BadSite(hangs_up_after(1000, resets=resets)) as site, source(site.port, "/programme") as (line, _):
        line.sendall(bytes(1000))
        with pytest.raises(ConnectionResetError) if resets else contextlib.nullcontext():
            assert not line.recv(1)
        site.wait_for_bytes(1000)
        assert site.received == 1000


def test_bad_sites_say_nothing_or_say_it_late() -> None:
    for manners in (live_sinks.NEVER_ANSWERS, live_sinks.ANSWERS_LATE):
        with BadSite(manners) as site, source_that_waits(site.port) as line:
            with pytest.raises(TimeoutError):
                line.recv(1)
            if manners.answers_late:
                site.answer_now()
                line.settimeout(10)
                assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
