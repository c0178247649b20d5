"""What was heard, as a table: which part of which programme came when, how late, and what lay between.

Everything is counted in samples at 48 kHz: of the stream that was heard, and of the programme that was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE
from audio.profile import MP3_FRAME_SAMPLES

Sound = NDArray[np.float32]

_MS: Final = RATE / 1000
_NS_PER_MS: Final = 1e6
FRAME_MS: Final = MP3_FRAME_SAMPLES / _MS


@dataclass(frozen=True, slots=True)
class Programme:
    """What may be heard: its ``frames`` (to be known by their bytes), its ``sound`` (by likeness), or both.

    ``starts_at_ns``: when its first sample is due, on the realtime clock. ``loops``: it is played over and over, and
    being at its start again is no fault. ``early_samples``: by how much its frames decode before their time
    (`audio.encode.EARLY_SAMPLES` for frames that Danpa made, 0 where somebody else encodes the sound).
    """

    name: str
    frames: tuple[bytes, ...] = ()
    sound: Sound | None = None
    starts_at_ns: int | None = None
    loops: bool = False
    early_samples: int = 0

    @property
    def samples(self) -> int:
        return len(self.sound) if self.sound is not None else len(self.frames) * MP3_FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples [first, end) of a programme, heard in one piece from sample ``at`` of the stream."""

    programme: str
    first: int
    end: int
    at: int

    @property
    def at_end(self) -> int:
        return self.at + self.end - self.first


@dataclass(frozen=True, slots=True)
class Timeline:
    """When each frame of the stream was all there, on both clocks."""

    monotonic_ns: NDArray[np.int64]
    realtime_ns: NDArray[np.int64]

    def instant_ns(self, sample: int) -> int:
        """The realtime at which a listener who plays frames as they come hears a sample."""
        frame = min(max(sample // MP3_FRAME_SAMPLES, 0), len(self.realtime_ns) - 1)
        return int(self.realtime_ns[frame]) + round((sample - frame * MP3_FRAME_SAMPLES) / RATE * 1e9)

    def longest_pause_ms(self) -> float:
        """Between two frames of this stream."""
        return float(np.diff(self.monotonic_ns).max(initial=0)) / _NS_PER_MS


Kind = Literal["gap", "repeat", "interruption", "change", "round"]


@dataclass(frozen=True, slots=True)
class Join:
    """Where one stretch ends and the next begins.

    ``gap``: ``ms`` of the programme are left out; ``repeat``: ``ms`` come twice; ``interruption``: nothing of it is
    lost, but something else lies between; ``change``: another programme; ``round``: a loop begins anew.
    ``between_ms`` is what lies between that is no known programme.
    """

    kind: Kind
    before: str
    after: str
    at: int
    at_ns: int
    ms: float
    between_ms: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One programme in a stream. Times are late if positive, early if negative; None where nothing was due.

    ``start_error_ms``: of the first sample that was heard, against when that sample was due (so a programme that was joined in
    progress at the right place has none). ``earliest_ms`` and ``latest_ms``: over all its frames.
    ``buffer_ms``: what a player that began with the first frame had to hold back so as never to run dry.
    """

    programme: str
    first_ms: float
    heard_ms: float
    missing_ms: float
    repeated_ms: float
    start_ns: int
    end_ns: int
    start_error_ms: float | None
    end_error_ms: float | None
    earliest_ms: float | None
    latest_ms: float | None
    buffer_ms: float
    gaps_ms: tuple[float, ...]
    repeats_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that was heard in one stream. ``strange_ms``: sound of no known programme; ``junk_bytes``: no frames at all."""

    stretches: tuple[Stretch, ...]
    joins: tuple[Join, ...]
    programmes: tuple[Heard, ...]
    strange_ms: float
    junk_bytes: int
    longest_pause_ms: float

    def of(self, programme: str) -> Heard:
        """Raises `LookupError` if it was not heard at all."""
        for each in self.programmes:
            if each.programme == programme:
                return each
        raise LookupError(
            f"{programme} was not heard; heard were {[each.programme for each in self.programmes]}"
        )

    def faults(self) -> tuple[Join, ...]:
        """The joins that a listener would complain of."""
        return tuple(join for join in self.joins if join.kind not in {"change", "round"} or join.between_ms)


def report(
    stretches: Sequence[Stretch], programmes: Sequence[Programme], timeline: Timeline, *, junk_bytes: int = 0
) -> Report:
    """Add up what the stretches, in the order of the stream, say."""
    known = {each.name: each for each in programmes}
    joins = [_join(one, other, known, timeline) for one, other in pairwise(stretches)]
    names = dict.fromkeys(stretch.programme for stretch in stretches)
    strange = len(timeline.realtime_ns) * MP3_FRAME_SAMPLES - sum(each.end - each.first for each in stretches)
    return Report(
        stretches=tuple(stretches),
        joins=tuple(joins),
        programmes=tuple(
            _heard(known[name], [each for each in stretches if each.programme == name], timeline)
            for name in names
        ),
        strange_ms=strange / _MS,
        junk_bytes=junk_bytes,
        longest_pause_ms=timeline.longest_pause_ms(),
    )


def _join(one: Stretch, other: Stretch, known: dict[str, Programme], timeline: Timeline) -> Join:
    step = other.first - one.end
    kind: Kind
    if one.programme != other.programme:
        kind, step = "change", 0
    elif known[one.programme].loops and one.end == known[one.programme].samples and other.first == 0:
        kind, step = "round", 0
    else:
        kind = "gap" if step > 0 else "repeat" if step < 0 else "interruption"
    between = other.at - one.at_end
    return Join(
        kind=kind,
        before=one.programme,
        after=other.programme,
        at=other.at,
        at_ns=timeline.instant_ns(other.at),
        ms=abs(step) / _MS,
        between_ms=between / _MS,
    )


def _heard(programme: Programme, stretches: Sequence[Stretch], timeline: Timeline) -> Heard:
    steps = [(other.first - one.end) / _MS for one, other in pairwise(stretches) if not programme.loops]
    total = sum(each.end - each.first for each in stretches)
    different = _union(stretches)
    first, last = stretches[0], stretches[-1]
    start_ns, end_ns = timeline.instant_ns(first.at), timeline.instant_ns(last.at_end)
    ahead = np.concatenate([_lateness_ms(each, timeline) for each in stretches])
    late = None if programme.starts_at_ns is None else ahead - programme.starts_at_ns / _NS_PER_MS
    return Heard(
        programme=programme.name,
        first_ms=first.first / _MS,
        heard_ms=total / _MS,
        missing_ms=(programme.samples - different) / _MS,
        repeated_ms=0.0 if programme.loops else (total - different) / _MS,
        start_ns=start_ns,
        end_ns=end_ns,
        start_error_ms=_error_ms(programme, start_ns, first.first),
        end_error_ms=_error_ms(programme, end_ns, last.end),
        earliest_ms=None if late is None else float(late.min()),
        latest_ms=None if late is None else float(late.max()),
        buffer_ms=float(ahead.max() - ahead[0]) if len(ahead) else 0.0,
        gaps_ms=tuple(step for step in steps if step > 0),
        repeats_ms=tuple(-step for step in steps if step < 0),
    )


def _error_ms(programme: Programme, instant_ns: int, sample: int) -> float | None:
    if programme.starts_at_ns is None:
        return None
    return (instant_ns - programme.starts_at_ns) / _NS_PER_MS - sample / _MS


def _lateness_ms(stretch: Stretch, timeline: Timeline) -> NDArray[np.float64]:
    """For each frame that begins in the stretch, its arrival less its place in the programme: the realtime of sample 0."""
    first = -(-stretch.at // MP3_FRAME_SAMPLES)
    # Sound that decodes early reaches past its last frame
    end = min(-(-stretch.at_end // MP3_FRAME_SAMPLES), len(timeline.realtime_ns))
    places = np.arange(first, end) * MP3_FRAME_SAMPLES - stretch.at + stretch.first
    return timeline.realtime_ns[first:end] / _NS_PER_MS - places / _MS


def _union(stretches: Sequence[Stretch]) -> int:
    """How many different samples of a programme its stretches hold."""
    total, reached = 0, 0
    for stretch in sorted(stretches, key=lambda each: each.first):
        total += max(0, stretch.end - max(stretch.first, reached))
        reached = max(reached, stretch.end)
    return total
