r"""Reads a plain `pg_dump` file row by row, whatever its size: COPY blocks, and INSERT statements where they were asked for.

The format: PostgreSQL's documentation of `pg_dump`, and of COPY's text format (escapes, ``\N`` for NULL, ``\.`` at the end).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from app.errors import Invalid
from app.library.names import decoded

LONGEST_LINE = 16 << 20
"""One row. A cover picture in a text column is a fraction of it."""

_PLAIN = "pg_dump --format=plain --no-owner --file=libretime.sql libretime"
_COPY = re.compile(r"COPY (?:ONLY )?(?P<table>\S+) \((?P<columns>.*)\) FROM stdin;")
_CREATE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(?P<table>\S+)\s*\(?\s*$")
_COLUMN = re.compile(r'\s+"?(?P<name>[a-z_][a-z0-9_]*)"?\s+\S')
_INSERT = re.compile(
    r"INSERT INTO (?P<table>\S+)(?: \((?P<columns>[^)]*)\))? (?:OVERRIDING \w+ VALUE )?VALUES"
)
_ENCODING = re.compile(r"SET client_encoding = '(\w+)';")
# PostgreSQL's names for what Python calls otherwise; SQL_ASCII means that nobody knows.
_CODECS = {"UHC": "cp949", "EUC_KR": "euc_kr", "JOHAB": "johab", "UTF8": "utf-8", "LATIN1": "latin-1"}
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

Fields = Mapping[str, str | None]
"""One row: its columns by name, None for NULL."""


def read_dump(path: Path, tables: Collection[str]) -> Iterator[tuple[str, Fields]]:
    """The rows of these tables (names without schema), in the order of the dump, each with its table's name.

    Only one row is held at a time.

    Raises:
        Invalid: it is no plain dump, with the command that makes one; or it breaks off in the middle of a table.
        OSError: it cannot be read.
    """
    with _opened(path) as stream:
        yield from _Reader(stream, tables).rows()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        head = raw.read(512)
    if head[:5] == b"PGDMP" or head[257:262] == b"ustar":
        raise Invalid(
            f"{path} is a dump in PostgreSQL's custom or tar format: make a plain one with `{_PLAIN}`"
        )
    if head[:4] in {b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\x04\x22\x4d\x18"}:
        raise Invalid(f"{path} is compressed: unpack it first, or pack it with gzip")
    if head[:2] == b"\x1f\x8b":
        with gzip.open(path) as unpacked:
            yield cast("IO[bytes]", unpacked)
    else:
        with path.open("rb") as stream:
            yield stream


class _Reader:
    """One pass over a dump."""

    def __init__(self, stream: IO[bytes], tables: Collection[str]) -> None:
        self._stream = stream
        self._tables = tables
        self._codec: str | None = "utf-8"
        self._columns: dict[str, list[str]] = {}
        self._number = 0

    def rows(self) -> Iterator[tuple[str, Fields]]:
        is_dump = False
        while line := self._line():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            is_dump |= text.startswith(
                ("-- PostgreSQL database dump", "COPY ", "CREATE TABLE", "INSERT INTO")
            )
            if found := _ENCODING.match(text):
                name = found[1].upper()
                self._codec = None if name == "SQL_ASCII" else _CODECS.get(name, name)
            elif found := _COPY.match(text):
                yield from self._copied(_bare(found["table"]), _names(found["columns"]))
            elif found := _CREATE.match(text):
                self._create(_bare(found["table"]))
            elif found := _INSERT.match(text):
                yield from self._inserted(_bare(found["table"]), found["columns"], line, found.end())
            elif self._number == 1000 and not is_dump:
                break
        if not is_dump:
            raise Invalid(f"this is no dump of a PostgreSQL database: make one with `{_PLAIN}`")

    def _line(self) -> bytes:
        try:
            line = self._stream.readline(LONGEST_LINE)
        except (EOFError, gzip.BadGzipFile) as error:
            raise Invalid(f"the dump cannot be unpacked after line {self._number}: {error}") from None
        self._number += 1
        if len(line) == LONGEST_LINE:
            raise Invalid(f"line {self._number} of the dump is longer than {LONGEST_LINE >> 20} MiB")
        return line

    def _copied(self, table: str, columns: list[str]) -> Iterator[tuple[str, Fields]]:
        """The lines of a COPY block up to its end; those of other tables are passed over."""
        begins = self._number
        while line := self._line():
            if line.rstrip(b"\r\n") == b"\\.":
                return
            if table in self._tables:
                cells = line.rstrip(b"\r\n").split(b"\t")
                if len(cells) != len(columns):
                    raise Invalid(
                        f"line {self._number} of the dump: {table} has {len(columns)} columns, and there are {len(cells)}"
                    )
                values = (None if cell == b"\\N" else self._text(_unescaped(cell)) for cell in cells)
                yield table, dict(zip(columns, values, strict=True))
        raise Invalid(
            f"the dump breaks off in the middle of {table}, which begins on line {begins}: make it again"
        )

    def _create(self, table: str) -> None:
        """Remember a table's columns: INSERT statements need not name them."""
        if table not in self._tables:
            return
        columns = []
        while line := self._line():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.startswith(")"):
                break
            if (found := _COLUMN.match(text)) and not text.lstrip().startswith(("CONSTRAINT", "PRIMARY KEY")):
                columns.append(found["name"])
        self._columns[table] = columns

    def _inserted(
        self, table: str, named: str | None, line: bytes, position: int
    ) -> Iterator[tuple[str, Fields]]:
        """The rows of one INSERT statement; texts in it may hold line breaks."""
        begins = self._number
        statement = line[position:]  # what is before it is ASCII: names of LibreTime's own
        while not _is_whole(statement):
            more = self._line()
            if not more or len(statement) > LONGEST_LINE:
                raise Invalid(f"the statement on line {begins} of the dump does not end: make it again")
            statement += more
        if table not in self._tables:
            return
        columns = _names(named) if named else self._columns.get(table, [])
        for values in _tuples(self._text(statement)):
            if len(values) != len(columns):
                raise Invalid(
                    f"line {begins} of the dump: {table} has {len(columns)} columns, and there are {len(values)} values"
                )
            yield table, dict(zip(columns, values, strict=True))

    def _text(self, raw: bytes) -> str:
        if self._codec is None:
            return decoded(raw)
        try:
            return raw.decode(self._codec)
        except (UnicodeDecodeError, LookupError):
            return decoded(raw)


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"')


def _names(columns: str) -> list[str]:
    return [column.strip().strip('"') for column in columns.split(",")]


def _unescaped(cell: bytes) -> bytes:
    return cell if b"\\" not in cell else _ESCAPE.sub(_meant, cell)


def _meant(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = match.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 0xFF,))
    if hexadecimal is not None:
        return bytes((int(hexadecimal, 16),))
    return _LETTERS.get(letter, letter)


def _is_whole(statement: bytes) -> bool:
    """Whether a statement ends here: with a semicolon outside of its texts."""
    return statement.rstrip().endswith(b";") and statement.count(b"'") % 2 == 0


_VALUE = re.compile(
    r"\s*(?:(?P<escaped>E)?'(?P<text>(?:[^']|'')*)'(?:::[\w \"\[\]]+)?|(?P<bare>[^,()']+))\s*(?P<end>[,)])"
)


def _tuples(statement: str) -> Iterator[list[str | None]]:
    """The values of an INSERT statement, row by row."""
    position = statement.find("(") + 1
    while position > 0:
        values: list[str | None] = []
        end = ","
        while end == ",":
            match = _VALUE.match(statement, position)
            if match is None:
                raise Invalid(
                    f'the dump has values that we cannot read: "{statement[position : position + 40]}"'
                )
            values.append(_value(match))
            position, end = match.end(), match["end"]
        yield values
        position = statement.find("(", position) + 1


def _value(match: re.Match[str]) -> str | None:
    if match["text"] is None:
        bare = match["bare"].strip()
        return None if bare.upper() == "NULL" else bare
    text = match["text"].replace("''", "'")
    return _unescaped(text.encode()).decode("utf-8", "replace") if match["escaped"] else text
