"""Weekdays: ISO numbers inside (Monday is 1, Sunday is 7), everybody else's at the edges.

HFCC counts from 1 = Sunday, EiBi from 1 = Monday. A slot's days are those on which it starts in UTC; people in Seoul
may enter and read them in KST, nine hours ahead and without summer time, where 20:00 UTC on Sunday is 05:00 on Monday.
"""

from __future__ import annotations

import re

from schedules.errors import BadDays
from schedules.said import Said, say
from schedules.time import DAY_MINUTES

Days = frozenset[int]

EVERY_DAY: Days = frozenset(range(1, 8))
KST_AHEAD_MINUTES = 9 * 60

_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_KOREAN = "월화수목금토일"
_NUMBER_OF = {name.lower(): number for number, name in enumerate(_NAMES, 1)} | {
    name: number for number, name in enumerate(_KOREAN, 1)
}
_DAILY = {"daily", "매일"}
_FROM_SUNDAY = say("unread-from-sunday", "1 is Sunday")
_FROM_MONDAY = say("unread-from-monday", "1 is Monday")


def check_days(days: Days) -> None:
    """Raises BadDays where the set is empty or holds something that is not an ISO weekday."""
    if not days:
        raise BadDays(say("unread-no-days", "no weekday is chosen: choose at least one"))
    if wrong := sorted(days - EVERY_DAY):
        raise BadDays(
            say("unread-day", "{day} is not a weekday: days are 1 (Monday) to 7 (Sunday)", day=wrong[0])
        )


def days_from_hfcc(digits: str) -> Days:
    """HFCC's column, "1234567" or "1     7" (1 = Sunday). Raises BadDays."""
    return frozenset((number - 2) % 7 + 1 for number in _digits(digits, _FROM_SUNDAY))


def days_to_hfcc(days: Days) -> str:
    """The weekdays as HFCC writes them: {7} -> "1"."""
    check_days(days)
    return "".join(str(number) for number in sorted(day % 7 + 1 for day in days))


def days_from_eibi(digits: str) -> Days:
    """EiBi's digits (1 = Monday). Raises BadDays."""
    return frozenset(_digits(digits, _FROM_MONDAY))


def days_to_eibi(days: Days) -> str:
    """The weekdays as EiBi writes them: {7} -> "7"."""
    check_days(days)
    return "".join(map(str, sorted(days)))


def parse_days(text: str) -> Days:
    """Weekdays as people write them: "Mo-Fr", "Sa,Su", "Fr-Mo", "daily", "월-금", "매일". Raises BadDays."""
    if text.strip().lower() in _DAILY:
        return EVERY_DAY
    days: set[int] = set()
    for part in re.split(r"[,\s]+", text.strip()):
        first, dash, last = part.partition("-")
        start, end = _day(first, text), _day(last if dash else first, text)
        days.update((start - 1 + step) % 7 + 1 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def format_days(days: Days) -> str:
    """The shortest text that `parse_days` reads back: "daily", "Mo-Fr", "Mo,We,Sa-Su"."""
    check_days(days)
    if days == EVERY_DAY:
        return "daily"
    parts: list[str] = []
    for first in (day for day in sorted(days) if day - 1 not in days):
        last = first
        while last + 1 in days:
            last += 1
        parts.append(_NAMES[first - 1] if first == last else f"{_NAMES[first - 1]}-{_NAMES[last - 1]}")
    return ",".join(parts)


def day_shift_to_utc(kst_minute: int) -> int:
    """How many days the UTC date lies from the KST date at that KST time: -1 before 09:00, else 0.

    Moves the first and last date of a slot that was entered in KST, as `days_to_utc` moves its weekdays.
    """
    return (kst_minute - KST_AHEAD_MINUTES) // DAY_MINUTES


def minute_to_utc(kst_minute: int) -> int:
    """The UTC time of day of a KST time of day, both in minutes after midnight."""
    return (kst_minute - KST_AHEAD_MINUTES) % DAY_MINUTES


def minute_to_kst(utc_minute: int) -> int:
    """The KST time of day of a UTC time of day, both in minutes after midnight."""
    return (utc_minute + KST_AHEAD_MINUTES) % DAY_MINUTES


def days_to_utc(days: Days, kst_minute: int) -> Days:
    """The UTC weekdays of a start at `kst_minute` on these KST weekdays: Monday 05:00 KST is Sunday in UTC."""
    check_days(days)
    return _shifted(days, day_shift_to_utc(kst_minute))


def days_to_kst(days: Days, utc_minute: int) -> Days:
    """The KST weekdays of a start at `utc_minute` on these UTC weekdays: Sunday 20:00 UTC is Monday in Seoul."""
    check_days(days)
    return _shifted(days, (utc_minute + KST_AHEAD_MINUTES) // DAY_MINUTES)


def _shifted(days: Days, by: int) -> Days:
    return frozenset((day - 1 + by) % 7 + 1 for day in days)


def _digits(text: str, convention: Said) -> list[int]:
    digits = text.replace(" ", "")
    if not re.fullmatch("[1-7]{1,7}", digits) or len(set(digits)) != len(digits):
        raise BadDays(
            say(
                "unread-days",
                '"{text}" are not weekdays: write the digits 1 to 7, each at most once ({convention})',
                text=text,
                convention=convention,
            )
        )
    return [int(digit) for digit in digits]


def _day(name: str, text: str) -> int:
    number = _NUMBER_OF.get(name.strip().lower())
    if number is None:
        raise BadDays(
            say(
                "unread-weekday",
                '"{name}" in "{text}" is not a weekday: write {names}, a range such as Mo-Fr, or daily',
                name=name,
                text=text,
                names=", ".join(_NAMES),
            )
        )
    return number
