"""What stands in live: stand-by, evergreen and interval signal, each made ready in every recipe that a live feed wants.

A live airing may fall back on them at any frame, so they lie ready as artefacts long before it, checked like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.air.armed import ArmedFile, Level
from app.air.models import AirRecord
from app.airings.carriage import Carriage, Wishes, carriages_of, readable_recipe, wishes
from app.airings.models import Airing, StandIn
from app.airings.programme import programme_of
from app.airings.requests import candidate_of
from app.database import id_of, reading, writing
from app.errors import Conflict
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.jobs.models import Job
from app.jobs.service import enqueue_again, start_again
from app.library.cuts import approved_cut_of
from app.library.models import Cut, Segment
from app.settings import Settings
from app.station.interval_signal import ensure_interval_signal
from app.station.models import Station
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from audio.pieces import Piece
from audio.profile import MP3_FRAME_SAMPLES, PROCESSING_VERSION, Encoding, Profile
from audio.render import render
from schedules.snapshot import CLOSED
from schedules.time import Span

log = structlog.get_logger()

LEAD_SAMPLES = 2 * MP3_FRAME_SAMPLES
"""A decoder's first two frames are poor: they are silent."""

AGAIN = timedelta(minutes=1)
"""What could not be made is tried again after so long."""

INTERVAL_SIGNAL = "interval_signal"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an airing's chain below the programme."""

    level: Level
    source: str
    segment_id: int | None = None


def live_feeds(carried: Sequence[Carriage]) -> list[Feed]:
    """The feeds of an airing that take it live and whose rows can be read, each once."""
    found = {
        feed.id: feed for one in carried for feed in one.feeds if is_live(feed) and readable_recipe(feed)
    }
    return list(found.values())


def chain_below(session: Session, airing: Airing) -> list[Step]:
    """What stands in for an airing, in order: what there is of stand-by and evergreen and may air then; the interval signal."""
    programme = programme_of(session, airing)
    station = session.get_one(Station, 1)
    steps: list[Step] = []
    span = Span(airing.starts_at, airing.stops_at)
    levels: tuple[tuple[Level, int | None], ...] = (
        ("standby", programme.standby_segment_id),
        ("evergreen", station.evergreen_segment_id),
    )
    for level, segment_id in levels:
        segment = session.get(Segment, segment_id) if segment_id is not None else None
        cut = approved_cut_of(session, segment) if segment is not None else None
        if segment is not None and cut is not None and _may_stand_in(segment, span):
            steps.append(Step(level, _source_of(cut), id_of(segment)))
    steps.append(Step("interval_signal", f"{INTERVAL_SIGNAL}:{station.interval_signal_sha256}"))
    return steps


def ready_chain(
    session: Session, blobs: Blobs, airing: Airing, recipe: str
) -> tuple[dict[Level, ArmedFile], bool]:
    """What is ready of an airing's chain in one recipe, and whether that is all of it."""
    steps = chain_below(session, airing)
    rows = session.exec(
        select(StandIn).where(
            StandIn.recipe == recipe, col(StandIn.source).in_([one.source for one in steps])
        )
    ).all()
    files = {row.source: file_of(blobs, row) for row in rows}
    found = {step.level: files[step.source] for step in steps if step.source in files}
    return found, len(found) == len(steps)


def file_of(blobs: Blobs, row: StandIn) -> ArmedFile:
    """Where a stand-in lies."""
    return ArmedFile(blobs.path("artefacts", row.sha256, f".{row.extension}"), row.sha256, row.bytes)


def keep_stand_ins(database: Engine, settings: Settings, now: datetime) -> None:
    """Have made what the open airings with live feeds need and there is not, and take what has been made."""
    blobs = Blobs(settings.blobs_dir)
    with reading(database) as session:
        missing = _missing(session, blobs)
        jobs = {key: session.exec(select(Job).where(Job.key == key)).one_or_none() for key in missing}
        known = set(session.exec(select(StandIn.source, StandIn.recipe)).all())
    wanted: dict[str, dict[str, Any]] = {}
    lost: list[Job] = []
    done: list[Job] = []
    for key, payload in missing.items():
        job = jobs[key]
        if job is None or (job.state == "failed" and (job.finished_at or now) + AGAIN <= now):
            wanted[key] = payload
        elif job.state == "done":
            # What is on record and not on the disk is made again: it comes out the same, under the same name
            (lost if (payload["source"], payload["recipe"]) in known else done).append(job)
    if not wanted and not lost and not done:
        return
    with writing(database) as session:
        for key, payload in wanted.items():
            enqueue_again(session, "stand_in", key, payload, now)
        for job in lost:
            log.warning("a stand-in is gone from the disk", segment=job.payload["segment_id"])
            start_again(session, session.get_one(Job, job.id), job.payload)
        for job in done:
            _take(session, job, now)


def _missing(session: Session, blobs: Blobs) -> dict[str, dict[str, Any]]:
    """By the key of the job that makes it, that job's payload."""
    rows = session.exec(select(StandIn)).all()
    there = {(row.source, row.recipe) for row in rows if file_of(blobs, row).path.exists()}
    found: dict[str, dict[str, Any]] = {}
    airings = session.exec(select(Airing).where(col(Airing.state).not_in(CLOSED))).all()
    carried = carriages_of(session, [(airing.slot_id, airing.starts_at.date()) for airing in airings])
    for airing in airings:
        feeds = live_feeds(carried[airing.slot_id, airing.starts_at.date()])
        for step in chain_below(session, airing) if feeds else ():
            for wanted in {wishes(feed) for feed in feeds}:
                if (step.source, wanted.recipe) not in there:
                    found[f"stand_in:{step.source}:{wanted.recipe}"] = {
                        "source": step.source,
                        "segment_id": step.segment_id,
                        "recipe": wanted.recipe,
                        "encoding": asdict(wanted.encoding),
                        "profile": asdict(wanted.profile),
                    }
    return found


def _take(session: Session, job: Job, now: datetime) -> None:
    known = select(StandIn).where(
        StandIn.source == job.payload["source"], StandIn.recipe == job.payload["recipe"]
    )
    if session.exec(known).one_or_none() is None:
        fields = {name: job.payload[name] for name in ("source", "segment_id", "recipe")}
        session.add(StandIn(**fields, **(job.result or {}), rendered_at=now))
        log.info("stand-in", segment=job.payload["segment_id"], recipe=job.payload["recipe"])


def run_stand_in(engine: Engine, settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    """The job: one segment, or the interval signal, as an artefact. Payload: as `_missing`; result: columns of `StandIn`."""
    wanted = Wishes(Encoding(**payload["encoding"]), Profile(**payload["profile"]))
    if payload["segment_id"] is None:
        piece, total = _signal_piece(engine, settings)
    else:
        with reading(engine) as session:
            segment = session.get_one(Segment, payload["segment_id"])
            cut = approved_cut_of(session, segment)
        if cut is None or _source_of(cut) != payload["source"]:
            raise Conflict(f"segment {segment.id} may not stand in any more, or plays something else by now")
        piece, total = _segment_piece(settings, segment, cut)
    artefact = render(
        [piece],
        total,
        profile=wanted.profile,
        encoding=wanted.encoding,
        destination_dir=settings.incoming_dir,
        cache_dir=settings.cache_dir,
        ffmpeg=find_ffmpeg(settings.ffmpeg),
    )
    extension = wanted.encoding.extension
    Blobs(settings.blobs_dir).adopt(artefact.path, "artefacts", artefact.sha256, f".{extension}")
    return {
        "sha256": artefact.sha256,
        "extension": extension,
        "bytes": artefact.bytes,
        "samples": artefact.samples,
        "sample_rate": artefact.sample_rate,
    }


def _segment_piece(settings: Settings, segment: Segment, cut: Cut) -> tuple[Piece, int]:
    """What is approved of a segment, and how long its artefact is: whole frames, with silence behind it."""
    candidate = candidate_of(segment, cut)
    piece = Piece(
        master=Blobs(settings.blobs_dir).path("masters", candidate.master_sha256, ".flac"),
        master_sha256=candidate.master_sha256,
        start_sample=LEAD_SAMPLES,
        samples=candidate.samples,
        first_sample=candidate.first_sample,
        loudness_lufs=cut.loudness_lufs,
        gain_db=cut.gain_db,
        fade_in_samples=0,
        fade_out_samples=0,
        loop=False,
    )
    return piece, -(-piece.end_sample // MP3_FRAME_SAMPLES) * MP3_FRAME_SAMPLES


def _signal_piece(engine: Engine, settings: Settings) -> tuple[Piece, int]:
    """The interval signal once, as long as it is: the silence that goes before it here it has at its end."""
    signal = ensure_interval_signal(engine, settings)
    piece = Piece(
        master=signal.path,
        master_sha256=signal.sha256,
        start_sample=LEAD_SAMPLES,
        samples=signal.samples - LEAD_SAMPLES,
        first_sample=0,
        loudness_lufs=signal.loudness_lufs,
        fade_in_samples=0,
        fade_out_samples=0,
        loop=False,
    )
    return piece, signal.samples // MP3_FRAME_SAMPLES * MP3_FRAME_SAMPLES


def _may_stand_in(segment: Segment, span: Span) -> bool:
    inside_from = segment.air_from is None or segment.air_from <= span.start
    until = segment.airs_until
    return inside_from and (until is None or until >= span.end)


def _source_of(cut: Cut) -> str:
    parts = (cut.master_sha256, cut.cue_in, cut.cue_out, cut.loudness_lufs, cut.gain_db, PROCESSING_VERSION)
    return ":".join(map(str, parts))


def forget_unused(session: Session, before: datetime) -> None:
    """Let go of stand-ins that no open airing names and that have not gone out since an instant."""
    wanted: set[str] = set()
    for airing in session.exec(select(Airing).where(col(Airing.state).not_in(CLOSED))).all():
        wanted |= {step.source for step in chain_below(session, airing)}
    for row in session.exec(select(StandIn).where(StandIn.rendered_at < before)).all():
        went_out = select(AirRecord.id).where(
            AirRecord.kind == "sent", AirRecord.at >= before, col(AirRecord.detail).contains(row.sha256[:12])
        )
        if row.source not in wanted and session.exec(went_out).first() is None:
            session.delete(row)
