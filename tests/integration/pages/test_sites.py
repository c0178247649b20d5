"""Sites, feeds and contracts, as the pages show them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from app.air.status import NOBODY
from app.console.sites.health import feeds_health
from app.database import reading, writing
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.handoffs.deadlines import Deadlines, deadlines_met
from app.handoffs.models import Handoff
from app.station.models import Station
from schedules.time import night_span
from tests.nights import AT, NIGHT, FilledNight, compiled, handed_over
from tests.stations import SmallStation, keyed, serving

Browser = Callable[..., httpx.Client]


def text_of(page: str) -> str:
    """What is read, without the marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def part(page: str, element_id: str) -> str:
    """What is read of one list item."""
    found = re.search(rf'<li id="{element_id}".*?</li>', page, re.DOTALL)
    assert found
    return text_of(found[0])


def test_at_a_glance_each_feed_tells_its_health_its_next_version_and_deadline(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get("/sites").text
    failing, well = part(page, f"feed-{night.feeds['PAO']}"), part(page, f"feed-{night.feeds['TAC']}")
    assert "전달 실패" in failing
    assert "송신소가 우리 열쇠를 받아 주지 않습니다" in failing
    assert "보낼 것 1판 · 송신소에 아직 없음" in failing
    assert "00:00 KST (15:00 UTC) 20분 남음" in failing
    assert "정상" in well
    assert "마지막 도착 확인" in well
    assert "제때 도착 4 / 4건 (100%)" in text_of(page)


def test_a_missed_and_a_late_deadline_are_counted_and_what_was_called_off_is_not(night: FilledNight) -> None:
    with writing(night.station.database) as session:
        for key, state, late in ((("1200", "TAC"), "verified", True), (("1430", "PAO"), "failed", False), (("1430", "TAC"), "cancelled", False)):  # fmt: skip
            row = session.get_one(Handoff, night.handoffs[key])
            row.state, row.was_late = state, late
            session.add(row)
    with reading(night.station.database) as session:
        met = deadlines_met(session, night_span(NIGHT), AT)
    assert met == {night.feeds["TAC"]: Deadlines(late=1), night.feeds["PAO"]: Deadlines(on_time=1, missed=1)}


def test_a_newer_version_that_did_not_arrive_counts_as_missed_although_an_older_one_lies_there(
    night: FilledNight,
) -> None:
    compiled(night, "1200")
    handed_over(night, "1200", "TAC", "failed", error="timeout: nothing came")
    with reading(night.station.database) as session:
        assert deadlines_met(session, night_span(NIGHT), AT)[night.feeds["TAC"]] == Deadlines(1, 0, 1)


def test_whom_to_call_stands_first_and_a_phone_can_call_it(night: FilledNight, browser: Browser) -> None:
    with writing(night.station.database) as session:
        site = session.get_one(Site, 1)
        site.desk = {"name": "조정실", "phone": "+998 71 123", "mail": "desk@site.example"}
        session.add(site)
    page = browser().get("/sites/1").text
    assert 'href="tel:+99871123"' in page
    assert 'href="mailto:desk@site.example"' in page
    assert page.index("tel:") < page.index("facts-title")


def test_a_station_without_sites_is_told_what_they_are_and_what_to_do(browser: Browser) -> None:
    page = browser().get("/sites").text
    assert "아직 송신소가 없습니다" in page
    assert page.count('href="/sites/new"') == 2


def test_a_feed_page_has_its_deliveries_with_receipts_and_the_way_by_hand(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    well = client.get(f"/feeds/{night.feeds['TAC']}").text
    assert "확인 방법: sha256 of the file" in text_of(well)
    assert "손으로 전달했음" not in part(well, f"handoff-{night.handoffs['1530', 'TAC']}")
    failing = client.get(f"/feeds/{night.feeds['PAO']}").text
    failed = night.handoffs["1530", "PAO"]
    assert f'data-action="/api/v1/handoffs/{failed}/retry"' in failing
    assert f'data-by-hand="{failed}"' in failing
    assert f'href="/api/v1/handoffs/{failed}/note"' in failing


def test_the_switch_sends_the_feed_as_it_is_otherwise(night: FilledNight, browser: Browser) -> None:
    feed_id, client = night.feeds["TAC"], browser()
    with writing(night.station.database) as session:
        feed = session.get_one(Feed, feed_id)
        feed.address = str(night.station.settings.root / "site")
        feed.lead_in, feed.profile, feed.name_template = (
            {"tone_s": 3},
            {"lowpass_hz": None},
            "{date}_{time}.{ext}",
        )
        feed.bitrate_kbps = 128
        session.add(feed)
    page = client.get(f"/feeds/{feed_id}").text
    sent = re.search(r'id="switch".*?data-body="([^"]*)"', page, re.DOTALL)
    assert sent
    body = json.loads(html.unescape(sent[1]))
    with serving(night.station) as url, keyed(url, night.station.key) as api:
        before = api.get(f"/api/v1/feeds/{feed_id}").json()
        answer = api.put(f"/api/v1/feeds/{feed_id}", json=body)
        assert answer.status_code == 200, answer.text
        differ = {name for name, value in answer.json().items() if before[name] != value}
    assert differ == {"enabled", "revision"}


def test_a_probe_is_remembered_with_its_outcome_and_no_more(
    demo_station: SmallStation, night: FilledNight, browser: Browser
) -> None:
    feed_id = night.feeds["TAC"]
    with writing(demo_station.database) as session:
        session.get_one(Feed, feed_id).name_template = "{date}_{time}.{ext}"
    with serving(demo_station) as url, keyed(url, demo_station.key) as api:
        assert api.post(f"/api/v1/feeds/{feed_id}/probe").json()["ok"] is False
        (entry,) = api.get("/api/v1/journal", params={"action": "feed.probed"}).json()["items"]
    assert entry["details"] == {"ok": False, "code": "confined"}
    assert "마지막 점검: 문제 있음" in text_of(browser().get("/sites").text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"protocol": "sftp", "address": "sftp://a@site.example/in"}, "options.host_key"),
        (
            {"protocol": "sftp", "address": "sftp://a@site.example/in", "options": {"host_key": "my key"}},
            "options.host_key",
        ),
        ({"accept_until_s": 9000}, "accept_until_s"),
        ({"credential": "hunter2"}, "credential"),
        ({"name_template": "{nonsense}.mp3"}, "name_template"),
    ],
)
def test_what_is_wrong_with_a_feed_is_told_at_a_field_that_its_form_has(
    night: FilledNight, browser: Browser, changes: dict[str, Any], field: str
) -> None:
    with writing(night.station.database) as session:
        session.get_one(Station, 1).is_demo = False  # a demo's feeds are folders
    body = {"site_id": 1, "name": "another", "protocol": "folder", "address": "/elsewhere"} | changes
    with serving(night.station) as url, keyed(url, night.station.key) as api:
        (wrong,) = api.post("/api/v1/feeds", json=body).json()["errors"]
    assert wrong["field"] == field
    assert f'name="{field}"' in browser().get("/sites/1/feeds/new").text


def test_more_airings_and_feeds_take_no_more_queries(night: FilledNight) -> None:
    def queries() -> int:
        seen: list[str] = []

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(night.station.database, "before_cursor_execute", count)
        with reading(night.station.database) as session:
            feeds_health(session, NOBODY, AT)
        event.remove(night.station.database, "before_cursor_execute", count)
        return len(seen)

    before = queries()
    for time in ("1530", "2000"):
        compiled(night, time)
        for site in ("TAC", "PAO"):
            handed_over(night, time, site, "verified")
    with writing(night.station.database) as session:
        for number in range(5):
            feed = Feed(site_id=1, name=f"more {number}", protocol="pull", address="", name_template="x", created_at=AT, updated_at=AT)  # fmt: skip
            session.add(feed)
    assert queries() == before


def test_contracts_show_the_months_minutes_and_their_price(night: FilledNight, browser: Browser) -> None:
    contract = {
        "site_id": 1, "first_date": "2026-11-01", "last_date": "2026-11-30", "booked_minutes": 900,
        "price_minor": 12500, "currency": "USD", "billing_unit": "hour", "notice_days": 60,
    }  # fmt: skip
    night.station.clock.advance(timedelta(days=1))
    with serving(night.station) as url, keyed(url, night.station.key) as api:
        made = api.post("/api/v1/contracts", json=contract).json()["id"]
    client = browser()
    shown = text_of(client.get("/sites/1?lang=en").text)
    assert "900 minutes a month · $125.00 an hour · notice 60 days" in shown
    assert "Booked 900 $1,875.00" in shown
    assert "Delivered 30 $125.00" in shown  # the airing of 12:00: 10:00 was missed, the others are not over
    assert "The contract does not run in this month." in text_of(client.get("/sites/1?month=2026-12").text)
    assert text_of(client.get(f"/contracts/{made}?month=2026-11").text).count("$1,875.00") == 1


@pytest.mark.parametrize(
    "address", ["/sites/99", "/sites/99/edit", "/feeds/99", "/feeds/99/edit", "/contracts/99"]
)
def test_what_is_not_there_is_said_to_be_missing(browser: Browser, address: str) -> None:
    assert browser().get(address).status_code == 404


def test_other_peoples_text_stays_text(night: FilledNight, browser: Browser) -> None:
    evil = '"><script>alert(1)</script>'
    with writing(night.station.database) as session:
        site, feed = session.get_one(Site, 1), session.get_one(Feed, night.feeds["TAC"])
        site.name, site.contacts, site.desk = evil, evil, {"phone": evil, "mail": evil, "name": evil}
        feed.name, feed.address, feed.options = evil, evil, {"host_key": evil}
        session.add_all([site, feed])
    client = browser()
    for address in ("/sites", "/sites/1", "/sites/1/edit", f"/feeds/{feed.id}", f"/feeds/{feed.id}/edit"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
