"""The folder feed: a directory that the site reads, local or mounted.

The site never sees a half file: bytes go to a temporary name (``.<name>.part`` beside the target, unless the feed says
otherwise), to the disk, and then take the name in one step. The temporary name is always the same, so what a crash left
behind is overwritten, never collected.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.feeds.busy import alone
from app.feeds.confinement import check_confined
from app.feeds.contract import Entry, Facts, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.remote_paths import temporary_name
from app.feeds.sources import CHUNK, checked_chunks
from app.feeds.threads import Stop, in_own_thread
from app.feeds.trials import try_out
from app.storage import sync_directory

T = TypeVar("T")

HOW = "sha256 of the file"

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
        facts = await _bounded(
            lambda stop: self._store(source, name, sha256, size, stop), self._limits.send_s
        )
        return Receipt(sha256=sha256, size=size, facts=facts)

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Read the file again, from the disk where the system lets us, and hash it."""
        return await _bounded(lambda stop: self._look(name, sha256, size, stop), self._limits.read_back_s)

    async def entries(self) -> tuple[Entry, ...]:
        """The folder's files; bytes of a name that are not UTF-8 are shown as hex digits."""
        return await _bounded(self._list, self._limits.read_back_s)

    async def remove(self, name: str) -> None:
        """Unlink the file; a symbolic link goes, not what it points to."""
        await _bounded(lambda stop: self._unlink(name, stop), self._limits.read_back_s)

    async def trial(self) -> Facts:
        return await try_out(self)

    def _folder(self) -> Path:
        if self._address.confined_to is not None:
            check_confined(self._address, self._address.confined_to)
        folder = Path(self._address.address).resolve()
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        return folder

    def _path(self, name: str) -> Path:
        """Where a name lies, in an existing folder that a demo station may use too."""
        path = self._folder() / name
        parent = path.parent.resolve(strict=True)
        if self._address.confined_to is not None:
            check_confined(replace(self._address, address=str(parent)), self._address.confined_to)
        return parent / path.name

    def _store(self, source: Path | bytes, name: str, sha256: str, size: int, stop: Stop) -> Facts:
        with alone(self._address.address, name):
            target = self._path(name)
            part = self._path(temporary_name(self._address.temporary, name))
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
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            _sync(target.parent)
            return {"switched": "in place" if part == target else "rename"}

    def _list(self, stop: Stop) -> tuple[Entry, ...]:
        found = []
        with os.scandir(self._folder()) as entries:
            for entry in entries:
                stop.check()
                with contextlib.suppress(FileNotFoundError):  # the site took it while we looked
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        found.append(_entry(entry.name, status))
        return tuple(found)

    def _unlink(self, name: str, stop: Stop) -> None:
        with alone(self._address.address, name):
            path = self._path(name)
            stop.check()
            path.unlink(missing_ok=True)
            _sync(path.parent)

    def _look(self, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        with alone(self._address.address, name):
            return self._inspect(name, sha256, size, stop)

    def _inspect(self, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        target = self._path(name)
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


def _entry(name: str, status: os.stat_result) -> Entry:
    readable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return Entry(readable, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


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
    if error.errno == errno.EXDEV:
        return PermanentFeedError(
            "not-writable", "the folder for temporary files is on another disk: choose one beside the feed's"
        )
    if error.errno == errno.EFBIG:
        return PermanentFeedError("too-large", "the disk of the feed's folder takes no file of this size")
    return PassingFeedError("storage-error", f"the feed's folder failed: {error.strerror or 'unknown error'}")
