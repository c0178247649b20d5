"""An S3 store for tests (``rclone serve s3`` over a folder), a wire to it that can be cut, and a store of canned answers.

with S3Site(tmp_path / "store", peer("rclone")) as site:
    feed = open_feed(FeedAddress("s3", site.address, credential=...))
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

ACCESS_KEY_ID = "danpakey"
SECRET = "danpasecret"
LOGIN = f"{ACCESS_KEY_ID}:{SECRET}"

_LISTENS = re.compile(r"https?://127\.0\.0\.1:(\d+)/")


class S3Site:
    """A store whose objects lie in ``folder``; the feed's are in the prefix ``in`` of the bucket ``station``."""

    def __init__(self, folder: Path, rclone: Path, *arguments: str) -> None:
        self.folder = folder / "station" / "in"
        self.folder.mkdir(parents=True)
        self._root = folder
        # Not 0s: rclone then spins on a timer of twice that time, and takes a core
        # A wide open store would make wrong signatures look right
        self._command = [
            str(rclone), "serve", "s3", "--addr", "127.0.0.1:0", "--auth-key", f"{ACCESS_KEY_ID},{SECRET}",
            "--config", "/dev/null", "--dir-cache-time", "1ms", *arguments, str(folder),
        ]  # fmt: skip
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = ""
        for line in self._process.stderr:
            said += line
            if match := _LISTENS.search(line):
                self.port = int(match[1])
                break
        assert self.port, f"rclone does not listen: {said}"
        self._reader = threading.Thread(target=self._process.stderr.read)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/station/in"

    def finals(self) -> dict[str, str]:
        """Name to SHA-256 of what a reader of the prefix finds."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.glob("*"))  # rclone takes an empty folder away
            if path.is_file() and not path.name.startswith(".rclone_temp_put_")  # its own, not yet an object
        }


class Wire:
    """A TCP connection to a site that is cut (reset at both ends) after so many bytes to the site."""

    def __init__(self, port: int) -> None:
        self._site = ("127.0.0.1", port)
        self.cut_after: int | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._open):
            _reset(end)
        for thread in list(self._threads):
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                site = socket.create_connection(self._site)
                self._open += [client, site]
                for source, target, budget in ((client, site, self.cut_after), (site, client, None)):
                    thread = threading.Thread(target=_pump, args=(source, target, budget), daemon=True)
                    self._threads.append(thread)
                    thread.start()


def _pump(source: socket.socket, target: socket.socket, budget: int | None) -> None:
    try:
        while chunk := source.recv(1 << 16 if budget is None else min(1 << 16, budget)):
            target.sendall(chunk)
            if budget is not None:
                budget -= len(chunk)
                if budget <= 0:
                    _reset(source)
                    _reset(target)
                    return
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _reset(source)
        _reset(target)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)
    end.close()


@dataclass(frozen=True)
class Canned:
    """What a store answers to a method, whatever is asked."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """The length that it states; None for the true one."""
    silent: bool = False
    """It takes the request and never answers."""


class CannedStore:
    """A store that always says the same, and keeps nothing. ``asked`` holds the method, path and headers of every request."""

    def __init__(self, **answers: Canned) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/station/in"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler_of(store: CannedStore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
            pass

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError):
                super().handle_one_request()

        def _answer(self) -> None:
            left = int(self.headers.get("Content-Length") or 0)
            while left > 0 and (chunk := self.rfile.read(min(left, 1 << 16))):
                left -= len(chunk)
            headers = {name.lower(): value for name, value in self.headers.items()}
            store.asked.append((self.command, self.path, headers))
            canned = store.answers[self.command]
            if canned.silent:
                self.close_connection = True
                store.released.wait()
                return
            self.send_response(canned.status)
            for name, value in canned.headers.items():
                self.send_header(name, value)
            length = len(canned.body) if canned.length is None else canned.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(canned.body)
            self.close_connection = length != len(canned.body)

        do_PUT = do_GET = do_HEAD = do_DELETE = do_POST = _answer  # noqa: N815 - the base class named them

    return Handler
