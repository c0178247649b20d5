"""The approval queue as its page shows it: all that waits, and the one of it that is listened to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.approving.notes import NoteView, notes_of
from app.approving.queue import Waiting, queue, waiting_count
from app.approving.sign_offs import Unsigned, unsigned
from app.library import service
from app.library.cuts import find_cut
from app.library.models import Cut, Segment

LISTED = 50
SIGNED_WITHIN = timedelta(hours=24)
"""Rundowns that begin later are compiled anew before anybody hears them."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The draft that is listened to."""

    waiting: Waiting
    segment: Segment
    cut: Cut
    notes: tuple[NoteView, ...]
    next_id: int | None
    """The draft after it; None where it is the only one."""

    @property
    def etag(self) -> str:
        return f'"{self.segment.revision}"'

    @property
    def for_scripts(self) -> dict[str, Any]:
        """Samples are those of the cut's sound."""
        return {
            "id": self.segment.id,
            "title": self.segment.title,
            "cut": self.cut.number,
            "samples": self.cut.samples,
            "ready": self.cut.state == "ready",
            "joins": self.cut.joins,
            "notes": [
                {"at": note.at_newest_sample, "text": note.text}
                for note in self.notes
                if note.at_newest_sample is not None and note.resolved_at is None
            ],
            "next": self.next_id,
        }


@dataclass(frozen=True, slots=True)
class Approvals:
    """``waiting`` counts all drafts, ``items`` are the first of them. ``settled``: the one that was asked for waits no more."""

    waiting: int
    items: tuple[Waiting, ...]
    chosen: Chosen | None
    settled: bool
    unsigned: tuple[Unsigned, ...]


def approvals(session: Session, person_id: int, now: datetime, wanted: int | None) -> Approvals:
    """What waits for this person's ear; ``wanted`` is the segment that they listen to, the first one if None."""
    items = queue(session, person_id, now, LISTED)
    place = next((n for n, item in enumerate(items) if item.segment_id == wanted), None)
    return Approvals(
        waiting=waiting_count(session),
        items=tuple(items),
        chosen=_chosen(session, items, place or 0) if items else None,
        settled=wanted is not None and place is None,
        unsigned=tuple(unsigned(session, now, SIGNED_WITHIN)),
    )


def _chosen(session: Session, items: list[Waiting], place: int) -> Chosen:
    waiting = items[place]
    segment = service.get(session, waiting.segment_id)
    following = items[(place + 1) % len(items)]
    return Chosen(
        waiting,
        segment,
        find_cut(session, segment, waiting.cut),
        tuple(notes_of(session, waiting.segment_id)),
        following.segment_id if following is not waiting else None,
    )
