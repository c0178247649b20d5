"""What endpoints ask for by type: the database, the time, the settings, and who is asking."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from app.database import reading
from app.errors import Invalid, NotSignedIn
from app.people import service as people
from app.settings import Settings
from app.storage import Blobs
from app.web import security

_BEARER = HTTPBearer(auto_error=False, description="A person's API key, `danpa_...`")
_COOKIE = APIKeyCookie(name=security.SESSION_COOKIE, auto_error=False, description="A browser's session")


async def _database(request: Request) -> Engine:
    database: Engine = request.app.state.database
    return database


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _blobs(request: Request) -> Blobs:
    blobs: Blobs = request.app.state.blobs
    return blobs


async def _now(request: Request) -> datetime:
    now: datetime = request.app.state.now()
    return now


def authenticate(request: Request) -> people.Actor:
    """Who is asking: by key, or by session cookie, whose unsafe requests must also prove that our page sent them.

    Asked once for each request; the answer is kept with it. Reads the database: not for the event loop.

    Raises:
        NotSignedIn: no valid key or session.
        Forbidden: a cookie came with a request that another site may have forged.
    """
    known: people.Actor | None = getattr(request.state, "actor", None)
    if known is None:
        known = request.state.actor = _identify(request)
    return known


def authenticate_form(request: Request, form_token: str) -> people.Actor:
    """As `authenticate`, for a form that carries the page's token in a field of its own."""
    request.state.actor = _identify(request, form_token)
    return authenticate(request)


def is_still_signed_in(request: Request) -> bool:
    """Whether the key or session of a long answer still holds. Reads the database: not for the event loop."""
    try:
        _identify(request)
    except NotSignedIn:
        return False
    return True


def _identify(request: Request, form_token: str | None = None) -> people.Actor:
    state = request.app.state
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn("send your key as `Authorization: Bearer danpa_...`")
        with reading(state.database) as session:
            return people.actor_of_key(session, secret.strip())
    token = request.cookies.get(security.SESSION_COOKIE)
    if not token:
        raise NotSignedIn("sign in first, or send your key as `Authorization: Bearer danpa_...`")
    with reading(state.database) as session:
        actor = people.actor_of_session(session, token, now=state.now())
    if request.method not in security.SAFE_METHODS:
        security.check_csrf(request, token, state.settings, form_token)
    return actor


def _actor(
    request: Request,
    _key: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    _session: Annotated[str | None, Security(_COOKIE)],
) -> people.Actor:
    return authenticate(request)


async def _csrf_token(request: Request) -> str:
    token = request.cookies.get(security.SESSION_COOKIE)
    return security.csrf_token(token) if token else ""


async def _if_match(if_match: Annotated[str | None, Header(examples=['"3"'])] = None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'\s*(?:W/)?"(\d{1,18})"\s*', if_match)
    if match is None:
        raise Invalid('send the ETag that you got, with its quotes, such as "3"', field="If-Match")
    return int(match[1])


Database = Annotated[Engine, Depends(_database)]
CurrentSettings = Annotated[Settings, Depends(_settings)]
CurrentBlobs = Annotated[Blobs, Depends(_blobs)]
Now = Annotated[datetime, Depends(_now)]
Actor = Annotated[people.Actor, Depends(_actor)]
"""Who is asking; answers 401 where nobody is. Every endpoint that is not deliberately open asks for it."""
CsrfToken = Annotated[str, Depends(_csrf_token)]
"""For the meta tag of a page; empty where nobody is signed in."""
IfMatch = Annotated[int | None, Depends(_if_match)]
"""The revision that the client read; None where it did not say (or said ``*``)."""
