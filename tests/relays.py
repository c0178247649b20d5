"""What a listener may meet at a site's own server, on loopback: another programme, silence, a loop, the real thing late.

with relay({"/loop": Looping(frames)}) as site:
    site.url("/loop")
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.listeners import Listener

BURST_S = 2.0
PACE_S = 0.1


class Programme(Protocol):
    """What a mount plays: all of its bytes between two instants of the monotonic clock."""

    def between(self, first: float, end: float) -> bytes: ...


@dataclass
class Looping:
    """The same frames over and over, at their pace."""

    frames: Sequence[bytes]
    frame_s: float = 0.024

    def between(self, first: float, end: float) -> bytes:
        numbers = range(round(first / self.frame_s), round(end / self.frame_s))
        return b"".join(self.frames[number % len(self.frames)] for number in numbers)


@dataclass
class Late:
    """Another mount, so many seconds later."""

    heard: Listener
    by_s: float

    def between(self, first: float, end: float) -> bytes:
        low, high = ((at - self.by_s) * 1e9 for at in (first, end))
        blocks = [block for one in list(self.heard.captures) for block in list(one.blocks)]
        return b"".join(block.data for block in blocks if low <= block.monotonic_ns < high)


@dataclass
class Relay:
    """A server with mounts; what it does not have is 404."""

    mounts: Mapping[str, Programme]
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, mount: str) -> str:
        return f"http://127.0.0.1:{self.port}{mount}"


@contextmanager
def relay(mounts: Mapping[str, Programme]) -> Iterator[Relay]:
    """A running server."""
    site = Relay(mounts)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            programme = site.mounts.get(self.path)
            if programme is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.end_headers()
            at = time.monotonic() - BURST_S
            with contextlib.suppress(OSError):
                while not site.ended.is_set():
                    now = time.monotonic()
                    self.wfile.write(programme.between(at, now))
                    at = now
                    site.ended.wait(PACE_S)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="relay")
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
