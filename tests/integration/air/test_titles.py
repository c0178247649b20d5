"""Korean titles for listeners' players: only where the feed asks for them, and in the charset that it names."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.air.armed import Title
from tests.armed_airings import air_station, material, soon, wait_until
from tests.icecast_sites import Icecast, Mount, icecast
from tests.live_sinks import PASSWORD, USER, RawSink

FIRST, SECOND = "저녁 뉴스", "통일의 노래"
PATIENCE_S = 10.0


def title_of(site: Icecast, mount: str) -> str | None:
    """What the server's own statistics say."""
    stats = ET.fromstring(site._admin_page("/admin/stats", site.port))  # noqa: S314 - our own server
    found = [one.findtext("title") for one in stats.iter("source") if one.get("mount") == mount]
    return found[0] if found else None


def told_to_a_player(site: Icecast, mount: str) -> str:
    """The first title that comes inside the stream, as a player asks for it (Icy-MetaData)."""
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE_S) as line:
        line.sendall(f"GET {mount} HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n".encode())
        stream = line.makefile("rb")
        every = 0
        while (header := stream.readline().strip()) != b"":
            if header.lower().startswith(b"icy-metaint:"):
                every = int(header.partition(b":")[2])
        assert every, "the server has no titles in its stream"
        for _ in range(20):
            stream.read(every)
            said = stream.read(16 * stream.read(1)[0]).rstrip(b"\0").decode()
            if said and said != "StreamTitle='';":  # what was sent before the first title has none
                return said
    raise AssertionError("no title came")


@pytest.mark.parametrize("charset", [None, "EUC-KR"])
def test_titles_are_told_as_they_change(
    peer: Callable[[str], Path], tmp_path: Path, charset: str | None
) -> None:
    options = {"title_charset": charset} if charset else {}
    programme = material(tmp_path, 1, 9.0)
    with (
        icecast(peer("icecast2"), mounts=[Mount("/told", charset="UTF-8")], burst_bytes=65_536) as site,
        air_station(tmp_path / "home") as station,
    ):
        titles = (Title(0, FIRST), Title(4 * 48_000, SECOND))
        station.arm(
            1, programme, soon(3), {1: f"http://127.0.0.1:{site.port}/told"}, titles=titles, options=options
        )
        station.arm(2, programme, soon(3), {2: f"http://127.0.0.1:{site.port}/quiet"})
        wait_until(lambda: title_of(site, "/told") == FIRST, "the first title")
        assert f"StreamTitle='{FIRST}'" in told_to_a_player(site, "/told")
        wait_until(lambda: title_of(site, "/told") == SECOND, "the second title")
        assert title_of(site, "/quiet") is None


def test_a_server_that_takes_no_titles_gets_the_sound_all_the_same(tmp_path: Path) -> None:
    """A sink that speaks the source protocol and nothing else."""
    programme = material(tmp_path, 1, 4.0)
    with RawSink() as sink, air_station(tmp_path / "home") as station:
        titles = (Title(0, FIRST), Title(48_000, SECOND))
        station.arm(1, programme, soon(3), {1: f"http://{USER}@127.0.0.1:{sink.port}/m"}, titles=titles)
        capture = sink.wait_for("/m", ended=True)
        assert b"".join(programme.frames()) in capture.data
        assert PASSWORD not in capture.head
