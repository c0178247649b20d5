"""`/record`: what went out in a night, with its evidence, to be printed."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from app.console.nights import shown_night
from app.console.shell import SignedInPage
from app.database import reading
from app.record.rows import as_run_rows, handoff_rows
from app.web.dependencies import Database

router = APIRouter(include_in_schema=False)


@router.get("/record", response_class=HTMLResponse)
@router.head("/record", response_class=HTMLResponse)
def show_record(page: SignedInPage, database: Database, night: str = "") -> Response:
    """``night`` is a date; anything else is tonight."""
    shown = shown_night(night, page.now)
    with reading(database) as session:
        return page.answer(
            session,
            "record/record.html",
            section="record",
            shown=shown,
            rows=list(as_run_rows(session, shown.span)),
            handoffs=list(handoff_rows(session, shown.span)),
        )
