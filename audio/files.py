"""Files that are either whole under their final name or not there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch(directory: Path) -> Iterator[Path]:
    """A private directory inside `directory` (so that a rename out of it is atomic), gone afterwards."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=directory, ignore_cleanup_errors=True) as name:
        yield Path(name)


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
