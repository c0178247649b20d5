"""How long it takes to see what waits to be approved, and to look whether somebody is to be reminded.

    python tests/bench/approvals.py            # about half a minute

A library of segments with their cuts, of which some are drafts: 30 awaited by tonight's airings, 50 edits of what may air
and is in a rundown, the others of no airing. 96 airings in 48 hours, each with a clock that awaits something (of those of tonight
everything is here as a draft: the worst case) and a rundown of 30 items that holds an older cut. Each job runs seven times in one process, over a database that is open: the median and the slowest, in milliseconds.
`plain` is a bare SQL query for the titles of the oldest drafts, for comparison.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402
from sqlalchemy import Engine, insert, text  # noqa: E402

from app.airings.models import Airing, RundownVersion  # noqa: E402
from app.approving.queue import queue, waiting_count  # noqa: E402
from app.approving.reminders import write_down  # noqa: E402
from app.approving.schemas import QueueOut, WaitingOut  # noqa: E402
from app.database import id_of, migrate, open_sqlite, reading, writing  # noqa: E402
from app.library.models import Cut, Segment  # noqa: E402
from app.people.models import Person  # noqa: E402
from app.programmes.models import Programme, Slot  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.station.models import Station  # noqa: E402

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AWAITED, EDITED, AIRINGS, ITEMS, ROUNDS = 30, 50, 96, 30, 7


def fill(database: Engine, segments: int, drafts: int) -> None:
    """Write the station."""
    with writing(database) as session:
        session.add_all([Station(name="bench", created_at=NOW), Person(name="a", created_at=NOW)])
        programmes = [
            Programme(
                title=f"p{n}", code=f"p{n}", clock=[{"type": "awaited", "name": f"item {n}"}], created_at=NOW
            )
            for n in range(AWAITED)
        ]
        session.add_all(programmes)
        session.flush()
        slots = [
            Slot(
                programme_id=id_of(one), start_minute=n, stop_minute=n + 30, days="1234567", created_at=NOW,
                first_date=date(2026, 11, 1), last_date=date(2026, 11, 30),
            )
            for n, one in enumerate(programmes)
        ]  # fmt: skip
        session.add_all(slots)
        session.flush()
        connection = session.connection()
        connection.execute(insert(Segment), [_segment(n, segments - drafts) for n in range(segments)])
        connection.execute(insert(Cut), [_cut(n) for n in range(segments)])
        for n in range(AIRINGS):
            at = NOW + timedelta(minutes=30 * (n + 1))
            airing = Airing(
                slot_id=id_of(slots[n % AWAITED]), starts_at=at, stops_at=at + timedelta(minutes=30),
                target_samples=1, compile_at=NOW, version=1, created_at=NOW,
            )  # fmt: skip
            session.add(airing)
            session.flush()
            session.add(
                RundownVersion(
                    airing_id=id_of(airing), version=1, level="programme", cause="first", sha256="", compiled_at=NOW,
                    body=_body(n, segments - drafts),
                )
            )  # fmt: skip


def _segment(n: int, first_draft: int) -> dict[str, object]:
    place = n - first_draft
    is_awaited = 0 <= place < AWAITED
    is_edited = AWAITED <= place < AWAITED + EDITED
    return {
        "id": n + 1, "title": f"녹음 {n}", "kind": "talk", "tags": ["a", "b"], "script": "가" * 3000, "created_at": NOW,
        "state": "draft" if place >= 0 else "approved", "cut": 1, "approved_cut": 1 if place < 0 else 0 if is_edited else None,
        "awaited_as": f"item {place}" if is_awaited else None, "awaited_on": date(2026, 11, 23) if is_awaited else None,
        "samples": 14_400_000, "cue_in": 0, "cue_out": 14_400_000, "played_samples": 14_400_000, "revision": 1,
        "silences": [[480_000, 600_000]], "damaged": False, "clipped_samples": 0, "created_by": 1, "master_sha256": f"{n:064x}",
    }  # fmt: skip


def _cut(n: int) -> dict[str, object]:
    return {
        "segment_id": n + 1, "number": 1, "edits": {}, "edits_sha256": "0" * 64, "state": "ready", "gain_db": 0.0,
        "made_at": NOW - timedelta(minutes=n % 5000), "made_by": 1, "loudness_lufs": -20.0, "joins": [], "peaks_sha256": "0" * 64,
    }  # fmt: skip


def _body(n: int, first_draft: int) -> str:
    """A rundown as far as it is read here, as long as one is; every one holds an older cut of something."""
    ids = [first_draft + 1 + AWAITED + n % EDITED, *range(n * 40 + 1, n * 40 + ITEMS)]
    source = {"master_sha256": "0" * 64, "type": "segment"}
    reason = {
        "rule": "pick",
        "candidates": 500,
        "note": "the newest of 500 that may air; 12 rest, 3 of the same presenter",
    }
    items = [
        {"position": at, "source": source | {"segment_id": each, "cut": 0}, "reason": reason}
        for at, each in enumerate(ids)
    ]
    return json.dumps({"items": items})


def answer(database: Engine, limit: int) -> str:
    """What the API does, but for HTTP."""
    with reading(database) as session:
        found = queue(session, 1, NOW, limit)
        waiting = waiting_count(session)
    return QueueOut(
        items=[WaitingOut.model_validate(one) for one in found], waiting=waiting
    ).model_dump_json()


def remind(database: Engine, settings: Settings) -> None:
    with reading(database) as session:
        write_down(session, settings, NOW + timedelta(minutes=1))
        session.rollback()


def plain(database: Engine) -> None:
    query = "SELECT s.id, title FROM segment s JOIN cut c ON segment_id = s.id WHERE s.state = 'draft' ORDER BY made_at LIMIT 100"
    with reading(database) as session:
        session.connection().execute(text(query)).all()


def timed(job: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        job()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), max(taken)


def main() -> None:
    table = Table("segments", "drafts", "job", "median ms", "slowest ms")
    with tempfile.TemporaryDirectory() as folder:
        for segments, drafts in ((1_000, 100), (20_000, 100), (20_000, 500), (20_000, 10_000)):
            database = open_sqlite(Path(folder) / f"{segments}-{drafts}.db")
            migrate(database)
            fill(database, segments, drafts)
            settings = Settings(home=Path(folder), alarm_webhook_url="http://127.0.0.1:9/")
            jobs: dict[str, Callable[[], object]] = {
                "plain": partial(plain, database),
                "queue, first 100": partial(answer, database, 100),
                "queue, first 500": partial(answer, database, 500),
                "reminders": partial(remind, database, settings),
            }
            for name, job in jobs.items():
                median, slowest = timed(job)
                table.add_row(f"{segments:,}", f"{drafts:,}", name, f"{median:.1f}", f"{slowest:.1f}")
            database.dispose()
    Console().print(table)


if __name__ == "__main__":
    main()
