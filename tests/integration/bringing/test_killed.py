"""An import that is killed or interrupted goes on where it stopped: no file twice, none lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlmodel import func, select

from app.bringing import taking
from app.database import reading
from app.library.models import ImportedFile
from tests.integration.bringing.bringing import imported
from tests.integration.library.stations import ROOT, Station, write_tone

FILES = 24


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(FILES):
        write_tone(folder / f"{number:02}.wav", 0.5, 300 + 10 * number)
    return folder


def start(station: Station, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "import", str(folder), "--yes", "--person", "김하늘", "--no-tags"],
        cwd=ROOT,
        env=os.environ
        | {
            "DANPA_HOME": str(station.settings.home),
            "DANPA_DISK_RESERVE_BYTES": "0",
            "COLUMNS": "200",
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for_some(station: Station, process: subprocess.Popen[bytes], count: int) -> None:
    while process.poll() is None:
        with reading(station.engine) as session:
            if session.exec(select(func.count()).select_from(ImportedFile)).one() >= count:
                return
        time.sleep(0.01)
    pytest.fail(f"it ended too early: {process.communicate()[0].decode()}")


@pytest.mark.parametrize("after", [1, 7])
def test_killed_in_the_middle_nothing_is_lost_and_nothing_is_there_twice(
    station: Station, folder: Path, after: int
) -> None:
    process = start(station, folder)
    wait_for_some(station, process, after)
    process.kill()
    process.communicate()
    begun = len(station.segments())
    assert 0 < begun < FILES
    status, output = imported(station, folder)
    assert status == 0, output
    segments = station.segments()
    assert sorted(str(one.original_name) for one in segments) == [
        f"{number:02}.wav" for number in range(FILES)
    ]
    assert {segment.state for segment in segments} == {"draft"}
    assert len({segment.master_sha256 for segment in segments}) == FILES
    assert station.incoming() == []


def test_ctrl_c_finishes_what_is_under_way_and_says_what_is_left(station: Station, folder: Path) -> None:
    process = start(station, folder)
    wait_for_some(station, process, 2)
    process.send_signal(signal.SIGINT)
    told = process.communicate()[0].decode()
    assert process.returncode == 130, told
    assert {segment.state for segment in station.segments()} == {"draft"}
    done = len(station.segments())
    assert f"{done} imported" in told
    assert f"{FILES - done} not reached: start the same import again" in told
    status, output = imported(station, folder)
    assert status == 0
    assert f"{FILES - done} imported, {done} already in the library" in output


def test_what_was_begun_is_described_as_the_corrected_list_says(
    station: Station, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(taking, "run_ingest", kill)
        with pytest.raises(Killed):
            imported(station, folder)
    begun = {str(one.original_name) for one in station.segments() if one.state == "processing"}
    assert begun
    listing = tmp_path / "list.csv"
    lines = "\n".join(f"{name},고침 {name}" for name in begun)
    listing.write_text(f"file,title\n{lines}\n", encoding="utf-8")
    imported(station, folder, listing)
    assert {(one.state, one.title) for one in station.segments()} == {
        ("draft", f"고침 {name}") for name in begun
    }


def test_ten_thousand_files_are_walked_and_planned(station: Station, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    one = write_tone(tmp_path / "one.wav", 0.5)
    for number in range(10_000):
        os.link(one, folder / f"2019-03-04_뉴스 제{number}회.wav")
    status, output = imported(station, folder, dry_run=True, read_tags=False)
    assert status == 0
    assert re.search(r"10000 to import \(10000 news\)", output)
    assert "and 9800 more: --write-csv FILE has all of them" in output
    listing = tmp_path / "all.csv"
    imported(station, folder, write_csv=listing, read_tags=False)
    assert listing.read_text("utf-8-sig").count("\n") == 10_001
    status, output = imported(station, folder, listing, dry_run=True, read_tags=False)
    assert "10000 to import" in output
