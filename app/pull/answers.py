"""An answer whose bytes are counted: what the connection took, not what we meant to send."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import anyio
import anyio.lowlevel
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.pull.ranges import Part

CHUNK = 1 << 18
STALLED_S = 120.0
"""A client that takes nothing for so long has gone without a word."""


class CountedAnswer(Response):
    """Part of a file, or of a few bytes. ``finish`` is called once, in a thread, with the number of bytes that went out."""

    def __init__(
        self,
        part: Part,
        source: Path | bytes,
        *,
        headers: Mapping[str, str],
        media_type: str,
        finish: Callable[[int], None],
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
        """Stop as soon as the client has gone: the server takes bytes for a closed connection without a word."""
        try:
            async with anyio.create_task_group() as both:

                async def wait_for_the_end() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    both.cancel_scope.cancel()

                both.start_soon(wait_for_the_end)
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                if scope["method"] == "HEAD" or await self._send_part(send):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                both.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._finish, self._sent)

    async def _send_part(self, send: Send) -> bool:
        """Whether all of it went out."""
        left = self._part.end - self._part.first
        async with self._opened() as stream:
            while left > 0:
                chunk = await anyio.to_thread.run_sync(stream.read, min(CHUNK, left))
                if not chunk:
                    return (
                        False  # shorter than it was: the connection is cut, so that nobody takes it for whole
                    )
                with anyio.move_on_after(STALLED_S) as patience:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await anyio.lowlevel.checkpoint()  # where a disconnect that `send` kept to itself ends us
                if patience.cancelled_caught:
                    return False
                left -= len(chunk)
                self._sent += len(chunk)
        return True

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
