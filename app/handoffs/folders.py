"""The folder as the site sees it: listed before each deadline, judged, and freed of our own expired files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import col, select

from app.airings.carriage import carriages, wishes
from app.airings.models import Airing, Artefact
from app.alarms.service import clear, raise_alarm
from app.database import reading, writing
from app.feeds.contract import Entry, FeedAddress
from app.feeds.drivers import open_feed
from app.feeds.errors import FeedError
from app.feeds.models import Feed
from app.feeds.names import InvalidTemplate, is_fixed, pattern, place
from app.handoffs.findings import Finding, Ours, judge, removable
from app.handoffs.models import FolderCheck, Handoff
from app.handoffs.reaching import reach
from app.handoffs.terms import object_name
from app.journal.service import record
from app.processes import Clock
from app.settings import Settings
from schedules.snapshot import CLOSED, DELIVERED

log = structlog.get_logger()

REMOVED_AFTER = timedelta(hours=6)
"""Our files stay this long after their airing: a site that starts late, or repeats, still finds its file."""

LOOK_S = 120.0
"""Seconds after which a site that does not finish its list is given up until the next look."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything a look needs, copied out of the database before it starts."""

    airing_id: int
    feed_id: int
    address: FeedAddress
    pattern: re.Pattern[str]
    fixed_name: str | None
    sidecar: str
    may_remove: bool


@dataclass(slots=True)
class _Seen:
    listed: int | None = None
    findings: list[Finding] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    error: str | None = None


async def look_into(database: Engine, settings: Settings, airing_id: int, feed_id: int, clock: Clock) -> None:
    """List the folder of a feed for an airing, judge it, and write down what was found. An alarm tells what is wrong."""
    look = await asyncio.to_thread(_prepare, database, settings, airing_id, feed_id, clock)
    seen = _Seen()
    try:
        async with asyncio.timeout(LOOK_S):
            if look is not None:
                await _see(database, look, seen, clock())
            else:
                seen.error = "bad-feed: its name or its encoding cannot be used, so nothing can be looked for"
    except FeedError as error:
        seen.error = f"{error.code}: {error}"
    except TimeoutError:
        seen.error = "timeout: the site did not finish the list of its folder"
    await asyncio.to_thread(_conclude, database, settings, airing_id, feed_id, seen, clock())
    log.info("looked into a folder", airing=airing_id, feed=feed_id, wrong=len(seen.findings))


def _prepare(
    database: Engine, settings: Settings, airing_id: int, feed_id: int, clock: Clock
) -> _Look | None:
    with reading(database) as session:
        airing, feed = session.get_one(Airing, airing_id), session.get_one(Feed, feed_id)
        try:
            extension = wishes(feed).encoding.extension
            carried = carriages(session, airing.slot_id, airing.starts_at.date())
            name = object_name(session, airing, feed, carried, version=1, extension=extension)
        except (ValueError, TypeError, InvalidTemplate):
            return None  # a row of nonsense, or the line has lost its feed since
        return _Look(
            airing_id,
            feed_id,
            reach(session, database, settings, feed, clock),
            pattern(feed.name_template),
            name if is_fixed(feed.name_template) else None,
            feed.sidecar,
            feed.may_remove,
        )


async def _see(database: Engine, look: _Look, seen: _Seen, now: datetime) -> None:
    feed = open_feed(look.address)
    entries = await feed.entries()
    if entries is None:
        return
    seen.listed = len(entries)
    ours, known = await asyncio.to_thread(_known, database, look, entries, now)
    seen.findings = judge(
        entries,
        ours,
        airing_id=look.airing_id,
        fixed_name=look.fixed_name,
        pattern=look.pattern,
        known=known,
    )
    if look.may_remove and look.fixed_name is None:
        for name in removable(entries, ours):
            await feed.remove(name)
            seen.removed.append(name)
            if look.sidecar:
                await feed.remove(place(look.sidecar, name))


def _known(
    database: Engine, look: _Look, entries: Sequence[Entry], now: datetime
) -> tuple[list[Ours], set[str]]:
    """This feed's files that are there or should be; and the names of all that the station has brought to this place."""
    listed = {entry.name for entry in entries}
    handed = (
        select(Handoff, Artefact.bytes, Airing.state, Airing.stops_at)
        .join(Artefact, col(Artefact.id) == col(Handoff.artefact_id))
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .join(Feed, col(Feed.id) == col(Handoff.feed_id))
        .where(Feed.protocol == look.address.protocol, Feed.address == look.address.address)
        .order_by(col(Handoff.version))
    )
    ours: list[Ours] = []
    known: set[str] = set()
    with reading(database) as session:
        for handoff, size, state, stops_at in session.exec(handed):
            over = state in CLOSED
            if over and handoff.object_name not in listed:
                continue
            known.add(handoff.object_name)
            if handoff.feed_id == look.feed_id:
                ours.append(
                    Ours(
                        name=handoff.object_name,
                        size=size,
                        airing_id=handoff.airing_id,
                        airing_is_over=over,
                        arrived=handoff.state in DELIVERED,
                        removable=handoff.state == "superseded"
                        if not over
                        else stops_at <= now - REMOVED_AFTER,
                    )
                )
    return ours, known


def _conclude(
    database: Engine, settings: Settings, airing_id: int, feed_id: int, seen: _Seen, now: datetime
) -> None:
    with writing(database) as session:
        check = session.exec(
            select(FolderCheck).where(FolderCheck.airing_id == airing_id, FolderCheck.feed_id == feed_id)
        ).one_or_none() or FolderCheck(airing_id=airing_id, feed_id=feed_id, checked_at=now)
        check.checked_at, check.listed, check.error = now, seen.listed, seen.error
        check.findings = [asdict(one) for one in seen.findings]
        check.removed += len(seen.removed)
        session.add(check)
        if seen.removed:
            record(session, "feed.cleaned", at=now, person_id=None, subject_id=feed_id, removed=seen.removed)
        key = f"airing:{airing_id}/feed:{feed_id}"
        if not seen.findings:
            # That the site cannot be asked is the deliveries' alarm; what was wrong there may still be
            if seen.error is None:
                clear(session, "folder_wrong", key, now=now)
        elif session.get_one(Airing, airing_id).state not in CLOSED:
            raise_alarm(
                session,
                "folder_wrong",
                key,
                now=now,
                airing_id=airing_id,
                feed_id=feed_id,
                channels=settings.alarm_channels,
            )
