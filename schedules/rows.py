"""Rows along the timeline, and what is done to them: for every tick the least cost of ending there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.goals import LARGEST
from schedules.stage import Window

Row = NDArray[np.int64]
"""For every tick the least cost of ending there; LARGEST or more: it cannot be."""

NOTHING: Final = LARGEST * 2
"""What cannot be. Costs may be added to it: they stay far below what 64 bits hold."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an item was better than what was known: a bit for every tick from `first` on."""

    first: int
    bits: NDArray[np.uint8]

    def at(self, tick: int) -> bool:
        bit = tick - self.first
        return 0 <= bit < self.bits.size * 8 and bool(self.bits[bit >> 3] >> (7 - (bit & 7)) & 1)


def nothing(size: int) -> Row:
    """A row where nothing can be."""
    return np.full(size, NOTHING, np.int64)


def advance(row: Row, first: int, last: int, ticks: int, cost: int, goal: Row) -> Mark | None:
    """Move what is in a row from tick `first` to `last` on by `ticks`, to where that is less in `goal` (or in itself)."""
    first = max(first, -ticks)
    last = min(last, row.size - 1, goal.size - 1 - ticks)
    if first > last:
        return None
    return improve(goal, row[first : last + 1] + cost, first + ticks)


def improve(row: Row, other: Row, first: int = 0) -> Mark | None:
    """Take over what is less in the other row, which begins at tick `first`, and say where that was."""
    part = row[first : first + other.size]
    better = other < part
    if not better.any():
        return None
    np.minimum(part, other, out=part)
    return Mark(first, np.packbits(better))


def moved(row: Row, ticks: int) -> Row:
    """A row moved on by so many ticks."""
    on = nothing(row.size)
    if ticks < row.size:
        on[ticks:] = row[: row.size - ticks]
    return on


def reach(row: Row) -> int:
    """The last tick at which anything can be; -1 where there is none."""
    there = np.flatnonzero(row < LARGEST)
    return int(there[-1]) if there.size else -1


def least_of_last(row: Row, width: int) -> Row:
    """For every tick the least of it and of the `width` ticks before it, in a logarithmic number of passes."""
    least, seen = row.copy(), 1
    while seen < width + 1:
        step = min(seen, width + 1 - seen)
        if step >= row.size:
            break
        least[step:] = np.minimum(least[step:], least[:-step])
        seen += step
    return least


def overlapped(row: Row, first: int, last: int) -> Row:
    """The least cost of starting at a tick that is `first` to `last` ticks before what came so far is over."""
    on = np.concatenate([row[first:], nothing(last)])
    return least_of_last(on, last - first)[last - first : last - first + row.size]


def paused(row: Row, nominal: int, stretch: int) -> Row:
    """The least cost of starting at a tick after a pause of 0 to `stretch` ticks more than the shortest.

    Each tick that a pause is longer or shorter than the nominal costs one.
    """
    ticks = np.arange(row.size, dtype=np.int64)
    longer = least_of_last(moved(row - ticks, nominal), stretch - nominal) + ticks - nominal
    shorter = least_of_last(row + ticks, nominal) - ticks + nominal
    after: Row = np.minimum(longer, shorter)
    after[after >= LARGEST] = NOTHING
    return after


def outside(windows: Iterable[Window], begin: int, size: int) -> Row:
    """How many ticks each of `size` ticks from `begin` on is away from the nearest window; 0 within one."""
    ticks = np.arange(begin, begin + size, dtype=np.int64)
    distance = nothing(size)
    for first, last in windows:
        away = np.maximum(np.maximum(first - ticks, ticks - last), 0)
        distance = np.minimum(distance, away)
    return distance
