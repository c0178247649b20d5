"""The folder feed: a directory that the site reads, local or mounted.

The site never sees a half file: bytes go to ``.<name>.part`` beside the target, to the disk, and then take the name
in one step. The temporary name is always the same, so what a crash left behind is overwritten, never collected.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from app.feeds.confinement import check_confined
from app.feeds.contract import FeedAddress, Limits, ReadBack, Receipt
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.sources import CHUNK, checked_chunks
from app.feeds.threads import Stop, in_own_thread
from app.storage import sync_directory

T = TypeVar("T")

HOW = "sha256 of the file"
_busy: set[tuple[str, str]] = set()
_busy_lock = threading.Lock()

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR)
_MISSING = (errno.ENOENT, errno.ENOTDIR)


class FolderFeed:
    """Writes into an existing folder. It never makes one: a mount that is gone must not become a local folder."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Copy, flush to the disk, rename. A cancelled or failed copy leaves nothing behind."""
        del media_type  # a file system has none
        await _bounded(lambda stop: self._store(source, name, sha256, size, stop), self._limits.send_s)
        return Receipt(sha256=sha256, size=size)

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Read the file again, from the disk where the system lets us, and hash it."""
        return await _bounded(lambda stop: self._look(name, sha256, size, stop), self._limits.read_back_s)

    def _folder(self) -> Path:
        if self._address.confined_to is not None:
            check_confined(self._address, self._address.confined_to)
        folder = Path(self._address.address).resolve()
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        return folder

    def _store(self, source: Path | bytes, name: str, sha256: str, size: int, stop: Stop) -> None:
        with _alone(self._address.address, name):
            folder = self._folder()
            part = folder / f".{name}.part"
            part.unlink(missing_ok=True)
            try:
                # Exclusively, so that nobody's symbolic link is followed.
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                chunks = stop.between(checked_chunks(source, sha256=sha256, size=size))
                with os.fdopen(descriptor, "wb", buffering=0), contextlib.closing(chunks):
                    for chunk in chunks:
                        _write_all(descriptor, chunk)
                    os.fsync(descriptor)
                stop.check()
                part.replace(folder / name)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            _sync(folder)

    def _look(self, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        with _alone(self._address.address, name):
            return self._inspect(name, sha256, size, stop)

    def _inspect(self, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        target = self._folder() / name
        try:
            status = target.lstat()
        except FileNotFoundError:
            return ReadBack("absent", HOW)
        if not stat.S_ISREG(status.st_mode):
            return ReadBack("different", HOW, {"found": "not a file"})
        if status.st_size != size:
            return ReadBack("different", HOW, {"size": status.st_size})
        digest = hashlib.sha256()
        with target.open("rb", buffering=0) as stream:
            _drop_cached(stream.fileno())
            while chunk := stream.read(CHUNK):
                stop.check()
                digest.update(chunk)
        found = digest.hexdigest()
        return ReadBack(
            "present" if found == sha256 else "different", HOW, {"size": status.st_size, "sha256": found}
        )


async def _bounded(work: Callable[[Stop], T], seconds: float) -> T:
    try:
        return await in_own_thread(work, seconds)
    except TimeoutError:
        raise PassingFeedError("timeout", f"the folder did not answer within {seconds:g} seconds") from None
    except OSError as error:
        raise _translate(error) from error


@contextlib.contextmanager
def _alone(address: str, name: str) -> Iterator[None]:
    """Refuse a second one at the same file: a writer that hung in a dead mount might else wake up and rename an old
    version over a new, and readers would hang beside it, one more with every attempt.
    """
    with _busy_lock:
        if (address, name) in _busy:
            raise PassingFeedError(
                "busy", "an earlier attempt at this folder still hangs: is its mount dead?"
            )
        _busy.add((address, name))
    try:
        yield
    finally:
        with _busy_lock:
            _busy.discard((address, name))


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _drop_cached(descriptor: int) -> None:
    """Ask for the disk's bytes, not those that our own write left in memory (a request; not every system has it)."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _sync(folder: Path) -> None:
    try:
        sync_directory(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network mounts cannot sync a folder
            raise


def _translate(error: OSError) -> FeedError:
    if error.errno in _FULL:
        return PassingFeedError(
            "disk-full", "the disk of the feed's folder is full: ask the site to make room"
        )
    if error.errno in _MISSING:
        return PermanentFeedError("folder-missing", "the feed's folder is not there: is it mounted?")
    if error.errno in _FORBIDDEN:
        return PermanentFeedError(
            "not-writable", f"the feed's folder refuses us ({os.strerror(error.errno)})"
        )
    if error.errno == errno.EFBIG:
        return PermanentFeedError("too-large", "the disk of the feed's folder takes no file of this size")
    return PassingFeedError("storage-error", f"the feed's folder failed: {error.strerror or 'unknown error'}")
