"""What a good programme is, in the order of importance, and as one whole number that adds up along the timeline.

1. No rule is broken (only where every legal programme is impossible).
2. As few optional items as possible are left out, those of high priority last.
3. Where the newest is asked for, it is the newest.
4. As little as possible is left that a listener would notice: music cut short (by what it lacks or by what is left of
   it, whichever is less), interval signal that nobody asked for (twice), silence at the end (once).
5. Rotation: what was not heard for longest.
6. Pauses are as the clock asks for, and music is not faded into music; within their bounds nobody hears the difference.

Each goal is worth more than all that the ones after it could sum up to, so the smallest sum is the best in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schedules.ruler import Ruler
from schedules.stage import Option, Stage

LARGEST: Final = 1 << 59
"""Every cost is below it; above is what cannot be."""

_PLACES: Final = (255, 63, 15, 3)
"""Places behind the best count up to here; in a very long programme further ones are taken for equal sooner."""

COVER: Final = 2
"""A tick of interval signal that nobody asked for counts as two of music cut short; of silence at the end, as one."""
LATE: Final = 3
"""A tick by which a hard time is missed counts as three: more than filling it costs."""
WHOLE_STAGE: Final = 4
"""A required element that is left out breaks as much as four rules."""
EMPTY_FILL: Final = 200
"""A fill without anything in it, where there are several, as much as about 5 s of music cut short."""


@dataclass(frozen=True, slots=True)
class Score:
    """A cost, read: what is left to absorb, and how the goals are met. Ticks are the ruler's."""

    broken: int
    left_out: int
    newest: int
    noticed_ticks: int
    rotation: int
    pause_ticks: int


@dataclass(frozen=True, slots=True)
class Goals:
    """The weight of each goal. Rotation and newest count places, `noticed` and `pause` ticks."""

    broken: int
    left_out: dict[int, int]
    newest: int
    noticed: int
    rotation: int
    places: int
    crossfade: int
    """Of a cross-fade, however long: what a pause can cost at most, so that one takes the place of many odd pauses."""

    @classmethod
    def of(cls, stages: Sequence[Stage], ruler: Ruler) -> Goals:
        """Weights for these stages, with as fine a ranking as 59 bits hold."""
        most_broken = WHOLE_STAGE * (sum(stage.least for stage in stages) + 2 * len(stages)) + 1
        for places in _PLACES:
            goals = cls._with_places(stages, ruler, places)
            if goals.broken * most_broken < LARGEST:
                return goals
        raise OverflowError(f"{len(stages)} elements are too many to weigh against each other")

    @classmethod
    def _with_places(cls, stages: Sequence[Stage], ruler: Ruler, places: int) -> Goals:
        missing: Counter[int] = Counter()
        most = {True: 0, False: 0}
        for stage in stages:
            sums = sorted((min(option.place, places) for option in stage.options), reverse=True)
            shortest = min((option.steps for option in stage.options), default=1)
            most[stage.is_strict] += sum(sums[: min(stage.most, ruler.end // shortest + 1)])
            if not stage.is_fill:
                missing[stage.priority] += stage.most
        # Pauses, cross-fades, and the tie-breaks of cut pieces
        crossfade = ruler.stretch + 1
        faded = sum(min(stage.most, stage.most_faded) for stage in stages if stage.has_crossfades())
        rotation = (len(stages) + 2 + faded) * crossfade + 16 * (
            1 + sum(stage.is_fill for stage in stages)
        ) ** 2
        noticed = rotation * (most[False] + 1)
        # One piece of every fill may be cut, and be longer than the programme
        cut = sum(
            max((option.steps for option in stage.options), default=0) for stage in stages if stage.is_fill
        )
        newest = noticed * ((COVER + LATE) * (ruler.end + 1) + cut + EMPTY_FILL * len(stages) + 1)
        weight = newest * (most[True] + 1)
        left_out = {}
        for priority in sorted(missing):
            left_out[priority] = weight
            weight *= missing[priority] + 1
        return cls(weight, left_out, newest, noticed, rotation, places, crossfade)

    def place(self, stage: Stage, option: Option) -> int:
        """What it costs to take an option that is not the best of its ranking."""
        weight = self.newest if stage.is_strict else self.rotation
        return weight * min(option.place, self.places)

    def missing(self, stage: Stage, count: int) -> int:
        """What it costs to leave so many items of a stage out."""
        return self.left_out.get(stage.priority, 0) * count

    def read(self, cost: int) -> Score:
        """What a cost is made of."""
        broken, rest = divmod(cost, self.broken)
        left_out = 0
        for weight in sorted(self.left_out.values(), reverse=True):
            number, rest = divmod(rest, weight)
            left_out += number
        newest, rest = divmod(rest, self.newest)
        noticed, rest = divmod(rest, self.noticed)
        rotation, pauses = divmod(rest, self.rotation)
        return Score(broken, left_out, newest, noticed, rotation, pauses)
