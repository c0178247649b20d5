"""Resumable uploads as clients make them: by hand, with tuspy, with tus-js-client; and a server that dies on demand."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tusclient.client import TusClient

from app.uploads import receiving
from tests.stations import PATIENCE_S, SmallStation, keyed

ROOT = Path(__file__).parents[1]
TUS = {"Tus-Resumable": "1.0.0"}
UPLOADS = "/api/v1/uploads"
PIECE = {"Content-Type": "application/offset+octet-stream"}

DYING = """
import os, signal, socket, sys
from app.settings import Settings
from app.uploads import receiving, service
from app.web.application import create_app
from app.web.server import Server

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

receiving.TOLD_BYTES = int(sys.argv[3])
at, feed, complete = sys.argv[2], receiving.Incoming.feed, service.complete
def feed_until_dead(self, chunk):
    offset = feed(self, chunk)
    if at.isdigit() and offset >= int(at):
        die()
    return offset
def complete_and_die(*arguments):
    complete(*arguments)
    die()
receiving.Incoming.feed = feed_until_dead
if at == "before-row":
    service.complete = die
if at == "after-row":
    service.complete = complete_and_die
settings = Settings()
Server(create_app(settings), settings).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


def noise(size: int, seed: int = 7) -> bytes:
    """Bytes that say where they belong: no two stretches are alike."""
    return random.Random(seed).randbytes(size)


def metadata(**fields: str) -> str:
    """``Upload-Metadata``."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


def begin(client: httpx.Client, length: int, **fields: str) -> str:
    """The address of a new upload."""
    described = metadata(**{"filename": "증언.m4a", "kind": "testimony"} | fields)
    answer = client.post(UPLOADS, headers=TUS | {"Upload-Length": str(length), "Upload-Metadata": described})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def bring(client: httpx.Client, upload: str, piece: bytes, offset: int, **headers: str) -> httpx.Response:
    """PATCH."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(upload, content=piece, headers=TUS | PIECE | {"Upload-Offset": str(offset)} | told)


def stands_at(client: httpx.Client, upload: str) -> int:
    """HEAD."""
    answer = client.head(upload, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def eventually(condition: Callable[[], Any]) -> bool:
    """Give the server time to notice; only the end result counts."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def open_piece(
    url: str, key: str, upload: str, offset: int, size: int, **headers: str
) -> Iterator[socket.socket]:
    """A PATCH of which only the head was sent: the test sends the bytes, or does not."""
    address = httpx.URL(url)
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = {
        "Host": "danpa",
        "Authorization": f"Bearer {key}",
        "Content-Length": str(size),
        "Upload-Offset": str(offset),
        **(TUS | PIECE | told),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_S) as connection:
        connection.sendall(f"PATCH {upload} HTTP/1.1\r\n{head}\r\n".encode())
        yield connection


@contextmanager
def dripping(connection: socket.socket, content: bytes) -> Iterator[list[int]]:
    """A slow line: a few bytes at a time, all the while. How many, once it has ended."""
    enough, sent = threading.Event(), [0]

    def drip() -> None:
        while not enough.wait(0.05) and sent[0] < len(content) - 100:
            connection.sendall(content[sent[0] : sent[0] + 100])
            sent[0] += 100

    thread = threading.Thread(target=drip, name="dripping")
    thread.start()
    try:
        yield sent
    finally:
        enough.set()
        thread.join()


def tuspy(url: str, key: str) -> TusClient:
    """The Python client."""
    return TusClient(f"{url}{UPLOADS}", headers={"Authorization": f"Bearer {key}"})


@dataclass(frozen=True, slots=True)
class JsClient:
    """tus-js-client under node."""

    node: Path
    peers: Path

    def start(self, url: str, key: str, file: Path, **options: Any) -> subprocess.Popen[str]:
        """A running upload."""
        wish = {
            "peers": os.fspath(self.peers),
            "file": os.fspath(file),
            "endpoint": f"{url}{UPLOADS}",
            "headers": {"Authorization": f"Bearer {key}"},
            **options,
        }
        script = ROOT / "tests" / "node" / "upload.mjs"
        return subprocess.Popen([self.node, script, json.dumps(wish)], stdout=subprocess.PIPE, text=True)

    def upload(self, url: str, key: str, file: Path, **options: Any) -> list[dict[str, Any]]:
        """What happened, to its end."""
        return said(self.start(url, key, file, **options))


def said(running: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """What a client that has ended said."""
    with running:
        output, _ = running.communicate(timeout=PATIENCE_S)
    return [json.loads(line) for line in output.splitlines()]


@dataclass
class MortalServer:
    """The station's web process at one address, which a test lets die and come again."""

    station: SmallStation
    listener: socket.socket
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self, dies: str = "never", told_bytes: int = receiving.TOLD_BYTES) -> None:
        """``dies``: never, at the byte of this number, before-row or after-row (of the segment)."""
        settings = self.station.settings
        environment = os.environ | {"DANPA_HOME": str(settings.home), "DANPA_DISK_RESERVE_BYTES": "0"}
        number = self.listener.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-c", DYING, str(number), dies, str(told_bytes)],
            pass_fds=[number],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_for_death(self) -> None:
        assert self.process is not None
        assert self.process.wait(PATIENCE_S) == -9

    def client(self) -> httpx.Client:
        return keyed(self.url, self.station.key)


@contextmanager
def mortal(station: SmallStation) -> Iterator[MortalServer]:
    """Not started yet. Who connects meanwhile waits in the queue of the listener, which outlives every process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = MortalServer(station, listener)
        try:
            yield server
        finally:
            if server.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    server.process.kill()
                server.process.wait()
