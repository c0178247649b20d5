"""Errors of the schedule: one root, a stable code for machines, a message for the person who can put it right.

Every message names the thing, says what is wrong with it and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from schedules.rundown import Rundown
    from schedules.said import Said


class ScheduleError(Exception):
    """Root of everything this package raises about its input. `code` is kebab-case and never changes.

    `said` is the message for readers of other languages, where there are words for it.
    """

    code: ClassVar[str] = "schedule-error"

    def __init__(self, message: Said | str) -> None:
        super().__init__(str(message))
        self.said = None if isinstance(message, str) else message


class BadTime(ScheduleError):
    """A text or number that is not a time of day, or an instant without a time zone."""

    code = "bad-time"


class BadDays(ScheduleError):
    """Weekdays that cannot be read, or none at all."""

    code = "bad-days"


class BadSeason(ScheduleError):
    """A season code that is not A or B with two digits of a year."""

    code = "bad-season"


class BadDateRange(ScheduleError):
    """A last date before the first, or a span that ends before it starts."""

    code = "bad-date-range"


class EmptySlot(ScheduleError):
    """A slot that stops at the minute at which it starts."""

    code = "empty-slot"


class SlotShorterThanEarlyOff(ScheduleError):
    """A slot whose early-off leaves no time for a programme."""

    code = "slot-shorter-than-early-off"


class AcrossSeasonChange(ScheduleError):
    """An occurrence of our own that would run across a season change: planned again, never cut."""

    code = "across-season-change"


class BadCircuit(ScheduleError):
    """A path, power, month, sunspot number, hour or frequency for which no signal can be predicted."""

    code = "bad-circuit"


class BadClock(ScheduleError):
    """A programme's clock that cannot be read: the message names the element and the field."""

    code = "bad-clock"
    said: Said

    def __init__(self, said: Said) -> None:
        super().__init__(said)


class Uncompilable(ScheduleError):
    """No programme keeps every rule. `relaxations` says which ones to relax and by how much, one sentence each."""

    code = "uncompilable"
    said: Said

    def __init__(self, said: Said, relaxations: Sequence[Said] = (), nearest: Rundown | None = None) -> None:
        super().__init__(said)
        self.relaxations = tuple(relaxations)
        self.nearest = nearest
        """The programme that would air if they were relaxed."""


class DoesNotFit(Uncompilable):
    """What must be aired whole is longer than the slot, or misses its hard time: the message says by how much."""

    code = "does-not-fit"


class NothingToPick(Uncompilable):
    """A required element for which the library holds nothing that may air at that moment."""

    code = "nothing-to-pick"


class BadZones(ScheduleError):
    """A text that is not a list of CIRAF zones and quadrants."""

    code = "bad-zones"


class BadRecord(ScheduleError):
    """A field of a frequency schedule's line that cannot be read, or that does not fit where it must be written."""

    code = "bad-record"


class BadEncoding(ScheduleError):
    """A character that the encoding of a file cannot write."""

    code = "bad-encoding"


class BadEdit(ScheduleError):
    """An edit of a rundown that names what is not there, or what cannot be edited so."""

    code = "bad-edit"


class BadRundown(ScheduleError):
    """A rundown that breaks its own rules, or JSON that is not a rundown."""

    code = "bad-rundown"


class BadAnnouncement(ScheduleError):
    """Facts that cannot be put into words, or a template that names what is no part of an announcement."""

    code = "bad-announcement"
