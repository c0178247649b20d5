"""A slot's times as people write and read them: HHMM and weekdays, in UTC or in KST."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from schedules.days import (
    KST_AHEAD_MINUTES,
    Days,
    day_shift_to_utc,
    days_from_eibi,
    days_to_eibi,
    days_to_hfcc,
    days_to_kst,
    days_to_utc,
    format_days,
    minute_to_kst,
    minute_to_utc,
    parse_days,
)
from schedules.errors import BadDateRange
from schedules.hhmm import format_hhmm
from schedules.said import Said
from schedules.slots import slot_times
from schedules.time import DAY_MINUTES

Zone = Literal["UTC", "KST"]


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """When a slot airs, in UTC: minutes of the start day (a stop of 1440 is 2400), ISO weekdays and dates of starts."""

    start_minute: int
    stop_minute: int
    days: Days
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class ShownTimes:
    """The same as a person reads it in one zone; weekdays as ISO digits, HFCC digits (1 = Sunday) and words."""

    start: str
    stop: str
    days: str
    days_hfcc: str
    days_text: str
    first_date: date
    last_date: date


def read_days(text: str) -> Days:
    """ISO digits (1 = Monday) such as ``12345``, or words such as ``Mo-Fr``, ``daily``, ``월-금``. Raises BadDays."""
    return days_from_eibi(text) if re.fullmatch(r"[\d ]+", text) else parse_days(text)


def read_times(
    start: str, stop: str, days: str, first_date: date, last_date: date, zone: Zone, notes: list[Said]
) -> SlotTimes:
    """What was written in a zone, in UTC. What was read otherwise than written is told in ``notes``.

    The weekdays and dates are those of the start: Monday 05:00 in KST is Sunday 20:00 UTC.

    Raises:
        BadTime, EmptySlot, BadDays, BadDateRange: say what was written and what to write.
    """
    start_minute, stop_minute = slot_times(start, stop, notes)
    weekdays = read_days(days)
    if zone == "UTC":
        return SlotTimes(start_minute, stop_minute, weekdays, first_date, last_date)
    shift = timedelta(days=day_shift_to_utc(start_minute))
    try:
        first_utc, last_utc = first_date + shift, last_date + shift
    except OverflowError:
        raise BadDateRange(f"{first_date} to {last_date} in KST are not all dates in UTC") from None
    return SlotTimes(
        minute_to_utc(start_minute),
        minute_to_utc(stop_minute) or DAY_MINUTES,
        days_to_utc(weekdays, start_minute),
        first_utc,
        last_utc,
    )


def shown_in_utc(times: SlotTimes) -> ShownTimes:
    """The times as an engineer at a site reads them."""
    return _shown(times.start_minute, times.stop_minute, times.days, times.first_date, times.last_date)


def shown_in_kst(times: SlotTimes) -> ShownTimes:
    """The times as a producer in Seoul reads them."""
    shift = timedelta(days=(times.start_minute + KST_AHEAD_MINUTES) // DAY_MINUTES)
    return _shown(
        minute_to_kst(times.start_minute),
        minute_to_kst(times.stop_minute) or DAY_MINUTES,
        days_to_kst(times.days, times.start_minute),
        times.first_date + shift,
        times.last_date + shift,
    )


def _shown(start: int, stop: int, days: Days, first_date: date, last_date: date) -> ShownTimes:
    return ShownTimes(
        format_hhmm(start),
        format_hhmm(stop),
        days_to_eibi(days),
        days_to_hfcc(days),
        format_days(days),
        first_date,
        last_date,
    )
