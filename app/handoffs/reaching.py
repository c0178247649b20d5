"""The way to a feed, as its driver needs it: the row's address, a demo's walls, and for a pull feed its shelf."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from app.database import id_of
from app.feeds.contract import FeedAddress
from app.feeds.models import Feed
from app.feeds.service import address_of, confinement
from app.processes import Clock
from app.pull.shelf import StationShelf
from app.settings import Settings
from app.storage import Blobs
from schedules.snapshot import DELIVERED

PULL = "pull"
"""The protocol of feeds whose sites fetch: a file is there for them long before it is theirs."""


def has_arrived(state: str, protocol: str) -> bool:
    """Whether a handoff in this state has brought its file to the site: what is only on offer has not."""
    return state in DELIVERED and not (protocol == PULL and state == "stored")


def reach(
    session: Session,
    database: Engine,
    settings: Settings,
    feed: Feed,
    clock: Clock,
    handoff_id: int | None = None,
) -> FeedAddress:
    """Where a feed is. ``handoff_id`` is what is brought there; without one it is only looked at."""
    address = address_of(feed, confined_to=confinement(session, settings))
    if feed.protocol != PULL:
        return address
    shelf = StationShelf(database, Blobs(settings.blobs_dir), clock, id_of(feed), handoff_id)
    return replace(address, options={"shelf": shelf})
