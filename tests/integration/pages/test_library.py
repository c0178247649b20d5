"""The library's page over HTTP: what it finds, what it refuses kindly, and that a long list costs no more than a short one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import Engine, event

from app.console.library.asked import asked
from app.library.finding import Filters
from app.library.models import SegmentState
from tests.integration.pages.test_tonight import text_of
from tests.nights import FilledNight
from tests.stations import SmallStation
from tests.tus_uploads import begin, noise

Browser = Callable[..., httpx.Client]


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="/library/\d+"><bdi>(.*?)</bdi>', page)


@pytest.fixture
def library(demo_station: SmallStation) -> SmallStation:
    demo_station.add_segment(
        title="아침 뉴스",
        kind="news",
        presenter="김하늘",
        tags=["날씨"],
        samples=48_000 * 60,
        cue_in=0,
        cue_out=48_000 * 60,
    )
    demo_station.add_segment(title="강을 건너온 사람", kind="talk", state=SegmentState.draft)
    demo_station.add_segment(title="<b>편지</b>", kind="testimony", batch="11월", awaited_as="letter")
    return demo_station


def test_an_empty_library_says_how_to_begin(browser: Browser) -> None:
    page = text_of(browser().get("/library").text)
    assert "자료실이 비어 있습니다" in page
    assert all(way in page for way in ("파일 올리기", "녹음하기", "danpa import", "DANPA_DROP_FOLDER"))


FOUND: dict[str, list[str]] = {
    "": ["&lt;b&gt;편지&lt;/b&gt;", "강을 건너온 사람", "아침 뉴스"],
    "?q=ㄴㅅ": ["아침 뉴스"],
    "?q=&state=&kind=": ["&lt;b&gt;편지&lt;/b&gt;", "강을 건너온 사람", "아침 뉴스"],
    "?state=draft": ["강을 건너온 사람"],
    "?batch=11월": ["&lt;b&gt;편지&lt;/b&gt;"],
    "?awaited=true": ["&lt;b&gt;편지&lt;/b&gt;"],
    "?presenter=김하늘&tag=날씨&kind=news&min_min=0.5&max_min=2": ["아침 뉴스"],
    "?min_min=1.5": [],
}


def test_the_address_says_what_is_shown(library: SmallStation, browser: Browser) -> None:
    client = browser()
    pages = {query: client.get(f"/library{query}").text for query in FOUND}
    assert {query: titles(page) for query, page in pages.items()} == FOUND
    assert all(f"찾은 음원 {len(FOUND[query])}개" in page for query, page in pages.items())


MISTAKEN: dict[str, str | None] = {
    "kind=nonsense": None,
    "created_from=yesterday": "created_from",
    "created_from=2026-11-30&created_to=2026-11-01": "created_to",
    "min_min=5&max_min=1": "max_min",
    "min_min=nan": "min_min",
    "not_aired_for_days=99999999999999999999": None,
    "awaited=perhaps": None,
    "for=99999999999999999999&element=x": None,
    "for=x": None,
}
"""Addresses, and the field beside which it is said."""


def test_what_cannot_be_followed_is_left_out_and_said(library: SmallStation, browser: Browser) -> None:
    client = browser()
    for query, field in MISTAKEN.items():
        answer = client.get(f"/library?{query}")
        assert answer.status_code == 200, query
        assert field is None or f'id="filter-{field}-wrong"' in answer.text


def test_every_filter_of_the_library_is_in_the_address() -> None:
    everything = {
        "q": "ㄴ", "state": "draft", "kind": "news", "tag": "t", "presenter": "p", "series": "s", "batch": "b",
        "created_from": "2026-01-01", "created_to": "2026-01-02", "min_min": "1", "max_min": "2",
        "not_aired_for_days": "30", "expires_within_days": "7", "awaited": "true", "spoken": "true",
    }  # fmt: skip
    read = asked(everything)
    assert read.wrong == frozenset()
    assert [
        field.name for field in fields(Filters) if getattr(read.filters, field.name) in (None, False)
    ] == []


def test_the_list_goes_on_between_two_ids(demo_station: SmallStation, browser: Browser) -> None:
    for number in range(1, 121):
        demo_station.add_segment(title=f"{number}")
    client = browser()
    first = client.get("/library").text
    assert (titles(first)[0], titles(first)[-1]) == ("120", "81")
    assert 'data-last="81" data-goes-on' in first
    following = client.get("/library/rows?before_id=81&begins=41").text
    assert (titles(following)[0], titles(following)[-1]) == ("80", "41")
    assert 'start="41"' in following
    assert titles(client.get("/library/rows?before_id=81&down_to_id=79").text) == ["80", "79"]
    last = client.get("/library/rows?before_id=41&begins=81").text
    assert len(titles(last)) == 40
    assert "data-goes-on" not in last


def test_it_says_what_airs_next(night: FilledNight, browser: Browser) -> None:
    page = browser().get("/library").text
    assert f'<a href="/airings/{night.airings["1530"]}">다음 방송' in page


def test_a_longer_list_takes_no_more_queries(demo_station: SmallStation, browser: Browser) -> None:
    client, statements = browser(), list[str]()
    demo_station.add_segment()
    client.get("/library")

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        client.get("/library")
        few = len(statements)
        for _ in range(60):
            demo_station.add_segment(tags=["새"])
        statements.clear()
        client.get("/library")
        assert len(statements) <= few
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_a_batch_shows_how_far_each_of_its_files_is(demo_station: SmallStation, browser: Browser) -> None:
    name = "11월/증언 ?"
    client = browser()
    token = client.get("/library").text.split('name="csrf-token" content="')[1].split('"')[0]
    client.headers["X-CSRF-Token"] = token
    begin(client, len(noise(1000)), batch=name)
    demo_station.add_segment(
        title="이미 온 것", batch=name, created_by=demo_station.person_id, state="rejected"
    )
    page = client.get(f"/library/batches/{quote(name, safe='')}").text
    assert "2개 중 1개 끝남 · 1개는 쓸 수 없음" in text_of(page)
    assert "증언.m4a 올리는 중" in text_of(page).replace("◔ ", "")
    assert client.get("/library/batches/other").status_code == 404
