"""How far each output is, in memory that outlives the process: what it had sent when it was killed is known to the frame.

One record for each run in a file of fixed size, mapped into memory: a store costs no system call, and the kernel keeps
it when the process dies. Only a power cut loses it. A run keeps its slot until the journal has it on the disk.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.air.armed import CHAIN, Level

_LEVELS: tuple[Level, ...] = (*CHAIN, "studio")
"""By the number that a record has: new ones go to the end."""

SLOTS = 4096
_RECORD = struct.Struct("<qqqqqqqqq32s")
SLOT_BYTES = 128


@dataclass(slots=True)
class Run:
    """Frames that went out in one piece: of the airing from ``at`` to ``until``, of the source from ``first`` on."""

    airing_id: int
    feed_id: int
    version: int
    level: Level
    sha256: str
    at: int
    until: int
    first: int
    written: int = 0
    """Bytes given to the connection, from its beginning."""
    accepted: int = 0
    """Of them, those that the other side has acknowledged."""
    slot: int | None = None
    """Where it is kept; None when there are more runs than slots: this one would only be less well known after a crash."""

    def pack(self) -> bytes:
        return _RECORD.pack(
            self.airing_id, self.feed_id, self.version, _LEVELS.index(self.level), self.at, self.until, self.first,
            self.written, self.accepted, bytes.fromhex(self.sha256),
        )  # fmt: skip


class Progress:
    """The file, and its slots. A slot with airing 0 is free."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Room on the disk, not only length: writing into a hole of a mapping would kill us when the disk is full
            os.posix_fallocate(descriptor, 0, SLOTS * SLOT_BYTES)
            self._memory = mmap.mmap(descriptor, SLOTS * SLOT_BYTES)
        finally:
            os.close(descriptor)
        self._free: list[int] = []

    def left_over(self) -> Iterator[Run]:
        """What an earlier process was sending when it ended without saying so. Each is kept until it is given back."""
        for slot in range(SLOTS):
            run = _run_in(self._memory, slot)
            if run is not None:
                yield run
            else:
                self._free.append(slot)

    def keep(self, run: Run) -> None:
        """Give a new run a slot."""
        run.slot = self._free.pop() if self._free else None

    def store(self, run: Run) -> None:
        if run.slot is not None:
            packed = run.pack()
            at = run.slot * SLOT_BYTES
            self._memory[at : at + len(packed)] = packed

    def give_back(self, run: Run) -> None:
        """It is on the record, or there is nothing to put on it. May be called in any thread."""
        if run.slot is not None:
            self._memory[run.slot * SLOT_BYTES : (run.slot + 1) * SLOT_BYTES] = bytes(SLOT_BYTES)
            self._free.append(run.slot)
            run.slot = None

    def close(self) -> None:
        self._memory.close()


def read_runs(path: Path) -> list[Run]:
    """What is being sent just now, for another process: it may be read while it is written.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    memory = path.read_bytes()
    found = (_run_in(memory, slot) for slot in range(len(memory) // SLOT_BYTES))
    return [run for run in found if run is not None]


def _run_in(memory: bytes | mmap.mmap, slot: int) -> Run | None:
    """The run that is kept in a slot; None where it is free."""
    airing, feed, version, level, begin, until, first, written, accepted, sha = _RECORD.unpack_from(
        memory, slot * SLOT_BYTES
    )
    if not airing or until <= begin or not 0 <= level < len(_LEVELS):
        return None
    return Run(
        airing, feed, version, _LEVELS[level], sha.hex(), begin, until, first, written, accepted, slot
    )  # fmt: skip
