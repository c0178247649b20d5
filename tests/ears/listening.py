"""A listener with a radio: one HTTP connection to a mount, in a thread, and when each block of it came.

    with Listener(site.url("/programme"), patience_s=5) as radio:
        radio.wait_for(100_000)
    radio.capture.blocks

The instants are the kernel's where it notes them (plain connections), else those at which the block was read.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from tests.captures import Block, Capture, note_arrivals, read_block

_RETRY_S: Final = 0.01
_END_OF_HEAD: Final = b"\r\n\r\n"


class NotOnAir(Exception):
    """The mount answered with something else than a stream."""


class Listener:
    """Tunes in when entered and hangs up when left. ``patience_s``: how long it knocks at a mount that has no source yet.

    Raises `NotOnAir` or `OSError` when entered, if there is nothing to hear by then.
    """

    def __init__(self, url: str, *, patience_s: float = 0.0) -> None:
        self._url = urlsplit(url)
        self._patience_s = patience_s
        self.capture = Capture(self._url.path)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._hear, name="listener")

    def wait_for(self, size: int = 0, *, ended: bool = False, patience_s: float = 30.0) -> None:
        """Return once so many bytes were heard and, if asked, the stream ended. Raises `TimeoutError`."""

        def is_there() -> bool:
            return self.capture.size >= size and (not ended or self.capture.ended_ns is not None)

        with self._changed:
            if not self._changed.wait_for(is_there, patience_s):
                raise TimeoutError(f"{self.capture.size} of {size} bytes were heard in {patience_s:g} s")

    def __enter__(self) -> Self:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                self._tune_in()
            except (NotOnAir, ConnectionError):
                if time.monotonic() > until:
                    raise
                time.sleep(_RETRY_S)
            else:
                self._thread.start()
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._line.close()

    def _tune_in(self) -> None:
        line = self._connect()
        try:
            self._ask(line)
            line.settimeout(None)
        except BaseException:
            line.close()
            raise
        self._line = line

    def _ask(self, line: socket.socket) -> None:
        target = self._url.path
        line.sendall(f"GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: radio\r\n\r\n".encode())
        got = b""
        while _END_OF_HEAD not in got and (more := line.recv(4096)):
            got += more
        head, _, rest = got.partition(_END_OF_HEAD)
        self.capture = Capture(target, head.decode("latin-1"))
        status = self.capture.head.partition("\r")[0]
        if " 200 " not in status:
            raise NotOnAir(f"{target}: {status or 'it hung up'}")
        if rest:
            self.capture.blocks.append(Block(time.monotonic_ns(), time.time_ns(), rest))

    def _connect(self) -> socket.socket:
        plain = socket.create_connection(
            (self._url.hostname or "127.0.0.1", self._url.port or 80), timeout=10
        )
        if self._url.scheme != "https":
            note_arrivals(plain)
            return plain
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise

    def _hear(self) -> None:
        try:
            while block := read_block(self._line):
                self.capture.blocks.append(block)
                with self._changed:
                    self._changed.notify_all()
        except OSError:
            self.capture.reset = True
        self.capture.ended_ns = time.monotonic_ns()
        with self._changed:
            self._changed.notify_all()
