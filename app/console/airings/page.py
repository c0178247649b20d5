"""`/airings/{id}`: one airing's rundown, and what people do with it."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse

from app.air.status import read_status
from app.airings import service
from app.airings.programme import programme_of
from app.console.airings.views import desk_of
from app.console.shell import SignedInPage
from app.console.tonight.night import airing_view
from app.database import reading
from app.web.bodies import RowId
from app.web.dependencies import CurrentBlobs, Database
from app.web.routing import Router
from schedules.time import night_of

router = Router(include_in_schema=False)


@router.get("/airings/{airing_id}", response_class=HTMLResponse)
@router.head("/airings/{airing_id}", response_class=HTMLResponse)
def show_airing(page: SignedInPage, database: Database, blobs: CurrentBlobs, airing_id: RowId) -> Response:
    with reading(database) as session:
        row = service.get(session, airing_id)
        return page.answer(
            session,
            "airings/airing.html",
            section="tonight",
            guide="programmes",
            airing=airing_view(session, blobs, airing_id, page.now, read_status(page.settings)),
            programme=programme_of(session, row),
            night=night_of(row.starts_at),
            desk=desk_of(session, blobs, row, page.now),
        )
