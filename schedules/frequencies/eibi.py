"""EiBi's season files: semicolon-separated rows, from and to text, and the lines that a row stands for in a season.

Source: README.TXT of EiBi (www.eibispace.de, Eike Bierwirth), "Format of the CSV database", and the season files
themselves: dates are DDMM without a year, a last-heard mark [MMYY] stands in the last field, and the time of day is UTC.
A row keeps its texts as they stand, so that reading and writing changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schedules.days import EVERY_DAY
from schedules.errors import BadDays, BadRecord, BadTime
from schedules.frequencies.eibi_days import DayRule, MonthDay, day_rule, days_text
from schedules.frequencies.eibi_targets import target_zones
from schedules.frequencies.line import Line
from schedules.frequencies.text import Fields, Problem, ScheduleFile, line_end, split_lines
from schedules.hhmm import format_hhmm, parse_hhmm
from schedules.said import say
from schedules.season import Season

HEADER = "kHz:75;Time(UTC):93;Days:59;ITU:49;Station:201;Lng:49;Target:62;Remarks:135;P:35;Start:60;Stop:60;"
FIELDS = ("kHz", "Time(UTC)", "Days", "ITU", "Station", "Lng", "Target", "Remarks", "P", "Start", "Stop")

_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_CODE = re.compile(r"[0-9]{1,2}")
_DAY_MONTH = re.compile(r"([0-9]{2})([0-9]{2})")
_STOP = re.compile(r"([0-9]{4})?(?:\[([0-9]{2})([0-9]{2})\])?")
_UTILITY = 90
_NEITHER: tuple[MonthDay | None, date | None] = (None, None)

EVERLASTING, WINTER_ONLY, SUMMER_ONLY, PART_OF_SEASON, INACTIVE = 1, 4, 5, 6, 8
PERSISTENCE = {
    0: "this season's schedule (not in the README; most rows that come from HFCC)",
    EVERLASTING: "every season",
    2: "every season, an hour later in winter (northern summer time)",
    3: "every season, an hour later in summer (southern summer time)",
    WINTER_ONLY: "every winter season (B)",
    SUMMER_ONLY: "every summer season (A)",
    PART_OF_SEASON: "part of this season: from the start to the stop date",
    INACTIVE: "inactive",
}
"""What the field P says. Ninety more is a utility station."""

LASTING = frozenset({EVERLASTING, WINTER_ONLY, SUMMER_ONLY})
"""What a row says of other seasons than its file's: the hours of the other codes shift, or they are of that season alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EibiRow:
    """One row: its texts, and what they say."""

    line_number: int
    texts: tuple[str, ...]
    """The eleven fields as they stand, in the order of FIELDS."""
    khz: float
    start_minute: int
    stop_minute: int
    """As in Line: 0 to 1439 and 1 to 1440, on the next day where the stop is not after the start."""
    days: DayRule
    itu: str
    """The station's home country by ITU's code, or CLA for a clandestine one: not where it transmits from."""
    station: str
    language: str
    target: str
    site: str
    """Country and site as EiBi writes them, such as "J-y", "TWN-s" or "UZB"; empty where that is not known."""
    persistence: int
    """A key of PERSISTENCE."""
    utility: bool
    start: MonthDay | None
    stop: MonthDay | None
    """First and last day, both included, of no particular year: in winter the start may be the later of the two."""
    last_heard: date | None
    """The first day of the month in which somebody last heard it."""

    @property
    def text(self) -> str:
        return ";".join(self.texts)


class Standing(StrEnum):
    """What a row means for a season."""

    AIRED = "aired"
    """On the air: `lines` gives its lines."""
    UNCERTAIN = "uncertain"
    """Irregular, alternative or for a feast: nobody can tell the days from the row."""
    OTHER_SEASON = "other-season"
    """Summer only, or winter only, and this is the other."""
    INACTIVE = "inactive"
    NEVER = "never"
    """Its dates and days leave no day in this season."""


def read(text: str) -> ScheduleFile[EibiRow]:
    """The rows of a season file, with what is wrong with those that cannot be read. Raises nothing."""
    lines: list[EibiRow | str] = []
    problems: list[Problem] = []
    for line_number, line in enumerate(split_lines(text), 1):
        if not line.strip() or line.startswith("kHz"):
            lines.append(line)
            continue
        row, wrong = _row(line_number, tuple(line.split(";")))
        lines.append(row or line)
        problems += wrong
    return ScheduleFile(tuple(lines), tuple(problems), line_end=line_end(text))


def write(file: ScheduleFile[EibiRow]) -> str:
    """The text of a file: what `read` read, but for white space at line ends."""
    return file.line_end.join(line if isinstance(line, str) else line.text for line in file.lines)


def standing(row: EibiRow, season: Season) -> Standing:
    """What the row means for a season: that of its file, or for rows of persistence 1, 4 and 5 any season.

    The other codes say nothing about the times of another season than the file's.
    """
    barred = _barred(row, season)
    return barred or (Standing.NEVER if next(_spans(row, season), None) is None else Standing.AIRED)


def lines(row: EibiRow, season: Season) -> tuple[Line, ...]:
    """The row's lines in a season, none where its `standing` is not AIRED. All have the row's line number for a key.

    A row is one line, or two where its dates leave the season and come back; days that are more than weekdays (the first
    Saturday, a date) are one line for each day. Every start lies within the season; a tail may run past the change.
    """
    if _barred(row, season):
        return ()
    return tuple(_line(row, first, last) for first, last in _spans(row, season))


def row_of(
    line: Line,
    season: Season,
    *,
    itu: str,
    language: str = "",
    target: str = "",
    remarks: str = "",
) -> EibiRow:
    """A line of ours as a row of a season's file: part of the season where its dates say so, else every season.

    Raises BadRecord for a text with a semicolon or a line end in it, and for what EiBi cannot say.
    """
    whole = (line.first_date, line.last_date) == season.start_dates(line.start_minute)
    texts = (
        f"{line.khz:.10g}",
        f"{format_hhmm(line.start_minute)}-{format_hhmm(line.stop_minute)}",
        days_text(line.days),
        itu,
        line.who,
        language,
        target,
        remarks,
        str(EVERLASTING if whole else PART_OF_SEASON),
        "" if whole else f"{line.first_date:%d%m}",
        "" if whole else f"{line.last_date:%d%m}",
    )
    if wrong := next((text for text in texts if re.search(r"[;\r\n]", text)), None):
        raise BadRecord(
            say(
                "unread-eibi-field",
                '"{text}" cannot be a field of an EiBi row: take out semicolons and line ends',
                text=wrong,
            )
        )
    row, problems = _row(0, texts)
    if row is None:
        raise BadRecord(
            say("unread-in-field", "{column}: {why}", column=problems[0].field, why=problems[0].reason)
        )
    return row


def _row(line_number: int, texts: tuple[str, ...]) -> tuple[EibiRow | None, list[Problem]]:
    # The header ends in a semicolon; a spreadsheet that saves the file gives one to each row.
    if len(texts) < len(FIELDS) or any(texts[len(FIELDS) :]):
        reason = say(
            "unread-fields",
            "{count} fields instead of {wanted}: separate them by {semicolons} semicolons",
            count=len(texts),
            wanted=len(FIELDS),
            semicolons=len(FIELDS) - 1,
        )
        return None, [Problem(line_number, reason)]
    columns: dict[str, tuple[int, int]] = {}
    first = 1
    for name, text in zip(FIELDS, texts, strict=False):
        columns[name] = (first, first + len(text) - 1)
        first += len(text) + 1
    stripped = {name: text.strip() for name, text in zip(FIELDS, texts, strict=False)}
    fields = Fields(line_number, stripped, columns)
    start_minute, stop_minute = fields.read("Time(UTC)", _times, (0, 1))
    stop, last_heard = fields.read("Stop", _stop, _NEITHER)
    persistence = fields.read("P", _persistence, 0)
    row = EibiRow(
        line_number=line_number,
        texts=texts,
        khz=fields.read("kHz", _khz, 0.0),
        start_minute=start_minute,
        stop_minute=stop_minute,
        days=fields.read("Days", day_rule, DayRule()),
        itu=stripped["ITU"],
        station=stripped["Station"],
        language=stripped["Lng"],
        target=stripped["Target"],
        site=_site(stripped["ITU"], stripped["Remarks"]),
        persistence=persistence % _UTILITY,
        utility=persistence >= _UTILITY,
        start=fields.read("Start", _start, None),
        stop=stop,
        last_heard=last_heard,
    )
    return (None if fields.problems else row), fields.problems


def _khz(text: str) -> float:
    if not _DECIMAL.fullmatch(text) or not float(text):
        raise BadRecord(
            say(
                "unread-eibi-khz", '"{text}" is not a frequency: write kHz, such as 5920 or 7700.1', text=text
            )
        )
    return float(text)


def _times(text: str) -> tuple[int, int]:
    start_text, dash, stop_text = text.partition("-")
    if not dash:
        raise BadTime(
            say(
                "unread-two-times",
                '"{text}" are not two times: write start and stop, such as 1300-1330',
                text=text,
            )
        )
    start, stop = parse_hhmm(start_text, stop=False), parse_hhmm(stop_text, stop=True)
    if start == stop:
        raise BadTime(
            say(
                "unread-same-minute",
                '"{text}" starts and stops at the same minute: write 0000-2400 for the whole day',
                text=text,
            )
        )
    return start, stop


def _persistence(text: str) -> int:
    if not _CODE.fullmatch(text) or int(text) % _UTILITY not in PERSISTENCE:
        raise BadRecord(
            say(
                "unread-persistence",
                '"{text}" is not a persistence code: write one of {known}, or that plus 90',
                text=text,
                known=", ".join(map(str, PERSISTENCE)),
            )
        )
    return int(text)


def _start(text: str) -> MonthDay | None:
    if not text:
        return None
    return _month_day(text)


def _stop(text: str) -> tuple[MonthDay | None, date | None]:
    match = _STOP.fullmatch(text)
    if match is None:
        raise BadDays(
            say(
                "unread-last-day",
                '"{text}" is not a last day: write DDMM, a last-heard mark [MMYY], or both, such as 2710[0726]',
                text=text,
            )
        )
    stop = _month_day(match[1]) if match[1] else None
    if match[2] is None:
        return stop, None
    if not 1 <= int(match[2]) <= 12:
        raise BadDays(
            say(
                "unread-last-heard",
                '"{text}" has no month {month}: write the last-heard mark as [MMYY], such as [0726]',
                text=text,
                month=match[2],
            )
        )
    return stop, date(2000 + int(match[3]), int(match[2]), 1)


def _month_day(text: str) -> MonthDay:
    match = _DAY_MONTH.fullmatch(text)
    if match is None:
        raise BadDays(
            say(
                "unread-day-and-month",
                '"{text}" is not a day: write day and month in two digits each, such as 0704 for 7 April',
                text=text,
            )
        )
    return MonthDay(month=int(match[2]), day=int(match[1]))


def _barred(row: EibiRow, season: Season) -> Standing | None:
    """Why a row has no lines in a season, whatever its dates."""
    if row.persistence == INACTIVE:
        return Standing.INACTIVE
    if row.persistence == (WINTER_ONLY if season.code.startswith("A") else SUMMER_ONLY):
        return Standing.OTHER_SEASON
    return None if row.days.certain else Standing.UNCERTAIN


def _site(itu: str, remarks: str) -> str:
    """For "y" of J it is "J-y", for "/TWN-s" "TWN-s". Without a code it is the home country, which a clandestine station hides."""
    if remarks.startswith("/"):
        return remarks[1:]
    if remarks:
        return f"{itu}-{remarks.removeprefix('-')}"
    return "" if itu == "CLA" else itu


def _line(row: EibiRow, first: date, last: date) -> Line:
    return Line(
        key=str(row.line_number),
        khz=row.khz,
        start_minute=row.start_minute,
        stop_minute=row.stop_minute,
        days=row.days.weekdays if row.days.weekly else EVERY_DAY,
        first_date=first,
        last_date=last,
        site=row.site,
        who=row.station,
        zones=target_zones(row.target),
    )


def _spans(row: EibiRow, season: Season) -> Iterator[tuple[date, date]]:
    """First and last dates within the season on which the row is on the air: spans if it is weekly, else single days."""
    season_first, season_last = season.start_dates(row.start_minute)
    for row_first, row_last in _dated(row, season_first, season_last):
        first, last = max(row_first, season_first), min(row_last, season_last)
        days = row.days.expand(first, last)
        if not row.days.weekly:
            yield from ((day, day) for day in days)
        elif next(days, None) is not None:
            yield first, last


def _dated(row: EibiRow, season_first: date, season_last: date) -> Iterator[tuple[date, date]]:
    """The row's own spans in the years that touch the season, in order.

    With a start date only, the row is on the air from then on; a start date out of the season lies behind it.
    """
    for year in range(season_first.year - 1, season_last.year + 1):
        if row.start and row.stop:
            yield row.start.in_year(year), row.stop.in_year(year + (row.stop < row.start))
        elif row.start and season_first <= row.start.in_year(year) <= season_last:
            yield row.start.in_year(year), season_last
            return
        elif row.stop and season_first <= row.stop.in_year(year) <= season_last:
            yield season_first, row.stop.in_year(year)
            return
    if not (row.start and row.stop):
        yield season_first, season_last
