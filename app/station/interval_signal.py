"""The station's interval signal: synthesised once, kept as a master, made again if it is ever gone."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from sqlalchemy import Engine

from app.database import reading, writing
from app.settings import Settings
from app.station.models import Station
from app.storage import Blobs, write_atomically
from audio.ffmpeg import find_ffmpeg
from audio.ingest import Master
from audio.interval import INTERVAL_SIGNAL_VERSION, synthesise_interval_signal

_PATHS = ("path", "peaks_path", "fingerprint_path")


def ensure_interval_signal(engine: Engine, settings: Settings) -> Master:
    """The interval signal's master. It is the end of every chain, so it is never taken for granted.

    Synthesis is deterministic and takes a fraction of a second. What was measured of it then lies in the cache, which a
    re-render within a second can spare; without it the signal is made again.
    """
    with reading(engine) as session:
        known = session.get_one(Station, 1).interval_signal_sha256
    master = _kept(settings)
    if master is not None and master.sha256 == known:
        return master
    master = _synthesised(settings)
    if known != master.sha256:
        with writing(engine) as session:
            station = session.get_one(Station, 1)
            station.interval_signal_sha256, station.interval_signal_samples = master.sha256, master.samples
            session.add(station)
    return master


def _figures(settings: Settings) -> Path:
    return settings.cache_dir / f"interval-signal-{INTERVAL_SIGNAL_VERSION}.json"


def _kept(settings: Settings) -> Master | None:
    """The master as it was measured, if it is where it was put and as long as it was."""
    try:
        fields = json.loads(_figures(settings).read_bytes())
        size = fields.pop("bytes")
        fields["silences"] = tuple((start, end) for start, end in fields["silences"])
        master = Master(**{**fields, **{name: Path(fields[name]) for name in _PATHS}})
        return master if master.path.stat().st_size == size else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _synthesised(settings: Settings) -> Master:
    blobs = Blobs(settings.blobs_dir)
    with tempfile.TemporaryDirectory(dir=settings.incoming_dir) as scratch:
        master = synthesise_interval_signal(Path(scratch), ffmpeg=find_ffmpeg(settings.ffmpeg))
        master = replace(master, path=blobs.adopt(master.path, "masters", master.sha256, ".flac"))
    fields = {**asdict(master), **{name: str(getattr(master, name)) for name in _PATHS}}
    written = json.dumps({**fields, "bytes": master.path.stat().st_size})
    with contextlib.suppress(OSError):  # a cache that cannot be written is no reason to be silent on the air
        write_atomically(_figures(settings), written.encode())
    return master
