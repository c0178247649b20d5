"""Edits as a document: plain values for JSON, in one form only, so that equal edits are equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, get_args

from audio.edits import Cleaning, Cover, CoverSound, Edits, GainOver, Range, Strength, merged
from audio.errors import BadEdits

_COVERS: Final = get_args(CoverSound)
_STRENGTHS: Final = get_args(Strength)

Entry = TypeVar("Entry")


def to_json(edits: Edits) -> dict[str, Any]:
    """All fields, in one order; ranges sorted, and removed ones that touch as one."""
    covered = sorted(edits.covered, key=lambda each: (each.start, each.end, each.sound))
    gains = sorted(edits.gains, key=lambda each: (each.start, each.end, each.gain_db))
    cleaning = edits.cleaning
    return {
        "first_sample": edits.first_sample,
        "end_sample": edits.end_sample,
        "removed": [list(each) for each in merged(edits.removed)],
        "covered": [{"start": each.start, "end": each.end, "sound": each.sound} for each in covered],
        "gains": [{"start": each.start, "end": each.end, "gain_db": float(each.gain_db)} for each in gains],
        "fade_in_samples": edits.fade_in_samples,
        "fade_out_samples": edits.fade_out_samples,
        "cleaning": {
            "hum": cleaning.hum,
            "rumble": cleaning.rumble,
            "noise": cleaning.noise,
            "room": cleaning.room,
        },
        "even": edits.even,
    }


def from_json(document: Mapping[str, Any]) -> Edits:
    """The edits of a document; fields that are not there have their defaults. Raises `BadEdits` for what is no edit."""
    fields = _Fields("The document", document)
    cleaning = _Fields("cleaning", fields.take("cleaning", {}))
    end = fields.take("end_sample", None)
    edits = Edits(
        first_sample=fields.whole("first_sample", 0),
        end_sample=None if end is None else _whole("end_sample", end),
        removed=fields.each("removed", _range),
        covered=fields.each("covered", _cover),
        gains=fields.each("gains", _gain),
        fade_in_samples=fields.whole("fade_in_samples", 0),
        fade_out_samples=fields.whole("fade_out_samples", 0),
        cleaning=Cleaning(
            hum=cleaning.flag("hum"),
            rumble=cleaning.flag("rumble"),
            noise=cleaning.choice("noise", _STRENGTHS, "off"),
            room=cleaning.choice("room", _STRENGTHS, "off"),
        ),
        even=fields.flag("even"),
    )
    cleaning.finish()
    fields.finish()
    return edits


class _Fields:
    """The fields of one object, each taken once."""

    def __init__(self, name: str, document: object) -> None:
        if not isinstance(document, Mapping):
            raise BadEdits(f"{name} is not an object with fields.")
        self._name = name
        self._left = dict(document)

    def take(self, name: str, default: Any) -> Any:
        return self._left.pop(name, default)

    def whole(self, name: str, default: int | None = None) -> int:
        return _whole(name, self.take(name, default))

    def flag(self, name: str) -> bool:
        value = self.take(name, False)
        if not isinstance(value, bool):
            raise BadEdits(f"{name} is {value!r}, not true or false.")
        return value

    def choice(self, name: str, choices: tuple[Any, ...], default: str) -> Any:
        value = self.take(name, default)
        if not isinstance(value, str) or value not in choices:
            raise BadEdits(f"{name} is {value!r}, not one of {', '.join(choices)}.")
        return value

    def each(self, name: str, entry: Callable[[str, object], Entry]) -> tuple[Entry, ...]:
        values = self.take(name, ())
        if not isinstance(values, list | tuple):
            raise BadEdits(f"{name} is not a list.")
        return tuple(entry(f"{name} {number}", value) for number, value in enumerate(values, 1))

    def finish(self) -> None:
        """Raise `BadEdits` for fields that nobody knows: a misspelt edit would not be made, and nobody would notice."""
        if self._left:
            raise BadEdits(f"{self._name} has unknown fields: {', '.join(sorted(map(str, self._left)))}.")


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadEdits(f"{name} is {value!r}, not a whole number of samples.")
    return value


def _range(name: str, value: object) -> Range:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise BadEdits(f"{name} is not a pair of a first sample and an end.")
    start, end = value
    return _whole(f"{name}, start", start), _whole(f"{name}, end", end)


def _cover(name: str, value: object) -> Cover:
    fields = _Fields(name, value)
    cover = Cover(fields.whole("start"), fields.whole("end"), fields.choice("sound", _COVERS, "tone"))
    fields.finish()
    return cover


def _gain(name: str, value: object) -> GainOver:
    fields = _Fields(name, value)
    gain_db = fields.take("gain_db", None)
    if isinstance(gain_db, bool) or not isinstance(gain_db, int | float):
        raise BadEdits(f"{name}, gain_db is {gain_db!r}, not a number of decibels.")
    gain = GainOver(fields.whole("start"), fields.whole("end"), float(gain_db))
    fields.finish()
    return gain
