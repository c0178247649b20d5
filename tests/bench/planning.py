"""What one look of the engine at everything open costs, by how many airings are open: queries, and time.

    python tests/bench/planning.py                 # 2, 6 and 20 airings a night, three nights of which are open; a minute
    python tests/bench/planning.py --nightly 60

A night of each is compiled, rendered and handed over first; the look is the one that the engine takes before each airing's
time and after every action. ``of one`` is its time beside that of the first row, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import structlog  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from sqlalchemy import event  # noqa: E402
from sqlmodel import col, func, select  # noqa: E402

from app.airings.models import Airing  # noqa: E402
from app.database import reading, writing  # noqa: E402
from app.engine.process import Engine  # noqa: E402
from app.frequencies.models import Line, LineFeed  # noqa: E402
from app.settings import Settings  # noqa: E402
from schedules.snapshot import CLOSED  # noqa: E402
from tests.integration.engine.living import DAWN, ON_AIR_AT, LivingStation, founded  # noqa: E402

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Look:
    open_airings: int
    queries: int
    seconds: float


def look(folder: Path, nightly: int) -> Look:
    """At a station with so many airings a night, 20 minutes before the first."""
    station = LivingStation(Settings(home=founded(folder / "home"), disk_reserve_bytes=0))
    programme = station.programme()
    first = station.slot(programme)
    feed = station.feed(first, folder / "site")
    for number in range(1, nightly):
        slot = station.slot(programme, start_minute=900 + number, stop_minute=901 + number)
        line = Line(
            slot_id=slot, site_id=1, khz=7500 + number, days="1234567", created_at=DAWN,
            first_date=date(2026, 11, 1), last_date=date(2026, 12, 31),
        )  # fmt: skip
        line_id = station.add(line)
        with writing(station.database) as session:
            session.add(LineFeed(line_id=line_id, feed_id=feed))
    station.live_until(ON_AIR_AT - timedelta(minutes=20))
    return asyncio.run(_looked(station))


async def _looked(station: LivingStation) -> Look:
    engine, now, asked = Engine(station.settings, station.database, station.clock), station.clock(), 0

    @event.listens_for(station.database, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal asked
        asked += 1

    with reading(station.database) as session:
        still = select(func.count(col(Airing.id))).where(col(Airing.state).not_in(CLOSED))
        open_airings = session.exec(still).one()
    engine._plan(now)
    asked, took = 0, []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        engine._plan(now)
        took.append(time.perf_counter() - began)
    return Look(open_airings, asked // ROUNDS, statistics.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nightly", type=int, nargs="+", default=[2, 6, 20])
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    table = Table("airings a night", "open", "queries", "ms", "of one")
    least: float | None = None
    for nightly in wanted.nightly:
        with tempfile.TemporaryDirectory(prefix="danpa-planning-") as folder:
            found = look(Path(folder), nightly)
        least = least or found.seconds
        table.add_row(
            str(nightly), str(found.open_airings), str(found.queries), f"{found.seconds * 1000:.1f}",
            f"{found.seconds / least:.1f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
