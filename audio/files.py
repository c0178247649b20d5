"""Files that are either whole under their final name or not there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = ".making-"


@contextlib.contextmanager
def scratch(directory: Path) -> Iterator[Path]:
    """A private directory inside `directory` (so that a rename out of it is atomic), gone afterwards."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=directory, ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep(directory: Path, *, untouched_since: float) -> int:
    """Remove what runs that were killed left in `directory`; gives how many.

    `untouched_since` (seconds since 1970) must lie before the start of anything that may still be running.
    """
    left = [each for each in directory.glob(f"{_PREFIX}*") if each.stat().st_mtime < untouched_since]
    for each in left:
        shutil.rmtree(each, ignore_errors=True)
    return len(left)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(made: Path, final: Path) -> None:
    """Make `made` durable and give it its final name in one step, replacing what was there."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(final)
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
