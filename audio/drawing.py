"""The waveform of a finished file, for whoever wants to see what was made."""

from __future__ import annotations

from pathlib import Path

from audio.decoding import decoded_run
from audio.errors import ArtefactBroken
from audio.ffmpeg import ample_time, source_input
from audio.levels import PeaksMeter
from audio.pcm import RATE
from audio.sniff import demuxer_of


def draw(path: Path, made: Path, ffmpeg: Path, *, samples: int) -> None:
    """Write the waveform of the first channel of `path` to `made`, as `audio.levels.read_peaks` reads it.

    At 48 kHz, whatever the file's own rate. `samples` at 48 kHz is about how long it is, which bounds how long ffmpeg may
    take. In bounded memory but for 2 bytes of every 10 ms. Raises `ArtefactBroken` if it cannot be decoded.
    """
    peaks = PeaksMeter(RATE)
    result = decoded_run(
        ffmpeg,
        inputs=source_input(path, demuxer_of(path)),
        chain=f"aformat=sample_fmts=fltp,pan=mono|c0=c0,aresample={RATE}",
        rate=RATE,
        timeout_s=ample_time(samples),
        sink=peaks.feed,
    )
    if result.status or not result.samples:
        raise ArtefactBroken(f"It does not decode: {result.complaints[-200:] or 'no sound'}")
    peaks.write(made)
