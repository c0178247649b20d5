from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.billing import BillingUnit, Days, billed_minutes, booked_minutes, parse_month
from app.errors import Invalid

NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("minutes", "unit", "billed"),
    [
        (0, "hour", 0),
        (1, "minute", 1),
        (29, "minute", 29),
        (1, "quarter_hour", 15),
        (15, "quarter_hour", 15),
        (16, "quarter_hour", 30),
        (60, "hour", 60),
        (61, "hour", 120),
    ],
)
def test_a_begun_unit_is_billed_whole(minutes: int, unit: BillingUnit, billed: int) -> None:
    assert billed_minutes(minutes, unit) == billed


def test_a_month_has_its_days() -> None:
    assert parse_month("2026-11") == NOVEMBER
    assert parse_month("2028-02").last == date(2028, 2, 29)
    assert parse_month("2026-12").last == date(2026, 12, 31)
    assert NOVEMBER.span.duration == timedelta(days=30)
    for text in ("2026-13", "2026-1", "11-2026", "2026-11-01", "1999-12", "²026-11"):
        with pytest.raises(Invalid, match="write 2026-11"):
            parse_month(text)


def test_minutes_booked_a_month_are_cut_by_days_at_the_ends_of_the_period() -> None:
    period = Days(date(2026, 11, 16), date(2027, 3, 27))
    assert booked_minutes(900, "month", period, parse_month("2026-10")) == 0
    assert booked_minutes(900, "month", period, NOVEMBER) == 450
    assert booked_minutes(900, "month", period, parse_month("2026-12")) == 900
    assert booked_minutes(900, "month", period, parse_month("2027-03")) == 784  # 27 of 31 days: 783.87


DATES = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@given(DATES, DATES, st.integers(0, 10**6))
def test_minutes_booked_in_all_add_up_over_the_months(one: date, other: date, booked: int) -> None:
    period = Days(min(one, other), max(one, other))
    months = [parse_month(f"{year}-{month:02d}") for year in range(2026, 2030) for month in range(1, 13)]
    shares = [booked_minutes(booked, "period", period, month) for month in months]
    assert sum(shares) == booked
    assert min(shares) >= 0
