"""The sample grid: every item starts on a multiple of it, so that encoded frames can be spliced (MP3: 1,152 samples).

Because all starts are on the grid, what an item takes up, its pause included, does not depend on where it stands: lengths
can be added before anything has its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schedules.clock import SHORTEST_PAUSE_S
from schedules.time import SAMPLE_RATE

LEAD_IN = 2_304
"""Silence before the first item: the first two MP3 frames of a spliced file are poor, and nobody hears them (48 ms)."""

SHORTEST_PAUSE = round(SHORTEST_PAUSE_S * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of an item and of the pause after it."""

    samples: int
    pause: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of so many samples, at most the shortest pause, so that rounding never makes items touch."""

    samples: int

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= SHORTEST_PAUSE:
            raise ValueError(f"a grid of {self.samples} samples: it goes from 1 to {SHORTEST_PAUSE}")

    def down(self, sample: int) -> int:
        return sample - sample % self.samples

    def up(self, sample: int) -> int:
        return -self.down(-sample)

    @property
    def lead(self) -> int:
        """Where the first item starts."""
        return self.up(LEAD_IN)

    def step(self, run: Run) -> int:
        """From the start of a run to the start of the next: the pause gives way to the grid, never the sound."""
        return self.down(run.samples + run.pause)

    def length(self, runs: Sequence[Run]) -> int:
        """From the start of the first run to the end of the last, which needs no pause after it."""
        return sum(map(self.step, runs[:-1])) + runs[-1].samples if runs else 0

    def latest_start(self, end: int, runs: Sequence[Run]) -> int:
        """The last place from which these runs end in time; without runs, the end itself."""
        return self.down(end - self.length(runs)) if runs else end

    def room(self, end: int, before: Sequence[Run], pause: int, after: Sequence[Run]) -> int:
        """The longest item, with that pause after it, that fits between these runs; negative where nothing does."""
        start = self.lead + sum(map(self.step, before))
        latest = self.latest_start(end, after)
        return latest - start + (self.samples - 1 - pause if after else 0)
