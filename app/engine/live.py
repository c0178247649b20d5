"""The live side of the snapshot: how an airing should be on the air, and how it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.air.arming import LAST_MOMENT, digest, of_live
from app.air.models import AirRecord
from app.air.status import AirStatus
from app.airings.carriage import TAKES_UNTIL, Carriage, instants
from app.airings.models import Airing
from app.airings.on_air import HEARD_WRONG, position
from app.airings.stand_ins import live_feeds
from app.database import id_of
from app.feeds.live import preroll_s
from app.feeds.models import Feed
from app.monitor.models import Listening
from app.monitor.service import BAD, of_airing
from app.settings import Settings
from app.studio.turns import level_at
from schedules.snapshot import CHAIN, HeardWrong, LiveState, LiveView
from schedules.time import samples_to_timedelta

HEARD_FOR = timedelta(seconds=90)
"""What was heard longer ago says nothing of now: the monitor listens every 20 s."""


def live_state(
    session: Session,
    settings: Settings,
    airing: Airing,
    carried: Sequence[Carriage],
    air: AirStatus,
    now: datetime,
) -> LiveState:
    """An airing with live feeds, as of now."""
    wanted = of_live(session, settings, airing, carried, now)
    taken_on = airing.armed_as is not None and air.armed.get(id_of(airing)) == airing.arming
    asked_for = _asked_for(airing, now)
    heard = of_airing(session, id_of(airing), since=now - HEARD_FOR)
    turned_at = samples_to_timedelta(airing.turns[-1]["from_sample"]) if airing.turns else None
    return LiveState(
        feeds=tuple(
            _with_ears(_feed(airing, feed, air, now, asked_for, taken_on=taken_on), heard)
            for feed in live_feeds(carried)
        ),
        takes_until=airing.stops_at - TAKES_UNTIL,
        last_moment=airing.starts_at - LAST_MOMENT,
        wanted=digest(wanted) if wanted else None,
        armed=airing.armed_as,
        version=airing.armed_version,
        taken_on=taken_on,
        ended=now >= airing.stops_at and _has_ended(session, airing),
        turns=tuple(turn["level"] for turn in airing.turns),
        turned_at=None if turned_at is None else airing.starts_at + turned_at,
        asked_for=asked_for,
        stepped=_stepped(airing),
    )


def _feed(
    airing: Airing, feed: Feed, air: AirStatus, now: datetime, asked_for: str, *, taken_on: bool
) -> LiveView:
    when, key = instants(airing, feed), (id_of(airing), id_of(feed))
    opens_at = airing.starts_at - timedelta(seconds=preroll_s(feed))
    off_since = air.off_since.get(key)
    if air.output(*key) is None and not taken_on and now >= opens_at:
        off_since = opens_at  # the air process is not there, or has nothing to send
    return LiveView(
        feed_id=id_of(feed),
        warn_at=when.warn_at,
        deadline_at=when.deadline_at,
        opens_at=opens_at,
        off_since=off_since,
        standing_in_since=air.standing_in_since.get(key) if asked_for == CHAIN[0] else None,
    )


def _with_ears(view: LiveView, heard: Sequence[Listening]) -> LiveView:
    """What the monitor says of a feed."""
    ours = [row for row in heard if row.feed_id == view.feed_id]
    telling = [row for row in ours if row.finding == "ok" or (row.finding in BAD and row.confirmed)]
    last = telling[-1] if telling else None
    right = [row.at for row in ours if row.finding == "ok"]
    is_wrong = last is not None and last.finding != "ok"
    return replace(
        view,
        heard_wrong=HeardWrong(last.finding, last.at, last.level or CHAIN[0]) if last and is_wrong else None,
        heard_right_at=right[-1] if right else None,
        unheard=bool(ours) and ours[-1].finding == "unreachable" and ours[-1].confirmed,
    )


def _asked_for(airing: Airing, now: datetime) -> str:
    """The step of the chain that people want to hear now. One that was taken because something wrong was heard is not theirs."""
    theirs = [turn for turn in airing.turns if turn.get("because") != HEARD_WRONG]
    return level_at(theirs, position(airing, now))


def _stepped(airing: Airing) -> int:
    """How many turns were taken because something wrong was heard, since people said something last."""
    count = 0
    for turn in reversed(airing.turns):
        if turn.get("because") != HEARD_WRONG:
            break
        count += 1
    return count


def _has_ended(session: Session, airing: Airing) -> bool:
    said = select(AirRecord.id).where(
        AirRecord.airing_id == airing.id, AirRecord.kind == "ended", AirRecord.at >= airing.starts_at
    )
    return session.exec(said).first() is not None
