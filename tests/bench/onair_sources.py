"""The sources that `tests/bench/onair.py` compares: each puts the same programmes on the same mounts at the same instants.

A new one is a function from a `Night` to an `OnAir`, named in `SOURCES`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.air.armed import Armed, ArmedFile, Output, Sound, dump_armed
from app.air.clock import from_ns
from app.settings import Settings
from app.storage import sha256_of, write_atomically
from audio.profile import Encoding
from tests.live_sinks import PASSWORD, USER

ROOT: Final = Path(__file__).resolve().parents[2]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENDING_S: Final = 10.0
_AFTER_NS: Final = 3_000_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A programme: an artefact of ``frames`` MP3 frames (48 kHz, 128 kbit/s, 384 bytes each), due at whole seconds."""

    name: str
    artefact: Path
    frames: int
    starts_at_ns: int

    @property
    def length_ns(self) -> int:
        return self.frames * 24_000_000

    @property
    def ends_at_ns(self) -> int:
        return self.starts_at_ns + self.length_ns


@dataclass(frozen=True, slots=True)
class Night:
    """What is to be heard: on every one of ``mounts``, the ``parts`` in their time and the ``interval`` signal else.

    The server is 127.0.0.1 at ``port``, user and password those of `tests.live_sinks`. ``work`` is an empty folder.
    ``begins_ns``: from then on the mounts must have sound.
    """

    port: int
    mounts: tuple[str, ...]
    interval: Path
    parts: tuple[Part, ...]
    begins_ns: int
    work: Path

    @property
    def ends_ns(self) -> int:
        return self.parts[-1].ends_at_ns


@dataclass(slots=True)
class OnAir:
    """A source at work.

    ``processes``: whose time and memory are counted, in all their threads; those of ended ones too, if they were started
    here and not waited for. ``end`` stops what runs, the bench calls it once. ``paced_s``: the seconds of sound that each
    mount got between the first start and the last end, if not all of them.
    """

    processes: list[subprocess.Popen[bytes]]
    paced_s: float | None = None
    threads: list[threading.Thread] = field(default_factory=list)

    def cpu_s(self) -> float:
        """User and system time so far."""
        return sum(_cpu_s(process.pid) for process in list(self.processes))

    def waited_s(self) -> float:
        """How long their threads stood ready and got no core, so far: what the machine, not the source, is late by."""
        return sum(_waited_s(process.pid) for process in list(self.processes))

    def rss_bytes(self) -> int:
        """Resident memory now, of all that run."""
        return sum(_rss_bytes(process.pid) for process in list(self.processes))

    def end(self) -> None:
        for thread in self.threads:
            thread.join()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _cpu_s(pid: int) -> float:
    """Of a process that runs, or has ended and was not waited for (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _waited_s(pid: int) -> float:
    """Of the threads that it has now (field 2 of schedstat, Linux's sched-stats.rst)."""
    waited = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            waited += int(task.read_text().split()[1])
    return waited / 1e9


def _rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


# ------------------------------------------------------------------ danpa


def start_danpa(night: Night) -> OnAir:
    """Danpa's own air process, by itself: an armed airing for each part, with every mount as a feed of it."""
    home = night.work / "station"
    settings = Settings(home=home)
    settings.make_directories()
    password = home / "password"
    write_atomically(password, PASSWORD.encode())
    signal = _armed_file(night.interval)
    before_ns = night.begins_ns
    for number, part in enumerate(night.parts, 1):
        encoding = Encoding("mp3")
        sound = Sound("r", encoding, part.frames, _armed_file(part.artefact), {"interval_signal": signal})
        preroll_s = (part.starts_at_ns - before_ns) / 1e9 + (0.0 if number > 1 else 1.0)
        outputs = tuple(
            Output(
                feed_id=feed_id,
                protocol="icecast",
                address=f"http://127.0.0.1:{night.port}{mount}",
                recipe="r",
                credential=f"file:{password}",
                preroll_s=preroll_s,
            )
            for feed_id, mount in enumerate(night.mounts, 1)
        )
        starts_at, stops_at = from_ns(part.starts_at_ns), from_ns(part.ends_at_ns)
        armed = Armed(number, 1, 1, starts_at, stops_at, sounds=(sound,), outputs=outputs)
        write_atomically(settings.armed_dir / f"{armed.name}.json", dump_armed(armed))
        before_ns = part.ends_at_ns
    environment = os.environ | {"DANPA_HOME": str(home)}
    with (night.work / "danpa.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.air"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    return OnAir([process])


def _armed_file(path: Path) -> ArmedFile:
    return ArmedFile(path, sha256_of(path), path.stat().st_size)


# ------------------------------------------------------------------ liquidsoap


def start_liquidsoap(night: Night) -> OnAir:
    """As most stations write it: decoded, switched by the clock, encoded anew with the same encoder and settings."""
    return _liquidsoap(night, "%mp3(bitrate=128, samplerate=48000, mono, internal_quality=7)")


def start_liquidsoap_copy(night: Night) -> OnAir:
    """The frames passed on as they are, which liquidsoap can do since 2.0."""
    return _liquidsoap(night, '%ffmpeg(format="mp3", %audio.copy)')


def _liquidsoap(night: Night, encoder: str) -> OnAir:
    lines = [
        "settings.init.allow_root.set(true)",
        "settings.log.stdout.set(true)",
        "settings.log.file.set(false)",
        "settings.frame.audio.samplerate.set(48000)",
        "settings.frame.audio.channels.set(1)",
    ]
    door = f'host="127.0.0.1", port={night.port}, user="{USER}", password="{PASSWORD}"'
    door += ', format="audio/mpeg", fallible=true'
    for number, mount in enumerate(night.mounts):
        branches = []
        for index, part in enumerate(night.parts):
            name = f"part_{number}_{index}"
            lines.append(f'{name} = single("{part.artefact}")')
            branches.append(f"({{{_clock(part.starts_at_ns)}-{_clock(part.ends_at_ns)}}}, {name})")
        branches.append(f"({{true}}, interval_{number})")
        lines += [
            f'interval_{number} = single("{night.interval}")',
            f"radio_{number} = switch(track_sensitive=false, [{', '.join(branches)}])",
            f'output.icecast({door}, mount="{mount}", {encoder}, radio_{number})',
        ]
    script = night.work / "radio.liq"
    script.write_text("\n".join([*lines, ""]))
    with (night.work / "liquidsoap.log").open("wb") as log:
        command = ["liquidsoap", str(script)]
        clean = {**os.environ, "TZ": "UTC"}
        return OnAir([subprocess.Popen(command, stdout=log, stderr=log, env=clean, cwd=night.work)])


def _clock(at_ns: int) -> str:
    """As liquidsoap's time predicates want it, to the second."""
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Hh%Mm%Ss")


# ------------------------------------------------------------------ ffmpeg


def start_ffmpeg(night: Night) -> OnAir:
    """One ``ffmpeg -re`` for each programme and mount, started at the very instant, frames passed on as they are.

    Until then listeners hear the mount's fallback, which is not ffmpeg's, and so not counted.
    """
    on_air = OnAir([], paced_s=sum(part.length_ns for part in night.parts) / 1e9)

    def launch() -> None:
        for part in night.parts:
            _sleep_until(part.starts_at_ns)
            for mount in night.mounts:
                address = f"icecast://{USER}:{PASSWORD}@127.0.0.1:{night.port}{mount}"
                command = ["ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "mp3", "-i", str(part.artefact)]
                command += ["-c", "copy", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"]
                command += ["-content_type", "audio/mpeg", address]
                on_air.processes.append(subprocess.Popen(command))

    on_air.threads.append(threading.Thread(target=launch, name="crond"))
    on_air.threads[0].start()
    return on_air


def _sleep_until(realtime_ns: int) -> None:
    while (left := realtime_ns - time.time_ns()) > 0:
        time.sleep(left / 1e9)


# ------------------------------------------------------------------ a plain loop


def start_loop(night: Night) -> OnAir:
    """The shortest Python that does it: blocking sockets, one frame to each of them every 24 ms (`tests.bench.plain_loop`).

    It cannot live with one slow line. The floor of what a process in Python costs.
    """
    return OnAir([_loop(night, night.mounts, night.parts)])


def start_filler(night: Night, mount: str) -> OnAir:
    """The interval signal alone, on one mount, for listeners to fall back to."""
    return OnAir([_loop(night, (mount,), ())])


def _loop(night: Night, mounts: Sequence[str], parts: Sequence[Part]) -> subprocess.Popen[bytes]:
    # Icecast keeps what is less than a block, so something must come behind the last programme
    ends_ns = night.ends_ns + _AFTER_NS
    command = [sys.executable, str(ROOT / "tests/bench/plain_loop.py"), str(night.port)]
    command += [str(night.begins_ns), str(ends_ns), str(night.interval), ",".join(mounts)]
    command += [f"{part.starts_at_ns}:{part.artefact}" for part in parts]
    return subprocess.Popen(command)


SOURCES: Final[dict[str, Callable[[Night], OnAir]]] = {
    "danpa": start_danpa,
    "liquidsoap": start_liquidsoap,
    "liquidsoap, copy": start_liquidsoap_copy,
    "ffmpeg -re, copy": start_ffmpeg,
    "plain loop": start_loop,
}
ENCODES_ANEW: Final = frozenset({"liquidsoap"})
"""Its frames are its own: it is heard by the sound."""
NEEDS_FALLBACK: Final = frozenset({"ffmpeg -re, copy"})
"""It is not there between programmes."""
