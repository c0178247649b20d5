"""The night drawn by time, frequency and site: where on the page everything lies. Pure; the template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil
from operator import attrgetter

from app.console.tonight.views import AiringView, LineView
from schedules.time import Span

HOUR = timedelta(hours=1)
SHORTEST_PX = 24
"""So wide is the shortest airing: a finger finds it (WCAG 2.5.8)."""

LEAST_HOUR_PX = 76
"""For its two times to be read."""

MOST_HOUR_PX = 360
"""However short an airing is."""

WIDTH_PX = 850
"""A short night fills the page."""

AXIS_PX = 40
ROW_PX, DENSE_ROW_PX = 44, 30
DENSE_FROM = 9
"""With so many rows they are drawn lower, each in one line."""

GAP_PX = 3


@dataclass(frozen=True, slots=True)
class Tick:
    x: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """An airing on one frequency. Pixels from the drawing's corner."""

    x: int
    y: int
    width: int
    height: int
    airing: AiringView
    line: LineView | None


@dataclass(frozen=True, slots=True)
class Row:
    """A frequency of a site; None is for airings that no line carries. Airings at once on one frequency take a row each."""

    line: LineView | None
    y: int


@dataclass(frozen=True, slots=True)
class Timeline:
    span: Span
    hour_px: int
    width: int
    height: int
    row_height: int
    is_dense: bool
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    """In reading order: by start, then by row."""
    now_x: int | None
    """None outside the drawn hours."""

    @property
    def axis(self) -> int:
        return AXIS_PX

    @property
    def airings(self) -> list[tuple[AiringView, list[Bar]]]:
        """Each with its bars, in the same order."""
        return [(airing, list(bars)) for airing, bars in groupby(self.bars, attrgetter("airing"))]


Key = tuple[str, int]
"""A site's name and a frequency."""


def draw(airings: Sequence[AiringView], now: datetime) -> Timeline | None:
    """The night's airings on whole hours; None where there are none."""
    if not airings:
        return None
    span = Span(_floor(airings[0].starts_at), _ceil(max(airing.stops_at for airing in airings)))
    hours = (span.end - span.start) // HOUR
    hour_px = _hour_px(airings, hours)
    lines: dict[Key, LineView] = {_key(line): line for airing in airings for line in airing.lines}
    placed = _placed(airings)
    row_keys = sorted({(key is None, key, lane) for _, key, lane in placed})
    is_dense = len(row_keys) >= DENSE_FROM
    row_height = DENSE_ROW_PX if is_dense else ROW_PX
    top = {(key, lane): AXIS_PX + number * row_height for number, (_, key, lane) in enumerate(row_keys)}

    def x(at: datetime) -> int:
        return round((at - span.start) / HOUR * hour_px)

    def bar(airing: AiringView, key: Key | None, lane: int) -> Bar:
        begin, end = x(airing.starts_at) + 1, x(airing.stops_at) - 1
        return Bar(
            begin,
            top[key, lane] + GAP_PX,
            max(end - begin, 4),
            row_height - 2 * GAP_PX,
            airing,
            lines[key] if key else None,
        )

    return Timeline(
        span=span,
        hour_px=hour_px,
        width=hours * hour_px,
        height=AXIS_PX + len(top) * row_height,
        row_height=row_height,
        is_dense=is_dense,
        ticks=tuple(Tick(number * hour_px, span.start + number * HOUR) for number in range(hours)),
        rows=tuple(Row(lines[key] if key else None, y) for (key, _), y in top.items()),
        bars=tuple(bar(*each) for each in placed),
        now_x=x(now) if span.start <= now < span.end else None,
    )


def _key(line: LineView) -> Key:
    return line.site_name, line.khz


def _placed(airings: Sequence[AiringView]) -> list[tuple[AiringView, Key | None, int]]:
    """Every airing on each of its frequencies, in the first lane of it that is free by then."""
    placed: list[tuple[AiringView, Key | None, int]] = []
    free_from: dict[Key | None, list[datetime]] = {}
    for airing in airings:
        keys: list[Key | None] = [*sorted({_key(line) for line in airing.lines})]
        for key in keys or [None]:
            lanes = free_from.setdefault(key, [])
            lane = next((number for number, at in enumerate(lanes) if at <= airing.starts_at), len(lanes))
            lanes[lane : lane + 1] = [airing.stops_at]
            placed.append((airing, key, lane))
    return placed


def _hour_px(airings: Sequence[AiringView], hours: int) -> int:
    shortest = min(airing.stops_at - airing.starts_at for airing in airings)
    for_a_finger = ceil((SHORTEST_PX + 3) * (HOUR / shortest))  # its edges, and what rounding takes
    return max(LEAST_HOUR_PX, WIDTH_PX // hours, min(for_a_finger, MOST_HOUR_PX))


def _floor(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _ceil(at: datetime) -> datetime:
    return _floor(at) if at == _floor(at) else _floor(at) + HOUR
