"""The waveform of an airing's audio: drawn when somebody first looks, kept as long as the cache has room."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from app.airings.models import Artefact
from app.library.waveform import Waveform, read_waveform
from app.settings import Settings
from audio.drawing import draw
from audio.ffmpeg import find_ffmpeg
from audio.files import scratch
from audio.pcm import RATE

_ONE_AT_A_TIME = Lock()
"""An hour takes a processor some seconds: however many look, the station keeps the other one."""


def read_airing_waveform(
    settings: Settings,
    artefact: Artefact,
    audio: Path,
    points: int,
    first_sample: int,
    end_sample: int | None,
) -> Waveform:
    """At most ``points`` pairs of what an artefact sounds like, of all of it or of a part, in samples at 48 kHz.

    Raises AudioError where its file cannot be decoded.
    """
    kept = settings.cache_dir / f"{artefact.sha256}.peaks"

    def read() -> Waveform:
        os.utime(kept)  # the least recently used go first
        return read_waveform(kept, points, first_sample, end_sample)

    try:
        return read()
    except (FileNotFoundError, ValueError):
        with _ONE_AT_A_TIME:
            try:
                return read()  # made while we waited
            except (FileNotFoundError, ValueError):
                _draw(settings, artefact, audio, kept)
        return read()


def _draw(settings: Settings, artefact: Artefact, audio: Path, kept: Path) -> None:
    with scratch(settings.cache_dir) as workshop:
        made = workshop / "made.peaks"
        samples = artefact.samples * RATE // artefact.sample_rate
        draw(audio, made, find_ffmpeg(settings.ffmpeg), samples=samples)
        made.replace(kept)
