"""What a backup is on disk: a folder with the database, the blobs and a manifest of their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from app.errors import Invalid
from app.storage import CHUNK, sync_directory

FORMAT = "danpa-backup-1"
MANIFEST = "manifest.json"
DATABASE = "danpa.db"
BLOBS = "blobs"
VOICES = "voices"


class BackupDamaged(Invalid):
    """A backup is not what it was when it was made."""

    code = "backup-damaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup: its path below it, with slashes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``missing`` are files that the station itself no longer had whole when it was made."""

    made_at: datetime
    version: str
    revision: str
    files: tuple[Entry, ...]
    missing: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        return sum(entry.bytes for entry in self.files)

    def to_json(self) -> bytes:
        body = {"format": FORMAT} | asdict(self) | {"made_at": self.made_at.isoformat()}
        return json.dumps(body, ensure_ascii=False, indent=1).encode()


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupDamaged: there is none, or it names files outside of the backup.
    """
    try:
        body: dict[str, Any] = json.loads((backup / MANIFEST).read_bytes())
        if body["format"] != FORMAT:
            raise BackupDamaged(
                f"{backup} was made in the format {body['format']!r}, which is not known here"
            )
        manifest = Manifest(
            made_at=datetime.fromisoformat(body["made_at"]),
            version=body["version"],
            revision=body["revision"],
            files=tuple(Entry(**entry) for entry in body["files"]),
            missing=tuple(body["missing"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{backup} holds no backup that can be read: {error}") from error
    for entry in manifest.files:
        _require_inside(entry.path)
    return manifest


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file through to the disk; returns the SHA-256 of what was read."""
    digest = hashlib.sha256()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as origin:  # first: where it is gone, nothing may stay at the target
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            while block := origin.read(CHUNK):
                digest.update(block)
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
    return digest.hexdigest()


def sync_tree(folder: Path) -> None:
    """Make every name below a folder survive a power cut, before something refers to it."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_directory(path)
    sync_directory(folder)


def progress_of_bytes(verb: str, console: Console) -> Progress:
    """A progress bar in bytes."""
    return Progress(
        TextColumn(verb),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _require_inside(path: str) -> None:
    pure = PurePosixPath(path)
    is_known = path == DATABASE or pure.parts[:1] in {(BLOBS,), (VOICES,)}
    if pure.is_absolute() or ".." in pure.parts or not is_known:
        raise BackupDamaged(f"the manifest names {path!r}, which no backup holds")
