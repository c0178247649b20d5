"""The pool of a slot: the frequencies that were cleared for it before they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.errors import Invalid
from app.frequencies.models import Site
from app.frequencies.service import require_shortwave
from app.journal.service import record
from app.moves.models import PoolEntry
from app.programmes.service import slot
from app.records import referred
from schedules.said import say


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFields:
    """What a person says of one of the pool's frequencies."""

    khz: int
    site_id: int | None = None
    legal_status: str = ""
    note: str = ""


def pool_of(session: Session, slot_id: int) -> Sequence[PoolEntry]:
    """The pool of a slot, by frequency. Raises NotFound."""
    slot(session, slot_id)
    return session.exec(
        select(PoolEntry)
        .where(PoolEntry.slot_id == slot_id)
        .order_by(col(PoolEntry.khz), col(PoolEntry.site_id))
    ).all()


def set_pool(
    session: Session, slot_id: int, entries: Sequence[PoolFields], *, now: datetime, by: int | None
) -> Sequence[PoolEntry]:
    """Write the whole pool of a slot. Raises NotFound, Invalid."""
    slot(session, slot_id)
    known: set[tuple[int, int | None]] = set()
    for number, entry in enumerate(entries):
        require_shortwave(entry.khz, f"entries.{number}.khz")
        if entry.site_id is not None:
            referred(session, Site, entry.site_id, "site", f"entries.{number}.site_id")
        if (entry.khz, entry.site_id) in known:
            told = "{khz} kHz is named twice for the same site"
            raise Invalid(say("wrong-twice", told, khz=entry.khz), field=f"entries.{number}.khz")
        known.add((entry.khz, entry.site_id))
    session.exec(delete(PoolEntry).where(col(PoolEntry.slot_id) == slot_id))
    session.add_all(PoolEntry(slot_id=slot_id, **asdict(entry)) for entry in entries)
    session.flush()
    record(session, "pool.set", at=now, person_id=by, subject_id=slot_id, khz=[each.khz for each in entries])
    return pool_of(session, slot_id)
