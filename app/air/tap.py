"""The last seconds of what an output sent, for whoever may listen in: a ring in a mapped file, one for each feed.

The ticker stores into it without a system call and knows of no listener; any number of processes may read. What they
hear is what the endpoint was given, byte for byte.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings

RING_BYTES = 96 * 1024
"""Six seconds at 128 kbit/s."""

_OPENING_AT = 64
_OPENING_BYTES = 4096 - _OPENING_AT
_RING_AT = 4096
_HEADER = struct.Struct("<qqqqi")
"""Airing, connection (counted), bytes ever sent on it, the monotonic instant of the last of them (ns), bytes of the opening."""


def tap_path(settings: Settings, feed_id: int) -> Path:
    """Where the tap of a feed lies while something is sent there."""
    return settings.air_dir / "taps" / str(feed_id)


class Tap:
    """The writing end. It reserves its room when it is opened, so that a full disk does not matter afterwards."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _RING_AT + RING_BYTES)
            self._memory = mmap.mmap(descriptor, _RING_AT + RING_BYTES)
        finally:
            os.close(descriptor)
        self._connection = _HEADER.unpack_from(self._memory)[1]
        self._sent = 0

    def begin(self, opening: bytes) -> None:
        """A new connection, and what its listeners' decoders need first."""
        kept = opening if len(opening) <= _OPENING_BYTES else b""
        self._connection += 1
        self._sent = 0
        self._memory[_OPENING_AT : _OPENING_AT + len(kept)] = kept
        _HEADER.pack_into(self._memory, 0, 0, self._connection, 0, 0, len(kept))

    def write(self, airing_id: int, data: bytes, now_ns: int) -> None:
        """What has been sent. Readers are told only when it is there."""
        piece = data[-RING_BYTES:]
        at = (self._sent + len(data) - len(piece)) % RING_BYTES
        first = min(len(piece), RING_BYTES - at)
        self._memory[_RING_AT + at : _RING_AT + at + first] = piece[:first]
        self._memory[_RING_AT : _RING_AT + len(piece) - first] = piece[first:]
        self._sent += len(data)
        struct.pack_into("<q", self._memory, 0, airing_id)
        struct.pack_into("<qq", self._memory, 16, self._sent, now_ns)

    def close(self) -> None:
        """Take it away: nobody hears anything there any more."""
        self._memory.close()
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a tap is: which airing, on which connection, and how many bytes were ever sent on it."""

    airing_id: int
    connection: int
    sent: int
    at_ns: int


class Listener:
    """A reading end. Raises FileNotFoundError where nothing is sent."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._memory = mmap.mmap(descriptor, _RING_AT + RING_BYTES, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)

    def where(self) -> Heard:
        airing_id, connection, sent, at_ns, _ = _HEADER.unpack_from(self._memory)
        return Heard(airing_id, connection, sent, at_ns)

    def opening(self) -> bytes:
        length: int = _HEADER.unpack_from(self._memory)[4]
        return self._memory[_OPENING_AT : _OPENING_AT + length]

    def read(self, begin: int, end: int) -> bytes | None:
        """Bytes [begin, end) of the connection; None where they are gone, or are going while we read."""
        if end - begin > RING_BYTES or self.where().sent - begin > RING_BYTES:
            return None
        at, count = begin % RING_BYTES, end - begin
        first = min(count, RING_BYTES - at)
        data = (
            self._memory[_RING_AT + at : _RING_AT + at + first]
            + self._memory[_RING_AT : _RING_AT + count - first]
        )
        return data if self.where().sent - begin <= RING_BYTES else None

    def close(self) -> None:
        self._memory.close()
