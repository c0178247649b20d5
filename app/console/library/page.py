"""The library: finding, uploading and recording."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.awaited.cut_off import measure
from app.awaited.service import AwaitedItem, item_of
from app.console.library.asked import asked
from app.console.library.rows import stretch, suggested
from app.console.rendering import answer_with
from app.console.shell import Page, SignedInPage
from app.database import reading
from app.errors import Invalid
from app.library.finding import Filters, count
from app.library.models import SegmentKind, SegmentState
from app.uploads.api import CurrentDesk
from app.uploads.batches import batch_of
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)

BeforeId = Annotated[int, Query(ge=1, le=2**63 - 1)]
MOST_DIGITS = 18
"""Of a row's id."""


@router.get("/library", response_class=HTMLResponse)
@router.head("/library", response_class=HTMLResponse)
def show_library(page: SignedInPage, database: Database) -> Response:
    """``for`` (an airing's id) and ``element`` say what is about to be uploaded; everything else is a filter."""
    wanted = asked(page.request.query_params)
    with reading(database) as session:
        found = count(session, wanted.filters, now=page.now)
        awaited_item, is_unknown = _awaited(session, page)
        return page.answer(
            session,
            "library/library.html",
            section="library",
            asked=wanted,
            found=found,
            is_empty=found == 0 and not count(session, Filters(), now=page.now),
            stretch=stretch(session, wanted.filters, page.now),
            suggested=suggested(session),
            kinds=tuple(SegmentKind),
            states=tuple(SegmentState),
            asked_for={name: page.request.query_params.get(name, "") for name in ("for", "element")},
            awaited=awaited_item,
            awaited_is_unknown=is_unknown,
            upload_limit=page.settings.upload_limit_bytes,
            drop_folder=page.settings.drop_folder,
        )


@router.get("/library/rows", response_class=HTMLResponse)
def show_rows(
    page: SignedInPage,
    database: Database,
    before_id: BeforeId,
    down_to_id: BeforeId | None = None,
    begins: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    """The list's next rows, as the page has them: its script asks for them as one scrolls."""
    wanted = asked(page.request.query_params)
    with reading(database) as session:
        rows = stretch(
            session, wanted.filters, page.now, before_id=before_id, down_to_id=down_to_id, begins=begins
        )
    return answer_with(page.request, "library/rows.html", stretch=rows, now=page.now)


@router.get("/library/batches/{name:path}", response_class=HTMLResponse)
def show_batch(
    page: SignedInPage, database: Database, desk: CurrentDesk, name: Annotated[str, Path(max_length=100)]
) -> Response:
    """How far each of the reader's files is that were sent together."""
    with reading(database) as session:
        batch = batch_of(session, name, page.actor.person_id, desk.receptions.offset)
        return page.answer(session, "library/batch.html", section="library", batch=batch)


def _awaited(session: Session, page: Page) -> tuple[AwaitedItem | None, bool]:
    """What an upload is for, by the address; and whether the address names what nobody awaits."""
    query = page.request.query_params
    airing_id = query.get("for", "")
    if not airing_id:
        return None, False
    if not (airing_id.isascii() and airing_id.isdigit() and len(airing_id) <= MOST_DIGITS):
        return None, True
    try:
        return item_of(session, int(airing_id), query.get("element", ""), measure(session, page.now)), False
    except Invalid:
        return None, True
