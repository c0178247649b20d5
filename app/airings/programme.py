"""Which programme an airing is of: its slot's, unless another one replaces it on that date."""

from __future__ import annotations

from sqlmodel import Session, col, func

from app.airings.models import Airing
from app.programmes.models import Programme, Slot

PROGRAMME_ID = func.coalesce(col(Airing.instead_id), col(Slot.programme_id))
"""For queries that join an airing and its slot."""


def programme_of(session: Session, airing: Airing) -> Programme:
    """The programme that airs."""
    wanted = airing.instead_id or session.get_one(Slot, airing.slot_id).programme_id
    return session.get_one(Programme, wanted)
