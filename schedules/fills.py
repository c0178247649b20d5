"""The step of a stage that takes up any time: whole pieces, at most one that is cut, interval signal to the rest.

Its rows are a 0/1 knapsack of its pieces in the order of their ranking, one with whole pieces only and one with a piece that
is cut, each for whatever came last and for music that what follows may be faded into. The row before the stage stays apart
from them: to take nothing costs something too, so the cheaper of the two is not known before all pieces were tried.

What is cut or covered is noticed, and costs most of the time: `timeline` first runs without, and asks for it where that may
be better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schedules.goals import COVER, EMPTY_FILL, LARGEST
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
    overlapped,
    reach,
)
from schedules.stage import Option
from schedules.steps import Ends, Spot, Step
from schedules.time import SAMPLE_RATE
from schedules.track import How, Placement, Track

SHORTEST_PIECE = 10 * SAMPLE_RATE
"""A piece of music cut shorter than this is a noise; the interval signal is better."""
MOST_CUT = 12
"""Only so many of a fill's pieces, from the longest unheard on, are tried as the one that is cut."""
SHORTEST_COVER = SAMPLE_RATE // 2
"""Interval signal shorter than this is a blip."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows within a fill: of one whole piece and more, and with one that is cut."""

    whole: Ends
    cut: Ends


@dataclass(frozen=True, slots=True)
class _Starts:
    """Where a piece may start, and for what: `gap` ticks after a tick of the row. `faded`: within the music before it."""

    row: Row
    gap: int
    faded: Mark | None = None


@dataclass(frozen=True, slots=True)
class _Better:
    """Where a piece was better than what was known: after one that is cut, cut itself, after whole ones only."""

    after_cut: Mark | None
    cut: Mark | None
    whole: Mark | None


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of a piece: where it was better, in the row of all and in that of music, and where it was faded in."""

    row: _Better
    music: _Better | None
    whole_faded: Mark | None
    cut_faded: Mark | None


class FillStep(Step):
    """A stage that takes up any time: whole pieces, at most one that is cut, interval signal to the rest.

    Without a stage it is the closing: what the clock does not fill is interval signal. Unless it `may_cut` it takes whole
    pieces and nothing else.
    """

    def __init__(
        self, track: Track, number: int, ends: Ends, limits: Limits, *, may_cut: bool = True
    ) -> None:
        self.may_cut = may_cut
        self.stage = stage = track.stages[number] if number < len(track.stages) else None
        self.gap = stage.pause if stage else 0
        self.options = limits.allowed(number, stage.options) if stage else []
        self.tried: list[_Tried] = []
        fills = [other for other, entry in enumerate(track.stages) if entry.is_fill]
        self.empty = EMPTY_FILL * track.goals.noticed if stage and len(fills) > 1 else 0
        self.is_demanded = number in limits.demanded
        self.later_fills = sum(other > number for other in fills)
        super().__init__(track, number, ends, track.ruler.end, limits)

    def _run(self) -> Ends:
        for number, last in self.limits.begins:
            if number == self.number:
                begun = [self._begun(row, last) for row in (self.before.row, self.before.music)]
                assert begun[0] is not None
                self.before = Ends(begun[0], begun[1])
        rows = self._fill(len(self.options), self.tried, with_cut=self.may_cut)
        row, self.ways = self._choose(rows)
        if not self.keeps_music:
            return Ends(row)
        music, self.music_ways = self._choose_music(rows)
        return Ends(row, music)

    def floor_if_cut(self) -> int | None:
        least = int(self.before.row.min(initial=LARGEST))
        if self.may_cut or least >= LARGEST:
            return None
        noticed = 1 if self.options else COVER * self.track.ruler.steps(SHORTEST_COVER)
        later = self.track.floor(self.limits, self.number + 1)
        return least + noticed * self.track.goals.noticed + later

    def _begun(self, row: Row | None, last: int) -> Row | None:
        """A row in which the stage begins at tick `last` at the latest."""
        if row is None:
            return None
        row = row.copy()
        row[max(last + 1 - self.first, 0) :] = NOTHING
        return row

    def _fill(self, until: int, tried: list[_Tried] | None = None, *, with_cut: bool = True) -> _Rows:
        """The rows after the first `until` options; those of cut pieces may be left empty."""
        rows = self._begin()
        last_whole, last_cut = reach(self.before.row), -1
        for option in self.options[:until]:
            whole = self._starts(self._open(rows.whole), option)
            cut = self._starts(rows.cut, option) if last_cut >= 0 else _Starts(rows.cut.row, self.gap)
            shortened = self._cut(whole, option) if with_cut else None
            # All rows before this piece are read before any of them is changed, so that nothing is taken twice
            music = None
            if self._is_shared(rows) or not option.is_music:
                pass
            elif rows.whole.music is not None and rows.cut.music is not None:
                music = _Better(
                    self._advance(cut, option, last_cut, rows.cut.music),
                    improve(rows.cut.music, shortened) if shortened is not None else None,
                    self._advance(whole, option, last_whole, rows.whole.music),
                )
            better = _Better(
                self._advance(cut, option, last_cut, rows.cut.row),
                improve(rows.cut.row, shortened) if shortened is not None else None,
                self._advance(whole, option, last_whole, rows.whole.row),
            )
            length = option.steps + self.gap
            last_cut = max(last_cut + length, last_whole + length if shortened is not None else -1)
            last_whole += length
            if tried is not None:
                music = better if self._is_shared(rows) else music
                tried.append(_Tried(better, music, whole.faded, cut.faded))
        return rows

    def _begin(self) -> _Rows:
        size = self.before.row.size
        needs_music = self.keeps_music or (self.stage is not None and self.stage.has_crossfades())
        whole, cut = nothing(size), nothing(size)
        if not needs_music:
            return _Rows(Ends(whole), Ends(cut))
        if all(option.is_music for option in self.options):
            # Whatever came last is music: one row for both
            return _Rows(Ends(whole, whole), Ends(cut, cut))
        return _Rows(Ends(whole, nothing(size)), Ends(cut, nothing(size)))

    @staticmethod
    def _is_shared(rows: _Rows) -> bool:
        return rows.whole.music is rows.whole.row

    def _open(self, whole: Ends) -> Ends:
        """What a piece may come after, where none is cut: the whole ones, or what came before the stage."""
        row, music = np.minimum(self.before.row, whole.row), self.before.music
        if music is None or whole.music is None:
            return Ends(row, whole.music)
        return Ends(row, np.minimum(music, whole.music))

    def _starts(self, ends: Ends, option: Option) -> _Starts:
        crossfade = self.stage.crossfade(option) if self.stage else None
        if crossfade is None or ends.music is None:
            return _Starts(ends.row, self.gap)
        row = moved(ends.row, self.gap)
        return _Starts(row, 0, improve(row, overlapped(ends.music, *crossfade) + self.track.goals.crossfade))

    def _advance(self, starts: _Starts, option: Option, reached: int, goal: Row) -> Mark | None:
        first, last = self._befores(starts, option, option.window[1])
        reached += self.gap - starts.gap
        length = option.steps + starts.gap
        return advance(starts.row, first, min(last, reached), length, self._place(option), goal)

    def _befores(self, starts: _Starts, option: Option, latest: int = 1 << 30) -> tuple[int, int]:
        """Which ticks of the row may lead to a piece, so that it starts when it may: at tick `latest` at the latest."""
        first, last = self.window(option)
        return max(first - starts.gap, 0), min(last, latest - self.first) - starts.gap

    def _place(self, option: Option) -> int:
        assert self.stage is not None
        return self.track.goals.place(self.stage, option)

    def _cut(self, starts: _Starts, option: Option) -> Row | None:
        """The row after this piece was faded out somewhere. None: it cannot be cut.

        What is noticed is what it lacks or, where less of it is left than is gone, what is left: it is a remainder that
        was filled, and still better than as much interval signal.
        """
        gap, row = starts.gap, starts.row
        shortest = self.track.ruler.steps(SHORTEST_PIECE)
        noticed = self.track.goals.noticed
        if option.place >= MOST_CUT or option.steps - 1 < shortest or shortest + gap >= row.size:
            return None
        ticks = np.arange(row.size, dtype=np.int64) * noticed
        open_, width = self._startable(starts, option), option.steps - 1 - shortest
        lacking = least_of_last(moved(open_ + ticks, shortest + gap), width)
        left = least_of_last(moved(np.where(open_ < LARGEST, open_ - ticks, NOTHING), shortest + gap), width)
        costs = np.minimum(lacking - ticks + (option.steps + gap) * noticed, left + ticks - gap * noticed)
        return np.where(lacking < LARGEST, costs + self._cut_place(option), NOTHING)

    def _startable(self, starts: _Starts, option: Option) -> Row:
        """The row without those ticks after which a piece may not start."""
        row = starts.row
        first, last = self._befores(starts, option)
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

    def _choose(self, rows: _Rows) -> tuple[Row, NDArray[np.uint8]]:
        plain, cut = self._plain(self.before.row, rows.whole.row), rows.cut.row
        out = self._filled(plain, rows.whole.row)
        ways = np.zeros(out.size, np.uint8)
        if not self.may_cut:
            return out, ways
        for way, row in enumerate((cut, self._cover(plain), self._cover(cut)), 1):
            better = row < out
            np.copyto(out, row, where=better)
            ways[better] = way
        return out, ways

    def _choose_music(self, rows: _Rows) -> tuple[Row, NDArray[np.uint8]]:
        """The same of what ends in music: the interval signal does not."""
        whole, cut = rows.whole.music, rows.cut.music
        assert whole is not None
        assert cut is not None
        out = self._filled(self._plain(self.before.music, whole), whole)
        ways = (cut < out).astype(np.uint8)
        np.minimum(out, cut, out=out)
        return out, ways

    def _plain(self, before: Row | None, whole: Row) -> Row:
        """The row of whole pieces, or of none where that is cheaper with what it costs."""
        return whole if before is None else np.minimum(before + self.empty, whole)

    def _filled(self, plain: Row, whole: Row) -> Row:
        return (whole if self.is_demanded else plain).copy()

    def back(self, spot: Spot) -> tuple[Spot, list[Placement]]:
        ways = self.music_ways if spot.is_music else self.ways
        spot = Spot(spot.tick - self.first, spot.value, spot.is_music)
        way = int(ways[spot.tick])
        placed: list[Placement] = []
        if way >= 2:
            rows = self._fill(len(self.options))
            row = self._plain(self.before.row, rows.whole.row) if way == 2 else rows.cut.row
            start = self._start_of_cover(row, spot.tick, spot.value)
            placed.insert(0, self._placed(None, start, spot.tick, "cover"))
            spot = Spot(start, spot.value - (spot.tick - start) * COVER * self.track.goals.noticed)
        if way == 2 or (way == 0 and not self.is_demanded):
            none = Spot(spot.tick, spot.value - self.empty, spot.is_music)
            if self._is_before(none):
                return self._out(none), placed
        return self._out(self._pieces_back(spot, placed, is_cut=way in {1, 3})), placed

    def _out(self, spot: Spot) -> Spot:
        return Spot(self.first + spot.tick, spot.value, spot.is_music)

    def _is_before(self, spot: Spot) -> bool:
        """Whether the way back has come to what was before the stage."""
        row = self.before.music if spot.is_music else self.before.row
        return row is not None and int(row[spot.tick]) == spot.value

    def _pieces_back(self, spot: Spot, placed: list[Placement], *, is_cut: bool) -> Spot:
        for index in range(len(self.options) - 1, -1, -1):
            option, tried = self.options[index], self.tried[index]
            better = tried.music if spot.is_music else tried.row
            if better is None:
                continue
            after = better.after_cut if is_cut else better.whole
            if is_cut and better.cut is not None and better.cut.at(spot.tick):
                start, value = self._start_of_cut(index, spot)
                placed.insert(0, self._placed(option, start, spot.tick, "cut"))
                is_cut = False
            elif after is not None and after.at(spot.tick):
                start, value = spot.tick - option.steps, spot.value - self._place(option)
                placed.insert(0, self._placed(option, start, spot.tick, "whole"))
            else:
                continue
            spot = self._before(index, start, value, is_cut=is_cut)
            if not is_cut and self._is_before(spot):
                return spot
        raise AssertionError("the way back along the timeline is lost")

    def _before(self, index: int, start: int, value: int, *, is_cut: bool) -> Spot:
        """The end of what came before a piece that starts at a tick: found by filling once more up to it, if it is faded."""
        tried = self.tried[index]
        faded = tried.cut_faded if is_cut else tried.whole_faded
        if faded is None or not faded.at(start):
            return Spot(start - self.gap, value)
        assert self.stage is not None
        rows = self._fill(index, with_cut=is_cut)
        music = rows.cut.music if is_cut else self._open(rows.whole).music
        return self.over(music, start, value, self.stage.crossfade(self.options[index]))

    def _placed(self, option: Option | None, start: int, end: int, how: How) -> Placement:
        return Placement(self.number, option, self.first + start, self.first + end, how)

    def _start_of_cover(self, row: Row, tick: int, value: int) -> int:
        weight = self.track.goals.noticed * COVER
        last = tick - self.track.ruler.steps(SHORTEST_COVER)
        costs = row[: last + 1] + (tick - np.arange(last + 1, dtype=np.int64)) * weight
        return int(np.flatnonzero(costs == value)[-1])

    def _start_of_cut(self, index: int, spot: Spot) -> tuple[int, int]:
        """Where the cut piece starts, and the cost there: found by filling once more up to it."""
        option, tick = self.options[index], spot.tick
        from_ = self._starts(self._open(self._fill(index, with_cut=False).whole), option)
        row = self._startable(from_, option)
        shortest = self.track.ruler.steps(SHORTEST_PIECE)
        starts = np.arange(max(tick - option.steps + 1, from_.gap), tick - shortest + 1)
        left = tick - starts
        noticed = np.minimum(option.steps - left, left) * self.track.goals.noticed + self._cut_place(option)
        start = int(starts[np.flatnonzero(row[starts - from_.gap] + noticed == spot.value)[-1]])
        return start, int(row[start - from_.gap])
