"""What a site finds at its address: put there by deliveries, seen as long as the handoff stands and the airing is to come."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, delete, select

from app.airings.models import Airing
from app.handoffs.models import Handoff
from app.pull.models import Offer
from app.storage import Blobs

VISIBLE = ("sending", "stored", "verified")
"""States of a handoff whose files the site may have. ``sending``: what is on offer is there at once."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One file as the site sees it. Instants are aware UTC."""

    handoff_id: int
    name: str
    sha256: str
    size: int
    media_type: str
    suffix: str
    content: bytes | None
    version: int
    starts_at: datetime
    stops_at: datetime
    offered_at: datetime

    def path(self, blobs: Blobs) -> Path:
        """Where an artefact's bytes are (a manifest has its own)."""
        return blobs.path("artefacts", self.sha256, self.suffix)


def public_name(name: str) -> str:
    """A name below the site's address: one that leads out of the folder (``../manifests/x.json``) stays below it too."""
    return posixpath.normpath(f"/{name}").lstrip("/")


def visible(session: Session, feed_id: int, now: datetime) -> Mapping[str, Offered]:
    """By name, the newest version of each airing that is not over. Nothing of yesterday is ever there."""
    query = (
        select(Offer, Handoff, Airing)
        .join(Handoff, col(Handoff.id) == col(Offer.handoff_id))
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .where(
            Offer.feed_id == feed_id,
            col(Handoff.state).in_(VISIBLE),
            Airing.stops_at > now,
            Airing.state != "cancelled",
        )
        .order_by(col(Airing.starts_at), col(Offer.name))
    )
    rows = session.exec(query).all()
    newest: dict[int, int] = {}
    for _, handoff, _ in rows:
        newest[handoff.airing_id] = max(handoff.version, newest.get(handoff.airing_id, 0))
    return {
        offer.name: Offered(
            handoff_id=offer.handoff_id,
            name=offer.name,
            sha256=offer.sha256,
            size=offer.size,
            media_type=offer.media_type,
            suffix=offer.suffix,
            content=offer.content,
            version=handoff.version,
            starts_at=airing.starts_at,
            stops_at=airing.stops_at,
            offered_at=offer.offered_at,
        )
        for offer, handoff, airing in rows
        if handoff.version == newest[handoff.airing_id]
    }


def put(session: Session, offer: Offer) -> None:
    """Replace what lies under a name in one step, and clear away what no site can see any more."""
    over = (
        select(Handoff.id)
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .where(Handoff.feed_id == offer.feed_id, Airing.stops_at <= offer.offered_at)
    )
    session.exec(delete(Offer).where(col(Offer.feed_id) == offer.feed_id, col(Offer.handoff_id).in_(over)))
    take_away(session, offer.feed_id, offer.name)
    session.add(offer)


def take_away(session: Session, feed_id: int, name: str) -> None:
    """Nothing lies under this name any more."""
    session.exec(delete(Offer).where(col(Offer.feed_id) == feed_id, col(Offer.name) == name))
