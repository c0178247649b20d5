"""What lines do to each other: own lines among themselves, and own lines against everybody else's.

Only lines that can harm each other are compared: those at most 10 kHz apart, those of one transmitter and, for retuning, those of
one site. How often they do is counted by days, not tried minute by minute (see `meetings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from schedules.frequencies.columns import instant, minutes_of, numbers
from schedules.frequencies.day_sets import Numbers
from schedules.frequencies.levels import Level
from schedules.frequencies.line import Line
from schedules.frequencies.meetings import may_overlap, overlaps, successions
from schedules.frequencies.sides import Pairs, near, same, sides_of
from schedules.frequencies.wording import named
from schedules.time import Span

_ADJACENT_HZ: Final = 5_000
_NEAR_HZ: Final = 10_000


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two lines that harm each other within the span that was looked at.

    Of a retuning `line` is the one that stops, `other` the one that starts `gap_s` later, and no minute is shared.
    """

    level: Level
    line: Line
    other: Line
    first_at: datetime
    """When it first bites: the first minute on the air together, or the first stop with too little time after it."""
    occurrences: int
    """Of `line`, that are hit."""
    minutes: int
    """On the air together."""
    separation_khz: float
    shared_zones: frozenset[str]
    gap_s: int | None = None

    def __str__(self) -> str:
        zones = f", both for {', '.join(sorted(self.shared_zones))}" if self.shared_zones else ""
        what = f"{self.minutes} minutes" if self.gap_s is None else f"{self.gap_s} s to retune"
        return (
            f"{self.level.code}: {named(self.line)} and {named(self.other)}, {self.separation_khz:.9g} kHz apart{zones}; "
            f"from {self.first_at:%a %Y-%m-%d %H:%M} UTC, {self.occurrences} times, {what}"
        )


def own_conflicts(
    lines: Sequence[Line], span: Span, retune_s: Mapping[str, int] | None = None
) -> tuple[Conflict, ...]:
    """What own lines do to each other: the worst first, then by when it first bites, then in the order of the lines.

    `span` is a season's, or what is left of it: nothing outside counts, so that the season's lines are clipped at its changes.
    `retune_s` says for each site how many seconds (less than a day) a transmitter there needs for another frequency; where a
    site is not named, no retuning is reported.
    """
    search = _Search(lines, lines, span, is_own=True)
    return search.told([*search.overlapping(), *search.retuning(retune_s or {})])


def background_conflicts(own: Sequence[Line], background: Sequence[Line], span: Span) -> tuple[Conflict, ...]:
    """What lines do to other people's, in the same order; only of lines that are the background itself each pair comes once.

    Leave our own lines out of the background: a season's file lists them as well, and they would meet themselves.
    """
    search = _Search(own, background, span, is_own=False)
    return search.told([*search.overlapping()])


class _Search:
    """The conflicts between two sides, or of one with itself, as tables of seven rows (see `_table`), one column each."""

    def __init__(self, lines: Sequence[Line], others: Sequence[Line], span: Span, *, is_own: bool) -> None:
        self.one, self.other = sides_of(lines, others)
        self.since, self.until = minutes_of(span)
        self.is_own = is_own

    def overlapping(self) -> Iterator[Numbers]:
        """Where both are on the air at once."""
        for pairs in self._pairs():
            level = self._levels(pairs)
            line, other = (side[level > 0] for side in pairs)
            one, two = self.one.columns.rows(line), self.other.columns.rows(other)
            met = overlaps(one, two, self.since, self.until)
            table = _table(
                level[level > 0], line, other, met.first, met.occurrences, met.minutes, np.full_like(line, -1)
            )
            yield table[:, met.minutes > 0]

    def retuning(self, retune_s: Mapping[str, int]) -> Iterator[Numbers]:
        """Where one follows the other at its site sooner than a transmitter retunes."""
        side = self.one
        needed_s = numbers([retune_s.get(line.site, 0) for line in side.lines])
        for line, other in near(side.site, side.site, 0):
            mine, its = side.transmitter[line], side.transmitter[other]
            may_be_one = (mine == its) | (mine < 0) | (its < 0)
            pauses = successions(side.columns.rows(line), side.columns.rows(other), self.since, self.until)
            level = np.where(same(mine, its), Level.RETUNE, Level.RETUNE_IF_ONE_TRANSMITTER)
            table = _table(
                level, line, other, pauses.first, pauses.occurrences, np.zeros_like(line), pauses.gap
            )
            too_soon = (pauses.occurrences > 0) & (pauses.gap * 60 < needed_s[line])
            yield table[:, may_be_one & (side.hz[line] != side.hz[other]) & too_soon]

    def told(self, tables: Sequence[Numbers]) -> tuple[Conflict, ...]:
        """All of them as plain values, in order."""
        table = np.concatenate(tables, axis=1)
        level, line, other, first, *_ = table
        ordered = table[:, np.lexsort((other, line, first, -level))]
        return tuple(map(self._conflict, *ordered.tolist()))

    def _pairs(self) -> Iterator[Pairs]:
        """The pairs that may be on the air at once and matter then, each once."""
        one, two = self.one, self.other
        for line, other in near(one.hz, two.hz, _NEAR_HZ):
            yield self._at_once(line, other)
        known = np.flatnonzero(one.transmitter >= 0)
        for row, other in near(one.transmitter[known], two.transmitter, 0):
            line = known[row]
            far = np.abs(one.hz[line] - two.hz[other]) > _NEAR_HZ
            yield self._at_once(line[far], other[far])

    def _at_once(self, line: Numbers, other: Numbers) -> Pairs:
        wanted = may_overlap(self.one.columns.rows(line), self.other.columns.rows(other))
        if self.one is self.other:
            wanted &= line < other
        return line[wanted], other[wanted]

    def _levels(self, pairs: Pairs) -> Numbers:
        """What each pair is when both are on the air; 0 where that is no conflict."""
        line, other = pairs
        one, two = self.one, self.other
        apart = np.abs(one.hz[line] - two.hz[other])
        share = (one.zones[line] & two.zones[other]).any(axis=1)
        unknown = ~(one.has_zones[line] & two.has_zones[other])
        is_same, is_adjacent = apart == 0, (apart > 0) & (apart <= _ADJACENT_HZ)
        levels = {
            Level.SAME_TRANSMITTER: same(one.transmitter[line], two.transmitter[other]),
            Level.SAME_SITE_AND_FREQUENCY: is_same & same(one.site[line], two.site[other]),
            Level.ADJACENT_CHANNEL: is_adjacent & share,
            Level.NEAR_CHANNEL: (apart > _ADJACENT_HZ) & share,
        }
        if self.is_own:
            levels[Level.OWN_CO_CHANNEL] = is_same & ~same(one.synchronised[line], two.synchronised[other])
        else:
            levels[Level.CO_CHANNEL] = is_same & share
            levels[Level.CO_CHANNEL_ZONES_UNKNOWN] = is_same & unknown
        # The first of these that holds: one transmitter that sends two lines is worse than their frequencies.
        return np.select(list(levels.values()), list(levels), 0)

    def _conflict(
        self, level: int, line: int, other: int, first: int, occurrences: int, minutes: int, gap: int
    ) -> Conflict:
        one, two = self.one.lines[line], self.other.lines[other]
        return Conflict(
            Level(level),
            one,
            two,
            instant(first),
            occurrences,
            minutes,
            abs(int(self.one.hz[line] - self.other.hz[other])) / 1000,
            one.zones & two.zones,
            None if gap < 0 else gap * 60,
        )


def _table(
    level: Numbers,
    line: Numbers,
    other: Numbers,
    first: Numbers,
    occurrences: Numbers,
    minutes: Numbers,
    gap: Numbers,
) -> Numbers:
    """Conflicts, one a column: the lines by their row numbers, times in minutes; `gap` is -1 where none is short."""
    return np.stack([level, line, other, first, occurrences, minutes, gap])
