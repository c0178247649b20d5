"""The one station of this database, and what it airs when a programme and its stand-by both fail."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from app.errors import NotFound
from app.journal.service import record
from app.library.service import named
from app.station.models import Station


def station(session: Session) -> Station:
    """Raises NotFound before `danpa init`."""
    found = session.get(Station, 1)
    if found is None:
        raise NotFound("there is no station here yet: run `danpa init`")
    return found


def rename(session: Session, name: str, *, now: datetime, by: int | None) -> None:
    """Call the station otherwise. Announcements follow, unless it has another name for the air."""
    here = station(session)
    if here.name != name:
        here.name = name
        record(session, "station.renamed", at=now, person_id=by)


def set_evergreen(session: Session, segment_id: int | None, *, now: datetime, by: int | None) -> Station:
    """Name the segment that is aired before the interval signal has to be; None for none. Raises Invalid."""
    if segment_id is not None:
        named(session, segment_id, "evergreen_segment_id")
    here = station(session)
    here.evergreen_segment_id = segment_id
    record(session, "station.evergreen_set", at=now, person_id=by, subject_id=segment_id)
    return here


def set_approval(session: Session, *, by_another: bool, now: datetime, by: int | None) -> None:
    """Say whether who uploaded or edited a recording may approve it. With one person alone nothing could air then."""
    station(session).approved_by_another = by_another
    record(session, "station.approval_set", at=now, person_id=by, by_another=by_another)
