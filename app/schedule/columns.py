"""Everybody else's lines of a season by column: ten thousand of them for a chart, in a third of what rows would take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.schedule.background import background_of
from app.schedule.models import BackgroundLine
from schedules.season import Season


@dataclass(frozen=True, slots=True)
class Columns:
    """Line n is the n-th of each column, upwards in frequency. ``days``, ``site`` and ``who`` count into their names.

    ``first_day`` and ``last_day`` are days since ``since``; ``days`` are ISO digits.
    """

    background_id: int
    since: date
    khz: list[float]
    start_minute: list[int]
    stop_minute: list[int]
    first_day: list[int]
    last_day: list[int]
    days: list[int]
    site: list[int]
    who: list[int]
    day_names: list[str]
    site_names: list[str]
    who_names: list[str]


def background_columns(session: Session, season: Season) -> Columns:
    """The version that counts. Raises NotFound."""
    version = background_of(session, season)
    since = season.start.date()
    names = ("khz", "start_minute", "stop_minute", "first_date", "last_date", "days", "site", "who")
    rows = session.execute(
        select(*(getattr(BackgroundLine, name) for name in names))
        .where(BackgroundLine.background_id == version.id)
        .order_by(col(BackgroundLine.khz), col(BackgroundLine.id))
    ).all()
    khz, start, stop, first, last, days, site, who = (list(column) for column in zip(*rows, strict=True))
    day_names, site_names, who_names = (_names(column) for column in (days, site, who))
    return Columns(
        background_id=version.id or 0,
        since=since,
        khz=khz,
        start_minute=start,
        stop_minute=stop,
        first_day=[(day - since).days for day in first],
        last_day=[(day - since).days for day in last],
        days=_counted(days, day_names),
        site=_counted(site, site_names),
        who=_counted(who, who_names),
        day_names=day_names,
        site_names=site_names,
        who_names=who_names,
    )


def _names(column: Iterable[str]) -> list[str]:
    return sorted(set(column))


def _counted(column: Iterable[str], names: list[str]) -> list[int]:
    places = {name: place for place, name in enumerate(names)}
    return [places[name] for name in column]
