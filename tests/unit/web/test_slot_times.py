"""A slot may be written in KST or in UTC; both mean the same instants."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.programmes.times import read_days, read_times, shown_in_kst, shown_in_utc
from schedules.errors import BadDays
from schedules.hhmm import format_hhmm
from schedules.slots import Slot, occurrences
from schedules.time import KST, Span

MINUTES = st.integers(0, 1439)
DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: "".join(map(str, sorted(days))))
DATES = st.dates(date(2015, 1, 1), date(2035, 12, 1))


@given(MINUTES, MINUTES, DAYS, DATES)
def test_what_is_written_in_kst_is_read_back_in_kst(start: int, stop: int, days: str, first: date) -> None:
    assume(stop not in {start, 0})
    last = first + timedelta(days=30)
    times = read_times(format_hhmm(start), format_hhmm(stop), days, first, last, "KST", [])
    shown = shown_in_kst(times)
    assert (shown.start, shown.stop, shown.days) == (format_hhmm(start), format_hhmm(stop), days)
    assert (shown.first_date, shown.last_date) == (first, last)


@given(MINUTES, DAYS, DATES)
def test_a_kst_weekday_is_the_weekday_in_seoul(start: int, days: str, first: date) -> None:
    stop = (start + 30) % 1440 or 1440
    times = read_times(
        format_hhmm(start), format_hhmm(stop), days, first, first + timedelta(days=20), "KST", []
    )
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    span = Span(midnight - timedelta(days=2), midnight + timedelta(days=30))
    starts = [one.start.astimezone(KST) for one in occurrences(Slot(**asdict(times)), span)]
    assert starts
    assert {str(at.isoweekday()) for at in starts} == set(days)
    assert {at.hour * 60 + at.minute for at in starts} == {start}
    assert first <= starts[0].date() <= starts[-1].date() <= first + timedelta(days=20)


def test_utc_is_taken_as_it_is() -> None:
    times = read_times("2000", "2400", "Mo-Fr", date(2026, 10, 26), date(2027, 3, 26), "UTC", [])
    assert (times.start_minute, times.stop_minute) == (1200, 1440)
    assert shown_in_utc(times).stop == "2400"


@pytest.mark.parametrize(
    ("text", "days"),
    [("12345", {1, 2, 3, 4, 5}), ("1  4", {1, 4}), ("7", {7}), ("Sa,Su", {6, 7}), ("월-금", {1, 2, 3, 4, 5})],
)
def test_days_are_read_as_people_write_them(text: str, days: set[int]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize("text", ["", "0", "8", "11", "Funday"])
def test_days_that_are_none(text: str) -> None:
    with pytest.raises(BadDays, match="weekday"):
        read_days(text)
