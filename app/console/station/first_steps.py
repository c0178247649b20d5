"""What a new station has still to do before its first programme is at a site: read from the rows, ticked by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.feeds.models import Feed
from app.frequencies.models import LineFeed, Site
from app.handoffs.models import Handoff
from app.journal.models import JournalEntry
from app.library.models import Segment, SegmentState
from app.people.models import Key
from app.programmes.models import Programme, Slot
from app.station.service import station

ARRIVED = ("stored", "verified", "manual")


@dataclass(frozen=True, slots=True)
class FirstStep:
    """``name`` is the key of its words, ``address`` the page on which it is done."""

    name: str
    address: str
    done: bool


@dataclass(frozen=True, slots=True)
class FirstSteps:
    listed: tuple[FirstStep, ...]

    @property
    def next(self) -> FirstStep | None:
        """The first that is not done; None where all are."""
        return next((step for step in self.listed if not step.done), None)

    @property
    def done(self) -> int:
        return sum(step.done for step in self.listed)


def first_steps(session: Session) -> FirstSteps:
    """From a key to the first programme at a site, in the order in which one needs the other."""

    def there_is(query: Any) -> bool:
        return session.exec(query.limit(1)).first() is not None

    segments, airings = select(Segment.id), select(Airing.id)
    programmes, handoffs = select(Programme), select(Handoff.id)
    approved = segments.where(Segment.state == SegmentState.approved)
    has_clock = any(programme.clock for programme in session.exec(programmes).all())
    has_standby = there_is(programmes.where(col(Programme.standby_segment_id).is_not(None)))
    delivered = there_is(handoffs.where(col(Handoff.state).in_(ARRIVED)))
    aired = there_is(airings.where(col(Airing.state).in_(("on_air", "done"))))
    site_id = session.exec(select(Site.id).order_by(col(Site.id)).limit(1)).first()
    programme_id = session.exec(select(Programme.id).order_by(col(Programme.id)).limit(1)).first()
    programme = f"/programmes/{programme_id}" if programme_id is not None else "/programmes"
    steps = [
        ("person", "/station#people", there_is(select(Key.id).where(col(Key.revoked_at).is_(None)))),
        ("segment", "/library", there_is(segments)),
        ("approved", "/approvals", there_is(approved)),
        ("programme", "/programmes", has_clock),
        ("standby", "/station#settings", has_standby or station(session).evergreen_segment_id is not None),
        ("slot", programme, there_is(select(Slot.id))),
        ("site", "/sites", site_id is not None),
        ("feed", f"/sites/{site_id}" if site_id is not None else "/sites", there_is(select(Feed.id))),
        ("probed", _first_feed(session), delivered or _was_probed(session)),
        ("line", "/frequencies/lines/new", there_is(select(LineFeed.line_id))),
        ("compiled", "/", there_is(airings.where(col(Airing.version) > 0))),
        ("delivered", "/", delivered or aired),
    ]
    return FirstSteps(tuple(FirstStep(*step) for step in steps))


def _first_feed(session: Session) -> str:
    feed_id = session.exec(select(Feed.id).order_by(col(Feed.id)).limit(1)).first()
    return f"/feeds/{feed_id}" if feed_id is not None else "/sites"


def _was_probed(session: Session) -> bool:
    """Whether a trial of a feed that is still there has worked."""
    trials = session.exec(
        select(JournalEntry.details).where(
            JournalEntry.action == "feed.probed", col(JournalEntry.subject_id).in_(select(Feed.id))
        )
    ).all()
    return any(details.get("ok") for details in trials)
