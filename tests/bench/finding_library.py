"""A library of years in a station's database: segments with Korean titles, the record of what was aired, tonight's rundowns."""

# ruff: noqa: SIM905 - words in a row read better than a list of literals

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert
from sqlmodel import SQLModel

from app.airings.models import Airing, AsRun, RundownVersion
from app.database import writing
from app.frequencies.models import Line, Site
from app.library.models import Segment
from app.programmes.models import Programme, Slot
from schedules.rundown import Item, Reason, Rundown, SegmentSource
from schedules.said import Said

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
"""The web process reads the real clock."""
RATE = 48_000
SLOTS, LINES = 20, 3
"""Airings of a night, and lines of each."""
ITEMS = 9
"""Of an airing, the first being the station's ident, always the same."""
OPEN = 60
OPEN_ITEMS = 40
LENGTH = 30 * 60 * RATE
IDENT = 1
"""The id of the segment that opens every airing."""

KINDS = {
    "news": 30,
    "talk": 25,
    "testimony": 12,
    "drama": 8,
    "music": 20,
    "ident": 1,
    "jingle": 2,
    "filler": 2,
}
PLACES = "서울 평양 신의주 청진 함흥 원산 개성 해주 부산 제주 연길 단둥 워싱턴 제네바 도쿄 베이징".split()
THINGS = """
    뉴스 경제 장마당 농사 날씨 학교 병원 전기 쌀값 국경 편지 가족 노래 영화 드라마 인권 헌법 선거 시장 기술 손전화 인터넷 역사 전쟁 휴전
    국군포로 이산가족 탈북민 정착 대학 군대 철도 탄광 바다 어부 명절 김장 한복 축구 올림픽
""".split()
FORMS = "아침 뉴스|저녁 뉴스|주간 좌담|이야기|증언|라디오 극장|오늘의 해설|밤의 음악|책 읽기|세계의 창|법률 상담|고향 편지".split(
    "|"
)
FAMILIES, GIVEN = (
    "김이박최정강조윤장임한오서신권황안송류홍",
    "하늘 바다 민준 서연 지우 은주 철수 영희 명호 순복 금희 혁 솔 보라".split(),
)


def fill_segments(engine: Engine, count: int, seed: int = 7) -> None:
    """The segments alone, as the service writes them."""
    with writing(engine) as session:
        session.add_all(Segment(**row) for row in _segments(count, random.Random(seed)))


def fill_record(engine: Engine, segments: int, as_run: int, seed: int = 7) -> None:
    """Programmes, lines, past airings with their as-run rows, and the open ones with their rundowns."""
    chance = random.Random(seed)
    with engine.begin() as connection:
        _add(connection, Site, [{"code": "TAC", "name": "Tashkent", "created_at": NOW}])
        _add(
            connection,
            Programme,
            [{"title": f"방송 {n}", "code": f"p{n}", "clock": [], "created_at": NOW} for n in range(SLOTS)],
        )
        every = {
            "days": "1234567",
            "first_date": date(2020, 1, 1),
            "last_date": date(2030, 1, 1),
            "created_at": NOW,
        }
        times = ({"start_minute": n * 60, "stop_minute": n * 60 + 30} for n in range(SLOTS))
        _add(connection, Slot, ({"programme_id": n + 1} | time | every for n, time in enumerate(times)))
        _add(
            connection,
            Line,
            (
                {"slot_id": n // LINES + 1, "site_id": 1, "khz": 5000 + 5 * n} | every
                for n in range(SLOTS * LINES)
            ),
        )
        past = as_run // (LINES * ITEMS)
        _add(connection, Airing, (_airing(n - past, "done") for n in range(past)))
        _add(connection, Airing, (_airing(n, "compiled") for n in range(OPEN)))
        _add(connection, AsRun, _as_run(past, segments, chance))
        _add(connection, RundownVersion, (_rundown(past + n + 1, segments, chance) for n in range(OPEN)))


def _add(
    connection: Connection, table: type[SQLModel], rows: Iterator[dict[str, Any]] | list[dict[str, Any]]
) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == 5000:
            connection.execute(insert(table), waiting)
            waiting.clear()
    if waiting:
        connection.execute(insert(table), waiting)


def _segments(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    people = [family + given for family in FAMILIES for given in GIVEN]
    kinds, weights = list(KINDS), list(KINDS.values())
    for n in range(count):
        made = NOW - timedelta(hours=count - n)
        kind = "ident" if n == 0 else chance.choices(kinds, weights)[0]
        title = f"{chance.choice(PLACES)} {chance.choice(THINGS)} {chance.choice(FORMS)} {made.month}월 {made.day}일"
        samples = chance.randint(30, 1500) * RATE
        in_series = chance.random() < 0.3
        yield {
            "title": "방송국 아이디" if n == 0 else title,
            "kind": kind,
            "tags": chance.sample(THINGS, chance.randint(0, 4)),
            "presenter": chance.choice(people) if chance.random() < 0.8 else None,
            "series": chance.choice(FORMS) + " 연속" if in_series else None,
            "episode": n % 1000 + 1 if in_series else None,
            "air_until": made + timedelta(days=400) if kind == "news" else None,
            "state": chance.choices(["approved", "draft", "retired"], [90, 5, 5])[0],
            "created_at": made,
            "created_by": None,
            "approved_at": made,
            "revision": 2,
            "original_name": f"{title}.wav",
            "original_sha256": f"{n:064x}",
            "original_bytes": samples * 3,
            "master_sha256": f"{n + 10**9:064x}",
            "samples": samples,
            "cue_in": 0,
            "cue_out": samples,
            "played_samples": samples,
            "loudness_lufs": -20.4,
            "peak_dbtp": -4.2,
            "leading_silence_samples": 12_000,
            "trailing_silence_samples": 21_600,
            "silences": [[RATE * m * 40, RATE * m * 40 + 60_000] for m in range(1, chance.randint(1, 6))],
            "clipped_samples": 0,
            "damaged": False,
            "peaks_sha256": f"{n + 2 * 10**9:064x}",
        }


def _airing(number: int, state: str) -> dict[str, Any]:
    """Airing 0 is the next; negative ones have been."""
    starts_at = _starts_at(number)
    return {
        "slot_id": number % SLOTS + 1,
        "starts_at": starts_at,
        "stops_at": starts_at + timedelta(minutes=30),
        "target_samples": LENGTH,
        "compile_at": starts_at,
        "state": state,
        "readiness": "ok",
        "version": 1,
        "armed_version": 0,
        "arming": 0,
        "turns": [],
        "created_at": starts_at,
    }


def _starts_at(number: int) -> datetime:
    return NOW + timedelta(minutes=20 + 72 * number)


def _as_run(past: int, segments: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(past):
        began = _starts_at(number - past)
        # Mostly what is new at the time, and something old now and then
        newest = max(50, segments * (number + 1) // past)
        heard = [IDENT, *(max(2, newest - int(chance.expovariate(1 / 800))) for _ in range(ITEMS - 1))]
        for line in range(LINES):
            for position, segment_id in enumerate(heard):
                starts_at = began + timedelta(seconds=200 * position)
                yield {
                    "airing_id": number + 1,
                    "line_id": (number - past) % SLOTS * LINES + line + 1,
                    "version": 1,
                    "position": position,
                    "segment_id": segment_id,
                    "source": "segment",
                    "starts_at": starts_at,
                    "ends_at": starts_at + timedelta(seconds=200),
                    "evidence": "delivered",
                    "details": {"handoff": number, "verified_at": starts_at.isoformat(), "first_sample": 0},
                }


def _rundown(airing_id: int, segments: int, chance: random.Random) -> dict[str, Any]:
    heard = [IDENT, *(chance.randint(2, segments) for _ in range(OPEN_ITEMS - 1))]
    each = LENGTH // OPEN_ITEMS // 1152 * 1152
    items = tuple(
        Item(
            n,
            SegmentSource(one, f"{one + 10**9 - 1:064x}"),
            n * each,
            each,
            0,
            0,
            0,
            n,
            Reason("pick", 9, Said("", "the newest")),
        )
        for n, one in enumerate(heard)
    )
    body = Rundown(LENGTH, 1152, "programme", items, (), 1, "9").to_json().decode()
    return {
        "airing_id": airing_id,
        "version": 1,
        "level": "programme",
        "cause": "first",
        "body": body,
        "sha256": f"{airing_id:064x}",
        "compiled_at": NOW,
        "unspoken": [],
    }
