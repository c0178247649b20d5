"""The sound of edits: what is left of a master, and what stands in place of the rest, as one stream.

    heard ranges -> cleaning -> gains -> seams and covers -> fades

What is not heard in the end is taken out before anything else: cleaning, measuring and prediction never see it, so
that no filter can carry any of it over into what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from audio.edits import CoverSound, Edits, Range, Span, spans
from audio.errors import EncodeFailed
from audio.meter import Samples
from audio.pcm import BLOCK_SAMPLES, RATE, db_to_gain
from audio.seams import CONTEXT_SAMPLES, SEAM_SAMPLES, led_in, led_on, rising

TONE_HZ: Final = 1000

Blocks = Iterator[Samples]
Clean = Callable[[Blocks, Range], Blocks]
"""Takes the blocks of one heard range, and which of the master it is; gives as many samples."""

_NOTHING: Final[Samples] = np.zeros(0, dtype=np.float32)


class Taking:
    """A master's blocks, of which ranges are taken one after the other."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._at = 0
        self._left = _NOTHING

    def range(self, start: int, end: int) -> Blocks:
        """The samples of [start, end), which must lie behind what was taken before, in blocks of up to a second.

        Raises `EncodeFailed` where the master ends before.
        """
        while self._at + len(self._left) <= start:
            self._next(end)
        self._left, self._at = self._left[start - self._at :], start
        while self._at < end:
            if not len(self._left):
                self._next(end)
            taken = self._left[: end - self._at]
            self._left, self._at = self._left[len(taken) :], self._at + len(taken)
            yield taken

    def _next(self, wanted: int) -> None:
        self._at += len(self._left)
        self._left = next(self._blocks, _NOTHING)
        if not len(self._left):
            raise EncodeFailed(f"The master ends after {self._at} samples where {wanted} were wanted.")


def cut_sound(
    blocks: Blocks, samples: int, edits: Edits, *, tone_dbfs: float, clean: Clean | None = None
) -> Blocks:
    """The outcome of `edits` (all but `even`) from a master's blocks; exactly `audio.edits.length` samples.

    `tone_dbfs` is the level of the tone in covers, as RMS; `clean` the cleaning of one heard range.
    """
    taking = Taking(blocks)
    gain = _Gains(edits)

    def take(span: Span) -> Blocks:
        heard = taking.range(span.start, span.end)
        at = span.start
        for block in clean(heard, (span.start, span.end)) if clean else heard:
            yield gain.over(block, at)
            at += len(block)

    parts = spans(edits, samples)
    whole = parts[-1].at + parts[-1].samples
    return _faded(_joined(parts, take, tone_dbfs), whole, edits)


def _joined(parts: Sequence[Span], take: Callable[[Span], Blocks], tone_dbfs: float) -> Blocks:
    """Kept ranges and covers one after the other, with a seam wherever two meet."""
    before, closing = _NOTHING, _NOTHING
    for cover, group in groupby(parts, key=lambda part: part.cover):
        for part in _as_one(list(group)) if cover else group:
            if part.cover:
                yield closing
                sounds = _covering(part.cover, part.samples, before, tone_dbfs)
                closing, before = next(sounds), _NOTHING
                yield from sounds
                continue
            blocks = take(part)
            first = _at_least(blocks, CONTEXT_SAMPLES)
            yield _led_into(closing, first)
            closing = _NOTHING
            crossed = _crossed(before, first)
            # The seam's own sound is no ground for a prediction: the next one begins from the recording
            before = _last(_NOTHING, first)
            yield crossed
            for block in blocks:
                before = _last(before, block)
                yield block
    yield closing


def _as_one(covers: Sequence[Span]) -> list[Span]:
    """Covers that follow each other and sound alike are one, whatever was removed between them."""
    whole = covers[0].start, covers[0].start + sum(each.samples for each in covers)
    return [Span(*whole, covers[0].at, covers[0].cover)]


def _covering(sound: CoverSound, samples: int, before: Samples, tone_dbfs: float) -> Blocks:
    """First the end of the cover, to be kept until what follows is known; then all up to it.

    What was heard `before` dies away under the cover's beginning as it would have gone on.
    """
    seam = min(SEAM_SAMPLES, samples // 2)
    up = rising(seam)
    yield _cover(sound, samples - seam, samples, tone_dbfs) * up[::-1]
    opening = _cover(sound, 0, seam, tone_dbfs) * up
    yield opening + led_on(before, seam) * up[::-1] if len(before) else opening
    for start in range(seam, samples - seam, BLOCK_SAMPLES):
        yield _cover(sound, start, min(start + BLOCK_SAMPLES, samples - seam), tone_dbfs)


def _cover(sound: CoverSound, start: int, end: int, tone_dbfs: float) -> Samples:
    if sound == "silence":
        return np.zeros(end - start, dtype=np.float32)
    # The phase from a whole second on, so that an hour of tone is as pure as its first second
    phase = 2.0 * np.pi * TONE_HZ / RATE * (start % RATE + np.arange(end - start))
    tone: Samples = (np.sqrt(2.0) * db_to_gain(tone_dbfs) * np.sin(phase)).astype(np.float32)
    return tone


def _led_into(closing: Samples, after: Samples) -> Samples:
    """The end of a cover, with what follows coming in under it."""
    return closing + led_in(after, len(closing)) * rising(len(closing)) if len(closing) else closing


def _crossed(before: Samples, first: Samples) -> Samples:
    """The first block behind a removal, into which the sound before it dies away."""
    if not len(before):
        return first
    seam = min(SEAM_SAMPLES, len(first))
    up = rising(seam)
    crossed = first.copy()
    crossed[:seam] = first[:seam] * up + led_on(before, seam) * up[::-1]
    return crossed


def _at_least(blocks: Blocks, samples: int) -> Samples:
    parts, count = [_NOTHING], 0
    while count < samples and len(block := next(blocks, _NOTHING)):
        parts.append(block)
        count += len(block)
    return np.concatenate(parts)


def _last(before: Samples, block: Samples) -> Samples:
    return np.concatenate([before, block[-CONTEXT_SAMPLES:]])[-CONTEXT_SAMPLES:]


class _Gains:
    """A gain for each sample of the master: from 1 to each range's and back within the range, in 5 ms."""

    def __init__(self, edits: Edits) -> None:
        ranges = sorted((each for each in edits.gains if each.gain_db), key=lambda each: each.start)
        corners: list[tuple[int, float]] = []
        for each in ranges:
            ramp, gain = min(SEAM_SAMPLES, (each.end - each.start) // 2), db_to_gain(each.gain_db)
            if corners and corners[-1][0] == each.start:
                # Ranges that touch: straight from one gain to the other
                corners.pop()
            else:
                corners.append((each.start, 1.0))
            corners += [(each.start + ramp, gain), (each.end - ramp, gain), (each.end, 1.0)]
        self._at = np.array([at for at, _ in corners], dtype=np.float64)
        self._gain = np.array([gain for _, gain in corners])
        self._ranges: list[Range] = [(each.start, each.end) for each in ranges]

    def over(self, block: Samples, at: int) -> Samples:
        if not any(start < at + len(block) and at < end for start, end in self._ranges):
            return block
        gains = np.interp(np.arange(at, at + len(block)), self._at, self._gain, left=1.0, right=1.0)
        turned: Samples = (block * gains).astype(np.float32)
        return turned


def _faded(blocks: Blocks, whole: int, edits: Edits) -> Blocks:
    """Straight fades, as those of a programme are."""
    at = 0
    for block in blocks:
        yield _fade(block, at, whole, edits)
        at += len(block)


def _fade(block: Samples, at: int, whole: int, edits: Edits) -> Samples:
    inside = edits.fade_in_samples <= at and at + len(block) <= whole - edits.fade_out_samples
    if inside:
        return block
    place = at + np.arange(len(block)) + 0.5
    gains = np.ones(len(block))
    if edits.fade_in_samples:
        gains = np.minimum(gains, place / edits.fade_in_samples)
    if edits.fade_out_samples:
        gains = np.minimum(gains, (whole - place) / edits.fade_out_samples)
    faded: Samples = (block * gains).astype(np.float32)
    return faded
