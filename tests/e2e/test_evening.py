"""A producer's evening at a whole station: uploaded, approved by a colleague on a phone, placed, previewed, and heard.

Real processes: the web server, two workers and an engine; the clock is the station's, so that the night comes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.hearing import hear
from tests.acceptance.whole_station import VOICES, WholeStation
from tests.visits import Visits, wait_until

pytestmark = pytest.mark.slow

AFTERNOON = datetime(2026, 11, 16, 6, tzinfo=UTC)
ON_AIR_AT = datetime(2026, 11, 16, 15, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[WholeStation]:
    made = WholeStation(tmp_path / "home", AFTERNOON)
    try:
        made.upload(VOICES / "news-morning.opus", title="아침 소식", kind="news")
        made.upload(VOICES / "music-strings.opus", title="잔잔한 줄 소리", kind="music")
        clock = [{"type": "pick", "kinds": ["news"]}, {"type": "fill", "kinds": ["music"]}]
        programme = made.post("/programmes", title="밤의 편지", code="letters", clock=clock)
        slot = made.post(
            "/slots", programme_id=programme["id"], start="1500", stop="1506", days="daily", early_off_s=12,
            first_date="2026-11-16", last_date="2026-11-16",
        )  # fmt: skip
        site = made.post("/sites", code="TAC", name="Tashkent")
        (tmp_path / "site").mkdir()
        feed = made.post(
            "/feeds", site_id=site["id"], name="folder", protocol="folder", address=str(tmp_path / "site"),
            name_template="{date}_{time}.{ext}", bitrate_kbps=128,
        )  # fmt: skip
        made.post("/lines", slot_id=slot["id"], site_id=site["id"], khz=7585, feed_ids=[feed["id"]])
        made.http.put("/station", json={"approved_by_another": True}).raise_for_status()
        yield made
    finally:
        made.close()


def colleague(station: WholeStation) -> str:
    person = station.post("/people", name="이강")
    return str(station.post("/keys", person_id=person["id"], label="phone")["secret"])


def test_a_producers_evening(station: WholeStation, visit: Visits, tmp_path: Path) -> None:
    url = str(station.http.base_url).removesuffix("/api/v1/")
    page = visit(url, station.key)
    page.goto(f"{url}/library")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="파일 올리기").click()
    chooser.value.set_files(VOICES / "letter-mother.opus")
    details = page.get_by_role("dialog", name="올리기 전에")
    details.get_by_label("종류").select_option("testimony")
    details.get_by_role("button", name="보내기").click()
    row = page.locator(".stretch li").filter(has_text="letter-mother")
    expect(row).to_contain_text("승인 대기")  # the worker has measured it, and the page has heard of it

    phone = visit(url, colleague(station), width=360, height=740)
    phone.goto(f"{url}/approvals")
    expect(phone.get_by_role("heading", name="letter-mother")).to_be_visible()
    phone.locator("#thumb-play").tap()
    phone.get_by_role("button", name="승인").tap()
    expect(row).to_contain_text("승인됨")

    page.goto(f"{url}/programmes")
    page.get_by_role("link", name="밤의 편지").first.click()
    page.get_by_role("button", name="+ 정해진 음원").click()
    page.get_by_role("combobox", name="음원").fill("letter")
    page.get_by_role("option", name="letter-mother").click()
    page.keyboard.press("Alt+ArrowUp")
    page.get_by_role("button", name="시계 저장").click()
    expect(page.locator("#told")).to_contain_text("시계를 저장했습니다")
    page.get_by_role("button", name="미리 보기").click()
    expect(page.get_by_role("row", name="letter-mother")).to_be_visible()

    station.live_until(ON_AIR_AT - timedelta(minutes=30))
    page.goto(f"{url}/")
    page.get_by_role("link", name="큐시트 열기").first.click()
    page.get_by_role("button", name="여기부터 듣기: letter-mother").click()
    wait_until(page, "document.querySelector('#wave [role=slider]')?.ariaValueNow > 90")
    (airing,) = station.items("/airings", night="2026-11-16")
    station.live_until(ON_AIR_AT + timedelta(minutes=7))
    (file,) = (tmp_path / "site").glob("*.mp3")
    assert hear(file).samples == airing["target_samples"]
    page.goto(f"{url}/record?night=2026-11-16")
    expect(page.get_by_role("row", name="letter-mother").first).to_be_visible()
