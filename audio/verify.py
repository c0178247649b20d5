"""Measuring a finished file by decoding it again, as a receiver would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio.decoding import decoded_run
from audio.errors import ArtefactBroken
from audio.ffmpeg import ample_time, source_input
from audio.levels import SilenceMeter
from audio.meter import Meter, Samples
from audio.pcm import RATE
from audio.sniff import demuxer_of

# Nobody's programme is longer than a day; a decoder that runs longer is stuck.
_DAY_SAMPLES = 86_400 * RATE


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a file decodes to. Positions are samples at `sample_rate`.

    `silences` are all those longer than a second, those at the beginning and the end included, as [start, end).
    """

    samples: int
    sample_rate: int
    loudness_lufs: float | None
    peak_dbtp: float
    silences: tuple[tuple[int, int], ...]


def measure(path: Path, ffmpeg: Path, *, rate: int = RATE, channel: int = 0) -> Measurement:
    """Decode one channel of `path` and measure it, in bounded memory. Raises `ArtefactBroken` if it cannot be decoded.

    `samples` is exact when `rate` is the file's own; a file at another rate is resampled on the way.
    """
    silence, meter = SilenceMeter(rate), Meter(rate)

    def sink(block: Samples) -> None:
        silence.feed(block)
        meter.feed(block)

    result = decoded_run(
        ffmpeg,
        inputs=source_input(path, demuxer_of(path)),
        chain=f"aformat=sample_fmts=fltp,pan=mono|c0=c{channel},aresample={rate}:resampler=soxr",
        rate=rate,
        timeout_s=ample_time(_DAY_SAMPLES) / 24,
        sink=sink,
    )
    if result.status or result.complaints or not result.samples:
        raise ArtefactBroken(f"It does not decode: {result.complaints[-200:] or 'no sound'}")
    loudness = meter.finish()
    return Measurement(
        samples=result.samples,
        sample_rate=rate,
        loudness_lufs=loudness.integrated_lufs,
        peak_dbtp=loudness.true_peak_dbtp,
        silences=silence.all(),
    )
