"""What the station knows of frequencies for a slot: cleared ones, conflicts, jammers, reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session, col, select

from app.advice import models
from app.frequencies.models import Line, Site
from app.moves.models import PoolEntry
from app.programmes.models import Slot
from app.reports.models import ReceptionReport
from app.schedule.background import background_lines
from app.schedule.own import own_lines, value_of
from schedules.frequencies.advice import (
    ERROR,
    INFORMATION,
    LESSER,
    RECENT_DAYS,
    SERIOUS,
    ConflictCount,
    Jammer,
    Reports,
)
from schedules.frequencies.conflicts import background_conflicts
from schedules.frequencies.levels import Level
from schedules.season import season_at
from schedules.time import DAY_MINUTES, Span

REMEMBERED = timedelta(days=400)
"""Older reports are of another sunspot cycle's part, another jammer, another season: they are not counted at all."""

BESIDE_MINUTES = 60
"""A report counts for a slot where it was heard within its minutes, or so long before or after."""


def pool_of(session: Session, slot_id: int, site_id: int) -> list[float]:
    """The pre-cleared frequencies of a slot from a site, in kHz."""
    entries = session.exec(select(PoolEntry).where(PoolEntry.slot_id == slot_id)).all()
    return [float(entry.khz) for entry in entries if entry.site_id in (None, site_id)]


SEVERITIES: Mapping[Level, int] = {
    Level.SAME_TRANSMITTER: ERROR,
    Level.SAME_SITE_AND_FREQUENCY: ERROR,
    Level.OWN_CO_CHANNEL: SERIOUS,
    Level.CO_CHANNEL: SERIOUS,
    Level.ADJACENT_CHANNEL: LESSER,
    Level.CO_CHANNEL_ZONES_UNKNOWN: LESSER,
    Level.NEAR_CHANNEL: INFORMATION,
}
"""What a conflict means for a choice. Retuning is not looked at: it is the same on every other frequency."""


def conflicts_of(
    session: Session, slot: Slot, line: Line, khz: Sequence[float], day: date
) -> Mapping[float, Sequence[ConflictCount]] | None:
    """The conflicts that the line would have on each of these frequencies in the week from a day on, by level.

    None where nobody has looked: no season's file of everybody else's was imported.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    others = background_lines(session, season_at(start))
    if not others:
        return None
    site = session.get_one(Site, line.site_id)
    usual = value_of(line, slot, site, "")
    wanted = [replace(usual, key=str(number), khz=each) for number, each in enumerate(khz)]
    ours = [one for one in own_lines(session) if one.key != str(line.id)]
    minutes: dict[float, Counter[Level]] = {each: Counter() for each in khz}
    for conflict in background_conflicts(wanted, [*others, *ours], Span(start, start + timedelta(days=7))):
        minutes[conflict.line.khz][conflict.level] += conflict.minutes
    return {
        each: [ConflictCount(level.code, SEVERITIES[level], counted[level]) for level in sorted(counted)]
        for each, counted in minutes.items()
    }


def jammers_on(session: Session, day: date) -> list[Jammer]:
    """The jammers that are known on a day."""
    rows = session.exec(select(models.Jammer).order_by(col(models.Jammer.id))).all()
    return [Jammer(row.khz, row.site) for row in rows if row.since is None or row.since <= day]


def reports_of(session: Session, slot: Slot, khz: Sequence[float], now: datetime) -> dict[float, Reports]:
    """What was reported of these frequencies at the slot's time of day: the recent reports, or else the old ones."""
    rows = session.exec(
        select(ReceptionReport.khz, ReceptionReport.heard_at, ReceptionReport.overall).where(
            col(ReceptionReport.khz).in_({int(each) for each in khz}),
            ReceptionReport.heard_at > now - REMEMBERED,
            ReceptionReport.heard_at <= now,
        )
    ).all()
    found: dict[float, list[tuple[int, int]]] = {}
    for heard_on, heard_at, overall in rows:
        if _is_near(slot, heard_at):
            found.setdefault(float(heard_on), []).append(((now - heard_at).days, overall))
    return {on: _summed(of_one) for on, of_one in found.items()}


def _summed(found: Sequence[tuple[int, int]]) -> Reports:
    counted = [each for each in found if each[0] <= RECENT_DAYS] or found
    mean = sum(overall for _, overall in counted) / len(counted)
    return Reports(len(counted), min(days for days, _ in counted), mean)


def _is_near(slot: Slot, heard_at: datetime) -> bool:
    minutes = (slot.stop_minute - slot.start_minute - 1) % DAY_MINUTES + 1
    heard = heard_at.hour * 60 + heard_at.minute
    return (heard - slot.start_minute + BESIDE_MINUTES) % DAY_MINUTES < minutes + 2 * BESIDE_MINUTES
