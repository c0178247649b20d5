"""A hundred live outputs held for ten minutes while their endpoints fail and return: how late each write was, and what it cost.

    python tests/bench/hold.py                        # 100 outputs, 600 s, one endpoint lost every two seconds
    python tests/bench/hold.py --outputs 10 --seconds 60

One airing on as many feeds, into a sink of our own that notes when each block came. Every ``--lose-every`` seconds one connection is
cut by the sink; the output comes back by itself.

* late: when a block came, less when its first frame was due, of all blocks but the first after a reconnection.
* missed: sound that no connection of a feed carried, in all, and for each cut.
* wrong: frames that are not the programme's next ones.
* CPU: of the air process, in % of one core for each output. RSS: at the end; the ratio is to what it was with nothing on the air.

Figures are of one machine on which sink and source run side by side: trust the ratios.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from tests.armed_airings import AirStation, Material, material, soon  # noqa: E402
from tests.bench.onair_sources import _cpu_s, _rss_bytes  # noqa: E402
from tests.captures import Capture  # noqa: E402
from tests.live_sinks import RawSink  # noqa: E402

FRAME_BYTES, FRAME_NS = 384, 24_000_000


@dataclass(slots=True)
class Held:
    """One feed's ten minutes."""

    late_ms: list[float]
    missed: int
    wrong: int
    cuts: int


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--outputs", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--lose-every", type=float, default=2.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, RawSink() as sink:
        home = Path(folder)
        programme = material(home, 1, wanted.seconds)
        station = AirStation(home / "station")
        station.start()
        try:
            _run(station, sink, programme, wanted)
        finally:
            station.stop()
    return 0


def _run(station: AirStation, sink: RawSink, programme: Material, wanted: argparse.Namespace) -> None:
    assert station.process is not None
    pid = station.process.pid
    station.wait_until_up()
    empty = _rss_bytes(pid)
    starts_at = soon(8)
    mounts = {number: f"/m{number}" for number in range(1, wanted.outputs + 1)}
    addresses = {number: f"http://source@127.0.0.1:{sink.port}{mount}" for number, mount in mounts.items()}
    station.arm(1, programme, starts_at, addresses, preroll_s=3.0)
    time.sleep(max(0.0, starts_at.timestamp() - time.time()))
    cpu, began = _cpu_s(pid), time.monotonic()
    chance, cuts = random.Random(1), 0
    while time.time() < starts_at.timestamp() + wanted.seconds - 2:
        time.sleep(wanted.lose_every)
        sink.hang_up(chance.choice(list(mounts.values())))
        cuts += 1
    time.sleep(max(0.0, starts_at.timestamp() + wanted.seconds - time.time()))
    spent = (_cpu_s(pid) - cpu) / (time.monotonic() - began)
    full = _rss_bytes(pid)
    time.sleep(1)
    known = {frame: number for number, frame in enumerate(programme.frames())}
    start_ns = int(starts_at.timestamp() * 1e6) * 1000
    held = [_held(sink.on(mount), known, start_ns) for mount in mounts.values()]
    _show(held, spent, empty, full, cuts, wanted)


def _held(captures: list[Capture], known: dict[bytes, int], start_ns: int) -> Held:
    heard: set[int] = set()
    late: list[float] = []
    wrong = 0
    for capture in captures:
        rest, expected, fresh = b"", None, True
        for block in capture.blocks:
            data = rest + block.data
            whole = len(data) // FRAME_BYTES * FRAME_BYTES
            frames = [known.get(data[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]
            rest = data[whole:]
            numbers = [one for one in frames if one is not None]
            if numbers and expected is not None and numbers[0] != expected:
                wrong += 1
            if numbers and not fresh:
                late.append((block.realtime_ns - start_ns - numbers[0] * FRAME_NS) / 1e6)
            if numbers:
                fresh, expected = False, numbers[-1] + 1
            heard.update(numbers)
    return Held(late, len(known) - len(heard), wrong, len(captures) - 1)


def _show(
    held: list[Held], spent: float, empty: int, full: int, cuts: int, wanted: argparse.Namespace
) -> None:
    late = np.array([one for each in held for one in each.late_ms])
    missed = sum(one.missed for one in held)
    table = Table(title=f"{wanted.outputs} outputs for {wanted.seconds} s, {cuts} connections cut")
    for name in (
        "late p50",
        "p99",
        "p99.9",
        "max ms",
        "missed ms",
        "per cut",
        "wrong",
        "CPU % / output",
        "RSS MiB",
        "KiB / output",
    ):
        table.add_column(name, justify="right")
    p50, p99, p999 = np.percentile(late, [50, 99, 99.9])
    table.add_row(
        f"{p50:.2f}",
        f"{p99:.2f}",
        f"{p999:.2f}",
        f"{late.max():.1f}",
        f"{missed * 24}",
        f"{missed * 24 / max(cuts, 1):.0f}",
        str(sum(one.wrong for one in held)),
        f"{spent * 100 / wanted.outputs:.4f}",
        f"{full / 2**20:.0f}",
        f"{(full - empty) / 1024 / wanted.outputs:.0f}",
    )
    Console(width=int(os.environ.get("COLUMNS", "140"))).print(table)


if __name__ == "__main__":
    sys.exit(main())
