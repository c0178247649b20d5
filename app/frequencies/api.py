"""`/api/v1/sites` and `/api/v1/lines`."""

from __future__ import annotations

from fastapi import Response
from sqlmodel import Session, col, select

from app.database import id_of, reading, writing
from app.frequencies import service
from app.frequencies.models import Line, Site
from app.frequencies.schemas import LineIn, LineOut, SiteIn, SiteOut
from app.settings import Settings
from app.storage import free_bytes
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, CurrentSettings, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of, written
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["frequencies"])


@router.get("/sites", summary="The transmitter sites")
def list_sites(database: Database, _actor: Actor, wanted: WantedPage) -> Page[SiteOut]:
    with reading(database) as session:
        rows, cursor = page_of(session, select(Site), col(Site.id), wanted)
        return Page(items=[SiteOut.model_validate(row) for row in rows], next=cursor)


@router.post("/sites", status_code=201, summary="Add a transmitter site")
def create_site(body: SiteIn, database: Database, actor: Actor, now: Now, response: Response) -> SiteOut:
    with writing(database) as session:
        row = service.create_site(session, body.fields(), now=now, by=actor.person_id)
    created(response, f"/api/v1/sites/{row.id}", row.revision)
    return SiteOut.model_validate(row)


@router.get("/sites/{site_id}", summary="One transmitter site")
def read_site(site_id: RowId, database: Database, _actor: Actor, response: Response) -> SiteOut:
    with reading(database) as session:
        row = service.site(session, site_id)
    etag(response, row.revision)
    return SiteOut.model_validate(row)


@router.put("/sites/{site_id}", summary="Change a transmitter site")
def update_site(
    site_id: RowId,
    body: SiteIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> SiteOut:
    with writing(database) as session:
        row = service.update_site(
            session, site_id, body.fields(), expected=expected, now=now, by=actor.person_id
        )
    etag(response, row.revision)
    return SiteOut.model_validate(row)


@router.delete("/sites/{site_id}", status_code=204, summary="Delete a site without lines and feeds")
def delete_site(site_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_site(session, site_id, now=now, by=actor.person_id)


@router.get("/lines", summary="The frequency-schedule lines", response_model=Page[LineOut])
def list_lines(
    database: Database,
    _actor: Actor,
    wanted: WantedPage,
    slot_id: RowId | None = None,
    site_id: RowId | None = None,
) -> Response:
    query = select(Line)
    if slot_id is not None:
        query = query.where(Line.slot_id == slot_id)
    if site_id is not None:
        query = query.where(Line.site_id == site_id)
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(Line.id), wanted)
        feeds = service.feeds_of(session, map(id_of, rows))
    return written(Page(items=[LineOut.of(row, feeds.get(id_of(row), [])) for row in rows], next=cursor))


@router.post("/lines", status_code=201, summary="Add a line to a slot")
def create_line(
    body: LineIn, database: Database, settings: CurrentSettings, actor: Actor, now: Now, response: Response
) -> LineOut:
    room_bytes = spare_bytes(settings)
    with writing(database) as session:
        row = service.create_line(session, body.fields(), room_bytes=room_bytes, now=now, by=actor.person_id)
        shown = _shown(session, row)
    created(response, f"/api/v1/lines/{row.id}", row.revision)
    return shown


@router.get("/lines/{line_id}", summary="One line")
def read_line(line_id: RowId, database: Database, _actor: Actor, response: Response) -> LineOut:
    with reading(database) as session:
        row = service.line(session, line_id)
        shown = _shown(session, row)
    etag(response, row.revision)
    return shown


@router.put("/lines/{line_id}", summary="Change a line and the feeds that take its audio")
def update_line(
    line_id: RowId,
    body: LineIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> LineOut:
    room_bytes = spare_bytes(settings)
    with writing(database) as session:
        row = service.update_line(
            session,
            line_id,
            body.fields(),
            room_bytes=room_bytes,
            expected=expected,
            now=now,
            by=actor.person_id,
        )
        shown = _shown(session, row)
    etag(response, row.revision)
    return shown


@router.delete("/lines/{line_id}", status_code=204, summary="Delete a line that has never been on the air")
def delete_line(line_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_line(session, line_id, now=now, by=actor.person_id)


def spare_bytes(settings: Settings) -> int:
    """What the disk has beside its reserve."""
    return free_bytes(settings) - settings.disk_reserve_bytes


def _shown(session: Session, row: Line) -> LineOut:
    return LineOut.of(row, service.feeds_of(session, [id_of(row)]).get(id_of(row), []))
