"""Our own lines of a season as a schedule file. Schedule data is secret: nothing leaves but by this, and it is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, select

from app.frequencies.models import Line as LineRow
from app.frequencies.models import Site
from app.journal.service import record
from app.schedule.files import Format
from app.schedule.own import of_file, own_rows
from schedules.frequencies import eibi, hfcc
from schedules.frequencies.eibi import EibiRow
from schedules.frequencies.hfcc import COLUMNS, HfccRecord
from schedules.frequencies.line import Line
from schedules.frequencies.text import LATIN_1, UTF_8, ScheduleFile, encode
from schedules.season import Season

OF_THE_LINE = frozenset({"FREQ", "STRT", "STOP", "CIRAF", "LOC", "POWR", "AZIMUTH", "DAYS", "FDATE", "TDATE"})
"""HFCC's columns that our lines have; the others are kept as they came."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What goes into the columns that our lines do not have. A line that came from a file of the format has its own."""

    hfcc: Mapping[str, str] = field(default_factory=dict)
    itu: str = "CLA"
    language: str = "K"
    target: str = "KRE"


def export(
    session: Session, season: Season, wanted: Format, labels: Labels, *, now: datetime, by: int | None
) -> bytes:
    """The file; that it was made is put on record. Lines that were imported and not changed since stand as they stood, but for blanks.

    Raises:
        BadRecord: something does not fit the format.
    """
    record(session, "lines.exported", at=now, person_id=by, season=season.code, format=wanted)
    if wanted == "hfcc":
        records = [_record(row, line, season, labels) for row, line in own_rows(session, season)]
        text = hfcc.write(ScheduleFile((*hfcc.HEADER, *records, "")))
        return encode(text, LATIN_1)
    countries = dict(session.exec(select(Site.code, Site.country)).all())
    rows = [
        _row(row, line, season, labels, countries.get(line.site)) for row, line in own_rows(session, season)
    ]
    # Korean names of stations are more than ISO-8859-1 has
    return encode(eibi.write(ScheduleFile((eibi.HEADER, *rows, ""))), UTF_8)


def _record(row: LineRow, line: Line, season: Season, labels: Labels) -> HfccRecord:
    others = {name: text for name, text in labels.hfcc.items() if text}
    stored = row.texts.get("hfcc")
    if stored is not None and (known := hfcc.read(stored, season).records):
        of_season = of_file(known[0].line, season)
        if of_season is not None and _says(of_season, line):
            return known[0]
        own = [name for name in COLUMNS if name not in OF_THE_LINE]
        others |= {name: text for name in own if (text := known[0].column(name))}
    return hfcc.record_of(line, others)


def _row(row: LineRow, line: Line, season: Season, labels: Labels, country: str | None) -> EibiRow:
    stored = row.texts.get("eibi")
    if stored is not None and (known := eibi.read(stored).records):
        # A row may be several lines: it stands as it stood where it is just this one
        of_row = eibi.lines(known[0], season)
        said = replace(of_row[0], site=of_row[0].site.upper()) if len(of_row) == 1 else None
        if said is not None and _says(said, line, technical=False):
            return known[0]
    remarks = f"/{country}" if country else ""
    return eibi.row_of(
        line, season, itu=labels.itu, language=labels.language, target=labels.target, remarks=remarks
    )


def _says(stored: Line, line: Line, *, technical: bool = True) -> bool:
    """Whether both say the same, in what both can say. EiBi knows no technical data, and no zones as HFCC does."""
    alike: dict[str, object] = {"key": "", "who": "", "transmitter": None, "synchronised": None}
    if not technical:
        alike |= {"zones": frozenset(), "power_kw": None, "azimuth": None}
    return replace(stored, **alike) == replace(line, **alike)  # type: ignore[arg-type]  # of fields of both
