"""A booking with everything that it plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.air.armed import Level
from app.air.clock import SECOND_NS
from app.air.timeline import Booking
from app.air.tracks import Playable

PREPARE_NS = 30 * SECOND_NS
"""So long before it opens, the beginning of what is sent is read once more, should it have left the memory."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, and the tracks that it plays."""

    booking: Booking
    tracks: Mapping[Level, Playable]

    def prepare(self, utc_ns: int) -> None:
        """Have what is due at an instant and soon afterwards read: to be called every second, on the air or not.

        Whoever is connected late, connected again or turned back to the programme finds it in memory.
        """
        booking = self.booking
        now = max(booking.frame_at(utc_ns), 0)
        if utc_ns < booking.opens_ns - PREPARE_NS or now >= booking.sound.frames:
            return
        if now < booking.lengths.get("programme", 0):
            self.tracks["programme"].prepare(now)
        stretch = booking.stretch(now, 1)
        if stretch.level != "programme":
            self.tracks[stretch.level].prepare(stretch.first)
