"""Hearing by the bytes: every frame of a stream is looked up among the frames of the programmes that may be on it.

Exact to the frame, and quick; for sources that pass frames on as they are. Who encodes anew is heard by `tests.ears.sound`.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audio.mp3 import parse
from audio.profile import MP3_FRAME_SAMPLES
from tests.captures import Capture
from tests.ears.report import Programme, Report, Stretch, Timeline, report

_HEADER_BYTES: Final = 4
_LOOKAHEAD: Final = 250
"""How far candidates are compared where a frame is found in several places: six seconds."""
_TELLING: Final = 10
"""Fewer frames than this may be anybody's, if each is silence or stands in several places."""
_SILENT_BYTES: Final = 100
"""What zlib makes of a frame of 384 bytes: 45 of silence, 340 and more of sound (measured with LAME)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The whole frames of a capture, when each was all there, and how many bytes belonged to none."""

    frames: tuple[bytes, ...]
    timeline: Timeline
    junk_bytes: int


def split_frames(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where the frames stand, as (offset, length), and how many bytes belong to none (a last, torn frame included).

    A frame counts if another follows it or the data ends with it: so a listener who tunes in anywhere finds the first one.
    """
    found: list[tuple[int, int]] = []
    at, junk = 0, 0
    while at + _HEADER_BYTES <= len(data):
        length = _frame_length(data, at)
        end = at + length
        if length and end <= len(data) and (len(data) - end < _HEADER_BYTES or _frame_length(data, end)):
            found.append((at, length))
            at = end
            continue
        following = data.find(b"\xff", at + 1)
        following = len(data) if following < 0 else following
        junk += following - at
        at = following
    return found, junk + len(data) - at


def _frame_length(data: bytes, at: int) -> int:
    """0 if no frame begins there."""
    try:
        return parse(data[at : at + _HEADER_BYTES]).length
    except ValueError:
        return 0


def stream_of(capture: Capture) -> Stream:
    """The frames of what was captured, so far."""
    blocks = list(capture.blocks)
    data = b"".join(block.data for block in blocks)
    places, junk = split_frames(data)
    ends = np.cumsum([len(block.data) for block in blocks], dtype=np.int64)
    which = np.searchsorted(ends, np.array([at + length for at, length in places], dtype=np.int64))
    monotonic = np.array([block.monotonic_ns for block in blocks], dtype=np.int64)
    realtime = np.array([block.realtime_ns for block in blocks], dtype=np.int64)
    return Stream(
        frames=tuple(data[at : at + length] for at, length in places),
        timeline=Timeline(monotonic[which], realtime[which]),
        junk_bytes=junk,
    )


def frames_of(data: bytes) -> tuple[bytes, ...]:
    """The frames of an artefact. Raises `ValueError` where anything else stands in it."""
    places, junk = split_frames(data)
    if junk:
        raise ValueError(f"{junk} bytes belong to no frame")
    return tuple(data[at : at + length] for at, length in places)


def by_frames(stream: Stream, programmes: Sequence[Programme]) -> Report:
    """Hear which frames of which programmes came, in which order and when."""
    return report(
        _Reader(programmes).stretches(stream.frames),
        programmes,
        stream.timeline,
        junk_bytes=stream.junk_bytes,
    )


class _Reader:
    def __init__(self, programmes: Sequence[Programme]) -> None:
        self._programmes = programmes
        self._places: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number, programme in enumerate(programmes):
            for index, frame in enumerate(programme.frames):
                self._places[frame].append((number, index))

    def stretches(self, frames: Sequence[bytes]) -> list[Stretch]:
        found: list[Stretch] = []
        last: tuple[int, int] | None = None
        at = 0
        while at < len(frames):
            place = self._best(frames, at, last)
            if place is None:
                at += 1
                continue
            length = self._length(frames, at, place, len(frames))
            if length < _TELLING and not any(map(self._tells, frames[at : at + length])):
                at += length
                continue
            number, index = place
            found.append(
                Stretch(
                    self._programmes[number].name,
                    index * MP3_FRAME_SAMPLES,
                    (index + length) * MP3_FRAME_SAMPLES,
                    at * MP3_FRAME_SAMPLES,
                )
            )
            last = (number, index + length)
            at += length
        return found

    def _best(self, frames: Sequence[bytes], at: int, last: tuple[int, int] | None) -> tuple[int, int] | None:
        """Of all places where this frame stands, the one that goes on longest; then the nearest to where we were.

        Silence, and loops, have the same frame in many places.
        """
        candidates = self._places.get(frames[at], [])
        if len(candidates) < 2:
            return candidates[0] if candidates else None

        def worth(place: tuple[int, int]) -> tuple[int, bool, int]:
            is_same = last is not None and place[0] == last[0]
            distance = abs(place[1] - last[1]) if is_same and last else place[1]
            return self._length(frames, at, place, _LOOKAHEAD), is_same, -distance

        return max(candidates, key=worth)

    def _tells(self, frame: bytes) -> bool:
        """Whether this frame alone says where we are."""
        return len(self._places[frame]) == 1 and len(zlib.compress(frame, 1)) > _SILENT_BYTES

    def _length(self, frames: Sequence[bytes], at: int, place: tuple[int, int], most: int) -> int:
        number, index = place
        meant = self._programmes[number].frames
        length = 0
        limit = min(most, len(frames) - at, len(meant) - index)
        while length < limit and frames[at + length] == meant[index + length]:
            length += 1
        return length
