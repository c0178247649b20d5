"""`/api/v1/line-changes`, the moves of lines, the pools of slots, and seasons."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from sqlmodel import Session, col, select

from app.database import reading, writing
from app.frequencies.api import spare_bytes
from app.moves import drafting, notices, pools, seasons, service
from app.moves.consequences import consequences_of
from app.moves.models import LineChange
from app.moves.pending import PENDING
from app.moves.schemas import (
    AnswerIn,
    AskIn,
    ChangeOut,
    EndIn,
    LineChangeOut,
    MoveIn,
    NewLineIn,
    NoticeOut,
    PoolEntryOut,
    PoolIn,
    PoolOut,
    RolloverOut,
    SeasonOut,
    SeasonsOut,
    State,
)
from app.records import require_revision
from app.settings import Settings
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, CurrentSettings, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["moves"])

DryRun = Annotated[bool, Query(description="Only say what it would do")]


@router.post("/lines/{line_id}/move", status_code=201, summary="Move a line, once its site agrees")
def move_line(
    line_id: RowId,
    body: MoveIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    response: Response,
    dry_run: DryRun = False,
) -> ChangeOut:
    """The lines stay as they are until the site has agreed: by the link in its mail, or as a person records it."""
    fields, room = body.fields(), spare_bytes(settings)
    with reading(database) if dry_run else writing(database) as session:
        made = drafting.draft_move(session, line_id, fields, room_bytes=room, now=now, by=actor.person_id)
        return _written(session, settings, made, actor, now, response, dry_run=dry_run, draft=body.draft)


@router.post("/lines/{line_id}/end", status_code=201, summary="End a line early, once its site agrees")
def end_line(
    line_id: RowId,
    body: EndIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    response: Response,
    dry_run: DryRun = False,
) -> ChangeOut:
    from_date = None if body.from_date == "now" else body.from_date
    with reading(database) if dry_run else writing(database) as session:
        made = drafting.draft_end(session, line_id, from_date, body.reason, now=now, by=actor.person_id)
        return _written(session, settings, made, actor, now, response, dry_run=dry_run, draft=body.draft)


@router.post("/line-changes", status_code=201, summary="Add a line, once its site agrees")
def plan_line(
    body: NewLineIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    response: Response,
    dry_run: DryRun = False,
) -> ChangeOut:
    fields, room = body.fields(), spare_bytes(settings)
    with reading(database) if dry_run else writing(database) as session:
        made = drafting.draft_new(session, fields, body.reason, room_bytes=room, now=now, by=actor.person_id)
        return _written(session, settings, made, actor, now, response, dry_run=dry_run, draft=body.draft)


@router.get("/line-changes", summary="Changes of lines, the newest first")
def list_changes(
    database: Database,
    _actor: Actor,
    wanted: WantedPage,
    state: State | None = None,
    slot_id: RowId | None = None,
    line_id: RowId | None = None,
    pending: Annotated[bool, Query(description="Only those whose answer is awaited")] = False,
) -> Page[LineChangeOut]:
    query = select(LineChange)
    if state is not None:
        query = query.where(LineChange.state == state, col(LineChange.undone_at).is_(None))
    if slot_id is not None:
        query = query.where(LineChange.slot_id == slot_id)
    if line_id is not None:
        query = query.where(LineChange.line_id == line_id)
    if pending:
        query = query.where(col(LineChange.state).in_(PENDING), col(LineChange.undone_at).is_(None))
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(LineChange.id), wanted, newest_first=True)
    return Page(items=[LineChangeOut.of(row) for row in rows], next=cursor)


@router.post("/line-changes/request", summary="Ask the sites for drafts, one mail for each site")
def request_changes(body: AskIn, database: Database, actor: Actor, now: Now) -> list[LineChangeOut]:
    with writing(database) as session:
        asked = [service.change(session, each) for each in dict.fromkeys(body.change_ids)]
        service.request(session, asked, now=now, by=actor.person_id)
    return [LineChangeOut.of(row) for row in asked]


@router.get("/line-changes/{change_id}", summary="One change of a line")
def read_change(change_id: RowId, database: Database, _actor: Actor, response: Response) -> LineChangeOut:
    with reading(database) as session:
        row = service.change(session, change_id)
    etag(response, row.revision)
    return LineChangeOut.of(row)


@router.put("/line-changes/{change_id}", summary="Write the draft of a new line anew")
def redraft_line(
    change_id: RowId,
    body: NewLineIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> LineChangeOut:
    """With `draft` false it is asked for at once."""
    fields, room = body.fields(), spare_bytes(settings)
    with writing(database) as session:
        row = service.change(session, change_id)
        require_revision(row, expected)
        drafting.redraft(session, row, fields, body.reason, room_bytes=room, now=now, by=actor.person_id)
        if not body.draft:
            service.request(session, [row], now=now, by=actor.person_id)
    etag(response, row.revision)
    return LineChangeOut.of(row)


@router.get("/line-changes/{change_id}/notices", summary="What sites are told of a change")
def list_notices(change_id: RowId, database: Database, _actor: Actor) -> list[NoticeOut]:
    with reading(database) as session:
        service.change(session, change_id)
        return [NoticeOut.model_validate(row) for row in notices.notices_of(session, change_id)]


@router.post("/line-changes/{change_id}/answer", summary="Record what the site said")
def answer_change(
    change_id: RowId, body: AnswerIn, database: Database, actor: Actor, now: Now
) -> LineChangeOut:
    """Agreed: from now on the lines are as they were asked for."""
    with writing(database) as session:
        row = service.answer(session, change_id, body.fields(), now=now, by=actor.person_id)
    return LineChangeOut.of(row)


@router.post("/line-changes/{change_id}/undo", summary="Take a change back, until it has aired")
def undo_change(change_id: RowId, database: Database, actor: Actor, now: Now) -> LineChangeOut:
    """The lines are what they were before; the site is told if it had heard of it. Of a refused one: it is settled."""
    with writing(database) as session:
        row = service.undo(session, change_id, now=now, by=actor.person_id)
    return LineChangeOut.of(row)


@router.get("/slots/{slot_id}/pool", summary="The frequencies that a slot may be moved to")
def read_pool(slot_id: RowId, database: Database, _actor: Actor) -> PoolOut:
    with reading(database) as session:
        rows = pools.pool_of(session, slot_id)
    return PoolOut(entries=[PoolEntryOut.model_validate(row) for row in rows])


@router.put("/slots/{slot_id}/pool", summary="Write the frequencies that a slot may be moved to")
def write_pool(slot_id: RowId, body: PoolIn, database: Database, actor: Actor, now: Now) -> PoolOut:
    with writing(database) as session:
        rows = pools.set_pool(session, slot_id, body.fields(), now=now, by=actor.person_id)
    return PoolOut(entries=[PoolEntryOut.model_validate(row) for row in rows])


@router.get("/seasons", summary="The seasons that have lines or drafts, this one and the next")
def list_seasons(database: Database, _actor: Actor, now: Now) -> SeasonsOut:
    with reading(database) as session:
        return SeasonsOut(items=[SeasonOut.of(plan) for plan in seasons.seasons(session, now)])


@router.post("/seasons/{code}/rollover", summary="Plan the next season by rolling this one over")
def roll_season_over(
    code: Annotated[str, Path(max_length=10)],
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    dry_run: DryRun = False,
) -> RolloverOut:
    """Slots and the lines at the season's end, for the next one's dates at the same UTC times. The lines are drafts, to be
    worked on and then asked for (`POST /line-changes/request`). What is planned already is left alone.
    """
    room = spare_bytes(settings)
    with reading(database) if dry_run else writing(database) as session:
        rolled = seasons.roll_over(
            session, code, dry_run=dry_run, room_bytes=room, now=now, by=actor.person_id
        )
    return RolloverOut.of(rolled, dry_run=dry_run)


def _written(
    session: Session,
    settings: Settings,
    made: LineChange,
    actor: Actor,
    now: Now,
    response: Response,
    *,
    dry_run: bool,
    draft: bool,
) -> ChangeOut:
    """Keep a draft and ask for it, as was wanted, and say what it does."""
    found = consequences_of(session, settings, made, now)
    if dry_run:
        response.status_code = 200
        return ChangeOut.of(None, found)
    drafting.store(session, made, now=now, by=actor.person_id)
    if not draft:
        service.request(session, [made], now=now, by=actor.person_id)
    created(response, f"/api/v1/line-changes/{made.id}", made.revision)
    return ChangeOut.of(made, found)
