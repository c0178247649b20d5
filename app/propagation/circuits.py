"""Which circuit is meant: the site, its power, the target, the month and its sunspots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.database import id_of
from app.errors import Invalid
from app.frequencies.models import Line, Site
from app.records import referred
from schedules.frequencies.propagation import Circuit, Question
from schedules.frequencies.sunspots import predicted_sunspots
from schedules.said import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a person may say of a circuit; what is left out is taken from the line, the settings, or the forecast."""

    to_lat: float
    to_lon: float
    power_kw: float | None = None
    gain_dbi: float = 0.0
    sunspots: float | None = None


def question(site: Site, power_kw: float | None, month: date, terms: Terms, khz: list[float]) -> Question:
    """The question about a site's frequencies in a month; the line's power counts unless the terms name another.

    Raises:
        Invalid: the site's coordinates, the power or the sunspot number are missing.
        BadCircuit: one of them is impossible.
    """
    if site.latitude is None or site.longitude is None:
        told = "where site {site} lies is not known: write its latitude and longitude (PUT /api/v1/sites/{site_id})"
        raise Invalid(say("prediction-where", told, site=site.code, site_id=id_of(site)), field="site_id")
    power = terms.power_kw if terms.power_kw is not None else power_kw
    if power is None:
        told = "how much power site {site} uses is not known: write it with the line, or ask with power_kw"
        raise Invalid(say("prediction-power", told, site=site.code), field="power_kw")
    circuit = Circuit(
        from_lat=site.latitude,
        from_lon=site.longitude,
        to_lat=terms.to_lat,
        to_lon=terms.to_lon,
        power_kw=power,
        gain_dbi=terms.gain_dbi,
    )
    return Question(circuit=circuit, month=month.month, sunspots=_sunspots(month, terms), khz=tuple(khz))


def _sunspots(month: date, terms: Terms) -> float:
    found = terms.sunspots if terms.sunspots is not None else predicted_sunspots(month.year, month.month)
    if found is None:
        told = (
            "no sunspot number is predicted here for {month}: ask with sunspots, the smoothed number "
            "(https://www.sidc.be/SILSO/forecasts)"
        )
        raise Invalid(say("prediction-sunspots", told, month=f"{month:%Y-%m}"), field="sunspots")
    return found


def lines_in(session: Session, slot_id: int, first: date, last: date) -> list[Line]:
    """The lines of a slot that may be on the air between two dates, both included."""
    query = select(Line).where(Line.slot_id == slot_id, Line.first_date <= last, Line.last_date >= first)
    return list(session.exec(query.order_by(col(Line.id))).all())


def site_of(session: Session, slot_id: int, lines: list[Line], site_id: int | None) -> Site:
    """The site that was named, or the one of all these lines. Raises Invalid where it has to be named."""
    if site_id is not None:
        return referred(session, Site, site_id, "site", "site_id")
    ids = sorted({line.site_id for line in lines})
    if len(ids) == 1:
        return session.get_one(Site, ids[0])
    if not ids:
        told = "slot {slot_id} has no line then: ask with site_id"
        raise Invalid(say("prediction-no-line", told, slot_id=slot_id), field="site_id")
    sites = tuple(f"{one} ({session.get_one(Site, one).code})" for one in ids)
    told = "slot {slot_id} has lines from the sites {sites:, }: ask with site_id"
    raise Invalid(say("prediction-which-site", told, slot_id=slot_id, sites=sites), field="site_id")
