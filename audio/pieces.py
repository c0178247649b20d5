"""What a programme is made of: pieces of masters, each at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from audio import joins
from audio.prepare import Cut


@dataclass(frozen=True, slots=True)
class Piece:
    """An item of a programme: `samples` from `first_sample` of a master, placed at `start_sample` of the programme.

    All in samples at 48 kHz. With `loop` the master is played from `first_sample` to its end, over and over, until
    `samples` are full. Fades lie inside the piece. `as_is` keeps the profile's processing away from it; with `gain_db` it is so
    much louder than the profile's level.
    """

    master: Path
    master_sha256: str
    start_sample: int
    samples: int
    first_sample: int
    loudness_lufs: float | None
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    loop: bool = False
    as_is: bool = False
    gain_db: float = 0.0

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.samples

    def cut(self, master_samples: int) -> Cut:
        """What of the master has to be prepared. Raises `ValueError` if the master is too short for it."""
        left = master_samples - self.first_sample
        if left <= 0 or (not self.loop and left < self.samples):
            wanted = f"{self.samples} samples from {self.first_sample}"
            raise ValueError(f"master {self.master_sha256[:12]} has {master_samples} samples, not {wanted}")
        samples = left if self.loop else self.samples
        return Cut(
            self.master,
            self.master_sha256,
            self.first_sample,
            samples,
            self.loudness_lufs,
            self.as_is,
            self.gain_db,
        )


def check(pieces: Sequence[Piece], total_samples: int) -> None:
    """Raise `ValueError` unless the pieces can be played one after the other in `total_samples`.

    A piece may begin before the one before it ends (a cross-fade), but never before the one before that has ended.
    """
    if total_samples <= 0:
        raise ValueError("a programme has a length")
    for piece in pieces:
        _check_alone(piece)
        if piece.end_sample > total_samples:
            raise ValueError(
                f"piece at {piece.start_sample} ends at {piece.end_sample}, after {total_samples}"
            )
    shared = overlaps(pieces)
    for piece, before, after in zip(pieces, shared, shared[1:], strict=False):
        if before + after > piece.samples:
            raise ValueError(f"piece at {piece.start_sample}: more than two pieces at once, or not in order")
        if after > joins.LONGEST_WINDOW_SAMPLES:
            raise ValueError(f"piece at {piece.start_sample}: it overlaps the next for more than 30 s")


def _check_alone(piece: Piece) -> None:
    if piece.samples <= 0 or piece.first_sample < 0 or piece.start_sample < 0:
        raise ValueError(f"piece at {piece.start_sample}: positions and lengths must be positive")
    if min(piece.fade_in_samples, piece.fade_out_samples) < 0:
        raise ValueError(f"piece at {piece.start_sample}: a fade has a length")
    if piece.fade_in_samples + piece.fade_out_samples > piece.samples:
        raise ValueError(f"piece at {piece.start_sample}: its fades are longer than itself")
    if max(piece.fade_in_samples, piece.fade_out_samples) > joins.LONGEST_WINDOW_SAMPLES:
        raise ValueError(f"piece at {piece.start_sample}: a fade is longer than 30 s")


def overlaps(pieces: Sequence[Piece]) -> list[int]:
    """For how many samples each piece overlaps the one before; a 0 more at the end."""
    between = [max(0, first.end_sample - second.start_sample) for first, second in pairwise(pieces)]
    return [0, *between, 0]
