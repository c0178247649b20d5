"""ZIP files of recordings: names as they were meant, and nothing that an archive may do to who opens it.

No entry is ever written under its own name: each is copied into the incoming folder under one of ours, one at a time, as
many bytes as it announces and no more.
"""

from __future__ import annotations

import itertools
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.bringing.recordings import Recording, is_not_audio, stored_path
from app.errors import Invalid
from app.library.names import decoded

MOST_ENTRIES = 100_000
MOST_TIMES = 200
"""Sound that packs better than this is silence, and deflate reaches 1,032: such an entry is no recording."""
HARMLESS_BYTES = 64 << 20
"""Up to this size an entry may unpack to as many times its size as it likes."""
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_UNICODE_PATH = 0x7075
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".egg", ".alz")


@dataclass(frozen=True, slots=True)
class Archive:
    """A ZIP file that was looked through."""

    recordings: Sequence[Recording]
    skipped: int
    refused: Sequence[tuple[str, str]]
    _file: zipfile.ZipFile
    _entries: Sequence[zipfile.ZipInfo]

    @contextmanager
    def open(self, recording: Recording) -> Iterator[IO[bytes]]:
        assert isinstance(recording.handle, int)
        try:
            with self._file.open(self._entries[recording.handle]) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise Invalid(f"the ZIP file is damaged here: {error}") from None

    def close(self) -> None:
        self._file.close()


def open_archive(path: Path, most_bytes: int) -> Archive:
    """Look through a ZIP file; `most_bytes` is the largest recording that is taken.

    Raises:
        Invalid: it is no ZIP file, has too many entries, or its entries lie over one another.
        OSError: it cannot be read.
    """
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Invalid(f"{stored_path(path)} is no ZIP file that can be read: {error}") from None
    entries = file.infolist()
    try:
        _check_layout(entries)
    except Invalid:
        file.close()
        raise
    found: list[Recording] = []
    refused: list[tuple[str, str]] = []
    skipped = 0
    for number, entry in enumerate(entries):
        name = entry_name(entry)
        if entry.is_dir():
            continue
        if reason := _why_not(entry, name, most_bytes):
            refused.append((name, reason))
        elif _is_passed_over(name):
            skipped += 1
        else:
            key = f"{stored_path(path)}!/{number}/{name}"
            found.append(Recording(name, key, entry.file_size, entry.CRC, number))
    found.sort(key=lambda one: one.name)
    return Archive(found, skipped, refused, file, entries)


def entry_name(entry: zipfile.ZipInfo) -> str:
    """An entry's name as it was meant: what says so is UTF-8; the rest is UTF-8 all the same (macOS), CP949 or CP437.

    Windows' own ZIP folders write CP949 in Korea and say nothing; `zipfile` reads that as CP437, which loses nothing.
    """
    if stated := _stated_name(entry):
        name = stated
    elif entry.flag_bits & _UTF8_NAME:
        name = entry.orig_filename
    else:
        name = decoded(entry.orig_filename.encode("cp437"))
        if "\ufffd" in name:
            name = entry.orig_filename
    # Only now: the second byte of a CP949 syllable may be a backslash
    return unicodedata.normalize("NFC", name.partition("\0")[0]).replace("\\", "/")


def _stated_name(entry: zipfile.ZipInfo) -> str | None:
    """The name of Info-ZIP's extra field 0x7075, where it belongs to the name that is there."""
    extra, position = entry.extra, 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        body = extra[position + 4 : position + 4 + size]
        if kind == _UNICODE_PATH and len(body) > 5 and body[0] == 1 and not entry.flag_bits & _UTF8_NAME:
            if struct.unpack_from("<I", body, 1)[0] != zlib.crc32(entry.orig_filename.encode("cp437")):
                return None
            return body[5:].decode("utf-8", "replace")
        position += 4 + size
    return None


def _check_layout(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Entries that share their bytes make a bomb of a small file. Raises Invalid."""
    if len(entries) > MOST_ENTRIES:
        raise Invalid(f"the ZIP file has {len(entries)} entries; at most {MOST_ENTRIES} are read")
    ordered = sorted((entry.header_offset, entry.compress_size) for entry in entries if not entry.is_dir())
    for (start, size), (following, _) in itertools.pairwise(ordered):
        if start + size > following:
            raise Invalid(
                "the ZIP file's entries lie over one another: it was made to do harm, and is not read"
            )


def _why_not(entry: zipfile.ZipInfo, name: str, most_bytes: int) -> str | None:
    """Why an entry is not taken; None where nothing speaks against it."""
    mode = entry.external_attr >> 16
    size, times = entry.file_size, entry.file_size // max(entry.compress_size, 1)
    reasons = (
        (
            name.startswith("/") or re.match(r"[A-Za-z]:", name) is not None or ".." in name.split("/"),
            "its name leads out of the ZIP file: pack it anew without such paths",
        ),
        (stat.S_ISLNK(mode), "it is a link to another file: pack the recording itself"),
        (stat.S_IFMT(mode) not in {0, stat.S_IFREG}, "it is no file"),
        (
            bool(entry.flag_bits & _ENCRYPTED),
            "it is encrypted: unpack it with its password, and bring the folder",
        ),
        (
            name.lower().endswith(_ARCHIVES),
            "it is an archive inside the ZIP file: unpack it, and bring it by itself",
        ),
        (
            entry.compress_type not in _METHODS,
            f"it is packed by a method ({entry.compress_type}) that we cannot read: unpack it, and bring the folder",
        ),
        (
            size > most_bytes,
            f"it has {size >> 20} MiB; recordings of up to {most_bytes >> 20} MiB are taken",
        ),
        (
            size > HARMLESS_BYTES and times > MOST_TIMES,
            f"it would unpack to {times} times its size: that is no recording",
        ),
    )
    return next((reason for is_so, reason in reasons if is_so), None)


def _is_passed_over(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or is_not_audio(parts[-1])
