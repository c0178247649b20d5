"""The ingest job: an upload becomes a master with its measurements, or is rejected in words.

Every step may be the last one of a killed process, and the job then runs again from the start: the source is wherever
the earlier run left it (incoming, or already among the originals), blobs are named by their content, and the segment
leaves ``processing`` in one transaction.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.database import reading, writing
from app.errors import DanpaError, NotFound
from app.library import service
from app.library.fingerprints import adopt_fingerprint, keep_fingerprint
from app.library.models import Segment, SegmentState
from app.library.service import Measurements
from app.processes import Clock, utcnow
from app.settings import Settings
from app.storage import Blobs, keeping_blobs, require_space, sha256_of
from app.web.problems import problem_of
from audio.errors import AudioError
from audio.ffmpeg import find_ffmpeg
from audio.ingest import IngestLimits, Master, ingest
from audio.pcm import RATE

KEPT_SILENCE = RATE // 20
"""50 ms: what stays of the silence before and after, so that a breath is not cut off."""


def run_ingest(
    engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock = utcnow
) -> dict[str, Any]:
    """Ingest one segment. Result: ``segment_id``, ``state``, ``same_audio_as`` (earlier segments), ``problem``.

    Payload: ``segment_id``; ``file``, its name in the incoming folder; ``within``, the samples of it that are to be
    played, where not all are; and ``approve_by``, the id of the person who
    has it approved on arrival, where somebody has.

    Raises:
        Exception: what nobody foresaw, after the segment was rejected with a problem document that says so.
    """
    segment_id: int = payload["segment_id"]
    incoming = settings.incoming_dir / payload["file"]
    workshop = settings.incoming_dir / f"{incoming.stem}.work"
    with reading(engine) as session:
        segment = service.get(session, segment_id)
    try:
        if segment.state == SegmentState.processing:
            _make(
                engine,
                settings,
                segment,
                incoming,
                workshop,
                approve_by=payload.get("approve_by"),
                within=payload.get("within"),
                clock=clock,
            )
    except (AudioError, DanpaError) as error:
        _reject(engine, segment_id, error, clock)
    except Exception as error:
        _reject(engine, segment_id, error, clock)
        raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    incoming.unlink(missing_ok=True)  # only now: the segment no longer needs it
    return _result(engine, segment_id)


def cues(samples: int, leading_silence: int, trailing_silence: int) -> tuple[int, int]:
    """What is played of a master, as ``[cue_in, cue_out)`` in samples: without its silent ends but for 50 ms."""
    return max(0, leading_silence - KEPT_SILENCE), min(samples, samples - trailing_silence + KEPT_SILENCE)


def _make(
    engine: Engine,
    settings: Settings,
    segment: Segment,
    incoming: Path,
    workshop: Path,
    *,
    approve_by: int | None,
    within: Sequence[int] | None,
    clock: Clock,
) -> None:
    blobs = Blobs(settings.blobs_dir)
    assert segment.id is not None
    assert segment.original_sha256 is not None
    original = blobs.path("originals", segment.original_sha256)
    source = incoming if incoming.exists() else original
    if not source.exists():
        raise NotFound("the recording is no longer here: upload it again")
    require_space(settings)
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    limits = IngestLimits(max_duration_s=settings.segment_limit_s)
    master = ingest(source, workshop, ffmpeg=find_ffmpeg(settings.ffmpeg), limits=limits)
    measurements = _cut_to(measurements_of(master), within)
    with keeping_blobs(settings):
        if source is incoming:
            blobs.adopt(incoming, "originals", segment.original_sha256)
        blobs.adopt(master.path, "masters", master.sha256, ".flac")
        blobs.adopt(master.peaks_path, "peaks", measurements.peaks_sha256, ".peaks")
        assert master.fingerprint_path is not None
        made = adopt_fingerprint(blobs, master.fingerprint_path)
        with writing(engine) as session:
            service.finish_ingest(session, segment.id, measurements, approve_by=approve_by, now=clock())
            keep_fingerprint(session, segment.id, made)


def _cut_to(measured: Measurements, within: Sequence[int] | None) -> Measurements:
    """With its cues inside ``[first, end)`` samples of the recording; all of it where nothing of it lies there."""
    if within is None:
        return measured
    cue_in, cue_out = max(measured.cue_in, within[0]), min(measured.cue_out, within[1])
    return replace(measured, cue_in=cue_in, cue_out=cue_out) if cue_in < cue_out else measured


def measurements_of(master: Master) -> Measurements:
    """What a segment knows of its master."""
    cue_in, cue_out = cues(master.samples, master.leading_silence_samples, master.trailing_silence_samples)
    return Measurements(
        master_sha256=master.sha256,
        samples=master.samples,
        cue_in=cue_in,
        cue_out=cue_out,
        loudness_lufs=master.loudness_lufs,
        peak_dbtp=master.peak_dbtp,
        leading_silence_samples=master.leading_silence_samples,
        trailing_silence_samples=master.trailing_silence_samples,
        silences=[[start, end] for start, end in master.silences],
        clipped_samples=master.clipped_samples,
        damaged=master.damaged,
        peaks_sha256=sha256_of(master.peaks_path),
    )


def _reject(engine: Engine, segment_id: int, error: Exception, clock: Clock) -> None:
    with writing(engine) as session:
        service.refuse(session, segment_id, problem_of(error), now=clock())


def _result(engine: Engine, segment_id: int) -> dict[str, Any]:
    with reading(engine) as session:
        segment = service.get(session, segment_id)
        return {
            "segment_id": segment_id,
            "state": segment.state,
            "same_audio_as": service.same_audio_as(session, segment),
            "problem": segment.problem,
        }
