"""Other people's text: titles, tags and file names, made harmless and one in spelling (NFC)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote_to_bytes

from app.errors import Invalid
from schedules.said import say

TITLE_LIMIT = 300
TAG_LIMIT = 60
TAGS_LIMIT = 40

# Control characters, lone surrogates, line and paragraph separators; and the marks that turn the direction of text,
# with which a name can be made to read as another one.
_HARMFUL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Browsers write these three characters of a file name as percent codes and leave every other one alone (WHATWG).
_BROWSER_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}

_PARAMETER = re.compile(rb';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)


def clean_line(text: str, field: str, limit: int = TITLE_LIMIT) -> str:
    """One line of text in NFC without spaces around it; may be empty.

    Raises:
        Invalid: for control characters, and for more than ``limit`` characters.
    """
    line = unicodedata.normalize("NFC", text).strip()
    culprit = next((character for character in line if _is_harmful(character)), None)
    if culprit is not None:
        told = "{field} holds the control character U+{hex}: remove it"
        raise Invalid(say("wrong-control", told, field=field, hex=f"{ord(culprit):04X}"), field=field)
    check_length(line, field, limit)
    return line


def check_length(text: str, field: str, most: int) -> None:
    """Raises Invalid for more characters."""
    if len(text) > most:
        told = "{field} has {count} characters; at most {most} are taken"
        raise Invalid(say("wrong-too-long", told, field=field, count=len(text), most=most), field=field)


def clean_title(text: str) -> str:
    """A title that is there.

    Raises:
        Invalid: as `clean_line`, and for an empty title.
    """
    title = clean_line(text, "title")
    if not title:
        raise Invalid(say("wrong-no-title", "title is empty"), field="title")
    return title


def clean_tags(values: Iterable[str]) -> list[str]:
    """Tags from repeated or comma-separated values, each once, in the order given.

    Raises:
        Invalid: as `clean_line`, and for more than `TAGS_LIMIT` tags.
    """
    tags = (clean_line(tag, "tags", TAG_LIMIT) for value in values for tag in value.split(","))
    unique = list(dict.fromkeys(tag for tag in tags if tag))
    if len(unique) > TAGS_LIMIT:
        told = "{count} tags; at most {most} are taken"
        raise Invalid(say("wrong-tags", told, count=len(unique), most=TAGS_LIMIT), field="tags")
    return unique


def display_name(name: str) -> str:
    """A file name to show to people: its last path component, in NFC, with control characters as spaces."""
    harmless = "".join(
        " " if _is_harmful(character) else character for character in unicodedata.normalize("NFC", name)
    )
    return re.split(r"[/\\]", harmless)[-1].strip()[:TITLE_LIMIT]


def title_of(name: str) -> str:
    """The title of a segment whose sender gave none: its display name without the extension."""
    return PurePosixPath(name).stem.strip()


def decoded(raw: bytes) -> str:
    """A name whose encoding nobody stated: UTF-8, else CP949 (Windows in Korean), else what can be read of it."""
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def content_disposition(header: bytes) -> tuple[str | None, str | None]:
    """The field name and the file name of one multipart part; None for what is not there.

    python-multipart leaves ``filename*`` (RFC 5987) out; it is read here because some clients send nothing else, and
    it wins over ``filename``, which such clients fill with a stand-in.
    """
    given = {match[1].lower(): _unquoted(match[2]) for match in _PARAMETER.finditer(header)}
    name = given.get(b"name")
    filename: str | None = None
    if b"filename*" in given:
        filename = _extended(given[b"filename*"])
    elif b"filename" in given:
        filename = decoded(given[b"filename"])
        for code, character in _BROWSER_ESCAPES.items():
            filename = filename.replace(code, character)
    return (None if name is None else decoded(name)), filename


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL_CATEGORIES or character in _DIRECTION_MARKS


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if len(value) < 2 or value[:1] != b'"' or value[-1:] != b'"':
        return value
    # Only these two are escapes: a Windows path keeps its backslashes.
    return re.sub(rb'\\(["\\])', rb"\1", value[1:-1])


def _extended(value: bytes) -> str:
    """``UTF-8'ko'%EB%89%B4...``: the charset is stated, but so often wrongly that `decoded` has the last word."""
    charset, _, rest = value.partition(b"'")
    _, _, escaped = rest.partition(b"'")
    raw = unquote_to_bytes(escaped or value)
    try:
        return raw.decode(charset.decode("ascii"))
    except (
        LookupError,
        ValueError,
    ):  # some codecs refuse with their own: "undefined", "idna", a name with a NUL
        return decoded(raw)
