"""Segments: their creation, their description, and who lets them on the air."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from app.awaited.service import place_of
from app.database import id_of
from app.errors import Conflict, Invalid
from app.events.service import emit
from app.jobs.service import enqueue
from app.journal.service import record
from app.library import cuts
from app.library.description import Description, check_window, clean_place
from app.library.models import HEARD, Segment, SegmentKind, SegmentState
from app.library.receive import Received
from app.records import find, referred, require_revision
from app.station.models import Station
from schedules.said import say


class WrongState(Conflict):
    """The segment is not in a state in which this can be done."""

    code = "wrong-state"


class NeedsAnother(Conflict):
    """At this station somebody else than who uploaded or edited a recording lets it on the air."""

    code = "needs-another-person"


class StaleCut(Conflict):
    """Somebody has edited the segment since the cut that is spoken of."""

    code = "stale"


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
    "reject": (frozenset({SegmentState.draft}), SegmentState.rejected),
    "submit": (frozenset({SegmentState.rejected}), SegmentState.draft),
    "retire": (HEARD, SegmentState.retired),
    "recall": (HEARD | {SegmentState.retired}, SegmentState.recalled),
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
    said = {field.name: getattr(description, field.name) for field in fields(description)}
    said["tags"] = list(description.tags)
    segment = Segment(
        **{name: value for name, value in said.items() if name in Segment.model_fields},
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


def require_place(session: Session, description: Description) -> Description:
    """The description with what it is awaited as, where it names an airing and an element instead. Raises Invalid."""
    if description.airing_id is None:
        return description
    name, on = place_of(session, description.airing_id, description.element or "")
    return replace(description, awaited_as=name, awaited_on=on)


def accept_upload(
    session: Session, received: Received, description: Description, *, person_id: int, now: datetime
) -> Segment:
    """A segment for a received file, and the job that will ingest it.

    Raises:
        Invalid: the airing that it is said to be for is not there, or awaits no such thing.
    """
    description = require_place(session, description)
    original = Original(received.name, received.sha256, received.bytes)
    segment = create(session, description, original, "segment.uploaded", person_id=person_id, now=now)
    payload = {"segment_id": segment.id, "file": received.path.name}
    job = enqueue(session, "ingest", f"ingest:{segment.id}", payload, now)
    job.urgent = segment.awaited_as is not None
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
    cuts.first_cut(session, segment, now=now)
    _save(session, segment, "segment.ingested", person_id=None, now=now)
    if approve_by is not None and not _needs_another(session, segment, approve_by):
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
    segment.approved_cut = cuts.first_cut(session, segment, now=now).number
    record(session, "segment.spoken", at=now, person_id=None, subject_id=segment.id)
    emit(session, "segment", segment.id, segment.state, at=now)
    return segment


def refuse(session: Session, segment_id: int, problem: dict[str, Any], *, now: datetime) -> None:
    """Turn away what could not be ingested; ``problem`` is the problem document that people will read."""
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
    return find(session, Segment, segment_id, "segment")


def named(session: Session, segment_id: int, field: str) -> Segment:
    """The segment that a body's field names.

    Raises:
        Invalid: there is none with this id, or it was spoken for single airings and is true of no other.
    """
    segment = referred(session, Segment, segment_id, "segment", field)
    if segment.spoken_key is not None:
        raise Invalid(
            say(
                "wrong-spoken",
                "segment {segment_id} was spoken for an airing and is true of that one only: use a spoken element",
                segment_id=segment_id,
            ),
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
    cut: int | None = None,
    **details: Any,
) -> Segment:
    """Take one of `STEPS` with a segment. ``cut`` is the one that was listened to; ``details`` go into the journal.

    Raises:
        NotFound, StaleRevision: as `change`.
        WrongState: the state machine has no such step from here.
        StaleCut: ``cut`` is not the newest any more.
        StillCutting: the cut that would be approved is not there yet.
        NeedsAnother: whoever made it may not approve it.
    """
    segment = _current(session, segment_id, if_match)
    if cut is not None and cut != segment.cut:
        raise StaleCut(
            say(
                "segment-newer-cut",
                "the newest cut of segment {segment_id} is {newest}, and you listened to {heard}: listen again",
                segment_id=segment_id,
                newest=segment.cut,
                heard=cut,
            )
        )
    origins, target = STEPS[step]
    if segment.state not in origins:
        wanted = " or ".join(sorted(origins))
        raise WrongState(
            say(
                "segment-wrong-state",
                "segment {segment_id} is {state}; only one that is {wanted} can be {target}",
                segment_id=segment_id,
                state=segment.state,
                wanted=wanted,
                target=target,
            )
        )
    _check_step(session, segment, step, person_id)
    segment.state = target
    if target is SegmentState.approved:
        cuts.approve_cut(session, segment, person_id=person_id, now=now)
        if segment.approved_at is None:  # a word that was cut out later makes no news of it
            segment.approved_at, segment.approved_by = now, person_id
    _save(session, segment, f"segment.{target}", person_id=person_id, now=now, **details)
    return segment


def turn_down(
    session: Session, segment_id: int, reason: str, *, if_match: int | None, person_id: int, now: datetime
) -> Segment:
    """Send a draft back to who made it; ``reason`` is what they read. What was approved before may air on.

    Raises as `take_step`.
    """
    segment = take_step(
        session, segment_id, "reject", if_match=if_match, person_id=person_id, now=now, reason=reason
    )
    segment.problem = {
        "type": "urn:danpa:problem:turned-down",
        "title": "Turned down",
        "status": 409,
        "detail": reason,
    }
    return segment


def edit(
    session: Session,
    segment_id: int,
    edits: dict[str, Any],
    *,
    if_match: int | None,
    person_id: int,
    now: datetime,
) -> Segment:
    """Give a segment these edits; it is a draft until somebody approves what they make, unless somebody did before.

    Raises:
        NotFound, StaleRevision: as `change`.
        Conflict, BadEdits: as `app.library.cuts.take_edits`.
    """
    segment = _current(session, segment_id, if_match)
    cut = cuts.take_edits(session, segment, edits, person_id=person_id, now=now)
    _save(session, segment, "segment.edited", person_id=person_id, now=now, cut=cut.number, edits=cut.edits)
    return segment


def _check_step(session: Session, segment: Segment, step: str, person_id: int) -> None:
    """Raises NeedsAnother; WrongState where a step needs audio that is not there."""
    if step == "approve" and _needs_another(session, segment, person_id):
        raise NeedsAnother(
            say(
                "segment-needs-another",
                "you uploaded or edited segment {segment_id}: at this station somebody else approves it",
                segment_id=id_of(segment),
            )
        )
    if segment.state == SegmentState.rejected and segment.master_sha256 is None:
        raise WrongState(
            say(
                "segment-no-audio",
                "segment {segment_id} has no audio: upload the recording again",
                segment_id=id_of(segment),
            )
        )
    if step == "retire" and segment.approved_cut is None:
        raise WrongState(
            say(
                "segment-not-on-air",
                "segment {segment_id} is not on the air: reject it, or leave it a draft",
                segment_id=id_of(segment),
            )
        )
    if step == "submit":
        segment.problem = None


def _needs_another(session: Session, segment: Segment, person_id: int) -> bool:
    return session.get_one(Station, 1).approved_by_another and person_id in cuts.editors_of(session, segment)


def _current(session: Session, segment_id: int, if_match: int | None) -> Segment:
    segment = get(session, segment_id)
    require_revision(segment, if_match)
    return segment


def _save(
    session: Session, segment: Segment, action: str, *, person_id: int | None, now: datetime, **details: Any
) -> None:
    assert segment.id is not None
    segment.revision += 1
    session.add(segment)
    record(session, action, at=now, person_id=person_id, subject_id=segment.id, **details)
    emit(session, "segment", segment.id, segment.state, at=now)
