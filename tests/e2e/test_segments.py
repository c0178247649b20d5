"""One segment's page: it is cut on its waveform by mouse, by keyboard and by numbers, and nothing that was done is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.recordings import uploaded, worked
from tests.stations import SmallStation, keyed, serving
from tests.visits import Visits, axe, overflows

RATE = 48_000
SECONDS = 10


def opened(page: Page, url: str, segment_id: int) -> Locator:
    """The page, once its waveform is drawn; returns the waveform."""
    page.goto(f"{url}/library/{segment_id}")
    wave = page.get_by_role("slider")
    expect(wave).to_have_attribute("aria-valuemax", f"{SECONDS:.1f}")
    return wave


def drag(page: Page, wave: Locator, start: float, end: float) -> None:
    box = wave.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + (start + end) / 2 * box["width"], middle)
    page.mouse.move(box["x"] + end * box["width"], middle)
    page.mouse.up()


def edits(page: Page) -> list[list[str]]:
    """The times in the list of edits, row by row."""
    rows = page.get_by_role("list", name="편집한 곳").get_by_role("listitem").all()
    return [[field.input_value() for field in row.get_by_role("textbox").all()] for row in rows]


def newest(client: httpx.Client, segment_id: int) -> dict[str, object]:
    found: dict[str, object] = client.get(f"/api/v1/segments/{segment_id}/cuts").json()["items"][0]
    return found


def test_a_recording_is_cut_by_mouse_and_by_keyboard_and_heard_before_and_after(
    demo_station: SmallStation, visit: Visits, tmp_path: Path
) -> None:
    with serving(demo_station) as url, keyed(url, demo_station.key) as client:
        segment_id = uploaded(demo_station, url, tmp_path, SECONDS)
        page = visit(url, demo_station.key)
        wave = opened(page, url, segment_id)

        drag(page, wave, 0.6, 0.8)
        page.get_by_role("button", name="신호음으로 가리기").click()
        [[start, end]] = edits(page)
        assert abs(float(start.split(":")[1]) - 6) < 0.1
        assert abs(float(end.split(":")[1]) - 8) < 0.1
        for which, time in (("처음", "6"), ("끝", "8,5")):
            field = page.get_by_role("list", name="편집한 곳").get_by_label(which)
            field.fill(time)
            field.press("Enter")
        assert edits(page) == [["0:06.000", "0:08.500"]]

        wave.focus()
        for key in ("Home", "ArrowRight", "[", "ArrowRight", "ArrowRight", "]", "Delete"):
            page.keyboard.press(key)
        assert edits(page) == [["0:01.000", "0:03.000"], ["0:06.000", "0:08.500"]]
        page.keyboard.press("Control+z")
        assert edits(page) == [["0:06.000", "0:08.500"]]
        page.keyboard.press("Control+Shift+Z")
        assert len(edits(page)) == 2

        page.get_by_role("button", name="저장하고 편집본 만들기").click()
        expect(page.locator("#cut-state")).to_contain_text("편집본 2을(를) 만들고")
        worked(demo_station, "cut")
        after = page.get_by_role("button", name="편집본 2 (후)")
        expect(after).to_be_visible()
        cut = newest(client, segment_id)
        assert (cut["number"], cut["state"], cut["duration_s"]) == (2, "ready", SECONDS - 2.0)
        assert cut["joins"] == [RATE, 4 * RATE, 6 * RATE + RATE // 2]
        assert client.get(f"/api/v1/segments/{segment_id}/peaks").json()["samples"] == (SECONDS - 2) * RATE

        wave.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        after.click()
        expect(page.locator(".wave-time").first).to_have_text("0:07.0 / 0:08.0")
        page.keyboard.press("b")
        expect(page.locator(".wave-time").first).to_have_text("0:09.0 / 0:10.0")
        page.keyboard.press("b")
        page.get_by_role("button", name="이음매 0:01.0 듣기").click()
        expect(page.get_by_role("button", name="멈춤")).to_be_visible()


def test_edits_outlive_the_tab_and_what_somebody_else_saved_meanwhile(
    demo_station: SmallStation, visit: Visits, tmp_path: Path
) -> None:
    visit.expected.append("412")
    with serving(demo_station) as url, keyed(url, demo_station.another_key("이강")) as other:
        segment_id = uploaded(demo_station, url, tmp_path, SECONDS)
        page = visit(url, demo_station.key)
        opened(page, url, segment_id)
        page.get_by_label("처음 [").fill("0:02")
        page.get_by_label("끝 ]").fill("0:03.5")
        page.get_by_role("button", name="잘라내기").click()
        assert edits(page) == [["0:02.000", "0:03.500"]]

        opened(page, url, segment_id)
        assert edits(page) == [["0:02.000", "0:03.500"]]
        expect(page.locator("#cut-state")).to_contain_text("저장하지 않은 편집")

        theirs = other.put(f"/api/v1/segments/{segment_id}/edits", json={"fade_in_samples": 480})
        assert theirs.status_code == 200
        note = page.get_by_role("status").filter(has_text="이강 님이 다른 편집(편집본 2)을 저장했습니다")
        expect(note).to_be_visible()
        assert edits(page) == [["0:02.000", "0:03.500"]]
        page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full') } }")
        held = list[Route]()

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/edits", hold)
        page.get_by_role("button", name="내 편집으로 새로 저장").click()
        expect(note).to_be_hidden()
        page.get_by_label("처음 [").fill("0:05")  # while it is on its way
        page.get_by_label("끝 ]").fill("0:06")
        page.get_by_role("button", name="잘라내기").click()
        expect(page.get_by_role("status").filter(has_text="이 창에만 있으니")).to_be_visible()
        held[0].continue_()
        expect(page.get_by_role("status").filter(has_text="편집본 3")).to_be_visible()
        mine = newest(other, segment_id)
        assert (mine["number"], mine["edits"]["removed"]) == (3, [[2 * RATE, 7 * RATE // 2]])  # type: ignore[index]
        expect(page.locator("#cut-state")).to_contain_text("저장하지 않은 편집")
        assert edits(page) == [["0:02.000", "0:03.500"], ["0:05.000", "0:06.000"]]


def test_a_refusal_stands_beside_its_field_in_the_readers_language(
    demo_station: SmallStation, visit: Visits, tmp_path: Path
) -> None:
    visit.expected.append("422")
    with serving(demo_station) as url:
        segment_id = uploaded(demo_station, url, tmp_path, SECONDS)
        page = visit(url, demo_station.key)
        opened(page, url, segment_id)
        form = page.locator("#details form")
        form.locator("[name=air_from]").fill("2026-12-02T10:00")
        form.locator("[name=air_until]").fill("2026-12-01T10:00")
        form.get_by_role("button").click()
        until = form.locator("[name=air_until]")
        expect(until).to_be_focused()
        expect(until).to_have_accessible_description(re.compile("이대로는 나갈 수 없습니다$"))
        expect(form.locator(".form-wrong")).to_have_count(0)
        until.fill("2026-12-03T10:00")
        form.locator("[name=series]").fill("먼 길")
        form.get_by_role("button").click()
        episode = form.locator("[name=episode]")
        expect(episode).to_have_accessible_description(
            "시리즈에는 몇 회인지, 회에는 어느 시리즈인지 함께 적으세요"
        )
        expect(form.locator(".wrong")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_segment_is_well_made(
    demo_station: SmallStation, visit: Visits, node_peer: Callable[[str], Path], tmp_path: Path, theme: str
) -> None:
    with serving(demo_station) as url:
        segment_id = uploaded(demo_station, url, tmp_path, SECONDS, script="안녕하십니까.", notes="비고")
        with keyed(url, demo_station.key) as client:
            note = {"text": "이름이 들립니다", "at_s": 2.5}
            client.post(f"/api/v1/segments/{segment_id}/notes", json=note)
            ranges = {"removed": [[RATE, 2 * RATE]], "gains": [{"start": 0, "end": RATE, "gain_db": 3}]}
            client.put(f"/api/v1/segments/{segment_id}/edits", json=ranges)
            worked(demo_station, "cut")
        page = visit(url, demo_station.key, theme=theme)  # type: ignore[arg-type]
        for language, width in (("ko", 360), ("en", 1200), ("en", 360)):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{url}/library/{segment_id}?lang={language}")
            expect(page.get_by_role("slider")).to_have_attribute("aria-valuemax", f"{SECONDS - 1:.1f}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert not overflows(page)
            assert axe(page, node_peer) == []
