"""A line of ours as the schedules room knows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.programmes.models import Slot
from schedules.days import days_from_eibi
from schedules.errors import ScheduleError
from schedules.frequencies.line import Line
from schedules.frequencies.zones import quadrants


def line_value(
    columns: Mapping[str, Any], slot: Slot, site_code: str, *, key: str = "", who: str = ""
) -> Line:
    """A line by its columns, which may be a row's or what a change remembers of one. Zones that are none are left out."""
    try:
        zones = quadrants(columns["ciraf_zones"]) if columns["ciraf_zones"] else frozenset()
    except ScheduleError:
        zones = frozenset()
    return Line(
        key=key,
        khz=columns["khz"],
        start_minute=slot.start_minute,
        stop_minute=slot.stop_minute,
        days=days_from_eibi(columns["days"]),
        first_date=_date(columns["first_date"]),
        last_date=_date(columns["last_date"]),
        site=site_code,
        who=who,
        zones=zones,
        power_kw=columns["power_kw"],
        azimuth=columns["azimuth"],
        transmitter=columns.get("transmitter"),
        synchronised=columns.get("synchronised"),
    )


def _date(told: date | str) -> date:
    return told if isinstance(told, date) else date.fromisoformat(told)
