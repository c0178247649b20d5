"""How exactly sources go on the air, and what they cost: the same programmes at the same instants, heard by the same ears.

    python tests/bench/onair.py                              # through Icecast: 1 and 10 streams, every source
    python tests/bench/onair.py --sink --streams 1 10        # to a sink that notes each block: no Icecast between
    python tests/bench/onair.py --sink --streams 100 500 1000 --only danpa "plain loop"

Every stream plays the interval signal, and ``--starts`` programmes of ``--seconds`` seconds, each due at a whole second. Figures
are of all programmes of all streams of one run; a run takes some ten seconds for each programme.

* start error: when the programme's first sample could be heard, less when it was due; negative is early. Through Icecast it holds
  up to 87.5 ms of Icecast's own, which hands on blocks of 1,400 bytes; a sink has none of that.
* earliest, latest: the same for all its frames: how evenly it is paced.
* buffer: what a receiver had to hold back so as never to run dry, the worst of all.
* faults: gaps, repeats and strange sound, over all streams; missing: sound of programmes that never came.
* CPU: user and system time of the source's processes, in % of one core for one stream, from just before the first start to the
  last end; for `ffmpeg -re` while it is on the air, its launch included. RSS: at that time, of all its processes together.
  The ratio is to the first source with as many streams.
* waited: how long the source's threads stood ready and got no core: where that is much, somebody else was late, not the source.
  ears: CPU of this process meanwhile, the sink or the listeners, in % of a core; near 100 they are what is measured.
* Sources that pass frames on are heard by their bytes; liquidsoap encodes anew, and is heard by the sound: to the sample.

Start errors are those of a machine on which everything runs at once: server, listeners and source. Trust the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from audio.encode import encode  # noqa: E402
from audio.ffmpeg import find_ffmpeg  # noqa: E402
from audio.pcm import RATE  # noqa: E402
from audio.profile import Encoding  # noqa: E402
from tests.audio_files import voice  # noqa: E402
from tests.bench.onair_sources import (  # noqa: E402
    ENCODES_ANEW,
    NEEDS_FALLBACK,
    SOURCES,
    Night,
    OnAir,
    Part,
    start_filler,
)
from tests.captures import Capture, joined  # noqa: E402
from tests.ears.frames import Stream, by_frames, frames_of, stream_of  # noqa: E402
from tests.ears.listening import Listener  # noqa: E402
from tests.ears.report import Heard, Programme, Report  # noqa: E402
from tests.ears.sound import by_sound, decoded  # noqa: E402
from tests.icecast_sites import Icecast, Mount, icecast  # noqa: E402
from tests.live_sinks import RawSink  # noqa: E402
from tests.ssh_sites import open_place  # noqa: E402

SECOND = 1_000_000_000
FILLER = "/filler"
# 125 frames. Starts lie this far apart too, so that every one is on the grid of the one before
SECONDS_GRID = 3
REST_S = 3
INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_s: float
    paced_s: float
    rss_mib: float
    waited_s: float
    """For a core, all threads together."""
    ears_percent: float
    """Of a core, for this process: server or listeners."""

    def percent(self, streams: int) -> float:
        return 100 * self.cpu_s / self.paced_s / streams


@dataclass(frozen=True, slots=True)
class Result:
    """One source with so many streams. ``heard`` are all programmes of all streams that were heard at all."""

    source: str
    streams: int
    due: int
    heard: tuple[Heard, ...]
    faults: int
    missing_ms: float
    cost: Cost


# ------------------------------------------------------------------ what is played


@dataclass(frozen=True, slots=True)
class Material:
    """Sound and frames of everything that may be heard, made once for all runs."""

    interval: Path
    artefacts: tuple[Path, ...]
    programmes: tuple[Programme, ...]
    """The interval signal first."""


def make_material(place: Path, starts: int, seconds: int, ffmpeg: Path) -> Material:
    made = [_artefact(place / f"{INTERVAL}.mp3", 9, 100, ffmpeg)]
    made += [_artefact(place / f"part-{index}.mp3", seconds, 200 + index, ffmpeg) for index in range(starts)]
    programmes = [
        Programme(
            path.stem,
            frames_of(path.read_bytes()),
            decoded(frames_of(path.read_bytes()), ffmpeg),
            loops=path.stem == INTERVAL,
        )
        for path in made
    ]
    return Material(made[0], tuple(made[1:]), tuple(programmes))


def _artefact(path: Path, seconds: int, seed: int, ffmpeg: Path) -> Path:
    sound = voice(seconds, seed)
    sound[: RATE // 20] = 0.0
    pcm = np.rint(sound * 32767).astype("<i2").tobytes()
    encode([pcm], len(sound), Encoding("mp3"), path, ffmpeg=ffmpeg)
    return path


def due(material: Material, night: Night) -> list[Programme]:
    """What may be heard on a night, with its instants."""
    instants = {part.name: part.starts_at_ns for part in night.parts}
    return [
        Programme(each.name, each.frames, each.sound, instants.get(each.name), each.loops)
        for each in material.programmes
    ]


# ------------------------------------------------------------------ one run


def plan_night(material: Material, port: int, streams: int, lead_s: float, work: Path) -> Night:
    frames = len(material.programmes[1].frames)
    length_s = math.ceil(frames * 0.024)
    first = math.ceil(time.time() + lead_s)
    parts = tuple(
        Part(path.stem, path, frames, (first + index * (length_s + REST_S)) * SECOND)
        for index, path in enumerate(material.artefacts)
    )
    mounts = tuple(f"/stream-{number}.mp3" for number in range(streams))
    return Night(port, mounts, material.interval, parts, (first - 3) * SECOND, work)


def run(
    source: str, streams: int, material: Material, server: Icecast | RawSink, lead_s: float, ffmpeg: Path
) -> Result:
    with open_place() as work:
        night = plan_night(material, server.port, streams, lead_s, work)
        if isinstance(server, RawSink):
            captures, cost = _to_sink(source, night, server)
        else:
            captures, cost = _through_icecast(source, night, server)
    return judge(source, night, captures, cost, material, ffmpeg)


def _to_sink(source: str, night: Night, sink: RawSink) -> tuple[list[Capture], Cost]:
    before = len(sink.captures)
    with at_work(source, night) as on_air:
        cost = measure(on_air, night)
    return joined(sink.captures[before:]), cost


def _through_icecast(source: str, night: Night, server: Icecast) -> tuple[list[Capture], Cost]:
    with ExitStack() as stack:
        if source in NEEDS_FALLBACK:
            stack.callback(start_filler(night, FILLER).end)
            server.wait_for_source(FILLER)
        on_air = stack.enter_context(at_work(source, night))
        radios = [
            stack.enter_context(Listener(server.url(mount), patience_s=lead_left_s(night)))
            for mount in night.mounts
        ]
        cost = measure(on_air, night)
    return [radio.capture for radio in radios], cost


def lead_left_s(night: Night) -> float:
    return max(0.0, (night.parts[0].starts_at_ns - time.time_ns()) / SECOND - 1)


@contextmanager
def at_work(source: str, night: Night) -> Iterator[OnAir]:
    on_air = SOURCES[source](night)
    try:
        yield on_air
    finally:
        on_air.end()


def measure(on_air: OnAir, night: Night) -> Cost:
    """Sit through the night. The clock of CPU runs from a second before the first start to the last end."""
    began = night.parts[0].starts_at_ns - SECOND
    _sleep_until(began)
    before, began_s, ears_before = on_air.cpu_s(), time.monotonic(), time.process_time()
    waited_before = on_air.waited_s()
    _sleep_until(night.ends_ns - SECOND)
    rss = on_air.rss_bytes()
    _sleep_until(night.ends_ns)
    cpu, paced = on_air.cpu_s() - before, time.monotonic() - began_s
    waited, ears = on_air.waited_s() - waited_before, 100 * (time.process_time() - ears_before) / paced
    # What comes late is heard too
    _sleep_until(night.ends_ns + SECOND)
    return Cost(cpu, on_air.paced_s or paced, rss / 2**20, max(0.0, waited), ears)


def _sleep_until(realtime_ns: int) -> None:
    while (left := realtime_ns - time.time_ns()) > 0:
        time.sleep(left / SECOND)


# ------------------------------------------------------------------ what was heard


def judge(
    source: str, night: Night, captures: Sequence[Capture], cost: Cost, material: Material, ffmpeg: Path
) -> Result:
    encodes = source in ENCODES_ANEW
    programmes = due(material, night)
    reports = [listen(stream_of(capture), programmes, ffmpeg, by_ear=encodes) for capture in captures]
    names = {part.name for part in night.parts}
    heard = [each for report in reports for each in report.programmes if each.programme in names]
    length_ms = night.parts[0].length_ns / 1e6
    wanted = len(night.parts) * len(night.mounts)
    missing = sum(each.missing_ms for each in heard) + max(0, wanted - len(heard)) * length_ms
    faults = sum(
        join.before in names and join.after in names for report in reports for join in report.faults()
    )
    return Result(source, len(night.mounts), wanted, tuple(heard), faults, missing, cost)


def listen(stream: Stream, programmes: Sequence[Programme], ffmpeg: Path, *, by_ear: bool) -> Report:
    if by_ear:
        return by_sound(stream, decoded(stream.frames, ffmpeg), programmes)
    return by_frames(stream, programmes)


def percentile(values: Sequence[float], share: float) -> float:
    """By size: how far off, whichever way."""
    ordered = sorted(values, key=abs)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def show(results: Sequence[Result], title: str, console: Console) -> None:
    table = Table(
        "source", "streams", "heard", "start p50", "p99", "max ms", "earliest", "latest ms", "buffer ms",
        "faults", "missing ms", "CPU % / stream", "RSS MiB", "waited s", "ears %", "CPU ratio", title=title,
    )  # fmt: skip
    first: dict[int, float] = {}
    for each in results:
        base = first.setdefault(each.streams, each.cost.percent(each.streams))
        table.add_row(*_row(each, base))
    console.print(table)


def _row(result: Result, base_percent: float) -> list[str]:
    errors = [each.start_error_ms for each in result.heard if each.start_error_ms is not None]
    percent = result.cost.percent(result.streams)
    figures = ["-"] * 6
    if errors:
        figures = [
            *(f"{percentile(errors, share):+.1f}" for share in (0.5, 0.99, 1.0)),
            f"{min(each.earliest_ms or 0.0 for each in result.heard):+.1f}",
            f"{max(each.latest_ms or 0.0 for each in result.heard):+.1f}",
            f"{max(each.buffer_ms for each in result.heard):.1f}",
        ]
    return [
        result.source,
        str(result.streams),
        f"{len(result.heard)}/{result.due}",
        *figures,
        str(result.faults),
        f"{result.missing_ms:.0f}",
        f"{percent:.3f}",
        f"{result.cost.rss_mib:.0f}",
        f"{result.cost.waited_s:.2f}",
        f"{result.cost.ears_percent:.0f}",
        f"{percent / base_percent:.2f}" if base_percent else "-",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sink", action="store_true", help="no Icecast: a sink that notes each block")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--starts", type=int, default=5, help="programmes in each stream")
    parser.add_argument("--seconds", type=int, default=6, help="of each programme, a multiple of 3")
    parser.add_argument("--lead", type=float, default=10.0, help="seconds for a source to come up")
    parser.add_argument("--only", nargs="+", choices=SOURCES, default=list(SOURCES))
    options = parser.parse_args()
    if options.seconds % SECONDS_GRID:
        parser.error("--seconds must be a multiple of 3, so that frames fill it")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    ffmpeg, console = find_ffmpeg(), Console(width=180)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as name:
        material = make_material(Path(name), options.starts, options.seconds, ffmpeg)
        for streams in options.streams:
            for source in options.only:
                with serving(streams, sink=options.sink) as server, contextlib.suppress(NotImplementedError):
                    results.append(run(source, streams, material, server, options.lead, ffmpeg))
                    console.print(" ".join(_row(results[-1], results[-1].cost.percent(streams))))
    show(results, "to the sink" if options.sink else "through Icecast", console)


@contextmanager
def serving(streams: int, *, sink: bool) -> Iterator[Icecast | RawSink]:
    """A server of its own for each run. Through Icecast every mount falls back to the filler."""
    if sink:
        with RawSink() as server:
            yield server
        return
    mounts = [Mount(f"/stream-{number}.mp3", fallback=FILLER) for number in range(streams)]
    with icecast(Path("/usr/bin/icecast2"), mounts=mounts) as server:
        yield server


if __name__ == "__main__":
    main()
