"""A pen that writes a rundown from left to right: it knows the grid, pauses and fades, and nothing of clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedules.candidates import Candidate
from schedules.grid import SHORTEST_PAUSE, Grid, Run
from schedules.rundown import LONGEST_SILENCE, IntervalSignalSource, Item, Reason, SegmentSource
from schedules.time import SAMPLE_RATE, samples_to_timedelta

FADE_OUT = 3 * SAMPLE_RATE
FADE_IN = SAMPLE_RATE // 2
"""Fades of what is shortened; at most a quarter of the piece each."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch to be filled: up to `until`, where the next item starts if `more` follows, or where the airing ends."""

    until: int
    more: bool

    @property
    def sound_end(self) -> int:
        """Where sound has to end, so that a pause is left before what follows."""
        return self.until - SHORTEST_PAUSE if self.more else self.until


class Pen:
    """Writes items at `start`, the place on the grid after the last item and its pause."""

    def __init__(self, grid: Grid, target: int, starts_at: datetime, interval_signal_samples: int) -> None:
        self.grid = grid
        self.target = target
        self.starts_at = starts_at
        self.interval_signal_samples = interval_signal_samples
        self.items: list[Item] = []
        self.start = grid.lead
        self.end = 0

    def airs_at(self) -> datetime:
        """When the next item would be heard."""
        return self.starts_at + samples_to_timedelta(self.start)

    def play(self, piece: Candidate, samples: int, pause: int, element: int | None, reason: Reason) -> None:
        """The first `samples` of a piece; faded out where that is not all of it."""
        fade = min(FADE_OUT, samples // 4) if samples < piece.samples else 0
        source = SegmentSource(piece.segment_id, piece.master_sha256)
        self._write(Run(samples, pause), source, piece.first_sample, (0, fade), element, reason)

    def signal(self, samples: int, pause: int, element: int | None, reason: Reason) -> None:
        """The interval signal, repeated as needed."""
        source = IntervalSignalSource(loop=samples > self.interval_signal_samples)
        fades = (min(FADE_IN, samples // 4), min(FADE_OUT, samples // 4))
        self._write(Run(samples, pause), source, 0, fades, element, reason)

    def signal_until(self, stretch: Stretch, element: int | None, reason: Reason) -> None:
        """The interval signal to the end of a stretch, unless only a permitted silence is left of it."""
        if stretch.until - self.end <= LONGEST_SILENCE:
            return
        if stretch.sound_end - self.start < SAMPLE_RATE:
            # Barely more than the permitted silence is left: the pauses give way, or the signal would be a blip.
            self.start = min(self.start, self.grid.up(self.end + SHORTEST_PAUSE))
        self.signal(stretch.sound_end - self.start, SHORTEST_PAUSE, element, reason)

    def _write(
        self,
        run: Run,
        source: SegmentSource | IntervalSignalSource,
        first_sample: int,
        fades: tuple[int, int],
        element: int | None,
        reason: Reason,
    ) -> None:
        position = len(self.items)
        self.items.append(
            Item(
                position,
                source,
                self.start,
                run.samples,
                first_sample,
                *fades,
                element=element,
                reason=reason,
            )
        )
        self.end = self.start + run.samples
        self.start += self.grid.step(run)
