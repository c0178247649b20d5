"""What surrounds every request: its id, the security headers, one line in the log, and the last resort for errors.

The log names routes (``/api/v1/segments/{segment_id}``), never addresses with one-time secrets in them, and no titles.
"""

from __future__ import annotations

import secrets
import time

import structlog
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import problem_response
from app.web.security import HEADERS

REQUEST_ID = "X-Request-ID"

log = structlog.get_logger("danpa.web")


class Frame:
    """The outermost layer: pure ASGI, so streams pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = time.monotonic()
        request_id = secrets.token_hex(8)
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers[REQUEST_ID] = request_id
                if scope["path"].startswith(("/api/", "/login/", "/reply/", "/health/")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:
            log.exception(
                "request failed", request_id=request_id, method=scope["method"], route=_route(scope)
            )
            if status:
                raise  # the answer has begun: only cutting the connection tells the client that it is not whole
            await problem_response(error)(scope, receive, framed)
        finally:
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=_route(scope),
                status=status,
                person_id=_person_id(scope),
                ms=round((time.monotonic() - began) * 1000),
            )


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "(none)")


def _person_id(scope: Scope) -> int | None:
    actor = getattr(Request(scope).state, "actor", None)
    return None if actor is None else actor.person_id
