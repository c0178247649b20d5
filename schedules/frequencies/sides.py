"""Two sets of lines in columns that can be compared with each other, and the pairs of them that are worth comparing."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.frequencies.columns import Columns, columns_of, numbers
from schedules.frequencies.day_sets import Numbers
from schedules.frequencies.line import Line

Truths = NDArray[np.bool_]
Pairs = tuple[Numbers, Numbers]
"""Row numbers on the one side and on the other, a pair each."""

_BLOCK: Final = 1 << 16
"""Pairs that are looked at together: some tens of megabytes at a time, however large a season is."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One set of lines. `site`, `transmitter` and `synchronised` are numbers that mean the same on both sides, -1 for unknown."""

    lines: Sequence[Line]
    columns: Columns
    hz: Numbers
    site: Numbers
    transmitter: Numbers
    synchronised: Numbers
    zones: NDArray[np.uint64]
    """[line, word]: two lines share a zone where they share a bit."""
    has_zones: Truths


def sides_of(lines: Sequence[Line], others: Sequence[Line]) -> tuple[Side, Side]:
    """Both sets; where they are the same object, so are the sides."""
    codes = _Codes(lines)
    side = codes.side(lines)
    return side, side if others is lines else codes.side(others)


def near(one: Numbers, other: Numbers, reach: int) -> Iterator[Pairs]:
    """All pairs of rows whose values are at most `reach` apart, in blocks, ordered by their first row."""
    order = np.argsort(other, kind="stable")
    ordered = other[order]
    begin = np.searchsorted(ordered, one - reach, "left")
    count = np.searchsorted(ordered, one + reach, "right") - begin
    cuts = np.searchsorted(count.cumsum(), np.arange(_BLOCK, count.sum(), _BLOCK), "right")
    for rows in np.split(np.arange(one.size), np.unique(cuts)):
        size = count[rows]
        within = np.arange(size.sum()) - np.repeat(size.cumsum() - size, size)
        yield np.repeat(rows, size), order[np.repeat(begin[rows], size) + within]


def same(one: Numbers, other: Numbers) -> Truths:
    """Where both are known and equal."""
    found: Truths = (one == other) & (one >= 0)
    return found


class _Codes:
    """Numbers for what can only be equal or not, and bits for zones."""

    def __init__(self, lines: Sequence[Line]) -> None:
        zones = frozenset[str]().union(*{line.zones for line in lines})
        # Zones that only the other side names need no bit: they are not shared.
        self._bits = {zone: 1 << number for number, zone in enumerate(sorted(zones))}
        self._words = len(zones) // 64 + 1
        self._numbers: dict[Hashable, int] = {}
        self._rows: dict[frozenset[str], bytes] = {}

    def side(self, lines: Sequence[Line]) -> Side:
        rows = b"".join([self._row(line.zones) for line in lines])
        return Side(
            lines,
            columns_of(lines),
            numbers([round(line.khz * 1000) for line in lines]),
            self._coded(line.site or None for line in lines),
            self._coded((line.site, line.transmitter) if line.transmitter else None for line in lines),
            self._coded(("in step", line.synchronised) if line.synchronised else None for line in lines),
            np.frombuffer(rows, "<u8").reshape(len(lines), self._words),
            np.array([bool(line.zones) for line in lines], np.bool_),
        )

    def _coded(self, values: Iterable[Hashable]) -> Numbers:
        known = self._numbers
        return numbers([-1 if value is None else known.setdefault(value, len(known)) for value in values])

    def _row(self, zones: frozenset[str]) -> bytes:
        row = self._rows.get(zones)
        if row is None:
            bits = sum(self._bits.get(zone, 0) for zone in zones)
            row = self._rows[zones] = bits.to_bytes(self._words * 8, "little")
        return row
