"""Which programme an airing is of: its slot's, unless another one replaces it on that date."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from app.airings.models import Airing, Edition, RundownVersion
from app.database import id_of
from app.jobs.models import Job
from app.programmes.models import Programme, Slot

PROGRAMME_ID = func.coalesce(col(Airing.instead_id), col(Slot.programme_id))
"""For queries that join an airing and its slot."""

IS_NEWEST = (col(RundownVersion.airing_id) == col(Airing.id)) & (
    col(RundownVersion.version) == col(Airing.version)
)
"""For queries that join an airing and its newest rundown."""


def give_programme(session: Session, airing: Airing, instead_id: int | None) -> None:
    """Let another programme air, or with None the slot's own. What producers changed in the airing was of the one before."""
    airing.instead_id = instead_id
    session.add(airing)
    edition = session.get(Edition, id_of(airing))
    if edition is not None:
        session.delete(edition)


def is_begun(session: Session, airing: Airing) -> bool:
    """Whether it is compiled, or just being so: then it has to be compiled anew."""
    job = select(Job.id).where(Job.key == compile_key(id_of(airing), airing.version + 1))
    return airing.version > 0 or session.exec(job).first() is not None


def compile_key(airing_id: int, version: int) -> str:
    """The one compile job of a version."""
    return f"compile:{airing_id}:{version}"


def programme_of(session: Session, airing: Airing) -> Programme:
    """The programme that airs."""
    wanted = airing.instead_id or session.get_one(Slot, airing.slot_id).programme_id
    return session.get_one(Programme, wanted)
