"""No output ever touches another: every bad site at once beside good ones, and forty outputs of one airing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.air.armed import Level
from tests import live_sinks
from tests.armed_airings import AirStation, Material, air_station, material, soon
from tests.heard_frames import Heard, by_name, heard, kinds_told, longest_pause_s, told, whys
from tests.live_sinks import BadSite, Manners, RawSink, hangs_up_after
from tests.ssh_sites import free_port

LENGTH_S = 12.0
FRAMES = 500
SIGNAL = Heard("interval_signal", 125 - 84, 125)
GOOD = 40

BAD: dict[str, Manners] = {
    "never reads": live_sinks.NEVER_READS,
    "reads slowly": live_sinks.READS_SLOWLY,
    "hangs up": hangs_up_after(40_000),
    "hangs up in anger": hangs_up_after(40_000, resets=True),
    "hangs up at once": hangs_up_after(0),
    "never answers": live_sinks.NEVER_ANSWERS,
    "in use": live_sinks.SAYS_IN_USE,
    "wrong password": live_sinks.SAYS_WRONG_PASSWORD,
    "too many": live_sinks.SAYS_TOO_MANY,
    "talks nonsense": Manners(answers=b"\x00\xff what?\r\n\r\n", hangs_up_after=0),
    "redirects": Manners(answers=b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", hangs_up_after=0),
}


@dataclass
class Night:
    station: AirStation
    known: dict[str, Material]
    sink: RawSink
    bad: dict[str, BadSite]
    feeds: dict[str, int] = field(default_factory=dict)
    while_on_air: dict[str, Any] = field(default_factory=dict)
    """The status in the middle of it all."""

    def why(self, name: str) -> str:
        found = [one for one in self.while_on_air["outputs"] if one["feed"] == self.feeds[name]]
        return str(found[0]["why"])


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory, artefacts: Path, chain: dict[Level, Material]
) -> Iterator[Night]:
    known = by_name(chain, programme=material(artefacts, 4, LENGTH_S))
    with ExitStack() as stack:
        sink = stack.enter_context(RawSink())
        bad = {name: stack.enter_context(BadSite(manners)) for name, manners in BAD.items()}
        home = tmp_path_factory.mktemp("night") / "home"
        # Nor does a log whose reader has ended: every line is an error
        reading, writing = os.pipe()
        os.close(reading)
        stack.callback(os.close, writing)
        station = stack.enter_context(air_station(home, chain=chain, log=writing))
        made = Night(station, known, sink, bad)
        arm_all(made)
        sink.wait_for("/39", size=150_000)
        made.while_on_air = station.status()
        sink.wait_for("/39", ended=True)
        station.stop()
        yield made


def arm_all(night: Night) -> None:
    starts_at, programme, arm = soon(4.0), night.known["programme"], night.station.arm
    urls = {name: site.url("/bad") for name, site in night.bad.items()}
    urls["nobody there"] = f"http://127.0.0.1:{free_port()}/bad"
    urls["no such host"] = "http://no-such-host.invalid/bad"
    urls["no such address"] = "gopher://127.0.0.1/bad"
    urls["no port"] = "http://127.0.0.1:no/bad"
    night.feeds |= {name: 100 + n for n, name in enumerate(urls)}
    arm(1, programme, starts_at, {n: night.sink.url(f"/{n}") for n in range(GOOD)})
    arm(2, programme, starts_at, {night.feeds[name]: url for name, url in urls.items()})
    night.feeds["no such protocol"] = 200
    arm(3, programme, starts_at, {200: "x"}, protocol="carrier-pigeon")
    # Neither does an armed file that cannot be read touch another
    (night.station.settings.armed_dir / "4-1.json").write_text("not json")
    (night.station.settings.armed_dir / "5-1.json").mkdir()


def test_forty_good_outputs_get_every_frame_without_a_pause(night: Night) -> None:
    for n in range(GOOD):
        [capture] = night.sink.on(f"/{n}")
        assert heard(capture.data, night.known) == [SIGNAL, Heard("programme", 0, FRAMES)]
        assert longest_pause_s(capture) < 1.0
        assert kinds_told(night.station, n) == ["up", "sent", "first", "sent"]
        assert told(night.station, n, night.known) == [SIGNAL, Heard("programme", 0, FRAMES)]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("in use", "mount-in-use"),
        ("wrong password", "unauthorised"),
        ("too many", "busy"),
        ("redirects", "refused"),
        ("nobody there", "unreachable"),
        ("no such host", "host-unknown"),
        ("no such address", "bad-address"),
        ("no port", "bad-address"),
        ("no such protocol", "internal"),
        ("talks nonsense", "connection-lost"),
    ],
)
def test_what_is_not_on_the_air_says_why(night: Night, name: str, code: str) -> None:
    assert night.why(name).startswith(f"{code}: ")
    assert whys(night.station, night.feeds[name])[0] == code


@pytest.mark.parametrize("name", ["hangs up", "hangs up in anger"])
def test_a_site_that_hangs_up_is_called_again(night: Night, name: str) -> None:
    assert len(night.bad[name].connected_ns) > 2
    runs = told(night.station, night.feeds[name], night.known)
    assert runs[0].of == "interval_signal"
    assert runs[-1].of == "programme"
    assert set(kinds_told(night.station, night.feeds[name])) >= {"up", "down", "sent"}


def test_a_site_that_hangs_up_at_once_is_not_called_all_the_time(night: Night) -> None:
    assert 3 < len(night.bad["hangs up at once"].connected_ns) < 30


def test_a_site_that_reads_nothing_is_given_up(night: Night) -> None:
    """Its connection may be dead, and a new one better; what it has not taken is on the record."""
    assert len(night.bad["never reads"].connected_ns) > 1
    details = [json.loads(one.detail or "{}") for one in night.station.journal("sent")]
    lags = [one["lag"] for one in details if one["f"] == night.feeds["never reads"]]
    assert max(lags) > 50_000


def test_nothing_broke_the_process(night: Night) -> None:
    assert night.while_on_air["on_air"] == [1, 2, 3]
