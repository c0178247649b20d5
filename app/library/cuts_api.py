"""A segment's edits and cuts over HTTP."""

from __future__ import annotations

from fastapi import Response

from app.database import reading, writing
from app.library import cuts, service
from app.library.cut_schemas import CutOut, EditedSegmentOut, RejectIn, SegmentEditsIn
from app.library.schemas import SegmentOut
from app.web.bodies import RowId, etag
from app.web.dependencies import Actor, Database, IfMatch, Now
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["library"])


@router.put("/segments/{segment_id}/edits", summary="Edit a segment: nothing in the recording is changed")
def edit_segment(
    segment_id: RowId,
    body: SegmentEditsIn,
    response: Response,
    database: Database,
    actor: Actor,
    now: Now,
    if_match: IfMatch,
) -> EditedSegmentOut:
    """It is a draft until its new cut is approved; the cut that was approved last may air meanwhile, unless it is recalled.

    The same edits as earlier give the same cut, and its approval.
    """
    with writing(database) as session:
        segment = service.edit(
            session, segment_id, body.document(), if_match=if_match, person_id=actor.person_id, now=now
        )
        cut = cuts.find_cut(session, segment, None)
    etag(response, segment.revision)
    shown = SegmentOut.model_validate(segment).model_dump(exclude={"duration_s"})
    return EditedSegmentOut(**shown, newest_cut=CutOut.of(cut))


@router.get("/segments/{segment_id}/cuts", summary="Every cut of a segment, the newest first")
def list_cuts(segment_id: RowId, response: Response, database: Database, _actor: Actor) -> Page[CutOut]:
    """The first of them is what its edits are now. The `ETag` is what an edit sends as `If-Match`."""
    with reading(database) as session:
        segment = service.get(session, segment_id)
        rows = cuts.cuts_of(session, segment_id)
    rows.sort(key=lambda row: (row.number != segment.cut, -row.number))
    etag(response, segment.revision)
    return Page(items=[CutOut.of(row) for row in rows], next=None)


@router.post("/segments/{segment_id}/reject", summary="Send a draft back to who made it, with a reason")
def reject_segment(
    segment_id: RowId,
    body: RejectIn,
    response: Response,
    database: Database,
    actor: Actor,
    now: Now,
    if_match: IfMatch,
) -> SegmentOut:
    with writing(database) as session:
        segment = service.turn_down(
            session, segment_id, body.reason, if_match=if_match, person_id=actor.person_id, now=now
        )
    etag(response, segment.revision)
    return SegmentOut.model_validate(segment)


@router.post("/segments/{segment_id}/submit", summary="Ask again for the approval of what was sent back")
def submit_segment(
    segment_id: RowId, response: Response, database: Database, actor: Actor, now: Now, if_match: IfMatch
) -> SegmentOut:
    """An edit of it does so by itself."""
    with writing(database) as session:
        segment = service.take_step(
            session, segment_id, "submit", if_match=if_match, person_id=actor.person_id, now=now
        )
    etag(response, segment.revision)
    return SegmentOut.model_validate(segment)
