"""What a segment is found by is written with the segment, whoever writes it: nobody has to remember to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, event, insert, inspect

from app.library.models import Segment, SegmentSearch, SegmentTag
from app.library.search import SEARCHED, searched_text, spelled, typed


@event.listens_for(Segment, "after_insert")
@event.listens_for(Segment, "after_update")
def _make_findable(_mapper: Any, connection: Connection, segment: Segment) -> None:
    attributes = inspect(segment).attrs
    if not any(attributes[field].history.has_changes() for field in SEARCHED):
        return
    text = searched_text(segment)
    connection.execute(delete(SegmentSearch).where(SegmentSearch.segment_id == segment.id))  # type: ignore[arg-type]
    connection.execute(
        insert(SegmentSearch).values(segment_id=segment.id, spelled=spelled(text), typed=typed(text))
    )
    connection.execute(delete(SegmentTag).where(SegmentTag.segment_id == segment.id))  # type: ignore[arg-type]
    if segment.tags:
        rows = [{"tag": tag, "segment_id": segment.id} for tag in dict.fromkeys(segment.tags)]
        connection.execute(insert(SegmentTag), rows)
