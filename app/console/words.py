"""How values read on the page: messages filled in, dates and times in both zones, lengths, and other people's text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from app.console.messages import CATALOGUES, Language
from schedules.said import Said, Value
from schedules.time import length_text, to_kst

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"  # control characters but tabs and line ends, and halves of characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks of direction
)

NAMED_VALUES = {
    "kind": "kind",
    "kinds": "kind",
    "field": "programmes.js.field",
    "element": "programmes.js.type",
}
"""Values of what is said that are names of ours, by how they are called: what the keys of their words begin with."""


NO_TITLES: Mapping[int, str] = MappingProxyType({})


def harmless(value: object) -> object:
    """Text with its control characters and direction marks made visible, so that no title reads as another one."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _HIDDEN.sub("\ufffd", value)


def named(text: str) -> Markup:
    """Other people's text, which keeps its own direction of writing and is escaped."""
    return Markup("<bdi>{}</bdi>").format(harmless(text))


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that reads differently in the two languages."""

    language: Language

    def __call__(self, key: str, **places: object) -> Markup:
        """A message with its places filled in; what goes into them is escaped."""
        filled = {name: escape(harmless(value)) for name, value in places.items()}
        text = CATALOGUES[self.language].text(key, places.get("count"))
        return Markup(text.format(**filled))  # noqa: S704 - our own words, escaped places

    def has(self, key: str) -> bool:
        return key in CATALOGUES[self.language].forms

    def for_scripts(self, *prefixes: str) -> dict[str, tuple[str, ...]]:
        """The messages whose keys begin like this, in all their forms: what a page's scripts say."""
        return {
            key: forms for key, forms in CATALOGUES[self.language].forms.items() if key.startswith(prefixes)
        }

    def of(self, prefix: str, name: str) -> Markup:
        """The word for a state or a kind; a name that has none is shown as it is."""
        key = f"{prefix}.{name}"
        return self(key) if self.has(key) else escape(harmless(name))

    def plain(self, key: str, **places: object) -> str:
        """A message for an attribute, without marks."""
        text = CATALOGUES[self.language].text(key, places.get("count"))
        return text.format(**{name: harmless(value) for name, value in places.items()})

    def day(self, day: date) -> Markup:
        weekday = self.plain("weekdays").split()[day.weekday()]
        month = self.plain("months").split()[day.month - 1]
        return self("date", month=month, day=day.day, weekday=weekday)

    def zones(self, instant: datetime) -> tuple[tuple[str, datetime], tuple[str, datetime]]:
        """The instant in both zones, the reader's own first."""
        kst, utc = ("KST", to_kst(instant)), ("UTC", instant.astimezone(UTC))
        return (kst, utc) if self.language == "ko" else (utc, kst)

    def time(self, instant: datetime, *, with_date: bool = False, seconds: bool = False) -> Markup:
        """The instant as a ``<time>`` in both zones."""
        pattern = "%H:%M:%S" if seconds else "%H:%M"
        (first, here), (second, there) = self.zones(instant)
        day = f"{self.day(here.date())} " if with_date else ""
        return Markup(  # noqa: S704 - nothing in it is other people's
            f'<time datetime="{instant.astimezone(UTC).isoformat()}">{day}<b>{here.strftime(pattern)}</b> {first}'
            f' <span class="zone">({there.strftime(pattern)} {second})</span></time>'
        )

    def time_text(self, instant: datetime) -> str:
        """The instant in both zones, without marks."""
        return " / ".join(f"{at:%H:%M} {zone}" for zone, at in self.zones(instant))

    def span(self, length: timedelta) -> Markup:
        """A length of time to the minute, for countdowns."""
        minutes = int(length.total_seconds()) // 60
        if minutes < 1:
            return self("span.moments")
        hours, minutes = divmod(minutes, 60)
        if hours >= 48:
            return self("span.days", days=hours // 24, hours=hours % 24)
        if hours:
            return self("span.hours", hours=hours, minutes=minutes)
        return self("span.minutes", minutes=minutes)

    def minutes(self, length: timedelta) -> Markup:
        return self("minutes", minutes=int(length.total_seconds()) // 60)

    @staticmethod
    def length(samples: int) -> str:
        """A length in samples as producers write it: 3:10."""
        return length_text(samples)

    def said(self, said: Said, titles: Mapping[int, str] = NO_TITLES) -> Markup:
        """What the compiler says, in the reader's language; what has no code, or one without words, as it was said in English.

        ``titles``: of segments that it names by their numbers.
        """
        key = f"said.{said.code}"
        if not said.code or not self.has(key):
            return Markup('<span class="raw" lang="en" dir="auto">{}</span>').format(harmless(said.text))
        return self(key, **{name: self._value(name, value, titles) for name, value in said.values.items()})

    def _value(self, name: str, value: Value, titles: Mapping[int, str]) -> object:
        """A value of what is said, as its name says what it is."""
        if isinstance(value, Said):
            return self.said(value, titles)
        if isinstance(value, tuple):
            between = Markup("; ") if any(isinstance(one, Said) for one in value) else Markup(", ")
            return between.join(escape(self._value(name, one, titles)) for one in value)
        if isinstance(value, datetime):
            return self._instant(value) if name.endswith("_at") else self.time(value, seconds=True)
        if isinstance(value, int):
            return self._number(name, value, titles)
        if isinstance(value, date):
            return value.isoformat()
        prefix = NAMED_VALUES.get(name)
        return self.of(prefix, value) if prefix and self.has(f"{prefix}.{value}") else named(value)

    def _number(self, name: str, value: int, titles: Mapping[int, str]) -> object:
        if name == "segment_id" and value in titles:
            return Markup("{} “{}”").format(value, named(titles[value]))
        return self.length(value) if name.endswith("_samples") else value

    def _instant(self, instant: datetime) -> Markup:
        """With its date in numbers: what aired last may have done so years ago."""
        (_, here), _ = self.zones(instant)
        return Markup("{} {}").format(here.date().isoformat(), self.time(instant))

    def problem(self, document: Mapping[str, Any]) -> Markup:
        """What is wrong: the reader's words for the kind of a problem document, and the document's own sentence.

        What the compiler says is in the reader's language too. A document of a kind without words holds what somebody wrote.
        """
        kind, detail = str(document.get("type", "")).rpartition(":")[2], str(document.get("detail", ""))
        if not self.has(f"problem.{kind}"):
            return named(detail)
        if said := document.get("said"):
            told = Markup('<span class="because">{}</span>').format(self.said(Said.read(said)))
            return Markup("{} {}").format(self(f"problem.{kind}"), told)
        return Markup('{} <span class="raw" lang="en" dir="auto">{}</span>').format(
            self(f"problem.{kind}"), harmless(detail)
        )

    def error(self, text: str) -> Markup | None:
        """The reader's words for an error of a feed (``code: details``); None where the code is not known."""
        key = f"error.{text.split(':', 1)[0]}"
        return self(key) if self.has(key) else None
