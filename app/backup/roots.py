"""Which blobs the database needs: the one list that garbage collection, backup and fsck go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from app.airings.models import Airing, Artefact, RundownVersion, StandIn
from app.library.models import Cut, Segment, SegmentState
from app.record.frozen import REPORTS, SUFFIX, frozen_reports
from app.settings import Settings
from app.station.models import Station
from schedules.snapshot import CLOSED

KINDS = ("originals", "masters", "peaks", "fingerprints", "artefacts", REPORTS)


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob that a row names."""

    kind: str
    sha256: str
    suffix: str = ""


def required(session: Session, settings: Settings, now: datetime) -> set[Blob]:
    """The blobs that must be there.

    That is the whole library (what was retired or recalled is still the record of what was aired; what was rejected
    has no audio), the interval signal, the artefacts of every open airing and of those closed not long ago, what stands in live,
    and every report that was frozen.
    """
    return {
        *_library(session),
        *_station(session),
        *_artefacts(session, settings, now),
        *(Blob(REPORTS, one.sha256, SUFFIX) for one in frozen_reports(session)),
    }


def arriving(session: Session) -> set[Blob]:
    """Originals of segments whose ingest has not ended: they lie here or still in the incoming folder."""
    query = select(Segment.original_sha256).where(Segment.state == SegmentState.processing)
    return {Blob("originals", sha256) for sha256 in session.exec(query) if sha256}


def _library(session: Session) -> Iterator[Blob]:
    query = select(
        Segment.original_sha256, Segment.master_sha256, Segment.peaks_sha256, Segment.fingerprint_sha256
    ).where(col(Segment.state) != SegmentState.processing, col(Segment.master_sha256).is_not(None))
    for original, master, peaks, fingerprint in session.exec(query):
        if fingerprint:
            yield Blob("fingerprints", fingerprint, ".print")
        if original:
            yield Blob("originals", original)
        yield from _sound(master, peaks)
    for master, peaks in session.exec(select(Cut.master_sha256, Cut.peaks_sha256)):
        yield from _sound(master, peaks)


def _sound(master: str | None, peaks: str | None) -> Iterator[Blob]:
    if master:
        yield Blob("masters", master, ".flac")
    if peaks:
        yield Blob("peaks", peaks, ".peaks")


def _station(session: Session) -> Iterator[Blob]:
    for sha256 in session.exec(select(Station.interval_signal_sha256)):
        if sha256:
            yield Blob("masters", sha256, ".flac")


def _artefacts(session: Session, settings: Settings, now: datetime) -> Iterator[Blob]:
    kept_since = now - timedelta(days=settings.keep_artefacts_days)
    query = (
        select(Artefact.sha256, Artefact.extension)
        .join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .where(or_(col(Airing.state).not_in(CLOSED), col(Airing.stops_at) >= kept_since))
    )
    for sha256, extension in session.exec(query):
        yield Blob("artefacts", sha256, f".{extension}")
    for sha256, extension in session.exec(select(StandIn.sha256, StandIn.extension)):
        yield Blob("artefacts", sha256, f".{extension}")
