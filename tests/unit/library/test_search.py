from __future__ import annotations

import unicodedata

import pytest

from app.library.search import TitleQuery

TITLE = "아침 뉴스 Morning 2026년"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "뉴스",
        "ㄴㅅ",
        "뉴ㅅ",
        "ㅇㅊ ㄴㅅ",
        "ㄴㅅ ㅇㅊ",
        "morning",
        "2026ㄴ",
        unicodedata.normalize("NFD", "뉴스"),
    ],
)
def test_a_title_is_found(query: str) -> None:
    assert TitleQuery(query).matches(TITLE)


@pytest.mark.parametrize("query", ["ㅅㄴ", "느스", "뉴스 저녁", "ㄴㅅㅅ", ".", "[", "ㅏ"])
def test_another_title_is_not(query: str) -> None:
    assert not TitleQuery(query).matches(TITLE)


def test_two_consonants_that_the_keyboard_joined_are_two_initials() -> None:
    assert TitleQuery("ㄳ").matches("감사합니다")
    assert TitleQuery("ㅄ").matches("방송")


def test_doubled_initials_are_their_own() -> None:
    assert TitleQuery("ㄸ").matches("딸기")
    assert not TitleQuery("ㄷ").matches("딸기")


def test_a_jamo_in_the_title_itself_is_found() -> None:
    assert TitleQuery("ㅋㅋ").matches("웃음 ㅋㅋ")
