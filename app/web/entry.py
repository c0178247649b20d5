"""How somebody gets in: a key or a one-time link becomes a browser session, and what fails is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from fastapi import Request
from sqlalchemy import Engine

from app.database import reading, writing
from app.errors import NotSignedIn
from app.people import service as people
from app.web.security import FailedSignIns

log = structlog.get_logger("danpa.people")


def enter_with_key(request: Request, database: Engine, secret: str, now: datetime) -> people.SignedIn:
    """Exchange a key for a session. Raises NotSignedIn, and TooManyAttempts where too many failed from there."""
    with _counted(request):
        with reading(database) as session:
            people.actor_of_key(session, secret)  # strangers with a wrong one never hold the write lock
        with writing(database) as session:
            return people.sign_in_with_key(session, secret, now=now)


def enter_with_link(request: Request, database: Engine, token: str, now: datetime) -> people.SignedIn:
    """Exchange a one-time link for a session. Raises as `enter_with_key`."""
    with _counted(request):
        with reading(database) as session:
            people.login_link(session, token, now=now)
        with writing(database) as session:
            return people.use_login_link(session, token, now=now)


@contextmanager
def _counted(request: Request) -> Iterator[None]:
    """Count what fails in the block against the client's address; beyond the limit it is not even logged."""
    attempts: FailedSignIns = request.app.state.failed_sign_ins
    address = request.client.host if request.client else "unknown"
    try:
        yield
    except NotSignedIn:
        attempts.failed(address)
        log.warning("sign-in failed", address=address)
        raise
