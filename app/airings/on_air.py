"""An airing that is on the air live: what of it is heard already, and what can still be changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.airings.models import Airing
from schedules.rundown import Item, Rundown
from schedules.time import SAMPLE_RATE

CHANGE_TAKES = timedelta(seconds=8)
"""From somebody's wish until the air has the new version: compiling, rendering, arming. What begins sooner stays as it is."""


def position(airing: Airing, at: datetime) -> int:
    """The sample of an airing that is due at an instant; negative before its beginning."""
    return (at - airing.starts_at) * SAMPLE_RATE // timedelta(seconds=1)


def begun(airing: Airing, rundown: Rundown, now: datetime) -> tuple[Item, ...]:
    """The items that are heard, or will be before a change could be: nobody can take them back."""
    reached = position(airing, now + CHANGE_TAKES)
    return tuple(item for item in rundown.items if reached > 0 and item.start_sample < reached)


def heard_samples(airing: Airing, rundown: Rundown, now: datetime) -> int:
    """How many samples from the beginning on belong to what has begun."""
    already = len(begun(airing, rundown, now))
    if already == 0:
        return 0
    if already == len(rundown.items):
        return rundown.target_samples
    return rundown.items[already].start_sample


def next_join(rundown: Rundown, sample: int) -> int:
    """The beginning of the first item at or after a sample; the end where there is none."""
    return min(
        (item.start_sample for item in rundown.items if item.start_sample >= sample),
        default=rundown.target_samples,
    )
