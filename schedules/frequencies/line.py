"""One frequency-schedule line, whoever's it is: what a file, a database and a conflict check have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schedules.days import Days
from schedules.time import DAY_MINUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A frequency that a site transmits on, at certain minutes of certain UTC days.

    `start_minute` is 0 to 1439 and `stop_minute` 1 to 1440, after 00:00 UTC of the start day; a stop that is not after the
    start is on the next day, so that equal ones are a whole day. `days` (ISO) and the first and last date (both
    included) are those of the start: the tail past midnight belongs to the start day. A line may never be on the air (a date
    and a weekday that disagree): that is a finding, so nothing is raised here.

    `site` is HFCC's code of two or three letters, or EiBi's; `zones` are CIRAF quadrants, each as "44NE", empty where
    nobody says. `who` is what people call the other side by: a broadcaster, a station. `key` leads back to where the
    line is from: a row's id, a line number.
    """

    key: str
    khz: float
    start_minute: int
    stop_minute: int
    days: Days
    first_date: date
    last_date: date
    site: str
    who: str = ""
    zones: frozenset[str] = frozenset()
    power_kw: float | None = None
    azimuth: int | None = None
    transmitter: str | None = None
    """Which of the site's transmitters, where that is known: HFCC names none."""
    synchronised: str | None = None
    """Own lines with the same mark send the same programme in step: co-channel is meant."""

    @property
    def minutes(self) -> int:
        """How long each occurrence is, 1 to 1440."""
        return (self.stop_minute - self.start_minute - 1) % DAY_MINUTES + 1
