"""A schedule file of either format, as it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from app.errors import Invalid
from schedules.frequencies import eibi, hfcc
from schedules.frequencies.eibi import EibiRow
from schedules.frequencies.hfcc import HfccRecord
from schedules.frequencies.text import Problem, ScheduleFile, decode, split_lines
from schedules.said import say
from schedules.season import Season

Format = Literal["hfcc", "eibi"]

MOST_LINES = 50_000
"""Everybody's lines of a season are ten thousand."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file says, and what of it could not be read."""

    content: bytes
    encoding: str
    format: Format
    records: ScheduleFile[HfccRecord] | ScheduleFile[EibiRow]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.records.problems

    @property
    def notes(self) -> tuple[Problem, ...]:
        return self.records.notes

    @property
    def hfcc(self) -> ScheduleFile[HfccRecord]:
        return cast("ScheduleFile[HfccRecord]", self.records)

    @property
    def eibi(self) -> ScheduleFile[EibiRow]:
        return cast("ScheduleFile[EibiRow]", self.records)


def read_file(content: bytes, season: Season, wanted: Format | None = None) -> ReadFile:
    """Read a file, in the format that is wanted or that it looks like.

    Raises:
        Invalid: it has too many lines, is no text, or not one line of it can be read.
    """
    if b"\0" in content:
        raise Invalid(
            say("unread-no-text", "the file is no text: send HFCC's fixed columns or EiBi's CSV"),
            field="file",
        )
    ends = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    if ends > MOST_LINES:
        raise Invalid(
            say(
                "unread-too-long",
                "the file has {count} lines; at most {most} are taken",
                count=ends,
                most=MOST_LINES,
            ),
            field="file",
        )
    decoded = decode(content)
    kind = wanted or _format_of(decoded.text)
    read = hfcc.read(decoded.text, season) if kind == "hfcc" else eibi.read(decoded.text)
    if not read.records:
        if not read.problems:
            nothing = say(
                "unread-nothing", "not one line of the file can be read as {format}", format=kind.upper()
            )
            raise Invalid(nothing, field="file")
        first = read.problems[0]
        raise Invalid(
            say(
                "unread-all",
                "not one line of the file can be read as {format}: line {line}, column {column}: {why}",
                format=kind.upper(),
                line=first.line_number,
                column=first.first_column or 1,
                why=first.reason,
            ),
            field="file",
        )
    return ReadFile(content, decoded.encoding, kind, read)


def _format_of(text: str) -> Format:
    """EiBi's rows have ten semicolons, HFCC's records none but before comments."""
    lines = [line for line in split_lines(text) if line.strip() and not line.startswith(";")]
    return "eibi" if sum(line.count(";") >= 9 for line in lines) * 2 > len(lines) else "hfcc"
