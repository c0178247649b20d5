"""`/api/v1/programmes` and `/api/v1/slots`."""

from __future__ import annotations

from fastapi import Response
from sqlmodel import col, select

from app.database import reading, writing
from app.programmes import replacing, service
from app.programmes.models import Programme, Replacement, Slot
from app.programmes.schemas import (
    ClockIn,
    ClockOut,
    NewProgramme,
    ProgrammeIn,
    ProgrammeOut,
    ReplacementIn,
    ReplacementOut,
    SlotIn,
    SlotOut,
)
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router
from schedules.said import Said

router = Router(prefix="/api/v1", tags=["programmes"])


@router.get("/programmes", summary="The programmes")
def list_programmes(database: Database, _actor: Actor, wanted: WantedPage) -> Page[ProgrammeOut]:
    with reading(database) as session:
        rows, cursor = page_of(session, select(Programme), col(Programme.id), wanted)
        return Page(items=[ProgrammeOut.of(row) for row in rows], next=cursor)


@router.post("/programmes", status_code=201, summary="Add a programme")
def create_programme(
    body: NewProgramme, database: Database, actor: Actor, now: Now, response: Response
) -> ProgrammeOut:
    with writing(database) as session:
        row = service.create_programme(session, body.fields(), body.clock, now=now, by=actor.person_id)
    created(response, f"/api/v1/programmes/{row.id}", row.revision)
    return ProgrammeOut.of(row)


@router.get("/programmes/{programme_id}", summary="One programme")
def read_programme(
    programme_id: RowId, database: Database, _actor: Actor, response: Response
) -> ProgrammeOut:
    with reading(database) as session:
        row = service.programme(session, programme_id)
    etag(response, row.revision)
    return ProgrammeOut.of(row)


@router.put("/programmes/{programme_id}", summary="Change a programme's title, code or stand-by")
def update_programme(
    programme_id: RowId,
    body: ProgrammeIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> ProgrammeOut:
    with writing(database) as session:
        row = service.update_programme(
            session, programme_id, body.fields(), expected=expected, now=now, by=actor.person_id
        )
    etag(response, row.revision)
    return ProgrammeOut.of(row)


@router.delete("/programmes/{programme_id}", status_code=204, summary="Delete a programme that has no slots")
def delete_programme(programme_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_programme(session, programme_id, now=now, by=actor.person_id)


@router.get("/programmes/{programme_id}/clock", summary="A programme's clock")
def read_clock(programme_id: RowId, database: Database, _actor: Actor, response: Response) -> ClockOut:
    with reading(database) as session:
        row = service.programme(session, programme_id)
    etag(response, row.revision)
    return ClockOut(clock=row.clock)


@router.put("/programmes/{programme_id}/clock", summary="Write a programme's clock")
def update_clock(
    programme_id: RowId,
    body: ClockIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> ClockOut:
    """Airings that are not compiled yet follow it."""
    with writing(database) as session:
        row = service.set_clock(
            session, programme_id, body.clock, expected=expected, now=now, by=actor.person_id
        )
    etag(response, row.revision)
    return ClockOut(clock=row.clock)


@router.get("/slots", summary="The slots")
def list_slots(
    database: Database, _actor: Actor, wanted: WantedPage, programme_id: RowId | None = None
) -> Page[SlotOut]:
    query = select(Slot)
    if programme_id is not None:
        query = query.where(Slot.programme_id == programme_id)
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(Slot.id), wanted)
        return Page(items=[SlotOut.of(row) for row in rows], next=cursor)


@router.post("/slots", status_code=201, summary="Add a slot, in UTC or in KST")
def create_slot(body: SlotIn, database: Database, actor: Actor, now: Now, response: Response) -> SlotOut:
    notes: list[Said] = []
    fields = body.fields(notes)
    with writing(database) as session:
        row = service.create_slot(session, fields, now=now, by=actor.person_id)
    created(response, f"/api/v1/slots/{row.id}", row.revision)
    return SlotOut.of(row, notes)


@router.get("/slots/{slot_id}", summary="One slot")
def read_slot(slot_id: RowId, database: Database, _actor: Actor, response: Response) -> SlotOut:
    with reading(database) as session:
        row = service.slot(session, slot_id)
    etag(response, row.revision)
    return SlotOut.of(row)


@router.put("/slots/{slot_id}", summary="Change a slot")
def update_slot(
    slot_id: RowId,
    body: SlotIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> SlotOut:
    notes: list[Said] = []
    fields = body.fields(notes)
    with writing(database) as session:
        row = service.update_slot(session, slot_id, fields, expected=expected, now=now, by=actor.person_id)
    etag(response, row.revision)
    return SlotOut.of(row, notes)


@router.delete(
    "/slots/{slot_id}", status_code=204, summary="Delete a slot that no line carries and that never aired"
)
def delete_slot(slot_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_slot(session, slot_id, now=now, by=actor.person_id)


@router.get("/replacements", summary="Programmes of a single date, instead of their slot's own")
def list_replacements(database: Database, _actor: Actor, wanted: WantedPage) -> Page[ReplacementOut]:
    with reading(database) as session:
        rows, cursor = page_of(session, select(Replacement), col(Replacement.id), wanted)
        return Page(items=[ReplacementOut.model_validate(row) for row in rows], next=cursor)


@router.post("/replacements", status_code=201, summary="Air another programme in a slot on one date")
def create_replacement(
    body: ReplacementIn, database: Database, actor: Actor, now: Now, response: Response
) -> ReplacementOut:
    """An airing that is compiled already is compiled anew, and handed over again where the sites still take it."""
    with writing(database) as session:
        row = replacing.replace_programme(
            session,
            body.slot_id,
            body.date,
            body.zone,
            body.programme_id,
            body.reason,
            now=now,
            by=actor.person_id,
        )
    created(response, f"/api/v1/replacements/{row.id}")
    return ReplacementOut.model_validate(row)


@router.delete(
    "/replacements/{replacement_id}", status_code=204, summary="Air the slot's own programme again"
)
def delete_replacement(replacement_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        replacing.take_back(session, replacement_id, now=now, by=actor.person_id)
