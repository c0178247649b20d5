"""What a person asks of the library, as the page's address says it.

Addresses are typed, kept and sent to colleagues: what cannot be read is left out and told, and the page is shown all the same.
Names are those of `GET /segments`, except that lengths are in minutes, as producers think of them.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.library.finding import Filters
from app.library.finding_api import LONGEST_DAYS
from app.library.models import SegmentKind, SegmentState

LONGEST_TEXT = 100
LONGEST_MINUTES = 10_000.0
FIRST_YEAR, LAST_YEAR = 1900, 2999


@dataclass(frozen=True, slots=True)
class Asked:
    """``given``: what stands in the address, field by field. ``wrong``: fields that could not be followed."""

    filters: Filters
    given: Mapping[str, str]
    wrong: frozenset[str]

    @property
    def is_all(self) -> bool:
        """Whether the whole library is asked for."""
        return self.filters == Filters()

    def says(self, *names: str) -> bool:
        return any(name in self.given for name in names)


def asked(query: Mapping[str, str]) -> Asked:
    """The filters of an address."""
    given = {name: query[name].strip() for name in _READ if query.get(name, "").strip()}
    if query.get("q", "").strip():
        given["q"] = query["q"]  # a space at its end says that its last syllable is finished
    read: dict[str, Any] = {}
    wrong = set[str]()
    for name, text in given.items():
        field, reader = _READ[name]
        try:
            read[field] = reader(text)
        except ValueError:
            wrong.add(name)
    for first, last, name in (("created_from", "created_to", "created_to"), ("min_s", "max_s", "max_min")):
        if first in read and last in read and read[last] < read[first]:
            del read[last]
            wrong.add(name)
    return Asked(Filters(**read), given, frozenset(wrong))


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text)[:LONGEST_TEXT]


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(text)
    return days


def _seconds(text: str) -> float:
    minutes = float(text)
    if not math.isfinite(minutes) or not 0 <= minutes <= LONGEST_MINUTES:
        raise ValueError(text)
    return minutes * 60


def _yes(text: str) -> bool:
    if text != "true":
        raise ValueError(text)
    return True


_READ: dict[str, tuple[str, Callable[[str], Any]]] = {
    "q": ("words", _text),
    "state": ("state", SegmentState),
    "kind": ("kind", SegmentKind),
    "tag": ("tag", _text),
    "presenter": ("presenter", _text),
    "series": ("series", _text),
    "batch": ("batch", _text),
    "created_from": ("created_from", _day),
    "created_to": ("created_to", _day),
    "min_min": ("min_s", _seconds),
    "max_min": ("max_s", _seconds),
    "not_aired_for_days": ("not_aired_for_days", _days),
    "expires_within_days": ("expires_within_days", _days),
    "awaited": ("awaited", _yes),
    "spoken": ("spoken", _yes),
}
"""By the names in the address: the filter, and how its text is read."""
