"""What the pages of frequencies show, read for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schedules.days import days_from_eibi, days_to_kst
from schedules.hhmm import format_hhmm
from schedules.time import DAY_MINUTES

KST_MINUTES = 9 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """When something recurs, as it is read in one zone; ``days`` are ISO digits."""

    zone: str
    start: str
    stop: str
    days: str


@dataclass(frozen=True, slots=True)
class Times:
    """A slot's or line's time of day, in minutes of the UTC start day, and its UTC start days."""

    start_minute: int
    stop_minute: int
    days: str

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=(self.stop_minute - self.start_minute - 1) % DAY_MINUTES + 1)

    def clocks(self, language: str) -> tuple[Clock, Clock]:
        """In both zones, the reader's own first."""
        utc = Clock("UTC", _colon(self.start_minute), _colon(self.stop_minute), self.days)
        shifted = days_to_kst(days_from_eibi(self.days), self.start_minute) if self.days else ()
        kst = Clock(
            "KST",
            _colon((self.start_minute + KST_MINUTES) % DAY_MINUTES),
            _colon((self.stop_minute + KST_MINUTES) % DAY_MINUTES),
            "".join(str(day) for day in sorted(shifted)),
        )
        return (kst, utc) if language == "ko" else (utc, kst)


def _colon(minute: int) -> str:
    text = format_hhmm(minute)
    return f"{text[:2]}:{text[2:]}"


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of a line with the names that people know."""

    id: int
    kind: str
    state: str
    undone: bool
    line_id: int | None
    new_line_id: int | None
    slot_id: int
    programme: str
    site_code: str
    site_name: str
    has_mail: bool
    old_khz: int | None
    khz: int
    times: Times
    first_date: date
    last_date: date
    starts_at: datetime
    cut_off_at: datetime
    reason: str
    asked_by: str | None
    answered_at: datetime | None
    answered_by: str | None
    answered_name: str | None
    answered_how: str | None
    answer_note: str | None

    @property
    def is_open(self) -> bool:
        """Whether the site's answer is awaited."""
        return self.state in ("requested", "sent") and not self.undone

    def may_be_undone(self, now: datetime) -> bool:
        """What has been on the air stays; the API has the last word."""
        return not self.undone and (self.state != "in_effect" or self.starts_at > now)


@dataclass(frozen=True, slots=True)
class LineView:
    """One of our lines in a season."""

    id: int
    khz: int
    slot_id: int
    programme: str
    site_code: str
    site_name: str
    times: Times
    first_date: date
    last_date: date
    power_kw: float | None
    azimuth: int | None
    zones: str | None
    in_band: bool
    change: ChangeView | None
    """What its site is thinking about."""

    def stands(self, day: date) -> str:
        """``now``, ``ahead`` or ``over`` on a UTC day."""
        if self.last_date < day:
            return "over"
        return "ahead" if self.first_date > day else "now"

    def matches(self, words: str) -> bool:
        """Whether each of the words stands in what the table shows of it."""
        shown = f"{self.khz} {self.programme} {self.site_code} {self.site_name} {self.zones or ''}".casefold()
        return all(word in shown for word in words.casefold().split())
