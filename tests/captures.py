"""What came out of a line, block by block, with the instant at which each came."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field


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
