from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.bringing import taking
from app.bringing.commands import _may_approve
from app.bringing.recordings import walk
from app.database import writing
from app.errors import Invalid
from app.library.models import SegmentKind
from app.locks import Lock
from app.station.models import Station as StationRow
from tests.integration.bringing.bringing import imported
from tests.integration.library.stations import Station, write_tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A producer's folder: two recordings, one of them deeper down, and what else lies around."""
    folder = tmp_path / "녹음"
    (folder / "2026" / "11").mkdir(parents=True)
    write_tone(folder / "둘째.wav", 0.5, 500)
    write_tone(folder / "2026" / "11" / "첫째.wav", 0.5, 400)
    (folder / "notes.txt").write_text("not audio")
    (folder / ".hidden.wav").write_bytes(b"hidden")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.wav").write_bytes(b"hidden")
    (folder / "link.wav").symlink_to(folder / "둘째.wav")
    (folder / "elsewhere").symlink_to("/etc")
    return folder


def test_recordings_are_found_in_order_and_nothing_else(folder: Path) -> None:
    found = walk(folder)
    assert [one.name for one in found.recordings] == ["둘째.wav", "2026/11/첫째.wav"]
    assert found.skipped == 3  # the note, the hidden file, the link


def test_a_folder_becomes_drafts_and_stays_as_it_was(station: Station, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.wav")}
    status, output = imported(station, folder, kind=SegmentKind.news, tags=("archive",))
    assert status == 0
    assert "2 imported, 0 already in the library, 0 rejected, 0 failed, 3 passed over" in output
    segments = station.segments()
    assert {segment.title for segment in segments} == {"첫째", "둘째"}
    assert {(segment.state, segment.kind, segment.created_by) for segment in segments} == {
        ("draft", "news", station.person_id)
    }
    assert all(segment.tags == ["archive"] for segment in segments)
    assert {path: path.read_bytes() for path in folder.rglob("*.wav")} == before
    assert station.incoming() == []


def test_a_second_run_does_only_what_is_new(station: Station, folder: Path) -> None:
    imported(station, folder)
    write_tone(folder / "셋째.wav", 0.5, 600)
    write_tone(folder / "둘째.wav", 0.75, 700)  # recorded again
    status, output = imported(station, folder, approve=True)
    assert status == 0
    assert "2 imported, 1 already in the library" in output
    assert [segment.state for segment in station.segments()] == ["draft", "draft", "approved", "approved"]


def test_one_bad_file_stops_no_other(station: Station, folder: Path) -> None:
    (folder / "[b]bad.mp3").write_text("this is text, not sound")
    (folder / "empty.wav").touch()
    for _ in range(2):  # a second run says the same
        status, output = imported(station, folder)
        assert status == 1
        assert "1 rejected, 1 failed" in output
        assert "[b]bad.mp3: This is not a sound file" in output
        assert "empty.wav: the file is empty" in output
    assert sorted(segment.state for segment in station.segments()) == ["draft", "draft", "rejected"]
    assert station.incoming() == []


def test_an_interrupted_import_goes_on_with_the_same_segment(
    station: Station, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(*_: object, **__: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(taking, "run_ingest", interrupt)
        with pytest.raises(Interrupted):
            imported(station, folder)
    assert "processing" in {segment.state for segment in station.segments()}
    status, _ = imported(station, folder)
    assert status == 0
    assert [segment.state for segment in station.segments()] == ["draft", "draft"]
    assert station.incoming() == []


@pytest.mark.parametrize(
    "raw", ["뉴스.wav".encode("cp949"), b"\xff\xfe\x80.wav", b"new\nline.wav", "각".encode() * 80 + b".wav"]
)
def test_names_in_other_encodings_do_no_harm(station: Station, tmp_path: Path, raw: bytes) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    shutil.copyfile(write_tone(tmp_path / "tone.wav", 0.5), folder / os.fsdecode(raw))
    status, output = imported(station, folder)
    assert status == 0, output
    [segment] = station.segments()
    assert segment.title
    assert segment.title == {"뉴스.wav".encode("cp949"): "뉴스"}.get(raw, segment.title)
    status, output = imported(station, folder)
    assert "1 already in the library" in output


def test_two_imports_at_once_are_refused(station: Station, folder: Path) -> None:
    lock = Lock(station.settings.run_dir / "import.lock")
    assert lock.acquire()
    with pytest.raises(Invalid, match="another import"):
        imported(station, folder)
    lock.release()


def test_a_folder_that_is_none_is_refused(station: Station, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not a folder"):
        imported(station, tmp_path / "nowhere")


def test_where_somebody_else_approves_an_import_approves_nothing(station: Station) -> None:
    with writing(station.engine) as session:
        session.get_one(StationRow, 1).approved_by_another = True
    with pytest.raises(Invalid, match="somebody else approves"):
        _may_approve(station.engine, approve=True)
    assert not _may_approve(station.engine, approve=False)
