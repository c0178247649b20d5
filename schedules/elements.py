"""The elements of which a clock is made, and what each of them may say.

Every element may have a `label` (for people), a `pause_s`, the silence after it, an `at`, the hard time at which it
starts, met within `within_s`, and a `crossfade_s`, how long at most it may overlap the item before it if both are music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

from schedules.announcing.tokens import TEMPLATE, check_template
from schedules.errors import BadAnnouncement, BadClock, BadTime
from schedules.hard_time import HardTime
from schedules.hhmm import parse_hhmm
from schedules.rules import Quota, Rest, Spacing, not_allowed, outside
from schedules.said import Said, say, told_by
from schedules.time import to_kst, to_utc

Order = Literal["newest", "least_recently_aired", "weighted"]

SPEECH_KINDS = frozenset({"news", "talk", "drama", "testimony", "jingle", "ident", "announcement"})
"""Aired whole or not at all."""
ELASTIC_KINDS = frozenset({"music", "filler", "bed", "interval_signal"})
"""What may be shortened and faded to fill time."""
KINDS = SPEECH_KINDS | ELASTIC_KINDS
MUSIC_KINDS = ELASTIC_KINDS - {"interval_signal"}
"""What may be faded into one another. An interval signal is there to be recognised, and a jingle speaks."""

PAUSE_S = 0.5
SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 1.0
"""A longer silence is dead air to a listener, and to the monitors at the sites."""

CROSSFADE_S = 4.0
SHORTEST_CROSSFADE_S = 1.0
LONGEST_CROSSFADE_S = 5.0
"""A shorter one sounds like a slip, in a longer one two songs fight."""

LONGEST_ELEMENT_S = 86_400.0
LONGEST_WINDOW_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every element may say."""

    label: str = ""
    pause_s: float = PAUSE_S
    at: HardTime | None = None
    within_s: float = 0.0
    crossfade_s: float = CROSSFADE_S

    def check(self) -> None:
        """Raises BadClock."""
        check_range("pause_s", self.pause_s, SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
        least, most = SHORTEST_CROSSFADE_S, LONGEST_CROSSFADE_S
        if self.crossfade_s != 0 and not least <= self.crossfade_s <= most:
            told = '"crossfade_s" is {given}: it goes from {least} to {most}, or 0'
            given = f"{self.crossfade_s:g}"
            raise BadClock(say("clock-crossfade", told, given=given, least=f"{least:g}", most=f"{most:g}"))
        check_range("within_s", self.within_s, 0, LONGEST_WINDOW_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optional(Common):
    """What an element that may be left out says: the lower its priority, the sooner it is."""

    required: bool = True
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Fixed(Optional):
    """One named segment, whole. With `trim_in_s` and `trim_out_s` so much less of it at its beginning and end."""

    type: ClassVar[str] = "fixed"
    segment_id: int
    trim_in_s: float = 0.0
    trim_out_s: float = 0.0

    def __post_init__(self) -> None:
        self.check()
        check_range("trim_in_s", self.trim_in_s, 0, LONGEST_ELEMENT_S)
        check_range("trim_out_s", self.trim_out_s, 0, LONGEST_ELEMENT_S)


@dataclass(frozen=True, slots=True)
class Pick(Optional):
    """`count` different segments of any of the kinds that bear all of the tags, each whole.

    `max_age_days` counts from approval to air. A required pick needs its first segment; the others come as far as the
    library and the slot allow. `rests`, `quotas` and `spacings` are the rotation rules that its segments obey; with
    `after_tags` one comes only straight after an item with such a tag, with `not_after_tags` never.
    """

    type: ClassVar[str] = "pick"
    kinds: tuple[str, ...]
    tags: tuple[str, ...] = ()
    order: Order = "newest"
    count: int = 1
    max_age_days: int | None = None
    rests: tuple[Rest, ...] = ()
    quotas: tuple[Quota, ...] = ()
    spacings: tuple[Spacing, ...] = ()
    after_tags: tuple[str, ...] = ()
    not_after_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.check()
        _check_kinds(self.kinds, KINDS)
        _check_choice("order", self.order, get_args(Order))
        check_range("count", self.count, 1, 100)
        if self.max_age_days is not None:
            check_range("max_age_days", self.max_age_days, 1, 36_500)


@dataclass(frozen=True, slots=True)
class NextEpisode(Optional):
    """The first episode of a series that was never aired. Repeats do not count: only a first airing moves it on."""

    type: ClassVar[str] = "next_episode"
    series: str

    def __post_init__(self) -> None:
        self.check()
        if not self.series:
            raise BadClock(say("clock-series", '"series" is empty: name the series'))


@dataclass(frozen=True, slots=True)
class Awaited(Optional):
    """What somebody delivers for this very broadcast date (KST) under this name.

    `owner_id` is the person who delivers it, by `due`, a time of day in KST (the last one before the airing). Nothing that
    came longer than `max_age_h` before the airing is taken. Where it does not come, `substitute_id` airs in its place, or,
    where none is given, the programme without it, or, where the element is required, the stand-by; what came for an earlier
    date only with `older`, and then the newest.
    """

    type: ClassVar[str] = "awaited"
    name: str
    substitute_id: int | None = None
    owner_id: int | None = None
    due: str = ""
    max_age_h: float | None = None
    older: bool = False

    def __post_init__(self) -> None:
        self.check()
        if not self.name:
            raise BadClock(say("clock-name", '"name" is empty: name what is awaited'))
        if self.max_age_h is not None:
            check_range("max_age_h", self.max_age_h, 0.5, 24 * 366)
        if self.due:
            try:
                parse_hhmm(self.due, stop=False)
            except BadTime:
                told = '"due" is "{given}": write hours and minutes in Seoul, such as 20:00'
                raise BadClock(say("clock-due", told, given=self.due)) from None

    def due_at(self, starts_at: datetime) -> datetime | None:
        """When it is due for an airing that starts at this instant; None where nobody has said."""
        if not self.due:
            return None
        start = to_kst(starts_at)
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight + timedelta(minutes=parse_hhmm(self.due, stop=False))
        return to_utc(due if due <= start else due - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Announcement(Optional):
    """The newest approved announcement that bears all of the tags."""

    type: ClassVar[str] = "announcement"
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.check()


@dataclass(frozen=True, slots=True)
class Spoken(Optional):
    """What the station says of this very airing, made for it: the parts of an announcement that `template` names.

    Where it cannot be said it is left out, unless it is required.
    """

    type: ClassVar[str] = "spoken"
    template: tuple[str, ...] = TEMPLATE
    required: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        self.check()
        try:
            check_template(self.template)
        except BadAnnouncement as wrong:
            raise BadClock(say("clock-template", '"template": {wrong}', wrong=told_by(wrong))) from None


@dataclass(frozen=True, slots=True)
class Repeat(Optional):
    """The segments of the latest airing of a programme, in its order, but for the kinds named (idents of its own).

    `programme` is its code; without one the programme repeats itself.
    """

    type: ClassVar[str] = "repeat"
    programme: str = ""
    without: tuple[str, ...] = ("ident", "announcement", "jingle", "interval_signal")

    def __post_init__(self) -> None:
        self.check()
        for kind in self.without:
            _check_choice("without", kind, sorted(KINDS))


@dataclass(frozen=True, slots=True)
class IntervalSignal(Common):
    """The station's interval signal for so many seconds, repeated as needed."""

    type: ClassVar[str] = "interval_signal"
    seconds: float

    def __post_init__(self) -> None:
        self.check()
        check_range("seconds", self.seconds, 1, LONGEST_ELEMENT_S)


@dataclass(frozen=True, slots=True)
class Fill(Common):
    """Elastic: whatever time is left, at least `min_s`, filled with segments of these kinds.

    Whole pieces where they fit; else the last one is shortened at its end or, with `back_timed`, at its beginning, so
    that its own ending is heard.
    """

    type: ClassVar[str] = "fill"
    kinds: tuple[str, ...] = ("music", "filler")
    min_s: float = 0
    back_timed: bool = False

    def __post_init__(self) -> None:
        self.check()
        if self.at is not None:
            told = 'a fill takes what time is left and has no "at": give it to the element after it'
            raise BadClock(say("clock-fill-at", told))
        _check_kinds(self.kinds, ELASTIC_KINDS)
        check_range("min_s", self.min_s, 0, LONGEST_ELEMENT_S)


Element = Fixed | Pick | NextEpisode | Awaited | Announcement | Spoken | Repeat | IntervalSignal | Fill
TYPES: dict[str, type[Element]] = {
    kind.type: kind
    for kind in (Fixed, Pick, NextEpisode, Awaited, Announcement, Spoken, Repeat, IntervalSignal, Fill)
}


_NAMELESS: dict[type[Element], Said] = {
    Announcement: say("announcement", "announcement"),
    Spoken: say("spoken", "spoken"),
    Repeat: say("repeat", "repeat"),
    IntervalSignal: say("interval-signal", "interval signal"),
    Fill: say("fill", "fill"),
}


def element_name(index: int, element: Element) -> Said:
    """How messages call an element: 'element 3 (pick news, "weather")', counted from 1 as people count."""
    number, what, label = index + 1, _what(element), element.label
    if label:
        return say(
            "element-labelled",
            'element {number} ({what}, "{label}")',
            number=number,
            what=what,
            label=label,
        )
    return say("element", "element {number} ({what})", number=number, what=what)


def _what(element: Element) -> Said:
    match element:
        case Fixed(segment_id=number):
            return say("fixed", "fixed #{segment_id}", segment_id=number)
        case Pick(kinds=kinds):
            return say("pick", "pick {kinds: or }", kinds=kinds)
        case NextEpisode(series=series):
            return say("next-episode", "next episode of {series}", series=series)
        case Awaited(name=name):
            return say("awaited", "awaited {name}", name=name)
    return _NAMELESS[type(element)]


def check_range(key: str, value: float, least: float, most: float) -> None:
    """Raises BadClock, for not-a-number too."""
    if not least <= value <= most:
        raise BadClock(outside(key, value, least, most))


def _check_choice(key: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise BadClock(not_allowed(key, value, allowed))


def _check_kinds(kinds: tuple[str, ...], allowed: frozenset[str]) -> None:
    if not kinds:
        told = '"kinds" is empty: name at least one of {kinds:, }'
        raise BadClock(say("clock-kinds", told, kinds=tuple(sorted(allowed))))
    for kind in kinds:
        if kind in KINDS - allowed:
            told = '"kinds" has "{kind}", which counts as speech and is never cut: fill with {kinds:, }'
            raise BadClock(say("clock-speech", told, kind=kind, kinds=tuple(sorted(allowed))))
        _check_choice("kinds", kind, sorted(allowed))
