"""The air process stands still, is killed, loses its files, its folder and its disk: the programme is heard to its end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.air.armed import Level
from tests.armed_airings import AirStation, Material, air_station, material, soon, wait_until
from tests.disks import mounted
from tests.heard_frames import FRAME_BYTES, Heard, by_name, came_at, heard, longest_pause_s, told, whys
from tests.live_sinks import RawSink

SIGNAL = Heard("interval_signal", 125 - 84, 125)
FEED = 7
CHUNK = 4
"""Frames that are sent at once: as many may have left without being on the record."""


@dataclass
class Restart:
    """One airing to its end, with a kill -9 in its midst."""

    station: AirStation
    known: dict[str, Material]
    sink: RawSink
    starts_at: float
    started_again: float = 0.0

    def at(self, seconds: float) -> None:
        time.sleep(max(0.0, self.starts_at + seconds - time.time()))

    def kill_and_start(self) -> None:
        self.station.kill()
        time.sleep(0.2)  # so long a supervisor may take to notice
        self.started_again = time.time()
        self.station.start()

    def joined(self) -> tuple[Heard, Heard]:
        """What was heard of the programme before and after."""
        first, second = self.sink.on("/live")
        assert longest_pause_s(second) < 1.0
        before_signal, before = heard(first.data, self.known)
        [after] = heard(second.data, self.known)
        assert (before_signal, before.of, before.first) == (SIGNAL, "programme", 0)
        assert after.of == "programme"
        return before, after


@pytest.fixture(scope="module")
def restart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restart]:
    home = tmp_path_factory.mktemp("restart") / "home"
    home.mkdir()
    with ExitStack() as stack:
        sink = stack.enter_context(RawSink())
        station = stack.enter_context(air_station(home))
        programme = material(home, 7, 14.0)
        known = by_name(station.chain, programme=programme)
        made = Restart(station, {name: copied(one, home) for name, one in known.items()}, sink, 0.0)
        starts_at = soon(3.5)
        made.starts_at = starts_at.timestamp()
        station.arm(1, programme, starts_at, {FEED: sink.url("/live")})
        made.at(1.5)
        assert station.process is not None
        station.process.send_signal(signal.SIGSTOP)
        made.at(3.0)
        station.process.send_signal(signal.SIGCONT)
        made.at(4.5)
        made.kill_and_start()
        sink.wait_for("/live", nth=2, size=CHUNK * FRAME_BYTES)
        made.at(8.0)
        lose_everything(made)
        sink.wait_for("/live", nth=2, ended=True)
        wait_until(lambda: station.journal("ended"), "it has ended")
        station.stop()
        yield made


def copied(one: Material, home: Path) -> Material:
    """So that it is known what was heard when the file itself is gone."""
    kept = home / f"{one.file.sha256}.copy"
    shutil.copy(one.file.path, kept)
    return replace(one, file=replace(one.file, path=kept))


def lose_everything(made: Restart) -> None:
    """The artefacts and the folder of what is armed; what is in the place of that folder cannot be read as one."""
    armed = made.station.settings.armed_dir
    armed.rename(armed.with_name("gone"))
    armed.write_text("not a folder")
    for path in made.station.home.glob("*.mp3"):
        path.unlink()


def test_killed_it_goes_on_at_the_frame_that_is_due(restart: Restart) -> None:
    before, after = restart.joined()
    assert after.end == 583
    missed_s = (after.first - before.end) * 0.024
    assert 0 < missed_s < 2.5
    came = came_at(restart.sink.on("/live")[1:], restart.known["programme"].frames()[after.first])
    assert came - restart.started_again < 2.0
    assert abs(came - restart.starts_at - after.first * 0.024) < 1.0


def test_what_was_missed_is_known_to_the_frame(restart: Restart) -> None:
    before, after = restart.joined()
    signal_told, before_told, after_told = told(restart.station, FEED, restart.known)
    assert (signal_told, after_told) == (SIGNAL, after)
    assert before.end - CHUNK <= before_told.end <= before.end
    assert whys(restart.station, FEED, "sent") == ["the process was killed", "over"]


def test_a_process_that_stood_still_sends_what_it_owes(restart: Restart) -> None:
    """It stood still for a second and a half; that the first piece is whole says that nothing was left out."""
    before, _ = restart.joined()
    assert before.count > 3.0 / 0.024


def test_on_a_full_disk_it_is_killed_and_goes_on(
    tmp_path: Path, artefacts: Path, chain: dict[Level, Material]
) -> None:
    programme = material(artefacts, 8, 9.0)
    with (
        mounted(tmp_path / "disk", "3m") as disk,
        (disk / "log").open("wb") as log,
        RawSink() as sink,
        air_station(disk / "home", chain=chain, log=log.fileno()) as station,
    ):
        made = Restart(station, by_name(chain, programme=programme), sink, 0.0)
        starts_at = soon(4.0)
        made.starts_at = starts_at.timestamp()
        station.arm(1, programme, starts_at, {FEED: sink.url("/live")})
        wait_until(lambda: station.journal("accepted"), "it is taken on")
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free))
        assert shutil.disk_usage(disk).free == 0
        made.at(3.0)
        made.kill_and_start()
        sink.wait_for("/live", nth=2, ended=True)
        wait_until(lambda: station.journal("ended"), "its end is on the record")
        station.stop()
        before, after = made.joined()
        assert (after.first - before.end) * 0.024 < 2.5
        assert after.end == 375
        assert told(station, FEED, made.known)[-1] == after
