"""What one output sends when: the frames of an airing, each at its instant. Pure: nothing here reads a clock or a file.

Frame 0 is the programme's first. Before it, frames count backwards through the interval signal, so that a whole signal
ends where the programme begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.air.armed import CHAIN, STEPS, Armed, Level, Output, Sound, Turn
from app.air.clock import SECOND_NS, to_ns
from audio.pcm import RATE


@dataclass(frozen=True, slots=True)
class Stretch:
    """``count`` frames of one step of the chain, from its frame ``first`` on; they are the airing's from ``at`` on."""

    at: int
    level: Level
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Booking:
    """One airing on one output. Frames are of ``frame_samples`` at ``sample_rate``."""

    armed: Armed
    output: Output
    sound: Sound
    frame_samples: int
    sample_rate: int
    lengths: Mapping[Level, int]
    """How many frames there are of each step of the chain. A step that is not there is passed over; the interval signal
    always is."""

    @property
    def starts_ns(self) -> int:
        """When frame 0 is sent: the airing's beginning, less the endpoint's own lateness."""
        return to_ns(self.armed.starts_at) - round(self.output.lead_ms * 1e6)

    @property
    def opens_ns(self) -> int:
        """When the first frame is sent, of the interval signal."""
        return self.due_ns(-self.frames_in(self.output.preroll_s))

    @property
    def ends_ns(self) -> int:
        """When the last frame is over."""
        return self.due_ns(self.sound.frames)

    def frames_in(self, seconds: float) -> int:
        """So many whole frames, at least."""
        return -(-round(seconds * self.sample_rate) // self.frame_samples)

    def due_ns(self, frame: int) -> int:
        """The instant (UTC) at which a frame is sent."""
        return self.starts_ns + frame * self.frame_samples * SECOND_NS // self.sample_rate

    def frame_at(self, utc_ns: int) -> int:
        """The first frame that is not due before an instant."""
        return -((self.starts_ns - utc_ns) * self.sample_rate // (self.frame_samples * SECOND_NS))

    def frame_of(self, sample: int) -> int:
        """The first frame that begins at or after a sample at 48 kHz."""
        return -(-sample * self.sample_rate // (self.frame_samples * RATE))

    def stretch(self, frame: int, most: int, failed: Mapping[Level, int] | None = None) -> Stretch:
        """What goes out from a frame on: at most so many frames, and no further than it is one piece.

        ``failed``: steps of the chain that cannot be had, and from which frame on.
        """
        if frame < 0:
            return self._looped("interval_signal", frame, 0, min(most, -frame))
        turn, until = self._turn(frame)
        turn_at, level = (self.frame_of(turn.from_sample), turn.level) if turn else (0, CHAIN[0])
        failed = failed or {}
        for step in STEPS[STEPS.index(level) :]:
            if self.lengths.get(step, 0) and step not in failed:
                level = step
                break
            # What stands in begins at its own beginning, where it is called in
            turn_at = max(turn_at, failed.get(step, 0))
        most = min(most, until - frame)
        if level == "studio" and turn is not None:
            return Stretch(frame, level, frame - self.frame_of(turn.zero_sample), most)
        if level == "programme":
            left = self.lengths["programme"] - frame
            if left > 0:
                return Stretch(frame, level, frame, min(most, left))
            level, turn_at = "interval_signal", self.lengths["programme"]  # it is shorter than its slot
        return self._looped(level, frame, turn_at, most)

    def title(self, frame: int) -> str | None:
        """What the programme is called at a frame; None where the feed is told no titles, or none yet."""
        begun = [one.text for one in self.output.titles if self.frame_of(one.from_sample) <= frame]
        return begun[-1] if begun else None

    def _turn(self, frame: int) -> tuple[Turn | None, int]:
        """What was asked for last, and until where that is wanted. Nothing was: then it is the programme."""
        last: Turn | None = None
        for turn in self.armed.turns:
            begins = self.frame_of(turn.from_sample)
            if begins > frame:
                return last, min(self.sound.frames, begins)
            last = turn
        return last, self.sound.frames

    def _looped(self, level: Level, frame: int, zero: int, most: int) -> Stretch:
        length = self.lengths[level]
        first = (frame - zero) % length
        return Stretch(frame, level, first, min(most, length - first))


def in_force(bookings: Sequence[Booking], utc_ns: int) -> Booking | None:
    """Of one output's bookings the one that is sent at an instant, or is the next to open.

    An airing keeps its output until it ends, so a preroll gives way to the programme before it.
    """
    ahead = sorted(bookings, key=lambda one: (one.starts_ns, one.armed.airing_id))
    return next((one for one in ahead if utc_ns < one.ends_ns), None)
