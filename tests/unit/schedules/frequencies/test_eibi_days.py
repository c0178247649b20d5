from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import Days
from schedules.errors import BadDays
from schedules.frequencies.eibi_days import MonthDay, day_rule, days_text, within

FIRST, LAST = date(2026, 4, 1), date(2026, 6, 30)
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def april_to_june(text: str) -> list[str]:
    return [f"{day.day}.{day.month}" for day in day_rule(text).expand(FIRST, LAST)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", "1234567"),
        ("Mo-Fr", "12345"),
        ("We-Mo", "345671"),
        ("Th-Tu", "456712"),
        ("Su-Th", "71234"),
        ("Tu,Fr", "25"),
        ("Fr,Su", "57"),
        ("SaSu", "67"),
        ("MoWeFr", "135"),
        ("156", "156"),
        ("7", "7"),
        ("Mo-We,Sa", "1236"),
    ],
)
def test_weekdays_are_read_in_every_form(text: str, days: str) -> None:
    rule = day_rule(text)
    assert rule.weekly
    assert rule.weekdays == {int(day) for day in days}
    assert {day.isoweekday() for day in rule.expand(FIRST, LAST)} == rule.weekdays


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1.Sa", ["4.4", "2.5", "6.6"]),
        ("1.Fr", ["3.4", "1.5", "5.6"]),
        ("2.Su", ["12.4", "10.5", "14.6"]),
        ("5.Th", ["30.4"]),
        ("Last7", ["26.4", "31.5", "28.6"]),
        ("Last.Sa", ["25.4", "30.5", "27.6"]),
        # The Friday after the first Wednesday is sometimes the first Friday, sometimes the second.
        ("1WeFr", ["1.4", "3.4", "6.5", "8.5", "3.6", "5.6"]),
        ("5Apr", ["5.4"]),
        ("15Sep", []),
        ("29-30Apr", ["29.4", "30.4"]),
        ("30Apr-2May", ["30.4", "1.5", "2.5"]),
        ("24Dec-1Apr", ["1.4"]),
        (
            "MF-15",
            [
                f"{day}.{month}"
                for month in (4, 5, 6)
                for day in range(1, 16)
                if date(2026, month, day).weekday() < 5
            ],
        ),
    ],
)
def test_days_of_the_month_and_dates_are_days_but_not_weekdays(text: str, days: list[str]) -> None:
    assert april_to_june(text) == days
    assert not day_rule(text).weekly
    assert day_rule(text).certain


@pytest.mark.parametrize("text", ["irr", "alt", "Ram", "Haj", "RSHD"])
def test_nobody_can_tell_the_days_of_an_irregular_row(text: str) -> None:
    rule = day_rule(text)
    assert (rule.certain, rule.weekly, rule.word) == (False, False, text)
    assert len(april_to_june(text)) == 91


def test_alternating_fridays_are_some_fridays() -> None:
    rule = day_rule("altFr")
    assert (rule.certain, rule.weekdays) == (False, frozenset({5}))


@pytest.mark.parametrize("text", ["Test", "Tests", "test", "tent", "USB", "LSB", "spur", "harm", "imod"])
def test_a_word_for_the_kind_of_signal_means_every_day(text: str) -> None:
    rule = day_rule(text)
    assert (rule.certain, rule.weekly, rule.word) == (True, True, text)


@pytest.mark.parametrize(
    "text", ["Mon", "8", "11", "6.Sa", "0.Sa", "Last8", "24-26", "31Foo", "x", "Mo-", "Sa;Su"]
)
def test_what_are_not_days_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadDays):
        day_rule(text)


@pytest.mark.parametrize("text", ["32Jan", "30Feb", "0Apr", "31Apr"])
def test_a_date_that_no_year_has_is_refused(text: str) -> None:
    with pytest.raises(BadDays, match="is not a day"):
        day_rule(text)


def test_leap_day_is_the_28th_in_other_years() -> None:
    assert MonthDay(2, 29).in_year(2026) == date(2026, 2, 28)
    assert MonthDay(2, 29).in_year(2028) == date(2028, 2, 29)


@given(st.frozensets(st.integers(1, 7), min_size=1))
def test_weekdays_are_written_in_five_characters_and_read_back(days: Days) -> None:
    assert len(days_text(days)) <= 5
    assert day_rule(days_text(days)).weekdays == days


def test_weekdays_are_written_as_eibi_does() -> None:
    texts = ["", "Mo-Fr", "We-Mo", "Th-Tu", "156", "Tu,Th", "Su", "12356", "Sa,Su", "135"]
    assert [days_text(day_rule(text).weekdays) for text in texts] == texts
    with pytest.raises(BadDays):
        days_text(frozenset())


@given(dates, st.integers(1, 5), st.integers(1, 7))
def test_the_nth_weekday_has_so_many_before_it_in_its_month(day: date, nth: int, weekday: int) -> None:
    same = [day.replace(day=1) + timedelta(days=step) for step in range(31)]
    same = [other for other in same if other.month == day.month and other.isoweekday() == weekday]
    assert day_rule(f"{nth}.{weekday}").on(day) == (same[nth - 1 : nth] == [day])
    assert day_rule(f"Last{weekday}").on(day) == (same[-1] == day)


@given(dates, dates, dates)
def test_a_span_of_every_year_goes_across_new_year_where_it_ends_before_it_starts(
    first: date, last: date, day: date
) -> None:
    start, stop = MonthDay.of(first), MonthDay.of(last)
    year = 2024
    spans = [(start.in_year(year - 1), stop.in_year(year)), (start.in_year(year), stop.in_year(year + 1))]
    if start <= stop:
        spans = [(start.in_year(year), stop.in_year(year))]
    this = MonthDay.of(day).in_year(year)
    assert within(this, start, stop) == any(begin <= this <= end for begin, end in spans)
