from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library.search import ESCAPE, Pattern, patterns_of, searched_lines, spelled, typed
from tests.keyboards import initial, typing

TITLE = "아침 뉴스 Morning 2026년 100% a_b"

SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
WORDS = st.text(SYLLABLES | st.sampled_from("abYZ019%_/\\'\"-()"), min_size=1, max_size=8)
TITLES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)

database = sqlite3.connect(":memory:")


def finds(query: str, *fields: str) -> bool:
    """What the database says."""
    text = searched_lines(fields)
    forms = {"spelled": spelled(text), "typed": typed(text)}
    return all(_matches(pattern, forms) for pattern in patterns_of(query))


def _matches(pattern: Pattern, forms: dict[str, str]) -> bool:
    return any(
        database.execute(f"SELECT ? LIKE ? ESCAPE '{ESCAPE}'", (forms[pattern.form], text)).fetchone()[0]
        for text in pattern.any_of
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "뉴스",
        "스",
        "ㄴㅅ",
        "뉴ㅅ",
        "ㄴ스",
        "ㅇㅊ ㄴㅅ",
        "ㄴㅅ ㅇㅊ",
        "ㅇ침 뉴ㅅ",
        "morning",
        "MORN",
        "2026ㄴ",
        "6년",
        "100%",
        "0%",
        "a_b",
        unicodedata.normalize("NFD", "뉴스"),
        "\u1102\u1109",  # the conjoining ㄴㅅ, which some systems send
    ],
)
def test_a_title_is_found(query: str) -> None:
    assert finds(query, TITLE)


@pytest.mark.parametrize(
    "query",
    ["ㅅㄴ", "느스", "뉴스 저녁", "ㄴㅅㅅ", ".", "[", "ㅏ", "유", "a%b", "axb", "__", "1%", "/", "침뉴", "ㅇㅊㄴㅅ", "ㅠ스"],
)  # fmt: skip
def test_another_title_is_not(query: str) -> None:
    assert not finds(query, TITLE)


@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        ("ㄴ", "뉴스", "스포츠"),
        ("뉴", "뉴스", "느낌"),
        ("늇", "뉴스", "뉴질랜드"),
        ("늇", "늇거리", "뉴욕"),
        ("방ㅅ", "방송", "방콕"),
        ("갑", "값", "각"),
        ("값", "갑사", "갑자기"),
        ("고", "과학", "거리"),
        ("달", "닭", "단"),
        ("닭", "달걀", "달나라"),
        ("까", "깎다", "가가"),
        ("깎", "까까", "각기"),
        ("ㅂ소", "방송", "바다"),
        ("ㅂ솟", "방소식", "방송"),
        ("뉴스 해", "뉴스 해설", "뉴스"),
    ],
)
def test_the_last_syllable_is_what_it_may_become(query: str, found: str, not_found: str) -> None:
    assert finds(query, found)
    assert not finds(query, not_found)


def test_a_space_ends_the_last_syllable() -> None:
    assert finds("뉴스", "뉴슨가")
    assert not finds("뉴스 ", "뉴슨가")
    assert not finds("늇 ", "뉴스")
    assert finds("뉴스 ", "아침 뉴스")


def test_only_the_last_syllable_is_not_finished() -> None:
    assert not finds("늇 해설", "뉴스 해설")


def test_two_consonants_that_the_keyboard_joined_are_two_initials() -> None:
    assert finds("ㄳ", "감사합니다")
    assert finds("ㅄ", "방송")
    assert finds("\u11b9", "방송")


def test_doubled_initials_are_their_own() -> None:
    assert finds("ㄸ", "딸기")
    assert not finds("ㄷ", "딸기")


def test_a_jamo_in_the_title_itself_is_found() -> None:
    assert finds("ㅋㅋ", "웃음 ㅋㅋ")
    assert finds("ㅠㅠ", "눈물 ㅠㅠ")


def test_the_words_may_lie_in_several_fields_but_none_lies_across_two() -> None:
    assert finds("하늘 ㄴㅅ", "아침 뉴스", "김하늘")
    assert not finds("스김", "아침 뉴스", "김하늘")
    assert not finds("ㅅㄱ", "뉴스", "김하늘")


@given(TITLES, st.data())
def test_every_title_is_found_by_each_of_its_parts(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title)))
    end = data.draw(st.integers(start, len(title)))
    assert finds(title[start:end], title)


@given(TITLES)
def test_every_title_is_found_by_its_initials(title: str) -> None:
    assert finds("".join(map(initial, title)), title)


@given(TITLES, st.data())
def test_every_title_is_found_by_syllables_and_initials_in_any_mixture(
    title: str, data: st.DataObject
) -> None:
    query = "".join(initial(one) if data.draw(st.booleans()) else one for one in title)
    assert finds(query, title)


@given(TITLES)
def test_every_title_is_found_at_each_key_of_its_typing(title: str) -> None:
    for shown in typing(title):
        assert finds(shown, title), shown


@given(TITLES, TITLES)
def test_whole_words_are_found_where_they_stand_and_nowhere_else(query: str, title: str) -> None:
    words = unicodedata.normalize("NFC", query.casefold()).split()
    text = unicodedata.normalize("NFC", title.casefold())
    assert finds(query + " ", title) == all(word in text for word in words)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_query_at_all_is_answered(query: str, title: str) -> None:
    finds(query, title)


def test_the_keyboard_of_these_tests_types_as_people_do() -> None:
    assert list(typing("뉴스")) == ["ㄴ", "뉴", "늇", "뉴스"]
    assert list(typing("방송 a")) == ["ㅂ", "바", "방", "방ㅅ", "방소", "방송", "방송 ", "방송 a"]
    assert list(typing("값과")) == ["ㄱ", "가", "갑", "값", "값ㄱ", "값고", "값과"]
