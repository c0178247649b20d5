"""What of a programme a file holds: all of it, or the part that a site that splits the hour wants by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from audio.limiting import CONTEXT_SAMPLES
from audio.pcm import RATE
from audio.pieces import Piece
from audio.profile import Encoding


@dataclass(frozen=True, slots=True)
class Excerpt:
    """From `start_s` to `stop_s` after the programme's beginning, in seconds; `stop_s` None: to its end.

    Raises `ValueError` for what is no stretch of time.
    """

    start_s: int = 0
    stop_s: int | None = None

    def __post_init__(self) -> None:
        if self.start_s < 0 or (self.stop_s is not None and self.stop_s <= self.start_s):
            raise ValueError(f"a part from {self.start_s} s to {self.stop_s} s is none")

    @property
    def key(self) -> str:
        """A short stable string for cache keys; empty where it is the whole programme."""
        if self == WHOLE:
            return ""
        return f"part{self.start_s}to{'end' if self.stop_s is None else self.stop_s}"

    def span_s(self, duration_s: float) -> tuple[float, float]:
        """From when to when in a programme that lasts so long. Raises `ValueError` where nothing of it is left."""
        stop = duration_s if self.stop_s is None else min(self.stop_s, duration_s)
        if stop <= self.start_s:
            raise ValueError(
                f"a part from {self.start_s} s on has nothing of a programme of {duration_s:g} s"
            )
        return self.start_s, stop

    def span(self, total_samples: int, encoding: Encoding) -> tuple[int, int]:
        """The same in samples at 48 kHz, on the encoding's grid, so that one part ends where the next begins."""
        start_s, stop_s = self.span_s(total_samples / RATE)
        start, stop = round(start_s * RATE), round(stop_s * RATE)
        grid = encoding.grid_samples
        return start - start % grid, total_samples if stop >= total_samples else stop - stop % grid


WHOLE: Final = Excerpt()


def shifted(pieces: Sequence[Piece], by: int, total_samples: int) -> list[Piece]:
    """The pieces moved by so many samples, without those that then neither sound nor have a limiter in [0, total)."""
    moved = [replace(piece, start_sample=piece.start_sample + by) for piece in pieces]
    return [
        piece
        for piece in moved
        if piece.end_sample > -CONTEXT_SAMPLES and piece.start_sample < total_samples + CONTEXT_SAMPLES
    ]
