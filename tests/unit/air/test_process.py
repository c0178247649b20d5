"""The air process as a whole: one of its kind, in order until it is told to stop, and its status says what it does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.air import process as module
from app.air.armed import Level
from app.air.clock import Anchor
from app.air.folder import Folder
from app.air.journal import read_journal
from app.air.process import run_air
from app.locks import Lock, holder
from app.processes import utcnow
from app.settings import Settings
from tests.armed_airings import MP3, AirStation, Material, numbered, wait_until

FAR = "http://127.0.0.1:1/nobody"


@pytest.fixture
def station(tmp_path: Path) -> AirStation:
    levels: list[Level] = ["standby", "evergreen", "interval_signal"]
    silence = np.zeros(48_000, dtype="<i2")
    chain = {level: Material(numbered(tmp_path / f"{level}.mp3", 125), silence, MP3) for level in levels}
    return AirStation(tmp_path / "home", chain=chain)


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    stopping = threading.Event()
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(run_air(settings, stopping)))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(20)
        assert ended == [True]


def test_there_is_only_one(station: AirStation) -> None:
    lock = Lock(station.settings.run_dir / "air.lock")
    assert lock.acquire()
    assert run_air(station.settings, threading.Event()) is False
    lock.release()


def test_it_holds_its_lock_until_it_has_ended(station: AirStation) -> None:
    with running(station.settings):
        wait_until(station.status, "it says something")
        assert holder(station.settings.run_dir / "air.lock") == station.status()["pid"]
    assert holder(station.settings.run_dir / "air.lock") is None


def test_only_what_feeds_a_live_endpoint_counts_as_live(station: AirStation) -> None:
    """It is what keeps the air process when the service is stopped: for a file feed there is nothing to keep."""
    now = utcnow()
    station.arm(1, None, now + timedelta(seconds=-5), {}, seconds=60)
    station.arm(2, None, now + timedelta(seconds=-5), {7: FAR}, seconds=60)
    station.arm(3, None, now + timedelta(seconds=3), {8: FAR}, seconds=60)
    station.arm(4, None, now + timedelta(hours=1), {9: FAR}, seconds=60)
    with running(station.settings):
        wait_until(lambda: len(station.status().get("armed", {})) == 4, "all are taken on")
        status = station.status()
        assert (status["on_air"], status["live"]) == ([1, 2], [2, 3])
        assert status["armed"] == {"1": 1, "2": 1, "3": 1, "4": 1}
        wait_until(lambda: station.output(7).get("why"), "it is not on")
        assert station.output(7)["why"].startswith("unreachable: ")
        assert station.output(9) == {}


def test_a_status_that_cannot_be_written_does_not_end_it(station: AirStation) -> None:
    (station.settings.run_dir / "air.json").mkdir()  # as good as a full disk: nothing can be put there
    station.arm(1, None, utcnow() - timedelta(seconds=5), {}, seconds=60)
    with running(station.settings):
        wait_until(lambda: station.journal("started"), "it goes on")
        (station.settings.run_dir / "air.json").rmdir()
        wait_until(station.status, "it is written as soon as it can be")


def test_a_fault_in_the_folder_does_not_end_it(station: AirStation, monkeypatch: pytest.MonkeyPatch) -> None:
    real, faults = Folder.turn, [RuntimeError("a fault of ours")] * 3

    def turn(*arguments: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(*arguments)

    monkeypatch.setattr(Folder, "turn", turn)
    station.arm(1, None, utcnow() + timedelta(hours=1), {}, seconds=60)
    with running(station.settings):
        wait_until(lambda: station.journal("accepted"), "it looks again")


def test_what_wakes_late_is_woken_when_the_clock_is_set(
    station: AirStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An output may sleep for an hour until something opens; the clock may say in a moment that it is time."""
    offset, real = 0, time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + offset)
    monkeypatch.setattr(module, "take_anchor", lambda: Anchor(time.time_ns() - time.monotonic_ns()))
    station.arm(1, None, utcnow() + timedelta(hours=1), {7: FAR}, seconds=60)
    with running(station.settings):
        wait_until(lambda: station.journal("accepted"), "it is taken on")
        time.sleep(0.3)
        assert station.output(7) == {}
        offset = 3600 * 1_000_000_000
        wait_until(lambda: station.output(7).get("why"), "it tries to be on")


def test_status_and_journal_are_read_by_others(station: AirStation) -> None:
    with running(station.settings):
        wait_until(station.status, "it says something")
        body = json.loads((station.settings.run_dir / "air.json").read_bytes())
        assert body.keys() >= {"pid", "release", "at", "armed", "on_air", "live", "outputs"}
        assert (station.settings.run_dir / "air.json").stat().st_mode & 0o077 == 0
    assert list(read_journal(station.settings.air_dir / "journal", 0)) == []
