"""When a studio is heard: from which sample on, and what comes after it. Pure; the engine carries it out.

The join rules, by what a listener would like best:

* A takeover begins where an item of the rundown begins, so that nothing is cut short; a studio that cannot wait
  (``?now=1``) begins at once where that is further off than `PATIENCE`.
* At the rundown's next hard time the programme goes on, to the sample: somebody may have tuned in for the news.
* Ends the studio before that, in whatever way (a connection that is closed and one that is lost look alike), the programme
  goes on in the middle of what it would be at, because minutes of anything else would be worse. Only where the next item
  begins within `FILLED` the interval signal fills the time until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schedules.clock import Clock
from schedules.rundown import Rundown
from schedules.snapshot import CHAIN
from schedules.time import SAMPLE_RATE, Span

STUDIO = "studio"
PATIENCE = 20 * SAMPLE_RATE
FILLED = 10 * SAMPLE_RATE
LEAST_FILLED = 1 * SAMPLE_RATE
"""Less than a second of interval signal would be heard as a fault."""

SHORTEST = 3 * SAMPLE_RATE
"""A takeover between a join and a hard time, or the airing's end, is at least so long, or begins later."""

Turn = dict[str, Any]
"""A turn as an airing's row has it: fields of `app.air.armed.Turn`."""


class NoPlace(Exception):
    """There is nothing left of an airing that a studio could take over."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """A studio that is ready: frame 0 of its files is due at ``zero_sample``, and the rest behind it."""

    name: str
    zero_sample: int
    files: Mapping[str, str]
    at_once: bool = False


def hard_samples(clock: Clock, rundown: Rundown, span: Span) -> list[int]:
    """Where the items of a rundown begin that have a hard time, within what their elements allow."""
    found: set[int] = set()
    for element in clock.elements:
        for instant in element.at.instants(span) if element.at else ():
            earliest, latest = (
                _sample(instant + sign * timedelta(seconds=element.within_s), span.start) for sign in (-1, 1)
            )
            # Items begin on the frame grid, so the instant itself may lie a little before
            starts = (item.start_sample for item in rundown.items)
            found.update(one for one in starts if earliest <= one <= latest + rundown.grid_samples)
    return sorted(found)


def take_over(
    before: Sequence[Turn],
    takeover: Takeover,
    joins: Sequence[int],
    hard: Sequence[int],
    *,
    earliest: int,
    end: int,
) -> list[Turn]:
    """The turns with a takeover that begins at ``earliest`` or later. Raises NoPlace.

    ``joins`` are the beginnings of the rundown's items, ``hard`` those that have a hard time, ``end`` the airing's.
    """
    earliest = max(earliest, takeover.zero_sample, 0)

    def has_room(at: int) -> bool:
        return min((one for one in (*hard, end) if one > at), default=end) - at >= SHORTEST

    fitting = [one for one in joins if one >= earliest and has_room(one)]
    at = min(fitting, default=None)
    if takeover.at_once and (at is None or at - earliest > PATIENCE) and has_room(earliest):
        at = earliest
    if at is None:
        raise NoPlace(
            "no item begins before the end of the airing any more: connect with ?now=1 to come in at once"
        )
    turns = [turn for turn in before if turn["from_sample"] < at]
    turns.append(
        {
            "from_sample": at,
            "level": STUDIO,
            "takeover": takeover.name,
            "zero_sample": takeover.zero_sample,
            "files": dict(takeover.files),
        }
    )
    back = min((one for one in hard if one > at), default=None)
    if back is not None:
        turns.append(_own(takeover.name, back, CHAIN[0]))
    return turns


def give_back(
    before: Sequence[Turn], name: str, joins: Iterable[int], *, last: int, earliest: int, end: int
) -> list[Turn]:
    """The turns without what a takeover has not got at ``last``, where its frames end.

    ``earliest``: what begins sooner cannot be arranged any more. The air process goes on with the programme by itself then.
    """
    kept = [turn for turn in before if turn.get("takeover") != name or turn["level"] == STUDIO]
    begun = next((turn for turn in kept if turn.get("takeover") == name), None)
    if begun is None:
        return list(before)
    if begun["from_sample"] >= last:
        return [turn for turn in kept if turn is not begun]
    planned = [turn["from_sample"] for turn in before if turn.get("takeover") == name and turn is not begun]
    others = [turn["from_sample"] for turn in kept if turn["from_sample"] > begun["from_sample"]]
    if min([*planned, *others, end]) <= last:
        return list(before)  # it had been over before
    join = min((one for one in joins if one >= last), default=end)
    if last >= earliest and LEAST_FILLED <= join - last <= FILLED and join < min([*others, end]):
        back = [_own(name, last, CHAIN[-1]), _own(name, join, CHAIN[0])]
    else:
        back = [_own(name, last, CHAIN[0])]
    return sorted([*kept, *back], key=lambda turn: int(turn["from_sample"]))


def level_at(turns: Iterable[Mapping[str, Any]], sample: int) -> str:
    """The step that was asked for at a sample."""
    level = CHAIN[0]
    for turn in turns:
        if turn["from_sample"] <= sample:
            level = turn["level"]
    return level


def heard(turns: Sequence[Mapping[str, Any]], name: str | None, end: int) -> tuple[int, int] | None:
    """From which sample to which a takeover is planned to be heard, or the last one of all; None where there is none."""
    for place, turn in reversed(list(enumerate(turns))):
        if turn["level"] == STUDIO and name in {None, turn.get("takeover")}:
            return turn["from_sample"], turns[place + 1]["from_sample"] if place + 1 < len(turns) else end
    return None


def _own(name: str, sample: int, level: str) -> Turn:
    return {"from_sample": sample, "level": level, "takeover": name}


def _sample(at: datetime, zero: datetime) -> int:
    return (at - zero) * SAMPLE_RATE // timedelta(seconds=1)
