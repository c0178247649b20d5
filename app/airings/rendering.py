"""The render job: a rundown and the masters go in, one artefact comes out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from app.airings.models import RundownVersion
from app.database import reading
from app.library.models import Segment
from app.settings import Settings
from app.station.interval_signal import ensure_interval_signal
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from audio.ingest import Master
from audio.profile import Encoding, Profile
from audio.render import Piece, render
from schedules.rundown import Item, Rundown, SegmentSource


def run_render(engine: Engine, settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    """Render one rundown for one recipe.

    Payload: ``rundown_id``, ``encoding`` and ``profile`` as their fields. Result: the fields of an ``Artefact`` row.
    Rendering again gives the same bytes under the same name, so a job that died may simply run again.
    """
    with reading(engine) as session:
        rundown = Rundown.from_json(session.get_one(RundownVersion, payload["rundown_id"]).body)
        ids = rundown.segment_ids()
        loudness: dict[int, float | None] = dict(
            session.exec(select(Segment.id, Segment.loudness_lufs).where(col(Segment.id).in_(ids))).all()  # type: ignore[arg-type]
        )
    encoding, profile = Encoding(**payload["encoding"]), Profile(**payload["profile"])
    blobs = Blobs(settings.blobs_dir)
    signal = ensure_interval_signal(engine, settings)
    artefact = render(
        [_piece(item, blobs, loudness, signal) for item in rundown.items],
        rundown.target_samples,
        profile=profile,
        encoding=encoding,
        destination_dir=settings.incoming_dir,
        cache_dir=settings.cache_dir,
        ffmpeg=find_ffmpeg(settings.ffmpeg),
    )
    blobs.adopt(artefact.path, "artefacts", artefact.sha256, f".{encoding.extension}")
    return {
        "sha256": artefact.sha256,
        "extension": encoding.extension,
        "media_type": encoding.media_type,
        "bytes": artefact.bytes,
        "samples": artefact.samples,
        "sample_rate": artefact.sample_rate,
        "frames": artefact.frames,
        "loudness_lufs": artefact.loudness_lufs,
        "peak_dbtp": artefact.peak_dbtp,
        "joins": list(artefact.joins),
    }


def _piece(item: Item, blobs: Blobs, loudness: dict[int, float | None], signal: Master) -> Piece:
    """A rundown's item as the audio room takes it."""
    if isinstance(item.source, SegmentSource):
        sha256, level, loop = item.source.master_sha256, loudness.get(item.source.segment_id), False
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
    )
