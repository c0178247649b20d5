"""Segments: their creation, their description, and who lets them on the air."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from app.errors import Conflict, Invalid, NotFound, StaleRevision
from app.events.service import emit
from app.jobs.service import enqueue
from app.journal.service import record
from app.library.description import Description, check_window, clean_place
from app.library.models import Segment, SegmentKind, SegmentState
from app.library.receive import Received


class WrongState(Conflict):
    """The segment is not in a state in which this can be done."""

    code = "wrong-state"


@dataclass(frozen=True, slots=True)
class Original:
    """A recording as it arrived: its name for display, its hash and its size."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Measurements:
    """What ingest found out: fields of `Segment`, in samples of the master at 48 kHz."""

    master_sha256: str
    samples: int
    cue_in: int
    cue_out: int
    loudness_lufs: float | None
    peak_dbtp: float
    leading_silence_samples: int
    trailing_silence_samples: int
    silences: list[list[int]]
    clipped_samples: int
    damaged: bool
    peaks_sha256: str


FREQUENCIES_TOLD, ANNOUNCED = "주파수 안내", "방송 안내"
"""Titles of what is spoken for single airings."""

# Each step of DESIGN's state machine that a person takes: from where, and to where.
STEPS = {
    "approve": (frozenset({SegmentState.draft}), SegmentState.approved),
    "retire": (frozenset({SegmentState.approved}), SegmentState.retired),
    "recall": (
        frozenset({SegmentState.draft, SegmentState.approved, SegmentState.retired}),
        SegmentState.recalled,
    ),
}


def create(
    session: Session,
    description: Description,
    original: Original,
    action: str,
    *,
    person_id: int | None,
    now: datetime,
) -> Segment:
    """A new segment in ``processing``, with its journal entry (``action``) and its event."""
    segment = Segment(
        title=description.title,
        kind=description.kind,
        tags=list(description.tags),
        presenter=description.presenter,
        series=description.series,
        episode=description.episode,
        awaited_as=description.awaited_as,
        awaited_on=description.awaited_on,
        air_from=description.air_from,
        air_until=description.air_until,
        created_at=now,
        created_by=person_id,
        original_name=original.name or None,
        original_sha256=original.sha256,
        original_bytes=original.bytes,
    )
    session.add(segment)
    session.flush()
    assert segment.id is not None
    record(
        session,
        action,
        at=now,
        person_id=person_id,
        subject_id=segment.id,
        sha256=original.sha256,
        bytes=original.bytes,
    )
    emit(session, "segment", segment.id, segment.state, at=now)
    return segment


def accept_upload(
    session: Session, received: Received, description: Description, *, person_id: int, now: datetime
) -> Segment:
    """A segment for a received file, and the job that will ingest it."""
    original = Original(received.name, received.sha256, received.bytes)
    segment = create(session, description, original, "segment.uploaded", person_id=person_id, now=now)
    payload = {"segment_id": segment.id, "file": received.path.name}
    enqueue(session, "ingest", f"ingest:{segment.id}", payload, now)
    return segment


def finish_ingest(
    session: Session, segment_id: int, measurements: Measurements, *, approve_by: int | None, now: datetime
) -> None:
    """Give a segment its master: it becomes a draft, or is approved at once in that person's name."""
    segment = get(session, segment_id)
    if segment.state != SegmentState.processing:
        return
    for field, value in asdict(measurements).items():
        setattr(segment, field, value)
    segment.state = SegmentState.draft
    _save(session, segment, "segment.ingested", person_id=None, now=now)
    if approve_by is not None:
        take_step(session, segment_id, "approve", if_match=None, person_id=approve_by, now=now)


def keep_spoken(
    session: Session,
    key: str,
    template: Sequence[str],
    text: str,
    measurements: Measurements,
    *,
    now: datetime,
) -> Segment:
    """The segment of what Danpa spoke for single airings: the one that has this key, with its audio made anew, or a new one."""
    segment = session.exec(select(Segment).where(Segment.spoken_key == key)).one_or_none()
    if segment is None:
        segment = Segment(
            title=FREQUENCIES_TOLD if "frequencies" in template else ANNOUNCED,
            kind=SegmentKind.announcement,
            state=SegmentState.approved,
            created_at=now,
            approved_at=now,
            spoken_key=key,
            spoken={"template": list(template), "text": text},
        )
    for field, value in asdict(measurements).items():
        setattr(segment, field, value)
    session.add(segment)
    session.flush()
    assert segment.id is not None
    record(session, "segment.spoken", at=now, person_id=None, subject_id=segment.id)
    emit(session, "segment", segment.id, segment.state, at=now)
    return segment


def reject(session: Session, segment_id: int, problem: dict[str, Any], *, now: datetime) -> None:
    """Turn down what could not be ingested; ``problem`` is the problem document that people will read."""
    segment = get(session, segment_id)
    if segment.state != SegmentState.processing:
        return
    segment.state, segment.problem = SegmentState.rejected, problem
    _save(session, segment, "segment.rejected", person_id=None, now=now, problem=problem["type"])


def get(session: Session, segment_id: int) -> Segment:
    """One segment.

    Raises:
        NotFound: there is none with this id.
    """
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise NotFound(f"there is no segment {segment_id}")
    return segment


def named(session: Session, segment_id: int, field: str) -> Segment:
    """The segment that a body's field names.

    Raises:
        Invalid: there is none with this id, or it was spoken for single airings and is true of no other.
    """
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise Invalid(f"there is no segment {segment_id}", field=field)
    if segment.spoken_key is not None:
        raise Invalid(
            f"segment {segment_id} was spoken for an airing and is true of that one only: use a spoken element",
            field=field,
        )
    return segment


def same_audio_as(session: Session, segment: Segment) -> list[int]:
    """Ids of the earlier segments with the same audio: the same master, or while it is being made the same file."""
    same = [col(Segment.original_sha256) == segment.original_sha256]
    if segment.master_sha256 is not None:
        same.append(col(Segment.master_sha256) == segment.master_sha256)
    query = (
        select(Segment.id)
        .where(or_(*same), col(Segment.id) < segment.id, Segment.state != SegmentState.rejected)
        .order_by(col(Segment.id))
    )
    return [found for found in session.exec(query) if found is not None]


def change(
    session: Session,
    segment_id: int,
    changes: dict[str, Any],
    *,
    if_match: int | None,
    person_id: int,
    now: datetime,
) -> Segment:
    """Change what is said about a segment; ``changes`` holds fields of `Description`, already checked one by one.

    Raises:
        NotFound, StaleRevision: as `get`; somebody changed it since it was read.
        Invalid: it could never air.
    """
    segment = _current(session, segment_id, if_match)
    place = {field: getattr(segment, field) for field in ("series", "episode", "awaited_as", "awaited_on")}
    place |= {field: value for field, value in changes.items() if field in place}
    cleaned = clean_place(place["series"], place["episode"], place["awaited_as"], place["awaited_on"])
    changes = changes | {field: value for field, value in cleaned.items() if field in changes}
    changed = {field: value for field, value in changes.items() if getattr(segment, field) != value}
    for field, value in changed.items():
        setattr(segment, field, value)
    check_window(segment.air_from, segment.air_until)
    if changed:
        _save(session, segment, "segment.changed", person_id=person_id, now=now, fields=sorted(changed))
    return segment


def take_step(
    session: Session,
    segment_id: int,
    step: str,
    *,
    if_match: int | None,
    person_id: int,
    now: datetime,
    **details: Any,
) -> Segment:
    """Approve, retire or recall a segment. ``details`` go into the journal.

    Raises:
        NotFound, StaleRevision: as `change`.
        WrongState: the state machine has no such step from here.
    """
    segment = _current(session, segment_id, if_match)
    origins, target = STEPS[step]
    if segment.state not in origins:
        wanted = " or ".join(sorted(origins))
        raise WrongState(
            f"segment {segment_id} is {segment.state}; only one that is {wanted} can be {target}"
        )
    segment.state = target
    if target is SegmentState.approved:
        segment.approved_at, segment.approved_by = now, person_id
    _save(session, segment, f"segment.{target}", person_id=person_id, now=now, **details)
    return segment


def _current(session: Session, segment_id: int, if_match: int | None) -> Segment:
    segment = get(session, segment_id)
    if if_match is not None and if_match != segment.revision:
        raise StaleRevision(
            f"segment {segment_id} is at revision {segment.revision}, and you changed {if_match}: read it again"
        )
    return segment


def _save(
    session: Session, segment: Segment, action: str, *, person_id: int | None, now: datetime, **details: Any
) -> None:
    assert segment.id is not None
    segment.revision += 1
    session.add(segment)
    record(session, action, at=now, person_id=person_id, subject_id=segment.id, **details)
    emit(session, "segment", segment.id, segment.state, at=now)
