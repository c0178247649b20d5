"""An engineer at the station's page: somebody new gets a key, a lost one is revoked, and the guide is one click away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from tests.stations import PATIENCE_S, SmallStation, keyed, make_station, serving
from tests.visits import Visits, axe, overflows


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SmallStation]:
    made = make_station(tmp_path)
    yield made
    made.database.dispose()


def signs_in(url: str, key: str) -> bool:
    answer = httpx.post(
        f"{url}/api/v1/session",
        json={"key": key},
        headers={"Sec-Fetch-Site": "same-origin"},
        timeout=PATIENCE_S,
    )
    return answer.status_code == 201


def test_somebody_new_gets_a_key_that_is_shown_once_and_can_be_revoked(
    station: SmallStation, visit: Visits
) -> None:
    with serving(station) as url:
        page = visit(url, station.key)
        page.goto(f"{url}/station")
        page.get_by_label("새 사람의 이름").fill("서윤슬")
        page.get_by_role("button", name="사람 더하기").click()
        row = page.get_by_role("listitem").filter(has_text="서윤슬").first
        row.get_by_text("새 키, 메일, 승인 알림").click()
        row.get_by_label("새 키를 어디에 쓰나요?").fill("노트북")
        row.get_by_role("button", name="키 만들기").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("서윤슬 님의 새 키입니다.").wait_for()
        secret = dialog.locator("pre").inner_text().strip()
        assert secret.startswith("danpa_")
        assert signs_in(url, secret)
        dialog.get_by_role("button", name="복사해 두었음").click()
        revoke = page.get_by_role("button", name="서윤슬 님의 키 ‘노트북’ 없애기")
        revoke.wait_for()
        assert secret not in page.content()
        page.reload()
        assert secret not in page.content()
        revoke.click()
        page.get_by_role("dialog").get_by_role("button", name="없애기").click()
        revoke.wait_for(state="detached")
        assert not signs_in(url, secret)


def test_that_the_last_person_cannot_be_disabled_is_told_in_words(
    station: SmallStation, visit: Visits
) -> None:
    """Also where the page was shown before the other one was disabled."""
    visit.expected.append("409")
    station.another_key("서윤슬")
    with serving(station) as url:
        page = visit(url, station.key)
        page.goto(f"{url}/station")
        own = page.locator(f"#person-{station.person_id}")
        own.get_by_text("새 키, 메일, 승인 알림").click()
        disable = own.get_by_role("button", name="막기")
        disable.click()
        with keyed(url, station.key) as api:
            other = next(
                one["id"] for one in api.get("/api/v1/people").json()["items"] if one["name"] == "서윤슬"
            )
            api.post(f"/api/v1/people/{other}/disable").raise_for_status()
        page.get_by_role("dialog").get_by_role("button", name="막기").click()
        page.get_by_text("들어올 수 있는 마지막 사람입니다").wait_for()
        page.reload()
        own.get_by_text("새 키, 메일, 승인 알림").click()
        assert own.get_by_text("마지막 사람이라 막을 수 없습니다").is_visible()
        assert own.get_by_role("button", name="막기").count() == 0


PAGES = ("/station", "/station/start", "/station/journal", "/guide", "/guide/needs")


@pytest.mark.parametrize(("language", "theme", "width"), [("ko", "light", 1200), ("en", "dark", 360)])
def test_the_station_and_the_guide_are_well_made(
    station: SmallStation,
    visit: Visits,
    node_peer: Callable[[str], Path],
    language: Literal["ko", "en"],
    theme: Literal["light", "dark"],
    width: int,
) -> None:
    with serving(station) as url:
        page = visit(url, station.key, language=language, theme=theme, width=width)
        for path in PAGES:
            page.goto(f"{url}{path}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert not overflows(page), path
            assert axe(page, node_peer) == [], path


def test_help_opens_the_chapter_of_the_page(station: SmallStation, visit: Visits) -> None:
    with serving(station) as url:
        page = visit(url, station.key)
        page.goto(f"{url}/station")
        page.get_by_role("link", name="도움말").click()
        page.get_by_role("heading", name="방송국: 사람, 키, 설정").wait_for()
        page.goto(f"{url}/station/start")
        page.get_by_role("link", name="자료실에서 올리기").wait_for()  # the next step is open
        page.get_by_role("link", name="도움말").click()
        page.get_by_role("heading", name="빈 방송국에서 첫 방송까지").wait_for()
