"""The first page in a real browser: what its scripts do, and what it is like without them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import select

from app.airings.models import Airing, Intent
from app.database import reading, writing
from app.events.service import emit
from tests.e2e.conftest import LAN_NAME
from tests.nights import AT, FilledNight, compiled
from tests.stations import serving
from tests.visits import Visits, overflows


@pytest.fixture
def page(night: FilledNight, visit: Visits) -> Iterator[Page]:
    """The page of that night, signed in, in a wide and light window; it hears of what changes."""
    with serving(night.station) as url:
        page = visit(url, night.station.key)
        opened(page, url)
        yield page
        page.close()


def opened(page: Page, url: str) -> None:
    """Open the page, and wait until it hears events: before that a change is only seen at the next regular look."""
    with page.expect_response(lambda answer: answer.url.endswith("/api/v1/events")):
        page.goto(f"{url}/")


def become(night: FilledNight, time: str, state: str) -> None:
    """What the engine does when an airing changes."""
    with writing(night.station.database) as session:
        airing = session.get_one(Airing, night.airings[time])
        airing.state = state
        session.add(airing)
        emit(session, "airing", night.airings[time], state, at=AT)


def card(page: Page, night: FilledNight, time: str) -> Locator:
    return page.locator(f"#airing-{night.airings[time]}")


def shows(page: Page, night: FilledNight, time: str, word: str) -> None:
    expect(card(page, night, time).locator(".chips")).to_contain_text(word)


def wishes(night: FilledNight) -> list[str]:
    with reading(night.station.database) as session:
        return list(session.exec(select(Intent.kind)).all())


def test_a_key_typed_into_the_form_opens_the_page_without_scripts(night: FilledNight, visit: Visits) -> None:
    with serving(night.station) as url:
        page = visit(url, None, language="en", width=360, scripts=False)
        page.goto(f"{url}/")
        page.get_by_label("key").fill(night.station.key)
        page.keyboard.press("Enter")
        expect(page.locator(".airing")).to_have_count(6)
        assert page.locator("#timeline-drawing a.bar").count() == 12
        expect(page.get_by_role("button", name="Compile again").first).to_be_hidden()


def test_a_change_shows_by_itself_and_disturbs_nothing(night: FilledNight, page: Page) -> None:
    by_hand = page.locator(f"#airing-{night.airings['1530']}-feed-{night.feeds['PAO']}-by-hand-more")
    audio = page.locator(f"#airing-{night.airings['1430']}-audio")
    by_hand.locator("summary").focus()
    page.keyboard.press("Enter")
    audio.evaluate("async (audio) => { audio.muted = true; window.kept = audio; await audio.play(); }")
    become(night, "2000", "compiled")
    shows(page, night, "2000", "편성됨")
    expect(by_hand).to_have_attribute("open", "")
    expect(by_hand.locator("summary")).to_be_focused()
    assert audio.evaluate("(audio) => window.kept === audio && !audio.paused") is True


def test_a_new_version_does_not_interrupt_the_one_that_plays(night: FilledNight, page: Page) -> None:
    audio = page.locator(f"#airing-{night.airings['1530']}-audio")
    audio.evaluate("async (audio) => { audio.muted = true; await audio.play(); }")
    compiled(night, "1530", state="rendered")
    become(night, "1530", "rendered")
    shows(page, night, "1530", "음원 완성")
    assert audio.evaluate("(audio) => audio.src.endsWith('version=1') && !audio.paused") is True
    audio.evaluate("(audio) => audio.pause()")
    become(night, "1530", "armed")
    expect(audio).to_have_attribute("src", re.compile("version=2$"))


def test_calling_an_airing_off_asks_first_and_names_it(night: FilledNight, page: Page) -> None:
    button = card(page, night, "2000").get_by_role("button", name="방송 취소")
    question = page.locator("#confirm")
    button.press("Enter")
    expect(question).to_contain_text("새벽 편지 (05:00 KST / 20:00 UTC)")
    expect(question.locator("button[value=no]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    expect(button).to_be_focused()
    assert wishes(night) == []
    page.keyboard.press("Enter")
    expect(question.locator("button[value=no]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#confirm-yes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("요청했습니다.")
    assert wishes(night) == ["cancel"]
    expect(card(page, night, "2000").locator(".asked")).to_contain_text("방송 취소")


def test_a_refusal_is_told(night: FilledNight, page: Page, visit: Visits) -> None:
    visit.expected.append("409")
    with writing(night.station.database) as session:  # and the page has not heard of it
        airing = session.get_one(Airing, night.airings["2000"])
        airing.state = "cancelled"
        session.add(airing)
    card(page, night, "2000").get_by_role("button", name="다시 편성").click()
    expect(page.locator("#told")).to_contain_text("끝난 방송이라 더 바꿀 수 없습니다")


def test_signing_out_leads_to_the_form(page: Page) -> None:
    page.get_by_role("button", name="나가기").click()
    expect(page.locator("main.sign-in")).to_be_visible()


def test_a_page_without_its_server_says_that_it_is_old(night: FilledNight, visit: Visits) -> None:
    visit.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING"]
    with serving(night.station) as url:
        page = visit(url, night.station.key)
        opened(page, url)
        expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#offline")).to_contain_text("23:40:00")


def test_it_fits_every_window_and_every_id_is_one(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in (320, 500, 768, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        assert not overflows(page), width
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))


def test_the_form_lets_people_in_over_a_plain_local_network(night: FilledNight, visit: Visits) -> None:
    """Without TLS and under another name than localhost browsers send no Sec-Fetch-Site: the Origin has to do."""
    visit.expected.append("Cross-Origin-Opener-Policy")  # which needs TLS, too
    with serving(night.station) as url:
        on_lan = url.replace("127.0.0.1", LAN_NAME)
        page = visit(on_lan, None)
        page.goto(on_lan)
        page.locator("#key").fill(night.station.key)
        page.keyboard.press("Enter")
        expect(page.locator(".airing")).to_have_count(6)
        page.close()
