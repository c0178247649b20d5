"""Sets of days, one a row: those from a first to a last day that are one of certain weekdays. Whole columns at a time.

Days are numbers from 1970-01-01. Weekdays are seven bits: bit k stands for the days whose number leaves k when it is divided
by 7, so that bit 0 is Thursday, as 1970-01-01 was one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.days import Days

Numbers = NDArray[np.int64]
"""One whole number a row."""

EVERY_WEEKDAY: Final = (1 << 7) - 1

_EPOCH: Final = date(1970, 1, 1)
_BITS: Final = np.arange(1 << 7)[:, None] >> np.arange(7) & 1
"""[weekdays, k]: 1 where bit k is set."""
_BELOW: Final = np.concatenate([np.zeros((1 << 7, 1), np.int64), _BITS.cumsum(axis=1)], axis=1)
"""[weekdays, k]: how many of the bits below k are set; the eighth column has all of them."""
_TURNED: Final = np.stack([np.arange(1 << 7) >> by | np.arange(1 << 7) << 7 - by & 127 for by in range(7)])
"""[n, weekdays]: those n days earlier."""


def _waits(step: int) -> Numbers:
    """[weekdays, k]: how many steps from bit k to the nearest that is set, 0 to 6; without any it is 7."""
    ahead = np.stack([np.roll(_BITS, -step * steps, axis=1) for steps in range(7)])
    return np.where(ahead.any(axis=0), ahead.argmax(axis=0), 7)


_WAIT: Final = _waits(1)
_SINCE: Final = _waits(-1)


def day_number(day: date) -> int:
    return day.toordinal() - _EPOCH.toordinal()


@cache
def weekday_bits(days: Days) -> int:
    """The seven bits of ISO weekdays."""
    return sum(1 << (day - _EPOCH.isoweekday()) % 7 for day in days)


@dataclass(frozen=True, slots=True, eq=False)
class DaySets:
    """In each row the days from `first` to `last`, both included, that are one of `weekdays`. It may have none."""

    first: Numbers
    last: Numbers
    weekdays: Numbers

    def rows(self, index: NDArray[np.integer]) -> DaySets:
        """The rows of these numbers, each as often as it is named."""
        return DaySets(self.first[index], self.last[index], self.weekdays[index])

    def __and__(self, other: DaySets) -> DaySets:
        """The days that are in both, row by row."""
        return DaySets(
            np.maximum(self.first, other.first),
            np.minimum(self.last, other.last),
            self.weekdays & other.weekdays,
        )

    def earlier(self, by: int | Numbers) -> DaySets:
        """Every day so many days earlier: the days of which the day so much later is in the set."""
        return DaySets(self.first - by, self.last - by, _TURNED[by % np.int64(7), self.weekdays])

    def counts(self) -> Numbers:
        """How many days are in each."""
        found = _up_to(self.last, self.weekdays) - _up_to(self.first - 1, self.weekdays)
        return np.where(self.first <= self.last, found, 0)

    def hold(self, day: int) -> NDArray[np.bool_]:
        """Whether the day is in each."""
        return (self.first <= day) & (day <= self.last) & (self.weekdays >> day % 7 & 1 > 0)

    def earliest(self) -> Numbers:
        """The first day that is in each; meaningless where there is none."""
        return self.first + _WAIT[self.weekdays, self.first % 7]

    def latest(self) -> Numbers:
        """The last day that is in each; meaningless where there is none."""
        return self.last - _SINCE[self.weekdays, self.last % 7]


def _up_to(day: Numbers, weekdays: Numbers) -> Numbers:
    """How many days of these weekdays there are from the epoch to the end of a day; negative before the epoch."""
    found: Numbers = day // 7 * _BELOW[weekdays, 7] + _BELOW[weekdays, day % 7 + 1]
    return found
