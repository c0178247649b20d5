"""How large a body may be: read before anybody knows who sends it, so it is limited for everybody."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooLarge
from app.web.problems import problem_response

LARGEST_BODY = 1 << 20
"""Bytes of a JSON body or a form: two thousand times what a programme's clock needs."""
LARGEST_SEASON = 4 << 20
"""Bytes of a form with a schedule file: everybody's season in HFCC's columns is a megabyte and a half."""
SEASONS = re.compile(r"/api/v1/(lines/import|seasons/[^/]+/background)")
UPLOADS = re.compile(r"/api/v1/(segments|uploads(/[^/]+)?|voice-pack/[^/]+)")
"""These stream to disk under limits of their own."""


class BodyLimit:
    """Refuses larger bodies: at once where their length is announced, else when it shows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or UPLOADS.fullmatch(scope["path"]):
            return await self._app(scope, receive, send)
        largest = LARGEST_SEASON if SEASONS.fullmatch(scope["path"]) else LARGEST_BODY
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > largest:
            error = TooLarge(f"the body has {announced} bytes; at most {largest} are taken here")
            return await problem_response(error)(scope, receive, send)
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(413)  # the one kind that FastAPI lets through while it reads a body
            return message

        return await self._app(scope, limited, send)
