"""What came out of a line, block by block, with the instant at which each came."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

_AT_ONCE: Final = 65_536
# Linux: the kernel notes when a segment came in, so a reader that is late does not make the sender late
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@qq")


@dataclass(frozen=True, slots=True)
class Block:
    """``data`` was all there at this instant, on both clocks of the machine."""

    monotonic_ns: int
    realtime_ns: int
    data: bytes


@dataclass(slots=True)
class Capture:
    """One connection, while it is written and afterwards. Blocks are only ever added.

    ``head`` is the head of what the other end said first: a source's request, a server's answer. ``ended_ns`` is the
    monotonic instant at which the other end hung up, ``reset`` whether that was in anger.
    """

    name: str
    head: str = ""
    blocks: list[Block] = field(default_factory=list)
    opened_ns: int = field(default_factory=time.monotonic_ns)
    ended_ns: int | None = None
    reset: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(block.data for block in self.blocks)

    @property
    def size(self) -> int:
        return sum(len(block.data) for block in self.blocks)

    def header(self, name: str) -> str | None:
        """A field of the head, by its name in any case."""
        for line in self.head.split("\r\n")[1:]:
            key, colon, value = line.partition(":")
            if colon and key.strip().lower() == name.lower():
                return value.strip()
        return None

    def pauses_ms(self) -> Iterator[float]:
        """The time between each block and the next."""
        for one, other in zip(self.blocks, self.blocks[1:], strict=False):
            yield (other.monotonic_ns - one.monotonic_ns) / 1e6


def joined(captures: Iterable[Capture]) -> list[Capture]:
    """One capture for each name: what came over its connections, in the order in which they were opened."""
    found: dict[str, Capture] = {}
    for capture in captures:
        one = found.setdefault(capture.name, Capture(capture.name, capture.head, opened_ns=capture.opened_ns))
        one.blocks += capture.blocks
        one.ended_ns, one.reset = capture.ended_ns, capture.reset
    return list(found.values())


def note_arrivals(connection: socket.socket) -> None:
    """Ask the kernel to note when the bytes of a plain connection come in, for `read_block`."""
    connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def read_block(connection: socket.socket) -> Block | None:
    """What is there, and when the last byte of it came; None at the end. Raises `OSError` as `recv` does.

    Without the kernel's note, as under TLS, that is when it was read.
    """
    if isinstance(connection, ssl.SSLSocket):
        data, came = connection.recv(_AT_ONCE), 0
    else:
        data, notes, _, _ = connection.recvmsg(_AT_ONCE, 64)
        came = _came_at(notes)
    monotonic, real = time.monotonic_ns(), time.time_ns()
    came = came or real
    return Block(monotonic - (real - came), came, data) if data else None


def _came_at(notes: list[tuple[int, int, bytes]]) -> int:
    """The kernel's note of the realtime, in nanoseconds; 0 if there is none."""
    for level, kind, note in notes:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(note)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return 0
