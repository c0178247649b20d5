"""Tables of other programs: CSV as Excel, LibreOffice and editors write it, in whatever encoding."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import Invalid
from app.storage import write_atomically

LARGEST_BYTES = 64 << 20
"""A line for each of 100,000 files is a quarter of it."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = ",;\t"
_FORMULAS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line on which it begins, counted from 1, and its cells."""

    line: int
    cells: tuple[str, ...]


def read_table(content: bytes) -> list[Row]:
    """The records of a CSV file, its heading first; those that are empty are left out.

    UTF-8, UTF-16 or CP949, with or without a byte order mark; separated by commas, semicolons or tabs, whichever the
    heading has most of.

    Raises:
        Invalid: it is too large, in no encoding that we know, a workbook, or its quotes do not end.
    """
    if len(content) > LARGEST_BYTES:
        raise Invalid(f"the list has {len(content) >> 20} MiB; at most {LARGEST_BYTES >> 20} MiB are read")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Invalid('the list is a workbook: save it from Excel as "CSV UTF-8" and give that file')
    text = table_text(content)
    heading = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    return list(_records(text, delimiter))


def table_text(content: bytes) -> str:
    """The text of a table. Raises Invalid where no encoding fits."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decode(content[len(mark) :], (encoding,))
    head = content[:200]
    if head[1::2].count(0) > len(head) // 4:  # every ASCII letter of UTF-16 has a zero
        return _decode(content, ("utf-16-le",))
    if head[::2].count(0) > len(head) // 4:
        return _decode(content, ("utf-16-be",))
    return _decode(content, ("utf-8", "cp949"))


def write_table(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV file that Excel opens with a double click: UTF-8 with its mark, CRLF, no cell that it would calculate."""
    told = io.StringIO()
    csv.writer(told).writerows(
        [f"'{cell}" if cell.startswith(_FORMULAS) else cell for cell in row] for row in rows
    )
    write_atomically(path, codecs.BOM_UTF8 + told.getvalue().encode())


def _decode(content: bytes, encodings: Sequence[str]) -> str:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    lines = enumerate(content.splitlines(), 1)
    at = next((number for number, line in lines if not _fits(line, encodings)), 1)
    raise Invalid(
        f'line {at} of the list is neither {" nor ".join(encodings)}: save it as "CSV UTF-8" and give that file'
    )


def _fits(line: bytes, encodings: Sequence[str]) -> bool:
    for encoding in encodings:
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _records(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(f"line {begins} of the list cannot be read as CSV: {error}") from None
        if any(cell.strip() for cell in cells):
            yield Row(begins, tuple(_plain(cell) for cell in cells))
        begins = reader.line_num + 1


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from calculating it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULAS) else cell
