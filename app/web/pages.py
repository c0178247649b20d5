"""The pages: tonight, or the sign-in form where nobody is signed in; and where a one-time link lands."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from app.air.status import read_status
from app.approving.queue import waiting_count
from app.database import reading
from app.errors import NotFound, NotSignedIn
from app.people import service as people
from app.record.rows import as_run_rows, handoff_rows
from app.station.service import station
from app.web import security
from app.web.attention import needs
from app.web.dependencies import CurrentBlobs, CurrentSettings, Database, Now, authenticate
from app.web.entry import enter_with_key, enter_with_link
from app.web.rendering import ASSETS, FINGERPRINT, frame, page_answer, sign_in_form, templates, words_of
from app.web.tonight import airings_of_night, awaited_of_night
from schedules.time import night_of, night_span

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

PAGES = {"report": "/report"}
"""Where signing in leads to, by the form's word for it: never an address, which a stranger could have put there."""

FIRST_YEAR, LAST_YEAR = 1950, 2150

router = APIRouter(include_in_schema=False)

LoginToken = Annotated[str, InPath(max_length=100)]


@router.get("/", response_class=HTMLResponse)
@router.head("/", response_class=HTMLResponse)
def show_tonight(
    request: Request,
    database: Database,
    settings: CurrentSettings,
    blobs: CurrentBlobs,
    now: Now,
    night: str = "",
) -> Response:
    """``night`` is a date; anything else is tonight."""
    words, asked = words_of(request), _date(night)
    try:
        actor = authenticate(request)
    except NotSignedIn:
        return sign_in_form(request, words, asked)
    tonight = night_of(now)
    shown = asked or tonight
    with reading(database) as session:
        page = templates.get_template("tonight.html").render(
            frame(words, shown, tonight),
            station=station(session),
            folder=settings.root,
            actor=actor,
            csrf=security.csrf_token(request.cookies.get(security.SESSION_COOKIE, "")),
            now=now,
            span=night_span(shown),
            needs=needs(session, settings, now),
            airings=airings_of_night(session, blobs, shown, now, read_status(settings)),
            awaited=awaited_of_night(session, shown, now),
            waiting=waiting_count(session),
            horizon_h=settings.horizon_h,
        )
    return page_answer(page, request)


@router.get("/record", response_class=HTMLResponse)
@router.head("/record", response_class=HTMLResponse)
def show_record(request: Request, database: Database, now: Now, night: str = "") -> Response:
    """What went out in a night, with its evidence, to be printed."""
    words, asked = words_of(request), _date(night)
    try:
        authenticate(request)
    except NotSignedIn:
        return sign_in_form(request, words, asked)
    shown = asked or night_of(now)
    span = night_span(shown)
    with reading(database) as session:
        page = templates.get_template("record.html").render(
            frame(words, shown, night_of(now)),
            station=station(session),
            now=now,
            span=span,
            rows=list(as_run_rows(session, span)),
            handoffs=list(handoff_rows(session, span)),
        )
    return page_answer(page, request)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    key: Annotated[str, Form(max_length=200)] = "",
    night: Annotated[str, Form(max_length=10)] = "",
    then: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """What the form sends: it works without JavaScript."""
    security.check_same_origin(request, settings)
    words, back = words_of(request), _date(night)
    try:
        signed_in = enter_with_key(request, database, key.strip(), now)
    except NotSignedIn:
        return sign_in_form(request, words, back, "sign_in.wrong", 401, then=then)
    except people.TooManyAttempts:
        return sign_in_form(request, words, back, "sign_in.too_many", 429, then=then)
    asked_for = f"/?night={back}" if back else "/"
    response = RedirectResponse(PAGES.get(then, asked_for), status_code=303)
    security.set_session_cookie(response, signed_in.token, settings)
    return response


@router.get("/login/{token}", response_class=HTMLResponse)
def show_login_link(token: LoginToken, request: Request) -> Response:
    """A button, so that a chat program that looks at the link for a preview does not use it up."""
    return _link_form(request, token)


@router.post("/login/{token}", response_class=HTMLResponse)
def use_login_link(
    token: LoginToken, request: Request, database: Database, settings: CurrentSettings, now: Now
) -> Response:
    security.check_same_origin(request, settings)
    try:
        signed_in = enter_with_link(request, database, token, now)
    except NotSignedIn:
        return _link_form(request, None, "login_link.over", 401)
    except people.TooManyAttempts:
        return _link_form(request, token, "sign_in.too_many", 429)
    response = RedirectResponse("/", status_code=303)
    security.set_session_cookie(response, signed_in.token, settings)
    return response


@router.get("/static/{fingerprint}/{name}", response_class=FileResponse)
async def get_asset(fingerprint: str, name: str) -> FileResponse:
    path = ASSETS.get(name)
    if path is None or fingerprint != FINGERPRINT:
        raise NotFound("there is no such file: reload the page")
    lasting = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=lasting)


def _link_form(request: Request, token: str | None, wrong: str | None = None, status: int = 200) -> Response:
    around = frame(words_of(request), None, None)
    page = templates.get_template("login_link.html").render(around, token=token, wrong=wrong)
    return page_answer(page, request, status)


def _date(text: str) -> date | None:
    """A night that has a night before and after it; None for anything else that stands in the address."""
    try:
        night = date.fromisoformat(text)
    except ValueError:
        return None
    return night if FIRST_YEAR <= night.year <= LAST_YEAR else None
