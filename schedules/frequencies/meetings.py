"""When two lines are on the air together, or one after the other: exact by days, dates and midnight, for whole columns of pairs.

Nothing is expanded: what two lines do to each other repeats with the weekdays they share, so that the days are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.frequencies.columns import Columns
from schedules.frequencies.day_sets import EVERY_WEEKDAY, DaySets, Numbers
from schedules.time import DAY_MINUTES

NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Of each pair the first minute on the air together, how many such minutes, and in how many occurrences of the first line.

    Where they never are, `first` is NEVER and the others 0.
    """

    first: Numbers
    minutes: Numbers
    occurrences: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Successions:
    """Of each pair how many minutes (less than a day) lie between a stop of the first line and the next start of the second.

    `first` is the minute of the first such stop, NEVER where there is none; `occurrences` is how many there are.
    """

    gap: Numbers
    first: Numbers
    occurrences: Numbers


def may_overlap(one: Columns, other: Columns) -> NDArray[np.bool_]:
    """False for pairs that differ in time of day or in date: a quick look that leaves in every pair that overlaps."""
    apart = (other.start - one.start) % DAY_MINUTES
    at_once = (apart < one.stop - one.start) | (-apart % DAY_MINUTES < other.stop - other.start)
    first = np.maximum(one.days.first, other.days.first)
    return at_once & (first <= np.minimum(one.days.last, other.days.last) + 1)


def overlaps(one: Columns, other: Columns, since: int, until: int) -> Overlaps:
    """What each pair of rows shares from minute `since` to before `until`."""
    first = np.full(one.start.size, NEVER)
    minutes = np.zeros_like(first)
    occurrences = np.zeros_like(first)
    met: list[DaySets] = []
    # An occurrence lasts up to a day: it can meet the one that started the day before, on the same day or the day after.
    for shift in (-1, 0, 1):
        start = np.maximum(one.start, other.start + shift * DAY_MINUTES)
        stop = np.minimum(one.stop, other.stop + shift * DAY_MINUTES)
        days = _days(one, other, shift) & _days_within(start, stop, since, until)
        days = DaySets(days.first, days.last, np.where(start < stop, days.weekdays, 0))
        count = days.counts()
        begins, ends = days.earliest() * DAY_MINUTES + start, days.latest() * DAY_MINUTES + stop
        # Only the first day can reach back beyond `since`, only the last beyond `until`.
        cut = (since - begins).clip(min=0) + (ends - until).clip(min=0)
        minutes += np.where(count, count * (stop - start) - cut, 0)
        first = np.where(count, np.minimum(first, begins.clip(min=since)), first)
        occurrences += count
        met.append(days)
    # It can meet two of them, but not those of the day before and of the day after: they are a day or more apart.
    for before, after in pairwise(met):
        occurrences -= (before & after).counts()
    return Overlaps(first, minutes, occurrences)


def successions(one: Columns, other: Columns, since: int, until: int) -> Successions:
    """What lies between each pair of rows, both of which are on the air from minute `since` to before `until`."""
    shift = -((other.start - one.stop) // DAY_MINUTES)
    start = other.start + shift * DAY_MINUTES
    days = _days(one, other, shift) & _days_within(start, one.stop, since, until)
    count = days.counts()
    first = np.where(count, days.earliest() * DAY_MINUTES + one.stop, NEVER)
    return Successions(start - one.stop, first, count)


def _days(one: Columns, other: Columns, shift: int | Numbers) -> DaySets:
    """The days on which the one starts and so many days after which the other does."""
    return one.days & other.days.earlier(shift)


def _days_within(start: Numbers, stop: Numbers, since: int, until: int) -> DaySets:
    """The days on which that minute of the day, `stop`, is after `since` and the other, `start`, before `until`."""
    return DaySets(
        (since - stop) // DAY_MINUTES + 1,
        (until - 1 - start) // DAY_MINUTES,
        np.full(start.size, EVERY_WEEKDAY),
    )
