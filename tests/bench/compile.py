"""What it costs to compile a programme: libraries of 50 to 5,000 segments, programmes of 15 minutes to 3 hours.

    python tests/bench/compile.py              # the whole table, some minutes
    python tests/bench/compile.py --hour       # programmes of an hour only

Each row runs in a process of its own. `runs` are runs along the timeline; `proved`: no programme that keeps the rules is
better. `one changed`: the same airing once more after one of its segments was taken from the library. `quick`: as it is
compiled while a producer waits; `alternatives`: up to five ranked programmes, as quick. `crossfaded`: what cross-fades took up.
Memory is the peak of the process, Python and numpy included.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from schedules.candidates import Candidate, Request  # noqa: E402
from schedules.clock import Clock, parse_clock  # noqa: E402
from schedules.compile import compile_alternatives, compile_rundown  # noqa: E402
from schedules.time import SAMPLE_RATE  # noqa: E402

STARTS_AT = datetime(2026, 11, 22, 20, tzinfo=UTC)
FRAME = 1152
LIBRARIES = (50, 200, 1000, 5000)
MINUTES = (15, 30, 60, 180)

# A kind's share of the library, and its shortest and longest piece in seconds
KINDS = {
    "news": (3, 60, 400),
    "talk": (6, 180, 900),
    "drama": (2, 600, 1500),
    "testimony": (3, 200, 700),
    "music": (6, 120, 300),
    "ident": (1, 8, 25),
}


def library(size: int, seed: int = 1) -> tuple[Candidate, ...]:
    """So many segments by eight presenters, seven of ten aired before; at least one of every kind."""
    random = Random(seed)
    shares = [share for share, _, _ in KINDS.values()]
    kinds = [*KINDS, *random.choices(list(KINDS), shares, k=size - len(KINDS))]
    return tuple(
        Candidate(
            number,
            f"{number:064x}",
            kind,
            frozenset(),
            round(random.uniform(*KINDS[kind][1:]) * SAMPLE_RATE),
            0,
            STARTS_AT - timedelta(hours=random.uniform(1, 2000)),
            last_aired_at=STARTS_AT - timedelta(days=random.uniform(1, 60))
            if random.random() < 0.7
            else None,
            presenter=f"p{random.randrange(8)}",
        )
        for number, kind in enumerate(kinds, 1)
    )


def clock(minutes: int) -> Clock:
    """A magazine: signal, ident, news, talk that never repeats its presenters and, in an hour, drama and an ident at :30."""
    long = minutes >= 60
    hours = max(minutes // 60, 1)
    elements: list[dict[str, object]] = [
        {"type": "interval_signal", "seconds": 20},
        {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired"},
        {"type": "pick", "kinds": ["news"], "count": 3 if long else 1},
        {
            "type": "pick",
            "kinds": ["talk"],
            "order": "least_recently_aired",
            "count": 2 * hours if long else 1,
            "rests": [{"of": "presenter", "days": 1}],
        },
    ]
    if long:
        elements += [
            {"type": "pick", "kinds": ["drama"], "order": "least_recently_aired", "count": hours},
            {
                "type": "pick",
                "kinds": ["ident"],
                "order": "least_recently_aired",
                "at": ":30",
                "within_s": 300,
                "required": False,
            },
        ]
    elements += [
        {"type": "pick", "kinds": ["testimony"], "order": "weighted", "required": False},
        {"type": "fill"},
    ]
    return parse_clock(elements)


def measure(size: int, minutes: int) -> dict[str, object]:
    """One row, in this process."""
    target = minutes * 60 * SAMPLE_RATE // FRAME * FRAME
    request = Request(clock(minutes), STARTS_AT, target, FRAME, library(size), 8 * SAMPLE_RATE, 3)
    began = time.perf_counter()
    rundown = compile_rundown(request)
    wall = time.perf_counter() - began
    assert rundown.fit is not None
    gone = min(rundown.segment_ids())
    rest = tuple(one for one in request.candidates if one.segment_id != gone)
    began = time.perf_counter()
    again = compile_rundown(replace(request, candidates=rest))
    changed = time.perf_counter() - began
    assert gone not in again.segment_ids()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    waiting = replace(request, quick=True)
    began = time.perf_counter()
    compile_rundown(waiting)
    quick = time.perf_counter() - began
    began = time.perf_counter()
    found = compile_alternatives(waiting, 5)
    return {
        "wall": wall,
        "runs": rundown.fit.runs,
        "proved": rundown.fit.proved,
        "noticed": rundown.fit.noticed_samples / SAMPLE_RATE,
        "crossfaded": rundown.fit.crossfaded_samples / SAMPLE_RATE,
        "changed": changed,
        "quick": quick,
        "alternatives": time.perf_counter() - began,
        "found": f"{sum(one.fit is not None and one.fit.proved for one in found)} of {len(found)}",
        "peak": peak,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hour", action="store_true", help="programmes of an hour only")
    parser.add_argument("--row", nargs=2, type=int, metavar=("SEGMENTS", "MINUTES"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.row:
        print(json.dumps(measure(*wanted.row)))
        return
    columns = "minutes segments wall_s runs proved noticed_s crossfaded_s one_changed_s quick_s alternatives_s proved_of peak_MiB"
    table = Table(*columns.split(), title="compiling a programme")
    for minutes in (60,) if wanted.hour else MINUTES:
        for size in LIBRARIES:
            command = [sys.executable, __file__, "--row", str(size), str(minutes)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            table.add_row(
                str(minutes),
                str(size),
                f"{row['wall']:.2f}",
                str(row["runs"]),
                "yes" if row["proved"] else "no",
                f"{row['noticed']:.2f}",
                f"{row['crossfaded']:.1f}",
                f"{row['changed']:.2f}",
                f"{row['quick']:.2f}",
                f"{row['alternatives']:.1f}",
                str(row["found"]),
                f"{row['peak']:.0f}",
            )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
