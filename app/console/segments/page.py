"""One segment: its sound, its edits, its details, and where it aired."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse

from app.console.segments.views import day_field, kst_field, segment_view
from app.console.shell import SignedInPage
from app.database import reading
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/library/{segment_id:int}", response_class=HTMLResponse)
def show_segment(segment_id: int, page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        return page.answer(
            session,
            "segments/segment.html",
            section="library",
            guide="segments",
            shown=segment_view(session, segment_id, page.actor.person_id, page.now),
            day_field=day_field,
            kst_field=kst_field,
        )
