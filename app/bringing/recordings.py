"""The recordings of a folder or a ZIP file: which there are, and how each is opened. Nothing is unpacked to look."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from app.library.names import decoded

NOT_AUDIO = frozenset(
    """
    .bmp .cfg .csv .cue .db .doc .docx .gif .htm .html .hwp .hwpx .ini .jpeg .jpg .json .lnk .log .m3u .m3u8 .md .nfo
    .odt .pdf .pls .png .ppt .pptx .rar .rtf .sfv .srt .tif .tiff .txt .url .webp .xls .xlsx .xml .yaml .yml .zip .7z
    """.split()  # noqa: SIM905 - a list literal would take forty lines
)
"""What lies beside recordings in a producer's folder; every other file is tried, whatever its name."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file to bring. ``name``: its path below what is brought, NFC, with slashes, as people and lists call it.

    ``key`` is under what it is remembered when it was taken, with ``bytes`` and ``stamp``: the nanosecond of its last
    change, or in a ZIP file, whose dates are local and of two seconds, its CRC-32. ``handle``: its path, or its number in the ZIP.
    """

    name: str
    key: str
    bytes: int
    stamp: int
    handle: Path | int


class Source(Protocol):
    """Where recordings lie."""

    @property
    def recordings(self) -> Sequence[Recording]:
        """In the order in which they are taken."""
        ...

    @property
    def skipped(self) -> int:
        """Files that were passed over: hidden ones, links, and what is plainly not audio."""
        ...

    @property
    def refused(self) -> Sequence[tuple[str, str]]:
        """Entries that are not taken, by name, and why."""
        ...

    def open(self, recording: Recording) -> AbstractContextManager[IO[bytes]]:
        """Its bytes. Raises OSError or Invalid."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that was walked."""

    recordings: Sequence[Recording]
    skipped: int
    archives: Sequence[str]
    """ZIP files among what was passed over: each is brought by itself."""
    refused: Sequence[tuple[str, str]] = ()

    @contextmanager
    def open(self, recording: Recording) -> Iterator[IO[bytes]]:
        assert isinstance(recording.handle, Path)
        with recording.handle.open("rb") as stream:
            yield stream


def walk(folder: Path) -> Folder:
    """Walk a folder: hidden files and folders, links, and what is plainly not audio are passed over."""
    found: list[Recording] = []
    archives: list[str] = []
    skipped = 0
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(directory, name)
            if name.startswith(".") or is_not_audio(name) or path.is_symlink() or not path.is_file():
                skipped += 1
                if name.lower().endswith(".zip"):
                    archives.append(shown_path(path.relative_to(folder)))
            else:
                found.append(file_recording(path, path.relative_to(folder)))
    return Folder(found, skipped, archives)


def file_recording(path: Path, relative: Path) -> Recording:
    """The recording that a file is. Raises OSError."""
    stat = path.stat()
    return Recording(shown_path(relative), stored_path(path), stat.st_size, stat.st_mtime_ns, path)


def is_not_audio(name: str) -> bool:
    """Whether a file's name says that it is no recording."""
    return os.path.splitext(name)[1].lower() in NOT_AUDIO  # noqa: PTH122 - a name, perhaps of no encoding


def shown_path(path: Path) -> str:
    """A path as people read it: each part in whatever encoding it has, NFC, with slashes."""
    return "/".join(unicodedata.normalize("NFC", decoded(os.fsencode(part))) for part in path.parts)


def stored_path(path: Path) -> str:
    """A path as the database and the terminal can hold it; bytes that are no UTF-8 are written in hexadecimal."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")
