"""`/api/v1/slots/{id}/propagation`: what signal its frequencies are expected to make, hour by hour."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import Field

from app.contracts.billing import parse_month
from app.database import reading
from app.errors import Invalid
from app.programmes import service as programmes
from app.propagation.candidates import points_of_bands
from app.propagation.circuits import Terms, lines_in, question, site_of
from app.propagation.schemas import PropagationOut
from app.propagation.service import find_out
from app.web.bodies import RowId
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.routing import Router
from schedules.frequencies.propagation import HIGHEST_KHZ, LOWEST_KHZ, slot_hours
from schedules.said import say

MOST_KHZ = 100

router = Router(prefix="/api/v1", tags=["propagation"])

Khz = Annotated[
    list[Annotated[float, Field(ge=LOWEST_KHZ, le=HIGHEST_KHZ)]],
    Query(
        default_factory=list,
        description="A frequency to look at; may be repeated",
        max_length=MOST_KHZ,
        examples=[[7515]],
    ),
]


def _terms(
    settings: CurrentSettings,
    power_kw: Annotated[
        float | None, Query(gt=0, le=5000, description="Left out: the line's, and the greatest of several")
    ] = None,
    gain_dbi: Annotated[float, Query(ge=-30, le=40, description="The aerial's, towards the target")] = 0.0,
    sunspots: Annotated[
        float | None, Query(ge=0, le=400, description="The smoothed number; left out: the predicted one")
    ] = None,
    to_lat: Annotated[
        float | None, Query(ge=-90, le=90, description="Left out: the station's target")
    ] = None,
    to_lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
) -> Terms:
    if (to_lat is None) != (to_lon is None):
        raise Invalid("to_lat and to_lon belong together", field="to_lon" if to_lon is None else "to_lat")
    return Terms(
        to_lat=settings.target_latitude if to_lat is None else to_lat,
        to_lon=settings.target_longitude if to_lon is None else to_lon,
        power_kw=power_kw,
        gain_dbi=gain_dbi,
        sunspots=sunspots,
    )


CircuitTerms = Annotated[Terms, Depends(_terms)]


@router.get(
    "/slots/{slot_id}/propagation",
    summary="The signal to expect of a slot's frequencies, hour by hour",
    responses={202: {"model": PropagationOut, "description": "Something is still being computed: ask again"}},
)
def read_propagation(
    slot_id: RowId,
    database: Database,
    settings: CurrentSettings,
    _actor: Actor,
    now: Now,
    response: Response,
    terms: CircuitTerms,
    khz: Khz,
    month: Annotated[str | None, Query(description="Left out: that of `date`", examples=["2026-12"])] = None,
    day: Annotated[date | None, Query(alias="date", description="Left out: today in UTC")] = None,
    site_id: Annotated[RowId | None, Query(description="Left out: the site of the slot's lines")] = None,
    free: Annotated[bool, Query(description="Also every 50 kHz of the broadcasting bands")] = False,
) -> PropagationOut:
    """The slot's lines of that month from that site, what `khz` names, and with `free` all bands.

    A worker computes; the answer is 200 once all is known. Until then it is 202 with what is known and the `job`, whose
    `progress` events tell its fraction.
    """
    days = parse_month(month or f"{day or now:%Y-%m}")
    with reading(database) as session:
        slot = programmes.slot(session, slot_id)
        lines = lines_in(session, slot_id, days.first, days.last)
        site = site_of(session, slot_id, lines, site_id)
    own = [line for line in lines if line.site_id == site.id]
    wanted = [*(float(line.khz) for line in own), *khz, *(points_of_bands() if free else ())]
    if not wanted:
        told = (
            "slot {slot_id} has no line from {site} in {month}: name frequencies with khz, or ask with free"
        )
        no_khz = say("prediction-no-khz", told, slot_id=slot_id, site=site.code, month=f"{days.first:%Y-%m}")
        raise Invalid(no_khz, field="khz")
    power_kw = max((line.power_kw for line in own if line.power_kw is not None), default=None)
    asked = question(site, power_kw, days.first, terms, wanted)
    found = find_out(database, settings, asked, slot_id, now)
    if found.progress is not None and found.progress.is_under_way:
        response.status_code = 202
    hours = slot_hours(slot.start_minute, slot.stop_minute)
    return PropagationOut.of(slot_id, days.first, site, asked, hours, found)
