"""What the station knows of frequencies for a slot: cleared ones, conflicts, jammers, reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.advice import models
from app.frequencies.models import Line
from app.programmes.models import Slot
from app.reports.models import ReceptionReport
from schedules.frequencies.advice import RECENT_DAYS, ConflictCount, Jammer, Reports
from schedules.time import DAY_MINUTES

REMEMBERED = timedelta(days=400)
"""Older reports are of another sunspot cycle's part, another jammer, another season: they are not counted at all."""

BESIDE_MINUTES = 60
"""A report counts for a slot where it was heard within its minutes, or so long before or after."""


def pool_of(_session: Session, _slot_id: int) -> list[float]:
    """The pre-cleared frequencies of a slot, in kHz."""
    return []


def conflicts_of(
    _session: Session, _slot: Slot, _line: Line, _khz: Sequence[float]
) -> Mapping[float, Sequence[ConflictCount]] | None:
    """The conflicts that the line would have on each of these frequencies; None where nobody has looked."""
    return None


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
