"""What each feed is to have of the airings that come next, and what it has of them: read for all feeds at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select  # SQLModel's is typed for four columns at most
from sqlmodel import Session, col

from app.airings.carriage import instants, is_on_air
from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.database import id_of
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed
from app.handoffs.models import Handoff
from app.handoffs.reaching import has_arrived
from app.programmes.models import Programme, Slot
from schedules.snapshot import CLOSED
from schedules.time import night_of


@dataclass(frozen=True, slots=True)
class Coming:
    """One airing for one feed."""

    airing_id: int
    programme: str
    starts_at: datetime
    airing_state: str
    deadline_at: datetime
    state: str
    """Of its newest handoff; ``waiting`` where there is none yet, ``live`` of a feed that takes no files."""
    wanted_version: int
    arrived_version: int | None
    proven: bool
    error: str | None
    held: bool

    @property
    def night(self) -> date:
        return night_of(self.starts_at)

    @property
    def has_arrived(self) -> bool:
        return self.wanted_version > 0 and self.arrived_version == self.wanted_version


Handed = Mapping[tuple[int, int], Sequence[Handoff]]
"""The handoffs of an airing to a feed, by version."""


def coming(session: Session, feeds: Sequence[Feed], now: datetime) -> dict[int, list[Coming]]:
    """The open airings of some feeds, by feed, in order of start. A fixed number of queries."""
    known = {id_of(feed): feed for feed in feeds}
    airings = session.execute(
        select(Airing, col(Programme.title))
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(col(Airing.stops_at) > now, col(Airing.state).not_in(CLOSED))
        .order_by(col(Airing.starts_at), col(Airing.id))
    ).all()
    takers = _takers(session, {airing.slot_id for airing, _ in airings}, known)
    handed = _handed(session, [id_of(airing) for airing, _ in airings], known)
    found: dict[int, list[Coming]] = defaultdict(list)
    for airing, title in airings:
        for feed_id in _feeds_of(airing, takers, handed):
            rows = handed.get((id_of(airing), feed_id), ())
            found[feed_id].append(_coming(airing, title, known[feed_id], rows))
    return dict(found)


def _takers(
    session: Session, slot_ids: Iterable[int], known: Mapping[int, Feed]
) -> Mapping[int, list[tuple[Line, int]]]:
    """The lines of each slot with the feeds that take them."""
    taking: dict[int, list[tuple[Line, int]]] = defaultdict(list)
    rows = session.execute(
        select(Line, col(LineFeed.feed_id))
        .join(LineFeed, col(LineFeed.line_id) == col(Line.id))
        .where(col(Line.slot_id).in_(set(slot_ids)), col(LineFeed.feed_id).in_(known))
    )
    for line, feed_id in rows:
        if known[feed_id].enabled:
            taking[line.slot_id].append((line, feed_id))
    return taking


def _handed(session: Session, airing_ids: Sequence[int], known: Mapping[int, Feed]) -> Handed:
    handed: dict[tuple[int, int], list[Handoff]] = defaultdict(list)
    rows = session.execute(
        select(Handoff)
        .where(col(Handoff.airing_id).in_(airing_ids), col(Handoff.feed_id).in_(known))
        .order_by(col(Handoff.version))
    )
    for (handoff,) in rows:
        handed[handoff.airing_id, handoff.feed_id].append(handoff)
    return handed


def _feeds_of(airing: Airing, takers: Mapping[int, list[tuple[Line, int]]], handed: Handed) -> list[int]:
    """Those whose lines carry it that day, and those that were handed something of it."""
    day = airing.starts_at.date()
    taking = {feed_id for line, feed_id in takers.get(airing.slot_id, ()) if is_on_air(line, day)}
    return sorted(taking | {feed_id for airing_id, feed_id in handed if airing_id == airing.id})


def _coming(airing: Airing, title: str, feed: Feed, handoffs: Sequence[Handoff]) -> Coming:
    newest = handoffs[-1] if handoffs else None
    arrived = next((one for one in reversed(handoffs) if has_arrived(one.state, feed.protocol)), None)
    return Coming(
        airing_id=id_of(airing),
        programme=title,
        starts_at=airing.starts_at,
        airing_state=airing.state,
        deadline_at=newest.deadline_at if newest else instants(airing, feed).deadline_at,
        state=newest.state if newest else "live" if is_live(feed) else "waiting",
        wanted_version=airing.version,
        arrived_version=arrived.version if arrived else None,
        proven=arrived is not None and arrived.state == "verified",
        error=newest.error if newest else None,
        held=newest is not None and newest.held,
    )
