from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.record.csv_text import MARK, csv_lines


@dataclass(frozen=True)
class Row:
    title: str | None
    at: datetime
    was_late: bool
    size: int


AT = datetime(2026, 11, 23, 0, 0, tzinfo=timezone(timedelta(hours=9)))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(MARK))))


def test_rows_come_back_as_they_were_with_instants_in_utc() -> None:
    text = "".join(
        csv_lines(
            Row,
            [
                Row('밤의 "목소리", 1부\n2부', AT, was_late=True, size=7),
                Row(None, AT.astimezone(UTC), was_late=False, size=0),
            ],
        )
    )
    assert text.startswith(MARK), "spreadsheets take Korean for Latin without it"
    assert read(text) == [
        ["title", "at", "was_late", "size"],
        ['밤의 "목소리", 1부\n2부', "2026-11-22T15:00:00Z", "yes", "7"],
        ["", "2026-11-22T15:00:00Z", "no", "0"],
    ]


@pytest.mark.parametrize("title", ["=1+1", "+82", "-1", "@x", "\t=1", "\r=1"])
def test_a_spreadsheet_calculates_nothing(title: str) -> None:
    (_, row) = read("".join(csv_lines(Row, [Row(title, AT, was_late=False, size=1)])))
    assert row[0] == "'" + title
