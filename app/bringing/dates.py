"""Dates as people write them into file names and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_YEAR, _MONTH, _DAY = (
    r"(?P<year>(?:19|20)\d{2})",
    r"(?P<month>0?[1-9]|1[0-2])",
    r"(?P<day>0?[1-9]|[12]\d|3[01])",
)
_TWO_MONTH, _TWO_DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12]\d|3[01])"
_FORMS = (
    rf"{_YEAR}\s*년\s*{_MONTH}\s*월\s*{_DAY}\s*일",
    rf"(?<!\d){_YEAR}(?P<mark>[-._/ ])\s*{_MONTH}(?P=mark)\s*{_DAY}(?!\d)\.?",
    rf"(?<!\d){_YEAR}{_TWO_MONTH}{_TWO_DAY}(?!\d)",
    rf"(?<!\d){_MONTH}\s*월\s*{_DAY}\s*일",
    rf"(?<!\d)(?P<two>\d{{2}}){_TWO_MONTH}{_TWO_DAY}(?!\d)",
    rf"(?<!\d){_TWO_MONTH}[-._]?{_TWO_DAY}(?!\d)",
)
_WITH_YEAR = tuple(re.compile(form) for form in (*_FORMS[:3], _FORMS[4]))
_ANY = tuple(re.compile(form) for form in _FORMS)
LONGEST_BEFORE, LONGEST_AFTER = timedelta(days=90), timedelta(days=275)
"""A day and a month without a year are at most so long ago, or so far ahead."""


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date, and the text around it: before and behind."""

    date: date
    before: str
    after: str

    @property
    def rest(self) -> str:
        """The text without its date, and without the marks that held the two together."""
        parts = (self.before.rstrip(" _-.([~"), self.after.lstrip(" _-.)]"))
        return " ".join(part for part in parts if part.strip()).strip()


def find_date(text: str, near: date | None = None) -> DateFound | None:
    """The first date in a text: 2019-03-04, 2019.3.4, 20190304, 2019년 3월 4일, 190304.

    With `near` also days without a year (1129, 11-29, 11월 29일): the one from `LONGEST_BEFORE` before it to `LONGEST_AFTER` behind it.
    """
    for form in _WITH_YEAR if near is None else _ANY:
        for match in form.finditer(text):
            parts = match.groupdict()
            day = _dated(parts, near)
            if day is not None:
                return DateFound(day, text[: match.start()], text[match.end() :])
    return None


def read_date(text: str) -> date | None:
    """A cell that is a date and nothing else; None where it is not."""
    found = find_date(text.strip())
    return found.date if found is not None and not found.rest else None


def _dated(parts: dict[str, str | None], near: date | None) -> date | None:
    month, day = int(parts["month"] or 0), int(parts["day"] or 0)
    if year := parts.get("year"):
        years = [int(year)]
    elif two := parts.get("two"):
        years = [2000 + int(two) if int(two) < 70 else 1900 + int(two)]
    else:
        assert near is not None
        years = [near.year - 1, near.year, near.year + 1]
    for year_ in years:
        try:
            found = date(year_, month, day)
        except ValueError:
            continue
        if near is None or len(years) == 1 or near - LONGEST_BEFORE <= found <= near + LONGEST_AFTER:
            return found
    return None
