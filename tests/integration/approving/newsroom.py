"""A station that awaits a letter tonight, with somebody who edits and somebody who approves, each with a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import httpx
from sqlmodel import SQLModel, select

from app.airings.compiling import run_compile
from app.airings.materialise import materialise
from app.airings.models import Airing, RundownVersion
from app.database import id_of, reading, writing
from app.library.models import Cut, CutState, Segment, SegmentState
from app.programmes.models import Programme, Slot
from app.station.models import Station
from tests.stations import NOW, SmallStation

RATE = 48_000
MINUTE = timedelta(minutes=1)
STARTS_AT = datetime(2026, 11, 22, 20, tzinfo=UTC)
LETTER_ON = date(2026, 11, 23)
"""At 20:00 UTC it is the next day in Korea."""

CUT_OFF_AT = STARTS_AT - timedelta(seconds=60 + 600 + 30 + 120)
"""No feed takes it, and nothing was measured: ingest, approval, compile and render as they are assumed."""

CLOCK: list[dict[str, Any]] = [
    {"type": "awaited", "name": "letter", "required": False},
    {"type": "pick", "kinds": ["news"], "order": "newest"},
    {"type": "fill", "kinds": ["music"]},
]

Row = TypeVar("Row", bound=SQLModel)


@dataclass
class Newsroom:
    """``editor`` and ``approver`` are clients; ``editor_id`` and ``approver_id`` the people behind them."""

    station: SmallStation
    editor: httpx.Client
    approver: httpx.Client
    editor_id: int = 1
    approver_id: int = 2
    airings: list[int] = field(default_factory=list)

    def open(self) -> None:
        """Write the programme, its library, and its airings of tonight and of tomorrow."""
        for title, kind, minutes in (
            ("저녁 뉴스", "news", 5),
            ("거문고 산조", "music", 25),
            ("가을", "music", 30),
        ):
            self.recording(title=title, kind=kind, seconds=60 * minutes, state=SegmentState.approved)
        with writing(self.station.database) as session:
            here = session.get_one(Station, 1)
            here.interval_signal_sha256, here.interval_signal_samples = "5" * 64, 8 * RATE
            programme = Programme(title="밤의 목소리", code="night", clock=CLOCK, created_at=NOW)
            session.add_all([here, programme])
            session.flush()
            session.add(
                Slot(
                    programme_id=id_of(programme),
                    start_minute=1200,
                    stop_minute=1230,
                    days="1234567",
                    first_date=date(2026, 11, 1),
                    last_date=date(2026, 11, 30),
                    created_at=NOW,
                )
            )
            session.flush()
            materialise(session, NOW, NOW + timedelta(days=2))
        self.airings = [id_of(one) for one in self.rows(Airing)]

    def recording(self, seconds: float = 100.0, **fields: Any) -> int:
        """A recording with its measurements; the editor's, and a draft, unless told otherwise."""
        samples = round(seconds * RATE)
        count = len(self.rows(Segment))
        usual: dict[str, Any] = {
            "title": "편지",
            "kind": "talk",
            "state": SegmentState.draft,
            "created_by": self.editor_id,
            "samples": samples,
            "cue_in": 0,
            "cue_out": samples,
            "loudness_lufs": -20.0,
            "peak_dbtp": -6.0,
            "clipped_samples": 0,
            "master_sha256": f"{count:064x}",
        }
        return self.station.add_segment(**usual | fields)

    def letter(self, **fields: Any) -> int:
        usual: dict[str, Any] = {"awaited_as": "letter", "awaited_on": LETTER_ON}
        return self.recording(**usual | fields)

    def edit(self, segment_id: int, by: httpx.Client | None = None, **edits: Any) -> int:
        """Edit a segment over the API; what would be cut by a worker is said to be made. Returns the cut's number."""
        answer = (by or self.editor).put(f"/api/v1/segments/{segment_id}/edits", json=edits)
        assert answer.status_code == 200, answer.text
        cut: dict[str, Any] = answer.json()["newest_cut"]
        if cut["state"] == "making":
            self.made(segment_id, cut["number"])
        return int(cut["number"])

    def made(self, segment_id: int, number: int) -> None:
        """What the worker would write, but for the sound."""
        with writing(self.station.database) as session:
            [cut] = session.exec(select(Cut).where(Cut.segment_id == segment_id, Cut.number == number)).all()
            left = RATE * 100 - sum(end - start for start, end in cut.edits["removed"])
            cut.state, cut.samples, cut.cue_in, cut.cue_out = CutState.ready, left, 0, left
            cut.master_sha256 = f"{segment_id:032x}{number:032x}"

    def compiled(self, airing_id: int) -> int:
        """Compile the next version of an airing; returns its number."""
        station = self.station
        payload = {"airing_id": airing_id, "level": "programme"}
        result = run_compile(station.database, station.settings, payload, clock=station.clock)
        assert result["level"] == "programme", result["passed"]
        with writing(station.database) as session:
            airing = session.get_one(Airing, airing_id)
            airing.version, airing.state = airing.version + 1, "compiled"
            session.add(
                RundownVersion(
                    airing_id=airing_id,
                    version=airing.version,
                    level=result["level"],
                    cause="first",
                    body=result["body"],
                    sha256=result["sha256"],
                    compiled_at=station.clock(),
                )
            )
            return airing.version

    def rows(self, kind: type[Row], *where: Any) -> Sequence[Row]:
        with reading(self.station.database) as session:
            return session.exec(select(kind).where(*where)).all()

    def change(self, kind: type[Row], number: int, **fields: Any) -> None:
        with writing(self.station.database) as session:
            row = session.get_one(kind, number)
            for name, value in fields.items():
                setattr(row, name, value)
            session.add(row)

    def queue(self, by: httpx.Client | None = None, **asked: Any) -> list[dict[str, Any]]:
        answer = (by or self.approver).get("/api/v1/approvals", params=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items
