from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import (
    EVERY_DAY,
    Days,
    day_shift_to_utc,
    days_from_eibi,
    days_from_hfcc,
    days_to_eibi,
    days_to_hfcc,
    days_to_kst,
    days_to_utc,
    format_days,
    minute_to_kst,
    minute_to_utc,
    parse_days,
)
from schedules.errors import BadDays
from schedules.time import DAY_MINUTES, KST

weekdays = st.frozensets(st.integers(1, 7), min_size=1)
minutes = st.integers(0, DAY_MINUTES - 1)


@given(weekdays)
def test_both_numberings_and_the_text_read_back_what_they_write(days: Days) -> None:
    assert days_from_hfcc(days_to_hfcc(days)) == days
    assert days_from_eibi(days_to_eibi(days)) == days
    assert parse_days(format_days(days)) == days


def test_hfcc_counts_from_sunday_and_eibi_from_monday() -> None:
    sunday = frozenset({7})
    assert days_from_hfcc("1") == days_from_eibi("7") == sunday
    assert (days_to_hfcc(sunday), days_to_eibi(sunday)) == ("1", "7")
    assert days_from_hfcc(" 23456 ") == days_from_eibi("12345") == parse_days("Mo-Fr")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mo-Fr", {1, 2, 3, 4, 5}),
        ("sa,SU", {6, 7}),
        ("Fr-Mo", {5, 6, 7, 1}),
        ("Mo We Fr-Sa", {1, 3, 5, 6}),
        ("daily", EVERY_DAY),
        ("매일", EVERY_DAY),
        ("월-금", {1, 2, 3, 4, 5}),
        ("토,일", {6, 7}),
    ],
)
def test_weekdays_are_read_as_people_write_them(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "Mon", "Mo-", "8", "Mo--Fr", "Mo-Fr-Su"])
def test_what_are_not_weekdays_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadDays, match="is not a weekday: write Mo, Tu"):
        parse_days(text)


@pytest.mark.parametrize("digits", ["", "8", "0", "11", "1,2", "１"])
def test_what_are_not_day_digits_is_refused_in_words(digits: str) -> None:
    with pytest.raises(BadDays, match=r"are not weekdays: write the digits 1 to 7.*\(1 is Sunday\)"):
        days_from_hfcc(digits)


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(BadDays, match="no weekday is chosen"):
        days_to_hfcc(frozenset())


def test_five_on_monday_morning_in_seoul_is_sunday_in_utc() -> None:
    assert days_to_utc(frozenset({1}), 5 * 60) == {7}
    assert days_to_kst(frozenset({7}), 20 * 60) == {1}
    assert minute_to_utc(5 * 60) == 20 * 60


@given(weekdays, minutes)
def test_weekdays_shift_between_kst_and_utc_as_instants_do(days: Days, kst_minute: int) -> None:
    utc_minute = minute_to_utc(kst_minute)
    utc_days = days_to_utc(days, kst_minute)
    for day in range(7):
        midnight = datetime(2026, 11, 23, tzinfo=KST) + timedelta(days=day)
        local = midnight + timedelta(minutes=kst_minute)
        instant = local.astimezone(UTC)
        assert (local.isoweekday() in days) == (instant.isoweekday() in utc_days)
        assert instant.hour * 60 + instant.minute == utc_minute
        assert instant.date() == local.date() + timedelta(days=day_shift_to_utc(kst_minute))
    assert days_to_kst(utc_days, utc_minute) == days
    assert minute_to_kst(utc_minute) == kst_minute
