"""How late a studio is heard, and what it costs.

    python tests/bench/studio.py [seconds]

A client sends MP3 frames by the clock, four at a time; a sink notes when each frame of the studio came. The delay is
from the sending of a sound to its coming out of the connection to the site.
"""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from app.studio.files import sent_frames
from audio.ffmpeg import find_ffmpeg
from audio.pcm import RATE
from tests.armed_airings import material, soon, wait_until
from tests.captures import Capture
from tests.live_sinks import RawSink
from tests.studios import StudioStation, sleep_until, studio_station

FRAME_S = 0.024
AT_ONCE = 4


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as folder:
        programme = material(Path(folder), 930, seconds + 20)
        sent = material(Path(folder), 931, seconds)
        with RawSink() as sink, studio_station(Path(folder) / "home", joins_s=(0, seconds + 10)) as station:
            station.start()
            station.wait_until_up()
            station.plan(programme, soon(3.0), f"http://127.0.0.1:{sink.port}/live")
            sleep_until(station.starts_at + timedelta(seconds=2))
            assert station.studio is not None
            before, began = _cpu_s(station.studio.pid), time.monotonic()
            sent_at = _send(station, sent.frames())
            cost = (_cpu_s(station.studio.pid) - before) / (time.monotonic() - began)
            capture = sink.wait_for("/live", ended=True, patience_s=60)
            delay = _delay(capture, station, sent.sound, sent_at)
    print(f"{'from the studio to the site':<40}{delay * 1000:8.0f} ms")
    print(f"{'of one core, with ffmpeg':<40}{cost * 100:8.1f} %")


def _send(station: StudioStation, frames: list[bytes]) -> float:
    """Gives when sample 0 was sent (UTC)."""
    head = base64.b64encode(f"source:{station.key}".encode()).decode()
    with socket.create_connection(("127.0.0.1", station.studio_port)) as line:
        line.sendall(
            f"PUT /studio/1?now=1 HTTP/1.1\r\nAuthorization: Basic {head}\r\nContent-Type: audio/mpeg\r\n\r\n".encode()
        )
        line.recv(4096)
        began, at = time.monotonic(), time.time()
        for n in range(0, len(frames), AT_ONCE):
            time.sleep(max(0.0, began + (n + AT_ONCE) * FRAME_S - time.monotonic()))
            line.sendall(b"".join(frames[n : n + AT_ONCE]))
    wait_until(lambda: station.intents("studio_over"), "it is over")
    return at


def _cpu_s(pid: int) -> float:
    """Of a process and its children, living and dead."""
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pid in {int(stat.parent.name), int(fields[1])}:
            found += sum(map(int, fields[11:15] if int(stat.parent.name) == pid else fields[11:13]))
    return found / 100


def _delay(capture: Capture, station: StudioStation, sound: np.ndarray, sent_at: float) -> float:
    """Of a stretch in the middle of what was heard: when it came, less when it was sent."""
    (path,) = sent_frames(station.settings, 1)
    made = path.read_bytes()
    middle = len(made) // 384 // 2
    known = made[middle * 384 : (middle + 50) * 384]
    place = capture.data.index(known)
    end = place
    arrived = next(block.realtime_ns / 1e9 for block in capture.blocks if (end := end - len(block.data)) < 0)
    pcm = subprocess.run(
        [find_ffmpeg(), "-v", "quiet", "-f", "mp3", "-i", "pipe:0", "-f", "s16le", "pipe:1"],
        input=known, capture_output=True, check=True,
    ).stdout  # fmt: skip
    part = np.frombuffer(pcm, dtype="<i2").astype(float)[RATE // 4 : RATE // 4 + RATE // 2]
    size = 1 << (len(sound) + len(part)).bit_length()
    fitting = np.fft.irfft(np.fft.rfft(sound.astype(float), size) * np.conj(np.fft.rfft(part, size)), size)
    at = int(np.argmax(fitting[: len(sound)])) - RATE // 4
    return arrived - (sent_at + at / RATE)


if __name__ == "__main__":
    main()
