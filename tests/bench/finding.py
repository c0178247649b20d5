"""What it costs to find segments as one types, in a library of years, at the API of the real web process.

    python tests/bench/finding.py                      # 20,000 segments, 500,000 as-run rows; a few minutes
    python tests/bench/finding.py --rounds 20

The web process (uvicorn) runs by itself on a loopback port; one client asks it over one connection, with a key, for pages of 50.
Each query is typed on a two-set keyboard, and every state of the field is asked for, ``--rounds`` times, after as many
to warm up as there are states. ``SQL`` is the same statement, parameters and all, on a plain sqlite3 connection to the same file in this
process, and ``station`` the smallest answer that the API gives to a key, asked in turn with the others. ``slowest`` is the
state whose median is highest, with how many segments its page has. Milliseconds; ``x`` is API over station. Where other work shares the
cores, look at the medians and at station's own p99.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402
from sqlalchemy import event  # noqa: E402

from app.database import open_database, reading  # noqa: E402
from app.library.finding import Filters, find  # noqa: E402
from tests.bench.finding_library import IDENT, NOW, fill_record, fill_segments  # noqa: E402
from tests.integration.library.stations import Service, make_station, serving  # noqa: E402
from tests.keyboards import typing  # noqa: E402

TYPED = ("뉴스", "김하늘 쌀값", "장마당 라디오 극장", "없는제목", "올림픽 12월 25일")
INITIALS = ("ㄴㅅ", "ㅍㅇ ㄱㅎㄴ", "ㅋㅋㅋ", "평ㅇ ㄴ사")
"""These are as they are."""
LONG_AGO = (NOW - timedelta(days=600)).date()
FILTERED: tuple[dict[str, Any], ...] = (
    {},
    {"kind": "ident"},
    {"q": "방송국 아이디"},
    {"tag": "쌀값"},
    {"presenter": "김하늘"},
    {"series": "이야기 연속"},
    {"created_from": str(LONG_AGO), "created_to": str(LONG_AGO + timedelta(days=6))},
    {"min_s": 30, "max_s": 60},
    {"not_aired_for_days": 30},
    {"not_aired_for_days": 900, "kind": "news"},
    {"expires_within_days": 7},
    {"q": "뉴ㅅ", "tag": "쌀값", "state": "approved", "min_s": 60, "not_aired_for_days": 30},
)
PAGE = 50
SMALLEST = "/api/v1/station"

Times = dict[str, list[float]]


@dataclass
class Asked:
    """One query in all the states of its typing, with milliseconds of each."""

    name: str
    states: list[dict[str, Any]]
    api: Times = field(default_factory=dict)
    sql: Times = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)


class Client:
    """One connection, kept open: what is measured is the server and not the client."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection(*service.address, timeout=60)
        self._headers = {"Authorization": f"Bearer {service.station.key}"}

    def get(self, path: str, query: dict[str, Any] | None = None) -> bytes:
        self._connection.request("GET", f"{path}?{urlencode(query or {})}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(body.decode())
        return body


class Statements:
    """The statement of each query, caught on its way to the database."""

    def __init__(self, service: Service) -> None:
        self._engine = open_database(service.station.settings)
        self._plain = sqlite3.connect(service.station.settings.database_path)
        self._caught: list[tuple[str, Any]] = []

        @event.listens_for(self._engine, "before_cursor_execute")
        def _catch(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            self._caught.append((statement, parameters))

    def of(self, query: dict[str, Any]) -> Callable[[], int]:
        """Run it plainly; gives how many rows there were."""
        self._caught.clear()
        names = {"q": "words"}
        fields = {names.get(name, name): _value(name, value) for name, value in query.items()}
        with reading(self._engine) as session:
            find(session, Filters(**fields), now=NOW, before_id=None, limit=PAGE + 1)
        statement, parameters = self._caught[-1]  # before it stands BEGIN
        return lambda: len(self._plain.execute(statement, parameters).fetchall())


def _value(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name.startswith("created") else value


def measure(service: Service, rounds: int) -> tuple[list[Asked], list[float]]:
    """Everything in turn, so that a busy moment of the machine is everybody's."""
    client, statements = Client(service), Statements(service)
    queries = [Asked(text, [{"q": shown} for shown in typing(text)]) for text in TYPED]
    queries += [Asked(text, [{"q": text}]) for text in INITIALS]
    queries += [
        Asked(" ".join(f"{k}={v}" for k, v in query.items()) or "(all)", [query]) for query in FILTERED
    ]
    smallest: list[float] = []
    plain = {_key(state): statements.of(state) for asked in queries for state in asked.states}
    for number in range(rounds + 1):
        for asked in queries:
            for state in asked.states:
                key = _key(state)
                api_ms, body = _timed(lambda state=state: client.get("/api/v1/segments", state))  # type: ignore[misc]
                sql_ms, rows = _timed(plain[key])
                least_ms, _ = _timed(lambda: client.get(SMALLEST))
                if number:  # the first round warms up
                    asked.api.setdefault(key, []).append(api_ms)
                    asked.sql.setdefault(key, []).append(sql_ms)
                    smallest.append(least_ms)
                elif min(rows, PAGE) != len(json.loads(body)["items"]):
                    raise RuntimeError(f"{state}: the API and the statement do not agree")
                asked.found[key] = rows
    return queries, smallest


def measure_paths(service: Service, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """The other answers: a segment, and where it aired; of the ident that is in every airing, and of another."""
    client = Client(service)
    busiest = json.loads(client.get("/api/v1/segments", {"limit": 200, "created_to": str(LONG_AGO)}))["items"]
    usual = max(busiest, key=lambda one: one["times_aired"])
    for name, segment_id in (("the ident", IDENT), (f"aired {usual['times_aired']} times", usual["id"])):
        for path in (f"/api/v1/segments/{segment_id}", f"/api/v1/segments/{segment_id}/airings"):
            client.get(path)
            times = [_timed(lambda path=path: client.get(path))[0] for _ in range(rounds)]  # type: ignore[misc]
            yield f"{path.removeprefix('/api/v1')} ({name})", times


def _timed(job: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = job()
    return (time.perf_counter() - began) * 1000, result


def _key(state: dict[str, Any]) -> str:
    return state["q"] if list(state) == ["q"] else json.dumps(state, ensure_ascii=False)


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def show(queries: list[Asked], smallest: list[float], paths: list[tuple[str, list[float]]]) -> None:
    least = _at(smallest, 0.5)
    table = Table("query", "states", "API p50", "p99", "SQL p50", "p99", "x", "slowest", "found", "p50")
    for asked in queries:
        api = [each for times in asked.api.values() for each in times]
        sql = [each for times in asked.sql.values() for each in times]
        slowest = max(asked.api, key=lambda key: _at(asked.api[key], 0.5))
        found = asked.found[slowest]
        table.add_row(
            asked.name,
            str(len(asked.states)),
            *(f"{_at(times, share):.1f}" for times in (api, sql) for share in (0.5, 0.99)),
            f"{_at(api, 0.5) / least:.1f}",
            slowest if len(asked.states) > 1 else "",
            f"{min(found, PAGE)}{'+' if found > PAGE else ''}",
            f"{_at(asked.api[slowest], 0.5):.1f}",
        )
    for name, times in [("/station", smallest), *paths]:
        table.add_row(
            name,
            "",
            f"{_at(times, 0.5):.1f}",
            f"{_at(times, 0.99):.1f}",
            "",
            "",
            f"{_at(times, 0.5) / least:.1f}",
        )
    Console(width=160).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, default=20_000)
    parser.add_argument("--as-run", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=100)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        station = make_station(Path(folder) / "var")
        segments_s = _timed(lambda: fill_segments(station.engine, wanted.segments))[0] / 1000
        record_s = _timed(lambda: fill_record(station.engine, wanted.segments, wanted.as_run))[0] / 1000
        station.engine.dispose()
        size = station.settings.database_path.stat().st_size >> 20
        print(
            f"{wanted.segments} segments written in {segments_s:.1f} s, the record in {record_s:.1f} s: {size} MiB"
        )
        with serving(station) as service:
            before = service.memory_bytes()[1] >> 20
            queries, smallest = measure(service, wanted.rounds)
            paths = list(measure_paths(service, wanted.rounds))
            after = service.memory_bytes()[1] >> 20
        show(queries, smallest, paths)
        print(
            f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; the web process held {before} MiB at most before, {after} MiB at most afterwards"
        )


if __name__ == "__main__":
    main()
