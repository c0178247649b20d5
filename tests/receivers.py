"""A transmitter site for tests: a real HTTP server in its own thread that stores objects on disk and can go wrong.

    with Receiver(tmp_path / "site") as site:
        site.fail(Fault("error", status=503, retry_after="7"), times=2)
        ... PUT to f"{site.url}/{name}" ...
        assert site.finals() == {name: sha256}

It also takes POSTs (``site.posts``), so it serves as an alarm webhook. Every request is logged in order of completion.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
import subprocess
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import unquote

CHUNK = 1 << 16
SILENT = ("hang", "cut")

FaultKind = Literal["error", "lose", "corrupt", "hang", "cut", "delay"]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one request.

    ``error`` answers ``status`` after the body, or, if ``early``, hangs up with the body unread; ``lose`` answers 201 and drops the object; ``corrupt`` stores one bit
    wrong; ``hang`` takes the body and never answers; ``cut`` resets the connection after the first part of the body;
    ``delay`` waits ``delay_s`` before it answers.
    """

    kind: FaultKind
    method: str = "PUT"
    status: int = 500
    retry_after: str | None = None
    delay_s: float = 0.0
    early: bool = False


@dataclass(frozen=True)
class Request:
    """One request as the site saw it. ``sha256`` and ``size`` are of the body that arrived, whole or not."""

    method: str
    name: str
    status: int | None
    """None: no answer was given."""
    sha256: str
    size: int
    complete: bool
    """The whole body arrived and became the object of that name (even if the site then lost it)."""
    headers: dict[str, str] = field(repr=False)


class Receiver:
    """``token`` is the bearer token that it wants; ``digests`` says whether HEAD tells a hash; ``readable`` whether it
    answers GET and HEAD at all; ``tls`` makes it HTTPS.
    """

    def __init__(
        self,
        folder: Path,
        *,
        token: str | None = None,
        digests: bool = True,
        readable: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self.token = token
        self.digests = digests
        self.readable = readable
        self.requests: list[Request] = []
        self.posts: list[dict[str, Any]] = []
        self.released = threading.Event()
        """Set at the end: hanging requests give up."""
        self._faults: deque[Fault] = deque()
        self.lock = threading.RLock()
        """Held while an object takes its name and is logged, so that the log's order is the site's."""
        folder.mkdir(parents=True, exist_ok=True)
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="receiver")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port: connections are refused from now on."""
        self.released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def fail(self, fault: Fault, times: int = 1) -> None:
        """Make the next ``times`` requests of the fault's method go wrong."""
        with self.lock:
            self._faults.extend([fault] * times)

    def take_fault(self, method: str) -> Fault | None:
        with self.lock:
            for fault in self._faults:
                if fault.method == method:
                    self._faults.remove(fault)
                    return fault
        return None

    def add(self, request: Request) -> None:
        with self.lock:
            self.requests.append(request)

    @property
    def puts(self) -> list[Request]:
        """Every PUT that began, whole or not, in the order in which they ended."""
        with self.lock:
            return [request for request in self.requests if request.method == "PUT"]

    def versions(self, name: str) -> list[str]:
        """The SHA-256 of each object that completely took this name, in order; repeats of the same bytes count once."""
        hashes: list[str] = []
        for put in self.puts:
            if put.name == name and put.complete and hashes[-1:] != [put.sha256]:
                hashes.append(put.sha256)
        return hashes

    def finals(self) -> dict[str, str]:
        """What the site holds now: name to SHA-256."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.iterdir())
            if not path.name.startswith(".")
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what these tests are about: nothing is printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class named it
        pass

    @property
    def receiver(self) -> Receiver:
        return self.server.receiver

    @property
    def name(self) -> str:
        return unquote(self.path).lstrip("/")

    def do_PUT(self) -> None:
        fault = self.receiver.take_fault("PUT")
        if fault is not None and fault.early:
            self._log("PUT", fault.status, "", 0, complete=False)
            self.close_connection = True
            self._answer(fault.status, fault)
            return
        part = self.receiver.folder / f".{threading.get_ident()}.{self.name}"
        digest, size = self._receive(part, cut=fault is not None and fault.kind == "cut")
        whole = size == int(self.headers["Content-Length"])
        status = self._status(fault, whole=whole)
        stored = status is not None and status < 300
        if fault is not None and fault.kind == "delay":
            self.receiver.released.wait(fault.delay_s)
        with self.receiver.lock:
            if stored:
                self._keep(part, fault)
            self._log("PUT", status, digest, size, complete=stored)
        part.unlink(missing_ok=True)
        if status is None:
            self._go_silent(fault)
        else:
            self._answer(status, fault)

    def do_POST(self) -> None:
        fault = self.receiver.take_fault("POST")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self._status(fault, whole=True)
        if status is not None and status < 300:
            self.receiver.posts.append(json.loads(body))
        self._log("POST", status, hashlib.sha256(body).hexdigest(), len(body), complete=True)
        if status is None:
            self._go_silent(fault)
        else:
            self._answer(status, fault)

    def do_GET(self) -> None:
        self._read_back(with_body=True)

    def do_HEAD(self) -> None:
        self._read_back(with_body=False)

    def _receive(self, part: Path, *, cut: bool) -> tuple[str, int]:
        digest, size, left = hashlib.sha256(), 0, int(self.headers["Content-Length"])
        with part.open("wb") as stream, contextlib.suppress(OSError):
            while left > 0 and (chunk := self.rfile.read(min(CHUNK, left))):
                stream.write(chunk)
                digest.update(chunk)
                size, left = size + len(chunk), left - len(chunk)
                if cut:
                    break
        return digest.hexdigest(), size

    def _status(self, fault: Fault | None, *, whole: bool) -> int | None:
        token = self.receiver.token
        if fault is not None and fault.kind == "error":
            return fault.status
        if not whole or (fault is not None and fault.kind in SILENT):
            return None
        if token is not None and self.headers["Authorization"] != f"Bearer {token}":
            return 401
        return 201

    def _keep(self, part: Path, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "lose":
            return
        if fault is not None and fault.kind == "corrupt":
            content = bytearray(part.read_bytes())
            content[len(content) // 2] ^= 1
            part.write_bytes(content)
        part.replace(self.receiver.folder / self.name)

    def _answer(self, status: int, fault: Fault | None = None) -> None:
        self.send_response(status)
        if fault is not None and fault.retry_after is not None:
            self.send_header("Retry-After", fault.retry_after)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _go_silent(self, fault: Fault | None) -> None:
        self.close_connection = True
        if fault is not None and fault.kind == "hang":
            self.receiver.released.wait()
        else:  # a reset instead of an orderly end
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _read_back(self, *, with_body: bool) -> None:
        method = "GET" if with_body else "HEAD"
        fault = self.receiver.take_fault(method)
        path = self.receiver.folder / self.name
        status = 200 if path.is_file() else 404
        if not self.receiver.readable:
            status = 403
        if fault is not None:
            status = fault.status
        self._log(method, status, "", 0, complete=False)
        if status != 200:
            self._answer(status, fault)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if self.receiver.digests:
            digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
            self.send_header("Repr-Digest", f"sha-256=:{digest}:")
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _log(self, method: str, status: int | None, sha256: str, size: int, *, complete: bool) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.receiver.add(Request(method, self.name, status, sha256, size, complete, headers))


def certificate(folder: Path, openssl: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, signed by itself: trust the first file to accept the server."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        str(openssl), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def server_tls(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS for a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
