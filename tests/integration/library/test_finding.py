"""Finding segments over HTTP: words, filters and their combinations, pages, and where each was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session, SQLModel

from app.airings.models import Airing, AsRun, RundownVersion
from app.airings.outings import names_segment
from app.database import id_of, reading, writing
from app.frequencies.models import Line, Site
from app.library import service
from app.library.models import Segment, SegmentSearch, SegmentTag
from app.library.service import Measurements
from app.programmes.models import Programme, Slot
from audio.pcm import RATE
from schedules.rundown import IntervalSignalSource, Item, Reason, Rundown, SegmentSource
from schedules.said import Said
from tests.stations import NOW, SmallStation, keyed, make_station, serving

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Library:
    """A running station, and the ids of its segments by title."""

    station: SmallStation
    api: httpx.Client
    ids: dict[str, int]

    def titles(self, **query: Any) -> list[str]:
        answer = self.api.get("/api/v1/segments", params=query)
        assert answer.status_code == 200, answer.text
        return [item["title"] for item in answer.json()["items"]]

    def segment(self, title: str) -> Any:
        return self.api.get(f"/api/v1/segments/{self.ids[title]}").json()

    def airings(self, title: str, **query: Any) -> Any:
        answer = self.api.get(f"/api/v1/segments/{self.ids[title]}/airings", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library on which nothing is changed."""
    made = make_station(tmp_path_factory.mktemp("library") / "var")
    with serving(made) as url, keyed(url, made.key) as api:
        yield Library(made, api, fill(made))
    made.database.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Library]:
    """A station whose library is empty."""
    made = make_station(tmp_path / "var")
    with serving(made) as url, keyed(url, made.key) as api:
        yield Library(made, api, {})
    made.database.dispose()


def fill(station: SmallStation) -> dict[str, int]:
    """Newest last, one a day; `NOW` is 22 November 2026, 18:00 in Korea."""
    rows: list[dict[str, Any]] = [
        {"title": "시작 신호", "kind": "ident", "state": "approved"},
        {"title": "오래된 증언", "kind": "testimony", "presenter": "박명호", "series": "고향", "minutes": 12,
         "batch": "11월 증언"},
        {"title": "아침 뉴스", "kind": "news", "presenter": "김하늘", "tags": ["daily", "뉴스"], "minutes": 5,
         "air_until": NOW + 3 * DAY},
        {"title": "저녁 뉴스", "kind": "news", "presenter": "이서연", "tags": ["daily"], "minutes": 10,
         "awaited_as": "evening", "awaited_on": date(2026, 11, 22),
         "air_until": NOW + 7 * DAY},
        {"title": "장마당 이야기", "kind": "talk", "presenter": "김하늘", "series": "고향", "minutes": 20,
         "state": "draft", "tags": ["Daily"]},
        {"title": "지난 소식", "kind": "news", "minutes": 4, "air_until": NOW - DAY},
        {"title": "측정 전", "kind": "music", "state": "processing"},
    ]  # fmt: skip
    ids = {}
    for age, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        station.clock.at = NOW - age * DAY
        if "minutes" in row:
            samples = row.pop("minutes") * 60 * RATE
            row |= {"samples": samples + 999, "cue_in": 999, "cue_out": samples + 999}
        ids[row["title"]] = station.add_segment(**row)
    station.clock.at = NOW
    with writing(station.database) as session:
        _record(session, ids)
    return ids


def _record(session: Session, ids: dict[str, int]) -> None:
    every: dict[str, Any] = {
        "days": "1234567",
        "first_date": date(2026, 1, 1),
        "last_date": date(2026, 12, 31),
        "created_at": NOW,
    }

    def add(row: SQLModel) -> int:
        session.add(row)
        session.flush()
        found: int = row.id  # type: ignore[attr-defined]
        return found

    site = add(Site(code="TAC", name="Tashkent", created_at=NOW))
    programme = add(Programme(code="night", title="밤의 목소리", created_at=NOW))
    slot = add(Slot(programme_id=programme, start_minute=900, stop_minute=930, **every))
    lines = [add(Line(slot_id=slot, site_id=site, khz=khz, **every)) for khz in (7585, 9330, 9330)]
    add(Line(slot_id=slot, site_id=site, khz=5000, **every | {"days": "7"} | {"last_date": date(2026, 2, 1)}))

    other = add(Slot(programme_id=programme, start_minute=900, stop_minute=930, **every))

    def airing(days: int, state: str, version: int = 1, slot: int = slot) -> Airing:
        starts_at = datetime(2026, 11, 22, 15, tzinfo=UTC) + days * DAY
        row = Airing(
            slot_id=slot, starts_at=starts_at, stops_at=starts_at + 30 * MINUTE, target_samples=1800 * RATE,
            compile_at=starts_at, state=state, version=version, created_at=NOW,
        )  # fmt: skip
        add(row)
        return row

    def aired(row: Airing, title: str, minute: int, *evidence: str) -> None:
        for line, known in zip(lines, evidence, strict=False):
            starts_at = row.starts_at + minute * MINUTE
            add(
                AsRun(
                    airing_id=id_of(row), line_id=line, position=minute, segment_id=ids[title], source="segment",
                    starts_at=starts_at, ends_at=starts_at + MINUTE, evidence=known,
                )
            )  # fmt: skip

    # Seven airings, the later ones with the lower ids: nobody materialises them in the order of time
    past = {days: airing(days, "done") for days in range(-1, -6, -1)} | {-40: airing(-40, "done")}
    at_once = airing(-3, "done", slot=other)  # as another one
    for row in (*past.values(), at_once):
        aired(row, "시작 신호", 0, "delivered", "delivered", "monitored")
        aired(row, "시작 신호", 29, "delivered", "delivered", "monitored")
    aired(past[-40], "오래된 증언", 3, "delivered", "sent")
    aired(past[-2], "아침 뉴스", 2, "delivered")
    aired(past[-3], "저녁 뉴스", 2, "planned", "planned")
    missed = airing(-6, "missed")
    add(AsRun(airing_id=id_of(missed), line_id=lines[0], position=-1, source="nothing", starts_at=missed.starts_at,
              ends_at=missed.stops_at, evidence="planned"))  # fmt: skip

    tonight, tomorrow = airing(0, "compiled", version=2), airing(1, "planned", version=0)
    airing(2, "cancelled", version=1)
    del tomorrow
    news, opening = ids["아침 뉴스"], ids["시작 신호"]
    versions: list[tuple[int, Sequence[int | None]]]
    versions = [(1, (opening, ids["저녁 뉴스"])), (2, (opening, news, None, opening))]
    for version, heard in versions:
        add(
            RundownVersion(
                airing_id=id_of(tonight), version=version, level="programme", cause="first", sha256="",
                compiled_at=NOW, body=rundown(heard).to_json().decode(),
            )
        )  # fmt: skip


def rundown(heard: Sequence[int | None]) -> Rundown:
    """Ten seconds of each segment; None is the interval signal."""
    each = 10 * RATE // 1152 * 1152
    items = tuple(
        Item(n, IntervalSignalSource(loop=True) if one is None else SegmentSource(one, "0" * 64), n * each, each,
             0, 0, 0, n, Reason("pick", 1, Said("", "")))
        for n, one in enumerate(heard)
    )  # fmt: skip
    return Rundown(each * 100, 1152, "programme", items, (), None, "")


ALL = ["측정 전", "지난 소식", "장마당 이야기", "저녁 뉴스", "아침 뉴스", "오래된 증언", "시작 신호"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ALL),
        ({"q": ""}, ALL),
        ({"q": "뉴"}, ["저녁 뉴스", "아침 뉴스"]),
        ({"q": "늇"}, ["저녁 뉴스", "아침 뉴스"]),
        ({"q": "ㄴㅅ"}, ["저녁 뉴스", "아침 뉴스"]),
        ({"q": "김하ㄴ"}, ["장마당 이야기", "아침 뉴스"]),
        ({"q": "DAILY 서연"}, ["저녁 뉴스"]),
        ({"q": "고향"}, ["장마당 이야기", "오래된 증언"]),
        ({"q": "ㄱㅎ ㅇㅇㄱ"}, ["장마당 이야기"]),
        ({"q": "%"}, []),
        ({"state": "draft"}, ["장마당 이야기"]),
        ({"kind": "news"}, ["지난 소식", "저녁 뉴스", "아침 뉴스"]),
        ({"tag": "daily"}, ["저녁 뉴스", "아침 뉴스"]),
        ({"tag": " Daily "}, ["장마당 이야기"]),
        ({"tag": "dail"}, []),
        ({"presenter": "김하늘"}, ["장마당 이야기", "아침 뉴스"]),
        ({"presenter": "김하"}, []),
        ({"series": "고향"}, ["장마당 이야기", "오래된 증언"]),
        ({"created_from": "2026-11-20"}, ["측정 전", "지난 소식", "장마당 이야기"]),
        ({"created_to": "2026-11-17"}, ["오래된 증언", "시작 신호"]),
        ({"created_from": "2026-11-18", "created_to": "2026-11-18"}, ["아침 뉴스"]),
        ({"min_s": 600}, ["장마당 이야기", "저녁 뉴스", "오래된 증언"]),
        ({"max_s": 300.0}, ["지난 소식", "아침 뉴스"]),
        ({"min_s": 241, "max_s": 600}, ["저녁 뉴스", "아침 뉴스"]),
        ({"not_aired_for_days": 30}, ["측정 전", "지난 소식", "장마당 이야기", "저녁 뉴스", "오래된 증언"]),
        ({"not_aired_for_days": 1, "presenter": "김하늘"}, ["장마당 이야기", "아침 뉴스"]),
        ({"not_aired_for_days": 45, "kind": "testimony"}, []),
        ({"batch": "11월 증언"}, ["오래된 증언"]),
        ({"awaited": True}, ["저녁 뉴스"]),
        ({"expires_within_days": 3}, ["아침 뉴스"]),
        ({"expires_within_days": 7}, ["저녁 뉴스", "아침 뉴스"]),
        ({"q": "ㄴㅅ", "tag": "daily", "kind": "news", "state": "approved", "presenter": "김하늘",
          "created_from": "2026-11-18", "created_to": "2026-11-20", "min_s": 300, "max_s": 300,
          "not_aired_for_days": 1, "expires_within_days": 7}, ["아침 뉴스"]),
        ({"q": "ㄴㅅ", "not_aired_for_days": 30, "expires_within_days": 30}, ["저녁 뉴스"]),
        ({"spoken": True}, []),
    ],
)  # fmt: skip
def test_each_filter_and_all_of_them_together(
    library: Library, query: dict[str, Any], titles: list[str]
) -> None:
    assert library.titles(**query) == titles


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"kind": "opera"}, "kind", "news"),
        ({"state": "lost"}, "state", "draft"),
        ({"created_from": "yesterday"}, "created_from", "date"),
        ({"created_from": "1066-10-14"}, "created_from", "1900"),
        ({"created_from": "2026-11-20", "created_to": "2026-11-19"}, "created_to", "2026-11-20"),
        ({"min_s": "long"}, "min_s", "not a number"),
        ({"min_s": "nan"}, "min_s", "finite"),
        ({"max_s": -1}, "max_s", "0"),
        ({"min_s": 60, "max_s": 59}, "max_s", "60"),
        ({"not_aired_for_days": 0}, "not_aired_for_days", "1"),
        ({"not_aired_for_days": "1.5"}, "not_aired_for_days", "not a whole number"),
        ({"expires_within_days": 10**9}, "expires_within_days", "36500"),
        ({"q": "ㄴ" * 101}, "q", "100"),
        ({"cursor": "nonsense"}, "cursor", "begin without one"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    library: Library, query: dict[str, Any], field: str, words: str
) -> None:
    answer = library.api.get("/api/v1/segments", params=query)
    problem = answer.json()
    assert answer.status_code == 422
    assert [one["field"] for one in problem["errors"]] == [field]
    assert words in " ".join([problem["detail"], *(one["message"] for one in problem["errors"])])


def test_a_day_is_a_day_in_korea(empty: Library) -> None:
    for title, at in (("전날", "2026-11-21T14:59:59+00:00"), ("당일", "2026-11-21T15:00:00+00:00")):
        empty.station.clock.at = datetime.fromisoformat(at)
        empty.station.add_segment(title=title)
    assert empty.titles(created_from="2026-11-22") == ["당일"]
    assert empty.titles(created_to="2026-11-21") == ["전날"]


def test_a_list_goes_on_where_it_stopped_while_segments_are_added(empty: Library) -> None:
    for number in range(10):
        empty.station.add_segment(title=f"{'뉴스' if number % 2 else '노래'} {number}")
    seen: list[str] = []
    query: dict[str, Any] = {"q": "ㄴㅅ", "limit": 2}
    while query.get("cursor", "first"):
        page = empty.api.get("/api/v1/segments", params=query).json()
        seen += [item["title"] for item in page["items"]]
        query["cursor"] = page["next"] or ""
        empty.station.add_segment(title="뉴스 속보")
    assert seen == [f"뉴스 {number}" for number in (9, 7, 5, 3, 1)]


def test_what_is_changed_is_found_by_what_it_says_now(empty: Library) -> None:
    segment_id = empty.station.add_segment(title="아침 뉴스", tags=["daily"], presenter="김하늘")
    address = f"/api/v1/segments/{segment_id}"
    assert (
        empty.api.patch(address, json={"title": "저녁 좌담", "tags": ["weekly", "좌담"]}).status_code == 200
    )
    assert empty.titles(q="뉴스") == empty.titles(tag="daily") == empty.titles(q="daily") == []
    found = [empty.titles(**query) for query in ({"q": "ㅈㄷ 하늘"}, {"tag": "weekly"}, {"q": "week"})]
    assert found == [["저녁 좌담"]] * 3
    assert empty.api.patch(address, json={"presenter": None, "tags": []}).status_code == 200
    assert empty.titles(q="하늘") == empty.titles(tag="weekly") == []


def test_a_segment_that_is_deleted_leaves_no_words_behind(empty: Library) -> None:
    segment_id = empty.station.add_segment(title="아침 뉴스", tags=["daily"])
    with writing(empty.station.database) as session:
        session.delete(session.get_one(Segment, segment_id))
    with reading(empty.station.database) as session:
        assert session.get(SegmentSearch, segment_id) is None
        assert session.get(SegmentTag, ("daily", segment_id)) is None


def test_what_danpa_speaks_is_found_among_what_it_speaks(empty: Library) -> None:
    measured = Measurements("5" * 64, RATE, 0, RATE, -20.0, -3.0, 0, 0, [], 0, False, "6" * 64)
    with writing(empty.station.database) as session:
        service.keep_spoken(session, "key", ["frequencies"], "칠천오백팔십오", measured, now=NOW)
    assert empty.titles(q="주파ㅅ") == []
    (item,) = empty.api.get("/api/v1/segments", params={"q": "주파ㅅ", "spoken": True}).json()["items"]
    assert item["spoken_text"] == "칠천오백팔십오"


def test_the_list_says_when_and_how_often_each_was_heard(library: Library) -> None:
    items = library.api.get("/api/v1/segments").json()["items"]
    heard = {item["title"]: (item["last_aired_at"], item["times_aired"]) for item in items}
    assert heard == {
        "측정 전": (None, 0),
        "지난 소식": (None, 0),
        "장마당 이야기": (None, 0),
        "저녁 뉴스": (None, 0),  # planned is not heard
        "아침 뉴스": ("2026-11-20T15:02:00Z", 1),
        "오래된 증언": ("2026-10-13T15:03:00Z", 1),
        "시작 신호": ("2026-11-21T15:29:00Z", 7),
    }


def test_the_list_and_the_segment_say_the_same(library: Library) -> None:
    for item in library.api.get("/api/v1/segments").json()["items"]:
        segment = library.segment(item["title"])
        assert {field: segment[field] for field in item} == item


def test_a_segment_says_when_it_airs_next(library: Library) -> None:
    assert library.segment("아침 뉴스")["next_airs_at"].startswith("2026-11-22T15:00:09.98")
    assert library.segment("시작 신호")["next_airs_at"] == "2026-11-22T15:00:00Z"
    assert library.segment("저녁 뉴스")["next_airs_at"] is None  # it was in the version before


def test_what_of_an_airing_is_over_is_not_next(library: Library) -> None:
    try:
        library.station.clock.at = datetime(2026, 11, 22, 15, 0, 12, tzinfo=UTC)
        assert library.segment("아침 뉴스")["next_airs_at"] is None
        assert library.segment("시작 신호")["next_airs_at"].startswith("2026-11-22T15:00:29.9")
        assert [one["state"] for one in library.airings("아침 뉴스")["planned"]] == ["compiled"]
    finally:
        library.station.clock.at = NOW


def test_where_a_segment_aired_and_will_air(library: Library) -> None:
    answer = library.airings("아침 뉴스")
    (past,), (coming,) = answer["items"], answer["planned"]
    assert past == {
        "airing_id": past["airing_id"],
        "state": "done",
        "programme": "night",
        "programme_title": "밤의 목소리",
        "starts_at": "2026-11-20T15:00:00Z",
        "airs_at": "2026-11-20T15:02:00Z",
        "within_s": 120.0,
        "times": 1,
        "lines": 1,
        "khz": [7585],
        "evidence": {"delivered": 1},
    }
    assert (coming["starts_at"], coming["times"], coming["evidence"]) == ("2026-11-22T15:00:00Z", 1, {})
    assert (coming["lines"], coming["khz"]) == (3, [7585, 9330])
    assert coming["within_s"] == pytest.approx(10, abs=0.03)
    assert answer["next"] is None


def test_lines_and_repetitions_of_an_airing_are_one_airing(library: Library) -> None:
    first = library.airings("시작 신호")["items"][0]
    assert (first["times"], first["lines"], first["khz"]) == (2, 3, [7585, 9330])
    assert first["evidence"] == {"delivered": 2, "monitored": 1}
    assert library.airings("시작 신호")["planned"][0]["times"] == 2
    assert library.airings("저녁 뉴스")["items"] == []


def test_the_history_is_paged_by_the_time_of_the_airings(library: Library) -> None:
    whole = library.airings("시작 신호")["items"]
    assert len({one["airing_id"] for one in whole}) == 7
    starts = [one["starts_at"] for one in whole]
    assert starts == sorted(starts, reverse=True)
    assert starts[2] == starts[3]  # two programmes at once, on either side of the page's end
    paged: list[Any] = []
    query: dict[str, Any] = {"limit": 3}
    while query.get("cursor", "first"):
        page = library.airings("시작 신호", **query)
        paged += page["items"]
        query["cursor"] = page["next"] or ""
    assert paged == whole


def test_of_what_is_not_there_nothing_is_told(library: Library) -> None:
    assert library.api.get("/api/v1/segments/999/airings").status_code == 404
    gone = library.api.get(
        f"/api/v1/segments/{library.ids['시작 신호']}/airings", params={"cursor": "YWZ0ZXI6OTk5"}
    )
    assert gone.status_code == 422


def test_a_rundown_s_json_names_its_segments_as_they_are_looked_for() -> None:
    body = rundown([12, None, 3]).to_json().decode()
    assert [names_segment(one) in body for one in (12, 3, 1, 2, 123)] == [True, True, False, False, False]
