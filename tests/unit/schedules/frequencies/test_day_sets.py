from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import EVERY_DAY, Days
from schedules.frequencies.day_sets import DaySets, day_number, weekday_bits

Row = tuple[date, int, Days]
"""First day, days to the last, ISO weekdays."""

rows = st.tuples(
    st.dates(date(1969, 12, 1), date(1970, 2, 1)),
    st.integers(-10, 30),
    st.just(EVERY_DAY) | st.frozensets(st.integers(1, 7)),
)


def sets_of(*given_rows: Row) -> DaySets:
    return DaySets(
        np.array([day_number(first) for first, _, _ in given_rows]),
        np.array([day_number(first) + length for first, length, _ in given_rows]),
        np.array([weekday_bits(days) for _, _, days in given_rows]),
    )


def days_of(row: Row) -> set[int]:
    first, length, days = row
    found = [first + timedelta(days=step) for step in range(length + 1)]
    return {(day - date(1970, 1, 1)).days for day in found if day.isoweekday() in days}


@given(st.lists(rows, min_size=1, max_size=5))
def test_days_are_counted_and_found_as_in_a_calendar(some: list[Row]) -> None:
    sets, expected = sets_of(*some), [days_of(row) for row in some]
    assert sets.counts().tolist() == [len(days) for days in expected]
    held = [number for number, days in enumerate(expected) if days]
    assert sets.earliest()[held].tolist() == [min(expected[number]) for number in held]
    assert sets.latest()[held].tolist() == [max(expected[number]) for number in held]
    for day in range(-40, 80):
        assert sets.hold(day).tolist() == [day in days for days in expected]


@given(rows, rows, st.integers(-8, 8))
def test_days_of_both_and_days_moved_are_those_of_sets(one: Row, other: Row, by: int) -> None:
    assert (sets_of(one) & sets_of(other)).counts().tolist() == [len(days_of(one) & days_of(other))]
    together = days_of(one) & {day - by for day in days_of(other)}
    moved = sets_of(one) & sets_of(other).earlier(by)
    assert moved.counts().tolist() == [len(together)]
    assert not together or moved.earliest().tolist() == [min(together)]
