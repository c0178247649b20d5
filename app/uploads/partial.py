"""The file of an upload: bytes at an offset, on the disk before anybody is told, hashed as they pass.

The offset that is told is the row's, never the file's size: what lies beyond it was not synced, or not yet compared with
its checksum, and is cut off before the next byte is written.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from app.storage import CHUNK, sync_directory
from app.uploads.errors import ChecksumMismatch, Gone, Locked

ALGORITHMS: Final = ("sha1", "sha256", "md5")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What one piece must hash to."""

    algorithm: str
    digest: bytes


class RunningHash:
    """SHA-256 of a file's first bytes, continued from request to request; what it missed it reads from the file."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0

    def feed(self, piece: bytes, at: int) -> None:
        """Take bytes that were written at ``at``; those that do not follow on are left for `of`."""
        if at == self.position:
            self._hash.update(piece)
            self.position += len(piece)

    def copy(self) -> RunningHash:
        """As it is now, to come back to."""
        twin = RunningHash()
        twin._hash, twin.position = self._hash.copy(), self.position
        return twin

    def of(self, path: Path, length: int) -> str:
        """The digest of the file's first ``length`` bytes."""
        with path.open("rb") as stream:
            stream.seek(self.position)
            while self.position < length and (block := stream.read(min(CHUNK, length - self.position))):
                self.feed(block, self.position)
        return self._hash.hexdigest()


def make_file(path: Path) -> None:
    """An empty file that a power cut does not take away."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    sync_directory(path.parent)


class PartialFile:
    """The file while one request writes to it. Not for the event loop."""

    def __init__(self, path: Path, offset: int, known: RunningHash, checksum: Checksum | None) -> None:
        """Stand at ``offset``.

        Raises:
            Gone: the file is not there, or shorter than what was acknowledged.
            Locked: another process writes to it.
        """
        self._begin = self.offset = self.synced = offset
        self._checksum = checksum
        self._piece = None if checksum is None else hashlib.new(checksum.algorithm, usedforsecurity=False)
        self.hash = known if known.position <= offset else RunningHash()
        self._hash_before = None if checksum is None else self.hash.copy()
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Gone("the upload's file is not there any more: begin again") from None
        try:
            self._stand_at(offset)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _stand_at(self, offset: int) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a web process that is still ending
            raise Locked("another process is writing to this upload: try again in a moment") from None
        if os.fstat(self._descriptor).st_size < offset:
            raise Gone("the upload's file is shorter than what had arrived: begin again")
        os.ftruncate(self._descriptor, offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def may_be_told(self) -> bool:
        """Whether a part of the piece counts: not where all of it has a checksum."""
        return self._checksum is None

    def write(self, piece: bytes) -> None:
        """Add bytes."""
        left = memoryview(piece)
        while left:
            written = os.pwrite(self._descriptor, left, self.offset)
            self.hash.feed(left[:written].tobytes() if written < len(piece) else piece, self.offset)
            if self._piece is not None:
                self._piece.update(left[:written])
            self.offset += written
            left = left[written:]

    def sync(self) -> int:
        """Bring all that came to the disk; the offset that may be told then."""
        if self.offset > self.synced:
            os.fdatasync(self._descriptor)
            self.synced = self.offset
        return self.synced

    def verify(self) -> None:
        """Compare a whole piece with its checksum.

        Raises:
            ChecksumMismatch: it was thrown away.
        """
        if self._checksum is None or self._piece is None or self._piece.digest() == self._checksum.digest:
            return
        size = self.offset - self._begin
        self.discard()
        raise ChecksumMismatch(
            f"the {size} bytes that came do not have the {self._checksum.algorithm} that was announced; "
            f"they were thrown away, send them again from {self._begin} on"
        )

    def discard(self) -> None:
        """Go back to where this request began."""
        os.ftruncate(self._descriptor, self._begin)
        self.offset = self.synced = self._begin
        if self._hash_before is not None:
            self.hash = self._hash_before
