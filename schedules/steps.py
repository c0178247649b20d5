"""A step along the timeline: from the rows before a stage to the rows after it, and the way back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from schedules.goals import LARGEST
from schedules.limits import Limits
from schedules.rows import NOTHING, Row, nothing
from schedules.stage import Option
from schedules.track import Placement, Track


@dataclass(frozen=True, slots=True)
class Ends:
    """For every tick the least cost at which what came so far may end there.

    `row`: whatever came last. `music`: something that what follows may be faded into; None where there is no such thing,
    or nothing after it that may be.
    """

    row: Row
    music: Row | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A tick on the way back along the timeline, with the cost there, in the row of what `is_music` or in that of all."""

    tick: int
    value: int
    is_music: bool = False


class Step(ABC):
    """One stage's way from the rows before it to its own, `ends`.

    Only the stretch of the rows from `first`, before which nothing can be, to the last tick that is of use is worked on:
    `before` and all rows of the stage itself begin there.
    """

    ends: Ends

    def __init__(self, track: Track, number: int, ends: Ends, longest: int, limits: Limits) -> None:
        self.track, self.number, self.limits = track, number, limits
        self.keeps_music = track.has_crossfades_after(number)
        row, music = ends.row, ends.music
        there = np.flatnonzero(row < LARGEST)
        # What is faded in starts before what was before it ends
        self.first = max(int(there[0]) - self._longest_crossfade(), 0) if there.size else row.size
        last = min(int(there[-1]) + longest, track.latest(number)) if there.size else -1
        stretch = slice(self.first, last + 1)
        self.before = Ends(row[stretch], None if music is None else music[stretch])
        out = self._run()
        for one in (out.row, out.music):
            self._end_in_time(one)
        self.ends = Ends(self._whole(row.size, out.row), self._music(row.size, out.music))

    def _longest_crossfade(self) -> int:
        number = self.number
        crossfades = self.track.stages[number].crossfades if number < len(self.track.stages) else None
        return crossfades[1] if crossfades else 0

    def _end_in_time(self, row: Row | None) -> None:
        for entry, first in self.limits.ends:
            if entry == self.number and row is not None:
                row[: max(first - self.first, 0)] = NOTHING

    def _whole(self, size: int, stretch: Row) -> Row:
        row = nothing(size)
        row[self.first : self.first + stretch.size] = stretch
        return row

    def _music(self, size: int, stretch: Row | None) -> Row | None:
        if stretch is None or not (stretch < LARGEST).any():
            return None
        return self._whole(size, stretch)

    def window(self, option: Option) -> tuple[int, int]:
        """The first and the last tick of the rows of this stage at which an option may start, its own dates apart."""
        first, last = self.limits.window(self.number, option)
        return first - self.first, last - self.first

    def over(self, music: Row | None, start: int, value: int, crossfades: tuple[int, int] | None) -> Spot:
        """Where the music is over into which something is faded that starts at a tick, at this cost, as late as possible."""
        assert music is not None
        assert crossfades is not None
        first, last = crossfades
        value -= self.track.goals.crossfade
        [ends] = np.nonzero(music[start + first : start + last + 1] == value)
        return Spot(start + first + int(ends[0]), value, is_music=True)

    @abstractmethod
    def _run(self) -> Ends:
        """The stretch of the rows after the stage."""

    def floor_if_cut(self) -> int | None:
        """What no programme costs less than in which something is cut or covered here; None where that was looked for."""
        return None

    @abstractmethod
    def back(self, spot: Spot) -> tuple[Spot, list[Placement]]:
        """What led to a spot of the rows after the stage: the spot of those before it, and what the stage placed."""
