"""The frequency manager's night: a jammed line is moved, a season's file comes in, and the grid is gone through by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from app.database import reading
from app.frequencies.models import Line
from app.moves.models import LineChange
from tests.seasons_on_air import OnAirSeason, on_air_season, record
from tests.stations import SmallStation, serving
from tests.visits import Visits, axe, overflows


@pytest.fixture
def season(demo_station: SmallStation) -> OnAirSeason:
    return on_air_season(demo_station)


@pytest.fixture
def url(season: OnAirSeason) -> Iterator[str]:
    with serving(season.station) as served:
        yield served


def checked(page: Page) -> None:
    """Wait until the conflicts have been looked for."""
    expect(page.locator("#conflicts .rows, #conflicts .good").first).to_be_visible()


def test_a_jammed_line_is_moved_once_its_site_agrees(season: OnAirSeason, url: str, visit: Visits) -> None:
    page = visit(url, season.station.key)
    page.goto(f"{url}/frequencies?season=B26")
    row = page.locator(f"#line-{season.jammed}")
    expect(row).to_contain_text("다른 방송과 같은 주파수")
    row.get_by_role("link", name="7,490 kHz").click()

    page.get_by_role("button", name="주파수 옮기기").click()
    dialog = page.get_by_role("dialog", name="7,490 kHz 옮기기")
    consequences = dialog.locator("#consequences")
    yes = dialog.get_by_role("button", name="Tashkent에 요청")
    expect(yes).to_be_disabled()
    dialog.get_by_role("button", name="9,650 kHz 고르기").click()
    expect(consequences.locator(".makes")).to_contain_text("새로 생기는 혼신 1건")
    expect(consequences.locator(".makes")).to_contain_text("VOX")
    dialog.get_by_role("button", name="7,585 kHz 고르기").click()
    expect(consequences.locator(".makes")).to_have_count(0)
    expect(consequences.locator(".ends")).to_contain_text("없어지는 혼신 1건")
    expect(consequences.locator(".ends")).to_contain_text("CRI (KAS)")
    expect(consequences).to_contain_text("통보 기한을 지킵니다: 2026-11-22 23:00 KST (14:00 UTC)")
    expect(consequences).to_contain_text("Tashkent 7490 (파일 이름이 바뀜)")
    consequences.locator("summary").click()
    expect(consequences.locator("details li").last).to_contain_text("메일 서버가 정해지지 않았습니다")
    dialog.get_by_label("까닭").fill("7490이 막힘")
    yes.click()

    change = page.locator(".changes > li")
    expect(change).to_contain_text("요청함")
    with reading(season.station.database) as session:
        assert [line.khz for line in session.exec(select(Line).where(Line.slot_id == season.slot))] == [
            7490,
            9330,
        ]
    change.get_by_text("송신소의 답 적기").click()
    change.get_by_label("동의").check()
    change.get_by_label("답한 사람").fill("카리모프")
    change.get_by_role("button", name="답 저장").click()
    assert change.get_by_label("어떻게 들었는지").evaluate("field => field.matches(':invalid')")
    change.get_by_label("어떻게 들었는지").fill("전화로")
    change.get_by_role("button", name="답 저장").click()
    expect(change).to_contain_text("송신소 동의")
    expect(change).to_contain_text("카리모프")
    with reading(season.station.database) as session:
        made = session.exec(select(LineChange)).one()
        assert (made.state, made.answered_name, made.answered_how) == ("acknowledged", "카리모프", "전화로")

    page.goto(f"{url}/frequencies?season=B26")
    checked(page)
    bars = page.locator(".season-grid .ours")
    expect(bars.get_by_role("link", name=re.compile("^7,585 kHz, 저녁 증언, Tashkent"))).to_be_visible()
    expect(page.locator("#conflicts")).not_to_contain_text("CRI")
    expect(page.locator("#conflicts")).to_contain_text("7585 kHz는 방송 대역 밖입니다")


def test_what_was_decided_in_a_form_outlives_a_look_and_a_reload(
    season: OnAirSeason, url: str, visit: Visits
) -> None:
    page = visit(url, season.station.key)
    page.goto(f"{url}/frequencies/lines/new")
    form = page.locator("#line-form")
    form.get_by_label("아니요, 송신소에").check()
    form.get_by_label("까닭").fill("7490이 막힘")
    page.evaluate(
        "import(document.querySelector('script[src$=\"/shell.js\"]').src.replace('shell', 'live')).then(({ look }) => look())"
    )
    expect(form.get_by_label("까닭")).to_be_visible()
    page.reload()
    expect(form.get_by_label("까닭")).to_have_value("7490이 막힘")
    expect(form).to_have_attribute("data-send", "POST /api/v1/line-changes")

    page.goto(f"{url}/frequencies/lines/{season.jammed}#move")
    move = page.locator("#move")
    move.get_by_label("새 주파수").fill("7585")
    move.get_by_label("그 방송 하룻밤만").check()
    page.reload()
    expect(move.get_by_label("그 방송 하룻밤만")).to_be_checked()
    expect(move.locator("[type=hidden]")).to_have_attribute("name", "night")
    expect(move.locator(".consequences .ends")).to_contain_text("CRI (KAS)")

    page.goto(f"{url}/frequencies/slots/{season.slot}")
    pool = page.locator("#pool-form")
    before = pool.locator(".entry").count()
    for khz in ("7300", "7310"):
        page.get_by_role("button", name="주파수 더하기").click()
        pool.locator(".entry").last.get_by_label("kHz").fill(khz)
    page.reload()
    expect(pool.locator(".entry")).to_have_count(before + 2)
    expect(pool.locator(".entry").last.get_by_label("kHz")).to_have_value("7310")
    pool.get_by_role("button", name="버리기").click()
    expect(pool.locator(".entry")).to_have_count(before)


def test_what_a_file_says_is_reviewed_by_row_before_it_is_taken(
    season: OnAirSeason, url: str, visit: Visits, tmp_path: Path
) -> None:
    good = record(11_600)
    file = wrong_file(tmp_path)
    page = visit(url, season.station.key, language="en")
    page.goto(f"{url}/frequencies/files?season=B26")
    card = page.locator("#import")
    card.get_by_label("File").set_input_files(file)
    card.get_by_role("button", name="See what would change").click()
    review = card.get_by_role("region")
    expect(review.get_by_role("row", name="1 12–15 STOP")).to_contain_text("“2460” is not a time")
    expect(review.get_by_role("row", name=re.compile("^2 "))).to_contain_text("XXX")
    expect(review).to_contain_text("There is nothing to do")
    expect(review.get_by_role("button")).to_have_count(0)

    file.write_text(f"{good}\r\n", encoding="latin-1", newline="")
    card.get_by_label("File").set_input_files(file)
    card.get_by_role("button", name="See what would change").click()
    expect(review.get_by_role("row", name="1 Added 11,600 kHz TAC")).to_be_visible()
    assert frequencies(season) == [6015, 7490, 9330]
    review.get_by_role("button", name="Import this").click()
    expect(review).to_contain_text("Imported")
    assert frequencies(season) == [6015, 7490, 9330, 11_600]


def wrong_file(folder: Path) -> Path:
    """A file whose first line has no time, and whose second one a site that there is not."""
    file = folder / "ours.txt"
    good = record(11_600)
    wrong = f"{good[:11]}2460{good[15:]}\r\n{record(11_605, site='XXX')}\r\n"
    file.write_text(wrong, encoding="latin-1", newline="")
    return file


def test_what_is_wrong_with_a_file_is_said_in_the_readers_language(
    season: OnAirSeason, url: str, visit: Visits, tmp_path: Path
) -> None:
    page = visit(url, season.station.key)
    page.goto(f"{url}/frequencies/files?season=B26")
    card = page.locator("#import")
    card.locator("input[type=file]").set_input_files(wrong_file(tmp_path))
    card.get_by_role("button", name="무엇이 바뀔지 보기").click()
    review = card.get_by_role("region")
    expect(review.get_by_role("row", name="1 12–15 STOP")).to_contain_text("“2460”은(는) 시각이 아닙니다")
    expect(review.get_by_role("row", name=re.compile("^2 "))).to_contain_text(
        "송신소 XXX이(가) 없습니다. 먼저 넣으세요"
    )


def frequencies(season: OnAirSeason) -> list[int]:
    with reading(season.station.database) as session:
        return sorted(session.exec(select(Line.khz)))


def test_the_grid_is_gone_through_by_keyboard_and_follows_what_is_typed(
    season: OnAirSeason, url: str, visit: Visits
) -> None:
    page = visit(url, season.station.key, language="en")
    page.goto(f"{url}/frequencies?season=B26")
    checked(page)
    focused = page.locator(":focus")
    told = page.locator("#grid-told")
    page.get_by_label("Tonight only").focus()
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("data-line", str(season.dawn))  # the one that the table has first
    page.keyboard.press("Home")
    expect(focused).to_have_attribute("data-line", str(season.jammed))
    expect(focused).to_have_attribute(
        "aria-label", re.compile("Warning: Another station on the same frequency")
    )
    expect(told).to_contain_text("CRI (KAS)")
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("data-line", str(season.parallel))
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("data-line", str(season.jammed))
    page.keyboard.press("End")
    expect(focused).to_have_attribute("data-line", str(season.dawn))
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("data-line", str(season.dawn))
    page.get_by_label("Find").fill("paochung")
    expect(page.locator("#lines tbody tr")).to_have_count(1)
    expect(page.locator(".season-grid .ours a")).to_have_count(1)
    page.locator(".season-grid .ours a").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}/frequencies/lines/{season.parallel}")


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "ko", 1200), ("dark", "en", 360)])
def test_every_page_is_well_made(
    season: OnAirSeason,
    url: str,
    visit: Visits,
    node_peer: Callable[[str], Path],
    theme: Literal["light", "dark"],
    language: Literal["ko", "en"],
    width: int,
) -> None:
    page = visit(url, season.station.key, language=language, theme=theme, width=width)
    wrong = []
    for path in (
        "",
        f"/lines/{season.jammed}#move",
        f"/lines/{season.jammed}/edit",
        "/lines/new",
        f"/slots/{season.slot}",
        "/changes",
        "/jammers",
        "/files?season=B26",
        "?season=A27",
    ):
        page.goto(f"{url}/frequencies{path}")
        page.wait_for_load_state("networkidle" if path == "" else "load")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wrong += [f"{path}: {one}" for one in axe(page, node_peer)]
        for each in (360, 1200):
            page.set_viewport_size({"width": each, "height": 900})
            if overflows(page):
                wrong.append(f"{path}: wider than {each}")
        page.set_viewport_size({"width": width, "height": 900})
    assert wrong == []
