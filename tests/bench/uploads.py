"""How fast recordings arrive, by form and in pieces, and how long the page waits meanwhile.

    python tests/bench/uploads.py --mib 2048

Each way sends the same file to a web process of its own on loopback, whose answers to `/health/live` are timed all the while
(every 5 ms). "resumed at the last MiB" restarts the server before, so that the request that completes the upload reads and hashes
all of it once more. "plain copy" is what the same bytes cost without HTTP: written, hashed, synced.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
from rich.console import Console
from rich.table import Table

from app.uploads.receiving import TOLD_BYTES
from tests.stations import SmallStation, make_station
from tests.tus_uploads import PIECE, TUS, MortalServer, begin, bring, mortal

MIB = 1 << 20
BLOCK = MIB


@dataclass
class Pulse:
    """How long the page waited."""

    waits_s: list[float] = field(default_factory=list)

    @contextmanager
    def felt(self, url: str) -> Iterator[None]:
        over = threading.Event()

        def feel() -> None:
            with httpx.Client(base_url=url, timeout=60) as client:
                while not over.wait(0.005):
                    asked = time.perf_counter()
                    client.get("/health/live").raise_for_status()
                    self.waits_s.append(time.perf_counter() - asked)

        thread = threading.Thread(target=feel)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def shown(self) -> str:
        waits = sorted(self.waits_s)
        return f"{waits[len(waits) // 2] * 1e3:.0f} / {waits[-1 - len(waits) // 100] * 1e3:.0f} / {waits[-1] * 1e3:.0f}"


def by_form(server: MortalServer, file: Path) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\ntalk\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    size = len(head) + file.stat().st_size + len(tail)
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(size)}
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.putrequest("POST", "/api/v1/segments")
    for name, value in (headers | {"Authorization": f"Bearer {server.station.key}"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    with file.open("rb") as stream:
        connection.send(head)
        for block in iter(lambda: stream.read(BLOCK), b""):
            connection.send(block)
        connection.send(tail)
    answer = connection.getresponse()
    assert answer.status == 202, answer.read()
    connection.close()


def in_one_piece(server: MortalServer, file: Path) -> None:
    with server.client() as client, file.open("rb") as stream:
        upload = begin(client, file.stat().st_size)
        _piece(server, upload, stream, 0, file.stat().st_size)


def in_pieces(server: MortalServer, file: Path) -> None:
    with server.client() as client, file.open("rb") as stream:
        upload, offset = begin(client, file.stat().st_size), 0
        for block in iter(lambda: stream.read(8 * MIB), b""):
            offset = int(bring(client, upload, block, offset).headers["upload-offset"])


def resumed(server: MortalServer, file: Path) -> None:
    """Only the last piece is timed: what came before was `prepared`."""
    upload = (file.parent / "upload").read_text()
    with file.open("rb") as stream:
        stream.seek(file.stat().st_size - MIB)
        _piece(server, upload, stream, file.stat().st_size - MIB, MIB)


def prepared(server: MortalServer, file: Path) -> None:
    with server.client() as client, file.open("rb") as stream:
        upload = begin(client, file.stat().st_size)
        _piece(server, upload, stream, 0, file.stat().st_size - MIB)
    (file.parent / "upload").write_text(upload)


def _piece(server: MortalServer, upload: str, stream: IO[bytes], offset: int, size: int) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.putrequest("PATCH", upload)
    told = TUS | PIECE | {"Upload-Offset": str(offset), "Content-Length": str(size)}
    for name, value in (told | {"Authorization": f"Bearer {server.station.key}"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    while size:
        block = stream.read(min(BLOCK, size))
        connection.send(block)
        size -= len(block)
    answer = connection.getresponse()
    assert answer.status == 204, answer.read()
    connection.close()


def plain_copy(folder: Path, file: Path) -> float:
    """Seconds of the same bytes without HTTP."""
    began = time.perf_counter()
    hashed = hashlib.sha256()
    with file.open("rb") as source, (folder / "copy").open("wb") as target:
        for block in iter(lambda: source.read(BLOCK), b""):
            hashed.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    took = time.perf_counter() - began
    (folder / "copy").unlink()
    return took


def timed(
    station: SmallStation,
    file: Path,
    way: Callable[[MortalServer, Path], None],
    before: Callable[[MortalServer, Path], None] | None,
    told_bytes: int,
) -> tuple[float, Pulse]:
    """Seconds, and the page's waits."""
    with mortal(station) as server:
        if before is not None:
            server.start()
            before(server, file)
            assert server.process is not None
            server.process.kill()
            server.process.wait()
        server.start(told_bytes=told_bytes)
        httpx.get(f"{server.url}/health/live", timeout=60)
        pulse = Pulse()
        with pulse.felt(server.url):
            began = time.perf_counter()
            way(server, file)
            took = time.perf_counter() - began
    for left in station.settings.incoming_dir.iterdir():
        left.unlink()
    return took, pulse


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--mib", type=int, default=512)
    mib = words.parse_args().mib
    table = Table(
        "way", "seconds", "MB/s", "page waits ms: median / p99 / most", title=f"{mib} MiB on loopback"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "recording.wav"
        with file.open("wb") as stream:
            for _ in range(mib):
                stream.write(os.urandom(MIB))
        station = make_station(folder / "station")
        took = plain_copy(folder, file)
        table.add_row("plain copy", f"{took:.1f}", f"{mib * MIB / took / 1e6:.0f}", "")
        ways = (
            ("form", by_form, None, TOLD_BYTES),
            ("one piece", in_one_piece, None, TOLD_BYTES),
            ("one piece, written down each 64 MiB", in_one_piece, None, 64 * MIB),
            ("pieces of 8 MiB", in_pieces, None, TOLD_BYTES),
            ("resumed at the last MiB", resumed, prepared, TOLD_BYTES),
        )
        for label, way, before, told_bytes in ways:
            took, pulse = timed(station, file, way, before, told_bytes)
            rate = "" if before else f"{mib * MIB / took / 1e6:.0f}"
            table.add_row(label, f"{took:.1f}", rate, pulse.shown())
        station.database.dispose()
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
