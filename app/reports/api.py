"""`/api/v1/reports`: reception reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from sqlmodel import col, select

from app.database import reading, writing
from app.errors import Invalid
from app.frequencies.models import Line
from app.reports import service
from app.reports.models import ReceptionReport
from app.reports.schemas import ReportIn, ReportOut
from app.web.bodies import Instant, RowId, created
from app.web.dependencies import Actor, Database, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["reports"])


@router.get("/reports", summary="Reception reports, the last written first")
def list_reports(
    database: Database,
    _actor: Actor,
    wanted: WantedPage,
    line_id: RowId | None = None,
    slot_id: RowId | None = None,
    khz: int | None = None,
    first: Annotated[Instant | None, Query(alias="from", description="Heard at or after")] = None,
    end: Annotated[Instant | None, Query(alias="until", description="Heard before")] = None,
) -> Page[ReportOut]:
    if first is not None and end is not None and end <= first:
        raise Invalid("until lies after from, not before it", field="until")
    query = select(ReceptionReport)
    if line_id is not None:
        query = query.where(ReceptionReport.line_id == line_id)
    if slot_id is not None:
        of_slot = select(Line.id).where(Line.slot_id == slot_id)
        query = query.where(col(ReceptionReport.line_id).in_(of_slot))
    if khz is not None:
        query = query.where(ReceptionReport.khz == khz)
    if first is not None:
        query = query.where(ReceptionReport.heard_at >= first)
    if end is not None:
        query = query.where(ReceptionReport.heard_at < end)
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(ReceptionReport.id), wanted, newest_first=True)
    return Page(items=[ReportOut.model_validate(row) for row in rows], next=cursor)


@router.post("/reports", status_code=201, summary="Write a reception report down")
def take_report(body: ReportIn, database: Database, actor: Actor, now: Now, response: Response) -> ReportOut:
    """The line is named, or found by the frequency that was on the air then. Names of listeners belong nowhere."""
    with writing(database) as session:
        row = service.take_report(session, body.fields(), now=now, by=actor.person_id)
    created(response, f"/api/v1/reports/{row.id}")
    return ReportOut.model_validate(row)


@router.get("/reports/{report_id}", summary="One reception report")
def read_report(report_id: RowId, database: Database, _actor: Actor) -> ReportOut:
    with reading(database) as session:
        return ReportOut.model_validate(service.report(session, report_id))


@router.delete("/reports/{report_id}", status_code=204, summary="Delete a report, wholly")
def delete_report(report_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_report(session, report_id, now=now, by=actor.person_id)
