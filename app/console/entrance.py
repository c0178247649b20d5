"""How people come in: the sign-in form and one-time links."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse

from app.console.rendering import answer_with
from app.console.shell import sign_in_form
from app.errors import NotSignedIn
from app.people import service as people
from app.web import security
from app.web.dependencies import CurrentSettings, Database, Now
from app.web.entry import enter_with_key, enter_with_link
from app.web.routing import Router

router = Router(include_in_schema=False)

LoginToken = Annotated[str, InPath(max_length=100)]


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    key: Annotated[str, Form(max_length=200)] = "",
    then: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """What the form sends: it works without JavaScript."""
    security.check_same_origin(request, settings)
    back = _own_address(then)
    try:
        signed_in = enter_with_key(request, database, key.strip(), now)
    except NotSignedIn:
        return sign_in_form(request, "sign_in.wrong", 401, then=back)
    except people.TooManyAttempts:
        return sign_in_form(request, "sign_in.too_many", 429, then=back)
    response = RedirectResponse(back, status_code=303)
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


def _own_address(then: str) -> str:
    """A path of this server, with its query; the first page for everything else that may stand in the field.

    A browser reads a backslash as a slash, and ``//name`` as another server.
    """
    try:
        whole = urlsplit(then.replace("\\", "/"))
    except ValueError:
        return "/"
    is_ours = not (whole.scheme or whole.netloc) and then.isprintable() and whole.path.startswith("/")
    if not is_ours or whole.path.startswith("//") or whole.path.startswith("/sign-in"):
        return "/"
    return f"{whole.path}?{whole.query}" if whole.query else whole.path


def _link_form(request: Request, token: str | None, wrong: str | None = None, status: int = 200) -> Response:
    return answer_with(request, "entrance/login_link.html", status=status, token=token, wrong=wrong)
