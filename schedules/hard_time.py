"""Hard times: "news at 15:00 sharp", "an ident at the half hour", "the letter 12 minutes in"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.errors import BadClock
from schedules.said import say
from schedules.time import KST, Span

_SPELLINGS = re.compile(
    r"(?:\+(?P<in>\d{1,2}):(?P<in_m>\d\d)(?::(?P<in_s>\d\d))?"
    r"|:(?P<past>[0-5]\d)(?::(?P<past_s>[0-5]\d))?"
    r"|(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?: (?P<zone>UTC|KST))?)"
)


@dataclass(frozen=True, slots=True)
class HardTime:
    """When an element has to start, as it was written.

    `15:00` (UTC) or `00:00 KST` is a time of day; `:30` half past any hour; `+0:12` or `+0:12:30` counts hours, minutes
    and seconds from the beginning of the programme.
    """

    text: str

    def __post_init__(self) -> None:
        if _SPELLINGS.fullmatch(self.text) is None:
            raise BadClock(
                say(
                    "clock-at",
                    '"at" is "{given}": write a time of day (15:00, 00:00 KST), minutes past each hour (:30), '
                    "or time since the start (+0:12:30)",
                    given=self.text,
                )
            )

    def instants(self, span: Span) -> list[datetime]:
        """The moments of a programme at which it is that time; none where the programme does not reach it."""
        found = _SPELLINGS.fullmatch(self.text)
        assert found is not None
        part = {key: int(value) for key, value in found.groupdict("0").items() if value.isdigit()}
        if found["in"] is not None:
            after = timedelta(hours=part["in"], minutes=part["in_m"], seconds=part["in_s"])
            times = [span.start + after]
        elif found["past"] is not None:
            hour = span.start.replace(minute=0, second=0, microsecond=0)
            past = timedelta(minutes=part["past"], seconds=part["past_s"])
            hours = int((span.end - hour) / timedelta(hours=1)) + 1
            times = [hour + timedelta(hours=number) + past for number in range(hours)]
        else:
            zone = KST if found["zone"] == "KST" else UTC
            day = span.start.astimezone(zone)
            time = day.replace(hour=part["hour"], minute=part["minute"], second=part["second"], microsecond=0)
            times = [(time + timedelta(days=days)).astimezone(UTC) for days in (0, 1)]
        return [time for time in times if span.start <= time < span.end]
