"""`/programmes` and `/programmes/{id}`: what they are made of, when they air, and what any edition would be."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.console.programmes import views
from app.console.programmes.starters import STARTERS
from app.console.shell import SignedInPage
from app.database import id_of, reading
from app.programmes.models import Programme
from app.programmes.service import programme
from app.web.bodies import RowId, etag_of
from app.web.dependencies import Database
from app.web.routing import Router
from schedules.elements import ELASTIC_KINDS, KINDS
from schedules.season import season_at

router = Router(include_in_schema=False)


@router.get("/programmes", response_class=HTMLResponse)
@router.head("/programmes", response_class=HTMLResponse)
def show_programmes(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        return page.answer(
            session,
            "programmes/programmes.html",
            section="programmes",
            programmes=views.programmes(session, page.now),
            starters=STARTERS,
        )


@router.get("/programmes/{programme_id}", response_class=HTMLResponse)
@router.head("/programmes/{programme_id}", response_class=HTMLResponse)
def show_programme(page: SignedInPage, database: Database, programme_id: RowId) -> Response:
    with reading(database) as session:
        row = programme(session, programme_id)
        slots = views.slots_of(session, page.now, programme_id)
        coming = views.next_airing(session, programme_id, page.now)
        everything = views.programmes(session, page.now)
        season = season_at(page.now)
        segments = views.named_segments(session, row)
        return page.answer(
            session,
            "programmes/programme.html",
            section="programmes",
            programme=row,
            etag=etag_of(row.revision),
            view=views.view_of(row, slots, coming),
            slots=slots,
            replacements=views.replacements(session, page.now, programme_id),
            others=[one for one in everything if one.id != programme_id],
            replaceable=[(one, slot) for one in everything for slot in one.slots if not slot.is_over],
            last_date=(season.end - timedelta(days=1)).date(),
            segments=segments,
            clock=_for_the_editor(session, row, segments, [one.code for one in everything]),
        )


def _for_the_editor(
    session: Session, row: Programme, segments: dict[int, dict[str, object]], codes: list[str]
) -> dict[str, object]:
    """What the clock's editor starts with."""
    return {
        "id": id_of(row),
        "etag": etag_of(row.revision),
        "clock": row.clock,
        "segments": list(segments.values()),
        "people": views.people(session),
        "series": views.series(session),
        "programmes": codes,
        "kinds": sorted(KINDS),
        "elastic": sorted(ELASTIC_KINDS),
    }
