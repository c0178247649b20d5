"""How fast an old library comes in, in files a second, and what bounds it.

    python tests/bench/importing.py                 # three lengths of recordings, some minutes
    python tests/bench/importing.py --files 20      # fewer of each
    DANPA_FFMPEG=... python tests/bench/importing.py  # another ffmpeg: starting one is half of a short file's time

Recordings are speech-like MP3 at 64 kbit/s (and once short WAV), each another one; a station in a temporary folder. First one
file after another, with a clock around each part: `copy` reads, hashes and flushes the file into the incoming folder;
`ffmpeg` decodes, measures and writes the master (of it `start`: what an ffmpeg with nothing to do takes); `keep` moves blobs into
place and flushes them; `database` is every transaction. `our CPU` and `ffmpeg CPU` are for one file, and right on a busy machine too. Then as
the command does it, with as many threads as processors; `CPU` is what this process and its children used of the machine. `tags` is planning.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from app.bringing.planning import Wishes, plan_import  # noqa: E402
from app.bringing.recordings import walk  # noqa: E402
from app.bringing.running import Manner, run_import  # noqa: E402
from app.bringing.taking import copy  # noqa: E402
from app.database import reading, writing  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.storage import Blobs  # noqa: E402
from audio.ffmpeg import find_ffmpeg, run  # noqa: E402
from audio.ingest import ingest  # noqa: E402
from tests.audio_files import voice, write_wav  # noqa: E402
from tests.integration.library.stations import make_station  # noqa: E402

PARTS = ("copy", "ffmpeg", "keep", "database")


class Clocks:
    """Seconds that each part took."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def around(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds[part] += time.perf_counter() - began

        return timed

    def around_block(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            began = time.perf_counter()
            with work(*arguments, **named) as given:
                yield given
            self.seconds[part] += time.perf_counter() - began

        return timed


def recordings(folder: Path, count: int, seconds: float, extension: str) -> Path:
    """So many different recordings; each begins elsewhere in the same speech."""
    folder.mkdir()
    speech = write_wav(folder.parent / "speech.wav", voice(31, 1))
    ffmpeg = str(find_ffmpeg(Settings().ffmpeg))
    sound = ["-c:a", "libmp3lame", "-b:a", "64k"] if extension == "mp3" else ["-c:a", "pcm_s16le"]
    for number in range(count):
        cut = f"aloop=-1:{31 * 48_000},atrim=start={number * 0.1:.1f}:duration={seconds}"
        command = [ffmpeg, "-v", "error", "-y", "-i", str(speech), "-af", cut, *sound, "-ac", "1"]
        subprocess.run([*command, str(folder / f"{number:04}.{extension}")], check=True)
    return folder


def cpu_s() -> tuple[float, float]:
    """Ours, and that of children who have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


def imported(source: Path, home: Path, threads: int) -> tuple[float, float, float]:
    """Seconds, and the CPU seconds of this process and its children."""
    station = make_station(home)
    before = cpu_s()
    began = time.perf_counter()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        status = run_import(
            station.engine,
            station.settings,
            source,
            Wishes(station.person_id, read_tags=False),
            Manner(yes=True, threads=threads),
            console=Console(file=nowhere),
        )
    seconds = time.perf_counter() - began
    assert status == 0
    after = cpu_s()
    station.engine.dispose()
    return seconds, after[0] - before[0], after[1] - before[1]


def by_parts(source: Path, home: Path) -> tuple[Clocks, float, float, float]:
    """One file after another, with a clock around each part."""
    clocks = Clocks()
    places = [
        ("app.bringing.taking.copy", clocks.around("copy", copy)),
        ("app.library.ingest.ingest", clocks.around("ffmpeg", ingest)),
        ("app.library.ingest.Blobs.adopt", clocks.around("keep", Blobs.adopt)),
    ]
    for module in ("app.bringing.taking", "app.library.ingest"):
        for name, work in (("reading", reading), ("writing", writing)):
            places.append((f"{module}.{name}", clocks.around_block("database", work)))
    with ExitStack() as stack:
        for place, timed in places:
            stack.enter_context(mock.patch(place, timed))
        return clocks, *imported(source, home, 1)


def start_s() -> float:
    """What an ffmpeg takes that has nothing to do: the fastest of five."""
    nothing = ["-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "0.01", "-f", "null", "-"]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        run(find_ffmpeg(Settings().ffmpeg), nothing, timeout_s=30)
        times.append(time.perf_counter() - began)
    return min(times)


def tags_s(source: Path, home: Path) -> float:
    """Seconds to plan, tags and all."""
    station = make_station(home)
    began = time.perf_counter()
    plan_import(
        station.engine,
        walk(source),
        Wishes(station.person_id),
        None,
        ffmpeg=find_ffmpeg(Settings().ffmpeg),
        threads=os.cpu_count() or 1,
    )
    station.engine.dispose()
    return time.perf_counter() - began


def measure(count: int, seconds: float, extension: str, table: Table) -> None:
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place:
        source = recordings(Path(place, "source"), count, seconds, extension)
        clocks, total, own, children = by_parts(source, Path(place, "one"))
        start = start_s()
        shutil.rmtree(Path(place, "one"))
        processors = os.cpu_count() or 1
        all_s, all_own, all_children = imported(source, Path(place, "all"), processors)
        planning = tags_s(source, Path(place, "tags"))
    ms = [1000 * clocks.seconds[part] / count for part in PARTS]
    rest = 1000 * total / count - sum(ms)
    cells = [f"{value:.1f} ({100 * value * count / 1000 / total:.0f} %)" for value in (*ms, rest)]
    table.add_row(
        f"{seconds:g} s {extension}",
        f"{1000 * total / count:.0f}",
        *cells,
        f"{1000 * start:.0f}",
        f"{1000 * own / count:.0f}",
        f"{1000 * children / count:.0f}",
        f"{count / all_s:.1f}",
        f"{100 * (all_own + all_children) / all_s / processors:.0f} %",
        f"{count / planning:.0f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=60)
    count = parser.parse_args().files
    table = Table(title=f"Import, {os.cpu_count()} processors, {find_ffmpeg(Settings().ffmpeg)}")
    for heading in (
        "recording", "one, ms", *PARTS, "rest", "start, ms", "our CPU, ms", "ffmpeg CPU", "all: files/s", "CPU", "tags: files/s",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for seconds, extension, share in ((3.0, "wav", 1.0), (60.0, "mp3", 0.7), (600.0, "mp3", 0.2)):
        measure(max(4, round(count * share)), seconds, extension, table)
    Console(width=190).print(table)


if __name__ == "__main__":
    main()
