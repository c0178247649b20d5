"""EiBi's column of days: weekdays, days of the month, dates, and words.

Source: EiBi's README.TXT, "Format of the CSV database", and what stands in the season files. Days count from 1 = Monday.

    (nothing)  daily                       1.Sa    first Saturday of the month (1 to 5)
    Mo-Fr      also wrapping, We-Mo        Last7   last Sunday of the month
    Tu,Th      also SaSu                   1WeFr   first Wednesday of the month, repeated the Friday after
    156        Monday, Friday, Saturday    MF-15   Monday to Friday, but only up to the 15th
    15Sep      also 24-26Dec, 24Dec-2Jan   irr, alt, Ram, ... a word: see WORDS

Vatican Radio counts major Catholic holidays as Sundays: no rule can tell that.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from schedules.days import EVERY_DAY, Days, check_days, days_from_eibi, days_to_eibi, format_days, parse_days
from schedules.errors import BadDays
from schedules.said import say

LAST = -1
"""As `nth`: the last one of the month."""

WORDS = {
    # On the air every day, as far as the column says: the word tells what kind of signal it is.
    "lsb": True,
    "usb": True,
    "harm": True,
    "imod": True,
    "spur": True,
    "tent": True,
    "test": True,
    "tests": True,
    # On the air on days that nobody can tell from the row.
    "alt": False,
    "haj": False,
    "hbf": False,
    "irr": False,
    "ram": False,
    "rshd": False,
}
"""Each word in lower case -> whether the days are certain (daily)."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAME = "Mo|Tu|We|Th|Fr|Sa|Su"
_NTH = re.compile(rf"(?:([1-5])\.|Last\.?)([1-7]|{_NAME})")
_REPEATED = re.compile(rf"([1-5])({_NAME})({_NAME})")
_DATES = re.compile(rf"([0-9]{{1,2}})({'|'.join(_MONTHS)})?(?:-([0-9]{{1,2}})({'|'.join(_MONTHS)}))?")
_ALTERNATING = re.compile(rf"alt((?:{_NAME})+)")
_UP_TO = re.compile(r"MF-([0-9]{1,2})")


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day of no particular year. Raises BadDays."""

    month: int
    day: int

    def __post_init__(self) -> None:
        # 2024 is a leap year.
        if not 1 <= self.month <= 12 or not 1 <= self.day <= calendar.monthrange(2024, self.month)[1]:
            raise BadDays(
                say(
                    "unread-day-of-month",
                    "day {day} of month {month} is not a day: write the day, then the month",
                    day=self.day,
                    month=self.month,
                )
            )

    @classmethod
    def of(cls, day: date) -> MonthDay:
        return cls(day.month, day.day)

    def in_year(self, year: int) -> date:
        """29 February is the 28th where there is none."""
        return date(year, self.month, min(self.day, calendar.monthrange(year, self.month)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """On which days a row is on the air: all of what is set must hold."""

    weekdays: Days = EVERY_DAY
    nth: int | None = None
    """Only the first to fifth of its weekday in the month, or the LAST one."""
    repeated_after_days: int = 0
    """With `nth`: so many days later once more."""
    up_to_day: int | None = None
    """Only up to this day of the month."""
    dates: tuple[MonthDay, MonthDay] | None = None
    """Only from the first to the last, both included, in every year; across New Year where the first is the later."""
    word: str = ""
    """The word that stands there, if it is one."""
    certain: bool = True
    """Whether the rule tells the days. If not, the row may be on the air on any of them."""

    @property
    def weekly(self) -> bool:
        """Whether weekdays are all there is to say."""
        return self.certain and self.nth is None and self.up_to_day is None and self.dates is None

    def on(self, day: date) -> bool:
        """Whether the row is on the air on that UTC day, or may be."""
        if self.up_to_day is not None and day.day > self.up_to_day:
            return False
        if self.dates is not None and not within(day, *self.dates):
            return False
        if self.nth is None:
            return day.isoweekday() in self.weekdays
        earlier = day - timedelta(days=self.repeated_after_days)
        return self._is_nth(day) or self._is_nth(earlier)

    def expand(self, first: date, last: date) -> Iterator[date]:
        """The days from the first to the last, both included, on which the row is on the air, or may be."""
        days = (first + timedelta(days=step) for step in range((last - first).days + 1))
        return (day for day in days if self.on(day))

    def _is_nth(self, day: date) -> bool:
        if day.isoweekday() not in self.weekdays:
            return False
        if self.nth == LAST:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return (day.day - 1) // 7 + 1 == self.nth


def within(day: date, first: MonthDay, last: MonthDay) -> bool:
    """Whether a day lies in a span of every year, which goes across New Year where it ends before it starts."""
    this = MonthDay.of(day)
    return first <= this <= last if first <= last else this >= first or this <= last


def day_rule(text: str) -> DayRule:
    """The rule of a column of days. Raises BadDays for what is none of the forms above."""
    text = text.strip()
    rule = _word(text) or _of_month(text) or _dates(text)
    if rule is not None:
        return rule
    if text.isdigit():
        return DayRule(weekdays=days_from_eibi(text))
    try:
        # "SaSu" is "Sa,Su" without the comma.
        return DayRule(weekdays=parse_days(re.sub(r"(?<=[a-z])(?=[A-Z])", ",", text)))
    except BadDays:
        raise BadDays(
            say(
                "unread-eibi-days",
                '"{text}" are not days as EiBi writes them: write nothing for daily, Mo-Fr, Tu,Th, 156, 1.Sa, 15Sep or irr',
                text=text,
            )
        ) from None


def days_text(days: Days) -> str:
    """Weekdays as EiBi writes them, at most five characters: nothing for daily, "Mo-Fr", "Th-Tu", "Tu,Th", "156"."""
    check_days(days)
    if days == EVERY_DAY:
        return ""
    starts = [day for day in sorted(days) if (day - 2) % 7 + 1 not in days]
    if len(days) > 2 and len(starts) == 1:
        first = starts[0]
        last = (first + len(days) - 2) % 7 + 1
        return f"{format_days(frozenset({first}))}-{format_days(frozenset({last}))}"
    if len(days) <= 2:
        return ",".join(format_days(frozenset({day})) for day in sorted(days))
    return days_to_eibi(days)


def _word(text: str) -> DayRule | None:
    if not text:
        return DayRule()
    certain = WORDS.get(text.lower())
    if certain is not None:
        return DayRule(word=text, certain=certain)
    if match := _ALTERNATING.fullmatch(text):
        # Every other one, and nothing says which.
        return DayRule(weekdays=_weekdays(match[1]), word=text, certain=False)
    return None


def _of_month(text: str) -> DayRule | None:
    if match := _NTH.fullmatch(text):
        return DayRule(weekdays=_weekdays(match[2]), nth=int(match[1]) if match[1] else LAST)
    if match := _REPEATED.fullmatch(text):
        (first,), (again,) = _weekdays(match[2]), _weekdays(match[3])
        return DayRule(
            weekdays=frozenset({first}), nth=int(match[1]), repeated_after_days=(again - first) % 7 or 7
        )
    if match := _UP_TO.fullmatch(text):
        return DayRule(weekdays=parse_days("Mo-Fr"), up_to_day=int(match[1]))
    return None


def _dates(text: str) -> DayRule | None:
    match = _DATES.fullmatch(text)
    if match is None or not (match[2] or match[4]):
        return None
    first_month, last_month = match[2] or match[4], match[4] or match[2]
    first = MonthDay(_MONTHS.index(first_month) + 1, int(match[1]))
    return DayRule(dates=(first, MonthDay(_MONTHS.index(last_month) + 1, int(match[3] or match[1]))))


def _weekdays(text: str) -> Days:
    """The weekdays of "6", "Sa" or "SaSu"."""
    if text.isdigit():
        return days_from_eibi(text)
    return parse_days(",".join(text[at : at + 2] for at in range(0, len(text), 2)))
