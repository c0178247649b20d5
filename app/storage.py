"""Blobs: files named by the SHA-256 of their content, and the reserve of disk that tonight's programmes need."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from app.errors import DiskReserve
from app.locks import shared
from app.settings import Settings

CHUNK = 1 << 20


class Blobs:
    """Write-once files under ``blobs/<kind>/<first two digits>/<sha256><suffix>``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, kind: str, sha256: str, suffix: str = "") -> Path:
        """Where a blob lies (whether or not it is there)."""
        return self._root / kind / sha256[:2] / f"{sha256}{suffix}"

    def adopt(self, file: Path, kind: str, sha256: str, suffix: str = "") -> Path:
        """Move a finished file of the same file system in, in place of a blob that is there already.

        That one should be the same, but a disk may have damaged it: what was made again is known to be right. It is
        young again too, so that the garbage collection leaves it alone until somebody refers to it.
        """
        target = self.path(kind, sha256, suffix)
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(target.parent.parent)
        file.touch()
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
        file.replace(target)
        sync_directory(target.parent)
        return target

    def all(self, kind: str) -> Iterator[Path]:
        """Every blob of a kind."""
        return (path for path in (self._root / kind).glob("??/*") if path.is_file())


def blobs_lock(settings: Settings) -> Path:
    """Shared by whoever relies on blobs staying, held alone by the garbage collection."""
    return settings.run_dir / "blobs.lock"


def keeping_blobs(settings: Settings) -> AbstractContextManager[None]:
    """Hold off the garbage collection: from adopting a blob to the commit that refers to it, or while copying."""
    return shared(blobs_lock(settings))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_directory(directory: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a small file in one step: a reader sees the old or the new one, never a half. Of two writers the last one wins."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def free_bytes(settings: Settings) -> int:
    """Free space on the station's disk."""
    return shutil.disk_usage(settings.root).free


def require_space(settings: Settings, wanted: int = 0) -> None:
    """Refuse an upload that would eat into the reserve.

    Raises:
        DiskReserve: when less than the reserve would remain.
    """
    free = free_bytes(settings)
    if free - wanted < settings.disk_reserve_bytes:
        raise DiskReserve(
            f"the disk has {free >> 20} MiB left and {settings.disk_reserve_bytes >> 20} MiB of it are kept for "
            "tonight's programmes: make room, or ask the engineer to"
        )
