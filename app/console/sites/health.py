"""How the feeds are: what is under way, what failed, when something was last proved to have arrived, and the month's deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from app.air.status import AirStatus, OutputStatus
from app.alarms.models import Alarm
from app.console.sites.coming import Coming, coming
from app.contracts.billing import Days, parse_month
from app.database import id_of
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.feeds.service import PROBED
from app.frequencies.models import Site
from app.handoffs.deadlines import Deadlines, deadlines_met
from app.handoffs.models import Handoff
from app.journal.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Probed:
    """How a feed was when a person tried it last."""

    at: datetime
    ok: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One feed, as an engineer wants to see it at a glance."""

    feed: Feed
    site: Site
    coming: tuple[Coming, ...]
    last_arrival_at: datetime | None
    probed: Probed | None
    deadlines: Deadlines
    output: OutputStatus | None
    alarms: int

    @property
    def id(self) -> int:
        return id_of(self.feed)

    @property
    def is_live(self) -> bool:
        return is_live(self.feed)

    @property
    def next(self) -> Coming | None:
        """The airing whose deadline is next to be met, else the next one that there is."""
        waiting = (one for one in self.coming if not one.has_arrived and one.airing_state != "on_air")
        return next(waiting, None) or next(iter(self.coming), None)

    @property
    def failing(self) -> Coming | None:
        """What it could not be given, the next on the air first."""
        return next(
            (one for one in self.coming if one.state == "failed" or (one.error and not one.has_arrived)), None
        )

    @property
    def state(self) -> str:
        """One word for it, the worst first."""
        on = self.output is not None and self.output.state == "on"
        signs = {
            "off": not self.feed.enabled,
            "failed": any(one.state == "failed" for one in self.coming),
            "alarm": self.alarms > 0,
            "trouble": self.failing is not None,
            "live_on": on,
            "connecting": self.output is not None,
            "sending": any(one.state == "sending" for one in self.coming),
            "ok": bool(self.coming),
        }
        return next((name for name, is_so in signs.items() if is_so), "idle")


def feeds_health(
    session: Session, air: AirStatus, now: datetime, *, feed_id: int | None = None, site_id: int | None = None
) -> list[FeedHealth]:
    """Every feed, or one, or those of a site, in the order of sites and names. A fixed number of queries."""
    query = (
        select(Feed, Site)
        .join(Site, col(Site.id) == col(Feed.site_id))
        .order_by(col(Site.name), col(Feed.name))
    )
    if feed_id is not None:
        query = query.where(Feed.id == feed_id)
    if site_id is not None:
        query = query.where(Feed.site_id == site_id)
    rows = session.exec(query).all()
    feeds = [feed for feed, _ in rows]
    ahead, met = coming(session, feeds, now), deadlines_met(session, this_month(now).span, now)
    arrivals, probes, alarms = _arrivals(session, feeds), _probes(session, feeds), _alarms(session, feeds)
    outputs = {one.feed_id: one for one in air.outputs}
    return [
        FeedHealth(
            feed=feed,
            site=site,
            coming=tuple(ahead.get(id_of(feed), ())),
            last_arrival_at=arrivals.get(id_of(feed)),
            probed=probes.get(id_of(feed)),
            deadlines=met.get(id_of(feed), Deadlines()),
            output=outputs.get(id_of(feed)),
            alarms=alarms.get(id_of(feed), 0),
        )
        for feed, site in rows
    ]


def this_month(now: datetime) -> Days:
    """The UTC month in which contracts count now."""
    return parse_month(f"{now.astimezone(UTC):%Y-%m}")


def total(healths: Iterable[FeedHealth]) -> Deadlines:
    return sum((one.deadlines for one in healths), Deadlines())


def _ids(feeds: Sequence[Feed]) -> list[int]:
    return [id_of(feed) for feed in feeds]


def _arrivals(session: Session, feeds: Sequence[Feed]) -> dict[int, datetime]:
    """When something was last proved to lie at each feed."""
    query = (
        select(Handoff.feed_id, func.max(Handoff.verified_at))
        .where(col(Handoff.feed_id).in_(_ids(feeds)), col(Handoff.verified_at).is_not(None))
        .group_by(col(Handoff.feed_id))
    )
    return {feed_id: at for feed_id, at in session.exec(query).all() if at is not None}


def _probes(session: Session, feeds: Sequence[Feed]) -> dict[int, Probed]:
    newest = (
        select(func.max(JournalEntry.id))
        .where(JournalEntry.action == PROBED, col(JournalEntry.subject_id).in_(_ids(feeds)))
        .group_by(col(JournalEntry.subject_id))
    )
    rows = session.exec(select(JournalEntry).where(col(JournalEntry.id).in_(newest))).all()
    return {row.subject_id or 0: Probed(row.at, row.details["ok"], row.details.get("code")) for row in rows}


def _alarms(session: Session, feeds: Sequence[Feed]) -> dict[int, int]:
    query = (
        select(Alarm.feed_id, func.count())
        .where(col(Alarm.feed_id).in_(_ids(feeds)), col(Alarm.cleared_at).is_(None))
        .group_by(col(Alarm.feed_id))
    )
    return {feed_id: count for feed_id, count in session.exec(query).all() if feed_id is not None}
