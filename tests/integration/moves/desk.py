"""The frequency manager's desk: a station with a line that can be moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlmodel import Session, SQLModel, col, select

from app.alarms.models import Alarm
from app.database import reading, writing
from app.moves.notices import claim_due, sent
from app.moves.watching import watch_changes
from tests.stations import SmallStation

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
"""A Sunday; the slot's next start is at 20:00."""

SLOT = {
    "programme_id": 1,
    "start": "2000",
    "stop": "2030",
    "days": "daily",
    "first_date": "2026-10-25",
    "last_date": "2027-03-27",
}
LINE = {"slot_id": 1, "site_id": 1, "khz": 7490, "power_kw": 100, "azimuth": 76, "ciraf_zones": "44NE"}


@dataclass
class Desk:
    station: SmallStation
    api: httpx.Client
    line: int = field(init=False)

    def __post_init__(self) -> None:
        self.add("programmes", title="저녁 증언", code="evening")
        self.add("slots", **SLOT)
        self.add("sites", code="TAC", name="Tashkent", notice_h=6, notice_mail="schedule@tac.example")
        self.add("sites", code="PAO", name="Paochung", desk={"mail": "desk@pao.example"})
        self.line = self.add("lines", **LINE)

    def add(self, what: str, **fields: Any) -> int:
        answer = self.api.post(f"/api/v1/{what}", json=fields)
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["id"]
        return number

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.api.post(f"/api/v1/{path}", json=body)

    def move(self, line: Any = None, **body: Any) -> dict[str, Any]:
        """Ask for a move; gives the change."""
        wanted = {"khz": 7585, "reason": "jammed"} | body
        answer = self.post(f"lines/{line or self.line}/move", **wanted)
        assert answer.status_code == 201, answer.text
        change: dict[str, Any] = answer.json()["change"]
        return change

    def answer(self, change: int, answer: str = "acknowledged", **body: Any) -> httpx.Response:
        return self.post(f"line-changes/{change}/answer", answer=answer, **({"how": "by phone"} | body))

    def undo(self, change: int) -> httpx.Response:
        return self.api.post(f"/api/v1/line-changes/{change}/undo")

    def change(self, number: int) -> dict[str, Any]:
        shown: dict[str, Any] = self.api.get(f"/api/v1/line-changes/{number}").json()
        return shown

    def lines(self) -> list[tuple[int, str, str]]:
        """Frequency, first and last date of each line, in the order of their dates."""
        items = self.api.get("/api/v1/lines").json()["items"]
        rows = [(row["khz"], row["first_date"], row["last_date"]) for row in items]
        return sorted(rows, key=lambda row: row[1:])

    def mail(self) -> list[str]:
        """The engine's mailing, with a server that takes everything: the tokens of the reply links that went out."""
        with writing(self.station.database) as session:
            letters = claim_due(session, self.station.settings, self.station.clock())
            for letter in letters:
                sent(session, letter.notice_id, self.station.clock())
        return [letter.token for letter in letters if letter.token]

    def watch(self) -> set[str]:
        """The engine's look at changes; gives the kinds of the open alarms."""
        watch_changes(self.station.database, self.station.settings, self.station.clock())
        with reading(self.station.database) as session:
            return set(session.exec(select(Alarm.kind).where(col(Alarm.cleared_at).is_(None))))

    def rows(self, kind: type[SQLModel]) -> list[Any]:
        with self.session() as session:
            return list(session.exec(select(kind)).all())

    def session(self) -> Session:
        return Session(self.station.database, expire_on_commit=False)
