"""Notes on a segment, at the time at which they were heard, and where that is in its newest cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.approving.models import SegmentNote
from app.database import id_of
from app.errors import Invalid
from app.events.service import emit
from app.journal.service import record
from app.library import cuts
from app.library import service as library
from app.library.cuts import StillCutting
from app.library.models import Cut, CutState, Segment
from app.people.models import Person
from app.records import find
from audio.edits import Places
from schedules.said import Said, say


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note, who wrote it, and where it stands now. Samples are those of a cut's sound, as it is played."""

    id: int
    segment_id: int
    cut: int
    at_sample: int | None
    newest_cut: int
    at_newest_sample: int | None
    """None where that place was removed, or is not known: the newest cut could not be made."""
    text: str
    created_at: datetime
    created_by: int | None
    author: str | None
    resolved_at: datetime | None
    resolved_by: int | None


def add_note(
    session: Session,
    segment_id: int,
    text: str,
    *,
    cut: int | None,
    at_sample: int | None,
    person_id: int,
    now: datetime,
) -> SegmentNote:
    """Write a note about a cut, the newest where none is said; 0 is the recording as it came.

    Raises:
        NotFound: there is no such segment or cut.
        StillCutting: a place of what is not made yet.
        Invalid: the place is beyond its end.
    """
    segment = library.get(session, segment_id)
    number = segment.cut if cut is None else cut
    heard = cuts.find_cut(session, segment, number) if number else None
    if at_sample is not None:
        _check_place(segment, heard, at_sample)
    note = SegmentNote(
        segment_id=segment_id,
        cut=number,
        at_sample=at_sample,
        text=text,
        created_at=now,
        created_by=person_id,
    )
    session.add(note)
    session.flush()
    record(session, "segment.noted", at=now, person_id=person_id, subject_id=segment_id, note=note.id)
    emit(session, "segment", segment_id, segment.state, at=now)
    return note


def resolve_note(session: Session, note_id: int, *, person_id: int, now: datetime) -> SegmentNote:
    """Say that what a note wants is done. Raises NotFound; a repeat changes nothing."""
    note = find(session, SegmentNote, note_id, "note")
    if note.resolved_at is None:
        note.resolved_at, note.resolved_by = now, person_id
        session.add(note)
        segment = library.get(session, note.segment_id)
        record(
            session, "segment.note_resolved", at=now, person_id=person_id, subject_id=segment.id, note=note_id
        )
        emit(session, "segment", note.segment_id, segment.state, at=now)
    return note


def notes_of(session: Session, segment_id: int, *, only: int | None = None) -> list[NoteView]:
    """A segment's notes, the oldest first; ``only`` one of them. Raises NotFound for the segment."""
    segment = library.get(session, segment_id)
    query = (
        select(SegmentNote, Person.name)
        .join(Person, col(Person.id) == col(SegmentNote.created_by), isouter=True)
        .where(SegmentNote.segment_id == segment_id)
        .order_by(col(SegmentNote.id))
    )
    if only is not None:
        query = query.where(SegmentNote.id == only)
    rows = session.exec(query).all()
    by_number = {row.number: row for row in cuts.cuts_of(session, segment_id)} if rows else {}
    return [_view(segment, by_number, note, author) for note, author in rows]


def _view(segment: Segment, by_number: dict[int, Cut], note: SegmentNote, author: str | None) -> NoteView:
    newest = by_number.get(segment.cut)
    at_newest = None
    if note.at_sample is not None:
        at_newest = moved(segment, by_number.get(note.cut), newest, note.at_sample)
    return NoteView(
        id=id_of(note),
        segment_id=note.segment_id,
        cut=note.cut,
        at_sample=note.at_sample,
        newest_cut=segment.cut,
        at_newest_sample=at_newest,
        text=note.text,
        created_at=note.created_at,
        created_by=note.created_by,
        author=author,
        resolved_at=note.resolved_at,
        resolved_by=note.resolved_by,
    )


def moved(segment: Segment, old: Cut | None, new: Cut | None, at_sample: int) -> int | None:
    """Where a sample of one cut is heard in another; None (of a cut): the recording as it came.

    From the old cut to the master, and from there to the new one. None where it was removed, or there is no new one.
    """
    if old is not None and new is not None and old.number == new.number:
        return at_sample
    if new is not None and new.state == CutState.failed:
        return None
    master_at = at_sample if _is_whole(segment, old) else _places(segment, old).in_master(at_sample)
    if _is_whole(segment, new):
        return master_at
    places = _places(segment, new)
    there = places.in_cut(master_at)
    # Of what was removed it is where the sound goes on, and from there the way back leads elsewhere
    return there if places.in_master(there) == master_at else None


def _check_place(segment: Segment, cut: Cut | None, at_sample: int) -> None:
    samples = segment.samples if cut is None else cut.samples
    if samples is None or (cut is not None and cut.state != CutState.ready):
        raise StillCutting(
            say(
                "segment-note-early",
                "{recording} is not made: note it without a place, or wait a moment",
                recording=_called(segment, cut),
            )
        )
    if at_sample > samples:
        raise Invalid(
            say(
                "segment-note-outside",
                "the note is behind the end of {recording}, which is at {end_samples}: give a place within it",
                recording=_called(segment, cut),
                end_samples=samples,
            ),
            field="at_sample",
        )


def _called(segment: Segment, cut: Cut | None) -> Said:
    if cut is None:
        return say("segment-recording", "the recording of segment {segment_id}", segment_id=id_of(segment))
    return say("segment-cut", "cut {cut} of segment {segment_id}", cut=cut.number, segment_id=id_of(segment))


def _is_whole(segment: Segment, cut: Cut | None) -> bool:
    """Whether what is played is the recording's own master, its silent ends included: places are its own."""
    return cut is None or (cut.master_sha256 is not None and cut.master_sha256 == segment.master_sha256)


def _places(segment: Segment, cut: Cut | None) -> Places:
    return Places(cuts.edits_of(segment, cut.edits if cut else {}), segment.samples or 0)


def open_notes(session: Session, segment_ids: Sequence[int]) -> dict[int, int]:
    """How many notes of these segments nobody has resolved; those without any are left out."""
    rows = session.exec(
        select(SegmentNote.segment_id).where(
            col(SegmentNote.segment_id).in_(segment_ids), col(SegmentNote.resolved_at).is_(None)
        )
    ).all()
    counted: dict[int, int] = {}
    for segment_id in rows:
        counted[segment_id] = counted.get(segment_id, 0) + 1
    return counted
