"""What the segments of rundowns are called, for people who look at them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from app.airings.schemas import SegmentNameOut
from app.library.models import Segment
from schedules.rundown import Rundown


def named_in(session: Session, rundowns: Iterable[Rundown]) -> list[SegmentNameOut]:
    """Id, title and kind of every segment that is in these rundowns or that their notes speak of, each once."""
    wanted = {number for each in rundowns for number in each.segment_ids() | each.spoken_of()}
    rows = session.exec(
        select(Segment.id, Segment.title, Segment.kind)
        .where(col(Segment.id).in_(wanted))
        .order_by(col(Segment.id))
    )
    return [SegmentNameOut(id=number or 0, title=title, kind=kind) for number, title, kind in rows]
