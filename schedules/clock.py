"""A programme's clock: the ordered elements of which every edition is made.

As JSON it is a list of objects, each with a `type`:

    [{"type": "interval_signal", "seconds": 20},
     {"type": "fixed", "segment_id": 12, "label": "opening"},
     {"type": "pick", "kinds": ["news"], "tags": ["daily"], "order": "newest", "max_age_days": 2},
     {"type": "pick", "kinds": ["talk", "drama"], "required": false, "priority": 5},
     {"type": "fill", "kinds": ["music"], "min_s": 60}]

What is left out takes its default. Every element may have a `label` (for people) and a `pause_s`, the silence after it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Literal, get_args

from schedules.errors import BadClock

Order = Literal["newest", "least_recently_aired"]

SPEECH_KINDS = frozenset({"news", "talk", "drama", "testimony", "jingle", "ident", "announcement"})
"""Aired whole or not at all."""
ELASTIC_KINDS = frozenset({"music", "filler", "bed", "interval_signal"})
"""What may be shortened and faded to fill time."""
KINDS = SPEECH_KINDS | ELASTIC_KINDS

PAUSE_S = 0.5
SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 1.0
"""A longer silence is dead air to a listener, and to the monitors at the sites."""

LONGEST_ELEMENT_S = 86_400.0
LARGEST_NUMBER = 10**18
"""What a 64-bit column holds, as people count."""

_HARMFUL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    label: str = ""
    pause_s: float = PAUSE_S


@dataclass(frozen=True, slots=True)
class Fixed(_Common):
    """One named segment, whole. The lower the priority, the sooner an optional one is dropped."""

    type: ClassVar[str] = "fixed"
    segment_id: int
    required: bool = True
    priority: int = 0

    def __post_init__(self) -> None:
        _check_common(self)


@dataclass(frozen=True, slots=True)
class Pick(_Common):
    """`count` different segments of any of the kinds that bear all of the tags, each whole.

    `max_age_days` counts from approval to air. A required pick needs its first segment; the others come as far as the
    library and the slot allow.
    """

    type: ClassVar[str] = "pick"
    kinds: tuple[str, ...]
    tags: tuple[str, ...] = ()
    order: Order = "newest"
    count: int = 1
    max_age_days: int | None = None
    required: bool = True
    priority: int = 0

    def __post_init__(self) -> None:
        _check_common(self)
        _check_kinds(self.kinds, KINDS)
        _check_choice("order", self.order, get_args(Order))
        _check_range("count", self.count, 1, 100)
        if self.max_age_days is not None:
            _check_range("max_age_days", self.max_age_days, 1, 36_500)


@dataclass(frozen=True, slots=True)
class IntervalSignal(_Common):
    """The station's interval signal for so many seconds, repeated as needed."""

    type: ClassVar[str] = "interval_signal"
    seconds: float

    def __post_init__(self) -> None:
        _check_common(self)
        _check_range("seconds", self.seconds, 1, LONGEST_ELEMENT_S)


@dataclass(frozen=True, slots=True)
class Fill(_Common):
    """Elastic: whatever time is left, at least `min_s`, filled with segments of these kinds."""

    type: ClassVar[str] = "fill"
    kinds: tuple[str, ...] = ("music", "filler")
    min_s: float = 0

    def __post_init__(self) -> None:
        _check_common(self)
        _check_kinds(self.kinds, ELASTIC_KINDS)
        _check_range("min_s", self.min_s, 0, LONGEST_ELEMENT_S)


Element = Fixed | Pick | IntervalSignal | Fill
_TYPES: dict[str, type[Element]] = {kind.type: kind for kind in (Fixed, Pick, IntervalSignal, Fill)}


@dataclass(frozen=True, slots=True)
class Clock:
    """The elements in the order in which they air. Raises BadClock where there is none."""

    elements: tuple[Element, ...]

    def __post_init__(self) -> None:
        if not self.elements:
            raise BadClock("the clock is empty: give it at least one element, such as a pick")


def parse_clock(elements: Sequence[Mapping[str, object]]) -> Clock:
    """The clock from its JSON form. Raises BadClock, naming the element (counted from 1) and the field."""
    return Clock(tuple(_parse_element(number, element) for number, element in enumerate(elements, 1)))


def dump_clock(clock: Clock) -> list[dict[str, object]]:
    """The clock's JSON form, with every field: `parse_clock` reads it back to an equal value."""
    return [
        {"type": element.type}
        | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(element).items()
        }
        for element in clock.elements
    ]


def element_name(index: int, element: Element) -> str:
    """How messages call an element: 'element 3 (pick news, "weather")', counted from 1 as people count."""
    match element:
        case Fixed(segment_id=number):
            what = f"fixed #{number}"
        case Pick(kinds=kinds):
            what = f"pick {' or '.join(kinds)}"
        case _:
            what = element.type.replace("_", " ")
    return f"element {index + 1} ({what}" + (f', "{element.label}")' if element.label else ")")


def _parse_element(number: int, element: object) -> Element:
    try:
        return _read_element(element)
    except BadClock as wrong:
        raise BadClock(f"element {number}: {wrong}") from None


def _read_element(element: object) -> Element:
    if not isinstance(element, Mapping):
        raise BadClock('an element is an object such as {"type": "pick", "kinds": ["news"]}')
    name = element.get("type")
    if not isinstance(name, str) or name not in _TYPES:
        raise BadClock(f'"type" is {_shown(name)}: use one of {", ".join(_TYPES)}')
    element_type = _TYPES[name]
    known: dict[str, Field[Any]] = {field.name: field for field in fields(element_type)}
    given = {key: value for key, value in element.items() if key != "type"}
    for key in given:
        if key not in known:
            close = get_close_matches(key, known, 1)
            raise BadClock(
                f'a {name} has no "{key}"'
                + (f': did you mean "{close[0]}"?' if close else f": it may have {', '.join(known)}")
            )
    for key, field in known.items():
        if field.default is MISSING and key not in given:
            raise BadClock(f'a {name} needs "{key}"')
    return element_type(**{key: _READERS[key](key, value) for key, value in given.items()})


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadClock(f'"{key}" is {_shown(value)}: write a text')
    text = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(character) in _HARMFUL_CATEGORIES for character in text):
        raise BadClock(f'"{key}" holds control characters: remove them')
    return text


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadClock(f'"{key}" is {_shown(value)}: write a list of texts, such as ["news"]')
    return tuple(_text(key, entry) for entry in value)


def _whole(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadClock(f'"{key}" is {_shown(value)}: write a whole number')
    _check_size(key, value)
    return value


def _whole_or_none(key: str, value: object) -> int | None:
    return None if value is None else _whole(key, value)


def _number(key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadClock(f'"{key}" is {_shown(value)}: write a number of seconds')
    _check_size(key, value)
    return value


def _yes_or_no(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadClock(f'"{key}" is {_shown(value)}: write true or false')
    return value


_READERS: dict[str, Callable[[str, object], Any]] = {
    "label": _text,
    "pause_s": _number,
    "segment_id": _whole,
    "required": _yes_or_no,
    "priority": _whole,
    "kinds": _texts,
    "tags": _texts,
    "order": _text,
    "count": _whole,
    "max_age_days": _whole_or_none,
    "seconds": _number,
    "min_s": _number,
}


def _check_common(element: _Common) -> None:
    _check_range("pause_s", element.pause_s, SHORTEST_PAUSE_S, LONGEST_PAUSE_S)


def _check_range(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadClock(f'"{key}" is {value:g}: it goes from {least:g} to {most:g}')


def _check_size(key: str, value: float) -> None:
    """Numbers that no database holds and no float shows. Not a number passes: no range admits it."""
    if abs(value) > LARGEST_NUMBER:
        raise BadClock(f'"{key}" is a number of more than 18 digits')


def _check_choice(key: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise BadClock(f'"{key}" is "{value}": use {" or ".join(allowed)}')


def _check_kinds(kinds: tuple[str, ...], allowed: frozenset[str]) -> None:
    if not kinds:
        raise BadClock(f'"kinds" is empty: name at least one of {", ".join(sorted(allowed))}')
    for kind in kinds:
        if kind in KINDS - allowed:
            raise BadClock(
                f'"kinds" has "{kind}", which counts as speech and is never cut: fill with {", ".join(sorted(allowed))}'
            )
        _check_choice("kinds", kind, sorted(allowed))


def _shown(value: object) -> str:
    return "missing" if value is None else f'"{value}"' if isinstance(value, str) else repr(value)
