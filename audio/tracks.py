"""Encoded frames of single pieces, kept with what they decode to, so that no second is encoded twice.

A track is two files of the cache: `<key>.frames` (the energies of what its frames decode to, then the frames), and
`<key>.json`. A programme is spliced from tracks and refers to none: they may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from audio.encode import RECIPE
from audio.errors import AudioError
from audio.files import scratch
from audio.meter import Energies, step_samples
from audio.pcm import RATE
from audio.profile import MP3_FRAME_SAMPLES, Encoding

STEPS_PER_FRAME: Final = MP3_FRAME_SAMPLES // step_samples(RATE)
_ENERGY_BYTES: Final = 4
_CHUNK_BYTES: Final = 1 << 20


class TrackBroken(AudioError):
    code = "track-broken"
    message = "A kept encoding is not what it was."


@dataclass(frozen=True, slots=True)
class Track:
    """Frames [first, end) of a piece, counted from the frame in which it begins.

    `peak_dbtp` is of what they decode to; `lower_db` how much lower than usual the piece was limited for it.
    """

    path: Path
    first: int
    end: int
    frame_bytes: int
    peak_dbtp: float
    lower_db: float
    crc32: int

    @property
    def count(self) -> int:
        return self.end - self.first

    def energies(self, first: int, end: int) -> Energies:
        """The energies of frames [first, end)."""
        with self.path.open("rb") as file:
            file.seek((first - self.first) * STEPS_PER_FRAME * _ENERGY_BYTES)
            wanted = (end - first) * STEPS_PER_FRAME
            energies = np.frombuffer(file.read(wanted * _ENERGY_BYTES), dtype="<f4")
        if len(energies) != wanted:
            raise TrackBroken
        return energies

    def frames(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes of frames [first, end)."""
        with self.path.open("rb") as file:
            file.seek(self._head_bytes + (first - self.first) * self.frame_bytes)
            left = (end - first) * self.frame_bytes
            while left:
                chunk = file.read(min(left, _CHUNK_BYTES))
                if not chunk:
                    raise TrackBroken
                left -= len(chunk)
                yield chunk

    @property
    def _head_bytes(self) -> int:
        return self.count * STEPS_PER_FRAME * _ENERGY_BYTES


def track_key(prepared_key: str, encoding: Encoding, *, phase: int, loop_samples: int | None) -> str:
    """What a piece's track is known by.

    `phase` is where in a frame the piece begins; `loop_samples` the length of a loop that does not repeat on the grid.
    """
    parts = (prepared_key, encoding.key, RECIPE, phase, loop_samples)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def find_track(cache_dir: Path, key: str) -> Track | None:
    """The track if it is there and whole."""
    path = cache_dir / f"{key}.frames"
    try:
        fields = json.loads(path.with_suffix(".json").read_text(encoding="ascii"))
        track = Track(path=path, **fields)
        if _crc32(path) != track.crc32:
            return None
        os.utime(path)
    except (OSError, ValueError, TypeError):
        return None
    return track


def keep_track(
    cache_dir: Path, key: str, energies: Energies, frames: BinaryIO, *, first: int, end: int, **figures: float
) -> None:
    """Keep frames [first, end): as many are read from where `frames` stands.

    `figures` are the track's `frame_bytes`, `peak_dbtp` and `lower_db`.
    """
    path = cache_dir / f"{key}.frames"
    with scratch(cache_dir) as workshop:
        made = workshop / "frames"
        with made.open("wb") as file:
            file.write(energies.astype("<f4").tobytes())
            left = int(figures["frame_bytes"]) * (end - first)
            while left:
                left -= file.write(frames.read(min(left, _CHUNK_BYTES)))
        fields = {"first": first, "end": end, **figures, "crc32": _crc32(made)}
        written = workshop / "json"
        written.write_text(json.dumps(fields), encoding="ascii")
        # Sound and figures of two runs do not go together, and the sum says so
        written.replace(path.with_suffix(".json"))
        made.replace(path)


def _crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            value = zlib.crc32(chunk, value)
    return value
