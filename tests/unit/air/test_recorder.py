"""The journal's writing end waits for no disk, loses nothing while one is full, and is not stopped by a bad record."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from app.air import recorder as module
from app.air.journal import Journal, read_journal
from app.air.recorder import Recorder
from tests.armed_airings import wait_until
from tests.disks import mounted

AT = datetime(2026, 11, 22, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.05)


def airings(path: Path) -> list[int]:
    return [one.airing_id for one in read_journal(path, 0)]


def test_records_are_written_in_order_and_then_whoever_waits_is_told(tmp_path: Path) -> None:
    recorder = Recorder(Journal(tmp_path / "journal"))
    told: list[tuple[int, int]] = []

    def then(n: int) -> None:
        told.append((n, len(airings(tmp_path / "journal"))))

    for n in range(100):
        recorder.tell("sent", n, 1, AT, {"f": n}, then=partial(then, n))
    recorder.close()
    assert airings(tmp_path / "journal") == list(range(100))
    assert [n for n, _ in told] == list(range(100))
    assert all(there > n for n, there in told), "it is on the disk by then"


def test_on_a_full_disk_records_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "256k") as disk:
        recorder = Recorder(Journal(disk / "journal"))
        recorder.reserve(16)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free))
        with pytest.raises(OSError, match="No space"):
            recorder.reserve(4000)
        told = threading.Event()
        for n in range(100):
            recorder.tell("sent", n, 1, AT)
        recorder.tell("sent", 100, 1, AT, then=told.set)
        wait_until(lambda: len(airings(disk / "journal")) == 16, "what was set aside is used")
        assert not told.wait(0.2)
        ballast.unlink()
        wait_until(told.is_set, "the rest is written")
        assert airings(disk / "journal") == list(range(101))
        recorder.close()


def test_it_ends_although_the_disk_is_full(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "64k") as disk:
        recorder = Recorder(Journal(disk / "journal"))
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free))
        recorder.tell("sent", 1, 1, AT)
        recorder.close()


def test_a_record_that_cannot_be_written_at_all_does_not_stop_the_others(tmp_path: Path) -> None:
    recorder = Recorder(Journal(tmp_path / "journal"))
    recorder.tell("sent", 1, 1, AT, {"f": object()})
    recorder.tell("sent", 2, 1, AT, {"names": "x" * 300})
    recorder.tell("sent", 3, 1, AT)
    recorder.close()
    assert airings(tmp_path / "journal") == [3]


def test_what_waits_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    journal = Journal(tmp_path / "journal")
    recorder = Recorder(journal)
    with recorder._lock:  # as if the disk hung
        for n in range(50):
            recorder.tell("sent", n, 1, AT)
    recorder.close()
    assert airings(tmp_path / "journal")[:10] == list(range(10)), "the oldest are kept"
