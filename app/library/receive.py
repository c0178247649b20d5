"""Receives an upload: the file goes to disk as it arrives, the fields to a small dictionary, whatever their order.

Starlette's own form parser writes a file part to the temporary folder first and copies it from there; 2 GB would cross
a second file system and leave something behind when the connection breaks. Here the file has one place from its first
byte, its hash is ready with its last one, and memory holds one network chunk.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import Invalid, TooLarge
from app.library.names import content_disposition, decoded, display_name
from app.settings import Settings
from app.storage import require_space

FIELD_LIMIT = 8 << 10
"""Bytes of one field: 300 syllables as decomposed jamo (NFD) are 2,700."""
PROSE_BYTES = 300 << 10
"""Bytes of a script or a note: 30,000 syllables as decomposed jamo are 270,000."""
PARTS_LIMIT = 100
HEADER_LIMIT = 16 << 10
"""Bytes of one part header: 300 decomposed syllables in percent codes (``filename*``) are 8,100."""
FORM_ALLOWANCE = 1 << 20
"""What a body may hold beside its file."""
SPACE_CHECK = 16 << 20
"""The disk's reserve is looked at again after this many bytes."""
EMPTY_FILE = "the file is empty: nothing arrived, or the recorder saved nothing"

PROSE = frozenset({"script", "notes", "rights"})
"""Fields of several lines."""
FIELDS = PROSE | frozenset(
    {
        *("title", "kind", "tags", "presenter", "air_from", "air_until"),
        *("series", "episode", "awaited_as", "awaited_on", "airing_id", "element"),
        *("pseudonym", "max_airings", "retain_until"),
    }
)


def limit_of(field: str) -> int:
    """How many bytes a field may have."""
    return PROSE_BYTES if field in PROSE else FIELD_LIMIT


@dataclass(frozen=True, slots=True)
class Received:
    """A complete upload: its file in the incoming folder, on disk for good, and the form's fields."""

    path: Path
    name: str
    """The file's name for display; may be empty."""
    sha256: str
    bytes: int
    fields: dict[str, list[str]]


class Receiver:
    """One upload. Feed it the body, then `finish`; `close` removes the file unless `keep` was called."""

    def __init__(self, settings: Settings, content_type: str, content_length: int | None) -> None:
        """Refuse what can be refused before the first byte.

        Raises:
            Invalid: the body is not multipart, or its boundary cannot be used.
            TooLarge: the announced length is over the limit.
            DiskReserve: the announced length would eat into the reserve.
        """
        self._settings = settings
        if content_length is not None and content_length > settings.upload_limit_bytes + FORM_ALLOWANCE:
            raise too_large(self._settings)
        require_space(settings, content_length or 0)
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise Invalid("send the recording as multipart/form-data with a field named file")
        self._parser = self._parser_for(options[b"boundary"])
        self._path = settings.incoming_dir / f"{secrets.token_hex(16)}.part"
        self._stream = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._kept = False
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._checked_at = 0
        self._fields: defaultdict[str, list[str]] = defaultdict(list)
        self._parts = 0
        self._name: str | None = None
        self._field: str | None = None
        self._ended = False
        self._begin_part_headers()

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            Invalid: it is not a well-formed form, or has fields that nobody knows.
            TooLarge: the file is over the limit.
            DiskReserve: the disk fills up.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise Invalid(f"the form is not well-formed: {error}") from error

    def finish(self) -> Received:
        """The complete upload, written through to the disk.

        Raises:
            Invalid: the end of the form or the file is missing, or the file is empty.
        """
        if not self._ended:
            raise Invalid("the upload ended before its last boundary: send it again")
        if self._name is None:
            raise Invalid("there is no file in the form", field="file")
        if self._bytes == 0:
            raise Invalid(EMPTY_FILE, field="file")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return Received(self._path, self._name, self._hash.hexdigest(), self._bytes, dict(self._fields))

    def keep(self) -> None:
        """The database knows of the file now."""
        self._kept = True

    def close(self) -> None:
        """Close the file, and remove it if it was not kept."""
        self._stream.close()
        if not self._kept:
            self._path.unlink(missing_ok=True)

    def _parser_for(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_content,
                    "on_part_data": self._content,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_size=HEADER_LIMIT,
            )
        except FormParserError as error:
            raise Invalid(f"the form is not well-formed: {error}") from error

    # The parser's callbacks, in the order in which they come.

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > PARTS_LIMIT:
            raise Invalid(f"the form has more than {PARTS_LIMIT} parts")
        self._begin_part_headers()

    def _begin_part_headers(self) -> None:
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._content_bytes = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _begin_content(self) -> None:
        name, filename = content_disposition(self._disposition)
        if name == "file":
            if self._name is not None:
                raise Invalid("the form holds two files: send one at a time", field="file")
            self._name, self._field = display_name(filename or ""), None
            return
        field = (name or "").replace("-", "_")
        if field not in FIELDS:
            raise Invalid(
                f"the form has a field {display_name(name or '')[:40]!r}, which nobody knows; "
                f"known are file, {', '.join(sorted(FIELDS))}"
            )
        self._field = field

    def _content(self, data: bytes, start: int, end: int) -> None:
        piece = memoryview(data)[start:end]
        if self._field is None:
            self._file_content(piece)
            return
        self._content_bytes += piece
        limit = limit_of(self._field)
        if len(self._content_bytes) > limit:
            raise Invalid(f"{self._field} is longer than {limit} bytes", field=self._field)

    def _file_content(self, piece: memoryview) -> None:
        self._bytes += len(piece)
        if self._bytes > self._settings.upload_limit_bytes:
            raise too_large(self._settings)
        if self._bytes - self._checked_at >= SPACE_CHECK:
            require_space(self._settings)
            self._checked_at = self._bytes
        self._hash.update(piece)
        self._stream.write(piece)

    def _end_part(self) -> None:
        if self._field is not None:
            self._fields[self._field].append(decoded(bytes(self._content_bytes)))

    def _end(self) -> None:
        self._ended = True


def too_large(settings: Settings) -> TooLarge:
    """The refusal of a recording over the station's limit."""
    limit = settings.upload_limit_bytes
    return TooLarge(f"the upload is larger than the {limit >> 20} MiB ({limit:,} bytes) that are taken")
