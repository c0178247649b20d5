"""An answer whose bytes are counted, and whose end is looked at: what the client took, not what we meant to send."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.pull.endings import EXTENSION, Ending, EndingProtocol
from app.pull.ranges import Part

CHUNK = 1 << 18
STALLED_S = 120.0
"""A client that takes nothing for so long has gone without a word."""


class CountedAnswer(Response):
    """Part of a file, or of a few bytes. ``finish`` is called once, in a thread, with the number of bytes that the connection
    took, and how it ended.
    """

    def __init__(
        self,
        part: Part,
        source: Path | bytes,
        *,
        headers: Mapping[str, str],
        media_type: str,
        finish: Callable[[int, Ending], None],
    ) -> None:
        self.status_code = int(part.status)
        self.background = None
        self.media_type = media_type
        self.body = b""
        self.init_headers(headers)
        self._part = part
        self._source = source
        self._finish = finish
        self._sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        connection: EndingProtocol = scope["extensions"][EXTENSION]
        ending: Ending = "cut"
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            is_bare = scope["method"] == "HEAD" or self._part.first == self._part.end
            ending = "whole" if is_bare else await self._send_part(send, connection)
            if ending == "whole":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._finish, self._sent, ending)

    async def _send_part(self, send: Send, connection: EndingProtocol) -> Ending:
        """Stop as soon as the client has gone, or takes nothing more."""
        left = self._part.end - self._part.first
        async with self._opened() as stream:
            while left > 0 and connection.is_open:
                chunk = await anyio.to_thread.run_sync(stream.read, min(CHUNK, left))
                if not chunk:
                    return "cut"  # shorter than it was: nobody may take it for whole
                with anyio.move_on_after(STALLED_S) as patience:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if patience.cancelled_caught:
                    connection.transport.abort()
                    return "silent"
                if connection.is_open:  # else the server has thrown it away
                    left -= len(chunk)
                    self._sent += len(chunk)
            return await connection.ending(STALLED_S)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[IO[bytes]]:
        stream = await anyio.to_thread.run_sync(self._open)
        try:
            yield stream
        finally:
            stream.close()

    def _open(self) -> IO[bytes]:
        stream = io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb")
        stream.seek(self._part.first)
        return stream
