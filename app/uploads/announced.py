"""What a client says when it begins an upload: its length, and the description in ``Upload-Metadata``."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from app.errors import Invalid
from app.library.description import from_form
from app.library.names import decoded, display_name
from app.library.receive import EMPTY_FILE, FIELDS, limit_of, too_large
from app.settings import Settings
from app.uploads.errors import TusError

FILE_NAMES = ("filename", "name")
"""What clients call the file's name; the first that is there counts (Uppy sends both)."""
UNUSED = frozenset({"filetype", "type", "relativepath"})
"""Sent by clients of their own accord; ingest looks at the bytes instead."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Announced:
    """An upload as it was announced, with a description that can become a segment."""

    length: int
    file_name: str
    fields: dict[str, list[str]]
    sha256: str | None
    metadata: str


def announced(length: int, metadata: str, settings: Settings) -> Announced:
    """Refuse now what could not become a segment after 2 GB.

    Raises:
        Invalid: the file is empty, or the description would be refused.
        TooLarge: over the station's limit.
        TusError: ``Upload-Metadata`` is not well-formed.
    """
    if length == 0:
        raise Invalid(EMPTY_FILE, field="Upload-Length")
    if length > settings.upload_limit_bytes:
        raise too_large(settings)
    values = read_metadata(metadata)
    given = [values.pop(name, b"") for name in FILE_NAMES]
    file_name = display_name(decoded(next((name for name in given if name), b"")))
    sha256 = values.pop("sha256", b"").decode("ascii", "replace").strip().lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise Invalid("sha256 is not 64 hexadecimal digits", field="sha256")
    fields = {name: [decoded(value)] for name, value in values.items() if name.lower() not in UNUSED}
    fields = {name.replace("-", "_"): value for name, value in fields.items()}
    for name, [value] in fields.items():
        _check_known(name, value)
    from_form(fields, file_name)
    return Announced(length, file_name, fields, sha256 or None, metadata.strip())


def read_metadata(header: str) -> dict[str, bytes]:
    """``Upload-Metadata``: pairs of a key and a Base64 value, separated by commas; a value may be left out.

    Raises:
        TusError: names the pair that is wrong, or the key that is there twice.
    """
    values: dict[str, bytes] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, value = pair.strip().partition(" ")
        if not key:
            raise TusError("Upload-Metadata has a pair without a key: write `key base64,key base64`")
        if key in values:
            raise TusError(
                f"Upload-Metadata has {_shown(key)} twice; tags are separated by commas inside one value"
            )
        try:
            values[key] = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):  # ValueError: not even ASCII
            raise TusError(f"Upload-Metadata: the value of {_shown(key)} is not Base64") from None
    return values


def _check_known(name: str, value: str) -> None:
    if name not in FIELDS:
        raise Invalid(
            f"Upload-Metadata has a field {_shown(name)}, which nobody knows; "
            f"known are filename, sha256, {', '.join(sorted(FIELDS))}"
        )
    limit = limit_of(name)
    if len(value.encode()) > limit:
        raise Invalid(f"{name} is longer than {limit} bytes", field=name)


def _shown(key: str) -> str:
    return repr(display_name(key)[:40])
