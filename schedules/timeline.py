"""The exact fit: the best way along the timeline, by dynamic programming over its ticks.

For every tick there is the least cost (see `goals`) at which what came so far may end there. A stage turns one such row
into the next: each of its options, best first, moves costs on by its length (a 0/1 knapsack in the order in which they
air, so that nothing is taken twice and several stay in their ranking's order); pauses, cross-fades and fills spread them.
As the row's index is the time itself, embargoes, expiries and hard times are exact: they mask the row. What a stage may not
know, because it depends on what another one took, is `search`'s business.

A second row, of what ends in music, goes beside the first where music after it may be faded into it. An hour is a row of
150,000 ticks; an option costs a few passes over it, one that may be faded in some ten more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schedules.choices import ChoiceStep
from schedules.fills import FillStep
from schedules.goals import LARGEST
from schedules.limits import Limits
from schedules.rows import nothing
from schedules.steps import Ends, Spot, Step
from schedules.track import Placement, Track


@dataclass(frozen=True, slots=True)
class Run:
    """The steps of all stages and of the closing, with the best programme that they lead to and its cost."""

    steps: tuple[Step, ...]
    cost: int = LARGEST
    placements: tuple[Placement, ...] = ()
    """None, and the largest cost, where there is no programme."""


def run(track: Track, limits: Limits, before: Sequence[Step] = (), *, may_cut: bool = False) -> Run:
    """The best programme within limits; the steps in `before` are taken over.

    Unless it `may_cut` at once, it does so only where no programme of whole pieces is proved to be as good.
    """
    found = _best(track, _followed(track, limits, before, may_cut=may_cut))
    for number, step in enumerate(found.steps):
        floor = step.floor_if_cut()
        if floor is not None and floor < found.cost:
            return _best(track, _followed(track, limits, found.steps[:number], may_cut=True))
    return found


def _followed(track: Track, limits: Limits, before: Sequence[Step], *, may_cut: bool) -> tuple[Step, ...]:
    steps = list(before)
    for number in range(len(steps), len(track.stages) + 1):
        ends = steps[-1].ends if steps else _begin(track)
        if number == len(track.stages) or track.stages[number].is_fill:
            steps.append(FillStep(track, number, ends, limits, may_cut=may_cut))
        else:
            steps.append(ChoiceStep(track, number, ends, limits))
    return tuple(steps)


def _best(track: Track, steps: tuple[Step, ...]) -> Run:
    ruler, row = track.ruler, steps[-1].ends.row
    first = max(ruler.end - ruler.closing, 0)
    silence = np.arange(ruler.end - first, -1, -1) * (track.goals.noticed + 1)
    tail = row[first : ruler.end + 1] + silence
    at = first + int(np.argmin(tail))
    cost = int(tail[at - first])
    if cost >= LARGEST:
        return Run(steps)
    placements: list[Placement] = []
    spot = Spot(at, int(row[at]))
    for step in reversed(steps):
        spot, placed = step.back(spot)
        placements[:0] = placed
    return Run(steps, cost, tuple(placements))


def _begin(track: Track) -> Ends:
    row = nothing(track.ruler.end + 1)
    if track.start <= track.ruler.end:
        row[track.start] = 0
    return Ends(row)
