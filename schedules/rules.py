"""Rotation rules: how long something rests, how much of it there may be, how far apart its like must be.

Each speaks `of` an `item` (the segment itself), its `presenter`, or a `tag`: the one named by `value`, or any of its tags.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from schedules.errors import BadClock
from schedules.said import Said, say
from schedules.time import night_of

Of = Literal["item", "presenter", "tag"]
Per = Literal["night", "week"]


class Heard(Protocol):
    """What a rule looks at: a segment that may air, or one that did."""

    @property
    def segment_id(self) -> int: ...
    @property
    def presenter(self) -> str | None: ...
    @property
    def tags(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Aired:
    """A segment that was heard `at` an instant, in the airing that began at `airing`; `ours` in this programme."""

    segment_id: int
    at: datetime
    airing: datetime
    ours: bool
    presenter: str | None = None
    tags: frozenset[str] = frozenset()


def not_allowed(field: str, given: str, allowed: Sequence[str]) -> Said:
    """What is said of a field whose value is none of a few."""
    told = '"{field}" is "{given}": use {allowed: or }'
    return say("clock-choice", told, field=field, given=given, allowed=tuple(allowed))


def outside(field: str, given: float, least: float, most: float) -> Said:
    """What is said of a number below or above what it may be."""
    told = '"{field}" is {given}: it goes from {least} to {most}'
    return say("clock-range", told, field=field, given=f"{given:g}", least=f"{least:g}", most=f"{most:g}")


def beyond(field: str, given: float, most: float) -> Said:
    """What is said of a number that is not positive, or above what it may be."""
    told = '"{field}" is {given}: it goes up to {most}'
    return say("clock-limit", told, field=field, given=f"{given:g}", most=f"{most:g}")


@dataclass(frozen=True, slots=True)
class _Rule:
    of: Of
    value: str | None = None

    def _check(self) -> None:
        if self.of not in get_args(Of):
            raise BadClock(not_allowed("of", self.of, get_args(Of)))
        if self.value is not None and self.of == "item":
            raise BadClock(
                say("rule-value", '"value" names a presenter or a tag: a rule of an item has none')
            )

    def keys(self, heard: Heard) -> frozenset[str]:
        """What the rule counts by; two with a key in common are alike. Empty: the rule does not concern it."""
        if self.of == "item":
            return frozenset({f"#{heard.segment_id}"})
        presenter = frozenset({heard.presenter} if heard.presenter else ())
        keys = presenter if self.of == "presenter" else heard.tags
        return keys if self.value is None else keys & {self.value}

    def name(self, key: str) -> Said:
        if self.of == "item":
            return say("item", "it")
        if self.of == "presenter":
            return say("presenter", "presenter {name}", name=key)
        return say("tag", "tag {name}", name=key)


@dataclass(frozen=True, slots=True)
class Rest(_Rule):
    """Not again within so many days, or so many airings of this programme, of its like.

    What airs later does not count: a programme that is compiled once more, after its repeat was, would lose all that the
    repeat takes from it.
    """

    days: float | None = None
    airings: int | None = None

    def __post_init__(self) -> None:
        self._check()
        if (self.days is None) == (self.airings is None):
            raise BadClock(say("rule-rest", 'a rest has either "days" or "airings"'))
        if self.days is not None and not 0 < self.days <= 3660:
            raise BadClock(beyond("days", self.days, 3660))
        if self.airings is not None and not 1 <= self.airings <= 1000:
            raise BadClock(outside("airings", self.airings, 1, 1000))

    def why_not(self, one: Heard, history: Collection[Aired], starts_at: datetime) -> Said | None:
        """Why it may not be heard again yet, and how much is missing, or None where it may."""
        keys = self.keys(one)
        earlier = [aired for aired in history if aired.at < starts_at]
        alike = [(aired, key) for aired in earlier for key in keys & self.keys(aired)]
        if self.days is not None:
            latest = max(alike, key=lambda pair: pair[0].at, default=None)
            if latest is None or starts_at - latest[0].at >= timedelta(days=self.days):
                return None
            missing = timedelta(days=self.days) - (starts_at - latest[0].at)
            return say(
                "rests-days",
                "{of} rests for {days} days and was heard {heard_at:%Y-%m-%d %H:%M} UTC, {missing} too recently",
                of=self.name(latest[1]),
                days=f"{self.days:g}",
                heard_at=latest[0].at,
                missing=_missing(missing),
            )
        before = sorted({aired.airing for aired in earlier if aired.ours}, reverse=True)[: self.airings]
        for number, airing in enumerate(before):
            for aired, key in alike:
                if aired.airing == airing and aired.ours:
                    return say(
                        "rests-airings",
                        "{of} rests for {airings} airings and was in that of {heard_at:%Y-%m-%d %H:%M} UTC, "
                        "{missing} too recently",
                        of=self.name(key),
                        airings=self.airings or 0,
                        heard_at=airing,
                        missing=(self.airings or 0) - number,
                    )
        return None


@dataclass(frozen=True, slots=True)
class Quota(_Rule):
    """At most so many of its like in a night (noon to noon KST) or in the seven nights up to this one."""

    most: int = 1
    per: Per = "night"

    def __post_init__(self) -> None:
        self._check()
        if self.per not in get_args(Per):
            raise BadClock(not_allowed("per", self.per, get_args(Per)))
        if not 1 <= self.most <= 1000:
            raise BadClock(outside("most", self.most, 1, 1000))

    def left(self, key: str, history: Iterable[Aired], starts_at: datetime) -> int:
        """How many more there may be. What airs later in the night counts too, where it is known already."""
        tonight = night_of(starts_at)
        first = tonight if self.per == "night" else tonight - timedelta(days=6)
        used = sum(first <= night_of(aired.at) <= tonight and key in self.keys(aired) for aired in history)
        return self.most - used

    def why_not(self, one: Heard, history: Collection[Aired], starts_at: datetime) -> Said | None:
        """Why there may be no more of it, or None where there may."""
        for key in sorted(self.keys(one)):
            if self.left(key, history, starts_at) <= 0:
                of = self.name(key)
                if self.per == "night":
                    return say(
                        "quota-night",
                        "{of} may be heard {most} times a night, and was",
                        of=of,
                        most=self.most,
                    )
                return say(
                    "quota-week", "{of} may be heard {most} times a week, and was", of=of, most=self.most
                )
        return None


@dataclass(frozen=True, slots=True)
class Spacing(_Rule):
    """At least so many minutes from the end of one to the start of the next of its like, within a programme."""

    minutes: float = 0.0

    def __post_init__(self) -> None:
        self._check()
        if not 0 < self.minutes <= 1440:
            raise BadClock(beyond("minutes", self.minutes, 1440))


def _missing(span: timedelta) -> Said:
    if span.days > 1:
        return say("days", "{count} days", count=span.days)
    return say("hours", "{hours} hours", hours=f"{span / timedelta(hours=1):.1f}")
