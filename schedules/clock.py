"""A programme's clock: the ordered elements of which every edition is made.

As JSON it is a list of objects, each with a `type`:

    [{"type": "interval_signal", "seconds": 20},
     {"type": "fixed", "segment_id": 12, "label": "opening"},
     {"type": "pick", "kinds": ["news"], "tags": ["daily"], "order": "newest", "max_age_days": 2},
     {"type": "next_episode", "series": "먼 길", "at": ":30", "within_s": 60},
     {"type": "pick", "kinds": ["talk", "drama"], "order": "least_recently_aired", "required": false, "priority": 5,
      "rests": [{"of": "item", "days": 14}, {"of": "presenter", "days": 1}],
      "quotas": [{"of": "tag", "value": "testimony", "most": 2, "per": "week"}]},
     {"type": "fill", "kinds": ["music"], "min_s": 60}]

What is left out takes its default. `elements` says what each may have, `rules` what the rotation rules mean.
"""

from __future__ import annotations

import types
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_type_hints

from schedules.elements import TYPES, Element
from schedules.errors import BadClock
from schedules.hard_time import HardTime
from schedules.rules import Quota, Rest, Spacing
from schedules.said import say

LARGEST_NUMBER = 10**18
"""What a 64-bit column holds, as people count."""

_HARMFUL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The elements in the order in which they air. Raises BadClock where there is none."""

    elements: tuple[Element, ...]

    def __post_init__(self) -> None:
        if not self.elements:
            raise BadClock(
                say("clock-empty", "the clock is empty: give it at least one element, such as a pick")
            )


def parse_clock(elements: Sequence[Mapping[str, object]]) -> Clock:
    """The clock from its JSON form. Raises BadClock, naming the element (counted from 1) and the field."""
    return Clock(tuple(_parse_element(number, element) for number, element in enumerate(elements, 1)))


def dump_clock(clock: Clock) -> list[dict[str, object]]:
    """The clock's JSON form, with every field: `parse_clock` reads it back to an equal value."""
    return [
        {"type": element.type}
        | {field.name: _dumped(getattr(element, field.name)) for field in fields(element)}
        for element in clock.elements
    ]


def _dumped(value: Any) -> Any:
    if isinstance(value, HardTime):
        return value.text
    if isinstance(value, tuple):
        return [_dumped(entry) for entry in value]
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value


def _parse_element(number: int, element: object) -> Element:
    try:
        return _read_element(element)
    except BadClock as wrong:
        told = say("clock-element", "element {number}: {wrong}", number=number, wrong=wrong.said)
        raise BadClock(told) from None


def _read_element(element: object) -> Element:
    if not isinstance(element, Mapping):
        example = '{"type": "pick", "kinds": ["news"]}'
        raise BadClock(
            say("clock-not-an-element", "an element is an object such as {example}", example=example)
        )
    name = element.get("type")
    if not isinstance(name, str) or name not in TYPES:
        raise BadClock(
            say(
                "clock-type",
                '"type" is {given}: use one of {allowed:, }',
                given=_shown(name),
                allowed=tuple(TYPES),
            )
        )
    parsed: Element = _read(
        TYPES[name], name, {key: value for key, value in element.items() if key != "type"}
    )
    return parsed


def _read(wanted: type[Any], name: str, given: Mapping[str, object]) -> Any:
    """A dataclass from its fields, each read by its type. Raises BadClock, naming the field."""
    known: dict[str, Field[Any]] = {field.name: field for field in fields(wanted)}
    for key in given:
        if key not in known:
            close = get_close_matches(key, known, 1)
            if close:
                asked = 'a {element} has no "{unknown}": did you mean "{field}"?'
                raise BadClock(say("clock-did-you-mean", asked, element=name, unknown=key, field=close[0]))
            raise BadClock(
                say(
                    "clock-unknown",
                    'a {element} has no "{unknown}": it may have {allowed:, }',
                    element=name,
                    unknown=key,
                    allowed=tuple(known),
                )
            )
    for key, field in known.items():
        if field.default is MISSING and key not in given:
            raise BadClock(say("clock-needs", 'a {element} needs "{field}"', element=name, field=key))
    hints = get_type_hints(wanted)
    return wanted(**{key: _value(key, hints[key], value) for key, value in given.items()})


def _value(key: str, hint: Any, value: object) -> Any:
    if isinstance(hint, types.UnionType):  # always "or none" here
        return None if value is None else _value(key, hint.__args__[0], value)
    return _READERS.get(hint, _text)(key, value)


def _rules_of(wanted: type[Any], name: str) -> Callable[[str, object], Any]:
    def read(key: str, value: object) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise BadClock(
                say(
                    "clock-not-rules",
                    '"{field}" is {given}: write a list of rules',
                    field=key,
                    given=_shown(value),
                )
            )
        return tuple(_read_rule(key, number, entry) for number, entry in enumerate(value, 1))

    def _read_rule(key: str, number: int, entry: object) -> Any:
        if not isinstance(entry, Mapping):
            raise BadClock(
                say(
                    "clock-not-a-rule",
                    '"{field}" has {given}: a {element} is an object such as {example}',
                    field=key,
                    given=_shown(entry),
                    element=name,
                    example='{"of": "item"}',
                )
            )
        try:
            return _read(wanted, name, entry)
        except BadClock as wrong:
            told = '"{field}", rule {number}: {wrong}'
            raise BadClock(say("clock-rule", told, field=key, number=number, wrong=wrong.said)) from None

    return read


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadClock(
            say("clock-not-text", '"{field}" is {given}: write a text', field=key, given=_shown(value))
        )
    text = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(character) in _HARMFUL_CATEGORIES for character in text):
        raise BadClock(say("clock-control", '"{field}" holds control characters: remove them', field=key))
    return text


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        told = '"{field}" is {given}: write a list of texts, such as {example}'
        raise BadClock(say("clock-not-texts", told, field=key, given=_shown(value), example='["news"]'))
    return tuple(_text(key, entry) for entry in value)


def _whole(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadClock(
            say(
                "clock-not-whole",
                '"{field}" is {given}: write a whole number',
                field=key,
                given=_shown(value),
            )
        )
    _check_size(key, value)
    return value


def _number(key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadClock(
            say("clock-not-number", '"{field}" is {given}: write a number', field=key, given=_shown(value))
        )
    _check_size(key, value)
    return value


def _hard_time(key: str, value: object) -> HardTime:
    return HardTime(_text(key, value))


def _yes_or_no(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadClock(
            say(
                "clock-not-yes-no",
                '"{field}" is {given}: write true or false',
                field=key,
                given=_shown(value),
            )
        )
    return value


_READERS: dict[Any, Callable[[str, object], Any]] = {
    int: _whole,
    float: _number,
    bool: _yes_or_no,
    HardTime: _hard_time,
    tuple[str, ...]: _texts,
    tuple[Rest, ...]: _rules_of(Rest, "rest"),
    tuple[Quota, ...]: _rules_of(Quota, "quota"),
    tuple[Spacing, ...]: _rules_of(Spacing, "spacing"),
}
"""How a field is read, by its type; every other type is a text, of which the element itself says which."""


def _check_size(key: str, value: float) -> None:
    """Numbers that no database holds and no float shows. Not a number passes: no range admits it."""
    if abs(value) > LARGEST_NUMBER:
        raise BadClock(say("clock-digits", '"{field}" is a number of more than 18 digits', field=key))


def _shown(value: object) -> str:
    return "missing" if value is None else f'"{value}"' if isinstance(value, str) else repr(value)
