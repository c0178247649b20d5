"""Coming in, going out, and the language."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.nights import FilledNight
from tests.stations import SmallStation

Browser = Callable[..., httpx.Client]


def test_a_stranger_gets_the_form_and_nothing_of_the_station(night: FilledNight, browser: Browser) -> None:
    answer = browser(signed_in=False).get("/?night=2026-11-22")
    assert 'action="/sign-in"' in answer.text
    assert "밤의 목소리" not in answer.text
    assert "시험 방송국" not in answer.text


def test_a_key_leads_back_to_the_night_that_was_asked_for(night: FilledNight, browser: Browser) -> None:
    client = browser(signed_in=False)
    answer = client.post("/sign-in", data={"key": f" {night.station.key}\n", "then": "/?night=2026-11-21"})
    assert answer.url.raw_path == b"/?night=2026-11-21"
    assert "11월 21일 (토) 밤" in answer.text


def test_the_form_knows_the_page_that_was_asked_for(demo_station: SmallStation, browser: Browser) -> None:
    asked = browser(signed_in=False).get("/record?night=2026-11-21&lang=en").text
    assert 'name="then" value="/record?night=2026-11-21"' in asked


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\nevil",
        "evil",
        "/sign-in",
        "",
    ],
)
def test_signing_in_never_leads_elsewhere(night: FilledNight, browser: Browser, asked: str) -> None:
    client = browser(signed_in=False)
    answer = client.post("/sign-in", data={"key": night.station.key, "then": asked}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_wrong_key_is_said_and_lets_nobody_in(demo_station: SmallStation, browser: Browser) -> None:
    client = browser(signed_in=False)
    answer = client.post("/sign-in", data={"key": "danpa_guess"})
    assert answer.status_code == 401
    assert "맞지 않는 키입니다" in answer.text
    assert 'action="/sign-in"' in client.get("/").text


def test_guessing_is_slowed_down(demo_station: SmallStation, browser: Browser) -> None:
    client = browser(signed_in=False)
    statuses = [client.post("/sign-in", data={"key": f"danpa_{guess}"}).status_code for guess in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_another_site_cannot_sign_a_browser_in(demo_station: SmallStation, browser: Browser) -> None:
    client = browser(signed_in=False)
    answer = client.post("/sign-in", data={"key": demo_station.key}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert not client.cookies


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("en-GB,ko;q=0.5", "en"),
        ("fr,ko;q=0.8,en;q=0.7", "ko"),
        ("de", "ko"),
        ("en;q=0", "ko"),
        ("en;q=x,*", "ko"),
    ],
)
def test_the_browsers_language_decides_at_first(
    demo_station: SmallStation, browser: Browser, accepted: str, language: str
) -> None:
    answer = browser(signed_in=False).get("/", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["content-language"] == language


def test_a_chosen_language_is_remembered(demo_station: SmallStation, browser: Browser) -> None:
    client = browser(signed_in=False)
    client.get("/?lang=en")
    assert '<html lang="en"' in client.get("/").text
    assert '<html lang="ko"' in client.get("/?lang=ko").text
    assert '<html lang="ko"' in client.get("/?lang=xx").text


def test_assets_are_kept_for_ever_under_their_own_address(
    demo_station: SmallStation, browser: Browser
) -> None:
    client = browser(signed_in=False)
    sheet = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(sheet)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    plain = client.get(sheet, headers={"Accept-Encoding": "identity"})
    assert (answer.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert answer.content == plain.content
    assert client.get("/static/another/page.css").status_code == 404
    assert client.get(f"{sheet}/../../pages.py").status_code == 404
    place = sheet.rpartition("/")[0]
    together = client.get(f"{place}/base+console.css").content
    assert together == client.get(f"{place}/base.css").content + client.get(f"{place}/console.css").content
    for name in ("base+none.css", "base+.css", "+".join(["base"] * 9) + ".css", "shell+live.js", "pages.py"):
        assert client.get(f"{place}/{name}").status_code == 404
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked_by", "is_packed"),
    [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False), (None, False)],
)
def test_a_page_is_packed_only_where_no_other_site_can_have_asked_for_it(
    demo_station: SmallStation, browser: Browser, asked_by: str | None, *, is_packed: bool
) -> None:
    client = browser()
    client.headers.pop("Sec-Fetch-Site", None)  # what the browsers of tests say by themselves
    answer = client.get("/", headers={"Sec-Fetch-Site": asked_by} if asked_by else {})
    assert (answer.headers.get("content-encoding") == "gzip") is is_packed
    assert "csrf-token" in answer.text
    assert "Sec-Fetch-Site" in answer.headers["vary"]


def test_a_page_loads_every_module_of_its_scripts_at_once(
    demo_station: SmallStation, browser: Browser
) -> None:
    page = browser().get("/library").text
    for module in ("upload_store", "kept", "morph"):  # by way of upload_queue, of drafts, and by itself
        assert page.count(f"/{module}.js") == 1


def test_the_page_itself_is_never_kept(night: FilledNight, browser: Browser) -> None:
    assert browser().get("/").headers["cache-control"] == "no-store"
