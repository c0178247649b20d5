"""Cuts: what a producer's edits make of a segment's master, and which cut may air.

Edits never touch a master. Each set of them makes a cut, with a master of its own where it needs one; going back to edits
that were made before goes back to their cut, and to its approval. An approval is of a cut, so a change returns the segment
to draft; the cut that was approved last may air meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

from app.database import id_of, reading, writing
from app.errors import Conflict, DanpaError, NotFound
from app.events.service import emit
from app.jobs.progress import reporting
from app.jobs.service import enqueue, start_again
from app.journal.service import record
from app.library.models import Cut, CutState, Segment, SegmentState
from app.processes import Clock
from app.settings import Settings
from app.storage import Blobs, keeping_blobs, require_space, sha256_of
from app.web.problems import problem_of
from audio.cutting import cut as cut_sound
from audio.edits import Edits, check
from audio.edits_json import from_json, to_json
from audio.errors import AudioError
from audio.ffmpeg import find_ffmpeg
from schedules.said import say

GAIN = "gain_db"
"""The one edit that makes no new sound: everything is brought to one level, and this moves it from there."""

EDITABLE = frozenset({SegmentState.draft, SegmentState.approved, SegmentState.rejected})


class StillCutting(Conflict):
    """The cut that is meant is not made yet, or could not be made."""

    code = "still-cutting"


def first_cut(session: Session, segment: Segment, *, now: datetime) -> Cut:
    """The segment's own master, from cue to cue: what a recording is before anybody edits it. Made anew with its master."""
    made = _find(session, id_of(segment), 1) or Cut(
        segment_id=id_of(segment),
        number=1,
        edits={},
        edits_sha256=_digest({}),
        made_at=now,
        made_by=segment.created_by,
    )
    _play_own_master(segment, made)
    session.add(made)
    segment.cut, segment.played_samples = made.number, _played(made)
    return made


def cut_of(session: Session, segment: Segment) -> Cut | None:
    """The cut that people work on; None before there is a master."""
    return _find(session, id_of(segment), segment.cut)


def approved_cut_of(session: Session, segment: Segment) -> Cut | None:
    """The cut that airs; None where none may."""
    if segment.approved_cut is None or segment.state in (SegmentState.retired, SegmentState.recalled):
        return None
    return _find(session, id_of(segment), segment.approved_cut)


def find_cut(session: Session, segment: Segment, number: int | None) -> Cut:
    """One cut, the newest where no number is said. Raises NotFound."""
    found = _find(session, id_of(segment), segment.cut if number is None else number)
    if found is None:
        raise NotFound(
            f"segment {segment.id} has no cut {number}" if number else f"segment {segment.id} has no audio"
        )
    return found


def sound_of(session: Session, segment: Segment, number: int | None) -> Cut | Segment:
    """What is listened to: a cut; with 0, or where the newest is not made, the recording itself. Raises NotFound."""
    if number == 0:
        return segment
    cut = cut_of(session, segment) if number is None else find_cut(session, segment, number)
    return segment if cut is None or (number is None and cut.state != CutState.ready) else cut


def cuts_of(session: Session, segment_id: int) -> list[Cut]:
    """Every cut of a segment, the newest first."""
    query = select(Cut).where(Cut.segment_id == segment_id).order_by(col(Cut.number).desc())
    return list(session.exec(query).all())


def take_edits(
    session: Session, segment: Segment, edits: dict[str, Any], *, person_id: int, now: datetime
) -> Cut:
    """Give a segment these edits, as ``PUT /segments/{id}/edits`` has them; the caller saves the segment.

    The same edits as before give the same cut, approved or not; others a new one, which a worker makes.

    Raises:
        Conflict: the segment has no audio yet, or may not air any more.
        BadEdits: an edit is beyond the end, or nothing is left.
    """
    if segment.state not in EDITABLE or segment.samples is None:
        raise Conflict(
            say(
                "wrong-not-editable",
                "segment {segment_id} is {state}: only a recording that may air is edited",
                segment_id=id_of(segment),
                state=str(segment.state),
            )
        )
    gain_db = float(edits.get(GAIN) or 0.0)
    wanted = edits_of(segment, edits)
    check(wanted, segment.samples)
    is_whole = wanted == from_json(_with_ends(segment, {}))
    document = ({} if is_whole else to_json(wanted)) | ({GAIN: gain_db} if gain_db else {})
    found = _equal(session, segment, document)
    if found is None:
        found = _new(session, segment, document, gain_db, person_id, now)
    elif found.state in (CutState.failed, CutState.forgotten):
        found.state, found.problem = CutState.making, None
    session.add(found)
    if found.state == CutState.making:
        _have_made(session, found, now)
    segment.cut, segment.played_samples = found.number, _played(found) or segment.played_samples
    approved = found.number == segment.approved_cut
    segment.state = SegmentState.approved if approved else SegmentState.draft
    segment.problem = None
    return found


def edits_of(segment: Segment, document: Mapping[str, Any]) -> Edits:
    """A segment's edits as ``PUT /segments/{id}/edits`` or a cut has them, its ends filled in. Raises BadEdits."""
    return from_json(_with_ends(segment, {key: value for key, value in document.items() if key != GAIN}))


def approve_cut(session: Session, segment: Segment, *, person_id: int, now: datetime) -> None:
    """Let the newest cut air. Raises StillCutting."""
    cut = find_cut(session, segment, None)
    if cut.state != CutState.ready:
        raise StillCutting(
            say(
                "segment-cutting",
                "cut {cut} of segment {segment_id} is still being made: wait a moment",
                cut=cut.number,
                segment_id=id_of(segment),
            )
            if cut.state == CutState.making
            else say(
                "segment-not-cut",
                "cut {cut} of segment {segment_id} could not be made",
                cut=cut.number,
                segment_id=id_of(segment),
            )
        )
    cut.approved_at, cut.approved_by = now, person_id
    session.add(cut)
    segment.approved_cut = cut.number


def editors_of(session: Session, segment: Segment) -> set[int]:
    """Who uploaded the recording, and who made the cut that is to be approved."""
    cut = cut_of(session, segment)
    people = {segment.created_by, cut.made_by if cut else None}
    return {one for one in people if one is not None}


def run_cut(engine: Engine, settings: Settings, payload: dict[str, Any], *, clock: Clock) -> dict[str, Any]:
    """The job: make the master of a cut. Payload: ``segment_id``, ``cut``. Result: both, and the cut's ``state``.

    A killed run leaves a cut that is still being made; the job runs again.
    """
    segment_id, number = payload["segment_id"], payload["cut"]
    with reading(engine) as session:
        segment = session.get_one(Segment, segment_id)
        cut = find_cut(session, segment, number)
    if cut.state == CutState.making:
        try:
            _make(engine, settings, segment, cut, clock)
        except (AudioError, DanpaError, OSError) as error:
            _fail(engine, segment_id, number, error, clock())
            raise
    with reading(engine) as session:
        return {"segment_id": segment_id, "cut": number, "state": find_cut(session, segment, number).state}


def _make(engine: Engine, settings: Settings, segment: Segment, cut: Cut, clock: Clock) -> None:
    blobs = Blobs(settings.blobs_dir)
    source = blobs.path("masters", segment.master_sha256 or "", ".flac")
    if not source.exists():
        raise NotFound(f"the master of segment {segment.id} is gone: upload the recording again")
    require_space(settings)
    workshop = settings.incoming_dir / f"cut-{segment.id}-{cut.number}.work"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    try:
        wanted = from_json({key: value for key, value in cut.edits.items() if key != GAIN})
        with reporting(settings, "cut", "segment", id_of(segment)) as progress:
            made = cut_sound(
                source,
                segment.samples or 0,
                wanted,
                workshop,
                ffmpeg=find_ffmpeg(settings.ffmpeg),
                progress=progress,
            )
        master = made.master
        peaks_sha256 = sha256_of(master.peaks_path)
        with keeping_blobs(settings):
            blobs.adopt(master.path, "masters", master.sha256, ".flac")
            blobs.adopt(master.peaks_path, "peaks", peaks_sha256, ".peaks")
            with writing(engine) as session:
                here = session.get_one(Segment, segment.id)
                if here.master_sha256 is None:
                    raise NotFound(f"segment {segment.id} was erased meanwhile")
                row = find_cut(session, here, cut.number)
                row.master_sha256, row.samples = master.sha256, master.samples
                row.cue_in, row.cue_out = 0, master.samples
                row.loudness_lufs, row.peak_dbtp = master.loudness_lufs, master.peak_dbtp
                row.peaks_sha256, row.joins = peaks_sha256, list(made.joins)
                _settle(session, row, CutState.ready, clock())
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _fail(engine: Engine, segment_id: int, number: int, error: Exception, now: datetime) -> None:
    with writing(engine) as session:
        cut = find_cut(session, session.get_one(Segment, segment_id), number)
        cut.problem = problem_of(error)
        _settle(session, cut, CutState.failed, now)


def give_up_cut(
    session: Session, segment_id: int, number: int, problem: dict[str, Any], now: datetime
) -> None:
    """A cut whose job died too often is not made."""
    cut = find_cut(session, session.get_one(Segment, segment_id), number)
    if cut.state == CutState.making:
        cut.problem = problem
        _settle(session, cut, CutState.failed, now)


def forget_cuts(session: Session, before: datetime) -> None:
    """Let go of the sound of cuts that nobody works on and that may not air, of segments whose newest cut is older than that."""
    newer = aliased(Cut)
    newest = select(func.max(newer.made_at)).where(newer.segment_id == Segment.id).correlate(Segment)
    rows = session.exec(
        select(Cut)
        .join(Segment, col(Segment.id) == col(Cut.segment_id))
        .where(
            Cut.number > 1,
            Cut.number != Segment.cut,
            or_(col(Segment.approved_cut).is_(None), Cut.number != Segment.approved_cut),
            Cut.state == CutState.ready,
            newest.scalar_subquery() < before,
        )
    ).all()
    for cut in rows:
        if set(cut.edits) - {GAIN}:  # the others play their segment's own master
            cut.state = CutState.forgotten
            cut.master_sha256 = cut.peaks_sha256 = None
            session.add(cut)


def _have_made(session: Session, cut: Cut, now: datetime) -> None:
    """The job that makes it; again, where it was made before and forgotten, or could not be."""
    payload = {"segment_id": cut.segment_id, "cut": cut.number}
    job = enqueue(session, "cut", cut_job_key(cut.segment_id, cut.number), payload, now)
    if job.state in ("done", "failed"):
        start_again(session, job, payload)


def _settle(session: Session, cut: Cut, state: CutState, now: datetime) -> None:
    """A cut is made or is not; the segment that waits for it is read anew."""
    cut.state = state
    session.add(cut)
    segment = session.get_one(Segment, cut.segment_id)
    if segment.cut == cut.number and (played := _played(cut)) is not None:
        segment.played_samples = played
    segment.revision += 1
    session.add(segment)
    record(session, f"segment.cut_{state}", at=now, person_id=None, subject_id=segment.id, cut=cut.number)
    emit(session, "segment", cut.segment_id, segment.state, at=now)


def _new(
    session: Session,
    segment: Segment,
    document: dict[str, Any],
    gain_db: float,
    person_id: int,
    now: datetime,
) -> Cut:
    newest = session.exec(select(func.max(Cut.number)).where(Cut.segment_id == segment.id)).one()
    made = Cut(
        segment_id=id_of(segment),
        number=(newest or 0) + 1,
        edits=document,
        edits_sha256=_digest(document),
        gain_db=gain_db,
        made_at=now,
        made_by=person_id,
    )
    if not document.keys() - {GAIN}:
        _play_own_master(segment, made)
    return made


def _play_own_master(segment: Segment, cut: Cut) -> None:
    cut.state = CutState.ready
    cut.master_sha256, cut.samples = segment.master_sha256, segment.samples
    cut.cue_in, cut.cue_out = segment.cue_in, segment.cue_out
    cut.loudness_lufs, cut.peak_dbtp = segment.loudness_lufs, segment.peak_dbtp
    cut.peaks_sha256 = segment.peaks_sha256


def _with_ends(segment: Segment, sound: dict[str, Any]) -> dict[str, Any]:
    """Where nobody says where it begins and ends, it is without its silent ends, as without edits."""
    ends = {"first_sample": segment.cue_in or 0, "end_sample": segment.cue_out}
    return ends | {key: value for key, value in sound.items() if value is not None}


def _equal(session: Session, segment: Segment, document: dict[str, Any]) -> Cut | None:
    query = select(Cut).where(Cut.segment_id == segment.id, Cut.edits_sha256 == _digest(document))
    return session.exec(query.order_by(col(Cut.number).desc())).first()


def _find(session: Session, segment_id: int, number: int) -> Cut | None:
    return session.exec(select(Cut).where(Cut.segment_id == segment_id, Cut.number == number)).one_or_none()


def _played(cut: Cut) -> int | None:
    return None if cut.cue_in is None or cut.cue_out is None else cut.cue_out - cut.cue_in


def cut_job_key(segment_id: int, number: int) -> str:
    """The one job that makes a cut."""
    return f"cut:{segment_id}:{number}"


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
