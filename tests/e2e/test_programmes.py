"""A producer at a programme's clock and at a rundown: by keys, by hand, undone, saved, and told what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.nights import FilledNight, compiled
from tests.stations import keyed, serving
from tests.visits import Visits, axe, overflows, wait_until

NEWS, TALK, LETTER = "저녁 뉴스: 서울과 세계의 하루", "라디오가 건너온 길", "어머니에게 보내는 편지"


@pytest.fixture
def url(night: FilledNight) -> Iterator[str]:
    with serving(night.station) as at:
        yield at


@pytest.fixture
def api(night: FilledNight, url: str) -> Iterator[httpx.Client]:
    with keyed(url, night.station.key) as client:
        yield client


@pytest.fixture
def page(night: FilledNight, url: str, visit: Visits) -> Page:
    """The first programme, in Korean, at a desk."""
    opened = visit(url, night.station.key)
    opened.goto(f"{url}/programmes/1")
    return opened


def element(page: Page, place: int) -> Locator:
    return page.locator(".clock-elements > li button.element").nth(place - 1)


def saved(api: httpx.Client) -> list[str]:
    """The saved clock: labels, or types where there is none."""
    clock = api.get("/api/v1/programmes/1/clock").json()["clock"]
    return [one.get("label") or one["type"] for one in clock]


def shown(page: Page) -> list[str]:
    return page.locator(".clock-elements > li button.element b").all_inner_texts()


def test_a_clock_is_edited_by_keyboard_undone_and_saved(page: Page, api: httpx.Client) -> None:
    said = page.locator("#clock > [role=status]")
    element(page, 2).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(said).to_have_text("news: 4개 중 1번째로 옮겼습니다.")
    expect(element(page, 1)).to_be_focused()
    page.keyboard.press("Control+d")
    expect(said).to_have_text("news: 2번째에 복사했습니다.")
    page.keyboard.press("Delete")
    expect(said).to_have_text("news: 뺐습니다.")
    assert shown(page) == ["1. news", "2. opening", "3. 고르기", "4. music"]
    for _ in range(3):
        page.keyboard.press("Control+z")
    assert shown(page) == ["1. opening", "2. news", "3. 고르기", "4. music"]
    expect(page.get_by_role("button", name="시계 저장")).to_be_disabled()
    for _ in range(3):
        page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+s")
    expect(page.locator("#told")).to_contain_text("시계를 저장했습니다")
    assert saved(api) == ["news", "opening", "pick", "music"]


def test_an_element_is_carried_its_form_filled_and_the_draft_survives_a_reload(
    page: Page, api: httpx.Client
) -> None:
    rows = page.locator(".clock-elements > li")
    # The budget moves the rows as it comes
    expect(page.get_by_role("group", name="길이 예산")).to_contain_text("맞습니다")
    carried, onto = rows.nth(3).locator(".handle"), rows.nth(0)
    onto.scroll_into_view_if_needed()
    begin, end = carried.bounding_box(), onto.bounding_box()
    assert begin is not None
    assert end is not None
    page.mouse.move(begin["x"] + 10, begin["y"] + 10)
    page.mouse.down()
    page.mouse.move(begin["x"] + 10, end["y"] + 30, steps=4)
    page.mouse.move(end["x"] + 10, end["y"] + 4, steps=4)
    page.mouse.up()
    assert shown(page) == ["1. music", "2. opening", "3. news", "4. 고르기"]

    element(page, 4).click()
    form = page.get_by_role("region", name="요소: 4.")
    form.get_by_label("이름표").fill("이야기")
    form.get_by_label("개수").fill("1")
    page.get_by_role("button", name="+ 정해진 음원").click()
    finder = page.get_by_role("combobox", name="음원")
    finder.fill("ㅍㅈ")
    page.get_by_role("option", name=LETTER).click()
    expect(element(page, 5)).to_contain_text(LETTER)

    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("저장하지 않은 시계를 되살렸습니다")
    assert shown(page)[3:] == ["4. 이야기", "5. 정해진 음원"]
    page.get_by_role("button", name="시계 저장").click()
    expect(page.locator("#told")).to_contain_text("시계를 저장했습니다")
    [*_, talk, fixed] = api.get("/api/v1/programmes/1/clock").json()["clock"]
    assert (talk["label"], talk["count"]) == ("이야기", 1)
    assert fixed["type"] == "fixed"


def test_the_budget_is_always_in_view_and_agrees_with_the_preview(page: Page, api: httpx.Client) -> None:
    budget = page.get_by_role("group", name="길이 예산")
    expect(budget).to_contain_text("맞습니다")
    element(page, 4).focus()
    page.keyboard.press("Delete")
    expect(budget).to_contain_text("모자랍니다")
    clock = api.get("/api/v1/programmes/1/clock").json()["clock"][:3]
    [known] = api.post("/api/v1/programmes/1/budget", json={"clock": clock}).json()["items"]
    expect(budget).to_contain_text(f"최대 {int(known['most_s']) // 60}:")
    page.get_by_role("button", name="미리 보기").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("목표 29:45")
    expect(budget).to_contain_text("목표 29:45")
    expect(preview).to_contain_text(NEWS)
    expect(preview).to_contain_text("에 승인했습니다")
    expect(preview).to_contain_text("길이를 채우는 요소가 없어 인터벌 시그널이 나갑니다")
    expect(preview.locator('[lang="en"]')).to_have_count(0)
    asked = {"date": known["starts_at"][:10], "slot_id": known["slot_id"], "clock": clock}
    rundown = api.post("/api/v1/programmes/1/preview", json=asked).json()["rundown"]
    expect(preview.get_by_role("row")).to_have_count(len(rundown["items"]) + 1)


def test_a_conflict_keeps_what_one_has_changed(page: Page, api: httpx.Client, visit: Visits) -> None:
    visit.expected.append("412")
    element(page, 2).click()
    page.get_by_role("region", name="요소: 2.").get_by_label("이름표").fill("내 뉴스")
    version = api.get("/api/v1/programmes/1/clock")
    theirs = [{"type": "interval_signal", "seconds": 30, "label": "theirs"}, *version.json()["clock"][1:]]
    api.put(
        "/api/v1/programmes/1/clock", json={"clock": theirs}, headers={"If-Match": version.headers["etag"]}
    )
    page.get_by_role("button", name="시계 저장").click()
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("그 사이에 다른 사람이 시계를 저장했습니다")
    assert shown(page)[:2] == ["1. opening", "2. 내 뉴스"]
    assert saved(api)[0] == "theirs"
    conflict.get_by_role("button", name="저쪽 것 보기").click()
    assert shown(page)[:2] == ["1. theirs", "2. news"]
    page.get_by_role("button", name="되돌리기").click()
    page.get_by_role("button", name="시계 저장").click()
    expect(page.locator("#told")).to_contain_text("시계를 저장했습니다")
    assert saved(api)[:2] == ["opening", "내 뉴스"]


def test_a_first_programme_is_made_from_a_clock_that_is_ready_and_gets_a_slot_in_korean_time(
    page: Page, api: httpx.Client, url: str
) -> None:
    page.goto(f"{url}/programmes")
    page.get_by_role("button", name="새 프로그램").click()
    page.get_by_label("제목").fill("아침 편지")
    page.get_by_label("짧은 이름").fill("morning-letter")
    page.get_by_label("시작할 시계").select_option(label="뉴스: 시그널, 이름, 안내, 뉴스 셋, 음악")
    page.get_by_role("button", name="만들기", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("아침 편지")
    assert len(shown(page)) == 5
    page.get_by_role("button", name="슬롯 더하기").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("시작", exact=True).fill("0500")
    dialog.get_by_label("끝", exact=True).fill("0530")
    for day in ("토", "일"):
        dialog.get_by_label(day, exact=True).uncheck()
    expect(dialog.get_by_role("status")).to_contain_text("UTC로는 2000–2030, 월 화 수 목 일")
    dialog.get_by_role("button", name="더하기", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="20:00–20:30 UTC")).to_be_visible()
    [slot] = api.get("/api/v1/slots", params={"programme_id": 3}).json()["items"]
    assert (slot["kst"]["start"], slot["kst"]["days"], slot["utc"]["days"]) == ("0500", "12345", "12347")


def test_a_swap_and_an_insert_lead_to_versions_with_the_wanted_items(
    night: FilledNight, page: Page, api: httpx.Client, url: str, visit: Visits
) -> None:
    visit.expected.append("ERR_INTERNET_DISCONNECTED")
    wanted = [
        night.station.add_segment(
            title=title,
            kind="testimony",
            samples=48_000 * 300,
            cue_in=0,
            cue_out=48_000 * 300,
            loudness_lufs=-20.0,
            master_sha256=sha256 * 64,
            approved_at=night.station.clock(),
        )
        for title, sha256 in (("바다를 건넌 목소리", "8"), ("강가의 밤", "9"))
    ]
    airing = night.airings["1530"]
    with page.expect_response(re.compile(r"/audio\?")):
        page.goto(f"{url}/airings/{airing}")
    # What fails later, without a line, is the edit alone: the sound is there
    expect(page.get_by_role("slider", name=re.compile("파형: "))).to_have_attribute("aria-valuemax", "103.9")
    page.locator("#item-2 summary").click()
    page.locator("#item-2").get_by_role("button", name="바꾸기").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("바다")
    page.get_by_role("option", name="바다를 건넌 목소리").click()
    expect(dialog).to_contain_text("2번 판이 만들어지고")
    # What was swapped may fit again further on: told is what really falls out
    expect(dialog).to_contain_text(f"빠지는 것: {TALK}")
    expect(dialog.locator("tr.new").filter(has_text="바다를 건넌 목소리")).to_be_visible()
    yes = dialog.get_by_role("button", name="이대로 새 판 만들기")
    expect(yes).to_be_enabled()
    page.context.set_offline(True)
    yes.click()
    expect(page.locator("#told")).to_contain_text(
        "Danpa가 대답하지 않습니다. 연결을 확인하고 다시 해 보세요."
    )
    page.context.set_offline(False)
    yes.click()
    expect(page.locator("#told")).to_contain_text("2번 판을 만들고 있습니다")
    expect(page.locator("#why-not")).to_contain_text("방금 고친 것을 편성하고 있습니다")
    compiled(night, "1530", state="armed")
    page.reload()
    expect(page.locator("#item-2")).to_contain_text("바다를 건넌 목소리")

    page.get_by_role("button", name="녹음 끼워 넣기").click()
    dialog.get_by_role("combobox").fill("ㄱㄱ")
    page.get_by_role("option", name="강가의 밤").click()
    dialog.get_by_role("button", name="이대로 새 판 만들기").click()
    expect(page.locator("#told")).to_contain_text("3번 판을 만들고 있습니다")
    compiled(night, "1530", state="armed")
    newest = api.get(f"/api/v1/airings/{airing}/rundown").json()["items"][0]
    heard = [item["source"].get("segment_id") for item in newest["rundown"]["items"]]
    assert newest["version"] == 3
    assert heard[0] == wanted[1]
    assert wanted[0] in heard


def test_an_airing_is_heard_from_any_item_and_over_its_joins(
    night: FilledNight, page: Page, url: str
) -> None:
    page.goto(f"{url}/airings/{night.airings['1530']}")
    wave = page.get_by_role("slider", name=re.compile("파형: .*판 1"))
    expect(wave).to_have_attribute("aria-valuemax", "103.9")
    page.get_by_label("빠르기").select_option("2")
    page.get_by_role("button", name=f"여기부터 듣기: {NEWS}").click()
    expect(page.locator("#item-1")).to_have_class(re.compile("playing"))
    assert float(wave.get_attribute("aria-valuenow") or 0) >= 12
    page.get_by_role("button", name=f"이음매 듣기: {NEWS} 앞").click()
    expect(page.locator("#item-0")).to_have_class(re.compile("playing"))
    expect(page.get_by_role("button", name="▶ 듣기")).to_be_visible(timeout=10_000)
    assert 17 <= float(wave.get_attribute("aria-valuenow") or 0) < 22


def test_the_waveform_of_an_airing_shows_its_joins_and_plays_from_a_click(
    night: FilledNight, page: Page, url: str
) -> None:
    page.goto(f"{url}/airings/{night.airings['1530']}")
    wave = page.get_by_role("slider", name=re.compile("파형: .*판 1"))
    expect(wave).to_have_attribute("aria-valuemax", "103.9")
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one)"
    wait_until(page, f"({painted})(document.querySelector('#wave canvas'))")
    wave.press("j")
    first = page.get_by_role("button", name=f"이음매 듣기: {NEWS} 앞").get_attribute("data-join")
    assert float(wave.get_attribute("aria-valuenow") or 0) == pytest.approx(float(first or 0), abs=0.06)
    box = wave.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    expect(page.get_by_role("button", name="❚❚ 멈춤")).to_be_visible()
    assert 50 <= float(wave.get_attribute("aria-valuenow") or 0) < 58
    expect(page.locator("#item-1 .what")).to_contain_text("-20.0 LUFS (+0.0 dB)")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_well_made_in_both_languages_at_every_width(
    night: FilledNight, url: str, visit: Visits, node_peer: Callable[[str], Path], theme: str
) -> None:
    page = visit(url, night.station.key, theme=theme)  # type: ignore[arg-type]
    for language, width in (("ko", 360), ("en", 1200)):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/programmes", "/programmes/1", f"/airings/{night.airings['1530']}"):
            page.goto(f"{url}{path}?lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            if path == "/programmes/1":
                expect(page.locator(".budget")).to_be_visible()
            assert not overflows(page), (path, width)
            assert axe(page, node_peer) == [], (path, language)
