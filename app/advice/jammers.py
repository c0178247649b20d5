"""Known jammers: what may be written, and by whom it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlmodel import Session, select

from app.advice.models import Jammer
from app.errors import Conflict
from app.journal.service import record
from app.records import find, require_revision, revise


@dataclass(frozen=True, slots=True, kw_only=True)
class JammerFields:
    """What a person says of a jammer."""

    khz: float
    site: str = ""
    since: date | None = None
    note: str | None = None


def jammer(session: Session, jammer_id: int) -> Jammer:
    """Raises NotFound."""
    return find(session, Jammer, jammer_id, "jammer")


def create_jammer(session: Session, fields: JammerFields, *, now: datetime, by: int | None) -> Jammer:
    """Raises Conflict where it is known already."""
    _check(session, fields, None)
    made = Jammer(**asdict(fields), created_at=now)
    session.add(made)
    session.flush()
    record(session, "jammer.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_jammer(
    session: Session,
    jammer_id: int,
    fields: JammerFields,
    *,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Jammer:
    """Raises NotFound, StaleRevision, Conflict."""
    changed = jammer(session, jammer_id)
    require_revision(changed, expected)
    _check(session, fields, jammer_id)
    names = revise(changed, asdict(fields))
    record(session, "jammer.changed", at=now, person_id=by, subject_id=jammer_id, fields=names)
    return changed


def delete_jammer(session: Session, jammer_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound."""
    gone = jammer(session, jammer_id)
    session.delete(gone)
    record(
        session, "jammer.deleted", at=now, person_id=by, subject_id=jammer_id, khz=gone.khz, site=gone.site
    )


def _check(session: Session, fields: JammerFields, jammer_id: int | None) -> None:
    query = select(Jammer.id).where(Jammer.khz == fields.khz, Jammer.site == fields.site)
    twin = session.exec(query.where(Jammer.id != jammer_id)).first()
    if twin is not None:
        raise Conflict(
            f"jammer {twin} is the same one: {fields.khz:g} kHz from {fields.site or 'an unknown site'}"
        )
