"""How quick lists are at the source: pages of 50 rows at the API, beside a plain Starlette JSON answer of the same rows.

    python tests/bench/lists.py                # 2,000 segments with their record; a minute
    python tests/bench/lists.py --seconds 3

Both servers are processes of their own, uvicorn as Danpa starts it; one client asks them in turn over one kept connection
each, as fast as answers come. ``plain`` is Starlette with a route that gives the same page, parsed, to JSONResponse: no key,
no database, no validation. ``x`` is the API's rate over plain's, the median of rounds that alternate in this run; ``CPU`` are the
processor's milliseconds for an answer, which other work on the machine disturbs less, and ``x CPU`` their ratio.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from tests.bench.finding_library import fill_record, fill_segments  # noqa: E402
from tests.integration.library.stations import make_station, serving  # noqa: E402

LISTS = ("/segments", "/airings", "/as-run", "/lines")
ROUNDS = 7

PLAIN = """
import json, socket, sys
from pathlib import Path
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
page = json.loads(Path(sys.argv[2]).read_bytes())
async def answer(request): return JSONResponse(page[request.url.path])
app = Starlette(routes=[Route(path, answer) for path in page])
server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers a second, and processor milliseconds for each."""

    per_s: float
    cpu_ms: float


class Client:
    """One kept connection to a server, whose process it watches."""

    def __init__(self, address: tuple[str, int], pid: int, key: str = "") -> None:
        self._connection = http.client.HTTPConnection(address[0], address[1], timeout=60)
        self._stat = Path(f"/proc/{pid}/stat")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {body.decode()}")
        return body

    def rate(self, path: str, seconds: float) -> Rate:
        count, began, worked = 0, time.perf_counter(), self._cpu_s()
        while time.perf_counter() - began < seconds:
            self.get(path)
            count += 1
        return Rate(count / (time.perf_counter() - began), (self._cpu_s() - worked) / count * 1000)

    def _cpu_s(self) -> float:
        user, system = self._stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def plain(pages: dict[str, Any], folder: Path) -> Iterator[Client]:
    """The server that costs what the framework costs."""
    told = folder / "pages.json"
    told.write_text(json.dumps(pages, ensure_ascii=False), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-c", PLAIN, str(listener.fileno()), str(told)], pass_fds=[listener.fileno()]
        )
        try:
            yield Client(listener.getsockname()[:2], process.pid)
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, default=2000)
    parser.add_argument("--as-run", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="each measurement")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="danpa-lists-") as home:
        folder = Path(home)
        station = make_station(folder / "var")
        fill_segments(station.engine, wanted.segments)
        fill_record(station.engine, wanted.segments, wanted.as_run)
        station.engine.dispose()
        with serving(station) as service:
            api = Client(service.address, service.pid, station.key)
            pages = {path: json.loads(api.get(f"/api/v1{path}")) for path in LISTS}
            with plain(pages, folder) as beside:
                show(measure(api, beside, wanted.seconds), pages)


Measured = dict[str, list[tuple[Rate, Rate]]]


def measure(api: Client, beside: Client, seconds: float) -> Measured:
    """Each list in turn at both servers, so that a busy moment of the machine is everybody's."""
    found: Measured = {path: [] for path in LISTS}
    for path in LISTS * (ROUNDS + 1):
        found[path].append((api.rate(f"/api/v1{path}", seconds), beside.rate(path, seconds)))
    return {path: rounds[1:] for path, rounds in found.items()}  # the first ones warm up


def show(found: Measured, pages: dict[str, Any]) -> None:
    table = Table("list", "rows", "bytes", "API /s", "plain /s", "x", "CPU", "plain CPU", "x CPU")
    for path, rounds in found.items():
        ours, theirs = zip(*rounds, strict=True)
        size = len(json.dumps(pages[path], ensure_ascii=False).encode())
        table.add_row(
            path,
            str(len(pages[path]["items"])),
            f"{size:,}",
            *(f"{statistics.median(one.per_s for one in side):.0f}" for side in (ours, theirs)),
            f"{statistics.median(one.per_s / other.per_s for one, other in rounds):.3f}",
            *(f"{statistics.median(one.cpu_ms for one in side):.2f}" for side in (ours, theirs)),
            f"{sum(one.cpu_ms for one in theirs) / sum(one.cpu_ms for one in ours):.3f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
