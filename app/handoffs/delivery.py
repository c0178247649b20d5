"""One attempt at a handoff: written down before the first byte, proved by reading back, written down again.

No transaction is open while bytes move. A process that is killed in between leaves an attempt in state ``sending``;
the next one looks at the site first and sends again only what is absent or different.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.airings.carriage import instants
from app.airings.models import Airing, Artefact
from app.alarms.service import clear, raise_alarm
from app.database import id_of, writing
from app.events.service import emit
from app.feeds.drivers import FeedAddress, ReadBack, open_feed, send_and_check
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError, once_taken
from app.feeds.models import Feed
from app.feeds.names import place
from app.feeds.sidecar import MEDIA_TYPE
from app.handoffs.manifests import manifest_of
from app.handoffs.models import Attempt, Handoff
from app.handoffs.reaching import reach
from app.processes import Clock
from app.settings import Settings
from app.storage import Blobs
from schedules.snapshot import DELIVERED

log = structlog.get_logger()

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 20, 40, 80, 160, 300))
"""Pauses after passing errors, shortened when the deadline is near."""

FAILING_AFTER = 3
"""Passing errors in a row before people are told; a permanent one tells them at once."""

SHORTEST_ATTEMPT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything an attempt needs, copied out of the database before it starts."""

    handoff_id: int
    attempt_id: int
    number: int
    name: str
    source: Path
    sha256: str
    size: int
    media_type: str
    duration_s: float
    max_duration_s: int | None
    address: FeedAddress
    accept_until: datetime
    manifest: bytes | None
    manifest_name: str


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended: ``verified``, ``stored``, ``passing`` or ``permanent``."""

    outcome: str
    detail: str | None = None
    receipt: dict[str, Any] | None = None
    retry_after: timedelta | None = None


async def deliver(database: Engine, settings: Settings, handoff_id: int, clock: Clock) -> None:
    """Make one attempt. Whatever happens at the site, its outcome is on the record afterwards."""
    parcel = await asyncio.to_thread(begin, database, settings, handoff_id, clock)
    if parcel is None:
        return
    result = await attempt(parcel, clock())
    log.info("attempt ended", handoff=handoff_id, number=parcel.number, outcome=result.outcome)
    await asyncio.to_thread(conclude, database, settings, parcel, result, clock())


async def recheck(database: Engine, settings: Settings, handoff_id: int, clock: Clock) -> None:
    """Look once more, before air, whether what was verified is still there (send it again if it is not), or whether
    what is offered was fetched.
    """
    parcel = await asyncio.to_thread(begin, database, settings, handoff_id, clock, again=True)
    if parcel is None:
        return
    result = await attempt(parcel, clock(), again=True)
    log.info("second look ended", handoff=handoff_id, number=parcel.number, outcome=result.outcome)
    await asyncio.to_thread(conclude, database, settings, parcel, result, clock(), again=True)


def begin(
    database: Engine, settings: Settings, handoff_id: int, clock: Clock, *, again: bool = False
) -> Parcel | None:
    """Commit the attempt before its first byte; None when the handoff is no longer to be sent (``again``: looked at)."""
    now = clock()
    with writing(database) as session:
        handoff = session.get_one(Handoff, handoff_id)
        states = ("verified", "stored") if again else ("due", "sending")
        if handoff.state not in states or _is_overtaken(session, handoff) or (handoff.held and not again):
            return None
        for row in session.exec(
            select(Attempt).where(Attempt.handoff_id == handoff_id, Attempt.outcome == "sending")
        ).all():
            row.outcome, row.finished_at, row.detail = (
                "interrupted",
                now,
                "the process ended during this attempt",
            )
            session.add(row)
        when = instants(session.get_one(Airing, handoff.airing_id), session.get_one(Feed, handoff.feed_id))
        handoff.deadline_at, handoff.accept_until = (
            when.deadline_at,
            when.accept_until,
        )  # as the feed says now
        handoff.attempts += 1
        if handoff.state == "due":
            handoff.state = "sending"
            emit(session, "handoff", handoff_id, handoff.state, at=now)
        row = Attempt(handoff_id=handoff_id, number=handoff.attempts, started_at=now)
        session.add_all([handoff, row])
        session.flush()
        feed = session.get_one(Feed, handoff.feed_id)
        address = reach(session, database, settings, feed, clock, handoff_id)
        return _parcel(session, settings, handoff, row, address)


def _is_overtaken(session: Session, handoff: Handoff) -> bool:
    newer = select(Handoff.id).where(
        Handoff.airing_id == handoff.airing_id,
        Handoff.feed_id == handoff.feed_id,
        Handoff.version > handoff.version,
    )
    return session.exec(newer).first() is not None


def _parcel(
    session: Session, settings: Settings, handoff: Handoff, row: Attempt, address: FeedAddress
) -> Parcel:
    artefact = session.get_one(Artefact, handoff.artefact_id)
    feed = session.get_one(Feed, handoff.feed_id)
    return Parcel(
        handoff_id=id_of(handoff),
        attempt_id=id_of(row),
        number=row.number,
        name=handoff.object_name,
        source=Blobs(settings.blobs_dir).path("artefacts", artefact.sha256, f".{artefact.extension}"),
        sha256=artefact.sha256,
        size=artefact.bytes,
        media_type=artefact.media_type,
        duration_s=artefact.samples / artefact.sample_rate,
        max_duration_s=feed.max_duration_s,
        address=address,
        accept_until=handoff.accept_until,
        manifest=manifest_of(session, settings, handoff) if feed.sidecar else None,
        manifest_name=place(feed.sidecar, handoff.object_name) if feed.sidecar else "",
    )


async def attempt(parcel: Parcel, now: datetime, *, again: bool = False) -> Result:
    """Move the bytes and look at what arrived (``again``: look only). Never raises for what a site or a network does."""
    limit = max(parcel.accept_until - now, SHORTEST_ATTEMPT)
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await (_look(parcel) if again else _send(parcel))
    except FeedError as error:
        return _failed(error)
    except TimeoutError:
        return Result("passing", "timeout: the site took longer than it accepts files")
    except Exception:  # a bug in a driver must not end the night for this feed: it is logged and tried again
        log.exception("delivery broke", handoff=parcel.handoff_id)
        return Result(
            "passing", "internal-error: the delivery broke inside Danpa; the engineer finds it in the log"
        )


async def _look(parcel: Parcel) -> Result:
    feed = open_feed(parcel.address)
    return _judged(await feed.read_back(parcel.name, sha256=parcel.sha256, size=parcel.size))


async def _send(parcel: Parcel) -> Result:
    if parcel.max_duration_s is not None and parcel.duration_s > parcel.max_duration_s:
        raise PermanentFeedError(
            "too-long",
            f"the programme lasts {parcel.duration_s:.0f} s and the site takes {parcel.max_duration_s} s",
        )
    feed = open_feed(parcel.address)
    seen: ReadBack | None = None
    if parcel.number > 1:  # an earlier attempt may have arrived without our knowing
        seen = await feed.read_back(parcel.name, sha256=parcel.sha256, size=parcel.size)
    if seen is None or seen.verdict != "present":
        _, seen = await send_and_check(
            feed,
            parcel.source,
            parcel.name,
            sha256=parcel.sha256,
            size=parcel.size,
            media_type=parcel.media_type,
        )
    if parcel.manifest is not None:
        sha256 = hashlib.sha256(parcel.manifest).hexdigest()
        with once_taken():
            await send_and_check(
                feed,
                parcel.manifest,
                parcel.manifest_name,
                sha256=sha256,
                size=len(parcel.manifest),
                media_type=MEDIA_TYPE,
            )
    return _judged(seen)


def _judged(seen: ReadBack) -> Result:
    """What a read-back proves."""
    receipt = {"verdict": seen.verdict, "how": seen.how, "observed": seen.facts}
    if seen.verdict == "present":
        return Result("verified", receipt=receipt)
    if seen.verdict == "unknown":
        return Result("stored", "the site offers no way to read it back", receipt)
    error = PassingFeedError(
        "lost-after-upload", f"the site held the file and now it is {seen.verdict} ({seen.how})"
    )
    return Result("passing", _words(error), receipt)


def _failed(error: FeedError) -> Result:
    retry_after = timedelta(seconds=error.retry_after_s) if error.retry_after_s else None
    outcome = "permanent" if error.permanent else "passing"
    return Result(outcome, _words(error), {"taken": True} if error.taken else None, retry_after)


def _words(error: FeedError) -> str:
    return f"{error.code}: {error}"


def conclude(
    database: Engine,
    settings: Settings,
    parcel: Parcel,
    result: Result,
    now: datetime,
    *,
    again: bool = False,
) -> None:
    """Write down how the attempt ended and what follows for the handoff. ``again``: it was a second look."""
    with writing(database) as session:
        row = session.get_one(Attempt, parcel.attempt_id)
        row.finished_at, row.outcome, row.detail, row.receipt = (
            now,
            result.outcome,
            result.detail,
            result.receipt,
        )
        session.add(row)
        handoff = session.get_one(Handoff, parcel.handoff_id)
        if handoff.state not in (
            "sending",
            "verified",
            "stored",
        ):  # called off or over while the bytes were moving
            return
        if again and result.receipt is None:
            # The site could not be asked, which says nothing about what lies there: it stays verified.
            handoff.next_attempt_at = now + _pause(handoff, result, now)
        else:
            handoff.rechecked_at = now if again else handoff.rechecked_at
            _advance(handoff, result, now)
            emit(session, "handoff", parcel.handoff_id, handoff.state, at=now)
        session.add(handoff)
        _tell(session, settings, handoff, result, now, at_once=again)


def _advance(handoff: Handoff, result: Result, now: datetime) -> None:
    if result.outcome in DELIVERED:
        if handoff.verified_at is None:
            handoff.was_late = now > handoff.deadline_at
        handoff.state, handoff.error = result.outcome, None
        handoff.verified_at = now if result.outcome == "verified" else None
    elif result.outcome == "permanent":
        handoff.state, handoff.error = "failed", result.detail
    else:
        handoff.state, handoff.error = "due", result.detail
        handoff.next_attempt_at = now + _pause(handoff, result, now)


def _pause(handoff: Handoff, result: Result, now: datetime) -> timedelta:
    """How long to wait: longer each time, but never more than a quarter of what is left until the site closes."""
    pause = BACKOFF[min(handoff.attempts, len(BACKOFF)) - 1]
    left = (handoff.accept_until - now) / 4
    return max(BACKOFF[0], min(max(pause, result.retry_after or pause), left))


def _tell(
    session: Session, settings: Settings, handoff: Handoff, result: Result, now: datetime, *, at_once: bool
) -> None:
    key = f"airing:{handoff.airing_id}/feed:{handoff.feed_id}"
    if result.outcome in DELIVERED:
        clear(session, "feed_failing", key, now=now)
        return
    failures = session.exec(
        select(Attempt.outcome).where(Attempt.handoff_id == handoff.id).order_by(col(Attempt.number).desc())
    ).all()[:FAILING_AFTER]
    in_a_row = len(failures) == FAILING_AFTER and all(
        outcome in ("passing", "permanent") for outcome in failures
    )
    if at_once or result.outcome == "permanent" or in_a_row:
        raise_alarm(
            session,
            "feed_failing",
            key,
            now=now,
            airing_id=handoff.airing_id,
            feed_id=handoff.feed_id,
            channels=settings.alarm_channels,
        )
