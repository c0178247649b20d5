"""What it costs to know when lines are on the air and what they do to each other, and how that grows with the season.

    python tests/bench/conflicts.py            # 1, 10 and 100 times a real season, some minutes
    python tests/bench/conflicts.py --real     # a real season's size only

A season is 3,305 generated lines of other people over the whole of B26; own lines are 40, or as many more as the season is. Each row
runs in a process of its own, its job three times: the fastest counts. `x` is how much more that is than in the row above: where
the season is ten times larger and nothing else, 10 is linear. `lines_MiB` is the process with its lines before the job,
`peak_MiB` its peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sized
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from schedules.frequencies.conflicts import background_conflicts, own_conflicts  # noqa: E402
from schedules.frequencies.occurrences import occurrences  # noqa: E402
from tests.unit.schedules.frequencies.seasons import B26, SITES, own_season, real_season  # noqa: E402

SEASON = 3_305
OWN = 40
FACTORS = (1, 10, 100)
RETUNE_S = dict.fromkeys(SITES, 120)
VALUES = 100_000
"""So many occurrences are also taken as plain values."""

Row = dict[str, float]


def expansion(factor: int, _own: int) -> Row:
    """A season's lines over the season."""
    lines = real_season(SEASON * factor)
    row = _timed(lambda: occurrences(lines, B26.span, B26))
    found = occurrences(lines, B26.span, B26)
    began = time.perf_counter()
    values = sum(1 for _ in islice(found, VALUES))
    return row | {"lines": len(lines), "values": values, "values_s": time.perf_counter() - began}


def among_own(_factor: int, own: int) -> Row:
    lines = own_season(own)
    return _timed(lambda: own_conflicts(lines, B26.span, RETUNE_S)) | {"lines": 0, "own": own}


def with_others(factor: int, own: int) -> Row:
    lines, background = own_season(own), real_season(SEASON * factor)
    row = _timed(lambda: background_conflicts(lines, background, B26.span))
    return row | {"lines": len(background), "own": own}


def _timed(job: Callable[[], Sized]) -> Row:
    before = _peak_mib()
    times, count = [], 0
    for _ in range(3):
        began = time.perf_counter()
        found = job()
        times.append(time.perf_counter() - began)
        count = len(found)
        del found
    return {"s": min(times), "count": count, "before": before, "peak": _peak_mib()}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


JOBS = {job.__name__: job for job in (expansion, among_own, with_others)}


def measured(job: Callable[[int, int], Row], factor: int, own: int) -> Row:
    command = [sys.executable, __file__, "--row", job.__name__, str(factor), str(own)]
    row: Row = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return row


def show(title: str, columns: str, rows: list[tuple[list[str], Row]]) -> None:
    """Each row: its own cells, then what every job has."""
    table = Table(*columns.split(), "found", "x", "s", "x", "lines_MiB", "peak_MiB", title=title)
    above: Row | None = None
    for cells, row in rows:
        ratios = [f"{row[name] / above[name]:.1f}" if above else "" for name in ("count", "s")]
        memory = [f"{row['before']:.0f}", f"{row['peak']:.0f}"]
        table.add_row(*cells, f"{row['count']:,.0f}", ratios[0], f"{row['s']:.4f}", ratios[1], *memory)
        above = row
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", action="store_true", help="a real season's size only")
    parser.add_argument("--row", nargs=3, metavar=("JOB", "FACTOR", "OWN"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.row:
        job, factor, own = wanted.row
        print(json.dumps(JOBS[job](int(factor), int(own))))
        return
    factors = FACTORS[:1] if wanted.real else FACTORS
    rows = [measured(expansion, factor, 0) for factor in factors]
    show(
        f"occurrences over a season; values_s: {VALUES:,} of them as plain values",
        "lines values_s",
        [([f"{row['lines']:,.0f}", f"{row['values_s']:.3f}"], row) for row in rows],
    )
    rows = [measured(among_own, factor, OWN * factor) for factor in factors]
    show("own lines among themselves, five sites", "own", [([f"{row['own']:,.0f}"], row) for row in rows])
    for title, grows in (("as many own lines", False), ("own lines grow as well", True)):
        rows = [measured(with_others, factor, OWN * factor if grows else OWN) for factor in factors]
        show(
            f"own lines against the season: {title}",
            "lines own",
            [([f"{row['lines']:,.0f}", f"{row['own']:,.0f}"], row) for row in rows],
        )


if __name__ == "__main__":
    main()
