"""A line to a server that breaks: a relay on loopback that cuts, or goes silent, after so many bytes.

with CutLine(server_port) as line:
    line.cut_after(65_536)
    ... connect to 127.0.0.1, line.port ...
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_RESET = struct.pack("ii", 1, 0)


class CutLine:
    """Relays every connection to ``target_port``. Bytes are counted on the way to the server, over all connections."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.carried = 0
        self._cut_at: int | None = None
        self._silent_at: int | None = None
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.released = threading.Event()
        """Set at the end: silent lines give up."""

    def lead_to(self, port: int) -> None:
        """Where new connections go from now on; those to a port where nobody listens are hung up."""
        self._target = ("127.0.0.1", port)

    def cut_after(self, size: int) -> None:
        """Reset both ends once so many more bytes went to the server; then connections live again."""
        self._cut_at = self.carried + size

    def fall_silent_after(self, size: int) -> None:
        """Carry no byte any more, in either direction, once so many more went to the server."""
        self._silent_at = self.carried + size

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True, name="cut line").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._hang_up()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self._target)
                except OSError:
                    near.close()
                    continue
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open += [near, far]
                for way in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=way, daemon=True, name="cut line").start()

    def _carry(self, source: socket.socket, sink: socket.socket, to_server: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while content := source.recv(16_384):
                if to_server:
                    content = self._let_through(content)
                if self._silent_at is not None and self.carried >= self._silent_at:
                    self.released.wait()
                    return
                sink.sendall(content)
                if self._cut_at is not None and self.carried >= self._cut_at:
                    self._cut_at = None
                    self._hang_up()
                    return
            sink.shutdown(socket.SHUT_WR)

    def _let_through(self, content: bytes) -> bytes:
        """As much of it as the line still carries."""
        if self._cut_at is not None:
            content = content[: max(0, self._cut_at - self.carried)]
        self.carried += len(content)
        return content

    def _hang_up(self) -> None:
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self._open.clear()
