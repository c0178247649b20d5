"""The end of a recording's keeping: who spoke has let the station keep it until a day, and no longer."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, delete, or_, select

from app.database import id_of
from app.events.service import emit
from app.journal.service import record
from app.library.models import HEARD, Cut, Segment, SegmentLandmark, SegmentState
from schedules.time import to_kst


def outlived(session: Session, now: datetime) -> list[int]:
    """The segments whose days of keeping are over and that are still here."""
    has_cut = select(Cut.id).where(Cut.segment_id == Segment.id, col(Cut.master_sha256).is_not(None)).exists()
    query = select(Segment.id).where(
        col(Segment.retain_until) < to_kst(now).date(),
        col(Segment.state) != SegmentState.processing,
        or_(col(Segment.master_sha256).is_not(None), col(Segment.script).is_not(None), has_cut),
    )
    return [segment_id for segment_id in session.exec(query).all() if segment_id is not None]


def erase(session: Session, segment_id: int, now: datetime) -> None:
    """Let go of a recording's audio and script: garbage collection removes the files within a day or two.

    What it is called and where it aired stays on the record. Programmes that were rendered with it are kept as long as any
    others (`keep_artefacts_days`), and what was backed up is in the backups.
    """
    segment = session.get_one(Segment, segment_id)
    if segment.state in HEARD and segment.master_sha256 is not None:
        segment.state = SegmentState.retired
    segment.master_sha256 = segment.peaks_sha256 = segment.fingerprint_sha256 = segment.script = None
    segment.revision += 1
    session.add(segment)
    session.exec(delete(SegmentLandmark).where(col(SegmentLandmark.segment_id) == segment_id))
    for cut in session.exec(select(Cut).where(Cut.segment_id == id_of(segment))).all():
        cut.master_sha256 = cut.peaks_sha256 = None
        session.add(cut)
    record(session, "segment.erased", at=now, person_id=None, subject_id=segment.id)
    emit(session, "segment", id_of(segment), segment.state, at=now)
