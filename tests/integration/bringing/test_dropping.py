"""The drop folder: what is complete becomes a draft for tonight, what is not waits, and nobody's file is lost or taken twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.airings.models import Airing, Edition
from app.bringing import taking
from app.bringing.dropping import folder as dropping
from app.bringing.dropping.awaiting import Meant, awaited_names, meant_by, next_date
from app.bringing.dropping.folder import PAUSES, DropFolder
from app.database import id_of, reading, writing
from app.engine.process import Engine
from app.events.models import Event
from app.jobs.models import Job
from app.journal.models import JournalEntry
from app.library.models import Segment, SegmentState
from app.programmes.models import Programme, Slot
from tests.integration.library.stations import Station, make_station, write_tone

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
"""Noon in Seoul, Saturday."""
SETTLED = timedelta(seconds=11)
CLOCK: list[dict[str, Any]] = [
    {"type": "awaited", "name": "오늘의뉴스"},
    {"type": "fill", "kinds": ["music"]},
]


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    drop = tmp_path / "넣는 곳"
    drop.mkdir()
    return drop


@pytest.fixture
def station(tmp_path: Path, drop: Path) -> Iterator[Station]:
    """A station whose programme awaits 오늘의뉴스 every evening at 21:00 KST."""
    made = make_station(tmp_path / "var", drop_folder=drop, drop_folder_person="김하늘")
    with writing(made.engine) as session:
        programme = Programme(title="저녁", code="evening", clock=CLOCK, created_at=NOW)
        session.add(programme)
        session.flush()
        slot = Slot(
            programme_id=id_of(programme),
            start_minute=720,
            stop_minute=780,
            days="1234567",
            first_date=date(2026, 11, 1),
            last_date=date(2026, 12, 31),
            created_at=NOW,
        )
        session.add(slot)
    yield made
    made.engine.dispose()


class Keeper:
    """The drop folder's keeper with a clock that goes on as it is told."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.now = NOW
        self.folder = DropFolder(station.settings)

    def turn(self, *, later: timedelta = timedelta()) -> None:
        self.now += later
        self.folder.turn(self.station.engine, self.now)

    def settle(self) -> None:
        """See what is there, and again when it has settled."""
        self.turn()
        self.turn(later=SETTLED)


@pytest.fixture
def keeper(station: Station) -> Keeper:
    return Keeper(station)


def lying(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def reason(drop: Path, name: str) -> str:
    return (drop / "refused" / f"{name}.txt").read_text("utf-8-sig")


def test_a_complete_file_becomes_a_draft_and_goes_into_taken(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    sound = write_tone(drop / "저녁 음악.wav", 0.5).read_bytes()
    keeper.turn()
    assert station.segments() == []
    keeper.turn(later=timedelta(seconds=5))
    assert station.segments() == []  # not long enough
    keeper.turn(later=timedelta(seconds=6))
    station.ingest_all()
    [segment] = station.segments()
    assert (segment.title, segment.kind, segment.state) == ("저녁 음악", "music", "draft")
    assert (segment.created_by, segment.awaited_as) == (station.person_id, None)
    assert lying(drop) == ["taken"]
    assert (drop / "taken" / "저녁 음악.wav").read_bytes() == sound
    with reading(station.engine) as session:
        actions = [entry.action for entry in session.exec(select(JournalEntry).order_by(JournalEntry.id))]  # type: ignore[arg-type]
        events = [(event.subject, event.state) for event in session.exec(select(Event))]
    assert actions[-3:] == ["segment.uploaded", "drop_folder.taken", "segment.ingested"]
    assert ("drop_folder", "taken") in events


def test_a_file_that_grows_waits(station: Station, keeper: Keeper, drop: Path) -> None:
    path = write_tone(drop / "a.wav", 0.5)
    for _ in range(4):
        keeper.turn(later=SETTLED)
        with path.open("ab") as file:
            file.write(bytes(1000))
    keeper.turn(later=SETTLED)
    assert station.segments() == []
    keeper.turn(later=SETTLED)
    assert len(station.segments()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say who writes")
def test_a_file_that_somebody_has_open_to_write_waits_even_where_it_stands_still(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    path = write_tone(drop / "a.wav", 0.5)
    writer = subprocess.Popen(
        [sys.executable, "-c", f"f = open({str(path)!r}, 'ab'); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    for _ in range(3):
        keeper.turn(later=SETTLED)
    assert station.segments() == []
    writer.communicate(b"\n")
    keeper.turn(later=SETTLED)
    assert len(station.segments()) == 1


def test_what_is_unfinished_hidden_or_no_file_stays_where_it_is(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    for name in ("a.part", "b.TMP", "c.crdownload", "~$d.wav", ".e.wav", "f.filepart", "Thumbs.db"):
        write_tone(drop / name, 0.5)
    (drop / "empty.wav").touch()
    (drop / "folder.wav").mkdir()
    (drop / "link.wav").symlink_to(write_tone(drop.parent / "elsewhere.wav", 0.5))
    os.mkfifo(drop / "pipe.wav")
    before = lying(drop)
    keeper.settle()
    keeper.turn(later=SETTLED)
    assert lying(drop) == before
    assert station.segments() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_no_recording_is_refused_with_the_reason_in_two_languages(
    station: Station, keeper: Keeper, drop: Path, *, restarted: bool
) -> None:
    (drop / "대본.wav").write_text("오늘의 소식\n" * 100)
    write_tone(drop / "silence.wav", 0.0, tail_s=2.0)  # only the ingest finds that out
    keeper.settle()
    assert "읽을 수 있는 소리 파일이 아닙니다" in reason(drop, "대본.wav")
    assert "It is a text file." in reason(drop, "대본.wav")
    assert lying(drop / "taken") == ["silence.wav"]
    station.ingest_all()
    (Keeper(station) if restarted else keeper).turn()
    assert "녹음에 소리가 없습니다" in reason(drop, "silence.wav")
    assert lying(drop / "taken") == []
    assert station.incoming() == []
    with reading(station.engine) as session:
        assert "drop_folder.refused" in set(session.exec(select(JournalEntry.action)))


def test_one_over_the_limit_is_refused(drop: Path, tmp_path: Path) -> None:
    small = make_station(
        tmp_path / "small", drop_folder=drop, drop_folder_person="김하늘", upload_limit_bytes=1000
    )
    write_tone(drop / "long.wav", 0.5)
    Keeper(small).settle()
    assert "허용된 크기보다 큽니다" in reason(drop, "long.wav")
    assert small.incoming() == []
    small.engine.dispose()


# ---------------------------------------------------------------- names


NAMES = [
    ("오늘의뉴스 2026-11-29", date(2026, 11, 29)),
    ("오늘의뉴스_1129", date(2026, 11, 29)),
    ("오늘의 뉴스 11월 29일", date(2026, 11, 29)),
    ("20261129_오늘의뉴스", date(2026, 11, 29)),
    ("오늘의뉴스", None),
    ("오늘의-뉴스 (2)", None),
    ("오늘의뉴스 - 복사본", None),
    ("오늘의뉴스 1129 (1)", date(2026, 11, 29)),
]


@pytest.mark.parametrize(("stem", "on"), NAMES)
def test_a_name_says_what_it_is_for(stem: str, on: date | None) -> None:
    assert meant_by(stem, {"오늘의뉴스", "9시 뉴스"}, date(2026, 11, 28)) == Meant("오늘의뉴스", on)


@pytest.mark.parametrize("stem", ["어제의뉴스", "오늘의뉴스 예고", "1129", "", "오늘의뉴스 둘째"])
def test_another_name_says_nothing(stem: str) -> None:
    assert meant_by(stem, {"오늘의뉴스"}, date(2026, 11, 28)) is None


def test_a_number_in_the_awaited_name_is_no_date() -> None:
    names = {"1129 특집", "특집"}
    assert meant_by("1129 특집", names, date(2026, 11, 28)) == Meant("1129 특집", None)
    assert meant_by("1130 특집", names, date(2026, 11, 28)) == Meant("특집", date(2026, 11, 30))


def test_a_name_without_a_date_is_for_the_next_broadcast_that_has_none(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    for hertz in (400, 500):
        write_tone(drop / "오늘의 뉴스.wav", 0.5, hertz)
        keeper.settle()
    station.ingest_all()
    told = [(one.title, one.kind, one.awaited_as, str(one.awaited_on)) for one in station.segments()]
    assert told == [
        ("오늘의뉴스 2026-11-28", "news", "오늘의뉴스", "2026-11-28"),
        ("오늘의뉴스 2026-11-29", "news", "오늘의뉴스", "2026-11-29"),
    ]
    assert lying(drop / "taken") == ["오늘의 뉴스 (2).wav", "오늘의 뉴스.wav"]


def test_a_broadcast_that_has_begun_was_called_off_or_has_its_item_is_not_the_next_one(
    station: Station,
) -> None:
    def when(now: datetime) -> date | None:
        with reading(station.engine) as session:
            return next_date(session, "오늘의뉴스", now)

    assert when(NOW) == date(2026, 11, 28)
    assert when(datetime(2026, 11, 28, 12, 30, tzinfo=UTC)) == date(2026, 11, 29)  # it is on the air
    with writing(station.engine) as session:
        starts = datetime(2026, 11, 28, 12, tzinfo=UTC)
        session.add(
            Airing(
                slot_id=1, starts_at=starts, stops_at=starts + timedelta(hours=1), target_samples=1,
                compile_at=NOW, created_at=NOW, state="cancelled",
            )
        )  # fmt: skip
    assert when(NOW) == date(2026, 11, 29)
    with writing(station.engine) as session:
        for day, state in ((29, SegmentState.draft), (30, SegmentState.rejected)):
            session.add(
                Segment(
                    title="x", kind="news", state=state, created_at=NOW, awaited_as="오늘의뉴스",
                    awaited_on=date(2026, 11, day),
                )
            )  # fmt: skip
    assert when(NOW) == date(2026, 11, 30)
    with reading(station.engine) as session:
        assert next_date(session, "다른 것", NOW) is None


def test_of_a_clock_only_awaited_names_are_read_and_of_a_changed_airing_the_changed_clock(
    station: Station,
) -> None:
    with writing(station.engine) as session:
        starts = datetime(2026, 11, 28, 12, tzinfo=UTC)
        airing = Airing(
            slot_id=1, starts_at=starts, stops_at=starts + timedelta(hours=1), target_samples=1, compile_at=NOW,
            created_at=NOW,
        )  # fmt: skip
        session.add(airing)
        session.flush()
        clock = [{"type": "awaited", "name": "특집", "something": "new"}, {"type": "unheard of"}]
        session.add(Edition(airing_id=id_of(airing), base_version=1, kept=0, clock=clock, edited_at=NOW))
    with reading(station.engine) as session:
        assert awaited_names(session) == {"오늘의뉴스", "특집"}
        assert next_date(session, "특집", NOW) == date(2026, 11, 28)
        assert next_date(session, "오늘의뉴스", NOW) == date(2026, 11, 29)


def test_yesterdays_file_sent_again_is_not_tonights(station: Station, keeper: Keeper, drop: Path) -> None:
    sound = write_tone(drop / "오늘의뉴스.wav", 0.5).read_bytes()
    keeper.settle()
    keeper.now += timedelta(days=1)
    (drop / "오늘의뉴스.wav").write_bytes(sound)
    keeper.settle()
    assert len(station.segments()) == 1
    assert "the very recording that was delivered for 2026-11-28" in reason(drop, "오늘의뉴스.wav")


# ---------------------------------------------------------------- nothing twice, nothing for ever


def test_killed_between_the_draft_and_the_move_it_is_not_taken_twice(
    station: Station, keeper: Keeper, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    write_tone(drop / "a.wav", 0.5)
    with monkeypatch.context() as patched:
        patched.setattr(dropping, "put_away", kill)
        keeper.turn()
        with pytest.raises(Killed):
            keeper.turn(later=SETTLED)
    assert lying(drop) == ["a.wav"]
    Keeper(station).settle()
    assert lying(drop / "taken") == ["a.wav"]
    station.ingest_all()
    assert [segment.state for segment in station.segments()] == ["draft"]


def test_a_synchroniser_that_brings_it_back_makes_no_second_one(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    write_tone(drop / "a.wav", 0.5)
    stat = (drop / "a.wav").stat()
    keeper.settle()
    for same_time in (True, False):
        (drop / "a.wav").write_bytes((drop / "taken" / "a.wav").read_bytes())
        if same_time:
            os.utime(drop / "a.wav", ns=(stat.st_atime_ns, stat.st_mtime_ns))
        keeper.settle()
        assert len(station.segments()) == 1
        assert not (drop / "a.wav").exists()


def test_a_file_that_cannot_be_moved_or_read_is_not_tried_for_ever(
    station: Station, keeper: Keeper, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def refuse(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise PermissionError(13, "Permission denied")

    write_tone(drop / "a.wav", 0.5)
    write_tone(drop / "b.wav", 0.5, 500)
    with monkeypatch.context() as patched:
        patched.setattr(dropping, "open_to_read", refuse)
        keeper.settle()
        keeper.turn(later=timedelta(seconds=30))
        assert tries == 2  # both files once: the pause is a minute
        for pause in PAUSES:
            keeper.turn(later=pause)
        assert tries == 2 * (len(PAUSES) + 1)
    assert "Permission denied" in reason(drop, "a.wav")
    assert lying(drop / "refused") == ["a.wav", "a.wav.txt", "b.wav", "b.wav.txt"]


def test_a_file_that_vanishes_and_one_that_changes_while_it_is_read_do_no_harm(
    station: Station, keeper: Keeper, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tone(drop / "gone.wav", 0.5)
    path = write_tone(drop / "changing.wav", 0.5, 500)
    keeper.turn()
    (drop / "gone.wav").unlink()
    copy = taking.copy

    def copy_while_it_changes(*arguments: Any) -> tuple[str, int]:
        result = copy(*arguments)
        os.utime(path, (1, 1))  # as long as before, and yet another one
        return result

    with monkeypatch.context() as patched:
        patched.setattr(dropping, "copy", copy_while_it_changes)
        keeper.turn(later=SETTLED)
    assert station.segments() == []
    assert station.incoming() == []
    keeper.settle()
    assert len(station.segments()) == 1


def test_without_the_person_or_the_folder_nothing_happens(
    station: Station, drop: Path, tmp_path: Path
) -> None:
    write_tone(drop / "a.wav", 0.5)
    nobody = station.settings.model_copy(update={"drop_folder_person": "아무도"})
    folder = DropFolder(nobody)
    for seconds in (0, 11):
        folder.turn(station.engine, NOW + timedelta(seconds=seconds))
    assert lying(drop) == ["a.wav"]
    DropFolder(station.settings.model_copy(update={"drop_folder": tmp_path / "nowhere"})).turn(
        station.engine, NOW
    )
    DropFolder(station.settings.model_copy(update={"drop_folder": None})).turn(station.engine, NOW)


def test_a_full_disk_leaves_files_where_they_are(station: Station, drop: Path) -> None:
    write_tone(drop / "a.wav", 0.5)
    full = DropFolder(station.settings.model_copy(update={"disk_reserve_bytes": 1 << 60}))
    for seconds in (0, 11):
        full.turn(station.engine, NOW + timedelta(seconds=seconds))
    assert lying(drop) == ["a.wav"]
    assert station.incoming() == []


def test_ten_thousand_old_files_do_not_stand_before_tonights(
    station: Station, keeper: Keeper, drop: Path
) -> None:
    one = write_tone(drop.parent / "one.wav", 0.5)
    for number in range(10_000):
        os.link(one, drop / f"{number:05}.wav")
    keeper.settle()
    assert len(station.segments()) == dropping.MOST_WAITING
    write_tone(drop / "오늘의뉴스.wav", 0.5, 700)
    keeper.settle()
    assert len(station.segments()) == dropping.MOST_WAITING + 1
    assert station.segments()[-1].awaited_as == "오늘의뉴스"


# ---------------------------------------------------------------- beside the engine


def test_a_long_copy_holds_up_no_turn_of_the_engine_and_ends_with_it(
    station: Station, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading_it, ended = threading.Event(), threading.Event()

    def endless(_settings: object, stream: Any, *_: object) -> tuple[str, int]:
        try:
            while True:
                reading_it.set()
                stream.read(0)
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(dropping, "copy", endless)
    write_tone(drop / "long.wav", 0.5)
    now = NOW

    async def live() -> None:
        nonlocal now
        engine = Engine(station.settings, station.engine, lambda: now)
        await engine.tick()
        while not reading_it.is_set():
            now += SETTLED
            await engine.tick()
            await asyncio.sleep(0.01)
        for _ in range(3):
            await engine.tick()
        assert not ended.is_set()
        await engine.close()

    asyncio.run(live())
    assert ended.is_set()
    assert lying(drop) == ["long.wav"]
    with reading(station.engine) as session:
        assert session.exec(select(Job).where(Job.kind == "ingest")).first() is None
