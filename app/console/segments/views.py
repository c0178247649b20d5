"""A segment as its page shows it, and as its scripts read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.airings.outings import Outing, aired, planned
from app.airings.whereabouts import Place, stands_in_for, whereabouts
from app.approving.notes import NoteView, notes_of
from app.library import service
from app.library.cuts import EDITABLE, GAIN, cuts_of, editors_of
from app.library.finding import Heard, heard
from app.library.models import HEARD, Cut, CutState, Segment, SegmentState
from app.people.models import Person
from app.station.models import Station
from schedules.time import KST

AIRED_LISTED = 20


@dataclass(frozen=True, slots=True)
class CutView:
    """One cut, with the names of who made it and who approved it."""

    cut: Cut
    made_by: str | None
    approved_by: str | None

    @property
    def played_samples(self) -> int | None:
        if self.cut.cue_in is None or self.cut.cue_out is None:
            return None
        return self.cut.cue_out - self.cut.cue_in

    @property
    def is_whole(self) -> bool:
        """Whether it plays the recording's own master: places are its own."""
        return set(self.cut.edits) <= {GAIN}


@dataclass(frozen=True, slots=True)
class SegmentView:
    """``steps`` are those that may be taken now; ``own`` says that the reader may not approve what they made."""

    segment: Segment
    created_by: str | None
    cuts: tuple[CutView, ...]
    notes: tuple[NoteView, ...]
    heard: Heard
    aired: tuple[Outing, ...]
    planned: tuple[Outing, ...]
    whereabouts: tuple[Place, ...]
    stands_in_for: tuple[str, ...]
    same_audio_as: tuple[int, ...]
    steps: frozenset[str]
    own: bool

    @property
    def etag(self) -> str:
        return f'"{self.segment.revision}"'

    @property
    def newest(self) -> CutView | None:
        return next((each for each in self.cuts if each.cut.number == self.segment.cut), None)

    @property
    def for_scripts(self) -> dict[str, Any]:
        """What the scripts need to know: positions in samples of the master, or of the cut that they are of."""
        segment = self.segment
        return {
            "id": segment.id,
            "title": segment.title,
            "revision": segment.revision,
            "samples": segment.samples,
            "cue_in": segment.cue_in,
            "cue_out": segment.cue_out,
            "cut": segment.cut,
            "editable": segment.state in EDITABLE and segment.samples is not None,
            "cuts": [_cut_for_scripts(each) for each in self.cuts],
            "notes": [
                {"id": note.id, "cut": note.cut, "at": note.at_sample, "text": note.text}
                for note in self.notes
                if note.at_sample is not None and note.resolved_at is None
            ],
        }


def segment_view(session: Session, segment_id: int, person_id: int, now: datetime) -> SegmentView:
    """Everything about one segment. Raises NotFound."""
    segment = service.get(session, segment_id)
    cuts = cuts_of(session, segment_id)
    names = _names(session, segment, cuts)
    another = session.get_one(Station, 1).approved_by_another
    return SegmentView(
        segment=segment,
        created_by=names.get(segment.created_by),
        cuts=tuple(CutView(cut, names.get(cut.made_by), names.get(cut.approved_by)) for cut in cuts),
        notes=tuple(notes_of(session, segment_id)),
        heard=heard(session, segment_id),
        aired=tuple(aired(session, segment_id, after=None, limit=AIRED_LISTED)),
        planned=tuple(planned(session, segment_id, now)),
        # Every open rundown is read for it: where it lies matters once it must lie nowhere
        whereabouts=tuple(whereabouts(session, segment_id, now))
        if segment.state == SegmentState.recalled
        else (),
        stands_in_for=tuple(stands_in_for(session, segment_id)),
        same_audio_as=tuple(service.same_audio_as(session, segment)),
        steps=frozenset(_steps(segment, cuts)),
        own=another and person_id in editors_of(session, segment),
    )


def kst_field(instant: datetime | None) -> str:
    """An instant as a field of date and time holds it, in Korean time."""
    return "" if instant is None else f"{instant.astimezone(KST):%Y-%m-%dT%H:%M}"


def day_field(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _steps(segment: Segment, cuts: list[Cut]) -> set[str]:
    """Which of `app.library.service.STEPS` its page offers: those that would not be refused for what it is."""
    newest = next((cut for cut in cuts if cut.number == segment.cut), None)
    found = {step for step, (origins, _) in service.STEPS.items() if segment.state in origins}
    if newest is None or newest.state != CutState.ready:
        found.discard("approve")
    if segment.master_sha256 is None:
        found -= {"submit", "reject", "recall"}
    if segment.approved_cut is None or segment.state not in HEARD:
        found.discard("retire")
    return found


def _names(session: Session, segment: Segment, cuts: list[Cut]) -> dict[int | None, str]:
    ids = {segment.created_by, *(cut.made_by for cut in cuts), *(cut.approved_by for cut in cuts)} - {None}
    rows = session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all()
    return dict(rows)


def _cut_for_scripts(view: CutView) -> dict[str, Any]:
    cut = view.cut
    return {
        "number": cut.number,
        "state": cut.state,
        "edits": cut.edits,
        "whole": view.is_whole,
        "joins": cut.joins,
        "samples": cut.samples,
        "by": view.made_by,
        "problem": cut.problem and {name: cut.problem[name] for name in ("type", "detail")},
    }
