"""A station that lives in one process under a simulated clock: the real engine, the workers' real work, real feeds."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine as Database
from sqlmodel import Session, SQLModel, col, select

from app.airings.models import Airing, RundownVersion
from app.alarms.models import Alarm
from app.database import id_of, open_database, reading, writing
from app.demo import run as demo
from app.engine.process import Engine
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Handoff
from app.jobs.service import NIGHT_KINDS, claim, unfinished
from app.jobs.worker import work
from app.library.description import Description
from app.library.ingest import run_ingest
from app.library.models import Segment, SegmentKind, SegmentState
from app.library.service import Original, create
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.station.founding import found
from app.storage import sha256_of
from schedules.plan import Plan
from schedules.rundown import Rundown, SegmentSource
from tests.databases import put_current
from tests.stations import SettableClock

DAWN = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""When the station begins to live: nine hours before its evening programme."""

ON_AIR_AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
OVER_AT = ON_AIR_AT + timedelta(minutes=1)
DELIVER_AT, DEADLINE_AT, ACCEPT_UNTIL = (ON_AIR_AT - timedelta(minutes=at) for at in (90, 30, 5))
VOICES = Path(demo.__file__).parent / "voices"
CLOCK: list[dict[str, Any]] = [
    {"type": "interval_signal", "seconds": 9},
    {"type": "pick", "kinds": ["news"], "order": "newest"},
    {"type": "fill", "kinds": ["music"]},
]

Row = TypeVar("Row", bound=SQLModel)


def founded(folder: Path) -> Path:
    """A station with a small library: two pieces of news, music, and talks for stand-by and evergreen."""
    settings = Settings(home=folder, disk_reserve_bytes=0)
    put_current(settings)
    first = found(settings, "시험 방송국", "김하늘", now=DAWN)
    assert first is not None
    (folder / "api-key").write_text(first.key)
    database = open_database(settings)
    for voice, kind in (
        ("frequencies", "news"), ("ident", "news"), ("music-strings", "music"), ("frequencies", "talk"), ("ident", "talk"),
    ):  # fmt: skip
        ingest(database, settings, VOICES / f"{voice}.opus", kind, now=DAWN)
    database.dispose()
    return folder


def ingest(database: Database, settings: Settings, source: Path, kind: str, *, now: datetime) -> int:
    """Load a recording and approve it; gives its segment."""
    incoming = settings.incoming_dir / f"{source.stem}.part"
    shutil.copyfile(source, incoming)
    description = Description(title=source.stem, kind=SegmentKind(kind), tags=(), presenter=None)
    original = Original(source.name, sha256_of(source), source.stat().st_size)
    with writing(database) as session:
        segment = id_of(create(session, description, original, "segment.imported", person_id=1, now=now))
    payload = {"segment_id": segment, "file": incoming.name, "approve_by": 1}
    run_ingest(database, settings, payload, clock=lambda: now)
    return segment


@dataclass
class LivingStation:
    """A copy of the founded station with nothing planned yet; slots are from 15:00 to 15:01 UTC."""

    settings: Settings
    clock: SettableClock = field(default_factory=lambda: SettableClock(DAWN))
    keep_workers: Callable[[], None] | None = None
    """Where the workers are processes of their own: called over and over while the engine waits for them."""

    def __post_init__(self) -> None:
        self.database: Database = open_database(self.settings)

    # --- what people write -----------------------------------------------------------------------------------

    def add(self, row: Row) -> int:
        with writing(self.database) as session:
            session.add(row)
            session.flush()
            return id_of(row)  # type: ignore[arg-type]  # every table here has an id

    def programme(self, code: str = "evening", **fields: Any) -> int:
        usual: dict[str, Any] = {"title": code, "code": code, "clock": CLOCK, "created_at": DAWN}
        return self.add(Programme(**usual | fields))

    def slot(self, programme_id: int, **fields: Any) -> int:
        usual: dict[str, Any] = {
            "start_minute": 900,
            "stop_minute": 901,
            "days": "1234567",
            "first_date": date(2026, 11, 1),
            "last_date": date(2026, 12, 31),
            "created_at": DAWN,
        }
        return self.add(Slot(programme_id=programme_id, **usual | fields))

    def feed(self, slot_id: int, address: Path | str, **fields: Any) -> int:
        """A site of its own with a line on the slot, and the feed that takes it."""
        number = len(self.rows(Site))
        site = self.add(Site(code=f"S{number}", name="Site", created_at=DAWN))
        usual: dict[str, Any] = {
            "protocol": "folder" if isinstance(address, Path) else "http_put",
            "name_template": "{date}_{time}_{site}.{ext}",
            "bitrate_kbps": 128,
            "created_at": DAWN,
            "updated_at": DAWN,
        }
        if isinstance(address, Path):
            address.mkdir(exist_ok=True)
        feed = self.add(Feed(site_id=site, name=f"feed {number}", address=str(address), **usual | fields))
        line = self.add(
            Line(
                slot_id=slot_id, site_id=site, khz=7500 + number, days="1234567", created_at=DAWN,
                first_date=date(2026, 11, 1), last_date=date(2026, 12, 31),
            )
        )  # fmt: skip
        with writing(self.database) as session:
            session.add(LineFeed(line_id=line, feed_id=feed))
        return feed

    def evening(self, address: Path | str, **fields: Any) -> tuple[int, int]:
        """The usual programme with one feed: ids of the slot and the feed."""
        slot = self.slot(self.programme())
        return slot, self.feed(slot, address, **fields)

    def change(self, kind: type[Row], number: int, **fields: Any) -> None:
        with writing(self.database) as session:
            row = session.get_one(kind, number)
            for name, value in fields.items():
                setattr(row, name, value)
            session.add(row)

    def recall(self, segment_id: int) -> None:
        self.change(Segment, segment_id, state=SegmentState.recalled)

    def news_of(self, version: int) -> int:
        """The segment that stands for the news in a version."""
        (row,) = self.rows(RundownVersion, RundownVersion.version == version)
        items = Rundown.from_json(row.body).items
        (source,) = (one.source for one in items if one.element == 1)
        assert isinstance(source, SegmentSource)
        return source.segment_id

    # --- what is to be seen ----------------------------------------------------------------------------------

    def rows(self, kind: type[Row], *where: Any) -> Sequence[Row]:
        with reading(self.database) as session:
            return session.exec(select(kind).where(*where)).all()

    def airing(self, at: datetime = ON_AIR_AT) -> Airing:
        (row,) = self.rows(Airing, Airing.starts_at == at)
        return row

    def handoffs(self, airing: Airing) -> list[tuple[int, int, str]]:
        """Feed, version and state of each."""
        rows = self.rows(Handoff, Handoff.airing_id == airing.id)
        return sorted((row.feed_id, row.version, row.state) for row in rows)

    def alarms(self) -> set[tuple[str, int | None]]:
        """The open ones: kind and feed."""
        return {(row.kind, row.feed_id) for row in self.rows(Alarm, col(Alarm.cleared_at).is_(None))}

    def session(self) -> Session:
        return Session(self.database)

    # --- how it lives ----------------------------------------------------------------------------------------

    def live_until(self, until: datetime, at_rest: Callable[[Engine], None] | None = None) -> None:
        """From instant to instant, as the plan names them. ``at_rest`` is called before each step of the clock."""
        asyncio.run(self._live(until, at_rest))

    async def _live(self, until: datetime, at_rest: Callable[[Engine], None] | None) -> None:
        engine = Engine(self.settings, self.database, self.clock)
        try:
            limit = time.monotonic() + 120
            while time.monotonic() < limit:
                # A job that ends during the tick is not in its plan: only a plan made at rest may set the clock.
                worked = self.keep_workers is not None and self._awaits_workers()
                current = await engine.tick()
                if await self._work() or await self._finish(engine):
                    continue
                if engine.changed.is_set():  # a delivery ended while the plan that we hold was being made
                    engine.changed.clear()
                    continue
                if self.keep_workers is not None and (worked or self._awaits_workers()):
                    self.keep_workers()
                    await asyncio.sleep(0.3)  # as the real engine does: the workers need the processor
                    continue
                if at_rest is not None:
                    at_rest(engine)
                if self.clock() >= until:
                    return
                self.clock.at = min(self._next(current), until)
            raise AssertionError("the night does not come to its end")
        finally:
            await engine.close()

    def _next(self, current: Plan) -> datetime:
        sweep = self.clock() + timedelta(seconds=5)
        if current.actions:  # something could not be done: the next sweep tries again
            return sweep
        return current.next_at or sweep

    async def _work(self) -> bool:
        if self.keep_workers is not None:
            return False
        job = claim(self.database, "worker-0", (*NIGHT_KINDS, "ingest"))
        if job is not None:
            await asyncio.to_thread(work, self.database, self.settings, job, self.clock)
        return job is not None

    async def _finish(self, engine: Engine) -> bool:
        """Let what is under way come to its end. Returns whether there was anything."""
        mailing = [engine.telling.get(what) for what in ("notices", "reminders")]
        mails = [one for one in mailing if one is not None and not one.done()]
        tasks = [*engine.deliveries.values(), *engine.looks.values(), *mails]
        if tasks:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)
        return bool(tasks)

    def _awaits_workers(self) -> bool:
        with reading(self.database) as session:
            return unfinished(session, (*NIGHT_KINDS, "ingest")) > 0


def eventually(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is true, generously: how long it takes is not what is tested."""
    limit = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < limit, "it never came about"
        time.sleep(0.05)
    return found
