"""How much a conflict or a finding matters: ordered, so that `>=` and `max` mean what a frequency manager means."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    INFORMATION = 1
    WARNING = 2
    ERROR = 3
    """It cannot be aired as it is planned."""

    @property
    def code(self) -> str:
        """The stable name for machines: "error"."""
        return self.name.lower()


class Level(IntEnum):
    """What two lines do to each other, the worst highest. The numbers are for comparing only: `code` never changes.

    Two lines that are on the air at once on neighbouring channels or one harm each other where both are meant to be heard:
    in a CIRAF quadrant that they share. Where they share none it is no conflict: of 1,034 co-channel overlaps in a
    coordinated season, 200 share a zone.
    """

    NEAR_CHANNEL = 1
    """More than 5 and up to 10 kHz apart, with a shared zone."""
    RETUNE_IF_ONE_TRANSMITTER = 2
    """Own lines of a site follow each other sooner than a transmitter retunes there; whether one sends both is not known."""
    CO_CHANNEL_ZONES_UNKNOWN = 3
    """The same frequency as somebody else's, but one side does not say for which zones."""
    ADJACENT_CHANNEL = 4
    """Up to 5 kHz apart, with a shared zone."""
    CO_CHANNEL = 5
    """The same frequency as somebody else's, with a shared zone."""
    RETUNE = 6
    """Own lines of one transmitter follow each other sooner than it retunes."""
    OWN_CO_CHANNEL = 7
    """Own lines of different sites on one frequency that are not marked as synchronised."""
    SAME_SITE_AND_FREQUENCY = 8
    """One site would send two lines on one frequency at once."""
    SAME_TRANSMITTER = 9
    """One transmitter would send two lines at once."""

    @property
    def code(self) -> str:
        """The stable name for machines: "same-transmitter"."""
        return self.name.lower().replace("_", "-")

    @property
    def severity(self) -> Severity:
        if self >= Level.SAME_SITE_AND_FREQUENCY:
            return Severity.ERROR
        return Severity.WARNING if self >= Level.ADJACENT_CHANNEL else Severity.INFORMATION
