"""A site's log or invoice as CSV, read by the columns that the caller names. Pure: bytes in, rows and complaints out."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from app.errors import Invalid
from schedules.frequencies.bands import HIGHEST_KHZ, LOWEST_KHZ
from schedules.said import Said, say
from schedules.time import KST, Span

Charset = Literal["utf-8", "utf-16", "cp949", "euc-kr", "iso-8859-1", "cp1251", "cp1252"]
Zone = Literal["UTC", "KST"]

_TIME = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?|([0-9]{2}))")
_YEAR = re.compile(r"%[YyGcx]")
"""Python 3.13 warns of a day without a year before it reads it."""
_NUMBER = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMapping:
    """How a site writes its log.

    Columns are titles in line ``header_line``, or numbers from 1 where that is 0: there are no titles. A row has a ``stop``, or
    ``minutes``, or both. Without a ``status`` column every row was on the air; with one, its words are told in ``aired`` and
    ``not_aired``, in any case of letters. ``date_format`` is strptime's; dates and times are those of ``zone``.
    """

    date: str
    start: str
    stop: str | None = None
    minutes: str | None = None
    khz: str | None = None
    status: str | None = None
    aired: tuple[str, ...] = ()
    not_aired: tuple[str, ...] = ()
    date_format: str = "%Y-%m-%d"
    zone: Zone = "UTC"
    delimiter: str = ","
    charset: Charset = "utf-8"
    decimal_comma: bool = False
    header_line: int = 1

    def columns(self) -> list[str]:
        named = (self.date, self.start, self.stop, self.minutes, self.khz, self.status)
        return [name for name in named if name is not None]


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row: on the air, or an outage, over a span (empty for no minutes at all)."""

    line: int
    span: Span
    khz: int | None
    status: str
    aired: bool

    @property
    def sha256(self) -> str:
        """What the row says, whatever the file looked like."""
        told = (self.span.start.isoformat(), self.span.end.isoformat(), self.khz, self.status)
        return hashlib.sha256(repr(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BadCell:
    """What cannot be read: the line of the file (from 1), the column as the caller named it ("" for the line), and why."""

    line: int
    column: str
    reason: Said


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The rows that could be read, and what could not."""

    rows: tuple[LogRow, ...]
    problems: tuple[BadCell, ...]


class _Bad(Exception):
    """A cell that cannot be read."""

    def __init__(self, column: str, reason: Said, line: int | None = None) -> None:
        super().__init__(reason.text)
        self.column = column
        self.reason = reason
        self.line = line


def check_mapping(mapping: LogMapping) -> None:
    """Refuse what could read no log. Raises Invalid with the field."""
    if mapping.stop is None and mapping.minutes is None:
        raise Invalid(
            say("unread-log-stop", "a row needs a stop or its minutes: name a column"), field="stop"
        )
    if mapping.status is not None and not mapping.aired + mapping.not_aired:
        raise Invalid(
            say("unread-log-words", "say which words of the status column mean aired, and which not aired"),
            field="aired",
        )
    both = {word.casefold() for word in mapping.aired} & {word.casefold() for word in mapping.not_aired}
    if both:
        raise Invalid(say("unread-log-both", '"{word}" cannot mean both', word=min(both)), field="aired")
    if mapping.header_line == 0:
        for name in mapping.columns():
            if not re.fullmatch(r"[1-9][0-9]{0,2}", name):
                raise Invalid(
                    say(
                        "unread-log-number",
                        'without titles a column is a number from 1, not "{column}"',
                        column=name,
                    ),
                    field="header_line",
                )
    _check_date_format(mapping.date_format)


def _check_date_format(text: str) -> None:
    sample = date(2026, 11, 22)
    try:
        told = sample.strftime(text)
        known = bool(_YEAR.search(text)) and _read_date(told, text) == sample
    except ValueError:
        known = False
    if not known:
        raise Invalid(
            say(
                "unread-log-form",
                '"{text}" does not tell year, month and day: write for example %Y-%m-%d or %d.%m.%Y',
                text=text,
            ),
            field="date_format",
        )


def _read_date(text: str, date_format: str) -> date:
    return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a date has no zone


def read_log(content: bytes, mapping: LogMapping) -> ReadLog:
    """Every row of a file, or what is wrong with it; empty lines are passed over. Check the mapping first."""
    try:
        text = content.decode("utf-8-sig" if mapping.charset == "utf-8" else mapping.charset)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        why = say(
            "unread-log-charset",
            "is not {encoding}: say which encoding the file has",
            encoding=mapping.charset,
        )
        return ReadLog((), (BadCell(line, "", why),))
    rows: list[LogRow] = []
    problems: list[BadCell] = []
    try:
        _read_table(_Table(text, mapping), mapping, rows, problems)
    except _Bad as bad:
        problems.append(BadCell(bad.line or max(mapping.header_line, 1), bad.column, bad.reason))
    return ReadLog(tuple(rows), tuple(problems))


class _Table:
    """The cells of a CSV by line; ``place`` maps the caller's columns to their positions."""

    def __init__(self, text: str, mapping: LogMapping) -> None:
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter)
        titles: Sequence[str] = ()
        for _ in range(mapping.header_line):
            titles = self._next() or ()
        self.place = {name: _place(name, titles, mapping) for name in mapping.columns()}

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self._reader.line_num + 1
            cells = self._next()
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            line = self._reader.line_num
            why = say("unread-log-csv", "the file cannot be read as CSV from here on: {why}", why=str(error))
            raise _Bad("", why, line) from None


def _place(name: str, titles: Sequence[str], mapping: LogMapping) -> int:
    if mapping.header_line == 0:
        return int(name) - 1
    found = [place for place, title in enumerate(titles) if title.strip() == name.strip()]
    if len(found) != 1:
        seen = ", ".join(title.strip() for title in titles) or "nothing"
        how = (
            say("unread-log-twice", "two columns have this title")
            if found
            else say("unread-log-no-column", "there is no column of this title")
        )
        raise _Bad(
            name,
            say(
                "unread-log-title",
                "{how}: line {line} has {seen}",
                how=how,
                line=mapping.header_line,
                seen=seen,
            ),
        )
    return found[0]


def _read_table(table: _Table, mapping: LogMapping, rows: list[LogRow], problems: list[BadCell]) -> None:
    for line, cells in table:
        told = {
            name: cells[place].strip() if place < len(cells) else "" for name, place in table.place.items()
        }
        try:
            rows.append(_row(line, told, mapping))
        except _Bad as bad:
            problems.append(BadCell(line, bad.column, bad.reason))


def _row(line: int, told: dict[str, str], mapping: LogMapping) -> LogRow:
    day = _date(told, mapping)
    start = _instant(day, _seconds(told, mapping.start), mapping)
    status = told[mapping.status] if mapping.status else ""
    return LogRow(
        line=line,
        span=Span(start, _end(day, start, told, mapping)),
        khz=_khz(told, mapping.khz, mapping) if mapping.khz else None,
        status=status,
        aired=_is_aired(status, mapping),
    )


def _date(told: dict[str, str], mapping: LogMapping) -> date:
    text = told[mapping.date]
    try:
        day = _read_date(text, mapping.date_format)
    except ValueError:
        why = say(
            "unread-log-date",
            '"{text}" is not a date of the form {form}',
            text=text,
            form=mapping.date_format,
        )
        raise _Bad(mapping.date, why) from None
    if day.year not in _YEARS:
        raise _Bad(
            mapping.date,
            say(
                "unread-log-year",
                '"{text}" is not in the years {first} to {last}',
                text=text,
                first=_YEARS.start,
                last=_YEARS.stop - 1,
            ),
        )
    return day


def _seconds(told: dict[str, str], column: str) -> int:
    """Seconds after midnight of 20:00, 2000, 20:00:30 or, as spreadsheets leave it, 500; up to 24:00."""
    text = told[column]
    match = _TIME.fullmatch(text)
    if match is not None:
        hours, minutes, seconds = int(match[1]), int(match[2] or match[4]), int(match[3] or 0)
        if minutes < 60 and seconds < 60 and (total := hours * 3600 + minutes * 60 + seconds) <= 86_400:
            return total
    raise _Bad(
        column, say("unread-log-time", '"{text}" is not a time: 2000, 20:00 and 20:00:30 are', text=text)
    )


def _instant(day: date, seconds: int, mapping: LogMapping) -> datetime:
    midnight = datetime.combine(day, time(), tzinfo=UTC if mapping.zone == "UTC" else KST)
    return midnight.astimezone(UTC) + timedelta(seconds=seconds)


def _end(day: date, start: datetime, told: dict[str, str], mapping: LogMapping) -> datetime:
    length = _minutes(told, mapping.minutes, mapping) if mapping.minutes else None
    if mapping.stop is None:
        assert length is not None  # for mypy: the mapping was checked
        return start + length
    stop = _instant(day, _seconds(told, mapping.stop), mapping)
    if stop < start or (stop == start and length):
        stop += _DAY
    if mapping.minutes and length is not None and abs(stop - start - length) > _MINUTE:
        raise _Bad(
            mapping.minutes,
            say(
                "unread-log-between",
                '"{text}" minutes do not lie between start and stop',
                text=told[mapping.minutes],
            ),
        )
    return stop


def _minutes(told: dict[str, str], column: str, mapping: LogMapping) -> timedelta:
    minutes = _number(told, column, mapping)
    if minutes > 24 * 60:
        raise _Bad(
            column, say("unread-log-day", "{minutes} minutes are more than a day", minutes=str(minutes))
        )
    return timedelta(seconds=round(minutes * 60))


def _is_aired(status: str, mapping: LogMapping) -> bool:
    if mapping.status is None:
        return True
    word = status.casefold()
    if word in {each.casefold() for each in mapping.aired}:
        return True
    if word in {each.casefold() for each in mapping.not_aired}:
        return False
    raise _Bad(
        mapping.status,
        say(
            "unread-log-status",
            '"{text}" is neither among the words for aired nor among those for not aired',
            text=status,
        ),
    )


def _khz(told: dict[str, str], column: str, mapping: LogMapping) -> int:
    khz = _number(told, column, mapping)
    if khz % 1 or not LOWEST_KHZ <= khz <= HIGHEST_KHZ:
        raise _Bad(
            column,
            say(
                "unread-log-khz",
                "{khz} is no shortwave frequency in kHz ({lowest} to {highest})",
                khz=str(khz),
                lowest=LOWEST_KHZ,
                highest=HIGHEST_KHZ,
            ),
        )
    return int(khz)


def _number(told: dict[str, str], column: str, mapping: LogMapping) -> Decimal:
    text = told[column]
    plain = text.replace(",", ".") if mapping.decimal_comma and "." not in text else text
    if not _NUMBER.fullmatch(plain):
        why = (
            say("unread-log-comma", '"{text}" is not a number (decimals after a comma)', text=text)
            if mapping.decimal_comma
            else say("unread-log-point", '"{text}" is not a number (decimals after a point)', text=text)
        )
        raise _Bad(column, why)
    return Decimal(plain)
