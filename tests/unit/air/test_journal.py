"""The air's journal: what it wrote is there after kill -9, a torn record and on a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.air.journal import RECORD_BYTES, RESERVED_PER_AIRING, Journal, read_journal
from tests.disks import mounted

AT = datetime(2026, 11, 22, 15, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small", "64k") as folder:
        yield folder


def kinds(path: Path, first: int = 0) -> list[tuple[int, str]]:
    return [(record.sequence, record.kind) for record in read_journal(path, first)]


def test_numbers_go_on_after_it_was_opened_again(path: Path) -> None:
    for kind in ("accepted", "started"):
        journal = Journal(path)
        journal.reserve()
        journal.write(kind, 12, 2, AT)
        journal.close()
    assert kinds(path) == [(0, "accepted"), (1, "started")]
    assert kinds(path, 1) == [(1, "started")]
    assert list(read_journal(path, 2)) == []
    assert list(read_journal(path.with_name("nothing"), 0)) == []


def test_room_is_set_aside_and_reads_as_nothing(path: Path) -> None:
    journal = Journal(path)
    journal.reserve()
    assert path.stat().st_size == RESERVED_PER_AIRING * RECORD_BYTES
    assert kinds(path) == []
    journal.write("accepted", 1, 1, AT)
    journal.reserve()
    assert path.stat().st_size == (RESERVED_PER_AIRING + 1) * RECORD_BYTES
    journal.close()


@pytest.mark.parametrize("torn", [b"{", b'{"seq": 1, "at": "2026', b"\0" * 10 + b"xyz"])
def test_a_record_that_a_power_cut_tore_apart_is_written_again(path: Path, torn: bytes) -> None:
    journal = Journal(path)
    journal.reserve()
    journal.write("accepted", 1, 1, AT)
    journal.close()
    with path.open("r+b") as stream:
        stream.seek(RECORD_BYTES)
        stream.write(torn)
    assert kinds(path) == [(0, "accepted")], "a reader stops before it"
    again = Journal(path)
    again.write("started", 1, 1, AT)
    again.write("ended", 1, 1, AT)
    again.close()
    assert kinds(path) == [(0, "accepted"), (1, "started"), (2, "ended")]


def test_what_was_written_survives_kill_9(path: Path) -> None:
    child = os.fork()
    if child == 0:
        journal = Journal(path)
        journal.reserve()
        for number in range(5):
            journal.write("started", number, 1, AT)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert [record.airing_id for record in read_journal(path, 0)] == [0, 1, 2, 3, 4]


def test_a_full_disk_does_not_end_it(small_disk: Path) -> None:
    journal = Journal(small_disk / "journal")
    journal.reserve()
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(free))
    assert shutil.disk_usage(small_disk).free == 0
    with pytest.raises(OSError, match="No space"):
        journal.reserve(1000)
    for number in range(RESERVED_PER_AIRING):
        journal.write("started", number, 1, AT)
    journal.close()
    assert len(kinds(small_disk / "journal")) == RESERVED_PER_AIRING


def test_a_long_detail_is_cut_and_korean_is_kept(path: Path) -> None:
    journal = Journal(path)
    journal.write("refused", 1, 1, AT, "가" * 500)
    journal.write("ended", 1, 1, AT, "끝")
    journal.close()
    first, second = read_journal(path, 0)
    assert first.detail is not None
    assert set(first.detail) == {"가"}
    assert (second.detail, path.stat().st_size) == ("끝", 2 * RECORD_BYTES)


def test_figures_are_whole_and_only_the_reason_is_cut(path: Path) -> None:
    journal = Journal(path)
    figures = {"f": 123, "l": "interval_signal", "n": [-1234567, 12345678], "k": 1234567, "s": "0123456789ab"}
    for why in ("over", "the site " * 50, "가" * 100):
        journal.write("sent", 12345, 12, AT, {**figures, "why": why})
    journal.close()
    details = [json.loads(record.detail or "") for record in read_journal(path, 0)]
    assert [{name: one for name, one in each.items() if name != "why"} for each in details] == [figures] * 3
    assert details[0]["why"] == "over"
    assert details[1]["why"].startswith("the site")
    assert set(details[2]["why"]) == {"가"}
    assert path.stat().st_size == 3 * RECORD_BYTES


def test_figures_that_do_not_fit_are_an_error_and_no_record(path: Path) -> None:
    """Not an endless loop: everything else that is to be written waits behind it."""
    journal = Journal(path)
    with pytest.raises(ValueError, match="too long"):
        journal.write("sent", 1, 1, AT, {"s": "0" * 300, "why": "over"})
    journal.write("ended", 1, 1, AT)
    journal.close()
    assert kinds(path) == [(0, "ended")]
