"""What a studio sends, as the air process reads it: each frame once it is there, and none that is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.air.armed import Armed, ArmedFile, Level, Output, Sound, Turn, dump_armed, read_armed
from app.air.growing import GrowingTrack, digest_of
from app.air.timeline import Booking, Stretch
from app.air.tracks import NotReady, NotThere
from audio.frames import FrameCutter
from audio.profile import Encoding
from tests.armed_airings import MP3, material, wait_until

START = datetime(2026, 11, 22, 15, tzinfo=UTC)
FRAME = 1152


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return material(tmp_path_factory.mktemp("growing"), 920, 6.0).frames()


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Path, GrowingTrack]]:
    path = tmp_path / "1-1-x.frames"
    path.touch()
    track = GrowingTrack(path, MP3)
    yield path, track
    track.close()


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_frames_are_there_once_they_were_written_and_not_before(
    growing: tuple[Path, GrowingTrack], frames: list[bytes]
) -> None:
    path, track = growing
    with pytest.raises(NotReady):
        track.frames(0, 1)
    _append(path, b"".join(frames[:10]) + frames[10][:100])
    wait_until(lambda: _has(track, 9), "ten frames are there")
    assert track.frames(2, 8) == frames[2:10]
    with pytest.raises(NotReady):
        track.frames(8, 4)
    _append(path, frames[10][100:])
    wait_until(lambda: _has(track, 10), "the eleventh is whole")
    assert track.frames(10, 1) == [frames[10]]
    with pytest.raises(NotReady):
        track.frames(-1, 1)


def test_who_comes_late_finds_what_is_there_and_old_frames_are_let_go(
    tmp_path: Path, frames: list[bytes]
) -> None:
    path = tmp_path / "long.frames"
    path.write_bytes(b"".join(frames) * 30)
    track = GrowingTrack(path, MP3)
    try:
        last = len(frames) * 30 - 1
        assert track.frames(last, 1) == [frames[-1]]
        with pytest.raises(NotReady):
            track.frames(0, 1)
    finally:
        track.close()


def test_a_file_that_is_not_there_or_is_something_else_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        GrowingTrack(tmp_path / "none", MP3)
    (tmp_path / "text").write_bytes(b"this is no frame at all" * 100)
    with pytest.raises(NotThere):
        GrowingTrack(tmp_path / "text", MP3)


@pytest.mark.parametrize(
    "encoding",
    [Encoding("mp3", 44_100), Encoding("mp2"), Encoding("adts"), Encoding("mp3", channels=2)],
    ids=str,
)
def test_frames_are_cut_whatever_the_pieces_that_they_come_in(encoding: Encoding, tmp_path: Path) -> None:
    made = material(tmp_path, 921, 2.0, encoding)
    stream, cutter = made.file.path.read_bytes(), FrameCutter(encoding)
    found = [frame for at in range(0, len(stream), 97) for frame in cutter.feed(stream[at : at + 97])]
    assert found == made.frames()


FILE = ArmedFile(Path("/x"), "0" * 64, 1)
LENGTHS: dict[Level, int] = {"programme": 1000, "interval_signal": 125, "studio": 1 << 40}


def _booking(*turns: Turn, lengths: dict[Level, int] = LENGTHS) -> Booking:
    sound = Sound("r", MP3, 1000, FILE, {"interval_signal": FILE})
    output = Output(1, "icecast", "http://x/", "r")
    armed = Armed(1, 1, 1, START, START + timedelta(seconds=24), (), (sound,), (output,), turns)
    return Booking(armed, output, sound, FRAME, 48_000, lengths)


STUDIO = Turn(300 * FRAME, "studio", "1-1", 250 * FRAME, {"r": Path("/f")})
BACK = Turn(400 * FRAME, "programme", "1-1")


def test_a_studio_is_heard_from_its_turn_on_at_the_frame_that_is_due_and_until_the_next_turn() -> None:
    booking = _booking(STUDIO, BACK)
    assert booking.stretch(299, 4) == Stretch(299, "programme", 299, 1)
    assert booking.stretch(300, 4) == Stretch(300, "studio", 50, 4)
    assert booking.stretch(398, 4) == Stretch(398, "studio", 148, 2)
    assert booking.stretch(400, 4) == Stretch(400, "programme", 400, 4)


@pytest.mark.parametrize("why", ["it did not come in time", "its file is not there"])
def test_for_a_studio_that_cannot_be_had_the_programme_goes_on_where_it_is(why: str) -> None:
    lengths: dict[Level, int] = {level: count for level, count in LENGTHS.items() if level != "studio"}
    booking = _booking(STUDIO, BACK, lengths=lengths if why == "its file is not there" else LENGTHS)
    assert booking.stretch(310, 4, {"studio": 0}) == Stretch(310, "programme", 310, 4)


def test_a_takeover_is_armed_with_the_airing(tmp_path: Path) -> None:
    armed = _booking(STUDIO, BACK).armed
    (tmp_path / "1-1.json").write_bytes(dump_armed(armed))
    read = read_armed(tmp_path / "1-1.json")
    assert read.turns == (STUDIO, BACK)
    assert read.studio == STUDIO
    assert len(digest_of(Path("/a/1-1-x.frames"))) == 64


def _has(track: GrowingTrack, frame: int) -> bool:
    try:
        track.frames(frame, 1)
    except NotReady:
        return False
    return True
