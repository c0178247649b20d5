"""`/api/v1/slots/{id}/advice`: which frequency instead. `/api/v1/jammers`: which ones are known to be jammed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Response
from sqlmodel import col, select

from app.advice import jammers
from app.advice.models import Jammer
from app.advice.schemas import AdviceOut, JammerIn, JammerOut
from app.advice.service import Wish, advise_on
from app.database import reading, writing
from app.propagation.api import CircuitTerms, Khz
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, CurrentSettings, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["advice"])


@router.get(
    "/slots/{slot_id}/advice",
    summary="Which frequency instead: the alternatives of a slot, ranked, with reasons",
    responses={202: {"model": AdviceOut, "description": "Signals are still being computed: ask again"}},
)
def read_advice(
    slot_id: RowId,
    database: Database,
    settings: CurrentSettings,
    _actor: Actor,
    now: Now,
    response: Response,
    terms: CircuitTerms,
    khz: Khz,
    day: Annotated[
        date | None, Query(alias="date", description="A UTC start day of the slot; left out: its next")
    ] = None,
    line_id: Annotated[
        RowId | None, Query(description="The line that would be moved; left out: the only one of that day")
    ] = None,
    free: Annotated[bool, Query(description="Also the best free channels of the broadcasting bands")] = False,
) -> AdviceOut:
    """The slot's own lines, its pool, what `khz` names, and with `free` the best channels that none of our lines uses.

    Each has its reasons, and the call that carries it out. Nothing is done: a person decides.
    """
    wish = Wish(day=day, line_id=line_id, khz=khz, free=free)
    advised = advise_on(database, settings, slot_id, wish, terms, now)
    progress = advised.found.progress
    if progress is not None and progress.is_under_way:
        response.status_code = 202
    return AdviceOut.of(advised, now)


@router.get("/jammers", summary="The known jammers")
def list_jammers(database: Database, _actor: Actor, wanted: WantedPage) -> Page[JammerOut]:
    with reading(database) as session:
        rows, cursor = page_of(session, select(Jammer), col(Jammer.id), wanted)
    return Page(items=[JammerOut.model_validate(row) for row in rows], next=cursor)


@router.post("/jammers", status_code=201, summary="Add a known jammer")
def create_jammer(
    body: JammerIn, database: Database, actor: Actor, now: Now, response: Response
) -> JammerOut:
    with writing(database) as session:
        row = jammers.create_jammer(session, body.fields(), now=now, by=actor.person_id)
    created(response, f"/api/v1/jammers/{row.id}", row.revision)
    return JammerOut.model_validate(row)


@router.get("/jammers/{jammer_id}", summary="One jammer")
def read_jammer(jammer_id: RowId, database: Database, _actor: Actor, response: Response) -> JammerOut:
    with reading(database) as session:
        row = jammers.jammer(session, jammer_id)
    etag(response, row.revision)
    return JammerOut.model_validate(row)


@router.put("/jammers/{jammer_id}", summary="Change a jammer")
def update_jammer(
    jammer_id: RowId,
    body: JammerIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> JammerOut:
    with writing(database) as session:
        row = jammers.update_jammer(
            session, jammer_id, body.fields(), expected=expected, now=now, by=actor.person_id
        )
    etag(response, row.revision)
    return JammerOut.model_validate(row)


@router.delete("/jammers/{jammer_id}", status_code=204, summary="Delete a jammer that has gone")
def delete_jammer(jammer_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        jammers.delete_jammer(session, jammer_id, now=now, by=actor.person_id)
