"""How much of one recording is in another, by their fingerprints, and where.

    near landmarks -> how far the one may lie behind the other -> words laid beside each other -> stretches that agree

Two unrelated recordings agree in half of their bits, two copies in 78 to 100 of 100, by what became of them. Every
stretch of three seconds is judged on its own, so that a jingle before two talks counts for its own seconds and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.fingerprint import FRAMES_PER_WORD, NO_WORD, WORD_S, Fingerprint, Landmarks

_BITS: Final = 32
_STRETCH: Final = 24
"""Words that are judged together, and the fewest that count: 3 s of sound."""

_MOST_UNLIKE: Final = 0.30
"""Share of bits in which a stretch of a copy may differ. Measured over 3 s (`tests/bench/alike.py`, 64 ms beside the steps):
99 of 100 stretches of copies differ by less, through AMR at 4.75 kbit/s or clipped by 12 dB; of unrelated speech none in
84 pairs by less than 0.34 wherever it was laid."""

_NEAR_BITS: Final = 3
"""Of a landmark's 24: between two given recordings a mistaken one costs little, it only proposes where to look."""
_PLACES: Final = 16
"""Proposals that are looked at: a copy with a piece cut out has two, one at another speed many."""
_ROWS: Final = 256


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two recordings have in common. Only sound counts: pauses, noise and steady tones are no likeness.

    `shared_s` is seconds of this one's sound, `of_this` and `of_other` the share of either's sound, from 0 to 1. The
    longest common stretch begins `at_s` in this one, and `at_s + offset_s` in the other.
    """

    shared_s: float
    of_this: float
    of_other: float
    offset_s: float
    at_s: float


def likeness(this: Fingerprint, other: Fingerprint) -> Likeness | None:
    """None where they have less than three seconds in common."""
    here, there = (np.zeros(len(each.words), dtype=np.bool_) for each in (this, other))
    longest = (0, 0, 0)
    for offset in _offsets(this.landmarks, other.landmarks):
        for first, end in _shared(this, other, offset):
            here[first:end] = True
            there[first + offset : end + offset] = True
            longest = max(longest, (end - first, first, offset))
    if not here.any():
        return None
    (shared, sounding), (others, other_sounding) = (
        (int(np.count_nonzero(marked & sounds)), int(np.count_nonzero(sounds)))
        for marked, sounds in ((here, this.words != NO_WORD), (there, other.words != NO_WORD))
    )
    _, first, offset = longest
    return Likeness(
        shared_s=shared * WORD_S,
        of_this=shared / sounding,
        of_other=others / other_sounding,
        offset_s=offset * WORD_S,
        at_s=first * WORD_S,
    )


def _offsets(this: Landmarks, other: Landmarks) -> list[int]:
    """How many words this one's sound may lie further on in the other, the most supported first."""
    found = []
    for at in range(0, len(this.words), _ROWS):
        apart = np.bitwise_count(this.words[at : at + _ROWS, None] ^ other.words)
        mine, theirs = np.nonzero(apart <= _NEAR_BITS)
        frames = other.frames[theirs].astype(np.int64) - this.frames[at + mine]
        found.append(np.floor_divide(frames + FRAMES_PER_WORD // 2, FRAMES_PER_WORD))
    offsets, counts = np.unique(np.concatenate([*found, np.zeros(0, dtype=np.int64)]), return_counts=True)
    return [int(each) for each in offsets[np.argsort(-counts, kind="stable")][:_PLACES]]


def _shared(this: Fingerprint, other: Fingerprint, offset: int) -> list[tuple[int, int]]:
    """The stretches of this one, in words [first, end), that sound as the other does `offset` words further on."""
    first, end = max(0, -offset), min(len(this.words), len(other.words) - offset)
    if end - first < _STRETCH:
        return []
    mine, theirs = this.words[first:end], other.words[first + offset : end + offset]
    at = np.flatnonzero((mine != NO_WORD) & (theirs != NO_WORD))
    if len(at) < _STRETCH:
        return []
    unlike = np.bitwise_count(mine[at] ^ theirs[at]) / _BITS
    # Around each word, fewer at the ends of what overlaps
    sums = np.concatenate([[0.0], np.cumsum(unlike)])
    low = np.maximum(np.arange(len(at)) - _STRETCH // 2, 0)
    high = np.minimum(np.arange(len(at)) + _STRETCH // 2, len(at))
    agrees = (sums[high] - sums[low]) / (high - low) <= _MOST_UNLIKE
    return [
        (first + int(at[start]), first + int(at[stop - 1]) + 1)
        for start, stop in _runs(agrees)
        if stop - start >= _STRETCH
    ]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where they are set, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
