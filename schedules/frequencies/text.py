"""What the text files of schedules share: encodings, line ends, and the fields of a line with what is wrong with them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from schedules.errors import BadEncoding, ScheduleError
from schedules.said import Said, say, told_by

LATIN_1 = "iso-8859-1"
"""What HFCC and EiBi write."""

UTF_8, UTF_8_WITH_BOM = "utf-8", "utf-8-sig"

_LINE_END = re.compile(r"\r\n|\n|\r")

Record = TypeVar("Record")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    encoding: str
    """LATIN_1, UTF_8 or UTF_8_WITH_BOM: for `encode`, and for people."""


def decode(data: bytes) -> Decoded:
    """The text of a file: UTF-8 where it is that (with a byte order mark or without), else ISO-8859-1, which reads any bytes.

    Plain ASCII is both, and is called ISO-8859-1, the encoding of these formats.
    """
    if data.startswith(codecs.BOM_UTF8):
        try:
            return Decoded(data.decode(UTF_8_WITH_BOM), UTF_8_WITH_BOM)
        except UnicodeDecodeError:
            return Decoded(data.decode(LATIN_1), LATIN_1)
    if data.isascii():
        return Decoded(data.decode("ascii"), LATIN_1)
    try:
        return Decoded(data.decode(UTF_8), UTF_8)
    except UnicodeDecodeError:
        return Decoded(data.decode(LATIN_1), LATIN_1)


def encode(text: str, encoding: str) -> bytes:
    """The bytes of a file in the encoding that `decode` found. Raises BadEncoding with the line that does not fit."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        line_number = len(_LINE_END.findall(text, 0, error.start)) + 1
        raise BadEncoding(
            say(
                "unread-character",
                'line {line}: "{text}" cannot be written in {encoding}: replace it, or write UTF-8',
                line=line_number,
                text=text[error.start],
                encoding=encoding,
            )
        ) from None


def split_lines(text: str) -> list[str]:
    """The lines without their ends, CRLF, LF or CR. Not `str.splitlines`, which also splits at characters of ISO-8859-1."""
    return _LINE_END.split(text)


def line_end(text: str) -> str:
    """What the lines of a text end with: CRLF where there is one, else LF."""
    return "\r\n" if "\r\n" in text else "\n"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of a file. Lines and columns count from 1, both columns included, 0 for the whole line."""

    line_number: int
    reason: Said
    field: str = ""
    first_column: int = 0
    last_column: int = 0

    def __str__(self) -> str:
        if not self.first_column:
            return f"line {self.line_number}: {self.reason}"
        columns = f"columns {self.first_column}-{self.last_column}"
        if self.last_column <= self.first_column:
            columns = f"column {self.first_column}"
        return f"line {self.line_number}, {columns}{f' ({self.field})' if self.field else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ScheduleFile(Generic[Record]):
    """A file as it was read, or as it is to be written: nothing of it is lost.

    `lines` are its lines in order: records, and as they stand the texts of headers, comments, empty and bad lines.
    `problems` say why a line is bad; `notes`, how a record was understood where that was not plain.
    """

    lines: tuple[Record | str, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    line_end: str = "\r\n"

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(line for line in self.lines if not isinstance(line, str))


class Fields:
    """The fields of one line while they are being read: all that is wrong with them is gathered, not the first only."""

    def __init__(
        self, line_number: int, texts: Mapping[str, str], columns: Mapping[str, tuple[int, int]]
    ) -> None:
        self._problems: list[Problem] = []
        self.notes: list[Problem] = []
        self._line_number = line_number
        self._texts = texts
        self._columns = columns

    @property
    def problems(self) -> list[Problem]:
        """From left to right."""
        return sorted(self._problems, key=lambda problem: problem.first_column)

    def read(self, name: str, parse: Callable[[str], Value], otherwise: Value) -> Value:
        """The field's value. Where `parse` raises a ScheduleError there is a problem more, and the value does not matter."""
        try:
            return parse(self._texts[name])
        except ScheduleError as error:
            self._problems.append(self._said(name, told_by(error)))
            return otherwise

    def read_if_possible(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """The value of a field that the line can do without: empty is None, and what cannot be read is only a note."""
        if not self._texts[name]:
            return None
        try:
            return parse(self._texts[name])
        except ScheduleError as error:
            self.note(name, told_by(error))
            return None

    def note(self, name: str, reason: Said) -> None:
        self.notes.append(self._said(name, reason))

    def refuse(self, name: str, reason: Said) -> None:
        self._problems.append(self._said(name, reason))

    def _said(self, name: str, reason: Said) -> Problem:
        first, last = self._columns[name]
        return Problem(self._line_number, reason, name, first, last)
