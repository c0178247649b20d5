"""What came out of an endpoint, told frame by frame: of which artefact, from which frame on, and what the journal says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from app.air.armed import Level
from tests.armed_airings import AirStation, Material
from tests.captures import Capture

FRAME_BYTES = 384
"""MP3, 128 kbit/s, 48 kHz: 24 ms."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames [first, end) of one artefact, in one piece."""

    of: str
    first: int
    end: int

    @property
    def count(self) -> int:
        return self.end - self.first


def by_name(chain: Mapping[Level, Material], **others: Material) -> dict[str, Material]:
    """Everything that may be heard."""
    return {str(level): one for level, one in chain.items()} | others


def heard(data: bytes, known: Mapping[str, Material]) -> list[Heard]:
    """The pieces of a stream of MP3 frames. Fails on a frame that nobody knows; a listener may tune in within a frame.

    Frames of silence are alike in all artefacts: a piece goes on as long as it can, and begins where it can go on longest.
    """
    frames = {name: list(one.frames()) for name, one in known.items()}
    places: dict[bytes, list[tuple[str, int]]] = {}
    for name, ones in frames.items():
        for n, frame in enumerate(ones):
            places.setdefault(frame, []).append((name, n))
    shift = next((at for at in range(FRAME_BYTES) if data[at : at + FRAME_BYTES] in places), 0)
    stream = [data[at : at + FRAME_BYTES] for at in range(shift, len(data) - FRAME_BYTES + 1, FRAME_BYTES)]
    found: list[Heard] = []
    at = 0
    while at < len(stream):
        assert stream[at] in places, f"frame {at} of the stream is not of any artefact"
        piece = max(
            (Heard(name, n, n + _alike(stream, at, frames[name], n)) for name, n in places[stream[at]]),
            key=lambda one: one.count,
        )
        found.append(piece)
        at += piece.count
    return found


def _alike(stream: Sequence[bytes], at: int, frames: Sequence[bytes], n: int) -> int:
    """How many frames from ``at`` on are those from ``n`` on."""
    pairs = zip(islice(stream, at, None), islice(frames, n, None), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def told(station: AirStation, feed_id: int, known: Mapping[str, Material]) -> list[Heard]:
    """The pieces that the journal says went out on a feed. Each follows the one before, or that one says why not."""
    names = {one.file.sha256[:12]: name for name, one in known.items()}
    found: list[Heard] = []
    runs = station.sent(feed_id)
    for n, run in enumerate(runs):
        begin, end = run["n"]
        if n + 1 < len(runs) and runs[n + 1]["n"][0] != end:
            assert "why" in run, f"nobody says why {runs[n + 1]} does not follow {run}"
        piece = Heard(names[run["s"]], run["k"], run["k"] + end - begin)
        if found and (found[-1].of, found[-1].end) == (piece.of, piece.first):
            piece = Heard(piece.of, found.pop().first, piece.end)
        found.append(piece)
    return found


def kinds_told(station: AirStation, feed_id: int) -> list[str]:
    """Of the records that name a feed, what they are of, in order."""
    found = []
    for record in station.journal():
        detail = json.loads(record.detail) if record.detail and record.detail.startswith("{") else {}
        if detail.get("f") == feed_id:
            found.append(record.kind)
    return found


def whys(station: AirStation, feed_id: int, kind: str = "down") -> list[str]:
    """What the records of one kind say of a feed's troubles."""
    details = [json.loads(one.detail or "{}") for one in station.journal(kind)]
    return [one["why"] for one in details if one["f"] == feed_id and "why" in one]


def came_at(captures: Sequence[Capture], frame: bytes) -> float:
    """The instant (UTC, seconds since 1970) at which a frame was all there, for the first time."""
    for capture in captures:
        at = capture.data.find(frame)
        if at >= 0:
            end = at + len(frame)
            for block in capture.blocks:
                end -= len(block.data)
                if end <= 0:
                    return block.realtime_ns / 1e9
    raise AssertionError("it never came")


def longest_pause_s(capture: Capture) -> float:
    return max(capture.pauses_ms(), default=0.0) / 1000
