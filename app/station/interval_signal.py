"""The station's interval signal: synthesised once, kept as a master, made again if it is ever gone."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from app.database import reading, writing
from app.settings import Settings
from app.station.models import Station
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from audio.ingest import Master
from audio.interval import synthesise_interval_signal


def ensure_interval_signal(engine: Engine, settings: Settings) -> Master:
    """The interval signal's master. It is the end of every chain, so it is never taken for granted.

    Synthesis is deterministic and takes a fraction of a second, so the measurements need not be stored.
    """
    blobs = Blobs(settings.blobs_dir)
    with tempfile.TemporaryDirectory(dir=settings.incoming_dir) as scratch:
        master = synthesise_interval_signal(Path(scratch), ffmpeg=find_ffmpeg(settings.ffmpeg))
        master = replace(master, path=blobs.adopt(master.path, "masters", master.sha256, ".flac"))
    with reading(engine) as session:
        known = session.get_one(Station, 1).interval_signal_sha256
    if known != master.sha256:
        with writing(engine) as session:
            station = session.get_one(Station, 1)
            station.interval_signal_sha256, station.interval_signal_samples = master.sha256, master.samples
            session.add(station)
    return master
