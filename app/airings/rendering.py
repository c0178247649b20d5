"""The render job: a rundown and the masters go in, one artefact comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlmodel import col, select

from app.airings.carriage import Wishes
from app.airings.models import Airing, RundownVersion
from app.database import reading
from app.jobs.progress import reporting
from app.library.models import Cut
from app.settings import Settings
from app.station.interval_signal import ensure_interval_signal
from app.storage import Blobs
from audio.errors import AudioError
from audio.espeak import ENGLISH, find_espeak
from audio.excerpt import Excerpt
from audio.ffmpeg import find_ffmpeg
from audio.files import scratch
from audio.ingest import Master
from audio.lead_in import LeadIn
from audio.pcm import RATE
from audio.profile import Encoding, Profile
from audio.render import Artefact, Piece, render
from audio.speaking import Utterance, speak
from schedules.announcing.slate import slate
from schedules.rundown import Item, Rundown, SegmentSource

log = structlog.get_logger()


def run_render(engine: Engine, settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    """Render one rundown for one recipe.

    Payload: ``rundown_id``; ``encoding`` and ``profile``, and what jobs from before they were known lack, ``lead_in`` and
    ``excerpt``, as their fields. Result: the fields of an ``Artefact`` row.
    Rendering again gives the same bytes under the same name, so a job that died may simply run again.
    """
    with reading(engine) as session:
        version = session.get_one(RundownVersion, payload["rundown_id"])
    wanted = Wishes(
        Encoding(**payload["encoding"]),
        Profile(**payload["profile"]),
        LeadIn(**payload.get("lead_in", {})),
        Excerpt(**payload.get("excerpt", {})),
    )
    with reporting(settings, "render", "airing", version.airing_id) as progress:
        artefact = render_version(engine, settings, version, wanted, settings.incoming_dir, progress)
    if artefact.doubt:
        log.warning("kept frames were not used", rundown=version.id, why=artefact.doubt)
    log.info("rendered", rundown=version.id, frames=artefact.frames, encoded=artefact.encoded_frames)
    blobs = Blobs(settings.blobs_dir)
    blobs.adopt(artefact.path, "artefacts", artefact.sha256, f".{wanted.encoding.extension}")
    return {
        "sha256": artefact.sha256,
        "extension": wanted.encoding.extension,
        "media_type": wanted.encoding.media_type,
        "bytes": artefact.bytes,
        "samples": artefact.samples,
        "sample_rate": artefact.sample_rate,
        "frames": artefact.frames,
        "loudness_lufs": artefact.loudness_lufs,
        "peak_dbtp": artefact.peak_dbtp,
        "joins": list(artefact.joins),
    }


def render_version(
    engine: Engine,
    settings: Settings,
    version: RundownVersion,
    wanted: Wishes,
    folder: Path,
    progress: Callable[[float], None],
) -> Artefact:
    """One version of a rundown as a file in a folder. Raises AudioError."""
    rundown = Rundown.from_json(version.body)
    ids = rundown.segment_ids()
    with reading(engine) as session:
        cuts = session.exec(select(Cut).where(col(Cut.segment_id).in_(ids))).all()
        levels = {(cut.segment_id, cut.number): (cut.loudness_lufs, cut.gain_db) for cut in cuts}
    blobs = Blobs(settings.blobs_dir)
    signal = ensure_interval_signal(engine, settings)
    with scratch(folder) as workshop:
        return render(
            [_piece(item, blobs, levels, signal) for item in rundown.items],
            rundown.target_samples,
            profile=wanted.profile,
            encoding=wanted.encoding,
            lead_in=wanted.lead_in,
            words=_words(engine, settings, version, wanted.lead_in, workshop),
            excerpt=wanted.excerpt,
            destination_dir=folder,
            cache_dir=settings.cache_dir,
            ffmpeg=find_ffmpeg(settings.ffmpeg),
            progress=progress,
        )


def _words(
    engine: Engine, settings: Settings, version: RundownVersion, lead_in: LeadIn, folder: Path
) -> Master | None:
    """What is spoken before the programme. Where it cannot be, its place stays silent: no programme is kept off the air for it."""
    if not lead_in.spoken:
        return None
    with reading(engine) as session:
        starts_at = session.get_one(Airing, version.airing_id).starts_at
    text = slate(lead_in.spoken, starts_at, version=version.version)
    try:
        ffmpeg, espeak = find_ffmpeg(settings.ffmpeg), find_espeak(settings.espeak)
        words = speak([Utterance(text)], folder, ffmpeg=ffmpeg, espeak=espeak, voice=ENGLISH)
    except AudioError as error:
        log.warning("nothing is spoken before the programme", rundown=version.id, why=str(error))
        return None
    if words.samples > lead_in.spoken_samples:
        log.warning(
            "what is spoken is longer than its place", rundown=version.id, seconds=words.samples / RATE
        )
        return None
    return words


_Levels = Mapping[tuple[int, int], tuple[float | None, float]]
"""By segment and cut: its loudness, and how much louder than the others it is to be."""


def _piece(item: Item, blobs: Blobs, levels: _Levels, signal: Master) -> Piece:
    """A rundown's item as the audio room takes it."""
    gain_db = 0.0
    if isinstance(item.source, SegmentSource):
        sha256, loop = item.source.master_sha256, False
        level, gain_db = levels.get((item.source.segment_id, item.source.cut), (None, 0.0))
        path = blobs.path("masters", sha256, ".flac")
    else:
        sha256, level, loop, path = signal.sha256, signal.loudness_lufs, True, signal.path
    return Piece(
        master=path,
        master_sha256=sha256,
        start_sample=item.start_sample,
        samples=item.samples,
        first_sample=item.first_sample,
        loudness_lufs=level,
        fade_in_samples=item.fade_in_samples,
        fade_out_samples=item.fade_out_samples,
        loop=loop,
        gain_db=gain_db,
    )
