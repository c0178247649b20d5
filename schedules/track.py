"""What a run along the timeline is given: the stages, the ruler, what everything costs; and what it finds, placements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schedules.goals import LARGEST, WHOLE_STAGE, Goals
from schedules.limits import Limits
from schedules.ruler import Ruler
from schedules.stage import Option, Stage

How = Literal["whole", "cut", "cover"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Something in its place: it starts at tick `start`; at tick `end` the shortest pause after it is over.

    `option` is None for a `cover`, the interval signal that nobody asked for. `stage` is its number among the stages.
    Music may start before the `end` of the music before it: that is a cross-fade.
    """

    stage: int
    option: Option | None
    start: int
    end: int
    how: How = "whole"

    @property
    def is_music(self) -> bool:
        """Whether it may be faded into other music."""
        return self.option is not None and self.option.is_music


@dataclass(frozen=True, slots=True)
class Track:
    """What a run along the timeline needs to know."""

    stages: tuple[Stage, ...]
    ruler: Ruler
    goals: Goals
    start: int
    """The tick at which the first item may start: after the lead-in, or what is kept."""
    is_fresh: bool = True
    """Nothing is kept before: the first item starts exactly there, without a pause before it."""
    relaxed: bool = False
    """Hard times may be missed and required elements left out, at a cost above all others."""

    def latest(self, number: int) -> int:
        """The last tick at which a stage may end, so that all that is required after it has its time."""
        if self.relaxed:
            return self.ruler.end
        required = [stage for stage in self.stages[number + 1 :] if stage.least and stage.options]
        return self.ruler.end - sum(min(map(stage.shortest, stage.options)) for stage in required)

    def has_crossfades_after(self, number: int) -> bool:
        """Whether anything after a stage may be faded into the music before it."""
        return any(stage.has_crossfades() for stage in self.stages[number + 1 :])

    def floor(self, limits: Limits, first: int = 0) -> int:
        """What the stages from number `first` on cost at least, within these limits: each by itself, anywhere in time."""
        return sum(
            self._least_of(number, stage, limits)
            for number, stage in enumerate(self.stages)
            if number >= first and not stage.is_fill
        )

    def _least_of(self, number: int, stage: Stage, limits: Limits) -> int:
        costs = sorted(self.place(stage, option) for option in limits.allowed(number, stage.options))
        most = min(stage.most, len(costs))
        least = 0 if self.relaxed else stage.least
        return min(
            (sum(costs[:count]) + self.missing(stage, count) for count in range(least, most + 1)),
            default=LARGEST,
        )

    def place(self, stage: Stage, option: Option) -> int:
        """What it costs to take an option."""
        return self.goals.place(stage, option) + (self.goals.broken if option.breaks else 0)

    def missing(self, stage: Stage, count: int) -> int:
        """What it costs that a stage takes so many of its options and no more."""
        broken = self.goals.broken * WHOLE_STAGE if count < stage.least else 0
        return broken + self.goals.missing(stage, stage.most - count)
