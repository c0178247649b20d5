"""The fingerprint of a master that is there already: those that were made before there were fingerprints."""

from __future__ import annotations

from pathlib import Path

from audio.decoding import decoded_run
from audio.errors import ArtefactBroken
from audio.ffmpeg import ample_time, own_input
from audio.fingerprint import Fingerprint, FingerprintMeter
from audio.flac import flac_samples
from audio.pcm import RATE


def fingerprint_of(master: Path, *, ffmpeg: Path) -> Fingerprint:
    """Decode a master and listen to it, as ingest does. An hour takes about 5 s.

    Raises `ArtefactBroken` if it is no whole FLAC file, or `EncodeFailed` where it takes too long.
    """
    meter = FingerprintMeter()
    samples = flac_samples(master)
    result = decoded_run(
        ffmpeg,
        inputs=own_input(master, "flac"),
        chain="anull",
        rate=RATE,
        timeout_s=ample_time(samples),
        sink=meter.feed,
    )
    if result.status or result.samples != samples:
        raise ArtefactBroken(f"{result.samples} of {samples} samples: {result.complaints[-200:]}")
    return meter.finish()
