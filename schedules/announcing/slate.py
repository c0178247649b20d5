"""What is said before a programme to the operator at the site, in English: whose it is, for when, which version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schedules.time import to_utc

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def slate(station: str, starts_at: datetime, *, khz: Sequence[float] = (), version: int) -> str:
    """Such as: Danpa test station. 29 November 2026, 15 00 UTC. 7515 kilohertz. Version 2.

    `station` is its name in English. No frequency is named where none is given. Raises BadTime.
    """
    start = to_utc(starts_at)
    sentences = [
        station.strip().rstrip("."),
        f"{start.day} {_MONTHS[start.month - 1]} {start.year}, {start:%H %M} UTC",
        f"Version {version}",
    ]
    if khz:
        *others, last = (f"{each:g}" for each in sorted(set(khz)))
        sentences.insert(2, f"{', '.join(others)} and {last} kilohertz" if others else f"{last} kilohertz")
    return " ".join(f"{sentence}." for sentence in sentences)
