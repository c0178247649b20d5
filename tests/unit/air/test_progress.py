"""What had been sent when the process was killed is known to the frame, until the journal has it."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.air import progress as module
from app.air.armed import CHAIN, Level
from app.air.progress import SLOT_BYTES, SLOTS, Progress, Run
from tests.disks import mounted

numbers = st.integers(-(2**62), 2**62)


def run(airing_id: int = 1, at: int = 0, until: int = 10) -> Run:
    return Run(airing_id, 7, 2, "programme", "ab" * 32, at, until, at, 5000, 4000)


def opened(path: Path) -> tuple[Progress, list[Run]]:
    made = Progress(path)
    return made, list(made.left_over())


@given(numbers, st.sampled_from(CHAIN), st.integers(0, 10**9), numbers, numbers)
def test_a_run_is_read_as_it_was_stored(
    begin: int, level: Level, count: int, first: int, written: int
) -> None:
    packed = Run(1, 2, 3, level, "cd" * 32, begin, begin + count, first, written, 0).pack()
    assert len(packed) <= SLOT_BYTES
    found = module._RECORD.unpack(packed)
    assert found[3:8] == (CHAIN.index(level), begin, begin + count, first, written)
    assert found[9].hex() == "cd" * 32


def test_it_survives_kill_9(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        progress, _ = opened(tmp_path / "progress")
        for airing in (1, 2, 3):
            one = run(airing)
            progress.keep(one)
            for until in range(4, 400, 4):
                one.until = until
                progress.store(one)
            if airing == 2:
                progress.give_back(one)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    progress, left = opened(tmp_path / "progress")
    assert sorted((one.airing_id, one.at, one.until, one.written) for one in left) == [
        (1, 0, 396, 5000),
        (3, 0, 396, 5000),
    ]
    progress.close()


def test_what_is_left_over_stays_until_it_is_given_back(tmp_path: Path) -> None:
    """A process that is killed again before the journal has it must find it again."""
    progress, _ = opened(tmp_path / "progress")
    one = run()
    progress.keep(one)
    progress.store(one)
    progress.close()
    for _ in range(2):
        progress, left = opened(tmp_path / "progress")
        assert left == [one]
        kept = run(2)
        progress.keep(kept)
        assert kept.slot != one.slot
        progress.close()
    progress, [left_over] = opened(tmp_path / "progress")
    progress.give_back(left_over)
    progress.give_back(left_over)
    progress.close()
    assert opened(tmp_path / "progress")[1] == []


def test_more_runs_than_slots_are_only_less_well_known(tmp_path: Path) -> None:
    progress, _ = opened(tmp_path / "progress")
    runs = [run(n + 1) for n in range(SLOTS + 1)]
    for one in runs:
        progress.keep(one)
        progress.store(one)
    assert [n for n, one in enumerate(runs) if one.slot is None] == [SLOTS]
    progress.give_back(runs[-1])
    progress.give_back(runs[5])
    progress.keep(runs[-1])
    assert [n for n, one in enumerate(runs) if one.slot is None] == [5]
    progress.close()


def test_a_file_of_rubbish_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "progress").write_bytes(b"\xff" * SLOTS * SLOT_BYTES)
    progress, left = opened(tmp_path / "progress")
    assert left == []
    progress.close()


def test_a_full_disk_does_not_matter_once_it_is_there(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "1m") as disk:
        progress, _ = opened(disk / "progress")
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free))
        for n in range(SLOTS):
            one = run(n + 1)
            progress.keep(one)
            progress.store(one)
        progress.close()
        progress, left = opened(disk / "progress")
        assert len(left) == SLOTS
        progress.close()
        with pytest.raises(OSError, match="No space"):
            Progress(disk / "another")
