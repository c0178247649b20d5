"""Sites and feeds as engineers use them: a night on which a feed fails, a new feed, a site that fetches, a site's log."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from app.contracts.models import LogEntry
from app.database import reading
from app.feeds.models import Feed
from app.handoffs.models import Handoff
from app.settings import Settings
from app.web.application import create_app
from tests.integration.engine.living import ACCEPT_UNTIL, DELIVER_AT, LivingStation, founded
from tests.nights import FilledNight
from tests.stations import PATIENCE_S, running, serving
from tests.visits import Visits, axe, overflows

expect.set_options(timeout=PATIENCE_S * 500)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingStation]:
    station = LivingStation(Settings(home=founded(tmp_path / "home"), disk_reserve_bytes=0, port=0))
    yield station
    station.database.dispose()


def live_until(station: LivingStation, until: object) -> None:
    """The engine has a loop of its own, and so has the browser here."""
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(station.live_until, until).result()  # type: ignore[arg-type]


def states(station: LivingStation) -> list[str]:
    return [row.state for row in station.rows(Handoff)]


def test_at_three_in_the_morning_a_feed_that_fails_is_seen_probed_mended_and_delivers(
    living: LivingStation, visit: Visits, tmp_path: Path
) -> None:
    _, feed_id = living.evening(tmp_path / "site")
    shutil.move(tmp_path / "site", tmp_path / "moved")  # the site has moved its folder and told nobody
    live_until(living, DELIVER_AT + timedelta(minutes=1))
    assert "verified" not in states(living)
    key = (living.settings.root / "api-key").read_text()
    app = create_app(living.settings, now=living.clock)
    with running(app, living.settings) as url:
        page = visit(url, key, width=360, height=740)
        page.goto(f"{url}/sites")
        failing = page.locator(f"#feed-{feed_id}")
        expect(failing).to_contain_text("전달 실패")
        expect(failing).to_contain_text("피드 폴더가 없습니다")
        failing.get_by_role("link", name="feed 0").click()

        page.get_by_role("button", name="피드 점검").click()
        result = page.get_by_role("region", name="점검 결과")
        expect(result).to_contain_text("이대로는 전달할 수 없습니다")
        expect(result).to_contain_text("주소의 폴더를 확인하고")

        page.get_by_role("link", name="설정 고치기").first.click()
        page.get_by_label("주소", exact=True).fill(str(tmp_path / "moved"))
        page.get_by_role("button", name="저장").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("feed 0")
        expect(page.get_by_text(str(tmp_path / "moved"))).to_be_visible()

        page.get_by_role("button", name="다시 보내기").click()
        expect(page.get_by_text("요청했습니다.")).to_be_visible()
        live_until(living, ACCEPT_UNTIL - timedelta(minutes=5))
        assert states(living) == ["verified"]
        page.reload()
        expect(page.locator(f"#coming-{living.airing().id}")).to_contain_text(
            "보낼 것 1판 · 송신소에 있는 것 1판"
        )
        page.goto(f"{url}/sites")
        expect(page.locator(f"#feed-{feed_id}")).to_contain_text("정상")
        page.close()
    assert len(list((tmp_path / "moved").glob("*.mp3"))) == 1


def test_a_first_site_and_its_first_feed_are_made_by_what_the_empty_pages_say(
    living: LivingStation, visit: Visits
) -> None:
    key = (living.settings.root / "api-key").read_text()
    with running(create_app(living.settings, now=living.clock), living.settings) as url:
        visit.expected += ["422"]
        page = visit(url, key, language="en")
        page.goto(f"{url}/sites")
        page.get_by_role("main").get_by_role("link", name="Add a site").last.click()
        page.get_by_label("Name", exact=True).fill("Tashkent")
        page.get_by_label("HFCC code").fill("tac")
        page.get_by_label("Phone").fill("+998 71 123 4567")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("link", name="+998 71 123 4567")).to_have_attribute(
            "href", "tel:+998711234567"
        )

        page.get_by_role("link", name="SFTP").click()
        page.get_by_label("Name", exact=True).fill("Studio server")
        page.get_by_label("Address", exact=True).fill("sftp://danpa@files.site.example/incoming")
        page.get_by_label("Credential (a reference)").fill("hunter2")
        page.get_by_role("button", name="Save").click()
        wrong = page.get_by_label("Credential (a reference)")
        expect(wrong).to_be_focused()
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.locator(".field", has=wrong)).to_contain_text("never the secret itself")
        wrong.fill("env:DANPA_FEED_TAC")
        page.get_by_role("button", name="Save").click()
        key_field = page.get_by_label("The server’s public key")
        expect(page.locator(".field", has=key_field)).to_contain_text("ask the site for it")

        page.reload()  # a lost connection loses nothing, and what belongs to the protocol is shown again
        expect(page.get_by_text("What you had not sent yet is back.")).to_be_visible()
        expect(page.get_by_label("Credential (a reference)")).to_have_value("env:DANPA_FEED_TAC")
        key_field.fill("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVtcHR5")
        page.get_by_label("Protocol").select_option("s3")
        expect(key_field).to_be_hidden()
        page.get_by_label("Protocol").select_option("sftp")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Studio server")
    (feed,) = living.rows(Feed)
    assert (feed.protocol, feed.credential, feed.profile) == ("sftp", "env:DANPA_FEED_TAC", {})
    assert feed.options == {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVtcHR5"}


def add_pull_feed(page: Page, url: str) -> None:
    page.goto(f"{url}/sites/1/feeds/new?protocol=pull")
    page.get_by_label("피드 이름").fill("가져가는 곳")
    page.get_by_role("button", name="저장").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("가져가는 곳")


def test_a_sites_address_is_shown_once_brought_by_hand_is_recorded_and_a_log_is_tried_before_it_is_taken(
    night: FilledNight, visit: Visits, tmp_path: Path
) -> None:
    station = night.station
    with serving(station) as url:
        page = visit(url, station.key)
        add_pull_feed(page, url)
        page.get_by_label("누구에게 줍니까?").fill("조정실")
        page.get_by_role("button", name="새 주소 만들기").click()
        told = page.locator("#new-key")
        expect(told).to_be_visible()
        token = (page.locator("#new-key-address").text_content() or "").rstrip("/").rsplit("/", 1)[-1]
        assert token.startswith("pull_")
        page.reload()
        expect(page.locator("#key-1")).to_contain_text("조정실")
        assert token not in page.content()

        page.goto(f"{url}/feeds/{night.feeds['PAO']}")
        page.locator(f"#handoff-{night.handoffs['1530', 'PAO']}").get_by_role(
            "button", name="손으로 전달했음"
        ).click()
        page.get_by_label("어떻게, 누구에게 전달했습니까?").fill("메일로 조정실에")
        page.get_by_role("button", name="기록하기").click()
        expect(page.get_by_text("적어 두었습니다.")).to_be_visible()

        log_is_tried_then_taken(page, url, tmp_path / "november.csv")
    with reading(station.database) as session:
        assert len(session.exec(select(LogEntry)).all()) == 1


def log_is_tried_then_taken(page: Page, url: str, log: Path) -> None:
    page.goto(f"{url}/sites/1/contracts/new")
    page.get_by_label("첫날").fill("2026-11-01")
    page.get_by_label("마지막 날").fill("2026-11-30")
    page.get_by_label("예약한 분").fill("900")
    page.get_by_label("단가").fill("12500")
    page.get_by_label("예약한 시간 (UTC)").fill("1200-1230 daily")
    page.get_by_role("button", name="저장").click()
    expect(page.get_by_text("1200–1230 UTC")).to_be_visible()
    log.write_text("Date,On,Off,Frequency\n2026-11-22,12:00,25:30,7585\n")
    page.get_by_label("파일 (CSV)").set_input_files(log)
    page.get_by_role("button", name="시험해 보기").click()
    expect(page.locator("#log-result")).to_contain_text("2번째 줄, Off 열")
    expect(page.get_by_role("button", name="이대로 넣기")).to_be_hidden()
    log.write_text("Date,On,Off,Frequency\n2026-11-22,12:00,12:30,7585\n")
    page.get_by_label("파일 (CSV)").set_input_files(log)
    page.get_by_role("button", name="시험해 보기").click()
    page.get_by_role("button", name="이대로 넣기").click()
    expect(page.get_by_text("november.csv")).to_be_visible()
    expect(page.get_by_role("row", name="송신소가 확인")).to_contain_text("30")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_well_made_in_both_languages_at_every_width(
    night: FilledNight, visit: Visits, node_peer: Callable[[str], Path], theme: str
) -> None:
    feed = night.feeds["PAO"]
    pages = ["/sites", "/sites/1", f"/feeds/{feed}", f"/feeds/{feed}/edit", "/sites/1/contracts/new", "/record", "/record/minutes", "/record/report?month=2026-10"]  # fmt: skip
    with serving(night.station) as url:
        page = visit(url, night.station.key, theme=theme)  # type: ignore[arg-type]
        for number, path in enumerate(pages):
            language = ("ko", "en")[number % 2] if theme == "light" else ("en", "ko")[number % 2]
            page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert axe(page, node_peer) == [], path
            for width in (360, 1200):
                page.set_viewport_size({"width": width, "height": 800})
                assert not overflows(page), (path, width)
