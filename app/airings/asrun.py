"""The as-run record: what went out over each line, item by item, and how we know. Of live feeds the air process knows best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from app.airings.carriage import Carriage, carriages, part_samples, part_span
from app.airings.live_run import record_live
from app.airings.models import Airing, AsRun, RundownVersion
from app.database import id_of
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.handoffs.doubt import perhaps_instead
from app.handoffs.models import Handoff
from schedules.rundown import Rundown, SegmentSource
from schedules.time import Span, samples_to_timedelta

EVIDENCE = {"verified": "delivered", "stored": "sent", "manual": "sent"}
"""What a handoff's state proves: a file that was read back was delivered; one that was only taken was sent."""

FETCHED = {"verified": "fetched", "manual": "sent"}
"""The same where the site comes for it: what is only on offer proves nothing."""


def record(session: Session, airing: Airing) -> bool:
    """Write the record of an airing that is over. Returns whether anything was delivered to anybody.

    A line without a delivery gets one row that says so: its minutes were paid for and are nobody's programme.
    """
    newest: dict[int, _Arrival] = {}
    handed = select(Handoff, Feed.protocol).join(Feed, col(Feed.id) == col(Handoff.feed_id))
    for handoff, protocol in session.exec(handed.where(Handoff.airing_id == id_of(airing))).all():
        evidence = (FETCHED if protocol == "pull" else EVIDENCE).get(handoff.state)
        best = newest.get(handoff.feed_id)
        if evidence is not None and (best is None or best.handoff.version < handoff.version):
            newest[handoff.feed_id] = _Arrival(handoff, evidence)
    newest = {feed_id: _doubted(session, arrival) for feed_id, arrival in newest.items()}
    rundowns = {
        row.version: Rundown.from_json(row.body)
        for row in session.exec(select(RundownVersion).where(RundownVersion.airing_id == airing.id)).all()
    }
    live = False
    for carriage in carriages(session, airing.slot_id, airing.starts_at.date()):
        for feed in carriage.feeds or (None,):
            if feed is not None and is_live(feed):
                live = record_live(session, airing, carriage, feed) or live
                continue
            arrived = _best_route(newest, feed) if feed else None
            if feed is None or arrived is None:
                session.add(_nothing(airing, carriage, feed))
            else:
                _items(session, airing, carriage, feed, arrived, rundowns[arrived.handoff.version])
    return bool(newest) or live


@dataclass(frozen=True, slots=True)
class _Arrival:
    """The last that a feed got of an airing, and what that proves."""

    handoff: Handoff
    evidence: str
    perhaps_version: int | None = None
    """A newer one that may have taken its place, without our knowing."""


def _doubted(session: Session, arrival: _Arrival) -> _Arrival:
    """What was delivered was only sent, if something else may lie there now. What a site has fetched it has."""
    perhaps = perhaps_instead(session, arrival.handoff) if arrival.evidence == "delivered" else None
    return replace(arrival, evidence="sent", perhaps_version=perhaps) if perhaps else arrival


def _best_route(newest: Mapping[int, _Arrival], feed: Feed) -> _Arrival | None:
    """What a feed's site got last, by the feed itself or by its second route."""
    routes = [newest[each] for each in (feed.id, feed.second_feed_id) if each is not None and each in newest]
    return max(routes, key=lambda one: one.handoff.version, default=None)


def _items(
    session: Session,
    airing: Airing,
    carriage: Carriage,
    feed: Feed,
    arrived: _Arrival,
    rundown: Rundown,
) -> None:
    handoff = arrived.handoff
    first, last = part_samples(feed, airing)
    for item, turn_ends in rundown.turns():
        start, end = max(item.start_sample, first), min(turn_ends, last)
        if start >= end:  # not in this feed's part of the airing
            continue
        starts_at = airing.starts_at + samples_to_timedelta(start)
        session.add(
            AsRun(
                airing_id=handoff.airing_id,
                line_id=id_of(carriage.line),
                feed_id=handoff.feed_id,
                version=handoff.version,
                position=item.position,
                segment_id=item.source.segment_id if isinstance(item.source, SegmentSource) else None,
                source="segment" if isinstance(item.source, SegmentSource) else "interval_signal",
                starts_at=starts_at,
                ends_at=airing.starts_at + samples_to_timedelta(end),
                evidence=arrived.evidence,
                details=_details(arrived, item.first_sample + start - item.start_sample) | _part(feed),
            )
        )


def _details(arrived: _Arrival, first_sample: int) -> dict[str, object]:
    handoff = arrived.handoff
    verified_at = handoff.verified_at.isoformat() if handoff.verified_at else None
    details: dict[str, object] = {
        "handoff": handoff.id,
        "verified_at": verified_at,
        "first_sample": first_sample,
    }
    if handoff.manual:
        details["by_hand"] = handoff.manual
    if arrived.perhaps_version is not None:
        details["perhaps_version"] = arrived.perhaps_version
    return details


def _nothing(airing: Airing, carriage: Carriage, feed: Feed | None) -> AsRun:
    span = part_span(feed, airing) if feed else Span(airing.starts_at, airing.stops_at)
    return AsRun(
        airing_id=id_of(airing),
        line_id=id_of(carriage.line),
        feed_id=feed.id if feed else None,
        position=-1,
        source="nothing",
        starts_at=span.start,
        ends_at=span.end,
        evidence="planned",
        details={"why": "nothing was delivered" if feed else "the line has no feed"} | _part(feed),
    )


def _part(feed: Feed | None) -> dict[str, object]:
    """What the feed took then, where that was not all: it may take something else by the time that somebody reckons."""
    return {"part": feed.part} if feed and feed.part else {}
