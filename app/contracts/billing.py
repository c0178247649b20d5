"""Booked and billed minutes: whole numbers, exact, without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from app.errors import Invalid
from schedules.time import Span

BillingUnit = Literal["minute", "quarter_hour", "hour"]
BookedPer = Literal["month", "period"]

UNIT_MINUTES: dict[BillingUnit, int] = {"minute": 1, "quarter_hour": 15, "hour": 60}

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole UTC days, both ends included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def span(self) -> Span:
        return Span(
            datetime.combine(self.first, time(), tzinfo=UTC),
            datetime.combine(self.last + _DAY, time(), tzinfo=UTC),
        )

    def shared_with(self, other: Days) -> Days | None:
        """The days of both; None where there are none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Days(first, last) if first <= last else None


def parse_month(text: str) -> Days:
    """The days of ``2026-11``. Raises Invalid."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise Invalid(f'"{text}" is not a month: write 2026-11', field="month")
    first = date(int(match[1]), int(match[2]), 1)
    return Days(first, (first + 31 * _DAY).replace(day=1) - _DAY)


def billed_minutes(minutes: int, unit: BillingUnit) -> int:
    """What one airing is billed for: begun units count whole, and nothing is nothing."""
    size = UNIT_MINUTES[unit]
    return -(-minutes // size) * size


def booked_minutes(booked: int, per: BookedPer, period: Days, month: Days) -> int:
    """The minutes booked for one month.

    A month that the period covers in part has its share by days. Of minutes that are booked in all, each month has its share by
    days, and the months add up to exactly what was booked.
    """
    days = period.shared_with(month)
    if days is None:
        return 0
    if per == "month":
        return _rounded(booked * days.count, month.count)
    before = (days.first - period.first).days
    return booked * (before + days.count) // period.count - booked * before // period.count


def _rounded(dividend: int, divisor: int) -> int:
    """Half up."""
    return (2 * dividend + divisor) // (2 * divisor)
