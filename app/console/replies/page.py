"""`/reply/<token>`: where a site answers what its mail asked. No login; the page shows what is asked and nothing else.

A GET changes nothing, since mail scanners follow links; the two answers are a form's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import structlog
from fastapi import Form, Path, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine
from sqlmodel import Session

from app.console.rendering import answer_with
from app.database import reading, writing
from app.errors import Conflict, Invalid, NotFound
from app.frequencies.models import Site
from app.library.names import clean_line
from app.moves import service
from app.moves.models import LineChange
from app.people.service import TooManyAttempts
from app.programmes.models import Slot
from app.web.dependencies import Database, Now
from app.web.routing import Router
from app.web.security import FailedSignIns
from schedules.days import days_from_eibi, format_days
from schedules.hhmm import format_hhmm

log = structlog.get_logger("danpa.reply")

router = Router(include_in_schema=False)

Token = Annotated[str, Path(max_length=100)]

LONGEST_NAME, LONGEST_NOTE = 200, 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One change as the site reads it; times are UTC."""

    kind: str
    site_code: str
    old_khz: int | None
    khz: int
    start: str
    stop: str
    days: str
    first_date: date
    starts_at: datetime


@router.get("/reply/{token}", response_class=HTMLResponse)
@router.head("/reply/{token}", response_class=HTMLResponse)
def show_reply(token: Token, request: Request, database: Database, now: Now) -> Response:
    """What is asked, and two buttons."""
    try:
        asked, answer_by = _asked(request, database, token, now)
    except (NotFound, TooManyAttempts, Conflict) as error:
        return _refusal(request, error)
    return _page(request, token=token, asked=asked, answer_by=answer_by)


@router.post("/reply/{token}", response_class=HTMLResponse)
def reply(
    token: Token,
    request: Request,
    database: Database,
    now: Now,
    answer: Annotated[str, Form(max_length=20)] = "",
    name: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
    note: Annotated[str, Form(max_length=LONGEST_NOTE)] = "",
) -> Response:
    """The site's answer, once. The link is the only proof of who answers, so no other site's page could forge more."""
    try:
        asked, answer_by = _asked(request, database, token, now)
        said, noted = _line(name, LONGEST_NAME), _line(note, LONGEST_NOTE)
        if answer not in ("acknowledged", "refused"):
            return _page(request, 422, token=token, asked=asked, answer_by=answer_by)
        with writing(database) as session:
            service.answer_by_link(
                session, token, agrees=answer == "acknowledged", name=said, note=noted, now=now
            )
    except (NotFound, TooManyAttempts, Conflict) as error:
        return _refusal(request, error)
    log.info("a site has answered by its link", answer=answer)
    return _page(request, said=f"reply.{answer}")


def _line(text: str, limit: int) -> str | None:
    """One harmless line of what was typed: nobody's answer fails for what stands in its remark."""
    try:
        return clean_line(" ".join(text.split()), "text", limit) or None
    except Invalid:
        return None


def _asked(request: Request, database: Engine, token: str, now: datetime) -> tuple[list[Asked], datetime]:
    """What a link asks, and until when. Strangers with a wrong one are counted and never hold the write lock."""
    with reading(database) as session:
        try:
            changes = service.asked_by_link(session, token, now=now)
        except NotFound:
            attempts: FailedSignIns = request.app.state.failed_sign_ins
            address = request.client.host if request.client else "unknown"
            attempts.failed(address)
            log.warning("unknown reply link", address=address)
            raise
        return [_as_read(session, each) for each in changes], min(each.cut_off_at for each in changes)


def _as_read(session: Session, change: LineChange) -> Asked:
    slot = session.get_one(Slot, change.slot_id)
    return Asked(
        kind=change.kind,
        site_code=session.get_one(Site, change.site_id).code,
        old_khz=(change.was or {}).get("khz"),
        khz=change.khz,
        start=format_hhmm(slot.start_minute),
        stop=format_hhmm(slot.stop_minute),
        days=format_days(days_from_eibi(change.days)),
        first_date=change.first_date,
        starts_at=change.starts_at,
    )


def _refusal(request: Request, error: Exception) -> Response:
    if isinstance(error, TooManyAttempts):
        return _page(request, 429, wrong="sign_in.too_many")
    if isinstance(error, NotFound):
        return _page(request, 404, wrong="reply.unknown")
    return _page(request, 410, wrong="reply.over")


def _page(
    request: Request,
    status: int = 200,
    *,
    token: str = "",
    asked: list[Asked] | None = None,
    answer_by: datetime | None = None,
    said: str | None = None,
    wrong: str | None = None,
) -> Response:
    """In English where the browser asks for neither of our languages: it is a site's."""
    return answer_with(
        request,
        "replies/reply.html",
        status=status,
        otherwise="en",
        token=token,
        asked=asked or [],
        answer_by=answer_by,
        said=said,
        wrong=wrong,
    )
