"""The exact fit: the best way along the timeline, by dynamic programming over its ticks.

For every tick there is the least cost (see `goals`) at which what came so far may end there. A stage turns one such row
into the next: each of its options, best first, moves costs on by its length (a 0/1 knapsack in the order in which they
air, so that nothing is taken twice and several stay in their ranking's order); pauses and fills spread them. As the row's
index is the time itself, embargoes, expiries and hard times are exact: they mask the row. What a stage may not know,
because it depends on what another one took, is `search`'s business.

An hour is a row of 150,000 ticks; an option costs a few passes over it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schedules.goals import COVER, EMPTY_FILL, LARGEST, LATE, WHOLE_STAGE, Goals
from schedules.limits import Limits
from schedules.rows import (
    NOTHING,
    Mark,
    Row,
    advance,
    improve,
    least_of_last,
    moved,
    nothing,
    outside,
    paused,
    reach,
)
from schedules.ruler import Ruler
from schedules.stages import Option, Stage
from schedules.time import SAMPLE_RATE

SHORTEST_PIECE = 10 * SAMPLE_RATE
"""A piece of music cut shorter than this is a noise; the interval signal is better."""
MOST_CUT = 12
"""Only so many of a fill's pieces, from the longest unheard on, are tried as the one that is cut."""
SHORTEST_COVER = SAMPLE_RATE // 2
"""Interval signal shorter than this is a blip."""

How = Literal["whole", "cut", "cover"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Something in its place: it starts at tick `start`; at tick `end` the shortest pause after it is over.

    `option` is None for a `cover`, the interval signal that nobody asked for. `stage` is its number among the stages.
    """

    stage: int
    option: Option | None
    start: int
    end: int
    how: How = "whole"


@dataclass(frozen=True, slots=True)
class Track:
    """What a run along the timeline needs to know besides its stages."""

    stages: tuple[Stage, ...]
    ruler: Ruler
    goals: Goals
    start: int
    """The tick at which the first item may start: after the lead-in, or what is kept."""
    is_fresh: bool = True
    """Nothing is kept before: the first item starts exactly there, without a pause before it."""
    relaxed: bool = False
    """Hard times may be missed and required elements left out, at a cost above all others."""

    def run(self, limits: Limits, before: Sequence[Step] = ()) -> tuple[Step, ...]:
        """The rows of all stages and of the closing; those in `before` are taken over."""
        steps = list(before)
        for number in range(len(steps), len(self.stages) + 1):
            row = steps[-1].row if steps else self._begin()
            steps.append(self._step(number, row, limits))
        return tuple(steps)

    def best(self, steps: Sequence[Step]) -> tuple[int, tuple[Placement, ...]] | None:
        """The least cost of a whole programme, and the programme; None where there is none."""
        ruler, row = self.ruler, steps[-1].row
        first = max(ruler.end - ruler.closing, 0)
        silence = np.arange(ruler.end - first, -1, -1) * (self.goals.noticed + 1)
        tail = row[first : ruler.end + 1] + silence
        at = first + int(np.argmin(tail))
        cost = int(tail[at - first])
        if cost >= LARGEST:
            return None
        placements: list[Placement] = []
        tick, value = at, int(row[at])
        for step in reversed(steps):
            tick, value, placed = step.back(tick, value)
            placements[:0] = placed
        return cost, tuple(placements)

    def latest(self, number: int) -> int:
        """The last tick at which a stage may end, so that all that is required after it has its time."""
        if self.relaxed:
            return self.ruler.end
        required = [stage for stage in self.stages[number + 1 :] if stage.least and stage.options]
        return self.ruler.end - sum(min(option.steps for option in stage.options) for stage in required)

    def floor(self, limits: Limits) -> int:
        """What no programme within these limits can cost less than: every stage by itself, wherever it lies in time."""
        return sum(
            self._least_of(number, stage, limits)
            for number, stage in enumerate(self.stages)
            if not stage.is_fill
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

    def _begin(self) -> Row:
        row = nothing(self.ruler.end + 1)
        if self.start <= self.ruler.end:
            row[self.start] = 0
        return row

    def _step(self, number: int, row: Row, limits: Limits) -> Step:
        is_fill = number == len(self.stages) or self.stages[number].is_fill
        return (FillStep if is_fill else ChoiceStep)(self, number, row, limits)


class Step(ABC):
    """One stage's way from the row before it to its own `row`.

    Only the stretch of the row from `first`, before which nothing can be, to the last tick that is of use is worked on:
    `before` and all rows of the stage itself begin there.
    """

    row: Row

    def __init__(self, track: Track, number: int, row: Row, longest: int, limits: Limits) -> None:
        self.track, self.number, self.limits = track, number, limits
        there = np.flatnonzero(row < LARGEST)
        self.first = int(there[0]) if there.size else row.size
        last = min(int(there[-1]) + longest, track.latest(number)) if there.size else -1
        self.before: Row = row[self.first : last + 1]
        self.row = nothing(row.size)
        out = self._run()
        for entry, first in limits.ends:
            if entry == number:
                out[: max(first - self.first, 0)] = NOTHING
        self.row[self.first : last + 1] = out

    def window(self, option: Option) -> tuple[int, int]:
        """The first and the last tick of the rows of this stage at which an option may start, its own dates apart."""
        first, last = self.limits.window(self.number, option)
        return first - self.first, last - self.first

    @abstractmethod
    def _run(self) -> Row:
        """The stretch of the row after the stage."""

    @abstractmethod
    def back(self, tick: int, value: int) -> tuple[int, int, list[Placement]]:
        """What led to a tick at this cost: the tick and the cost before the stage, and what it placed."""


class ChoiceStep(Step):
    """A stage that takes up to `most` of its options, whole."""

    def __init__(self, track: Track, number: int, row: Row, limits: Limits) -> None:
        self.stage = stage = track.stages[number]
        self.nominal = track.stages[number - 1].pause if number else stage.pause
        self.least = max(0 if track.relaxed else stage.least, int(number in limits.demanded))
        self.options = limits.allowed(number, stage.options)
        self.marks: list[tuple[Option, int, Mark]] = []
        longest = sorted((option.steps + stage.pause for option in self.options), reverse=True)
        super().__init__(track, number, row, sum(longest[: stage.most]) + track.ruler.stretch, limits)

    def _run(self) -> Row:
        self.off_time = self._off_time()
        out, self.counts = self._choose(self._take(self._starts()))
        return out

    def _starts(self) -> Row:
        """The least cost of starting an item at a tick: without a pause at the very beginning, else after one."""
        row = self.before
        if (begin := self.begin) is not None:
            row = row.copy()
            row[begin] = NOTHING
        starts = paused(row, self.nominal, self.track.ruler.reach(self.nominal))
        if begin is not None:
            starts[begin] = min(starts[begin], self.before[begin])
        return starts + self.off_time if self.off_time is not None else starts

    @property
    def begin(self) -> int | None:
        """Where in the rows of this stage the programme begins; None where it cannot be its first."""
        begin = self.track.start - self.first
        return begin if self.track.is_fresh and 0 <= begin < self.before.size else None

    def _off_time(self) -> Row | None:
        """What it costs to start at a tick that is not the hard time; None where the stage has none."""
        if self.stage.windows is None:
            return None
        goals, ruler = self.track.goals, self.track.ruler
        away = outside(self.stage.windows, self.first, self.before.size)
        missed = (
            goals.broken + np.minimum(away, ruler.end) * LATE * goals.noticed
            if self.track.relaxed
            else LARGEST
        )
        return np.where(away > 0, missed, 0)

    def _take(self, starts: Row) -> list[Row]:
        """For every number of items up to `most`, the row after them."""
        stage, rows, last_of = self.stage, [starts], [reach(starts)]
        for option in self.options:
            cost = self.track.place(self.stage, option)
            first, last = self.window(option)
            first = max(first, option.window[0] - self.first)
            last = min(last, option.window[1] - self.first, starts.size - 1 - option.steps)
            for count in range(min(len(rows), stage.most), 0, -1):
                gap = stage.pause if count > 1 else 0
                latest = min(last, last_of[count - 1] + gap)
                if max(first, gap) > latest:
                    continue
                if count == len(rows):
                    rows.append(nothing(starts.size))
                    last_of.append(-1)
                mark = advance(
                    rows[count - 1], max(first - gap, 0), latest - gap, gap + option.steps, cost, rows[count]
                )
                if mark is not None:
                    self.marks.append((option, count, mark))
                    last_of[count] = max(last_of[count], latest + option.steps)
        return rows

    def _choose(self, rows: Sequence[Row]) -> tuple[Row, NDArray[np.uint8]]:
        """The best number of items for every tick; where it costs the same, a later stage gives way to an earlier one."""
        out = nothing(self.before.size)
        counts = np.zeros(out.size, np.uint8)
        for count in range(len(rows)):
            if count < self.least:
                continue
            row = (rows[count] if count else self.before) + self.track.missing(self.stage, count)
            better = row < out
            np.copyto(out, row, where=better)
            counts[better] = count
        return out, counts

    def back(self, tick: int, value: int) -> tuple[int, int, list[Placement]]:
        tick -= self.first
        count = int(self.counts[tick])
        value -= self.track.missing(self.stage, count)
        placed: list[Placement] = []
        for option, number, mark in reversed(self.marks):
            if not count:
                break
            if number != count or not mark.at(tick):
                continue
            start = tick - option.steps
            placed.insert(0, Placement(self.number, option, self.first + start, self.first + tick))
            value -= self.track.place(self.stage, option)
            tick = start - (self.stage.pause if count > 1 else 0)
            count -= 1
        if placed:
            tick, value = self._before_pause(tick, value)
        return self.first + tick, value, placed

    def _before_pause(self, start: int, value: int) -> tuple[int, int]:
        """The tick before the pause that leads to a start, and the cost there."""
        if self.off_time is not None:
            value -= int(self.off_time[start])
        begin = self.begin
        if start == begin and int(self.before[start]) == value:
            return start, value
        for pause in range(self.track.ruler.reach(self.nominal) + 1):
            tick, cost = start - pause, abs(pause - self.nominal)
            if tick >= 0 and tick != begin and int(self.before[tick]) + cost == value:
                return tick, value - cost
        raise AssertionError("the way back along the timeline is lost")


@dataclass(slots=True)
class _Rows:
    """The rows within a fill: of whole pieces only, and with one that is cut."""

    whole: Row
    cut: Row


class FillStep(Step):
    """A stage that takes up any time: whole pieces, at most one that is cut, interval signal to the rest.

    Without a stage it is the closing: what the clock does not fill is interval signal.
    """

    def __init__(self, track: Track, number: int, row: Row, limits: Limits) -> None:
        self.stage = stage = track.stages[number] if number < len(track.stages) else None
        self.gap = stage.pause if stage else 0
        self.options = limits.allowed(number, stage.options) if stage else []
        self.marks: list[tuple[Mark | None, ...]] = []
        fills = [other for other, entry in enumerate(track.stages) if entry.is_fill]
        self.empty = EMPTY_FILL * track.goals.noticed if stage and len(fills) > 1 else 0
        self.later_fills = sum(other > number for other in fills)
        super().__init__(track, number, row, track.ruler.end, limits)

    def _run(self) -> Row:
        for number, last in self.limits.begins:
            if number == self.number:
                self.before = self.before.copy()
                self.before[max(last + 1 - self.first, 0) :] = NOTHING
        self.rows = self._fill(len(self.options), mark=True)
        out, self.ways = self._choose()
        return out

    def _fill(self, until: int, *, mark: bool) -> _Rows:
        """The rows after the first `until` options."""
        rows = _Rows(self.before.copy(), nothing(self.before.size))
        last_whole, last_cut = reach(rows.whole), -1
        for option in self.options[:until]:
            cost, length = self._place(option), option.steps + self.gap
            first, last = self._befores(option, option.window[1])
            cut = self._cut(rows.whole, option)
            # Both rows before this piece are read before either is changed, so that nothing is taken twice
            marks = (
                advance(rows.cut, first, min(last, last_cut), length, cost, rows.cut),
                improve(rows.cut, cut) if cut is not None else None,
                advance(rows.whole, first, min(last, last_whole), length, cost, rows.whole),
            )
            last_cut = max(last_cut + length, last_whole + length if cut is not None else -1)
            last_whole += length
            if mark:
                self.marks.append(marks)
        return rows

    def _befores(self, option: Option, latest: int = 1 << 30) -> tuple[int, int]:
        """Where what comes before a piece may end, so that it starts when it may: at tick `latest` at the latest."""
        first, last = self.window(option)
        return max(first - self.gap, 0), min(last, latest - self.first) - self.gap

    def _place(self, option: Option) -> int:
        assert self.stage is not None
        return self.track.goals.place(self.stage, option)

    def _cut(self, row: Row, option: Option) -> Row | None:
        """The row after this piece was faded out somewhere. None: it cannot be cut.

        What is noticed is what it lacks or, where less of it is left than is gone, what is left: it is a remainder that
        was filled, and still better than as much interval signal.
        """
        shortest = self.track.ruler.steps(SHORTEST_PIECE)
        noticed = self.track.goals.noticed
        if option.place >= MOST_CUT or option.steps - 1 < shortest or shortest + self.gap >= row.size:
            return None
        ticks = np.arange(row.size, dtype=np.int64) * noticed
        open_, width = self._open(row, option), option.steps - 1 - shortest
        lacking = least_of_last(moved(open_ + ticks, shortest + self.gap), width)
        left = least_of_last(
            moved(np.where(open_ < LARGEST, open_ - ticks, NOTHING), shortest + self.gap), width
        )
        costs = np.minimum(
            lacking - ticks + (option.steps + self.gap) * noticed, left + ticks - self.gap * noticed
        )
        return np.where(lacking < LARGEST, costs + self._cut_place(option), NOTHING)

    def _open(self, row: Row, option: Option) -> Row:
        """The row without those ticks after which a piece may not start."""
        first, last = self._befores(option)
        if first == 0 and last >= row.size - 1:
            return row
        open_ = nothing(row.size)
        open_[first : max(last + 1, 0)] = row[first : max(last + 1, 0)]
        return open_

    def _cut_place(self, option: Option) -> int:
        """Where it makes no other difference, what was heard most lately is cut, and as late as possible."""
        return self._place(option) + MOST_CUT - option.place + MOST_CUT * self.later_fills

    def _cover(self, row: Row) -> Row:
        """The row after interval signal for any time."""
        weight = self.track.goals.noticed * COVER
        shortest = self.track.ruler.steps(SHORTEST_COVER)
        ticks = np.arange(row.size, dtype=np.int64) * weight
        least: Row = np.minimum.accumulate(moved(np.where(row < LARGEST, row - ticks, NOTHING), shortest))
        return np.where(least < LARGEST, least + ticks, NOTHING)

    def _choose(self) -> tuple[Row, NDArray[np.uint8]]:
        whole, cut = self.rows.whole, self.rows.cut
        # Nothing was ever better there than to take no piece: the row is still the one before the stage
        empty = whole == self.before
        if self.empty:
            whole[empty] += self.empty
        out, ways = whole.copy(), np.zeros(whole.size, np.uint8)
        if self.number in self.limits.demanded:
            out[empty] = NOTHING
        for way, row in enumerate((cut, self._cover(whole), self._cover(cut)), 1):
            better = row < out
            np.copyto(out, row, where=better)
            ways[better] = way
        return out, ways

    def back(self, tick: int, value: int) -> tuple[int, int, list[Placement]]:
        tick -= self.first
        way = int(self.ways[tick])
        placed: list[Placement] = []
        if way >= 2:
            start = self._start_of_cover(self.rows.whole if way == 2 else self.rows.cut, tick, value)
            placed.insert(0, self._placed(None, start, tick, "cover"))
            value -= (tick - start) * COVER * self.track.goals.noticed
            tick = start
        tick, value = self._pieces_back(tick, value, placed, is_cut=way in {1, 3})
        return self.first + tick, value, placed

    def _pieces_back(
        self, tick: int, value: int, placed: list[Placement], *, is_cut: bool
    ) -> tuple[int, int]:
        for index in range(len(self.options) - 1, -1, -1):
            option = self.options[index]
            moved_on, cut, whole = self.marks[index]
            marked = moved_on if is_cut else whole
            if is_cut and cut is not None and cut.at(tick):
                start, value = self._start_of_cut(index, tick, value)
                placed.insert(0, self._placed(option, start, tick, "cut"))
                tick, is_cut = start - self.gap, False
            elif marked is not None and marked.at(tick):
                start = tick - option.steps
                placed.insert(0, self._placed(option, start, tick, "whole"))
                value -= self._place(option)
                tick = start - self.gap
        if not any(one.option for one in placed):
            value -= self.empty
        return tick, value

    def _placed(self, option: Option | None, start: int, end: int, how: How) -> Placement:
        return Placement(self.number, option, self.first + start, self.first + end, how)

    def _start_of_cover(self, row: Row, tick: int, value: int) -> int:
        weight = self.track.goals.noticed * COVER
        last = tick - self.track.ruler.steps(SHORTEST_COVER)
        costs = row[: last + 1] + (tick - np.arange(last + 1, dtype=np.int64)) * weight
        return int(np.flatnonzero(costs == value)[-1])

    def _start_of_cut(self, index: int, tick: int, value: int) -> tuple[int, int]:
        """Where the cut piece starts, and the cost before it: found by filling once more up to it."""
        option = self.options[index]
        row = self._open(self._fill(index, mark=False).whole, option)
        shortest = self.track.ruler.steps(SHORTEST_PIECE)
        starts = np.arange(max(tick - option.steps + 1, self.gap), tick - shortest + 1)
        left = tick - starts
        noticed = np.minimum(option.steps - left, left) * self.track.goals.noticed + self._cut_place(option)
        start = int(starts[np.flatnonzero(row[starts - self.gap] + noticed == value)[-1]])
        return start, int(row[start - self.gap])
