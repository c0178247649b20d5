"""The approval queue on a phone: what is needed soonest is heard and decided with a thumb, by somebody else than who made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.database import writing
from app.station.models import Station
from tests.recordings import uploaded
from tests.stations import SmallStation, keyed, serving
from tests.visits import Visits, axe, overflows

WIDTH, HEIGHT = 360, 740
THUMB_PX = 44
"""What a thumb hits without looking."""


def in_reach(page: Page, name: str) -> None:
    """The button lies whole in the lower half of the window, is large enough, and nothing covers it."""
    button = page.get_by_role("group", name="듣고 정하기").get_by_role("button", name=name)
    box = button.bounding_box()
    assert box
    assert box["y"] > HEIGHT / 2
    assert box["height"] >= THUMB_PX
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    covered = "([x, y]) => document.elementFromPoint(x, y)?.closest('button')?.textContent ?? ''"
    assert name in page.evaluate(covered, middle)


def test_another_person_approves_and_sends_back_with_one_thumb(
    demo_station: SmallStation, visit: Visits, tmp_path: Path
) -> None:
    with writing(demo_station.database) as session:
        session.get_one(Station, 1).approved_by_another = True
    other = demo_station.another_key("이강")
    visit.expected += ["409", "412"]
    with serving(demo_station) as url, keyed(url, demo_station.key) as client:
        first = uploaded(demo_station, url, tmp_path, 4, title="첫 편지", script="어머니께.")
        second = uploaded(demo_station, url, tmp_path, 5, title="둘째 편지")

        mine = visit(url, demo_station.key, width=WIDTH, height=HEIGHT)
        mine.goto(f"{url}/approvals")
        expect(mine.get_by_text("다른 사람이 승인합니다")).to_be_visible()
        assert mine.get_by_role("button", name="승인").count() == 0

        page = visit(url, other, width=WIDTH, height=HEIGHT)
        page.goto(f"{url}/approvals")
        expect(page.get_by_role("heading", name="첫 편지")).to_be_visible()
        expect(page.get_by_text("어머니께.")).to_be_visible()
        for name in ("듣기", "메모", "돌려보내기", "승인"):
            in_reach(page, name)
        page.locator("#thumb-play").tap()
        expect(page.locator("#thumb-play")).to_contain_text("멈춤")
        page.get_by_role("button", name="승인").tap()
        expect(page.get_by_role("heading", name="둘째 편지")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="승인했습니다")).to_be_visible()
        approved = client.get(f"/api/v1/segments/{first}").json()
        assert (approved["state"], approved["approved_cut"], approved["approved_by"]) == ("approved", 1, 2)

        page.get_by_role("button", name="돌려보내기").tap()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("까닭").fill("2초에 이름이 들립니다")
        dialog.get_by_role("button", name="돌려보내기").tap()
        expect(page.get_by_text("승인을 기다리는 녹음이 없습니다")).to_be_visible()
        assert client.get(f"/api/v1/segments/{second}").json()["problem"]["detail"] == "2초에 이름이 들립니다"
        page.get_by_role("button", name="취소").tap()
        expect(page.get_by_role("heading", name="둘째 편지")).to_be_visible()
        assert client.get(f"/api/v1/segments/{second}").json()["state"] == "draft"

        # Somebody else decides while the reason is being written: it is not sent for the one that is shown now
        page.get_by_role("button", name="돌려보내기").tap()
        dialog.get_by_label("까닭").fill("둘째의 까닭")
        client.put(f"/api/v1/segments/{first}/edits", json={"gain_db": 1})
        with keyed(url, other) as deciding:
            assert deciding.post(f"/api/v1/segments/{second}/approve", json={"cut": 1}).status_code == 200
        expect(page.locator("#item-title")).to_have_text("첫 편지")
        expect(dialog.get_by_label("까닭")).to_have_value("둘째의 까닭")
        dialog.get_by_role("button", name="돌려보내기").tap()
        expect(dialog.get_by_role("alert")).to_be_visible()
        assert client.get(f"/api/v1/segments/{first}").json()["state"] == "draft"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_queue_is_well_made(
    demo_station: SmallStation, visit: Visits, node_peer: Callable[[str], Path], tmp_path: Path, theme: str
) -> None:
    with serving(demo_station) as url:
        page = visit(url, demo_station.key, theme=theme, width=360)  # type: ignore[arg-type]
        page.goto(f"{url}/approvals?lang=en")
        expect(page.get_by_text("Nothing waits to be approved")).to_be_visible()
        assert axe(page, node_peer) == []
        for title in ("첫 편지", "둘째 편지"):
            uploaded(demo_station, url, tmp_path, 4, title=title, script="어머니께.\n" * 40, notes="급함")
        for language, width in (("ko", 360), ("en", 1200), ("en", 360)):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{url}/approvals?lang={language}")
            expect(page.get_by_role("slider")).to_have_attribute("aria-valuemax", "4.0")
            assert not overflows(page)
            assert axe(page, node_peer) == []
