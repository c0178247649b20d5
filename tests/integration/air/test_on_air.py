"""An evening of airings, all at once: what a site gets of each, to the frame, and what the journal says of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.air.armed import ArmedFile, Level, Turn
from audio.pcm import RATE
from tests.armed_airings import AirStation, Material, air_station, material, soon, wait_until
from tests.captures import Capture
from tests.heard_frames import Heard, by_name, came_at, heard, kinds_told, longest_pause_s, told, whys
from tests.live_sinks import RawSink

PREROLL = 84
"""Frames of interval signal before each programme here: two seconds, in whole frames."""
SIGNAL = Heard("interval_signal", 125 - PREROLL, 125)
LENGTH_S = 9.0
FRAMES = 375
SWITCH = 200
"""From this frame on the second version is another one."""
BACK = 300
"""At this frame the hand brake is let go."""
NOTICED_S = 1.0
"""What a listener would notice: nothing here may be late, early or silent by as much."""


@dataclass
class Evening:
    """What was armed, and what came of it."""

    station: AirStation
    known: dict[str, Material]
    starts_at: datetime
    sink: RawSink
    other: RawSink
    feeds: dict[str, int]
    acted: dict[str, float]
    """When something was asked for, seconds since 1970."""
    second_version: Material

    def captures(self, mount: str) -> list[Capture]:
        return self.sink.on(f"/{mount}") + self.other.on(f"/{mount}")

    def heard(self, mount: str, nth: int = 0) -> list[Heard]:
        return heard(self.captures(mount)[nth].data, self.known)

    def told(self, mount: str) -> list[Heard]:
        return told(self.station, self.feeds[mount], self.known)

    def came_s(self, mount: str, of: str, frame: int) -> float:
        """When a frame came, in seconds after the beginning."""
        at = came_at(self.captures(mount), self.known[of].frames()[frame])
        return at - self.starts_at.timestamp()


def spliced(folder: Path, one: Material, other: Material, at: int) -> Material:
    """A new version: the same frames up to one of them, others from there on."""
    body = b"".join([*one.frames()[:at], *other.frames()[at:]])
    path = folder / "spliced.mp3"
    path.write_bytes(body)
    return replace(one, file=ArmedFile(path, hashlib.sha256(body).hexdigest(), len(body)))


class _Arming:
    """What is armed for the evening, and what happens to it."""

    def __init__(self, evening: Evening, folder: Path) -> None:
        self.evening, self.station, self.folder = evening, evening.station, folder
        self.programme = evening.known["programme"]

    def url(self, mount: str, *, other: bool = False) -> dict[int, str]:
        feed = self.evening.feeds.setdefault(mount, len(self.evening.feeds) + 1)
        sink = self.evening.other if other else self.evening.sink
        return {feed: sink.url(f"/{mount}")}

    def beforehand(self) -> None:
        starts_at, arm, known = self.evening.starts_at, self.station.arm, self.evening.known
        arm(1, self.programme, starts_at, self.url("plain") | self.url("by-another-way", other=True))
        arm(2, known["short"], starts_at, self.url("in-a-row"))
        arm(3, known["other"], starts_at + timedelta(seconds=4.8), self.url("in-a-row"))
        for airing, mount in (
            (4, "two-versions"),
            (5, "braked"),
            (6, "not-replaced"),
            (7, "disarmed"),
            (8, "moved"),
        ):
            arm(airing, self.programme, starts_at, self.url(mount))
        arm(9, known["short"], starts_at, self.url("short"), seconds=LENGTH_S)
        arm(10, None, starts_at, self.url("nothing-yet"), seconds=LENGTH_S)
        arm(11, self.gone("gone"), starts_at, self.url("gone"))
        arm(12, self.programme, starts_at, self.url("early"), lead_ms=500.0)

    def gone(self, name: str) -> Material:
        file = ArmedFile(self.folder / name, "0" * 64, self.programme.file.bytes)
        return replace(self.programme, file=file)

    def meanwhile(self) -> None:
        """Two seconds after the beginning."""
        starts_at, arm, known, acted = (
            self.evening.starts_at, self.station.arm, self.evening.known, self.evening.acted,
        )  # fmt: skip
        second = spliced(self.folder, self.programme, known["other"], SWITCH)
        self.evening.second_version = second
        arm(4, second, starts_at, self.url("two-versions"), serial=2, version=2)
        acted["braked"] = time.time()
        now = round((acted["braked"] + 0.3 - starts_at.timestamp()) * RATE)
        brake = (Turn(now, "standby"), Turn(BACK * 1152, "programme"))
        arm(5, self.programme, starts_at, self.url("braked"), serial=2, turns=brake)
        arm(6, self.gone("gone too"), starts_at, self.url("not-replaced"), serial=2, version=2)
        acted["disarmed"] = time.time()
        (self.station.settings.armed_dir / "7-1.json").unlink()
        acted["moved"] = time.time()
        feed = self.evening.feeds["moved"]
        arm(8, self.programme, starts_at, {feed: self.evening.other.url("/moved")}, serial=2)


@pytest.fixture(scope="module")
def evening(
    tmp_path_factory: pytest.TempPathFactory, artefacts: Path, chain: dict[Level, Material]
) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("evening")
    known = by_name(
        chain,
        programme=material(artefacts, 1, LENGTH_S),
        other=material(artefacts, 2, LENGTH_S),
        short=material(artefacts, 3, 4.8),
    )
    with ExitStack() as stack:
        sink, other = stack.enter_context(RawSink()), stack.enter_context(RawSink())
        station = stack.enter_context(air_station(folder / "home", chain=chain))
        made = Evening(station, known, soon(4.5), sink, other, {}, {}, known["other"])
        arming = _Arming(made, folder)
        arming.beforehand()
        time.sleep(made.starts_at.timestamp() + 2.0 - time.time())
        arming.meanwhile()
        sink.wait_for("/in-a-row", ended=True)
        sink.wait_for("/plain", ended=True)
        wait_until(lambda: len(station.journal("ended")) >= 11, "every airing but one has ended")
        station.stop()
        yield made


def test_a_programme_goes_out_whole_and_on_time(evening: Evening) -> None:
    """After whole interval signals, with nothing before and nothing behind."""
    assert evening.heard("plain") == [SIGNAL, Heard("programme", 0, FRAMES)] == evening.told("plain")
    assert evening.came_s("plain", "interval_signal", 124) < 0.5
    assert 0 <= evening.came_s("plain", "programme", 0) < NOTICED_S
    [capture] = evening.captures("plain")
    ended = (capture.ended_ns or 0) - capture.blocks[-1].monotonic_ns
    assert 0 <= ended < NOTICED_S * 1e9
    assert longest_pause_s(capture) < NOTICED_S


def test_two_ways_to_a_site_carry_the_same_at_the_same_time(evening: Evening) -> None:
    assert evening.heard("by-another-way") == evening.heard("plain") == evening.told("by-another-way")
    for frame in (0, 100, 374):
        apart = evening.came_s("plain", "programme", frame) - evening.came_s(
            "by-another-way", "programme", frame
        )
        assert abs(apart) < NOTICED_S


def test_airings_in_a_row_share_a_connection(evening: Evening) -> None:
    [capture] = evening.captures("in-a-row")
    expected = [SIGNAL, Heard("short", 0, 200), Heard("other", 0, FRAMES)]
    assert heard(capture.data, evening.known) == expected == evening.told("in-a-row")
    assert longest_pause_s(capture) < NOTICED_S
    assert kinds_told(evening.station, evening.feeds["in-a-row"]).count("up") == 1


def test_a_new_version_takes_over_where_it_differs(evening: Evening) -> None:
    """All frames before are the same, so it does not matter when it is taken on."""
    [capture] = evening.captures("two-versions")
    second = evening.second_version.frames()
    signal = evening.known["interval_signal"].frames()[125 - PREROLL :]
    assert capture.data == b"".join([*signal, *second])
    runs = evening.station.sent(evening.feeds["two-versions"])
    assert [one["n"][0] for one in runs[1:]] == [one["n"][1] for one in runs[:-1]]
    programme = evening.known["programme"].file.sha256[:12]
    assert [one["s"] for one in runs[1:]] == [programme, evening.second_version.file.sha256[:12]]


def test_the_hand_brake_is_heard_at_once_and_let_go_at_its_frame(evening: Evening) -> None:
    before, programme, standby, again = evening.heard("braked")
    assert (before, programme.of, standby.of) == (SIGNAL, "programme", "standby")
    assert (standby.first, again) == (0, Heard("programme", BACK, FRAMES))
    assert programme.count + standby.count == BACK
    asked = evening.acted["braked"] - evening.starts_at.timestamp()
    assert evening.came_s("braked", "standby", 0) - asked < 2.0
    assert evening.told("braked") == evening.heard("braked")


def test_what_cannot_be_taken_on_replaces_nothing(evening: Evening) -> None:
    assert evening.heard("not-replaced") == [SIGNAL, Heard("programme", 0, FRAMES)]
    assert [one.airing_id for one in evening.station.journal("refused")] == [6]


def test_what_is_disarmed_is_off_at_once(evening: Evening) -> None:
    [capture] = evening.captures("disarmed")
    before, programme = heard(capture.data, evening.known)
    assert (before, programme.of, programme.first) == (SIGNAL, "programme", 0)
    assert capture.ended_ns is not None
    last_came = capture.blocks[-1].realtime_ns / 1e9
    assert last_came - evening.acted["disarmed"] < NOTICED_S
    assert whys(evening.station, evening.feeds["disarmed"], "sent") == ["taken off"]
    assert 7 not in [one.airing_id for one in evening.station.journal("ended")]


def test_a_changed_address_goes_on_there(evening: Evening) -> None:
    first, second = evening.heard("moved"), evening.heard("moved", 1)
    assert first[0] == SIGNAL
    assert second == [Heard("programme", second[0].first, FRAMES)]
    gap = second[0].first - first[1].end
    assert -4 < gap < NOTICED_S / 0.024, "four frames leave at once: the new one may get some of them too"
    assert whys(evening.station, evening.feeds["moved"], "sent") == ["changed", "over"]
    assert evening.told("moved")


def test_a_programme_that_is_too_short_is_followed_by_interval_signals(evening: Evening) -> None:
    expected = [
        SIGNAL,
        Heard("short", 0, 200),
        Heard("interval_signal", 0, 125),
        Heard("interval_signal", 0, 50),
    ]
    assert evening.heard("short") == expected


@pytest.mark.parametrize("mount", ["nothing-yet", "gone"])
def test_where_there_is_no_programme_something_else_goes_out(evening: Evening, mount: str) -> None:
    assert evening.heard(mount) == [SIGNAL, Heard("standby", 0, 250), Heard("standby", 0, 125)]
    lacking = [(one.airing_id, one.detail) for one in evening.station.journal("lacking")]
    assert len(lacking) == 1
    assert lacking[0][0] == 11


def test_an_endpoint_that_is_late_gets_everything_earlier(evening: Evening) -> None:
    assert evening.heard("early") == [SIGNAL, Heard("programme", 0, FRAMES)]
    early = evening.came_s("plain", "programme", 0) - evening.came_s("early", "programme", 0)
    assert 0.2 < early < 0.5 + NOTICED_S


def test_the_journal_tells_of_every_airing(evening: Evening) -> None:
    for airing in (1, 4, 12):
        kinds = [one.kind for one in evening.station.journal() if one.airing_id == airing]
        assert kinds[0] == "accepted"
        assert kinds[-1] == "ended"
        assert kinds.count("started") == 1
    late = [one.detail for one in evening.station.journal("first")]
    assert len(late) == len(evening.feeds) + 1  # one of them has two airings
