"""The programme as PCM, at any place: prepared pieces end to end, silence between, joins where they meet.

Nothing is held but the windows of a few joins: a programme of ten hours needs no more than one of a minute.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio import joins
from audio.errors import EncodeFailed
from audio.limiting import CONTEXT_SAMPLES, limiting_gain
from audio.pcm import BLOCK_SAMPLES, SAMPLE_BYTES, db_to_gain
from audio.pieces import Piece, overlaps
from audio.prepare import Prepared

# Windows of joins that are kept: one that is being read, and those of the pieces that meet in it.
_KEPT_WINDOWS: Final = 6


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of the programme that is one piece alone, or (`piece` None) where pieces meet under a limiter."""

    start: int
    end: int
    piece: int | None


class Mix:
    """The programme's 16-bit PCM, exactly `total_samples`. `pieces` have passed `check`, and may since have been moved:
    what then lies before the first sample, or behind the last, is not heard.

    Where two pieces sound at once, and as far around as a limiter reaches, none of their sum is over `limit_dbfs`. The
    fades with which two such pieces meet keep the power of both together; all others are straight.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        prepared: Sequence[Prepared],
        total_samples: int,
        *,
        limit_dbfs: float,
        ffmpeg: Path,
    ) -> None:
        joins.use_converter(ffmpeg)
        self.total_samples = total_samples
        self._pieces = pieces
        self._prepared = prepared
        self._limit = 32768.0 * db_to_gain(limit_dbfs)
        self._shared = overlaps(pieces)
        self._spans = _spans(pieces)
        self._starts = [span.start for span in self._spans]
        self._window = functools.lru_cache(maxsize=_KEPT_WINDOWS)(self._limited)
        self._fade = functools.lru_cache(maxsize=_KEPT_WINDOWS)(self._faded)

    def blocks(self) -> Iterator[bytes]:
        """All of it, a second at a time."""
        for start in range(0, self.total_samples, BLOCK_SAMPLES):
            yield self.read(start, min(start + BLOCK_SAMPLES, self.total_samples))

    def read(self, start: int, end: int) -> bytes:
        """The samples of [start, end); silence where there is no piece, or no programme."""
        low, high = max(start, 0), min(end, self.total_samples)
        if low >= high:
            return bytes((end - start) * SAMPLE_BYTES)
        inside = self._read(low, high)
        if (low, high) == (start, end):
            return inside
        return bytes((low - start) * SAMPLE_BYTES) + inside + bytes((end - high) * SAMPLE_BYTES)

    def _read(self, start: int, end: int) -> bytes:
        parts, at = [], start
        first = max(0, bisect_right(self._starts, start) - 1)
        for span in self._spans[first:]:
            low, high = max(at, span.start), min(end, span.end)
            if span.start >= end:
                break
            if low < high:
                parts += [bytes((low - at) * SAMPLE_BYTES), self._read_span(span, low, high)]
                at = high
        parts.append(bytes((end - at) * SAMPLE_BYTES))
        # Most often all of it is of one piece, and is not copied
        parts = [part for part in parts if part]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_span(self, span: _Span, low: int, high: int) -> bytes:
        if span.piece is not None:
            return self._read_piece(span.piece, low, high)
        window = self._window(span.start, span.end)
        return window[(low - span.start) * SAMPLE_BYTES : (high - span.start) * SAMPLE_BYTES]

    def _limited(self, start: int, end: int) -> bytes:
        """A window in which pieces meet, summed and limited as one."""
        mixed = np.zeros(end - start)
        inside = [
            index
            for index, each in enumerate(self._pieces)
            if each.start_sample < end and each.end_sample > start
        ]
        for index in inside:
            piece = self._pieces[index]
            low, high = max(start, piece.start_sample), min(end, piece.end_sample)
            mixed[low - start : high - start] = _samples(self._read_piece(index, low, high))
        for one, two in pairwise(inside):
            low, high = self._pieces[two].start_sample, self._pieces[one].end_sample
            if low < high:
                both = joins.overlay(self._read_piece(one, low, high), self._read_piece(two, low, high))
                mixed[low - start : high - start] = both
        gain = limiting_gain(mixed, self._limit)
        limited = mixed if gain is None else mixed * gain
        return np.rint(limited).astype("<i2").tobytes()

    def _read_piece(self, index: int, low: int, high: int) -> bytes:
        """The faded sound of one piece at a place of the programme where it sounds."""
        piece = self._pieces[index]
        low, high = low - piece.start_sample, high - piece.start_sample
        rising, falling = piece.fade_in_samples, piece.samples - piece.fade_out_samples
        parts = []
        if low < rising:
            parts.append(_part(self._fade(index, rising=True), low, min(high, rising)))
        if max(low, rising) < min(high, falling):
            parts.append(self._body(index, max(low, rising), min(high, falling)))
        if high > falling:
            window = self._fade(index, rising=False)
            parts.append(_part(window, max(low, falling) - falling, high - falling))
        return b"".join(parts)

    def _faded(self, index: int, *, rising: bool) -> bytes:
        """A whole fade of a piece, straight, or curved where it is one half of a cross-fade."""
        piece = self._pieces[index]
        if rising:
            body = self._body(index, 0, piece.fade_in_samples)
            return (joins.cross_in if self._shared[index] else joins.fade_in)(body)
        body = self._body(index, piece.samples - piece.fade_out_samples, piece.samples)
        return (joins.cross_out if self._shared[index + 1] else joins.fade_out)(body)

    def _body(self, index: int, low: int, high: int) -> bytes:
        """Samples of the prepared sound, from its beginning again where the piece loops."""
        prepared = self._prepared[index]
        parts = []
        while low < high:
            first = low % prepared.samples
            count = min(high - low, prepared.samples - first)
            with prepared.path.open("rb") as file:
                file.seek(first * SAMPLE_BYTES)
                parts.append(file.read(count * SAMPLE_BYTES))
            if len(parts[-1]) != count * SAMPLE_BYTES:
                raise EncodeFailed("A prepared piece is shorter than it was.")
            low += count
        return b"".join(parts)


def _spans(pieces: Sequence[Piece]) -> list[_Span]:
    """Who sounds where, in order; what no span covers is silent."""
    windows: list[_Span] = []
    for first, second, shared in zip(pieces, pieces[1:], overlaps(pieces)[1:], strict=False):
        if shared:
            start, end = second.start_sample - CONTEXT_SAMPLES, first.end_sample + CONTEXT_SAMPLES
            if windows and windows[-1].end >= start:
                start = windows.pop().start
            windows.append(_Span(start, end, None))
    spans = list(windows)
    for index, piece in enumerate(pieces):
        at = piece.start_sample
        for window in windows:
            if window.end > at and window.start < piece.end_sample:
                if at < window.start:
                    spans.append(_Span(at, window.start, index))
                at = window.end
        if at < piece.end_sample:
            spans.append(_Span(at, piece.end_sample, index))
    return sorted(spans, key=lambda span: span.start)


def _part(window: bytes, low: int, high: int) -> bytes:
    return window[low * SAMPLE_BYTES : high * SAMPLE_BYTES]


def _samples(pcm: bytes) -> NDArray[np.int16]:
    return np.frombuffer(pcm, dtype="<i2")
