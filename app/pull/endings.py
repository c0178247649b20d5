"""How a client's connection ended: whether the client had taken all that was sent, asked of the connection itself.

Bytes that a connection took may never reach a program: on loopback several megabytes lay in the kernels when a client was
killed. So we close our side after the last byte and look how the client closes its own. A program that has read
everything leaves in order (FIN). One that ends before leaves either a reset, because its system holds bytes that nobody
read (RFC 1122, 4.2.2.13; so does Linux), or a FIN while bytes are still on their way, which are then not
acknowledged.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from typing import Any, Literal

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

Ending = Literal["whole", "proxy", "early", "reset", "silent", "cut"]
"""``whole``: the client took all, then closed in order. ``proxy``: a proxy did, and what it passed on nobody knows.
``early``: it closed before it had all. ``reset``: the connection broke off, or was closed over unread bytes.
``silent``: it took no more, or never closed. ``cut``: we ended it."""

EXTENSION = "danpa.ending"
"""In ``scope["extensions"]``: the `EndingProtocol` of this connection."""

_UNKNOWN = sys.maxsize


class EndingProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1, which an application can ask how the connection ended. Who does not ask sees no difference."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._application: Any = self.app
        self.app = self._extended
        self._all_sent = False
        self._fin = 0
        """What our own closing adds to what is not yet acknowledged."""
        self._how: Ending = "early"
        self._over = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether what is sent still goes out; the server takes bytes for a closed connection without a word."""
        return not self.transport.is_closing()

    async def ending(self, patience_s: float) -> Ending:
        """Wait for the client to close. To be called right after the last byte of an answer with ``Connection: close`` was
        sent (nothing awaited between), and before its last message; or once the connection is no longer open.

        It is given up (``silent``) when the client's system has acknowledged nothing for ``patience_s`` seconds.
        """
        self._all_sent = self.is_open  # a client that is done with it may close before we do
        self.transport.set_write_buffer_limits(high=0)  # so that `drain` waits for the last byte
        try:
            async with asyncio.timeout(patience_s):
                await self.flow.drain()
            if self.is_open:
                self.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
                self._fin = 1
            await self._wait(patience_s)
        except TimeoutError:
            self.transport.abort()
            return "silent"
        except OSError:  # from `shutdown`: it was reset, and the loop has not heard of it yet
            return "reset"
        return self._how

    async def _wait(self, patience_s: float) -> None:
        left = _UNKNOWN
        while not self._over.is_set():
            try:
                async with asyncio.timeout(patience_s):
                    await self._over.wait()
            except TimeoutError:
                before, left = left, self._unacknowledged()
                if left >= before:
                    raise

    def eof_received(self) -> None:
        """The client has closed its side. Had it read everything, its system would have acknowledged everything before."""
        has_all = self._all_sent and self._unacknowledged() <= self._fin
        self._settle("whole" if has_all else "early")
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end in any case."""
        self._settle("early" if exc is None else "reset")
        super().connection_lost(exc)

    def _settle(self, how: Ending) -> None:
        if not self._over.is_set():
            self._how = how
            self._over.set()

    async def _extended(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = self
        await self._application(scope, receive, send)

    def _unacknowledged(self) -> int:
        """Bytes that we or our system hold because the client's has not acknowledged them (SIOCOUTQ; a FIN counts as one). Only
        Linux tells; elsewhere nothing is proved.
        """
        if sys.platform != "linux":
            return _UNKNOWN
        number = self.transport.get_extra_info("socket").fileno()
        answer = fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", answer)[0]) + self.transport.get_write_buffer_size()
