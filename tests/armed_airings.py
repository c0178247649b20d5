"""A folder of armed airings, as the engine leaves them, and the real air process on it: no database, no web, no worker."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.air.armed import CHAIN, Armed, ArmedFile, Level, Output, Sound, Turn, dump_armed
from app.air.journal import Record, read_journal
from app.settings import Settings
from app.storage import write_atomically
from audio.encode import encode
from audio.ffmpeg import find_ffmpeg
from audio.frames import Frames
from audio.pcm import RATE
from audio.profile import Encoding
from tests.live_sinks import PASSWORD

MP3 = Encoding("mp3")
PATIENCE_S = 20.0


def noise(seed: int, seconds: float) -> NDArray[np.int16]:
    """Sound that is like nothing else, so that it can be found again: noise between 300 Hz and 3 kHz, mono, 48 kHz."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3000)] = 0
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(np.rint(sound / np.abs(sound).max() * 16_000), dtype="<i2")


@dataclass(frozen=True, slots=True)
class Material:
    """An artefact, and the sound that it was made of."""

    file: ArmedFile
    sound: NDArray[np.int16]
    encoding: Encoding

    def frames(self) -> list[bytes]:
        with Frames.open(self.file.path, self.encoding) as frames:
            return frames.read(0, frames.count)


def material(folder: Path, seed: int, seconds: float, encoding: Encoding = MP3) -> Material:
    """A finished artefact of its own noise."""
    sound = noise(seed, seconds)
    made = folder / f"{seed}-{seconds:g}.{encoding.key}.{encoding.extension}"
    encode([sound.tobytes()], len(sound), encoding, made, ffmpeg=find_ffmpeg())
    body = made.read_bytes()
    file = ArmedFile(made, hashlib.sha256(body).hexdigest(), len(body))
    return Material(file, sound, encoding)


def numbered(path: Path, count: int) -> ArmedFile:
    """As good as an artefact, for who only moves frames: each is a header, its number and silence. See `number_of`."""
    name = hashlib.sha256(path.name.encode()).digest()[:4]
    frames = [b"\xff\xfb\x94\xc4" + name + n.to_bytes(4, "big") + bytes(372) for n in range(count)]
    body = b"".join(frames)
    path.write_bytes(body)
    return ArmedFile(path, hashlib.sha256(body).hexdigest(), len(body))


def number_of(frame: bytes) -> int:
    """Of a frame of `numbered`."""
    return int.from_bytes(frame[8:12], "big")


@dataclass
class AirStation:
    """What the air process has: folders. ``chain`` is what stands in, with its own noise for each step."""

    home: Path
    chain: dict[Level, Material] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    log: int | None = None
    """The descriptor that the process logs to; None for our own."""

    def __post_init__(self) -> None:
        self.settings = Settings(home=self.home)
        self.settings.make_directories()
        if not self.chain:
            self.chain = {
                "standby": material(self.home, 101, 6.0),
                "evergreen": material(self.home, 102, 5.0),
                "interval_signal": material(self.home, 103, 3.0),
            }

    # --- arming --------------------------------------------------------------------------------------------------

    def arm(
        self,
        airing_id: int,
        programme: Material | None,
        starts_at: datetime,
        outputs: Mapping[int, str],
        *,
        seconds: float | None = None,
        serial: int = 1,
        version: int = 1,
        turns: tuple[Turn, ...] = (),
        **of_output: Any,
    ) -> Armed:
        """Put an airing into the folder. ``outputs``: addresses by feed. It lasts as long as its programme."""
        encoding = programme.encoding if programme else MP3
        samples = round(seconds * RATE) if seconds is not None else len(programme.sound) if programme else 0
        assert encoding.frame_samples is not None
        sound = Sound(
            recipe="r",
            encoding=encoding,
            frames=encoding.length(samples) // encoding.frame_samples,
            programme=programme.file if programme else None,
            stand_ins={level: one.file for level, one in self.chain.items()},
        )
        usual: dict[str, Any] = {"protocol": "icecast", "preroll_s": 2.0, "credential": self.credential()}
        armed = Armed(
            airing_id=airing_id,
            serial=serial,
            version=version,
            starts_at=starts_at,
            stops_at=starts_at + timedelta(seconds=samples / RATE),
            sounds=(sound,),
            outputs=tuple(
                Output(feed_id=feed_id, address=address, recipe="r", **usual | of_output)
                for feed_id, address in outputs.items()
            ),
            turns=turns,
        )
        write_atomically(self.settings.armed_dir / f"{armed.name}.json", dump_armed(armed))
        for path in self.settings.armed_dir.glob(f"{airing_id}-*.json"):
            if path.stem != armed.name:
                path.unlink()
        return armed

    def credential(self, password: str = PASSWORD) -> str:
        """A reference to a password in a file of its own."""
        path = self.home / f"password-{hashlib.sha256(password.encode()).hexdigest()[:8]}"
        if not path.exists():
            write_atomically(path, password.encode())
        return f"file:{path}"

    # --- the process ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        environment = dict(os.environ) | {"DANPA_HOME": str(self.home)} | self.environment
        self.process = subprocess.Popen([sys.executable, "-m", "app.air"], env=environment, stderr=self.log)

    def wait_until_up(self) -> None:
        """What is to begin soon is armed after this: a busy machine takes seconds to start a process."""
        assert self.process is not None
        pid = self.process.pid
        wait_until(lambda: self.status().get("pid") == pid, "the air process is up")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """In order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0
        self.process = None

    # --- what it says --------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.settings.run_dir / "air.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def output(self, feed_id: int) -> dict[str, Any]:
        found = (one for one in self.status().get("outputs", []) if one["feed"] == feed_id)
        return next(found, {})

    def journal(self, kind: str | None = None) -> list[Record]:
        records = list(read_journal(self.settings.air_dir / "journal", 0))
        return [one for one in records if kind is None or one.kind == kind]

    def sent(self, feed_id: int) -> list[dict[str, Any]]:
        """What went out on a feed, in one piece each."""
        details = [json.loads(one.detail or "{}") for one in self.journal("sent")]
        return [one for one in details if one["f"] == feed_id]


def wait_until(is_so: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    until = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < until, f"waited {patience_s:g} s for this: {what}"
        time.sleep(0.02)


def soon(seconds: float) -> datetime:
    """An instant on a whole millisecond, so many seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@contextmanager
def air_station(home: Path, **fields: Any) -> Iterator[AirStation]:
    """A station whose air process is up, and runs until the block ends."""
    station = AirStation(home, **fields)
    station.start()
    try:
        station.wait_until_up()
        yield station
    finally:
        if station.process is not None and station.process.poll() is None:
            station.process.send_signal(signal.SIGTERM)
            try:
                station.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                station.process.kill()
                station.process.wait()


__all__ = [
    "CHAIN",
    "MP3",
    "AirStation",
    "Material",
    "air_station",
    "material",
    "noise",
    "number_of",
    "numbered",
    "soon",
    "wait_until",
]
