"""What a site reads of a change: plain English, times in UTC, and lines in HFCC's columns. No titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.frequencies.models import Line, Site
from app.moves.models import LineChange
from app.moves.occurrences import DAY
from app.programmes.models import Slot
from app.schedule.own import value_of
from schedules.days import days_from_eibi, format_days
from schedules.errors import ScheduleError
from schedules.frequencies.hfcc import COLUMNS, HEADER, record_of
from schedules.hhmm import format_hhmm

TITLES = HEADER[1][: COLUMNS["TDATE"][1]].rstrip()
"""HFCC's column titles, as far as our lines fill them."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change with what its words need: its slot, the site where the line was, and the one where it is to be."""

    change: LineChange
    slot: Slot
    old_site: Site
    new_site: Site


def request_text(
    told: Sequence[Told], *, station: str, asked_by: str, now: datetime, cut_off: datetime
) -> str:
    """What is asked of a site."""
    many = "these changes" if len(told) > 1 else "this change"
    head = (
        f"{station} asks you to agree to {many}. Nothing is changed before you have answered.\n"
        f"Asked by {asked_by}, {_at(now)}. Please answer by {_at(cut_off)}.\n"
    )
    return "\n".join([head, *(_change_text(each) for each in told)])


def withdrawal_text(told: Told, *, station: str, asked_by: str, now: datetime) -> str:
    """That a change which a site was asked for, or had agreed to, is taken back."""
    kept = "Please do not transmit it" if told.change.kind == "new" else "Please transmit as it was before"
    return (
        f"{station} takes this change back. {kept}.\nTaken back by {asked_by}, {_at(now)}.\n\n"
        + _change_text(told)
    )


def ending_text(told: Told, *, station: str, asked_by: str, now: datetime) -> str:
    """To the site that a line leaves for another one: the other one has agreed."""
    change = told.change
    until = f"On {change.first_date}" if change.kind == "one_night" else f"From {change.first_date}"
    return (
        f"{station} tells you that another site carries this line. {until} (UTC day of the start) please do not transmit it, nor "
        f"any file of it that you have.\nTold by {asked_by}, {_at(now)}.\n\n"
        + _block("The line:", [_hfcc(_was(change), told.slot, told.old_site)])
    )


def subject_of(told: Sequence[Told], what: str) -> str:
    """Short, and without a frequency: subjects are shown on every screen that a mail passes."""
    first = min(told, key=lambda each: each.change.starts_at)
    if len(told) > 1:
        return f"{len(told)} schedule changes from {first.change.first_date}: {what}"
    return f"Schedule change of {first.change.first_date}, {format_hhmm(first.slot.start_minute)} UTC: {what}"


def row_of(columns: Mapping[str, Any]) -> Line:
    """A line by its columns, not stored: as it was, or as it is to be."""
    kept = {name: columns[name] for name in Line.model_fields if name in columns and name != "id"}
    return Line(**kept | {name: _date(columns[name]) for name in ("first_date", "last_date")})


def _change_text(told: Told) -> str:
    change, slot = told.change, told.slot
    times = f"{format_hhmm(slot.start_minute)}-{format_hhmm(slot.stop_minute)} UTC"
    if change.kind == "new":
        head = f"A new line, {times}, first transmission {_at(change.starts_at)}."
        return _block(head, ["New:", _hfcc(change.model_dump(), slot, told.new_site)])
    was = _was(change)
    if change.kind == "end":
        head = f"{was['khz']} kHz, {times}, ends: no transmission any more from {_at(change.starts_at)} on."
        return _block(head, ["Old:", _hfcc(was, slot, told.old_site), *_shortened(told, was)])
    night = change.kind == "one_night"
    span = (
        f"only for the transmission of {_at(change.starts_at)}"
        if night
        else f"from {_at(change.starts_at)} on"
    )
    place = f" to {told.new_site.code}" if told.old_site.id != told.new_site.id else ""
    head = f"{was['khz']} kHz, {times}, moves to {change.khz} kHz{place}, {span}."
    after = ["After it everything is as before."] if night else []
    new = ["New:", _hfcc(change.model_dump(), slot, told.new_site)]
    shortened = [] if night else _shortened(told, was)
    return _block(head, ["Old:", _hfcc(was, slot, told.old_site), *shortened, *new, *after])


def _shortened(told: Told, was: dict[str, Any]) -> list[str]:
    last = told.change.first_date - DAY
    if last < _date(was["first_date"]):
        return []
    return ["Old, as it ends:", _hfcc(was | {"last_date": last}, told.slot, told.old_site)]


def _hfcc(columns: Mapping[str, Any], slot: Slot, site: Site) -> str:
    """In HFCC's columns, or in words where they are too narrow for it."""
    row = row_of(columns)
    try:
        return record_of(value_of(row, slot, site, "")).text
    except ScheduleError:
        power = f", {row.power_kw:g} kW" if row.power_kw is not None else ""
        azimuth = f", {row.azimuth} degrees" if row.azimuth is not None else ""
        zones = f", CIRAF {row.ciraf_zones}" if row.ciraf_zones else ""
        times = f"{format_hhmm(slot.start_minute)}-{format_hhmm(slot.stop_minute)} UTC"
        days = format_days(days_from_eibi(row.days))
        return (
            f"{row.khz} kHz, {times}, {days}, {row.first_date} to {row.last_date}, {site.code}"
            f"{power}{azimuth}{zones}"
        )


def _block(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, "", TITLES, *lines, ""])


def _was(change: LineChange) -> dict[str, Any]:
    if change.was is None:
        raise ValueError(f"change {change.id} is of no line")
    return change.was


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _at(instant: datetime) -> str:
    return f"{instant:%a %Y-%m-%d %H:%M} UTC"
