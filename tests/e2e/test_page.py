"""The first page in a real browser: what its scripts do, and what it is like without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.airings.models import Airing, Intent
from app.database import reading, writing
from app.events.service import emit
from tests.nights import AT, FilledNight, compiled
from tests.stations import serving
from tools.screenshot import Browser, session_of


@pytest.fixture(scope="module")
def chromium(peer: Callable[[str], Path]) -> Iterator[Browser]:
    with Browser(str(peer("chromium"))) as browser:
        yield browser


@pytest.fixture
def page(night: FilledNight, chromium: Browser) -> Iterator[Browser]:
    """The page of that night, signed in, in a wide and light window."""
    with serving(night.station) as url:
        chromium.resize(1200)
        chromium.sign_in(url, session_of(url, night.station.key))
        chromium.open(f"{url}/?lang=ko")
        yield chromium
        chromium.open("about:blank")


def become(night: FilledNight, time: str, state: str) -> None:
    """What the engine does when an airing changes."""
    with writing(night.station.database) as session:
        airing = session.get_one(Airing, night.airings[time])
        airing.state = state
        session.add(airing)
        emit(session, "airing", night.airings[time], state, at=AT)


def shows(night: FilledNight, time: str, word: str) -> str:
    return f"document.getElementById('airing-{night.airings[time]}').querySelector('.chips').textContent.includes('{word}')"


def listening(browser: Browser) -> None:
    """Wait until the page hears events: before that a change is only seen at the next regular look."""
    browser.wait_for(
        "performance.getEntriesByName(new URL('/api/v1/events', location).href).length > 0"
        " || performance.now() > 3000"
    )


def test_a_key_typed_into_the_form_opens_the_page_without_scripts(
    night: FilledNight, chromium: Browser
) -> None:
    with serving(night.station) as url:
        chromium.resize(360, script=False)
        chromium.open(f"{url}/?lang=en")
        # DevTools may still look and type where the page's own scripts are off.
        chromium.run("document.getElementById('key').focus()")
        chromium.type(night.station.key)
        chromium.press("Enter")
        chromium.wait_for("document.querySelectorAll('.airing').length === 6")
        assert chromium.run("getComputedStyle(document.querySelector('.actions')).display") == "none"
        chromium.open("about:blank")


def test_a_change_shows_by_itself_and_disturbs_nothing(night: FilledNight, page: Browser) -> None:
    rundown = f"document.getElementById('airing-{night.airings['1530']}-rundown')"
    audio = f"document.getElementById('airing-{night.airings['1430']}-audio')"
    listening(page)
    page.run(f"{rundown}.open = true; {rundown}.querySelector('summary').focus()")
    page.run(f"{audio}.muted = true; window.kept = {audio}; {audio}.play()")
    become(night, "2000", "compiled")
    page.wait_for(shows(night, "2000", "편성됨"))
    assert page.run(f"{rundown}.open") is True
    assert page.run(f"document.activeElement === {rundown}.querySelector('summary')") is True
    assert page.run(f"window.kept === {audio} && !{audio}.paused && {audio}.currentTime > 0") is True


def test_a_new_version_does_not_interrupt_the_one_that_plays(night: FilledNight, page: Browser) -> None:
    audio = f"document.getElementById('airing-{night.airings['1530']}-audio')"
    listening(page)
    page.run(f"{audio}.muted = true; {audio}.play()")
    compiled(night, "1530", state="rendered")
    become(night, "1530", "rendered")
    page.wait_for(shows(night, "1530", "음원 완성"))
    assert page.run(f"{audio}.src.endsWith('version=1') && !{audio}.paused") is True
    page.run(f"{audio}.pause()")
    become(night, "1530", "armed")
    page.wait_for(f"{audio}.src.endsWith('version=2')")


def test_calling_an_airing_off_asks_first_and_names_it(night: FilledNight, page: Browser) -> None:
    button = f"document.querySelector('[data-action=\"/api/v1/airings/{night.airings['2000']}/cancel\"]')"
    page.run(f"{button}.focus()")
    page.press("Enter")
    page.wait_for("document.getElementById('confirm').open")
    assert "새벽 편지 (05:00 KST / 20:00 UTC)" in page.run(
        "document.getElementById('confirm-words').textContent"
    )
    going_back = "document.activeElement.matches('#confirm button[value=no]')"
    page.wait_for(going_back)
    page.press("Enter")
    page.wait_for(f"!document.getElementById('confirm').open && document.activeElement === {button}")
    assert wishes(night) == []
    page.press("Enter")
    page.wait_for(going_back)
    page.press("Tab")
    page.wait_for("document.activeElement.id === 'confirm-yes'")
    page.press("Enter")
    page.wait_for("document.getElementById('told').textContent === '요청했습니다.'")
    assert wishes(night) == ["cancel"]
    page.wait_for("document.querySelector('.asked')?.textContent.includes('방송 취소')")


def wishes(night: FilledNight) -> list[str]:
    with reading(night.station.database) as session:
        return list(session.exec(select(Intent.kind)).all())


def test_a_refusal_is_told(night: FilledNight, page: Browser) -> None:
    become(night, "2000", "cancelled")
    page.run(f"document.querySelector('[data-action$=\"/{night.airings['2000']}/compile\"]').click()")
    page.wait_for("document.getElementById('told').textContent.includes('is over')")


def test_signing_out_leads_to_the_form(page: Browser) -> None:
    page.run("document.querySelector('[data-then=leave]').click()")
    page.wait_for("document.querySelector('main.sign-in') !== null")


def test_a_page_without_its_server_says_that_it_is_old(night: FilledNight, chromium: Browser) -> None:
    with serving(night.station) as url:
        chromium.resize(1200)
        chromium.sign_in(url, session_of(url, night.station.key))
        chromium.open(f"{url}/")
        assert chromium.run("document.getElementById('offline').hidden") is True
        listening(chromium)
    chromium.wait_for("!document.getElementById('offline').hidden")
    assert "23:40:00" in chromium.run("document.getElementById('offline').textContent")
    chromium.open("about:blank")


@pytest.mark.parametrize("width", [360, 768, 1200])
def test_it_fits_every_window(page: Browser, width: int) -> None:
    page.resize(width)
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth") is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Browser, scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1 (large text needs less; we ask the same of it)."""
    page.resize(1200, dark=scheme == "dark")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.run(CONTRAST) == []


CONTRAST = """(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.nodeValue.trim());
    if (!own || !node.checkVisibility()) continue;
    let ink = parse(getComputedStyle(node).color), under = ground(node);
    const opacity = Number(getComputedStyle(node).opacity);
    ink = ink.slice(0, 3).map((c, i) => c * opacity + under[i] * (1 - opacity));
    const [high, low] = [light(ink), light(under)].sort((a, b) => b - a);
    if ((high + 0.05) / (low + 0.05) < 4.5) bad.push(node.className + ': ' + node.textContent.trim().slice(0, 40));
  }
  return bad;
})()"""


@pytest.mark.parametrize("language", ["ko", "en"])
def test_everything_that_can_be_pressed_has_a_name(page: Browser, language: str) -> None:
    page.open(page.run("location.origin") + f"/?lang={language}")
    nameless = "[...document.querySelectorAll('button, a, summary, input, audio')].filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length) && one.id !== 'confirm-yes').length"
    assert page.run(nameless) == 0
    ids = "[...document.querySelectorAll('[id]')].map((one) => one.id)"
    assert page.run(f"new Set({ids}).size === {ids}.length") is True
    assert page.run("document.documentElement.lang") == language


def test_nothing_breaks_the_security_policy(night: FilledNight, page: Browser) -> None:
    listening(page)
    page.run(
        "window.broken = [];"
        "document.addEventListener('securitypolicyviolation', (event) => broken.push(event.blockedURI))"
    )
    become(night, "2000", "compiled")
    page.wait_for(shows(night, "2000", "편성됨"))
    assert page.run("broken") == []


def test_the_form_lets_people_in_over_a_plain_local_network(
    night: FilledNight, peer: Callable[[str], Path]
) -> None:
    """Without TLS and under another name than localhost browsers send no Sec-Fetch-Site: the Origin has to do."""
    with (
        serving(night.station) as url,
        Browser(str(peer("chromium")), names={"station.test": "127.0.0.1"}) as lan,
    ):
        lan.open(url.replace("127.0.0.1", "station.test"))
        lan.run("document.getElementById('key').focus()")
        lan.type(night.station.key)
        lan.press("Enter")
        lan.wait_for("document.querySelectorAll('.airing').length === 6")
