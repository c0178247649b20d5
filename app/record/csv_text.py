"""Rows as CSV that spreadsheets open as they should: UTF-8 with a mark, and no cell that they would calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

MARK = "\ufeff"
"""Without it spreadsheets take Korean for Latin."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(kind: type[Any], rows: Iterable[Any]) -> Iterator[str]:
    """The header and one line for each row of a dataclass; instants as ISO 8601 in UTC, empty for None."""
    yield MARK + _line([field.name for field in fields(kind)])
    for row in rows:
        yield _line([_cell(value) for value in astuple(row)])


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str() if value.startswith(_FORMULAS):
            return "'" + value
        case _:
            return str(value)


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
