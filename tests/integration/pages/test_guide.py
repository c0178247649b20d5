"""The guide as a browser gets it."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from app.console.guide.chapters import CHAPTERS, chapter
from app.console.messages import LANGUAGES, Language

Browser = Callable[..., httpx.Client]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_is_shown(browser: Browser, language: Language) -> None:
    client = browser()
    for name in CHAPTERS:
        answer = client.get(f"/guide/{name}", params={"lang": language})
        assert answer.status_code == 200
        assert chapter(language, name).body in answer.text
        assert "{#" not in answer.text


def test_without_a_name_it_begins_at_the_beginning(browser: Browser) -> None:
    assert "<h1>안내서</h1>" in browser().get("/guide").text


def test_a_chapter_that_is_none_is_not_found(browser: Browser) -> None:
    answer = browser().get("/guide/nothing")
    assert answer.status_code == 404
    assert "no chapter" in answer.json()["detail"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_pictures_are_there(browser: Browser, language: Language) -> None:
    client = browser()
    shown = [
        one for name in CHAPTERS for one in re.findall(r'<img src="([^"]+)"', chapter(language, name).body)
    ]
    assert len(shown) > 8
    for address in shown:
        assert client.get(address).headers["content-type"] == "image/png"
    assert client.get("/guide/pictures/nothing.png").status_code == 404
