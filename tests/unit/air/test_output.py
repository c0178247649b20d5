"""One output against an endpoint in memory: what happens when things change just while it connects, sends or waits."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.air import account
from app.air import output as module
from app.air.armed import Armed, ArmedFile, Level, Output, Sound
from app.air.booked import Booked
from app.air.clock import Anchor, from_ns
from app.air.endpoints.contract import LiveAddress, Taken
from app.air.journal import Journal, read_journal
from app.air.output import LiveOutput
from app.air.progress import Progress
from app.air.recorder import Recorder
from app.air.tap import Tap
from app.air.ticker import Ticker
from app.air.timeline import Booking
from app.air.tracks import NotReady, Track, Tracks
from app.feeds.errors import PassingFeedError
from audio.profile import Encoding
from tests.armed_airings import number_of, numbered

MP3 = Encoding("mp3")
LENGTHS: dict[Level, int] = {"programme": 3000, "standby": 400, "interval_signal": 125}


class Site:
    """What is on the other side, as a test wants it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.lets_in = asyncio.Event()
        self.lets_in.set()
        self.fault: Exception | None = None
        self.takes = True

    def open(self, address: LiveAddress) -> Line:
        self.lines.append(Line(self, address))
        return self.lines[-1]


class Line:
    """One connection (`LiveEndpoint`)."""

    def __init__(self, site: Site, address: LiveAddress) -> None:
        self.site, self.address = site, address
        self.frames: list[bytes] = []
        self.titles: list[str] = []
        self.written = self.accepted = 0
        self.how_it_ended = ""
        self.broken: Exception | None = None

    async def connect(self) -> None:
        await self.site.lets_in.wait()
        if self.site.fault is not None:
            raise self.site.fault

    def write(self, data: bytes) -> None:
        if self.broken is not None:
            raise self.broken
        self.frames += [data[at : at + 384] for at in range(0, len(data), 384)]
        self.written += len(data)
        if self.site.takes:
            self.accepted = self.written

    block_bytes = 0

    async def tell(self, title: str) -> None:
        self.titles.append(title)

    def taken(self) -> Taken:
        return Taken(self.written, self.accepted)

    async def close(self) -> None:
        self.how_it_ended = "closed"

    def abort(self) -> None:
        self.how_it_ended = self.how_it_ended or "aborted"


@dataclass
class Bench:
    site: Site
    output: LiveOutput
    tracks: dict[Level, Track]
    home: Path
    recorder: Recorder
    is_closed: bool = False

    def booked(self, airing_id: int = 1, *, in_s: float = 0.0, frames: int = 2000, **changes: Any) -> Booked:
        """An airing that begins so many seconds from now."""
        starts_at = changes.pop("starts_at", None) or from_ns(time.time_ns()) + timedelta(seconds=in_s)
        of_output = {name: changes.pop(name) for name in ("address", "preroll_s") if name in changes}
        usual: dict[str, Any] = {"address": "http://x/", "recipe": "r", "preroll_s": 2.0}
        output = Output(7, "icecast", **usual | of_output)
        file = ArmedFile(Path("/x"), "0" * 64, 1)
        sound = Sound("r", MP3, frames, file, {"interval_signal": file})
        stops_at = starts_at + timedelta(seconds=frames * 0.024)
        armed = replace(Armed(airing_id, 1, 1, starts_at, stops_at, (), (sound,), (output,)), **changes)
        return Booked(Booking(armed, output, sound, 1152, 48_000, LENGTHS), self.tracks)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        self.close()
        return [(one.kind, json.loads(one.detail or "{}")) for one in read_journal(self.home / "journal", 0)]

    def close(self) -> None:
        """Have everything written that was told so far."""
        if not self.is_closed:
            self.is_closed = True
            self.recorder.close()

    def numbers(self, nth: int = -1) -> list[int]:
        return [number_of(one) for one in self.site.lines[nth].frames]


@asynccontextmanager
async def bench(home: Path) -> AsyncIterator[Bench]:
    recorder, progress, tracks = Recorder(Journal(home / "journal")), Progress(home / "progress"), Tracks()
    assert list(progress.left_over()) == []
    opened: dict[Level, Track] = {}
    for level, count in LENGTHS.items():
        opened[level] = tracks.take(numbered(home / f"{level}.mp3", count), MP3)
        opened[level].load_all()
    site = Site()
    output = LiveOutput(7, Ticker(), recorder, progress, site.open, home / "tap")
    made = Bench(site, output, opened, home, recorder)
    task = asyncio.create_task(output.run())
    try:
        yield made
    finally:
        assert not task.done(), "whatever happens, it goes on"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        made.close()
        tracks.give_back(opened.values())
        tracks.close()
        progress.close()


def on_bench(home: Path, work: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with bench(home) as made:
            await work(made)

    asyncio.run(run())


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.01)


def in_one_piece(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


# ------------------------------------------------------------------ when it is told to end


def test_an_end_that_comes_with_a_change_is_an_end(tmp_path: Path) -> None:
    """`asyncio.wait_for` of Python 3.11 forgets that it was cancelled when what it waits for happens just before."""

    async def work(made: Bench) -> None:
        output = LiveOutput(
            8, Ticker(), made.recorder, Progress(tmp_path / "more"), made.site.open, tmp_path / "another"
        )
        task = asyncio.create_task(output.run())
        for turns in range(8):  # of the loop, between the one and the other
            await until(lambda: output.state == "idle")
            await asyncio.sleep(0.01)
            output.book([])
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task], timeout=5)
            assert task.cancelled(), f"it goes on, told to end {turns} turns after a change"
            task = asyncio.create_task(output.run())
        task.cancel()

    on_bench(tmp_path, work)


# ------------------------------------------------------------------ while it connects


def test_disarmed_while_it_connects_it_is_never_on(tmp_path: Path) -> None:
    async def work(made: Bench) -> None:
        made.site.lets_in.clear()
        made.output.book([made.booked()])
        await until(lambda: made.site.lines)
        made.output.book([])
        await until(lambda: made.output.state == "idle")
        made.site.lets_in.set()
        await asyncio.sleep(0.3)
        [line] = made.site.lines
        assert (line.frames, line.how_it_ended) == ([], "aborted")

    on_bench(tmp_path, work)


def test_an_address_that_changes_while_it_connects_is_used_at_once(tmp_path: Path) -> None:
    async def work(made: Bench) -> None:
        made.site.lets_in.clear()
        made.output.book([made.booked()])
        await until(lambda: made.site.lines)
        made.output.book([made.booked(serial=2, address="http://y/")])
        made.site.lets_in.set()
        await until(lambda: made.output.state == "on")
        assert [one.address.address for one in made.site.lines] == ["http://x/", "http://y/"]

    on_bench(tmp_path, work)


def test_a_site_that_does_not_answer_is_given_up_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_S", 0.1)

    async def work(made: Bench) -> None:
        made.site.lets_in.clear()
        made.output.book([made.booked()])
        await until(lambda: len(made.site.lines) >= 3)
        assert (made.output.why or "").startswith("timeout: ")
        made.site.lets_in.set()
        await until(lambda: made.output.state == "on")
        assert [kind for kind, _ in made.told()][:2] == ["down", "up"], "said once"

    on_bench(tmp_path, work)


@pytest.mark.parametrize(
    "fault", [PassingFeedError("busy", "x"), RuntimeError("x"), OSError("x"), ValueError()]
)
def test_whatever_goes_wrong_it_is_tried_again(tmp_path: Path, fault: Exception) -> None:
    async def work(made: Bench) -> None:
        made.site.fault = fault
        made.output.book([made.booked()])
        await until(lambda: len(made.site.lines) >= 2)
        assert made.output.why
        made.site.fault = None
        await until(lambda: made.output.state == "on")
        assert made.output.why is None

    on_bench(tmp_path, work)


def test_pauses_between_tries_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the connection is made each time and lost at once: a site is not called a hundred times a second."""
    monkeypatch.setattr(module, "PAUSES_S", (0.01, 0.1, 0.2, 60.0))

    async def work(made: Bench) -> None:
        made.output.book([made.booked()])
        for n in range(4):
            await until(lambda: len(made.site.lines) == n + 1 and made.site.lines[-1].frames)  # noqa: B023
            made.site.lines[n].broken = ConnectionResetError("it hung up")
        await asyncio.sleep(0.5)
        assert len(made.site.lines) == 4
        assert (made.output.why or "").startswith("connection-lost: it hung up")

    on_bench(tmp_path, work)


def test_a_disk_that_hangs_with_the_tap_holds_no_sound_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, real = threading.Event(), module._open_tap

    def open_tap(path: Path) -> Tap | None:
        works.wait(20)
        return real(path)

    monkeypatch.setattr(module, "_open_tap", open_tap)

    async def work(made: Bench) -> None:
        made.output.book([made.booked()])
        await until(lambda: made.site.lines and made.site.lines[0].frames)
        works.set()
        await until(lambda: made.output._tap)
        assert made.output.tap_at.exists()
        made.output.book([])
        await until(lambda: made.output.state == "idle")
        made.output.leave()
        assert not made.output.tap_at.exists()

    on_bench(tmp_path, work)


# ------------------------------------------------------------------ while it sends


def test_a_connection_on_which_nothing_is_acknowledged_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "STALLED_NS", 300_000_000)

    async def work(made: Bench) -> None:
        made.output.book([made.booked()])
        await until(lambda: made.site.lines and made.site.lines[0].frames)
        made.site.takes = False
        await until(lambda: len(made.site.lines) > 1)
        made.site.takes = True
        sent = [detail for kind, detail in made.told() if kind == "sent"]
        assert sent[0]["lag"] > 3000
        assert sent[0]["why"].startswith("nothing is acknowledged")

    on_bench(tmp_path, work)


def test_a_moved_airing_begins_when_it_begins_now(tmp_path: Path) -> None:
    async def work(made: Bench) -> None:
        made.output.book([made.booked(in_s=1.5)])
        await until(lambda: made.site.lines and made.site.lines[0].frames)
        made.output.book([made.booked(in_s=3600.0, serial=2)])
        await until(lambda: made.output.state == "idle")
        assert made.site.lines[0].how_it_ended == "aborted"
        made.output.book([made.booked(in_s=-10.0, serial=3)])
        await until(lambda: len(made.site.lines) > 1 and made.site.lines[1].frames)
        assert 416 <= made.numbers()[0] < 500

    on_bench(tmp_path, work)


def test_frames_that_are_not_in_memory_are_stood_in_for_until_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(made: Bench) -> None:
        real, is_slow = Track.frames, True

        def frames(track: Track, first: int, count: int) -> list[bytes]:
            if is_slow and track is made.tracks["programme"]:
                raise NotReady
            return real(track, first, count)

        monkeypatch.setattr(Track, "frames", frames)
        made.output.book([made.booked(in_s=-5.0)])
        await until(lambda: made.output.level == "standby")
        await asyncio.sleep(1.2)  # another try fails meanwhile, and what stands in goes on
        is_slow = False
        await until(lambda: made.output.level == "programme")
        await asyncio.sleep(0.2)
        standby = [one for one in made.numbers() if one < 208]
        assert in_one_piece(standby)
        assert standby[0] == 0
        programme = made.numbers()[len(standby) :]
        assert in_one_piece(programme)
        assert abs(programme[0] - made.output.frame) < 200, "where it would be by now"

    on_bench(tmp_path, work)


def test_an_airing_without_a_moments_pause_follows_on_the_same_line(tmp_path: Path) -> None:
    async def work(made: Bench) -> None:
        at: datetime = from_ns(time.time_ns()) + timedelta(seconds=0.3)
        one = made.booked(1, starts_at=at, frames=50)
        two = made.booked(2, starts_at=at + timedelta(seconds=1.2), frames=50)
        made.output.book([two, one])
        await until(lambda: made.site.lines and made.site.lines[0].how_it_ended)
        [line] = made.site.lines
        assert line.how_it_ended == "closed"
        assert made.numbers()[-100:] == [*range(50), *range(50)]
        kinds = [kind for kind, _ in made.told()]
        assert kinds.count("up") == 1
        assert kinds.count("first") == 2

    on_bench(tmp_path, work)


# ------------------------------------------------------------------ when the clock is set


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """The system's clock as the air reads it; the function sets it forward, or back."""
    offset = 0
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + offset)
    monkeypatch.setattr(module, "take_anchor", lambda: Anchor(time.time_ns() - time.monotonic_ns()))

    def step(seconds: float) -> None:
        nonlocal offset
        offset += round(seconds * 1e9)

    yield step


@pytest.mark.parametrize("by_s", [-40.0, 40.0])
def test_once_the_programme_has_begun_a_set_clock_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_s: float
) -> None:
    """Not even when the connection is lost after it, nor is anything sent twice in the end."""

    async def work(made: Bench) -> None:
        with clock(monkeypatch) as step:
            made.output.book([made.booked(in_s=0.1, frames=150, preroll_s=0.0)])
            await until(lambda: made.output.frame > 20)
            step(by_s)
            await until(lambda: made.output.frame > 60)
            made.site.lines[0].broken = ConnectionResetError("it hung up")
            await until(lambda: len(made.site.lines) > 1 and made.site.lines[1].how_it_ended)
            assert made.site.lines[1].how_it_ended == "closed"
            assert in_one_piece(made.numbers(0))
            assert in_one_piece(made.numbers(1))
            assert 0 <= made.numbers(1)[0] - made.numbers(0)[-1] < 40
            assert made.numbers(1)[-1] == 149
            await asyncio.sleep(0.3)
            assert len(made.site.lines) == 2

    on_bench(tmp_path, work)


@pytest.mark.parametrize("by_s", [-0.8, 0.8])
def test_before_it_begins_a_set_clock_is_followed_without_a_pause_or_a_burst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_s: float
) -> None:
    async def work(made: Bench) -> None:
        with clock(monkeypatch) as step:
            made.output.book([made.booked(in_s=2.0)])
            await until(lambda: made.site.lines and len(made.site.lines[0].frames) > 10)
            at, before = time.monotonic(), len(made.site.lines[0].frames)
            step(by_s)
            await until(lambda: len(made.site.lines[0].frames) > before + 15)
            assert 0.2 < time.monotonic() - at < 1.0
            await until(lambda: made.output.frame > 20)
            assert made.numbers()[-1] > made.numbers()[-2], "it has begun"
            begun = [one[4:12] for one in made.site.lines[0].frames].index(programme(made, 0))
            assert in_one_piece(made.numbers()[begun:])
            [anchored] = [detail for kind, detail in made.told() if kind == "anchored"]
            assert abs(anchored["by_ms"] - by_s * 1000) < 100

    on_bench(tmp_path, work)


def programme(made: Bench, n: int) -> bytes:
    return made.tracks["programme"].frames(n, 1)[0][4:12]


def test_a_clock_that_is_set_back_far_takes_it_off_until_it_is_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(made: Bench) -> None:
        with clock(monkeypatch) as step:
            booked = [made.booked(in_s=1.5)]
            made.output.book(booked)
            await until(lambda: made.site.lines and made.site.lines[0].frames)
            step(-3600.0)
            await until(lambda: made.output.state == "idle")
            step(3600.0)
            made.output.book(booked)  # as the process does when it sees that the clock was set
            await until(lambda: made.output.state == "on")

    on_bench(tmp_path, work)
