"""Frames out of memory: what a slow, failing or vanished disk does to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.air import tracks as module
from app.air.tracks import BLOCKS_AHEAD, NotReady, NotThere, Track, Tracks
from audio.frames import Frames
from audio.profile import Encoding
from tests.armed_airings import number_of, numbered, wait_until

MP3 = Encoding("mp3")
BLOCK = 208
"""Five seconds of frames."""


@pytest.fixture
def tracks() -> Iterator[Tracks]:
    made = Tracks()
    yield made
    made.close()


@pytest.fixture
def track(tracks: Tracks, tmp_path: Path) -> Iterator[Track]:
    made = tracks.take(numbered(tmp_path / "a.mp3", 5000), MP3)
    yield made
    tracks.give_back([made])


class Disk:
    """Stands between `Frames` and the real disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.works = threading.Event()
        self.works.set()
        self.fails = False
        self.reads = 0
        real = Frames.read

        def read(frames: Frames, first: int, end: int) -> list[bytes]:
            self.reads += 1
            assert self.works.wait(10)
            if self.fails:
                raise OSError(5, "Input/output error")
            return real(frames, first, end)

        monkeypatch.setattr(Frames, "read", read)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    made = Disk(monkeypatch)
    yield made
    made.works.set()


def numbers(track: Track, first: int, count: int) -> list[int]:
    return [number_of(one) for one in track.frames(first, count)]


def is_ready(track: Track, first: int) -> bool:
    try:
        track.frames(first, 1)
    except NotReady:
        return False
    return True


def test_from_the_first_frame_to_the_last(track: Track) -> None:
    track.load(0)
    assert (track.count, track.frame_samples, track.sample_rate) == (5000, 1152, 48_000)
    for first in range(0, 5000, 4):
        wait_until(lambda at=first: is_ready(track, at), "the next block")  # type: ignore[misc]
        assert numbers(track, first, 4) == [first, first + 1, first + 2, first + 3]


def test_a_stretch_may_lie_in_two_blocks(track: Track) -> None:
    track.load(0)
    assert numbers(track, BLOCK - 1, 4) == [BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 2]


def test_what_is_not_in_memory_is_asked_for_and_not_waited_for(track: Track, disk: Disk) -> None:
    disk.works.clear()
    for _ in range(100):
        with pytest.raises(NotReady):
            track.frames(2000, 4)
    disk.works.set()
    wait_until(lambda: is_ready(track, 2000), "it was read meanwhile")
    assert disk.reads <= 4, "each block is asked for once"


def test_a_disk_that_fails_is_asked_again(track: Track, disk: Disk) -> None:
    disk.fails = True
    with pytest.raises(NotReady):
        track.frames(2000, 4)
    wait_until(lambda: disk.reads > 0, "it was tried")
    with pytest.raises(OSError, match="Input/output"):
        track.load(2000)
    disk.fails = False
    wait_until(lambda: is_ready(track, 2000), "it works again")
    assert numbers(track, 2000, 2) == [2000, 2001]


def test_half_a_minute_ahead_is_in_memory(track: Track, disk: Disk) -> None:
    track.prepare(1000)
    end = (1000 // BLOCK + 1 + BLOCKS_AHEAD) * BLOCK
    wait_until(lambda: all(is_ready(track, at) for at in range(1000, end, BLOCK)), "it was read")
    assert (end - 1000) * 0.024 > 29
    disk.fails = True
    for first in range(1000, end, 4):
        assert numbers(track, first, 1) == [first]


def test_what_nobody_wants_any_more_is_let_go_but_what_is_kept(
    track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.05)
    track.load(0, pin=True)
    track.load(1000)
    time.sleep(0.1)
    track.load(3000)
    assert set(track._blocks) == {0, 1, 3000 // BLOCK, 3000 // BLOCK + 1}


def test_what_must_never_fail_is_all_in_memory(track: Track, disk: Disk) -> None:
    track.load_all()
    disk.fails = True
    assert [number_of(track.frames(n, 1)[0]) for n in range(5000)] == list(range(5000))


def test_an_unlinked_file_is_read_to_its_end(tracks: Tracks, tmp_path: Path) -> None:
    file = numbered(tmp_path / "b.mp3", 3000)
    track = tracks.take(file, MP3)
    file.path.unlink()
    track.load(2900)
    assert numbers(track, 2996, 4) == [2996, 2997, 2998, 2999]
    tracks.give_back([track])


def test_only_what_is_whole_is_opened(tracks: Tracks, tmp_path: Path) -> None:
    file = numbered(tmp_path / "c.mp3", 100)
    body = file.path.read_bytes()
    for what, content, pattern in [
        ("damaged", body[:-1] + b"!", "damaged"),
        ("cut short", body[:-1], "not as long"),
    ]:
        file.path.write_bytes(content)
        with pytest.raises(NotThere, match=pattern):
            tracks.take(file, MP3)
        assert what
    with pytest.raises(NotThere, match="cannot be read"):
        tracks.take(replace(file, path=tmp_path / "nothing.mp3"), MP3)
    with pytest.raises(NotThere, match="cannot be read"):
        tracks.take(numbered(tmp_path / "d.mp3", 10), Encoding("wav"))
    with pytest.raises(NotThere, match="cannot be read"):
        tracks.take(numbered(tmp_path / "e.mp3", 0), MP3)
    assert not tracks._held


def test_a_track_is_open_once_and_as_long_as_somebody_has_it(tracks: Tracks, tmp_path: Path) -> None:
    file = numbered(tmp_path / "f.mp3", 100)
    one, other = tracks.take(file, MP3), tracks.take(file, MP3)
    assert one is other
    tracks.give_back([one])
    one.load(0)
    tracks.give_back([other])
    assert tracks.take(file, MP3) is not one
