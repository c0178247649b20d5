"""What is awaited tonight, on the first page: from whom, since when, until when, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import httpx
import pytest
from sqlmodel import select

from app.approving.models import SignOff
from app.database import id_of, writing
from app.library.models import SegmentState
from app.people.models import Person
from app.programmes.models import Programme
from tests.nights import AT, FilledNight, compiled

Browser = Callable[..., httpx.Client]
HOUR = timedelta(hours=1)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def section(page: str) -> str:
    found = re.search(r'<section class="awaited".*?</section>', page, re.DOTALL)
    assert found
    return text_of(found[0])


def card(page: str, airing_id: int) -> str:
    found = re.search(rf'<article id="airing-{airing_id}".*?</article>', page, re.DOTALL)
    assert found
    return text_of(found[0])


@pytest.fixture
def letters(night: FilledNight) -> FilledNight:
    """The programme of 18:00 and 20:00 UTC awaits a letter from somebody by half past two in the morning, Korean time."""
    with writing(night.station.database) as session:
        sender = Person(name="박<바다>", created_at=AT)
        session.add(sender)
        session.flush()
        letter = {
            "type": "awaited",
            "name": "letter",
            "label": "오늘의 편지",
            "required": False,
            "due": "02:30",
        }
        programme = session.exec(select(Programme).where(Programme.code == "letters")).one()
        programme.clock = [letter | {"owner_id": id_of(sender)}, *programme.clock]
    return night


def test_the_page_says_what_is_awaited_from_whom_and_by_when(letters: FilledNight, browser: Browser) -> None:
    page = browser().get("/").text
    shown = section(page)
    assert shown.count("오늘의 편지 ○ 아직 오지 않음") == 2
    assert "맡은 사람: 박&lt;바다&gt; · 낼 때 02:30 KST (17:30 UTC)" in shown
    assert "내용 마감" in shown
    assert "오지 않으면 그 꼭지 없이 나갑니다" in shown
    assert "승인을 기다리는 녹음이 없습니다" in shown
    assert "늦음" not in shown
    assert f'href="/library?for={letters.airings["1800"]}&amp;element=0"' in page
    letters.station.clock.at = AT + 3 * HOUR
    assert section(browser().get("/").text).count("늦음") == 2


def test_what_has_come_waits_to_be_approved(letters: FilledNight, browser: Browser) -> None:
    on = date(2026, 11, 23)
    fields = {"kind": "talk", "awaited_as": "letter", "awaited_on": on, "state": SegmentState.draft}
    letters.station.add_segment(title="편지", **fields)
    letters.station.add_segment(title="다른 것", state=SegmentState.draft)
    shown = section(browser().get("/").text)
    assert shown.count("◑ 승인 대기") == 2
    assert "승인을 기다리는 녹음: 2개" in shown
    letters.station.add_segment(title="편지", **fields | {"state": SegmentState.approved})
    shown = section(browser().get("/").text)
    assert shown.count("✓ 승인됨") == 2
    assert "오지 않으면" not in shown


def test_a_night_that_awaits_nothing_says_nothing_of_it(night: FilledNight, browser: Browser) -> None:
    assert 'class="awaited"' not in browser().get("/").text
    night.station.add_segment(title="편지", state=SegmentState.draft)
    assert "1개" in section(browser().get("/").text)


def test_every_airing_to_come_shows_its_content_cut_off(night: FilledNight, browser: Browser) -> None:
    client = browser()
    page = client.get("/").text
    for time in ("1530", "1800", "2000"):
        path = f"/api/v1/airings/{night.airings[time]}"
        at = client.get(path).json()["content_cut_off_at"][11:16]
        assert re.search(
            rf"내용 마감(까지 [^·]+ 남음)? \d\d:\d\d KST \({at} UTC\)", card(page, night.airings[time])
        )
    assert "내용 마감" not in card(page, night.airings["1200"])
    assert "내용 마감" not in card(page, night.airings["1430"])


def test_a_signature_is_seen_and_so_is_that_the_newer_version_has_none(
    night: FilledNight, browser: Browser
) -> None:
    airing = night.airings["1530"]
    with writing(night.station.database) as session:
        session.add(SignOff(airing_id=airing, version=1, signed_at=AT, signed_by=night.station.person_id))
    assert "1판에 서명함: 김하늘" in card(browser().get("/").text, airing)
    compiled(night, "1530")
    shown = card(browser().get("/").text, airing)
    assert "2판에는 아직 서명이 없습니다. 서명은 1판까지 있습니다." in shown
    assert "서명함" not in shown
