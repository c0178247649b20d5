"""The list beside the files: a CSV with a line for each, and what its columns say, checked as the upload form is.

Everything that is wrong with it is found in one reading, by line, before anything is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from app.bringing.dates import read_date
from app.bringing.recordings import Recording
from app.bringing.spelling import same_name
from app.bringing.tables import Row
from app.bringing.words import FILE, GUESSED_FROM, column_of, kind_named
from app.errors import Invalid
from app.library.description import Description, from_form
from app.library.models import SegmentKind
from app.library.receive import FIELDS
from schedules.time import KST

LISTED = FIELDS - {"airing_id", "element"}
"""Fields of the upload form that a list may have: old recordings are for no airing that has a number."""

_EPISODE = re.compile(r"제?\s*(\d{1,6})\s*[회화부편강]?")
_DATE_AND_TIME = re.compile(r"(?P<date>.+?)[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?")


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says of its file: fields of the upload form, those of its columns that are empty too."""

    line: int
    file: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that was read: its lines, and what is wrong with it, each with its place."""

    columns: frozenset[str]
    lines: Sequence[Line]
    problems: Sequence[str]


@dataclass(slots=True)
class Matched:
    """Which line belongs to which file: by the file's name, and what is wrong."""

    lines: dict[str, Line] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_listing(rows: Sequence[Row]) -> Listing:
    """The lines of a list, whose heading names the columns: ``file`` and fields of the upload form, in English or Korean.

    A wrong heading makes every line doubtful, so nothing else is then said.
    """
    if not rows:
        return Listing(frozenset(), (), ("the list is empty: its first line names the columns",))
    heading, columns = rows[0], [column_of(cell) for cell in rows[0].cells]
    problems = list(_wrong_columns(heading, columns))
    if problems:
        return Listing(frozenset(), (), problems)
    lines: list[Line] = []
    for row in rows[1:]:
        if any(cell for cell in row.cells[len(columns) :]):
            problems.append(
                f"line {row.line}: it has {len(row.cells)} cells and the heading {len(columns)}: is a quote or a separator missing?"
            )
            continue
        cells = dict(zip(columns, (*row.cells, *([""] * len(columns))), strict=False))
        file = cells.pop(FILE).strip()
        if not file:
            problems.append(f"line {row.line}: it names no file")
            continue
        fields = {name: cell for name, cell in cells.items() if name and name != GUESSED_FROM}
        lines.append(Line(row.line, file, fields))
    return Listing(frozenset(columns), lines, problems)


def match(lines: Sequence[Line], recordings: Sequence[Recording]) -> Matched:
    """Find the file of each line: by its path or, where only one has it, by its name; composed or not, then whatever its case."""
    matched = Matched()
    exact = {one.name: one for one in recordings}
    by_path, by_name = _grouped(recordings, whole=True), _grouped(recordings, whole=False)
    taken: dict[str, int] = {}
    for line in lines:
        wanted = line.file.replace("\\", "/").removeprefix("./")
        key = same_name(wanted)
        found = by_path.get(key) or by_name.get(key) or []
        if (one := exact.get(_composed(wanted))) is not None and len(by_path.get(key, ())) <= 1:
            found = [one]
        if not found:
            matched.problems.append(f'line {line.line}: there is no file "{line.file}"')
        elif len(found) > 1:
            names = ", ".join(one.name for one in found[:3])
            matched.problems.append(
                f'line {line.line}: "{line.file}" may be any of {len(found)} files ({names}): write its whole path, and rename '
                "those that differ in spelling only"
            )
        elif (before := taken.get(found[0].name)) is not None:
            matched.problems.append(f'line {line.line}: "{line.file}" is listed on line {before} already')
        else:
            taken[found[0].name] = line.line
            matched.lines[found[0].name] = line
    return matched


def described(
    line: Line, given: Mapping[str, str], kind: SegmentKind
) -> tuple[Description | None, list[str]]:
    """What a line says, over what is `given` of its file, and everything that is wrong with it.

    An empty cell means that there is none; an empty kind is `kind`, an empty title the file's name.
    """
    problems: list[str] = []
    fields = dict(given)
    for name, cell in line.fields.items():
        try:
            fields[name] = _as_form(name, cell.strip())
        except Invalid as wrong:
            problems.append(f"line {line.line}: {wrong}")
            fields[name] = ""
    fields["kind"] = fields.get("kind") or kind
    while True:
        try:
            description = from_form(_sent(fields), line.file.replace("\\", "/").rpartition("/")[2])
        except Invalid as wrong:
            problems.append(f"line {line.line}: {wrong}")
            if wrong.field is None or not _forget(fields, wrong.field, kind):
                return None, problems
        else:
            return (None if problems else description), problems


def _sent(fields: Mapping[str, str]) -> dict[str, list[str]]:
    """Fields as a form sends them; what is empty is left out."""
    return {name: [value] for name, value in fields.items() if value}


def _forget(fields: dict[str, str], name: str, kind: SegmentKind) -> bool:
    """Go on without the field that is wrong, to find what else is: of a pair both go. False where it is gone already."""
    pairs = ({"series", "episode"}, {"awaited_as", "awaited_on"}, {"air_from", "air_until"})
    gone = next((pair for pair in pairs if name in pair), {name})
    if name == "kind":
        done = fields.get(name) != kind
        fields[name] = kind
        return done
    was_there = any(fields.get(one) for one in gone)
    for one in gone:
        fields.pop(one, None)
    return was_there


def _as_form(name: str, cell: str) -> str:
    """A cell as the upload form wants it. Raises Invalid."""
    forms: Mapping[str, Callable[[str], str]] = {
        "kind": _kind,
        "tags": lambda cell: re.sub(r"[;\r\n]+", ",", cell),
        "episode": lambda cell: found[1] if (found := _EPISODE.fullmatch(cell)) else cell,
        "awaited_on": _day,
        "retain_until": _day,
        "air_from": lambda cell: _instant(cell, ends=False),
        "air_until": lambda cell: _instant(cell, ends=True),
    }
    return forms[name](cell) if cell and name in forms else cell


def _day(cell: str) -> str:
    day = read_date(cell)
    return cell if day is None else day.isoformat()


def _kind(cell: str) -> str:
    kind = kind_named(cell)
    if kind is None:
        raise Invalid(
            f'kind "{cell[:40]}" is not known; it is one of {", ".join(SegmentKind)}, or its Korean name'
        )
    return kind


def _instant(cell: str, *, ends: bool) -> str:
    """A time in a list is KST unless it says otherwise; a mere date is its beginning, or as an end the whole of that day."""
    if (day := read_date(cell)) is not None:
        at = datetime.combine(day + timedelta(days=1) if ends and day < date.max else day, time(), KST)
        return at.isoformat()
    found = _DATE_AND_TIME.fullmatch(cell)
    if (
        found
        and (day := read_date(found["date"])) is not None
        and int(found["hour"]) < 24
        and int(found["minute"]) < 60
    ):
        return datetime.combine(day, time(int(found["hour"]), int(found["minute"])), KST).isoformat()
    return cell


def _wrong_columns(heading: Row, columns: Sequence[str]) -> Iterable[str]:
    known = LISTED | {FILE, GUESSED_FROM}
    for cell, name in zip(heading.cells, columns, strict=True):
        if name and name not in known:
            yield (
                f'line {heading.line}: nobody knows the column "{cell.strip()[:40]}"; known are {FILE}, '
                f"{', '.join(sorted(LISTED))}, and their Korean names"
            )
    for name in sorted({name for name in columns if name and columns.count(name) > 1}):
        yield f"line {heading.line}: the column {name} is there {columns.count(name)} times"
    if FILE not in columns:
        yield f'line {heading.line}: the column {FILE} ("파일") is missing'


def _grouped(recordings: Sequence[Recording], *, whole: bool) -> dict[str, list[Recording]]:
    groups: defaultdict[str, list[Recording]] = defaultdict(list)
    for one in recordings:
        groups[same_name(one.name if whole else one.name.rpartition("/")[2])].append(one)
    return groups


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
