"""What the air takes on, refuses, gives up and writes into its journal, instant by instant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.air.armed import Armed, ArmedFile, Level, Output, Sound, dump_armed
from app.air.folder import AGAIN, SETTLE, Folder
from app.air.journal import Journal, read_journal
from app.air.recorder import Recorder
from app.air.tracks import NotThere, Track, Tracks
from app.storage import write_atomically
from audio.profile import Encoding
from tests.armed_airings import numbered

MP3 = Encoding("mp3")
START = datetime(2026, 11, 22, 15, tzinfo=UTC)
STOP = START + timedelta(seconds=60)
BEFORE = START - timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@dataclass
class Desk:
    """The engine's side of the folder."""

    home: Path
    folder: Folder
    files: dict[str, ArmedFile]

    def arm(self, airing_id: int = 1, serial: int = 1, **changes: Any) -> Path:
        """``programme``, ``stand_ins`` and anything else of an armed airing may be given."""
        usual: dict[str, Any] = {
            "programme": self.files["programme"],
            "stand_ins": {level: self.files[level] for level in ("standby", "evergreen", "interval_signal")},
        }
        parts = usual | {name: changes.pop(name) for name in list(changes) if name in usual}
        sound = Sound("r", MP3, 2500, parts["programme"], parts["stand_ins"])
        armed = Armed(
            airing_id, serial, serial, START, STOP, (), (sound,), (Output(7, "icecast", "http://x/", "r"),)
        )
        armed = replace(armed, **changes)
        path = self.folder.path / f"{airing_id}-{serial}.json"
        write_atomically(path, dump_armed(armed))
        return path

    def turn(self, now: datetime = BEFORE) -> dict[int, int]:
        """Serials by airing."""
        return {one: found.armed.serial for one, found in self.folder.turn(now).items()}

    def levels(self, airing_id: int = 1, now: datetime = BEFORE) -> list[Level]:
        return sorted(self.folder.turn(now)[airing_id].tracks["r"])

    def gone(self, level: str = "programme") -> ArmedFile:
        return replace(self.files[level], path=self.home / "nothing", sha256="0" * 64)

    def journal(self) -> list[tuple[str, int]]:
        """Kinds and versions, once everything is written."""
        self.folder.recorder.close()
        self.folder.recorder = Recorder(Journal(self.home / "journal"))
        return [(one.kind, one.version) for one in read_journal(self.home / "journal", 0)]


def folder(home: Path) -> Folder:
    return Folder(home / "armed", Recorder(Journal(home / "journal")), Tracks())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "armed").mkdir()
    files = {
        name: numbered(tmp_path / f"{name}.mp3", count)
        for name, count in [
            ("programme", 2500),
            ("standby", 400),
            ("evergreen", 300),
            ("interval_signal", 125),
        ]
    }
    made = Desk(tmp_path, folder(tmp_path), files)
    yield made
    made.folder.recorder.close()
    made.folder.tracks.close()


def test_an_airing_from_its_arming_to_its_end(desk: Desk) -> None:
    path = desk.arm()
    for now in (BEFORE, START - SECOND, START, START + SECOND, STOP, STOP + SETTLE, STOP + SECOND):
        assert desk.turn(now) == {1: 1}
    path.unlink()
    assert desk.turn(STOP + SECOND) == {}
    assert desk.journal() == [("accepted", 1), ("started", 1), ("ended", 1)]


def test_its_end_is_on_the_record_although_the_engine_disarms_it_at_once(desk: Desk) -> None:
    """And what its outputs still have to say about it comes before."""
    path = desk.arm()
    desk.turn(START)
    path.unlink()
    assert desk.turn(STOP) == {1: 1}
    desk.turn(STOP + SETTLE)
    assert desk.turn(STOP + SETTLE) == {}
    assert desk.journal()[-1] == ("ended", 1)


def test_what_is_disarmed_in_its_midst_has_not_ended(desk: Desk) -> None:
    path = desk.arm()
    desk.turn(START)
    path.unlink()
    assert desk.turn(START + SECOND) == {}
    desk.turn(STOP + SECOND)
    assert desk.journal() == [("accepted", 1), ("started", 1)]


def test_an_airing_without_live_outputs_ends_at_its_end(desk: Desk) -> None:
    path = desk.arm(outputs=(), sounds=(), files=(desk.files["programme"],))
    desk.turn(START)
    path.unlink()
    assert desk.turn(STOP) == {}
    desk.arm(2, outputs=(), sounds=(), files=(desk.gone(),))
    assert desk.turn(BEFORE) == {}
    assert desk.journal() == [("accepted", 1), ("started", 1), ("ended", 1), ("refused", 1)]


def test_a_newer_one_takes_over(desk: Desk) -> None:
    desk.arm()
    old = desk.folder.turn(START)[1].tracks["r"]["programme"]
    desk.arm(serial=2, programme=numbered(desk.home / "second.mp3", 2500))
    assert desk.turn(START + SECOND) == {1: 2}
    assert isinstance(old, Track)
    assert old._frames._file >= 0, "for a turn the outputs may still have it"
    desk.turn(START + SECOND)
    assert old._frames._file < 0
    assert desk.journal() == [("accepted", 1), ("started", 1), ("accepted", 2)]


def test_a_newer_one_that_cannot_be_taken_on_changes_nothing(desk: Desk) -> None:
    old = desk.arm()
    desk.turn(START)
    desk.arm(serial=2, programme=desk.gone())
    old.unlink()
    for n in range(30):
        assert desk.turn(START + n * SECOND) == {1: 1}
    assert desk.journal() == [("accepted", 1), ("started", 1), ("refused", 2)]


def test_what_was_refused_is_tried_again(desk: Desk) -> None:
    desk.files["programme"].path.unlink()
    desk.arm()
    assert desk.turn() == {}
    numbered(desk.home / "programme.mp3", 2500)
    assert desk.turn(BEFORE + SECOND) == {}
    assert desk.turn(BEFORE + AGAIN) == {1: 1}
    assert [kind for kind, _ in desk.journal()] == ["refused", "accepted"]


@pytest.mark.parametrize(
    ("lacking", "left"),
    [
        (["programme"], ["evergreen", "interval_signal", "standby"]),
        (["interval_signal"], ["evergreen", "interval_signal", "programme", "standby"]),
        (["programme", "standby", "interval_signal"], ["evergreen", "interval_signal"]),
        (["standby", "evergreen", "interval_signal"], ["interval_signal", "programme"]),
    ],
)
def test_at_the_last_moment_it_is_taken_on_with_whatever_there_is(
    desk: Desk, lacking: list[Level], left: list[Level]
) -> None:
    """In place of the interval signal something else is in memory from the first frame to the last."""
    for level in lacking:
        desk.files[level].path.unlink()
    desk.arm()
    assert desk.turn() == {}
    assert desk.levels(now=START - 14 * SECOND) == left
    signal = desk.folder.turn(START)[1].tracks["r"]["interval_signal"]
    assert signal.frames(signal.count - 1, 1)
    kinds = [kind for kind, _ in desk.journal()]
    assert kinds == ["refused", *["lacking"] * len(lacking), "accepted", "started"]


def test_where_there_is_nothing_at_all_it_is_refused(desk: Desk) -> None:
    for file in desk.files.values():
        file.path.unlink()
    desk.arm()
    for n in range(-10, 20):
        assert desk.turn(START + n * SECOND) == {}
    assert desk.journal() == [("refused", 1)]


def test_a_stand_in_that_is_not_there_is_left_out(desk: Desk) -> None:
    desk.files["standby"].path.write_bytes(b"damaged")
    desk.arm()
    assert desk.levels() == ["evergreen", "interval_signal", "programme"]
    assert desk.journal() == [("lacking", 1), ("accepted", 1)]


def test_after_a_restart_what_is_armed_is_taken_on_again_where_it_is(desk: Desk, tmp_path: Path) -> None:
    desk.arm()
    desk.folder.recorder.close()
    desk.folder.tracks.close()
    desk.folder = folder(tmp_path)
    track = desk.folder.turn(START + 30 * SECOND)[1].tracks["r"]["programme"]
    assert track.frames(1250, 4), "what is due now is in memory"
    with pytest.raises(Exception, match=r"^$"):
        track.frames(10, 1)
    assert desk.journal() == [("accepted", 1), ("started", 1)]


def test_what_is_no_armed_airing_is_passed_over_and_logged_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    good = desk.arm()
    bodies = {
        "2-1.json": b"not json",
        "3-1.json": b"",
        "4-1.json": good.read_bytes().replace(b'"schema": 2', b'"schema": 99'),
        "5-1.json": good.read_bytes().replace(b'"recipe": "r"', b'"recipe": "s"', 1),
        "6-1.json": good.read_bytes().replace(b"Z", b"", 1),
        "x-y.json": b"{}",
    }
    for name, body in bodies.items():
        (desk.folder.path / name).write_bytes(body)
    for _ in range(3):
        assert desk.turn() == {1: 1}
    said = capsys.readouterr().out
    assert said.count("armed file refused") == len(bodies)
    assert said.count("schema 99") == 1
    assert said.count("without a time zone") == 1


def test_a_file_that_cannot_be_read_touches_no_other(desk: Desk) -> None:
    (desk.folder.path / "0-1.json").mkdir()
    desk.arm()
    assert desk.turn() == {1: 1}


def test_an_airing_keeps_its_place_when_its_newest_file_cannot_be_read(desk: Desk) -> None:
    path = desk.arm()
    desk.turn()
    path.unlink()
    path.mkdir()
    assert desk.turn() == {1: 1}
    path.rmdir()
    path.with_name("1-2.json").write_bytes(b"torn")
    assert desk.turn() == {1: 1}


@pytest.mark.parametrize("what", ["gone", "a file"])
def test_a_folder_that_cannot_be_read_takes_nothing_off(desk: Desk, what: str) -> None:
    desk.arm()
    desk.turn(START)
    desk.folder.path.rename(desk.home / "elsewhere")
    if what == "a file":
        desk.folder.path.write_text("")
    assert desk.turn(START + SECOND) == {1: 1}
    assert desk.turn(STOP + SECOND) == {1: 1}
    assert desk.journal()[-1] == ("ended", 1)


def test_a_folder_that_may_not_be_read_takes_nothing_off(desk: Desk) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    desk.arm()
    desk.turn(START)
    desk.folder.path.chmod(0)
    assert desk.turn(START + SECOND) == {1: 1}
    desk.folder.path.chmod(0o700)


def test_without_room_for_the_journal_it_waits_but_not_when_it_is_about_to_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said then waits for the disk; the sound does not."""

    def full(records: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk.folder.recorder, "reserve", full)
    desk.arm()
    assert desk.turn() == {}
    assert desk.turn(START - 14 * SECOND) == {1: 1}


def test_a_fault_with_one_airing_keeps_no_other_from_the_air(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = desk.folder.tracks.take

    def take(file: ArmedFile, encoding: Encoding) -> Track:
        if file.sha256 == "bad":
            raise RuntimeError("a fault of ours")
        return real(file, encoding)

    monkeypatch.setattr(desk.folder.tracks, "take", take)
    desk.arm(1, programme=replace(desk.files["programme"], sha256="bad"))
    desk.arm(2)
    desk.turn()
    assert desk.turn() == {2: 1}
    assert [kind for kind, _ in desk.journal()] == ["refused", "accepted"]


def test_whatever_was_opened_for_a_refused_airing_is_closed_again(desk: Desk) -> None:
    desk.arm(programme=desk.gone())
    desk.turn()
    assert not desk.folder.tracks._held
    with pytest.raises(NotThere):
        desk.folder.tracks.take(desk.gone(), MP3)
