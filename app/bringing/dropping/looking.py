"""Which files of the drop folder are complete. A file that is still being written waits, however long that takes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

TAKEN, REFUSED = "taken", "refused"
"""Sub-folders into which files go."""

_UNFINISHED = (
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".crdownload",
    ".download",
    ".filepart",
    ".!ut",
    ".syncthing",
)
"""What browsers, SFTP clients and synchronisers call a file that is not whole."""
_UNFINISHED_BEGINNINGS = (".", "~$", "~")
_NOT_RECORDINGS = frozenset({"desktop.ini", "thumbs.db", "icon\r"})


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it lies in the drop folder."""

    path: Path
    bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class _Seen:
    file: Dropped
    since: datetime


class Settling:
    """Remembers since when each file has not changed; after a restart everything is new again."""

    def __init__(self, seconds: float) -> None:
        self._settles_after = timedelta(seconds=seconds)
        self._seen: dict[str, _Seen] = {}

    def settled(self, folder: Path, now: datetime) -> list[Dropped]:
        """Files that have lain unchanged, in size and time, for long enough; the oldest first. Raises OSError."""
        seen: dict[str, _Seen] = {}
        settled: list[Dropped] = []
        for file in files_in(folder):
            known = self._seen.get(file.path.name)
            since = known.since if known is not None and known.file == file else now
            seen[file.path.name] = _Seen(file, since)
            if since + self._settles_after <= now:
                settled.append(file)
        self._seen = seen
        return sorted(settled, key=lambda file: (file.modified_ns, file.path.name))


def files_in(folder: Path) -> Iterator[Dropped]:
    """Files that may be recordings: no folders, links or pipes, nothing hidden, unfinished or empty. Raises OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _waits(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:  # it has just gone
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size > 0:
                yield Dropped(Path(entry.path), status.st_size, status.st_mtime_ns)


def open_to_read(file: Dropped) -> int | None:
    """A descriptor of the file as it was seen; None where it has changed since, or somebody has it open to write.

    Raises OSError where it is gone, has become a link, or may not be read.
    """
    descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if is_as_seen(descriptor, file) and not is_being_written(descriptor):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_as_seen(opened: int | Path, file: Dropped) -> bool:
    """Whether a file, open or not, is a regular one of the size and time that were seen. Raises OSError."""
    status = os.fstat(opened) if isinstance(opened, int) else opened.lstat()
    return stat.S_ISREG(status.st_mode) and (status.st_size, status.st_mtime_ns) == (
        file.bytes,
        file.modified_ns,
    )


def is_being_written(descriptor: int) -> bool:
    """Whether any process of this machine has the file open to write, as far as the system tells.

    Linux gives nobody a read lease on such a file (fcntl(2)). Where there are no leases (another system, a network file
    system, a file of somebody else's), nobody knows: False, and only time tells.
    """
    set_lease, set_signal = getattr(fcntl, "F_SETLEASE", None), getattr(fcntl, "F_SETSIG", 10)
    if set_lease is None:
        return False
    try:
        # Who opens it between the two calls makes the kernel signal us: by one that is ignored, not by SIGIO, which kills
        fcntl.fcntl(descriptor, set_signal, signal.SIGURG)
        fcntl.fcntl(descriptor, set_lease, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, set_lease, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno in {errno.EAGAIN, errno.EWOULDBLOCK}
    return False


def _waits(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(_UNFINISHED_BEGINNINGS) or lower.endswith(_UNFINISHED) or lower in _NOT_RECORDINGS
