"""Servers for source clients, made by hand: one that notes when every block came, and those that go wrong.

    with RawSink() as sink:
        ... a source connects to sink.port and speaks PUT or SOURCE ...
        capture = sink.wait_for("/programme")

    with BadSite(NEVER_READS) as site:
        ...

Their answers are those of Icecast 2.4.4, byte for byte where it matters.
"""

from __future__ import annotations

import base64
import contextlib
import math
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from tests.captures import Block, Capture, note_arrivals, read_block

USER: Final = "source"
PASSWORD: Final = "correct-horse"

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n"
ACCEPTED: Final = b"HTTP/1.0 200 OK\r\n\r\n"
_PLAIN: Final = (
    "\r\nServer: Icecast 2.4.4\r\nConnection: Close\r\nContent-Type: text/plain; charset=utf-8\r\n"
)
_REFUSED: Final = f"HTTP/1.0 403 Forbidden{_PLAIN}\r\n"
MOUNT_IN_USE: Final = (_REFUSED + "Mountpoint in use").encode()
TOO_MANY_SOURCES: Final = (_REFUSED + "too many sources connected").encode()
WRONG_PASSWORD: Final = (
    f'HTTP/1.0 401 Authentication Required{_PLAIN}WWW-Authenticate: Basic realm="Icecast2 Server"\r\n\r\n'
    "You need to authenticate\r\n"
).encode()

_END_OF_HEAD: Final = b"\r\n\r\n"
_LARGEST_HEAD: Final = 16_384
_RESET: Final = struct.pack("ii", 1, 0)
_PATIENCE_S: Final = 30.0


# ------------------------------------------------------------------ the sink that notes the time


class RawSink:
    """Takes any number of sources at once, in one thread, and keeps what each sent and when.

    A block's instant is the kernel's: when the last byte of it arrived, not when this thread came to read it. Equal
    blocks are kept once, so a thousand streams of the same frames fit into memory. ``captures`` has one entry for
    each accepted source, in the order of their requests; ``refused`` the heads of those with a wrong password.
    """

    def __init__(self, *, password: str = PASSWORD) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self.captures: list[Capture] = []
        self.refused: list[str] = []
        self._secret = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
        self._kept: dict[bytes, bytes] = {}
        self._open: dict[int, _Line] = {}
        self._changed = threading.Condition()
        self._wake_near, self._wake_far = socket.socketpair()
        self._poll = select.epoll()
        self._thread = threading.Thread(target=self._serve, name="raw sink")

    def url(self, mount: str) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}{mount}"

    def on(self, mount: str) -> list[Capture]:
        """Every connection that this mount ever had."""
        return [each for each in self.captures if each.name == mount]

    def wait_for(
        self, mount: str, *, nth: int = 1, size: int = 0, ended: bool = False, patience_s: float = _PATIENCE_S
    ) -> Capture:
        """The nth source of a mount, once it sent ``size`` bytes and, if asked, hung up. Raises `TimeoutError`."""

        def is_there() -> bool:
            found = self.on(mount)
            return len(found) >= nth and (
                found[nth - 1].size >= size and (not ended or found[nth - 1].ended_ns is not None)
            )

        with self._changed:
            if not self._changed.wait_for(is_there, patience_s):
                raise TimeoutError(f"source {nth} of {mount} did not send {size} bytes in {patience_s:g} s")
        return self.on(mount)[nth - 1]

    def hang_up(self, mount: str) -> None:
        """Reset what this mount has now; new sources are welcome."""
        for line in list(self._open.values()):
            if line.capture is not None and line.capture.name == mount:
                line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                line.connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(self._wake_far, select.EPOLLIN)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake_near.send(b"!")
        self._thread.join()
        for line in self._open.values():
            line.connection.close()
        for each in (self._poll, self._listener, self._wake_near, self._wake_far):
            each.close()

    def _serve(self) -> None:
        while True:
            ready = self._poll.poll()
            for number, _ in ready:
                if number == self._wake_far.fileno():
                    return
                if number == self._listener.fileno():
                    self._accept()
                else:
                    self._read(self._open[number])
            with self._changed:
                self._changed.notify_all()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                note_arrivals(connection)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open[connection.fileno()] = _Line(connection)
                self._poll.register(connection, select.EPOLLIN)

    def _read(self, line: _Line) -> None:
        try:
            block = read_block(line.connection)
        except BlockingIOError:
            return
        except OSError:
            self._close(line, reset=True)
            return
        if block is None:
            self._close(line)
        elif line.capture is None:
            self._read_head(line, block)
        else:
            self._keep(line.capture, block)

    def _keep(self, capture: Capture, block: Block) -> None:
        known = self._kept.setdefault(block.data, block.data)
        capture.blocks.append(Block(block.monotonic_ns, block.realtime_ns, known))

    def _read_head(self, line: _Line, block: Block) -> None:
        line.head += block.data
        head, end, rest = line.head.partition(_END_OF_HEAD)
        if not end:
            if len(line.head) > _LARGEST_HEAD:
                self._close(line)
            return
        capture = Capture("", head.decode("latin-1"))
        method, _, target = capture.head.partition("\r\n")[0].partition(" ")
        capture.name = target.partition(" ")[0]
        if method not in {"PUT", "SOURCE"} or capture.header("authorization") != self._secret:
            self.refused.append(capture.head)
            line.connection.send(WRONG_PASSWORD)
            self._close(line)
            return
        if (capture.header("expect") or "").lower() == "100-continue":
            line.connection.send(CONTINUE)
        line.connection.send(ACCEPTED)
        line.capture = capture
        self.captures.append(capture)
        if rest:
            self._keep(capture, Block(block.monotonic_ns, block.realtime_ns, rest))

    def _close(self, line: _Line, *, reset: bool = False) -> None:
        self._poll.unregister(line.connection)
        del self._open[line.connection.fileno()]
        line.connection.close()
        if line.capture is not None:
            line.capture.reset = reset
            line.capture.ended_ns = time.monotonic_ns()


@dataclass(slots=True)
class _Line:
    connection: socket.socket
    head: bytes = b""
    capture: Capture | None = None


# ------------------------------------------------------------------ sites that go wrong


@dataclass(frozen=True, slots=True)
class Manners:
    """How a bad site behaves: what it ``answers`` to a request's head (nothing, if empty), whether that waits for
    `BadSite.answer_now`, how many bytes a second it reads behind the head, and after how many of those it hangs up.
    """

    answers: bytes = CONTINUE + ACCEPTED
    answers_late: bool = False
    reads_per_s: float = math.inf
    hangs_up_after: int | None = None
    resets: bool = False
    """It hangs up with a reset in place of an orderly end."""


NEVER_READS: Final = Manners(reads_per_s=0)
READS_SLOWLY: Final = Manners(reads_per_s=4_000)
"""A quarter of what a 128 kbit/s stream needs."""
SAYS_IN_USE: Final = Manners(answers=MOUNT_IN_USE, hangs_up_after=0)
SAYS_TOO_MANY: Final = Manners(answers=TOO_MANY_SOURCES, hangs_up_after=0)
SAYS_WRONG_PASSWORD: Final = Manners(answers=WRONG_PASSWORD, hangs_up_after=0)
NEVER_ANSWERS: Final = Manners(answers=b"", reads_per_s=0)
ANSWERS_LATE: Final = Manners(answers_late=True)


def hangs_up_after(size: int, *, resets: bool = False) -> Manners:
    return Manners(hangs_up_after=size, resets=resets)


class BadSite:
    """A server with bad manners, in threads. ``manners`` may be changed; new connections get the new ones.

    ``connected_ns`` are the monotonic instants of its connections, ``heads`` what they asked, ``received`` the bytes
    that it read behind those heads, over all of them.
    """

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Small, and inherited by what is accepted: a site that reads nothing is felt soon
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.port: int = self._listener.getsockname()[1]
        self.connected_ns: list[int] = []
        self.heads: list[str] = []
        self.received = 0
        self._changed = threading.Condition()
        self._answer = threading.Event()
        self._ended = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="bad site")]

    def url(self, mount: str) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}{mount}"

    def answer_now(self) -> None:
        """Let the late answers go, from now on at once."""
        self._answer.set()

    def wait_for_connections(self, count: int, patience_s: float = _PATIENCE_S) -> None:
        """Return once so many came, ever. Raises `TimeoutError`."""
        self._wait(lambda: len(self.connected_ns) >= count, f"{count} connections", patience_s)

    def wait_for_bytes(self, count: int, patience_s: float = _PATIENCE_S) -> None:
        """Return once it read so many behind the heads. Raises `TimeoutError`."""
        self._wait(lambda: self.received >= count, f"{count} bytes", patience_s)

    def _wait(self, is_there: Callable[[], bool], what: str, patience_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(is_there, patience_s):
                raise TimeoutError(f"{what} did not come in {patience_s:g} s")

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._answer.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._note(connected=True)
                thread = threading.Thread(
                    target=self._serve, args=(connection, self.manners), name="bad site"
                )
                self._threads.append(thread)
                thread.start()

    def _note(self, *, connected: bool = False, received: int = 0, head: str = "") -> None:
        with self._changed:
            if connected:
                self.connected_ns.append(time.monotonic_ns())
            if head:
                self.heads.append(head)
            self.received += received
            self._changed.notify_all()

    def _serve(self, connection: socket.socket, manners: Manners) -> None:
        with contextlib.suppress(OSError), connection:
            head, rest = self._head(connection)
            self._note(head=head, received=len(rest))
            if manners.answers_late:
                self._answer.wait()
            connection.sendall(manners.answers)
            self._read(connection, manners, len(rest))
            if manners.resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            elif ACCEPTED not in manners.answers:
                self._let_it_be_read(connection)

    @staticmethod
    def _let_it_be_read(connection: socket.socket) -> None:
        """A refusal that is closed upon unread bytes would be a reset, and lost on the way."""
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1.0)
        while connection.recv(4096):
            pass

    @staticmethod
    def _head(connection: socket.socket) -> tuple[str, bytes]:
        got = b""
        while _END_OF_HEAD not in got:
            more = connection.recv(4096)
            if not more:
                raise ConnectionError("it hung up")
            got += more
        head, _, rest = got.partition(_END_OF_HEAD)
        return head.decode("latin-1"), rest

    def _read(self, connection: socket.socket, manners: Manners, got: int) -> None:
        """Read as it does, until it or the other end hangs up."""
        at_once = 4096 if math.isinf(manners.reads_per_s) else max(1, int(manners.reads_per_s / 20))
        pause_s = 0.0 if math.isinf(manners.reads_per_s) else 0.05
        if manners.reads_per_s == 0:
            if manners.hangs_up_after is None:
                self._ended.wait()
            return
        while manners.hangs_up_after is None or got < manners.hangs_up_after:
            left = at_once if manners.hangs_up_after is None else manners.hangs_up_after - got
            data = connection.recv(min(at_once, left))
            if not data or self._ended.wait(pause_s):
                return
            got += len(data)
            self._note(received=len(data))
