"""The step of a stage that takes up to so many of its options, whole: a 0/1 knapsack in their order, one of each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from schedules.goals import LARGEST, LATE
from schedules.limits import Limits
from schedules.rows import NOTHING, Mark, Row, advance, nothing, outside, overlapped, paused, reach
from schedules.stage import Option
from schedules.steps import Ends, Spot, Step
from schedules.track import Placement, Track


@dataclass(frozen=True, slots=True)
class _Taken:
    """Where an option was better than what was known as item number `count`: in the row of music, or in that of all."""

    group: int
    option: Option
    count: int
    is_faded: bool
    is_music: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Starts:
    """The least cost of starting an item `gap` ticks after a tick or, in `faded`, at one within the music before it."""

    row: Row
    gap: int
    faded: Row | None = None


class ChoiceStep(Step):
    """A stage that takes up to `most` of its options, whole."""

    def __init__(self, track: Track, number: int, ends: Ends, limits: Limits) -> None:
        self.stage = stage = track.stages[number]
        self.nominal = track.stages[number - 1].pause if number else stage.pause
        self.least = max(0 if track.relaxed else stage.least, int(number in limits.demanded))
        self.options = limits.allowed(number, stage.options)
        self.groups = [
            list(some) for _, some in groupby(self.options, lambda one: one.group or f"#{one.key}")
        ]
        self.taken: list[_Taken] = []
        longest = sorted((option.steps + stage.pause for option in self.options), reverse=True)
        super().__init__(track, number, ends, sum(longest[: stage.most]) + track.ruler.stretch, limits)

    def _run(self) -> Ends:
        rows = self._take(len(self.groups), self.taken)
        row, self.counts = self._choose(self.before.row, [one.row for one in rows])
        music = None
        if self.keeps_music:
            music, self.music_counts = self._choose(self.before.music, [one.music for one in rows])
        return Ends(row, music)

    def _begin(self) -> _Starts:
        """Where the first item may start, on time."""
        row, music, crossfades = self._paused(), self.before.music, self.stage.crossfades
        faded = None
        if music is not None and crossfades is not None and self.stage.has_crossfades():
            faded = self._within(music, crossfades)
        if (off_time := self._off_time(0, row.size)) is not None:
            row += off_time
            faded = None if faded is None else faded + off_time
        return _Starts(row, 0, faded)

    def _paused(self) -> Row:
        """The least cost of starting an item at a tick: without a pause at the very beginning, else after one."""
        row = self.before.row
        if (begin := self.begin) is not None:
            row = row.copy()
            row[begin] = NOTHING
        starts = paused(row, self.nominal, self.track.ruler.reach(self.nominal))
        if begin is not None:
            starts[begin] = min(starts[begin], self.before.row[begin])
        return starts

    @property
    def begin(self) -> int | None:
        """Where in the rows of this stage the programme begins; None where it cannot be its first."""
        begin = self.track.start - self.first
        return begin if self.track.is_fresh and 0 <= begin < self.before.row.size else None

    def _off_time(self, first: int, size: int) -> Row | None:
        """What it costs to start at ticks that are not the hard time; None where the stage has none."""
        if self.stage.windows is None:
            return None
        goals, ruler = self.track.goals, self.track.ruler
        away = outside(self.stage.windows, self.first + first, size)
        missed = (
            goals.broken + np.minimum(away, ruler.end) * LATE * goals.noticed
            if self.track.relaxed
            else LARGEST
        )
        return np.where(away > 0, missed, 0)

    def _take(self, until: int, taken: list[_Taken] | None = None) -> list[Ends]:
        """For every number of items up to `most` the rows after them, from the first `until` groups."""
        begin = self._begin()
        rows = [Ends(begin.row)]
        last_of = [reach(begin.row if begin.faded is None else np.minimum(begin.row, begin.faded))]
        for group, options in enumerate(self.groups[:until]):
            # From the last item on, so that none of the group comes after another one of it
            for count in range(min(len(rows), self.stage.most), 0, -1):
                starts = begin if count == 1 else self._after(rows[count - 1], options)
                for option in options:
                    first, last = self._window(option, last_of[count - 1] + starts.gap)
                    if first > last:
                        continue
                    if count == len(rows):
                        rows.append(self._new())
                        last_of.append(-1)
                    found = self._advanced(option, starts, rows[count], (first, last))
                    if found:
                        last_of[count] = max(last_of[count], last + option.steps)
                    if taken is not None:
                        taken += [_Taken(group, option, count, *where) for where in found]
        return rows

    def _after(self, before: Ends, options: Iterable[Option]) -> _Starts:
        """Where the next item may start after one of the same stage."""
        music, crossfades = before.music, self.stage.crossfades
        if music is None or crossfades is None or not any(map(self.stage.crossfade, options)):
            return _Starts(before.row, self.stage.pause)
        return _Starts(before.row, self.stage.pause, self._within(music, crossfades))

    def _window(self, option: Option, latest: int) -> tuple[int, int]:
        """The first and the last tick of the rows at which an option may start, up to tick `latest`."""
        window = self.window(option)
        first = max(window[0], option.window[0] - self.first)
        last = min(window[1], option.window[1] - self.first, self.before.row.size - 1 - option.steps)
        return first, min(last, latest)

    def _new(self) -> Ends:
        size = self.before.row.size
        needs_music = any(option.is_music for option in self.options) and (
            self.keeps_music or (self.stage.most > 1 and self.stage.crossfades is not None)
        )
        return Ends(nothing(size), nothing(size) if needs_music else None)

    def _advanced(
        self, option: Option, starts: _Starts, after: Ends, window: tuple[int, int]
    ) -> list[tuple[bool, bool, Mark]]:
        """Take an option after a pause or, where that costs less, faded in: whether faded, in which row, and where."""
        cost = self.track.place(self.stage, option)
        sources = [(starts.row, starts.gap)]
        if starts.faded is not None and self.stage.crossfade(option) is not None:
            sources.append((starts.faded, 0))
        goals = [after.row]
        if option.is_music and after.music is not None:
            goals.append(after.music)
        found = []
        for is_music, goal in enumerate(goals):
            for is_faded, (row, gap) in enumerate(sources):
                first, last = max(window[0] - gap, 0), window[1] - gap
                mark = advance(row, first, last, gap + option.steps, cost, goal)
                if mark is not None:
                    found.append((bool(is_faded), bool(is_music), mark))
        return found

    def _within(self, music: Row, crossfade: tuple[int, int]) -> Row:
        return overlapped(music, *crossfade) + self.track.goals.crossfade

    def _choose(self, before: Row | None, rows: Sequence[Row | None]) -> tuple[Row, NDArray[np.uint8]]:
        """The best number of items for every tick; where it costs the same, a later stage gives way to an earlier one."""
        out = nothing(self.before.row.size)
        counts = np.zeros(out.size, np.uint8)
        for count, row in enumerate([before, *rows[1:]]):
            if count < self.least or row is None:
                continue
            costs = row + self.track.missing(self.stage, count)
            better = costs < out
            np.copyto(out, costs, where=better)
            counts[better] = count
        return out, counts

    def back(self, spot: Spot) -> tuple[Spot, list[Placement]]:
        counts = self.music_counts if spot.is_music else self.counts
        spot = Spot(spot.tick - self.first, spot.value, spot.is_music)
        count = int(counts[spot.tick])
        spot = Spot(spot.tick, spot.value - self.track.missing(self.stage, count), spot.is_music)
        placed: list[Placement] = []
        for one in reversed(self.taken):
            if not count:
                break
            if (one.count, one.is_music) != (count, spot.is_music) or not one.mark.at(spot.tick):
                continue
            start = spot.tick - one.option.steps
            end = self.first + spot.tick
            placed.insert(0, Placement(self.number, one.option, self.first + start, end))
            spot = self._before(one, start, spot.value - self.track.place(self.stage, one.option))
            count -= 1
        return Spot(self.first + spot.tick, spot.value, spot.is_music), placed

    def _before(self, one: _Taken, start: int, value: int) -> Spot:
        """The end of what came before an item that starts at a tick."""
        crossfade = self.stage.crossfade(one.option)
        if one.count > 1:
            if one.is_faded:
                music = self._take(one.group)[one.count - 1].music
                return self.over(music, start, value, crossfade)
            return Spot(start - self.stage.pause, value)
        if (off_time := self._off_time(start, 1)) is not None:
            value -= int(off_time[0])
        if one.is_faded:
            return self.over(self.before.music, start, value, crossfade)
        return self._before_pause(start, value)

    def _before_pause(self, start: int, value: int) -> Spot:
        """The tick before the pause that leads to a start, and the cost there."""
        begin, row = self.begin, self.before.row
        if start == begin and int(row[start]) == value:
            return Spot(start, value)
        for pause in range(self.track.ruler.reach(self.nominal) + 1):
            tick, cost = start - pause, abs(pause - self.nominal)
            if tick >= 0 and tick != begin and int(row[tick]) + cost == value:
                return Spot(tick, value - cost)
        raise AssertionError("the way back along the timeline is lost")
