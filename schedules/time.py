"""Spans, nights, and the three views of an instant.

Truth is UTC. KST and Pyongyang time are views of it: both are UTC+9 today, but Pyongyang kept UTC+8:30 from August 2015
to May 2018, so the zone database decides, not a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.errors import BadDateRange, BadTime

SAMPLE_RATE = 48_000
"""Samples per second of every master and rundown."""

DAY_MINUTES = 24 * 60

KST = ZoneInfo("Asia/Seoul")
PYONGYANG = ZoneInfo("Asia/Pyongyang")

_NOON = timedelta(hours=12)


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises BadTime where the time zone is missing (nothing is guessed) or the year beyond 9999."""
    if instant.utcoffset() is None:
        raise BadTime(f"{instant.isoformat()} has no time zone: write it in UTC with a Z, or with its offset")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise BadTime(f"{instant.isoformat()} is beyond the years 1 to 9999 in UTC") from None


def to_kst(instant: datetime) -> datetime:
    """The instant as clocks in Seoul show it."""
    return to_utc(instant).astimezone(KST)


def to_pyongyang(instant: datetime) -> datetime:
    """The instant as clocks in Pyongyang show it: the listener's time."""
    return to_utc(instant).astimezone(PYONGYANG)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open span `[start, end)` of UTC instants. May be empty (start equals end), never reversed."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", to_utc(self.start))
        object.__setattr__(self, "end", to_utc(self.end))
        if self.end < self.start:
            raise BadDateRange(
                f"the span ends at {self.end:%Y-%m-%d %H:%M} UTC, before it starts at {self.start:%Y-%m-%d %H:%M} UTC"
            )

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def contains(self, instant: datetime) -> bool:
        """Whether the instant lies inside; the end itself does not."""
        return self.start <= instant < self.end

    def covers(self, other: Span) -> bool:
        """Whether the whole of the other span lies inside this one."""
        return self.start <= other.start and other.end <= self.end

    def intersection(self, other: Span) -> Span | None:
        """What both share, or None: spans that only touch share nothing."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None

    def overlaps(self, other: Span) -> bool:
        return self.intersection(other) is not None


def night_of(instant: datetime) -> date:
    """The night an instant belongs to, labelled by its evening: 05:00 KST on Monday belongs to Sunday's night."""
    return (to_kst(instant) - _NOON).date()


def night_span(night: date) -> Span:
    """The night from noon KST of its date to noon KST of the next. Raises BadTime for the last date there is."""
    if night == date.max:
        raise BadTime(f"{night} has no next day, so it has no night")
    noon = time(12, tzinfo=KST)
    return Span(datetime.combine(night, noon), datetime.combine(night + timedelta(days=1), noon))


def end_of_kst_day(day: date) -> datetime:
    """The instant in UTC at which a day in Seoul is over. Raises BadTime for the last date there is."""
    if day == date.max:
        raise BadTime(f"{day} has no next day")
    return to_utc(datetime.combine(day + timedelta(days=1), time(), tzinfo=KST))


def samples_to_timedelta(samples: int) -> timedelta:
    """Length of so many samples, to the nearest microsecond (a sample is 20.8 of them)."""
    return timedelta(microseconds=round(samples * 1_000_000 / SAMPLE_RATE))


def length_text(samples: int) -> str:
    """A length as producers write it, cut off after tenths: "3:10", "1:02:05", "0:07.5"; "0.05 s" below a second."""
    if samples < SAMPLE_RATE:
        hundredths = samples * 100 // SAMPLE_RATE
        return f"{hundredths / 100:.2f} s" if hundredths or not samples else "less than 0.01 s"
    minutes, tenths = divmod(samples * 10 // SAMPLE_RATE, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{tenths // 10:02d}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
