"""From what was heard to a finding. Pure: nothing here reads a clock or a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.monitor.service import BAD
from audio.listening import Hearing

CONFIRMED_BY = {"silent": 2, "stuck": 2, "wrong": 2, "unreachable": 3}
"""So many in a row are believed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in what went out a clip was found: heard at ``at_s``, so much later than due."""

    at_s: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Ear:
    """What is remembered of one feed of one airing from one listen to the next."""

    level: str | None = None
    bad: int = 0
    unreachable: int = 0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one listen says, and what is remembered of it."""

    kind: str
    ear: Ear = field(default_factory=Ear)
    delay_s: float | None = None

    @property
    def confirmed(self) -> bool:
        in_row = self.ear.unreachable if self.kind == "unreachable" else self.ear.bad
        return self.kind in CONFIRMED_BY and in_row >= CONFIRMED_BY[self.kind]


def unheard(ear: Ear, level: str | None) -> Finding:
    """Nothing came."""
    return Finding("unreachable", replace(ear, level=level, bad=0, unreachable=ear.unreachable + 1))


def judge(hearing: Hearing, place: Place, ear: Ear, level: str | None, *, is_all_known: bool) -> Finding:
    """What a clip says. ``place``: where it was found, if it is alike.

    ``is_all_known``: all that it may be a part of was compared. If it was not (the feed has just begun, and what is
    heard may be from before), then what is like nothing tells nothing.
    """
    kind = _kind(hearing, place, ear.place)
    if kind in {"silent", "wrong"} and not is_all_known:
        kind = "unclear"
    if kind == "unclear":
        return Finding(kind, replace(ear, unreachable=0))
    # What a step further down the chain sounds like is heard anew
    before = ear.bad if ear.level == level else 0
    found = hearing.alike and not hearing.silent
    return Finding(
        kind,
        Ear(level, before + 1 if kind in BAD else 0, 0, place if found else ear.place),
        place.delay_s if kind == "ok" else None,
    )


def _kind(hearing: Hearing, place: Place, before: Place | None) -> str:
    if hearing.silent:
        # Whether it is that silence, or one of its own, nobody can tell
        return "unclear" if hearing.silence_expected else "silent"
    if hearing.repeats_s is not None:
        return "stuck"
    if not hearing.alike:
        return "wrong"
    if before is not None:
        passed_s = place.at_s - before.at_s
        advanced_s = passed_s - (place.delay_s - before.delay_s)
        if advanced_s < passed_s / 2:
            return "stuck"
    return "ok"
