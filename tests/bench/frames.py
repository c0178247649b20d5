"""What it costs to send an hour frame by frame: opening it, and reading and wrapping what each turn of the air needs.

    python tests/bench/frames.py            # makes an hour of each codec first: two or three minutes

`cold`: the file was taken out of the page cache. `turn`: 100 ms of sound. Memory is what Python allocates.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402 - the repository's root must be on the path first
from rich.table import Table  # noqa: E402

from audio.encode import encode  # noqa: E402
from audio.ffmpeg import find_ffmpeg  # noqa: E402
from audio.frames import Frames  # noqa: E402
from audio.profile import Encoding  # noqa: E402
from audio.wires import wire_for  # noqa: E402
from tests.audio_files import RATE, voice  # noqa: E402

MINUTES = 60
TURNS = 3000
ENCODINGS = (
    Encoding("mp3"),
    Encoding("mp3", 44_100),
    Encoding("mp2"),
    Encoding("adts"),
    Encoding("opus"),
    Encoding("flac"),
)


def opening_ms(path: Path, encoding: Encoding, *, cold: bool) -> float:
    if cold:
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
    start = time.perf_counter()
    with Frames.open(path, encoding):
        return (time.perf_counter() - start) * 1000


def kept_kib(path: Path, encoding: Encoding) -> tuple[float, float]:
    """While it is open, and at most on the way there."""
    tracemalloc.start()
    with Frames.open(path, encoding):
        kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / 1024, peak / 1024


def turn_us(path: Path, encoding: Encoding) -> tuple[float, float]:
    """Reading and wrapping, on average."""
    reading = wrapping = 0.0
    wire = wire_for(encoding)
    wire.opening()
    with Frames.open(path, encoding) as frames:
        each = frames.sample_rate / frames.frame_samples / 10
        for turn in range(TURNS):
            start = time.perf_counter()
            read = frames.read(int(turn * each), int((turn + 1) * each))
            between = time.perf_counter()
            wire.wrap(read)
            wrapping += time.perf_counter() - between
            reading += between - start
    return reading / TURNS * 1e6, wrapping / TURNS * 1e6


def main() -> None:
    table = Table(
        "artefact", "MB", "frames", "open ms", "cold ms", "kept KiB", "peak KiB", "read us", "wrap us"
    )
    minute = (voice(60, 3) * 24_000).astype("<i2").tobytes()
    with tempfile.TemporaryDirectory() as folder:
        for encoding in ENCODINGS:
            path = Path(folder) / f"{encoding.key}.{encoding.extension}"
            encode(
                (minute for _ in range(MINUTES)), MINUTES * 60 * RATE, encoding, path, ffmpeg=find_ffmpeg()
            )
            cold = opening_ms(path, encoding, cold=True)
            warm = min(opening_ms(path, encoding, cold=False) for _ in range(3))
            with Frames.open(path, encoding) as frames:
                count = frames.count
            figures = (cold, *kept_kib(path, encoding), *turn_us(path, encoding))
            table.add_row(
                encoding.key,
                f"{path.stat().st_size / 1e6:.1f}",
                str(count),
                f"{warm:.2f}",
                *(f"{figure:.1f}" for figure in figures),
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
