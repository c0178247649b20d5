"""What waits to be approved, notes on it, and signatures under rundowns, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from app.approving import notes, queue, sign_offs
from app.approving.schemas import NoteIn, NoteOut, QueueOut, SignatureOut, SignOffIn, WaitingOut
from app.database import id_of, reading, writing
from app.web.bodies import RowId, created
from app.web.dependencies import Actor, Database, Now
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["approving"])


@router.get("/approvals", summary="The drafts that wait for somebody's ear, the most urgent first")
def list_approvals(
    database: Database,
    actor: Actor,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> QueueOut:
    """First what coming airings await, by their content cut-off; then what is in the rundown of one in an older cut, which
    airs until somebody approves the newer one; then the others, the oldest first.
    """
    with reading(database) as session:
        found = queue.queue(session, actor.person_id, now, limit)
        waiting = queue.waiting_count(session)
    return QueueOut(items=[WaitingOut.model_validate(one) for one in found], waiting=waiting)


@router.get("/segments/{segment_id}/notes", summary="The notes on a segment, the oldest first")
def list_notes(segment_id: RowId, database: Database, _actor: Actor) -> Page[NoteOut]:
    with reading(database) as session:
        found = notes.notes_of(session, segment_id)
    return Page(items=[NoteOut.of(one) for one in found], next=None)


@router.post("/segments/{segment_id}/notes", status_code=201, summary="Note something where it is heard")
def add_note(
    segment_id: RowId, body: NoteIn, response: Response, database: Database, actor: Actor, now: Now
) -> NoteOut:
    """Places are those of the cut as `GET /segments/{id}/audio?cut=` plays it."""
    with writing(database) as session:
        added = notes.add_note(
            session,
            segment_id,
            body.text,
            cut=body.cut,
            at_sample=body.place(),
            person_id=actor.person_id,
            now=now,
        )
        [view] = notes.notes_of(session, segment_id, only=id_of(added))
    created(response, f"/api/v1/segments/{segment_id}/notes")
    return NoteOut.of(view)


@router.post("/notes/{note_id}/resolve", summary="Say that what a note wants is done")
def resolve_note(note_id: RowId, database: Database, actor: Actor, now: Now) -> NoteOut:
    with writing(database) as session:
        note = notes.resolve_note(session, note_id, person_id=actor.person_id, now=now)
        [view] = notes.notes_of(session, note.segment_id, only=note_id)
    return NoteOut.of(view)


@router.post("/airings/{airing_id}/sign-off", summary="Sign the newest version of a rundown as a whole")
def sign_off_airing(
    airing_id: RowId, body: SignOffIn, database: Database, actor: Actor, now: Now
) -> SignatureOut:
    """Refused while an item has an open note, or an edit of it waits to be approved. It holds nothing up on the air, and a
    newer version is not signed by it.
    """
    with writing(database) as session:
        signed = sign_offs.sign_off(session, airing_id, body.version, person_id=actor.person_id, now=now)
    return SignatureOut.model_validate(signed)
