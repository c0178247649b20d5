"""Ears of our own: a delivered file decoded by ffmpeg and measured, without the code that made it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from audio.ffmpeg import find_ffmpeg


@dataclass(frozen=True, slots=True)
class Heard:
    """What a receiver at the site would get: samples at the file's own rate, and what a meter shows."""

    samples: int
    rate: int
    loudness_lufs: float
    peak_dbtp: float
    silences_s: tuple[tuple[float, float], ...]
    """Silences of over a second, in seconds from the start."""


def hear(path: Path) -> Heard:
    """Decode a whole file and measure it."""
    ffmpeg = str(find_ffmpeg(None))
    graph = "aformat=channel_layouts=mono,silencedetect=noise=-60dB:d=1.0,ebur128=peak=true:framelog=verbose"
    meter = subprocess.run(
        [ffmpeg, "-hide_banner", "-nostats", "-i", str(path), "-af", graph, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    pcm = subprocess.run(
        [ffmpeg, "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-"],
        capture_output=True,
        check=True,
    ).stdout
    rate = re.search(r"Audio: .*?(\d+) Hz", meter)
    summary = meter[meter.rindex("Summary:") :]
    loudness = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    assert rate, meter
    assert loudness, meter
    assert peak, meter
    starts = [float(at) for at in re.findall(r"silence_start: (-?[\d.]+)", meter)]
    ends = [float(at) for at in re.findall(r"silence_end: ([\d.]+)", meter)]
    seconds = len(pcm) / 2 / int(rate[1])
    return Heard(
        samples=len(pcm) // 2,
        rate=int(rate[1]),
        loudness_lufs=float(loudness[1]),
        peak_dbtp=float(peak[1]),
        silences_s=tuple(zip(starts, ends + [seconds] * (len(starts) - len(ends)), strict=True)),
    )
