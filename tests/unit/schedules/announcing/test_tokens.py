from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.announcing.tokens import (
    TEMPLATE,
    Facts,
    NextProgramme,
    Token,
    announcement,
    check_template,
    text_of,
)
from schedules.errors import BadAnnouncement, BadTime
from schedules.time import KST, Span
from tests.unit.schedules.announcing.facts import STATION, facts, khz, templates

TODAY = date(2026, 11, 29)


def at(clock: str, day: date = TODAY) -> datetime:
    """On a clock in Seoul; "24:00" ends the day."""
    hours, minutes = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, tzinfo=KST) + timedelta(hours=hours, minutes=minutes)


def airing(start: str = "23:00", stop: str = "24:00", **more: Any) -> Facts:
    return Facts(station=STATION, on_air=Span(at(start), at(stop)), **more)


def said(about: Facts, *parts: str) -> str:
    return text_of(announcement(about, parts or TEMPLATE))


def test_everything_in_the_usual_order() -> None:
    about = airing(khz=(7515.0, 11560.0), next=NextProgramme("아침 소식", at("29:00"), "morning"))
    assert said(about) == (
        "여기는 단파 시험 방송입니다. 오늘은 이천이십육 년 십일월 이십구 일 일요일입니다. "
        "한국 시간으로 밤 열한 시부터 자정까지 보내 드립니다. "
        "주파수는 칠천오백십오 킬로헤르츠와 만 천오백육십 킬로헤르츠입니다. "
        "다음 방송은 내일 새벽 다섯 시에 보내 드리는 아침 소식입니다."
    )


def test_each_clip_is_a_word_or_one_place_of_a_number() -> None:
    assert announcement(airing(khz=(11560.0,)), ["frequencies"]) == (
        Token("frequencies-are", "주파수는"),
        Token("number-10000", "만"),
        Token("number-1000", "천"),
        Token("number-500", "오백", attached=True),
        Token("number-60", "육십", attached=True),
        Token("kilohertz-is", "킬로헤르츠입니다"),
        Token(None, ".", attached=True),
    )


@pytest.mark.parametrize(
    ("frequencies", "words"),
    [
        ((7515.0,), "주파수는 칠천오백십오 킬로헤르츠입니다."),
        ((9480.0, 7515.0), "주파수는 칠천오백십오 킬로헤르츠와 구천사백팔십 킬로헤르츠입니다."),
        (
            (11560.0, 7515.0, 9480.0),
            "주파수는 칠천오백십오 킬로헤르츠, 구천사백팔십 킬로헤르츠와 만 천오백육십 킬로헤르츠입니다.",
        ),
        ((7515.0, 7515.0), "주파수는 칠천오백십오 킬로헤르츠입니다."),
        ((5857.5,), "주파수는 오천팔백오십칠 점 오 킬로헤르츠입니다."),
        ((5857.1,), "주파수는 오천팔백오십칠 점 일 킬로헤르츠입니다."),
        ((1188.0,), "주파수는 천백팔십팔 킬로헤르츠입니다."),
        ((), "지금 들으시는 주파수로 보내 드리고 있습니다."),
    ],
)
def test_all_frequencies_are_named_or_none(frequencies: tuple[float, ...], words: str) -> None:
    assert said(airing(khz=frequencies), "frequencies") == words


@pytest.mark.parametrize("wrong", [5857.25, 0.5, 30_000.0, -7515.0])
def test_a_frequency_that_cannot_be_said_is_refused(wrong: float) -> None:
    with pytest.raises(BadAnnouncement, match="cannot be spoken"):
        said(airing(khz=(wrong,)), "frequencies")


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        ("00:00", "01:00", "자정부터 새벽 한 시까지"),
        ("00:30", "01:00", "새벽 영 시 삼십 분부터 한 시까지"),
        ("05:00", "06:00", "새벽 다섯 시부터 오전 여섯 시까지"),
        ("06:01", "11:59", "오전 여섯 시 일 분부터 열한 시 오십구 분까지"),
        ("11:30", "12:00", "오전 열한 시 삼십 분부터 정오까지"),
        ("12:00", "12:30", "정오부터 오후 열두 시 삼십 분까지"),
        ("12:05", "13:45", "오후 열두 시 오 분부터 한 시 사십오 분까지"),
        ("17:00", "18:00", "오후 다섯 시부터 저녁 여섯 시까지"),
        ("20:00", "20:30", "저녁 여덟 시부터 여덟 시 삼십 분까지"),
        ("20:30", "21:00", "저녁 여덟 시 삼십 분부터 밤 아홉 시까지"),
        ("22:00", "23:00", "밤 열 시부터 열한 시까지"),
        ("23:16", "24:00", "밤 열한 시 십육 분부터 자정까지"),
        ("23:30", "25:30", "밤 열한 시 삼십 분부터 새벽 한 시 삼십 분까지"),
        ("22:00", "46:00", "밤 열 시부터 밤 열 시까지"),
    ],
)
def test_times_are_said_as_a_station_says_them(start: str, stop: str, words: str) -> None:
    assert said(airing(start, stop), "time") == f"한국 시간으로 {words} 보내 드립니다."


def test_pyongyangs_clock_was_once_half_an_hour_behind() -> None:
    start = at("23:00", date(2016, 6, 10))
    then = Facts(station=STATION, on_air=Span(start, start + timedelta(hours=1)), zone="pyongyang")
    assert said(then, "time") == "평양 시간으로 밤 열 시 삼십 분부터 열한 시 삼십 분까지 보내 드립니다."
    assert said(airing(zone="pyongyang"), "time") == "평양 시간으로 밤 열한 시부터 자정까지 보내 드립니다."


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 29), "이천이십육 년 십일월 이십구 일 일요일"),
        (date(2026, 6, 1), "이천이십육 년 유월 일 일 월요일"),
        (date(2026, 10, 10), "이천이십육 년 시월 십 일 토요일"),
        (date(2027, 12, 31), "이천이십칠 년 십이월 삼십일 일 금요일"),
        (date(2028, 2, 29), "이천이십팔 년 이월 이십구 일 화요일"),
        (date(2030, 1, 16), "이천삼십 년 일월 십육 일 수요일"),
        (date(2100, 8, 5), "이천백 년 팔월 오 일 목요일"),
    ],
)
def test_the_date_is_the_listeners_date_at_the_start(day: date, words: str) -> None:
    for clock in ("00:00", "05:00", "23:59"):
        start = at(clock, day)
        about = Facts(station=STATION, on_air=Span(start, start + timedelta(hours=1)))
        assert said(about, "date") == f"오늘은 {words}입니다."


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        ("23:59", "밤 열한 시 오십구 분"),
        ("24:00", "자정"),
        ("24:30", "내일 새벽 영 시 삼십 분"),
        ("36:00", "내일 정오"),
        ("47:59", "내일 밤 열한 시 오십구 분"),
        ("48:00", "십이월 일 일 화요일 새벽 영 시"),
        ("71:00", "십이월 일 일 화요일 밤 열한 시"),
    ],
)
def test_the_next_programme_has_a_day_only_where_it_needs_one(starts: str, words: str) -> None:
    about = airing("21:00", "22:00", next=NextProgramme("아침 소식", at(starts)))
    assert said(about, "next") == f"다음 방송은 {words}에 보내 드리는 아침 소식입니다."


def test_a_title_with_a_code_can_be_recorded() -> None:
    keys = [
        [token.key for token in announcement(airing(next=NextProgramme("편지", at("25:00"), code)), ["next"])]
        for code in (None, "letters")
    ]
    assert keys[0][-3:] == [None, "is", None]
    assert keys[1][-3:] == ["programme-letters", "is", None]


def test_nothing_is_said_of_a_next_programme_that_nobody_knows() -> None:
    assert announcement(airing(), ["next"]) == ()
    assert said(airing(), "station", "next") == "여기는 단파 시험 방송입니다."


def test_a_station_that_keeps_its_frequencies_to_itself_leaves_them_out() -> None:
    assert "킬로헤르츠" not in said(airing(khz=(7515.0,)), "station", "date", "time", "next")


@given(facts(), templates)
def test_the_same_facts_are_the_same_tokens_in_the_templates_order(
    about: Facts, template: tuple[str, ...]
) -> None:
    tokens = announcement(about, template)
    assert tokens == announcement(about, template)
    alone = [text_of(announcement(about, [part])) for part in template]
    assert text_of(tokens) == " ".join(text for text in alone if text)


@given(st.lists(khz, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(frequencies: list[float], chance: Any) -> None:
    shuffled = chance.sample(frequencies, len(frequencies))
    assert said(airing(khz=tuple(frequencies))) == said(airing(khz=tuple(shuffled)))


@given(facts())
def test_sentences_are_parted_by_pauses_and_end_in_none(about: Facts) -> None:
    tokens = announcement(about)
    stops = [token for token in tokens if token.text == "."]
    assert len(stops) == (5 if about.next else 4)
    assert {token.pause_ms for token in stops[:-1]} == {600}
    assert tokens[-1] is stops[-1]
    assert tokens[-1].pause_ms == 0
    assert all(token.pause_ms == 0 for token in tokens if token.key)


@given(facts())
def test_what_is_written_is_plain_korean(about: Facts) -> None:
    words = text_of(announcement(about))
    assert "  " not in words
    assert all("가" <= each <= "힣" or each in " .," for each in words)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ([], "at least one part"),
        (["date", "date"], "each once at most"),
        (["station", "weather"], '"weather" is no part of an announcement: choose from station, date'),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(template: list[str], message: str) -> None:
    with pytest.raises(BadAnnouncement, match=message):
        check_template(template)


def test_facts_that_cannot_be_true_are_refused() -> None:
    start = at("23:00")
    with pytest.raises(BadAnnouncement, match="has no name"):
        Facts(station=" ", on_air=Span(start, at("24:00")))
    for stop in (start, at("47:01")):
        with pytest.raises(BadAnnouncement, match="a day at most"):
            Facts(station=STATION, on_air=Span(start, stop))
    with pytest.raises(BadAnnouncement, match="has no title"):
        airing(next=NextProgramme("", at("25:00")))
    with pytest.raises(BadAnnouncement, match="does not start after this airing"):
        airing(next=NextProgramme("아침 소식", start))


def test_times_between_minutes_and_without_a_zone_are_refused() -> None:
    start = datetime(2026, 11, 29, 14, 0, 30, tzinfo=UTC)
    with pytest.raises(BadAnnouncement, match="not on a whole minute"):
        said(Facts(station=STATION, on_air=Span(start, start + timedelta(hours=1))), "time")
    with pytest.raises(BadTime, match="no time zone"):
        airing(next=NextProgramme("아침 소식", datetime(2026, 12, 1, 5)))  # noqa: DTZ001
