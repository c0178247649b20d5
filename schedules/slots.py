"""Slots: a programme's recurring span of UTC time, and the airings that it makes.

A slot's days belong to the UTC day on which it starts; the tail past midnight belongs to that day too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from schedules.days import Days, check_days, format_days
from schedules.errors import AcrossSeasonChange, BadDateRange, BadTime, EmptySlot, SlotShorterThanEarlyOff
from schedules.hhmm import format_hhmm, parse_hhmm
from schedules.said import Said, say
from schedules.season import season_at
from schedules.time import DAY_MINUTES, SAMPLE_RATE, Span


@dataclass(frozen=True, slots=True)
class Slot:
    """A recurring span: which minutes of which UTC days, from which date to which.

    `start_minute` and `stop_minute` count from 00:00 UTC of the start day, the stop up to 1440; a stop before the start
    is on the next day. `days` are ISO weekdays and, like the first and last date (both included), those of the start.
    By `early_off_s` seconds the programme ends early, so that the site can retune. Raises BadTime, EmptySlot, BadDays,
    BadDateRange, SlotShorterThanEarlyOff.
    """

    start_minute: int
    stop_minute: int
    days: Days
    first_date: date
    last_date: date
    early_off_s: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < DAY_MINUTES:
            raise BadTime(
                f"a slot cannot start at minute {self.start_minute} of the day: 0 (0000) to 1439 (2359)"
            )
        if not 0 < self.stop_minute <= DAY_MINUTES:
            raise BadTime(
                f"a slot cannot stop at minute {self.stop_minute} of the day: 1 (0001) to 1440 (2400)"
            )
        if self.start_minute == self.stop_minute:
            raise _empty(format_hhmm(self.start_minute))
        check_days(self.days)
        if self.last_date < self.first_date:
            raise BadDateRange(
                say(
                    "unread-slot-dates",
                    "the slot's last date {last_on} is before its first date {first_on}: swap or correct them",
                    last_on=self.last_date,
                    first_on=self.first_date,
                )
            )
        if self.early_off_s < 0:
            raise BadTime(
                f"an early-off of {self.early_off_s} s is not possible: write the seconds by which to end early, or 0"
            )
        if self.early_off_s >= self.span_s:
            raise SlotShorterThanEarlyOff(
                say(
                    "unread-early-off",
                    "the slot {slot} lasts {span_s} s and its early-off of {early_off_s} s leaves nothing to air: "
                    "lengthen the slot or reduce the early-off",
                    slot=str(self),
                    span_s=self.span_s,
                    early_off_s=self.early_off_s,
                )
            )

    def __str__(self) -> str:
        return (
            f"{format_hhmm(self.start_minute)}-{format_hhmm(self.stop_minute)} UTC {format_days(self.days)}"
        )

    @property
    def span_s(self) -> int:
        """Seconds from start to stop, early-off not taken off."""
        minutes = self.stop_minute - self.start_minute
        return (minutes if minutes > 0 else minutes + DAY_MINUTES) * 60

    def target_samples(self, rate: int = SAMPLE_RATE, grid_samples: int = 1) -> int:
        """Samples of a programme that fills the slot: the span minus early-off, rounded down to the grid."""
        samples = (self.span_s - self.early_off_s) * rate
        return samples - samples % grid_samples


def slot_times(start: str, stop: str, notes: list[Said] | None = None) -> tuple[int, int]:
    """Start and stop minutes from two HHMM texts. Raises BadTime, EmptySlot.

    Equal texts are empty even at midnight: a whole day is written 0000 to 2400, never got by accident.
    """
    start_minute = parse_hhmm(start, stop=False)
    read: list[Said] = []
    stop_minute = parse_hhmm(stop, stop=True, notes=read)
    if start_minute == stop_minute or (start_minute == 0 and read):
        raise _empty(format_hhmm(start_minute))
    if notes is not None:
        notes.extend(read)
    return start_minute, stop_minute


def occurrences(slot: Slot, span: Span) -> Iterator[Span]:
    """The slot's occurrences that start inside the span, in order, each from its start to its stop.

    The early-off is not taken off: the transmitter is booked to the stop.
    """
    length = timedelta(seconds=slot.span_s)
    first = max(slot.first_date.toordinal(), span.start.toordinal())
    last = min(slot.last_date.toordinal(), span.end.toordinal())
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        start = datetime(day.year, day.month, day.day, *divmod(slot.start_minute, 60), tzinfo=UTC)
        if day.isoweekday() in slot.days and span.contains(start):
            yield Span(start, start + length)


def season_crossings(slot: Slot, span: Span) -> Iterator[Span]:
    """The occurrences in the span that run across a season change; one that ends or starts on it does not."""
    return (
        occurrence
        for occurrence in occurrences(slot, span)
        if season_at(occurrence.start).end < occurrence.end
    )


def check_season_changes(slot: Slot, span: Span) -> None:
    """Raises AcrossSeasonChange for the first occurrence in the span that a season change would divide."""
    crossing = next(season_crossings(slot, span), None)
    if crossing is None:
        return
    old = season_at(crossing.start)
    new = season_at(old.end)
    raise AcrossSeasonChange(
        say(
            "unread-across-seasons",
            "the slot {slot} would be on the air from {start_at:%a %Y-%m-%d %H:%M} to {stop_time:%H:%M} UTC, across the change "
            "from {old} to {new} at {change_time:%H:%M} UTC: end it by then on that day, and start another slot in {new}",
            slot=str(slot),
            start_at=crossing.start,
            stop_time=crossing.end,
            old=old.code,
            new=new.code,
            change_time=old.end,
        )
    )


def _empty(at: str) -> EmptySlot:
    return EmptySlot(
        say(
            "unread-empty-slot",
            "the slot starts and stops at {at}: correct one of the two (a whole day is 0000 to 2400)",
            at=at,
        )
    )
