"""Where instants and frequencies lie on a chart, and which of them are written on its axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.time import Span, to_kst, to_utc

MINUTE = timedelta(minutes=1)

_GAP_PX = 7
"""Between two stretches of frequencies; what is left out there does not matter how wide."""

_LEAST_PX = 12
"""No stretch is lower than its label."""

_LABEL_PX = 34
"""Room for one label of the time axis."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frequencies from `low` to `high` kHz, drawn from `bottom` up to `top` (y grows downwards)."""

    low: float
    high: float
    bottom: float
    top: float

    @property
    def px_per_khz(self) -> float:
        return (self.bottom - self.top) / (self.high - self.low)


class KhzScale:
    """A frequency axis of the ranges that matter, with gaps between them: most of shortwave is of no interest to a slot.

    Ranges (lowest and highest kHz) that overlap or nearly touch are one stretch; if there are too many to have room, the
    nearest are joined.
    """

    def __init__(self, ranges: Iterable[tuple[float, float]], top: float, bottom: float) -> None:
        found, apart = sorted(set(ranges)), 20.0
        joined = _joined(found, apart)
        while len(joined) > 1 and len(joined) * (_GAP_PX + _LEAST_PX) > bottom - top:
            apart *= 2
            joined = _joined(found, apart)
        room = bottom - top - _GAP_PX * (len(joined) - 1) - _LEAST_PX * len(joined)
        whole = sum(high - low for low, high in joined)
        self.stretches: list[Stretch] = []
        for low, high in joined:
            px = _LEAST_PX + room * (high - low) / whole
            self.stretches.append(Stretch(low, high, bottom, bottom - px))
            bottom -= px + _GAP_PX

    def stretch(self, khz: float) -> Stretch:
        """The stretch that holds a frequency which the scale shows."""
        return next(one for one in self.stretches if one.low <= khz <= one.high)

    def y(self, khz: float) -> float:
        one = self.stretch(khz)
        return one.bottom - (khz - one.low) * one.px_per_khz

    def ticks(self) -> Iterator[tuple[float, float]]:
        """The frequencies to write and the y of each: the ends of a stretch, and round numbers between as there is room.

        The ends are moved into their stretch by half a label, so that those of two stretches do not meet.
        """
        for one in self.stretches:
            if one.bottom - one.top < 3 * _LEAST_PX:
                yield round((one.low + one.high) / 2), (one.bottom + one.top) / 2
                continue
            yield one.low, one.bottom - _LEAST_PX / 2
            steps = (5, 10, 20, 50, 100, 200, 500, 1000)
            step = next((each for each in steps if each * one.px_per_khz >= 2 * _LEAST_PX), 5000)
            for khz in range(int(one.low // step + 1) * step, int(one.high) + 1, step):
                y = self.y(khz)
                if one.top + 1.5 * _LEAST_PX <= y <= one.bottom - 1.5 * _LEAST_PX:
                    yield khz, y
            yield one.high, one.top + _LEAST_PX / 2


def _joined(found: Sequence[tuple[float, float]], apart: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for low, high in found:
        if joined and low - joined[-1][1] < apart:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant on the time axis: its x, its hour as text or None, and its date where it is a midnight that is written."""

    x: float
    hour: str | None
    midnight: datetime | None


class TimeScale:
    """A time axis from the start of a span to its end, with its own ticks in UTC and in KST."""

    def __init__(self, span: Span, left: float, right: float) -> None:
        self.span = span
        self.minutes = span.duration / MINUTE
        self.left, self.right = left, right
        self.px_per_minute = (right - left) / self.minutes

    def x(self, minute: float) -> float:
        """Where a minute after the span's start lies; outside the span it is its edge."""
        return self.left + min(max(minute, 0), self.minutes) * self.px_per_minute

    def ticks(self, *, kst: bool) -> list[Tick]:
        """Full hours and midnights, as many as have room."""
        hours = next((each for each in (1, 2, 3, 6, 12) if each * 60 * self.px_per_minute >= _LABEL_PX), None)
        days = next((each for each in (1, 2, 7, 14) if each * 1440 * self.px_per_minute >= 2 * _LABEL_PX), 28)
        found = []
        for instant in _full_hours(self.span):
            local = to_kst(instant) if kst else to_utc(instant)
            # Day 1 of the calendar was a Monday, so that weeks begin with one
            is_date = local.hour == 0 and (local.toordinal() - 1) % days == 0
            hour = f"{local.hour:02d}" if hours and local.hour % hours == 0 else None
            if hour or is_date:
                x = self.x((instant - self.span.start) / MINUTE)
                found.append(Tick(x, hour, local if is_date else None))
        return found


def _full_hours(span: Span) -> Iterator[datetime]:
    instant = span.start.replace(minute=0, second=0, microsecond=0)
    while instant <= span.end:
        if instant >= span.start:
            yield instant
        instant += timedelta(hours=1)


def spread(wanted: Sequence[float], apart: float, top: float, bottom: float) -> list[float]:
    """Places for labels, in the order of the wanted ones (rising), moved as little as they must to be so far apart."""
    placed = list(wanted)
    for number in range(1, len(placed)):
        placed[number] = max(placed[number], placed[number - 1] + apart)
    if placed and placed[-1] > bottom:
        placed[-1] = bottom
        for later in range(len(placed) - 1, 0, -1):
            placed[later - 1] = min(placed[later - 1], placed[later] - apart)
    if placed and placed[0] < top:
        # More than have room: evenly, though they overlap
        share = (bottom - top) / max(1, len(placed) - 1)
        return [top + number * share for number in range(len(placed))]
    return placed
