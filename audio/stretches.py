"""Which frames of a spliced MP3 depend on one piece alone, and which have to be encoded where pieces meet. Pure sums.

At quality 7 and without a reservoir, LAME makes each frame from the sound around it: measured with two builds at 32 to
192 kbit/s, one frame of the same sound before it and two behind it decide all its bits. A frame that has more than that
from one piece is the same in every programme in which the piece lies alike on the grid of frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audio.pieces import Piece
from audio.profile import MP3_FRAME_SAMPLES

BEHIND: Final = 6
"""Frames of run-in before a frame that is to be as in a full encoding: 1 is enough, as a rule."""

AHEAD: Final = 3
"""Frames after a frame's beginning on which it depends: LAME reads 2,528 samples."""

CHECKED: Final = 2
"""Frames on both sides of a seam that are encoded although they are there: they must come out the same."""

SHORTEST: Final = 2 * (BEHIND + AHEAD + CHECKED)
"""A kept stretch spares its own frames and costs a seam: fewer frames than this are not worth it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames [first, end) of a programme that one piece alone decides, or silence (`piece` None).

    `origin` is the programme's frame in which the piece begins. A loop of whole frames repeats every `cycle` frames.
    """

    first: int
    end: int
    piece: int | None
    origin: int
    cycle: int | None = None

    def source_frame(self, frame: int) -> int:
        """Which frame of the piece it is, counted from the one in which it begins."""
        return frame - self.origin if self.cycle is None else (frame - self.origin) % self.cycle


@dataclass(frozen=True, slots=True)
class Run:
    """Frames [first, end) of a programme: kept ones of a stretch, or (`stretch` None) to be encoded."""

    first: int
    end: int
    stretch: int | None = None

    def window(self, total_frames: int, *, before: int, after: int) -> tuple[int, int]:
        """The run with frames on both sides, as far as the programme goes."""
        return max(0, self.first - before), min(total_frames, self.end + after)


def stretches(
    pieces: Sequence[Piece], cycles: Sequence[int | None], total_samples: int, *, silence_cycle: int
) -> list[Stretch]:
    """Every stretch that is worth keeping, in order.

    `cycles` are the lengths in samples of the pieces that loop; silence is kept as `silence_cycle` frames.
    """
    total_frames = total_samples // MP3_FRAME_SAMPLES
    found = []
    at = 0
    for index, piece in enumerate(pieces):
        found.append(_silence(at, piece.start_sample, silence_cycle))
        before = max(0, pieces[index - 1].end_sample) if index else 0
        following = pieces[index + 1].start_sample if index + 1 < len(pieces) else total_samples
        after = min(following, total_samples)
        found.append(_alone(index, piece, before, after, cycles[index]))
        at = max(at, piece.end_sample)
    # Behind the end there is nothing but silence
    found.append(_silence(at, (total_frames + AHEAD) * MP3_FRAME_SAMPLES, silence_cycle))
    ends = (min(each.end, total_frames) for each in found)
    cut = [
        Stretch(each.first, end, each.piece, each.origin, each.cycle)
        for each, end in zip(found, ends, strict=True)
    ]
    return [each for each in cut if each.end - each.first >= SHORTEST]


def _alone(index: int, piece: Piece, before: int, after: int, cycle: int | None) -> Stretch:
    start = max(piece.start_sample + piece.fade_in_samples, before)
    end = min(piece.end_sample - piece.fade_out_samples, after)
    frames = None if cycle is None or cycle % MP3_FRAME_SAMPLES else cycle // MP3_FRAME_SAMPLES
    return Stretch(*_inner(start, end), index, piece.start_sample // MP3_FRAME_SAMPLES, frames)


def _silence(start: int, end: int, cycle: int) -> Stretch:
    first, last = _inner(start, end)
    return Stretch(first, last, None, first, cycle)


def _inner(start: int, end: int) -> tuple[int, int]:
    """The frames that see nothing but the samples [start, end)."""
    return -(-start // MP3_FRAME_SAMPLES) + BEHIND, end // MP3_FRAME_SAMPLES - AHEAD + 1


def runs(kept: Iterable[tuple[int, int, int]], total_frames: int) -> list[Run]:
    """All frames from 0 to the last, each once: `kept` are (first, end, stretch) in order, the rest is encoded."""
    found = []
    at = 0
    for first, end, stretch in kept:
        if first > at:
            found.append(Run(at, first))
        found.append(Run(first, end, stretch))
        at = end
    if at < total_frames:
        found.append(Run(at, total_frames))
    return found
