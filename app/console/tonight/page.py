"""`/`: the night."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from app.air.status import read_status
from app.approving.queue import waiting_count
from app.console.nights import shown_night
from app.console.shell import SignedInPage
from app.console.tonight.attention import needs
from app.console.tonight.night import airings_of_night, awaited_of_night
from app.database import reading
from app.web.dependencies import CurrentBlobs, Database

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
@router.head("/", response_class=HTMLResponse)
def show_tonight(page: SignedInPage, database: Database, blobs: CurrentBlobs, night: str = "") -> Response:
    """``night`` is a date; anything else is tonight."""
    shown = shown_night(night, page.now)
    with reading(database) as session:
        return page.answer(
            session,
            "tonight/tonight.html",
            section="tonight",
            shown=shown,
            needs=needs(session, page.settings, page.now),
            airings=airings_of_night(session, blobs, shown.night, page.now, read_status(page.settings)),
            awaited=awaited_of_night(session, shown.night, page.now),
            waiting=waiting_count(session),
            horizon_h=page.settings.horizon_h,
        )
