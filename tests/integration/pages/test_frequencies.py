"""The pages of frequencies: what a season, a line and its changes show, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import httpx
import pytest
from sqlalchemy import Engine, event

from app.database import writing
from app.frequencies.models import Line
from tests.seasons_on_air import AT, FIRST, LAST, OnAirSeason, on_air_season, others_file
from tests.stations import SmallStation

Browser = Callable[..., httpx.Client]


@pytest.fixture
def season(demo_station: SmallStation) -> OnAirSeason:
    return on_air_season(demo_station)


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="line-\d+".*?</tr>', page, re.DOTALL)


def test_a_season_without_lines_teaches_what_they_are(demo_station: SmallStation, browser: Browser) -> None:
    page = browser().get("/frequencies?season=A27").text
    assert "A27에 아직 선이 없습니다" in page
    assert 'href="/sites"' in page.split('id="no-lines"')[1]
    assert "혼신을 알 수 없습니다" in page
    assert "eibispace.de" in browser().get("/frequencies/files?season=A27").text


def test_the_table_tells_each_line_in_both_zones(season: OnAirSeason, browser: Browser) -> None:
    page = browser().get("/frequencies?season=B26").text
    shown = rows(page)
    assert len(shown) == 3
    jammed = next(row for row in shown if f'id="line-{season.jammed}"' in row)
    assert '<b>05:00–05:30</b> KST <span class="zone">(20:00–20:30 UTC)</span> 매일' in jammed
    assert "저녁 증언" in jammed
    assert "Tashkent" in jammed
    assert (
        '<b>20:00–20:30</b> UTC <span class="zone">(05:00–05:30 KST)'
        in browser().get("/frequencies?lang=en").text
    )
    assert len(rows(browser().get("/frequencies?season=A27").text)) == 0


def test_seasons_that_are_like_the_one_before_stand_behind_the_others(
    season: OnAirSeason, browser: Browser
) -> None:
    with writing(season.station.database) as session:
        line = session.get_one(Line, season.jammed)
        line.last_date = date(2031, 12, 31)
        session.add(line)
    page = browser().get("/frequencies").text
    shown, others = page.split('class="seasons"')[1].split("</nav>")[0].split("<details")
    assert re.findall(r"season=(\w+)", shown) == ["B26", "A27", "B27"]
    assert re.findall(r"season=(\w+)", others)[::7] == ["A28", "B31"]


@pytest.mark.parametrize(
    ("words", "found"), [("증언 tac", 1), ("9330", 1), ("PAO", 1), ("tashkent", 2), ("없는 말", 0)]
)
def test_lines_are_found_by_all_the_words_that_are_typed(
    season: OnAirSeason, browser: Browser, words: str, found: int
) -> None:
    page = browser().get("/frequencies", params={"season": "B26", "q": words}).text
    assert len(rows(page)) == found
    assert ("찾는 말에 맞는 선이 없습니다" in page) is (found == 0)


def test_a_line_tells_its_next_start_its_pool_and_what_is_active(
    season: OnAirSeason, browser: Browser
) -> None:
    client = browser()
    page = client.get(f"/frequencies/lines/{season.jammed}").text
    assert "11월 23일 (월) <b>05:00</b> KST" in page
    assert "7,585 kHz" in page
    assert "cleared until 2027-03-28" in page
    assert "다음 방송에 쓰임" not in page
    assert client.put(
        f"/api/v1/slots/{season.slot}/pool",
        json={"entries": [{"khz": 7490}, {"khz": 7585}]},
        headers={"X-CSRF-Token": csrf(page)},
    ).is_success
    page = client.get(f"/frequencies/lines/{season.jammed}").text
    assert re.search(r"7,490 kHz <span class=\"chip good\">.*?다음 방송에 쓰임", page)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_an_open_question_is_shown_at_the_line_and_closes_its_move(
    season: OnAirSeason, browser: Browser
) -> None:
    client = browser()
    before = client.get(f"/frequencies/lines/{season.jammed}").text
    body = {"khz": 7585, "reason": "<b>막힘</b>"}
    asked = client.post(
        f"/api/v1/lines/{season.jammed}/move", json=body, headers={"X-CSRF-Token": csrf(before)}
    ).json()["change"]
    page = client.get(f"/frequencies/lines/{season.jammed}").text
    assert 'id="move"' in before
    assert 'id="move"' not in page
    assert "Tashkent의 답을 기다립니다" in re.sub(r"</?bdi>", "", page)
    listed = client.get("/frequencies/changes").text
    assert f'id="change-{asked["id"]}"' in listed
    assert "&lt;b&gt;막힘" in listed
    assert "7,490 kHz → 7,585 kHz" in listed
    assert f'id="change-{asked["id"]}"' not in client.get("/frequencies/changes?state=refused").text


@pytest.mark.parametrize("path", ["lines/99", "lines/99/edit", "slots/99"])
def test_what_is_not_there_is_not_found(season: OnAirSeason, browser: Browser, path: str) -> None:
    assert browser().get(f"/frequencies/{path}").status_code == 404


def test_a_stranger_is_asked_for_a_key(season: OnAirSeason, browser: Browser) -> None:
    for path in ("", f"/lines/{season.jammed}", "/changes", "/files"):
        assert "7,490" not in browser(signed_in=False).get(f"/frequencies{path}").text


def test_a_hundred_lines_take_no_more_queries_than_three_and_stay_small(
    season: OnAirSeason, browser: Browser
) -> None:
    client = browser()
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    def asked() -> int:
        counted.clear()
        assert client.get("/frequencies?season=B26").is_success
        return len(counted)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        few = asked()
        with writing(season.station.database) as session:
            for khz in range(100):
                session.add(
                    Line(
                        slot_id=season.slot,
                        site_id=1,
                        khz=11_600 + 5 * khz,
                        days="1234567",
                        first_date=FIRST,
                        last_date=LAST,
                        created_at=AT,
                    )
                )
        assert asked() == few
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_the_first_view_weighs_less_than_150_kb(season: OnAirSeason, browser: Browser) -> None:
    """HTML, styles and every script that it imports, as they are; the background comes later."""
    client = browser()
    page = client.get("/frequencies?season=B26").text
    wanted = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    sizes = {"": len(page.encode())}
    while wanted:
        path = wanted.pop()
        if path in sizes:
            continue
        text = client.get(path).text
        sizes[path] = len(text.encode())
        folder = path.rsplit("/", 1)[0]
        wanted += [f"{folder}/{name}" for name in re.findall(r'from "\./([^"]+)"', text)]
    assert any(path.endswith("season-grid.js") for path in sizes)
    assert sum(sizes.values()) < 150_000


def test_the_background_comes_by_column_in_the_order_of_frequency(
    season: OnAirSeason, browser: Browser
) -> None:
    client = browser()
    columns = client.get("/api/v1/seasons/B26/background/lines").json()
    assert columns["khz"] == [7490, 9650, 15100]
    assert [columns["who_names"][place] for place in columns["who"]] == ["CRI", "VOX", "FAR"]
    assert columns["start_minute"] == [1140] * 3
    assert columns["stop_minute"] == [1260] * 3
    assert columns["since"] == "2026-10-25"
    assert columns["first_day"] == [0] * 3
    assert client.get("/api/v1/seasons/A27/background/lines").status_code == 404


def test_a_file_of_others_is_reviewed_without_being_loaded(season: OnAirSeason, browser: Browser) -> None:
    client = browser()
    headers = {"X-CSRF-Token": csrf(client.get("/frequencies/files").text)}
    newer = others_file().replace("15100", "15110", 1)

    def review(code: str) -> httpx.Response:
        file = {"file": ("b26all.txt", newer.encode("latin-1"))}
        return client.post(f"/api/v1/seasons/{code}/background/review", files=file, headers=headers)

    found = review("B26").json()
    assert found["lines"] == 3
    moved = found["diff"]["moved"]
    assert [(one["old"]["khz"], one["new"]["khz"]) for one in moved] == [(15100, 15110)]
    assert client.get("/api/v1/seasons/B26/background/lines").json()["khz"][-1] == 15100
    assert review("A27").status_code == 422


def test_a_move_tells_which_conflicts_it_ends(season: OnAirSeason, browser: Browser) -> None:
    client = browser()
    headers = {"X-CSRF-Token": csrf(client.get("/frequencies").text)}
    path = f"/api/v1/lines/{season.jammed}/move?dry_run=true"

    def met(khz: int) -> tuple[list[str], list[str]]:
        body = {"khz": khz, "reason": "jammed"}
        shown = client.post(path, json=body, headers=headers).json()["consequences"]
        after, now = ([one["other"]["who"] for one in shown[name]] for name in ("conflicts", "conflicts_now"))
        return after, now

    assert met(7585) == ([], ["CRI"])
    assert met(9650) == (["VOX"], ["CRI"])
