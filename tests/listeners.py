"""A listener as a receiver at a transmitter site is: tuned to one mount, back again whenever it is thrown out."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

from tests.captures import Block, Capture


class Listener:
    """Hears a mount in a thread. ``captures`` has one entry for each time that it was let in."""

    def __init__(self, port: int, mount: str) -> None:
        self.captures: list[Capture] = []
        self._port, self._mount = port, mount
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener")

    @property
    def data(self) -> bytes:
        return b"".join(one.data for one in self.captures)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            with contextlib.suppress(OSError):
                self._listen()

    def _listen(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=1) as line:
            line.settimeout(0.2)
            line.sendall(f"GET {self._mount} HTTP/1.0\r\n\r\n".encode())
            got, capture = b"", None
            while not self._ended.is_set():
                try:
                    more = line.recv(65_536)
                except TimeoutError:
                    continue
                if not more:
                    return
                if capture is None:
                    got += more
                    head, end, more = got.partition(b"\r\n\r\n")
                    if not end:
                        continue
                    if b" 200 " not in head.partition(b"\r\n")[0]:
                        return
                    capture = Capture(self._mount, head.decode("latin-1"))
                    self.captures.append(capture)
                if more:
                    capture.blocks.append(Block(time.monotonic_ns(), time.time_ns(), more))
