"""Where a segment is: airing by airing and site by site, what has aired, what lies there, what has been replaced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from app.airings.carriage import instants, part_samples
from app.airings.models import Airing, AsRun, RundownVersion
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.handoffs.models import Handoff
from app.handoffs.reaching import has_arrived
from app.programmes.models import Programme
from app.station.models import Station
from schedules.rundown import Rundown
from schedules.snapshot import CLOSED

Fate = Literal["not_delivered", "replaced", "to_be_replaced", "not_reached", "too_late", "aired"]

LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Place:
    """What has become of a segment in one airing at one feed.

    ``not_delivered``: the site has nothing with it. ``replaced``: a newer version without it has arrived.
    ``to_be_replaced``: the site has it, and still takes a newer version. ``not_reached``: so, and the newer one fails.
    ``too_late``: the site has it and takes nothing new. ``aired``: the airing is over.
    """

    airing_id: int
    starts_at: datetime
    feed_id: int | None
    feed_name: str | None
    site_code: str | None
    fate: Fate
    evidence: str | None = None
    """Of what aired: how we know."""
    error: str | None = None
    accept_until: datetime | None = None


def whereabouts(session: Session, segment_id: int, now: datetime) -> list[Place]:
    """Every open airing that has had the segment in some version, and the airings of the last 30 days that aired it."""
    feeds = {
        feed.id: (feed, site)
        for feed, site in session.exec(select(Feed, Site).join(Site, col(Site.id) == col(Feed.site_id))).all()
    }
    places = [*_open(session, segment_id, feeds, now), *_aired(session, segment_id, feeds, now)]
    return sorted(places, key=lambda place: (place.starts_at, place.airing_id, place.feed_id or 0))


def stands_in_for(session: Session, segment_id: int) -> list[str]:
    """What the segment is kept for beside its airings: ``evergreen``, or the codes of programmes it is the stand-by of."""
    of_station = session.exec(select(Station.id).where(Station.evergreen_segment_id == segment_id)).all()
    codes = session.exec(select(Programme.code).where(Programme.standby_segment_id == segment_id)).all()
    return [*(["evergreen"] if of_station else []), *sorted(f"stand-by of {code}" for code in codes)]


_Feeds = dict[int | None, tuple[Feed, Site]]


def _open(session: Session, segment_id: int, feeds: _Feeds, now: datetime) -> Iterable[Place]:
    rows = session.exec(
        select(Airing, RundownVersion)
        .join(RundownVersion, col(RundownVersion.airing_id) == col(Airing.id))
        .where(col(Airing.state).not_in(CLOSED))
        .order_by(col(Airing.id), col(RundownVersion.version))
    )
    having: dict[int, tuple[Airing, dict[int, Rundown]]] = {}
    for airing, row in rows:
        rundown = Rundown.from_json(row.body)
        if segment_id in rundown.segment_ids():
            having.setdefault(id_of(airing), (airing, {}))[1][row.version] = rundown
    for airing, rundowns in having.values():
        handoffs = session.exec(
            select(Handoff).where(Handoff.airing_id == airing.id).order_by(col(Handoff.version))
        ).all()
        for feed_id in sorted({handoff.feed_id for handoff in handoffs}):
            ours = [handoff for handoff in handoffs if handoff.feed_id == feed_id]
            part = part_samples(feeds[feed_id][0], airing)
            versions = {
                version for version, rundown in rundowns.items() if segment_id in rundown.segment_ids(*part)
            }
            if versions:
                yield _place(airing, versions, ours, *feeds[feed_id], now)
        if not handoffs:
            yield Place(id_of(airing), airing.starts_at, None, None, None, "not_delivered")


def _place(
    airing: Airing, versions: set[int], ours: list[Handoff], feed: Feed, site: Site, now: datetime
) -> Place:
    there = [handoff for handoff in ours if has_arrived(handoff.state, feed.protocol)]
    # Of what was ever begun we cannot be sure that it did not arrive
    had = any(handoff.version in versions and handoff.attempts for handoff in ours)
    accept_until = instants(airing, feed).accept_until
    error = ours[-1].error
    fate: Fate
    if not there or there[-1].version not in versions:
        fate = "replaced" if had else "not_delivered"
    elif now >= accept_until:
        fate = "too_late"
    else:
        fate = "not_reached" if ours[-1] is not there[-1] and error else "to_be_replaced"
    return Place(
        airing_id=id_of(airing),
        starts_at=airing.starts_at,
        feed_id=feed.id,
        feed_name=feed.name,
        site_code=site.code,
        fate=fate,
        error=error if fate in {"not_reached", "too_late"} else None,
        accept_until=accept_until,
    )


def _aired(session: Session, segment_id: int, feeds: _Feeds, now: datetime) -> Iterable[Place]:
    rows = session.exec(
        select(AsRun.airing_id, AsRun.feed_id, AsRun.evidence, Airing.starts_at)
        .join(Airing, col(Airing.id) == col(AsRun.airing_id))
        .where(AsRun.segment_id == segment_id, Airing.starts_at >= now - LOOKED_BACK)
        .distinct()
    )
    for airing_id, feed_id, evidence, starts_at in rows:
        feed, site = feeds.get(feed_id, (None, None))
        yield Place(
            airing_id=airing_id,
            starts_at=starts_at,
            feed_id=feed_id,
            feed_name=feed.name if feed else None,
            site_code=site.code if site else None,
            fate="aired",
            evidence=evidence,
        )
