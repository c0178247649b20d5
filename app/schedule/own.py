"""Our own lines as values, with their slots' times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlmodel import Session, col, select

from app.frequencies.models import Line as LineRow
from app.frequencies.models import Site
from app.programmes.models import Slot
from app.station.models import Station
from schedules.days import days_from_eibi
from schedules.errors import ScheduleError
from schedules.frequencies.line import Line
from schedules.frequencies.zones import quadrants
from schedules.season import Season


def own_lines(session: Session, season: Season | None = None) -> list[Line]:
    """All own lines, or those of a season within its dates, in the order of their ids, which are their keys."""
    return [line for _, line in own_rows(session, season)]


def own_rows(session: Session, season: Season | None = None) -> Iterator[tuple[LineRow, Line]]:
    """The same beside the rows that they are from."""
    station = session.get(Station, 1)
    who = station.name if station is not None else ""
    found = select(LineRow, Slot, Site).where(LineRow.slot_id == Slot.id, LineRow.site_id == Site.id)
    for row, slot, site in session.exec(found.order_by(col(LineRow.id))):
        line = value_of(row, slot, site, who)
        if season is None:
            yield row, line
        elif (part := within(line, season)) is not None:
            yield row, part


def value_of(row: LineRow, slot: Slot, site: Site, who: str) -> Line:
    """A line that is stored, or is to be. Zones that are none are left out."""
    try:
        zones = quadrants(row.ciraf_zones) if row.ciraf_zones else frozenset()
    except ScheduleError:
        zones = frozenset()
    return Line(
        key=str(row.id),
        khz=row.khz,
        start_minute=slot.start_minute,
        stop_minute=slot.stop_minute,
        days=days_from_eibi(row.days),
        first_date=row.first_date,
        last_date=row.last_date,
        site=site.code,
        who=who,
        zones=zones,
        power_kw=row.power_kw,
        azimuth=row.azimuth,
        transmitter=row.transmitter,
        synchronised=row.synchronised,
    )


def within(line: Line, season: Season) -> Line | None:
    """What of a line is in the season's file; None for nothing."""
    first, last = season.start_dates(line.start_minute)
    first, last = max(first, line.first_date), min(last, line.last_date)
    return replace(line, first_date=first, last_date=last) if first <= last else None


def of_file(line: Line, season: Season) -> Line | None:
    """What of a line of a file is the season's; None for nothing.

    HFCC's files say the day of the change for the last date of the one season and for the first date of the next, at whatever
    hour the line starts.
    """
    first, last = season.start.date(), season.end.date()
    if line.first_date < first == line.last_date or line.first_date == last < line.last_date:
        return None
    return within(line, season)
