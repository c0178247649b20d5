"""The rows of the library's list, some at a time: plain values, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col, func

from app.airings.outings import soonest
from app.library.finding import Filters, find
from app.library.models import Segment, SegmentState, SegmentTag
from schedules.time import to_kst

ROWS = 40
"""Of one stretch of the list: some screens full."""
MOST_ROWS = 200
"""Of a stretch that has grown because something came in above it."""
MOST_SUGGESTED = 60
HEARD_STATES = frozenset(SegmentState) - {SegmentState.processing, SegmentState.rejected}
"""States in which there is something to listen to."""


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment. ``samples`` is None before it was measured; ``next_airing`` an airing's id and when it begins."""

    id: int
    title: str
    kind: str
    state: str
    presenter: str | None
    series: str | None
    episode: int | None
    tags: Sequence[str]
    samples: int | None
    created_at: datetime
    air_until: datetime | None
    last_aired_at: datetime | None
    times_aired: int
    next_airing: tuple[int, datetime] | None

    @property
    def came_on(self) -> date:
        """In Korea."""
        return to_kst(self.created_at).date()

    @property
    def last_aired_on(self) -> date | None:
        """In Korea."""
        return to_kst(self.last_aired_at).date() if self.last_aired_at else None

    @property
    def has_sound(self) -> bool:
        return self.samples is not None and self.state in HEARD_STATES


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows that follow one another; ``begins`` is the place of the first in the whole list, from 1.

    ``goes_on``: there are more after it.
    """

    rows: Sequence[SegmentRow]
    begins: int
    goes_on: bool

    @property
    def last_id(self) -> int | None:
        return self.rows[-1].id if self.rows else None


def stretch(
    session: Session,
    filters: Filters,
    now: datetime,
    *,
    before_id: int | None = None,
    down_to_id: int | None = None,
    begins: int = 1,
) -> Stretch:
    """What comes after ``before_id``: the next `ROWS`, or all down to ``down_to_id`` as far as they are not too many."""
    most = ROWS if down_to_id is None else MOST_ROWS
    found = find(session, filters, now=now, before_id=before_id, down_to_id=down_to_id, limit=most + 1)
    shown = found[:most]
    coming = soonest(session, (one.segment_id for one in shown), now)
    rows = [
        SegmentRow(
            id=one.segment_id,
            samples=one.columns["played_samples"],
            last_aired_at=one.heard.last_aired_at,
            times_aired=one.heard.times_aired,
            next_airing=coming.get(one.segment_id),
            **{name: one.columns[name] for name in _SHOWN},
        )
        for one in shown
    ]
    return Stretch(rows, begins, len(found) > most)


_SHOWN = ("title", "kind", "state", "presenter", "series", "episode", "tags", "created_at", "air_until")


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the filters' fields propose: the commonest names and tags."""

    presenters: Sequence[str]
    tags: Sequence[str]


def suggested(session: Session) -> Suggested:
    """What is there most often, in alphabetical order."""
    often = func.count().desc()
    presenters = select(col(Segment.presenter)).where(col(Segment.presenter).is_not(None))
    presenters = presenters.group_by(col(Segment.presenter)).order_by(often).limit(MOST_SUGGESTED)
    tags = select(col(SegmentTag.tag)).group_by(col(SegmentTag.tag)).order_by(often).limit(MOST_SUGGESTED)
    run = session.connection().execute
    return Suggested(sorted(str(name) for (name,) in run(presenters)), sorted(tag for (tag,) in run(tags)))
