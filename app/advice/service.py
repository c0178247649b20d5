"""The advice on a slot: its alternatives, and what is known of each, in the order of `schedules.frequencies.advice`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from app.advice.evidence import conflicts_of, jammers_on, pool_of, reports_of
from app.airings.carriage import Carriage, carriages, is_on_air
from app.airings.materialise import slot_value
from app.database import id_of, reading
from app.errors import Invalid
from app.frequencies.models import Line, Site
from app.programmes import service as programmes
from app.programmes.models import Slot
from app.propagation.cache import hours_of
from app.propagation.candidates import coarse
from app.propagation.circuits import Terms, question
from app.propagation.service import Found, find_out
from app.settings import Settings
from schedules.errors import ScheduleError
from schedules.frequencies.advice import (
    Advice,
    Alternative,
    ConflictCount,
    Jammer,
    Reports,
    advise,
    free_channels,
)
from schedules.frequencies.bands import BANDS, in_band
from schedules.frequencies.propagation import Question, Signal, slot_hours
from schedules.said import say
from schedules.slots import occurrences
from schedules.time import Span

MOST_FREE = 20
"""Free channels that are shown: the best ones, and of neighbours that one prediction stands for only the best."""

_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked: for which day, of which of the slot's lines, and which frequencies besides those that are known."""

    day: date | None = None
    line_id: int | None = None
    khz: Sequence[float] = ()
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """The answer. `asked` is None where no signal can be predicted (`notes` say why), `conflicts_known` whether anybody
    looked for conflicts; `on_air` are the frequencies that carry the slot on that day already.
    """

    slot: Slot
    line: Line
    site: Site
    day: date
    ranked: Sequence[Advice]
    on_air: frozenset[float]
    conflicts_known: bool
    asked: Question | None
    found: Found
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows say of a slot on a day."""

    slot: Slot
    line: Line
    site: Site
    on_air: frozenset[float]
    cleared: frozenset[float]
    free: tuple[float, ...]
    jammers: Sequence[Jammer]
    reports: Mapping[float, Reports]
    conflicts: Mapping[float, Sequence[ConflictCount]] | None


def advise_on(
    database: Engine, settings: Settings, slot_id: int, wish: Wish, terms: Terms, now: datetime
) -> Advised:
    """Rank the alternatives of a slot on a day. What was not predicted yet is left to a worker.

    Raises:
        NotFound: there is no such slot.
        Invalid: it is not on the air on that day, or which of its lines is meant has to be said.
    """
    with reading(database) as session:
        slot = programmes.slot(session, slot_id)
        day = _day(slot, wish.day, now)
        known = _known(session, slot, day, wish, now)
    named = frozenset({*known.on_air, *known.cleared, *wish.khz})
    points = sorted({*named, *(float(coarse(each)) for each in known.free)})
    notes: list[str] = []
    asked = _question(known, day, terms, points, notes)
    found = Found({}, None) if asked is None else find_out(database, settings, asked, slot_id, now)
    signals = _signals(slot, asked, found)
    alternatives = [_alternative(each, known, signals.get(each, ())) for each in sorted(named)]
    free = [_alternative(each, known, signals.get(float(coarse(each)), ())) for each in known.free]
    return Advised(
        slot=slot,
        line=known.line,
        site=known.site,
        day=day,
        ranked=advise([*alternatives, *_best(free, known.jammers)], known.jammers),
        on_air=known.on_air,
        conflicts_known=known.conflicts is not None,
        asked=asked,
        found=found,
        notes=notes,
    )


def _day(slot: Slot, wanted: date | None, now: datetime) -> date:
    """The day that was asked for, or the slot's next. Raises Invalid where it is not on the air then."""
    value = slot_value(slot)
    if wanted is None:
        coming = next(occurrences(value, Span(now, now + _AHEAD)), None)
        if coming is None:
            told = "slot {slot_id} is not on the air any more: its last date is {last_on}"
            raise Invalid(say("advice-over", told, slot_id=id_of(slot), last_on=slot.last_date))
        return coming.start.date()
    if not (slot.first_date <= wanted <= slot.last_date and wanted.isoweekday() in value.days):
        told = "slot {slot_id} ({slot}, {first_on} to {last_on}) is not on the air on {wanted_on:%a %Y-%m-%d}"
        off_air = say(
            "advice-day",
            told,
            slot_id=id_of(slot),
            slot=str(value),
            first_on=slot.first_date,
            last_on=slot.last_date,
            wanted_on=wanted,
        )
        raise Invalid(off_air, field="date")
    return wanted


def _known(session: Session, slot: Slot, day: date, wish: Wish, now: datetime) -> _Known:
    on_air = carriages(session, id_of(slot), day)
    chosen = _chosen(slot, day, on_air, wish.line_id)
    own = frozenset(float(one.line.khz) for one in on_air)
    cleared = frozenset({*own, *pool_of(session, id_of(slot), id_of(chosen.site))})
    named = {*cleared, *wish.khz}
    free = _free(session, day, named) if wish.free else ()
    every = [*named, *free]
    return _Known(
        slot=slot,
        line=chosen.line,
        site=chosen.site,
        on_air=own,
        cleared=cleared,
        free=free,
        jammers=jammers_on(session, day),
        reports=reports_of(session, slot, every, now),
        conflicts=conflicts_of(session, slot, chosen.line, every, day),
    )


def _chosen(slot: Slot, day: date, on_air: Sequence[Carriage], line_id: int | None) -> Carriage:
    """The line that would be moved. Raises Invalid where it has to be named, or is not on the air."""
    if not on_air:
        told = "slot {slot_id} has no line on {day_on}: add one first (POST /api/v1/lines)"
        raise Invalid(say("advice-no-line", told, slot_id=id_of(slot), day_on=day), field="date")
    lines = tuple(f"{one.line.id} ({one.line.khz} kHz, {one.site.code})" for one in on_air)
    wanted = [one for one in on_air if line_id in {None, one.line.id}]
    if not wanted:
        told = "line {line_id} does not carry slot {slot_id} on {day_on}: {lines:, } do"
        other = say(
            "advice-other-line", told, line_id=line_id or 0, slot_id=id_of(slot), day_on=day, lines=lines
        )
        raise Invalid(other, field="line_id")
    if len(wanted) > 1:
        told = "slot {slot_id} has the lines {lines:, } on {day_on}: ask with line_id"
        several = say("advice-which-line", told, slot_id=id_of(slot), day_on=day, lines=lines)
        raise Invalid(several, field="line_id")
    return wanted[0]


def _free(session: Session, day: date, named: Iterable[float]) -> tuple[float, ...]:
    """Channels of the broadcasting bands that none of our own lines of that day is near, and nobody has named."""
    taken = [float(line.khz) for line in session.exec(select(Line)).all() if is_on_air(line, day)]
    channels = set(free_channels([(float(low), float(high)) for low, high in BANDS], taken))
    return tuple(sorted(channels - set(named)))


def _question(
    known: _Known, day: date, terms: Terms, points: list[float], notes: list[str]
) -> Question | None:
    try:
        return question(known.site, known.line.power_kw, day, terms, points)
    except (Invalid, ScheduleError) as why:
        notes.append(f"No signal is predicted: {why}.")
        return None


def _signals(slot: Slot, asked: Question | None, found: Found) -> dict[float, list[Signal]]:
    """Those of the slot's hours that are known, by kHz."""
    signals: dict[float, list[Signal]] = {}
    if asked is not None:
        wanted = slot_hours(slot.start_minute, slot.stop_minute)
        for hour in hours_of(asked, found.known):
            if hour.hour in wanted:
                for one in hour.signals:
                    signals.setdefault(one.khz, []).append(one)
    return signals


def _alternative(khz: float, known: _Known, signals: Sequence[Signal]) -> Alternative:
    return Alternative(
        khz=khz,
        is_cleared=khz in known.cleared,
        in_band=in_band(khz),
        signals=signals,
        conflicts=(known.conflicts or {}).get(khz, ()),
        reports=known.reports.get(khz),
    )


def _best(free: Sequence[Alternative], jammers: Sequence[Jammer]) -> list[Alternative]:
    best: dict[int, Alternative] = {}
    for one in advise(free, jammers):
        best.setdefault(coarse(one.alternative.khz), one.alternative)
    return list(best.values())[:MOST_FREE]
