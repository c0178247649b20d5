"""What the compiler, advice and the consequences of a move say to people: sentences with a stable code and values, so that
every reader has them in their language.

The name of a value says what it is, here and in JSON: `..._samples` is a length at 48 kHz, `..._at` an instant that is told with
its date, `..._time` an instant that is told as a time of day, `..._on` a date. Other numbers are whole numbers as they are, other
texts names or words that people wrote; `kind` and `kinds` are kinds of segments. No value is a float: rundowns are the same
byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from schedules.time import length_text, to_utc

INSTANTS = ("_at", "_time")
"""How the names of instants end."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, or a part of one, in English; `code` and `values` are for other languages.

    The code never changes, nor what the values are called. It is empty where a sentence was stored before there were codes, or
    comes from elsewhere as it is.
    """

    code: str
    text: str
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.text

    def written(self) -> dict[str, Any]:
        """As JSON: instants in ISO 8601 with Z, lengths as whole numbers of samples, what is nested likewise."""
        values = {name: _written(value) for name, value in self.values.items()}
        return {"code": self.code, "text": self.text, "values": values}

    @classmethod
    def read(cls, body: Mapping[str, Any] | str) -> Said:
        """What `written` wrote, or a bare sentence. Raises ValueError, TypeError or KeyError for anything else."""
        if isinstance(body, str):
            return cls("", body)
        values = {name: _read(name, value) for name, value in body["values"].items()}
        return cls(body["code"], body["text"], values)


Value = int | str | date | datetime | Said | tuple[Said, ...] | tuple[str, ...]


class _Listed(tuple[object, ...]):
    """Several, joined by what stands behind the colon of their place: `{kinds: or }`; by a semicolon where nothing does."""

    __slots__ = ()

    def __format__(self, between: str) -> str:
        return (between or "; ").join(map(str, self))


def say(code: str, template: str, /, **values: Value) -> Said:
    """A sentence made of a template with a place for each value. Raises ValueError for a value that its name does not fit."""
    told = {name: _checked(name, value) for name, value in values.items()}
    return Said(code, template.format(**{name: _shown(name, value) for name, value in told.items()}), told)


def together(parts: Sequence[Said]) -> Said:
    """Several as one; a single one is itself."""
    return parts[0] if len(parts) == 1 else say("together", "{parts}", parts=tuple(parts))


class Speaking(Protocol):
    """An error that may have words for readers of other languages."""

    @property
    def said(self) -> Said | None: ...


def told_by(error: Speaking) -> Said:
    """What an error says: with its code where it has one, else its message as it is."""
    return error.said or Said("", str(error))


def values_named(said: Said, name: str) -> Iterator[Value]:
    """Each value of this name, in a sentence and in those that are nested in it."""
    for each, value in said.values.items():
        if each == name:
            yield value
        for nested in value if isinstance(value, tuple) else (value,):
            if isinstance(nested, Said):
                yield from values_named(nested, name)


def _checked(name: str, value: Value) -> Value:
    fits = {
        "an instant": (name.endswith(INSTANTS), isinstance(value, datetime)),
        "a date": (name.endswith("_on"), isinstance(value, date) and not isinstance(value, datetime)),
    }
    for what, (named, given) in fits.items():
        if named != given:
            raise ValueError(f'"{name}" is {"not " * named}{what}: its name has to say what it is')
    return to_utc(value) if isinstance(value, datetime) else value


def _shown(name: str, value: Value) -> object:
    if name.endswith("_samples") and isinstance(value, int):
        return length_text(value)
    return _Listed(value) if isinstance(value, tuple) else value


def _written(value: Value) -> Any:
    if isinstance(value, Said):
        return value.written()
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _read(name: str, value: Any) -> Value:
    if isinstance(value, Mapping):
        return Said.read(value)
    if isinstance(value, list):
        return tuple(Said.read(one) if isinstance(one, Mapping) else one for one in value)
    if name.endswith(INSTANTS):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name.endswith("_on") else value
