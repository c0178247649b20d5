"""What waits to be approved."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse

from app.console.approvals.views import approvals
from app.console.shell import SignedInPage
from app.database import reading
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/approvals", response_class=HTMLResponse)
def show_approvals(page: SignedInPage, database: Database, item: str = "") -> Response:
    """``item`` is the segment that is listened to; anything else is the one that is needed soonest."""
    wanted = int(item) if item.isascii() and item.isdigit() else None
    with reading(database) as session:
        return page.answer(
            session,
            "approvals/approvals.html",
            section="approvals",
            shown=approvals(session, page.actor.person_id, page.now, wanted),
        )
