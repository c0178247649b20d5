"""Bars for a report, as numbers for its SVG: what is drawn is told in words and figures beside it, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LABELS, BARS, VALUES = 240, 350, 90
"""Widths of the chart's three columns, in its own units: a programme's code has 32 letters at most."""

WIDTH = LABELS + BARS + VALUES
BAR, GAP, BETWEEN = 14, 4, 14
"""Heights: of a bar, between the bars of a group, and between groups."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``kind`` is how it is filled: they differ without colour."""

    kind: str
    value: int
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Group:
    """What is told of one thing: its label stands beside its first bar."""

    label: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    groups: tuple[Group, ...]
    height: int
    width: int = WIDTH
    labels: int = LABELS
    bar: int = BAR


def chart(rows: Iterable[tuple[str, Sequence[tuple[str, int | None]]]]) -> Chart:
    """Groups of bars, each a kind and its value; a value that is None has no bar. All are to one scale from zero."""
    listed = list(rows)
    most = max((value for _, bars in listed for _, value in bars if value), default=1)
    groups, y = [], 0
    for label, bars in listed:
        top, drawn = y, []
        for kind, value in bars:
            if value is not None:
                drawn.append(Bar(kind, value, y, round(BARS * value / most, 1)))
                y += BAR + GAP
        groups.append(Group(label, top, tuple(drawn)))
        y += BETWEEN - GAP
    return Chart(tuple(groups), max(y - BETWEEN + GAP, 1))
