"""Times of day as broadcasters write them: whole minutes after midnight, "2000", as in HFCC."""

from __future__ import annotations

import re

from schedules.errors import BadTime
from schedules.said import Said, say
from schedules.time import DAY_MINUTES

_HHMM = re.compile(r"([0-9]{2}):?([0-9]{2})")


def parse_hhmm(text: str, *, stop: bool, notes: list[Said] | None = None) -> int:
    """Minutes after midnight of "2000" or "20:00": 0 to 1439, and 1440 for a stop of "2400".

    A stop of "0000" means the end of the day, so it is read as 2400 and a sentence saying so is added to `notes`.
    Raises BadTime.
    """
    match = _HHMM.fullmatch(text.strip())
    if match is None:
        raise BadTime(
            say(
                "unread-time",
                '"{text}" is not a time: write four digits, hours and minutes, such as 2000 or 20:00',
                text=text,
            )
        )
    hours, minutes = int(match[1]), int(match[2])
    total = hours * 60 + minutes
    if minutes > 59 or total > DAY_MINUTES:
        raise BadTime(
            say(
                "unread-hours",
                '"{text}" is not a time: hours go from 00 to 23 (2400 for a stop), minutes from 00 to 59',
                text=text,
            )
        )
    if total == DAY_MINUTES and not stop:
        raise BadTime(
            say(
                "unread-start-2400",
                '"{text}" cannot be a start: 2400 only ends a day; write 0000 and the next day',
                text=text,
            )
        )
    if total == 0 and stop:
        if notes is not None:
            notes.append(
                say("read-as-2400", 'the stop "{text}" was read as 2400, the end of the day', text=text)
            )
        return DAY_MINUTES
    return total


def format_hhmm(minute: int) -> str:
    """1200 -> "2000", 1440 -> "2400": the form that HFCC and `parse_hhmm` share."""
    return f"{minute // 60:02d}{minute % 60:02d}"
