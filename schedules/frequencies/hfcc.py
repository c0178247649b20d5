"""HFCC's season files: one line of fixed columns for each frequency of a broadcast, from and to text.

Source: the ruler at the head of HFCC's files (www.hfcc.org) for the columns, ITU Resolution 535 for what they hold. Weekdays count
from 1 = Sunday, dates are ddmmyy, times UTC; `2400` is a stop. What says when, where, for whom and on which frequency must
be right (FREQ, STRT, STOP, CIRAF, LOC, DAYS, FDATE, TDATE); the other columns are kept as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from schedules.days import EVERY_DAY, days_from_hfcc, days_to_hfcc
from schedules.errors import BadRecord, BadTime
from schedules.frequencies.line import Line
from schedules.frequencies.text import Fields, Problem, ScheduleFile, line_end, split_lines
from schedules.frequencies.zones import quadrants, zones_text
from schedules.hhmm import format_hhmm, parse_hhmm
from schedules.said import Said, say
from schedules.season import Season

COLUMNS: dict[str, tuple[int, int]] = {
    "FREQ": (1, 5),
    "STRT": (7, 10),
    "STOP": (12, 15),
    "CIRAF": (17, 46),
    "LOC": (48, 50),
    "POWR": (52, 55),
    "AZIMUTH": (57, 63),
    "SLW": (65, 67),
    "ANT": (69, 71),
    "DAYS": (73, 79),
    "FDATE": (81, 86),
    "TDATE": (88, 93),
    "MOD": (95, 95),
    "AFRQ": (97, 101),
    "LANGUAGE": (103, 112),
    "ADM": (114, 116),
    "BRC": (118, 120),
    "FMO": (122, 124),
    "REQ#": (126, 130),
    "OLD": (132, 132),
    "ALT1": (134, 138),
    "ALT2": (140, 144),
    "ALT3": (146, 150),
    "NOTES": (152, 158),
}
"""Each column's first and last character, counted from 1, both included. One blank stands between two columns."""

_RULER = ";" + "+".join("-" * (last - first + 1) for first, last in COLUMNS.values())[1:]
_TITLES = (
    ";FREQ STRT STOP CIRAF ZONES                    LOC POWR AZIMUTH SLW ANT DAYS    FDATE  TDATE MOD AFRQ LANGUAGE"
    "   ADM BRC FMO REQ# OLD ALT1 ALT2  ALT3  NOTES"
)
HEADER = (_RULER, _TITLES, _RULER)
"""The comment lines above the first record."""

_RIGHT_ALIGNED = {"FREQ", "POWR", "SLW", "ANT", "AFRQ", "REQ#", "ALT1", "ALT2", "ALT3"}
_DECIMAL = re.compile(r"[0-9]*\.?[0-9]+")
_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, slots=True)
class HfccRecord:
    """One record: every column as it stands, without the blanks around it, and the line that it describes."""

    line_number: int
    texts: tuple[str, ...]
    """In the order of COLUMNS. What stands behind the last column belongs to NOTES."""
    line: Line

    def column(self, name: str) -> str:
        """The text of a column, such as "LANGUAGE"."""
        return self.texts[list(COLUMNS).index(name)]

    @property
    def text(self) -> str:
        """The record in its columns, without blanks at the end."""
        text = ""
        for (name, (first, last)), value in zip(COLUMNS.items(), self.texts, strict=True):
            width = last - first + 1
            text = text.ljust(first - 1)
            text += value.rjust(width) if name in _RIGHT_ALIGNED else value.ljust(width)
        return text.rstrip()


def read(text: str, season: Season | None = None) -> ScheduleFile[HfccRecord]:
    """The records of a season file, with what is wrong with lines that cannot be read. Raises nothing.

    An empty FDATE or TDATE is the season's first or last date, and a problem if no season is given.
    """
    lines: list[HfccRecord | str] = []
    problems: list[Problem] = []
    notes: list[Problem] = []
    for line_number, line in enumerate(split_lines(text), 1):
        if _is_comment(line):
            lines.append(line)
            continue
        record, wrong, said = _record(line_number, line, season)
        lines.append(record or line)
        problems += wrong
        notes += said
    return ScheduleFile(tuple(lines), tuple(problems), tuple(notes), line_end(text))


def write(file: ScheduleFile[HfccRecord]) -> str:
    """The text of a file: what `read` read, but for blanks."""
    return file.line_end.join(line if isinstance(line, str) else line.text for line in file.lines)


def record_of(line: Line, others: Mapping[str, str] | None = None) -> HfccRecord:
    """A line of ours as a record; `others` are the columns that a Line does not have, such as LANGUAGE, BRC and FMO.

    Raises BadRecord for what does not fit its column, BadDays for a line without days.
    """
    texts = {
        "FREQ": f"{line.khz:.10g}",
        "STRT": format_hhmm(line.start_minute),
        "STOP": format_hhmm(line.stop_minute),
        "CIRAF": zones_text(line.zones),
        "LOC": line.site,
        "POWR": "" if line.power_kw is None else f"{line.power_kw:g}",
        "AZIMUTH": "" if line.azimuth is None else str(line.azimuth),
        "DAYS": days_to_hfcc(line.days),
        "FDATE": f"{line.first_date:%d%m%y}",
        "TDATE": f"{line.last_date:%d%m%y}",
    } | dict(others or {})
    for name, text in texts.items():
        first, last = COLUMNS[name]
        if len(text) > last - first + 1 or re.search(r"[\r\n]", text):
            raise BadRecord(
                say(
                    "unread-too-wide",
                    '"{text}" does not fit HFCC\'s column {column}: write at most {most} characters, on one line',
                    text=text,
                    column=name,
                    most=last - first + 1,
                )
            )
    return HfccRecord(0, tuple(texts.get(name, "").strip() for name in COLUMNS), line)


def _is_comment(line: str) -> bool:
    """Comments, headers, empty lines, and the end-of-file mark that DOS leaves."""
    start = line.strip(" \t\x1a")
    return not start or start.startswith((";", "FREQ"))


def _record(
    line_number: int, line: str, season: Season | None
) -> tuple[HfccRecord | None, list[Problem], list[Problem]]:
    """The record, or None and why not; and notes on how it was understood."""
    for (name, (_, last)), following in zip(COLUMNS.items(), list(COLUMNS)[1:], strict=False):
        if line[last : last + 1].strip():
            reason = say(
                "unread-between",
                '"{text}" stands between {column} and {following}: a column is shifted or too long, or not HFCC\'s',
                text=line[last],
                column=name,
                following=following,
            )
            return None, [Problem(line_number, reason, "", last + 1, last + 1)], []
    ends = {name: last for name, (_, last) in COLUMNS.items()} | {"NOTES": len(line)}
    texts = {name: line[first - 1 : ends[name]].strip() for name, (first, _) in COLUMNS.items()}
    fields = Fields(line_number, texts, COLUMNS)
    read_line = _line(line_number, texts, fields, season)
    if fields.problems:
        return None, fields.problems, []
    return HfccRecord(line_number, tuple(texts.values()), read_line), [], fields.notes


def _line(line_number: int, texts: Mapping[str, str], fields: Fields, season: Season | None) -> Line:
    """What the columns say; means nothing where `fields` has problems afterwards."""
    stop_notes: list[Said] = []
    start_minute = fields.read("STRT", lambda text: parse_hhmm(text, stop=False), 0)
    stop_minute = fields.read("STOP", lambda text: _stop(text, start_minute, stop_notes), 1)
    for said in stop_notes:
        fields.note("STOP", said)
    season_first, season_last = (season.start.date(), season.end.date()) if season else (None, None)
    first_date = fields.read("FDATE", lambda text: _date(text, season_first), date.min)
    last_date = fields.read("TDATE", lambda text: _date(text, season_last), date.max)
    if last_date < first_date:
        fields.refuse(
            "TDATE",
            say(
                "unread-dates",
                "the last date {last_on} is before the first, {first_on}: correct one of them",
                last_on=last_date,
                first_on=first_date,
            ),
        )
    if not texts["DAYS"]:
        fields.note("DAYS", say("read-as-every-day", "no days are named: read as every day"))
    return Line(
        key=str(line_number),
        khz=fields.read("FREQ", _khz, 0.0),
        start_minute=start_minute,
        stop_minute=stop_minute,
        days=fields.read("DAYS", lambda text: days_from_hfcc(text) if text else EVERY_DAY, EVERY_DAY),
        first_date=first_date,
        last_date=last_date,
        site=fields.read("LOC", _site, ""),
        who=texts["BRC"] or texts["FMO"],
        zones=fields.read("CIRAF", lambda text: quadrants(text) if text else frozenset(), frozenset()),
        power_kw=fields.read_if_possible("POWR", _power),
        azimuth=fields.read_if_possible("AZIMUTH", _azimuth),
    )


def _khz(text: str) -> float:
    if not _DECIMAL.fullmatch(text) or not float(text):
        raise BadRecord(say("unread-khz", '"{text}" is not a frequency: write kHz, such as 5920', text=text))
    return float(text)


def _stop(text: str, start_minute: int, notes: list[Said]) -> int:
    stop = parse_hhmm(text, stop=True, notes=notes)
    if stop == start_minute:
        raise BadTime(
            say(
                "unread-whole-day",
                '"{text}" is the start as well: write 0000 to 2400 for the whole day',
                text=text,
            )
        )
    return stop


def _date(text: str, otherwise: date | None) -> date:
    if not text and otherwise is not None:
        return otherwise
    match = _DATE.fullmatch(text)
    try:
        if match:
            return date(2000 + int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        pass
    raise BadRecord(
        say(
            "unread-date",
            '"{text}" is not a date: write day, month and year in two digits each, such as 251026',
            text=text,
        )
    )


def _site(text: str) -> str:
    if not text:
        raise BadRecord(say("unread-no-site", "no site is named: write HFCC's code of two or three letters"))
    return text


def _power(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise BadRecord(
            say("unread-power", '"{text}" is not a power in kW: kept, but not understood', text=text)
        )
    return float(text)


def _azimuth(text: str) -> int:
    if not text.isdecimal() or int(text) > 360:
        raise BadRecord(
            say(
                "unread-azimuth",
                '"{text}" is not one azimuth from 0 to 360: kept, but not understood',
                text=text,
            )
        )
    return int(text)
