"""What is around every page: the ways, the language, light and dark, and a session that ends while somebody writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from sqlmodel import delete, select

from app.airings.models import Intent
from app.database import reading, writing
from app.events.service import emit
from app.people.models import BrowserSession
from app.station.models import Station
from tests.nights import AT, FilledNight
from tests.stations import keyed, serving
from tests.visits import Visits, axe, overflows, wait_until


@pytest.mark.parametrize(("language", "theme"), [("ko", "light"), ("en", "dark")])
def test_tonight_is_well_made_at_every_width(
    night: FilledNight,
    visit: Visits,
    node_peer: Callable[[str], Path],
    language: Literal["ko", "en"],
    theme: Literal["light", "dark"],
) -> None:
    with serving(night.station) as url:
        page = visit(url, night.station.key, language=language, theme=theme)
        page.goto(f"{url}/")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.locator("html").get_attribute("lang") == language
        for width in (1200, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert not overflows(page)
            assert axe(page, node_peer) == []


def end_sessions(night: FilledNight) -> None:
    with writing(night.station.database) as session:
        session.exec(delete(BrowserSession))


def wishes(night: FilledNight) -> list[str]:
    with reading(night.station.database) as session:
        return list(session.exec(select(Intent.kind)).all())


def test_an_ended_session_is_renewed_in_place_and_what_was_asked_is_done(
    night: FilledNight, visit: Visits
) -> None:
    visit.expected += ["401"]
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/")
        end_sessions(night)
        page.locator(f'[data-action="/api/v1/airings/{night.airings["2000"]}/compile"]').click()
        again = page.get_by_role("dialog", name="Sign in again")
        again.get_by_label("Key").fill("danpa_wrong")
        again.get_by_label("Key").press("Enter")
        again.get_by_text("not valid").wait_for()
        assert wishes(night) == []
        again.get_by_label("Key").fill(night.station.key)
        again.get_by_role("button", name="Sign in").click()
        page.get_by_text("Asked for.").wait_for()
        assert wishes(night) == ["compile"]
        assert page.url == f"{url}/"


def test_light_and_dark_and_the_language_are_kept(night: FilledNight, visit: Visits) -> None:
    with serving(night.station) as url:
        page = visit(url, night.station.key)
        page.goto(f"{url}/record?night=2026-11-22")
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.get_by_role("link", name="어둡게").click()
        wait_until(page, f"{ground} !== '{light}'")
        page.get_by_role("link", name="English").click()
        page.get_by_role("link", name=re.compile("^Tonight")).click()
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.evaluate(ground) != light
        page.get_by_role("link", name="Light", exact=True).click()
        wait_until(page, f"{ground} === '{light}'")


def test_signing_in_leads_to_the_page_that_was_asked_for_without_scripts(
    night: FilledNight, visit: Visits
) -> None:
    with serving(night.station) as url:
        page = visit(url, None, scripts=False)
        page.goto(f"{url}/record?night=2026-11-21")
        page.get_by_label("키").fill(night.station.key)
        page.get_by_role("button", name="들어가기").click()
        page.wait_for_url(f"{url}/record?night=2026-11-21")
        assert page.get_by_role("link", name="기록", exact=True).get_attribute("aria-current") == "page"


def test_the_ways_are_under_the_thumb_and_the_content_is_one_key_away(
    night: FilledNight, visit: Visits
) -> None:
    with serving(night.station) as url:
        phone = visit(url, night.station.key, width=360, height=640)
        phone.goto(f"{url}/")
        box = phone.get_by_role("navigation", name="화면").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] >= 639
        desk = visit(url, night.station.key)
        desk.goto(f"{url}/")
        desk.keyboard.press("Tab")
        desk.keyboard.press("Enter")
        assert desk.evaluate("document.activeElement.id") == "content"


def test_what_somebody_else_has_saved_meanwhile_is_neither_lost_nor_overwritten(
    night: FilledNight, visit: Visits
) -> None:
    visit.expected += ["412"]
    with serving(night.station) as url, keyed(url, night.station.key) as api:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/sites/1/edit")
        page.get_by_label("Operator").fill("Radio house")
        site = api.get("/api/v1/sites/1")
        theirs = {name: site.json()[name] for name in ("code", "latitude", "longitude")} | {
            "name": "Toshkent"
        }
        api.put("/api/v1/sites/1", json=theirs, headers={"If-Match": site.headers["etag"]}).raise_for_status()
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="See theirs").click()
        page.get_by_text("Somebody else has changed it meanwhile").wait_for()
        assert page.get_by_label("Operator").input_value() == "Radio house"
        assert page.get_by_label("Name", exact=True).first.input_value() == "Toshkent"
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(f"{url}/sites/1")
        saved = api.get("/api/v1/sites/1").json()
        assert (saved["name"], saved["operator"]) == ("Toshkent", "Radio house")


def test_what_is_being_written_outlives_every_look(night: FilledNight, visit: Visits) -> None:
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/station")
        field = page.locator("#person-name")
        field.press_sequentially("이강")
        page.evaluate("window.written = document.activeElement")
        looked = (
            "new Promise((done) => document.addEventListener('danpa:looked', () => done(true), {once: true}))"
        )
        with writing(night.station.database) as session:
            session.get_one(Station, 1).name = "다른 이름"
            emit(session, "station", 1, "renamed", at=AT)
        assert page.evaluate(looked)
        field.press_sequentially("산")
        assert field.input_value() == "이강산"
        assert page.evaluate("window.written === document.activeElement")
        assert "다른 이름" in page.title()


def test_another_persons_key_does_not_go_on_with_what_somebody_began(
    night: FilledNight, visit: Visits
) -> None:
    visit.expected += ["401"]
    other = night.station.another_key("이강")
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/")
        end_sessions(night)
        page.locator(f'[data-action="/api/v1/airings/{night.airings["2000"]}/compile"]').click()
        again = page.get_by_role("dialog", name="Sign in again")
        again.get_by_label("Key").fill(other)
        again.get_by_label("Key").press("Enter")
        page.get_by_role("link", name="이강").wait_for()
        assert wishes(night) == []
