"""Audio as an answer: a file in whole or in ranges, whose refusals read like all others."""

from __future__ import annotations

from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.web.problems import problem_response

_REFUSALS = {
    400: "the Range header cannot be read: send for example bytes=0-1023, or none for the whole file",
    416: "the range lies outside of the file, whose size is in Content-Range",
}


class AudioFile(FileResponse):
    """A file in which a player seeks by ``Range``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def in_words(message: Message) -> None:
            """Starlette refuses a range in plain text, or in no words at all."""
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in _REFUSALS:
                refused = True
                await _refusal(message)(scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__(scope, receive, in_words)


def _refusal(start: Message) -> Response:
    kept = {name.decode(): value.decode() for name, value in start["headers"] if name == b"content-range"}
    return problem_response(HTTPException(start["status"], _REFUSALS[start["status"]], kept))
