"""The ruler of a programme: time in ticks, so that every start lies on the grid and lengths add up exactly.

A tick is the grid of the frames (MP3: 1,152 samples, 24 ms) or, where that is finer than 20 ms, a multiple of it. An item
takes up its sound and the shortest pause after it, rounded up to ticks; what is more than that is the pause's stretch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.elements import LONGEST_PAUSE_S, SHORTEST_CROSSFADE_S, SHORTEST_PAUSE_S
from schedules.time import SAMPLE_RATE, samples_to_timedelta

LEAD_IN = 2_304
"""Silence before the first item: the first two MP3 frames of a spliced file are poor, and nobody hears them (48 ms)."""

SHORTEST_PAUSE = round(SHORTEST_PAUSE_S * SAMPLE_RATE)
LONGEST_PAUSE = round(LONGEST_PAUSE_S * SAMPLE_RATE)
COMFORTABLE_PAUSE = round(0.7 * SAMPLE_RATE)
SHORTEST_CROSSFADE = round(SHORTEST_CROSSFADE_S * SAMPLE_RATE)
SHORTEST_TICK = 960


@dataclass(frozen=True, slots=True)
class Ruler:
    """Ticks of one programme of `target_samples` from `starts_at` on. The grid is at most the shortest pause."""

    grid_samples: int
    target_samples: int
    starts_at: datetime

    def __post_init__(self) -> None:
        if not 1 <= self.grid_samples <= SHORTEST_PAUSE:
            raise ValueError(f"a grid of {self.grid_samples} samples: it goes from 1 to {SHORTEST_PAUSE}")

    @property
    def tick(self) -> int:
        """Samples of a tick."""
        return self.grid_samples * -(-SHORTEST_TICK // self.grid_samples)

    @property
    def lead(self) -> int:
        """The tick at which the first item starts."""
        return -(-LEAD_IN // self.tick)

    @property
    def end(self) -> int:
        """The last tick at which the last item's shortest pause may be over: then its sound ends with the programme."""
        return self.steps(self.target_samples)

    @property
    def closing(self) -> int:
        """So many ticks before the end the last item may be over: the silence that is left is under a second."""
        return max(SAMPLE_RATE // self.tick - 1, 0)

    @property
    def stretch(self) -> int:
        """So many ticks a pause may be longer than the shortest."""
        return (LONGEST_PAUSE - SHORTEST_PAUSE) // self.tick - 1

    def reach(self, nominal: int) -> int:
        """By how many ticks a pause may be longer than the shortest, where so many are asked for.

        A pause that nobody asked for to be long stays comfortable: recordings have quiet edges of their own.
        """
        return max((COMFORTABLE_PAUSE - SHORTEST_PAUSE) // self.tick - 1, nominal)

    def fewer(self, in_an_hour: int, at_least: int) -> int:
        """How many of what costs time are affordable: fewer than in an hour where the programme is longer."""
        hour = 3600 * SAMPLE_RATE // self.tick
        return max(min(in_an_hour, in_an_hour * hour // (self.end + 1)), at_least)

    def steps(self, samples: int) -> int:
        """What an item takes up with the shortest pause after it."""
        return -(-(samples + SHORTEST_PAUSE) // self.tick)

    def last_start(self, samples: int) -> int:
        """The last tick from which so many samples end within the programme; negative where none is."""
        return (self.target_samples - samples) // self.tick

    def sound(self, steps: int) -> int:
        """The most samples of sound that so many ticks hold, with the shortest pause after it."""
        return steps * self.tick - SHORTEST_PAUSE

    def stretch_of(self, pause_s: float) -> int:
        """By how many ticks a pause that is asked for is longer than the shortest."""
        return min(max(round((pause_s * SAMPLE_RATE - SHORTEST_PAUSE) / self.tick), 0), self.stretch)

    def crossfades(self, longest_s: float) -> tuple[int, int] | None:
        """By how many ticks an item may start before the end of the one before it, with its shortest pause; None: by none.

        Sound ends up to a tick sooner than a whole number of ticks: both bounds hold for it nevertheless.
        """
        first = -(-(SHORTEST_CROSSFADE + SHORTEST_PAUSE) // self.tick) + 1
        last = (round(longest_s * SAMPLE_RATE) + SHORTEST_PAUSE) // self.tick
        return (first, last) if longest_s and first <= last else None

    def first_tick_from(self, instant: datetime) -> int:
        """The first tick at or after an instant."""
        return -(-self._microseconds(instant) * SAMPLE_RATE // (10**6 * self.tick))

    def last_tick_for(self, samples: int, until: datetime) -> int:
        """The last tick from which so many samples are over by an instant."""
        tick = (self._microseconds(until) * SAMPLE_RATE // 10**6 - samples) // self.tick
        # Lengths are rounded to microseconds where they are shown and checked, each by itself
        late = self.starts_at + samples_to_timedelta(tick * self.tick) + samples_to_timedelta(samples) > until
        return tick - late

    def _microseconds(self, instant: datetime) -> int:
        # Whole numbers, so that no float rounds an embargo away
        return (instant - self.starts_at) // timedelta(microseconds=1)
