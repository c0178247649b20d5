"""A feed's handoffs, the newest first, with their attempts and receipts; and what a site that fetches has taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select  # SQLModel's is typed for four columns at most
from sqlmodel import Session, col

from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.database import id_of
from app.feeds.models import Feed
from app.handoffs.models import Attempt, FolderCheck, Handoff
from app.handoffs.reaching import has_arrived
from app.programmes.models import Programme, Slot
from app.pull.models import Fetch, PullKey
from schedules.snapshot import CLOSED

SHOWN = 20
LOOKS = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handoff with its attempts, the last first, and what may be done about it."""

    handoff: Handoff
    airing: Airing
    programme: str
    attempts: tuple[Attempt, ...]
    protocol: str

    @property
    def has_arrived(self) -> bool:
        return has_arrived(self.handoff.state, self.protocol)

    @property
    def is_current(self) -> bool:
        """Whether it is of the version that should go out, of an airing that is not over."""
        return self.airing.state not in CLOSED and self.handoff.version == self.airing.version

    @property
    def may_retry(self) -> bool:
        return self.is_current and self.handoff.state == "failed"

    @property
    def may_send(self) -> bool:
        return self.is_current and self.handoff.state == "due"

    @property
    def may_bring(self) -> bool:
        """Whether somebody may bring it by hand, or say that they did."""
        return self.is_current and self.handoff.state in {"due", "sending", "failed", "stored"}


def deliveries(session: Session, feed: Feed) -> list[Delivery]:
    rows = session.execute(
        select(Handoff, Airing, col(Programme.title))
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(col(Handoff.feed_id) == feed.id)
        .order_by(col(Airing.starts_at).desc(), col(Handoff.version).desc())
        .limit(SHOWN)
    ).all()
    attempts = _attempts(session, [id_of(handoff) for handoff, _, _ in rows])
    return [
        Delivery(handoff, airing, title, tuple(attempts.get(id_of(handoff), ())), feed.protocol)
        for handoff, airing, title in rows
    ]


def _attempts(session: Session, handoff_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    found: dict[int, list[Attempt]] = defaultdict(list)
    query = (
        select(Attempt).where(col(Attempt.handoff_id).in_(handoff_ids)).order_by(col(Attempt.number).desc())
    )
    for (attempt,) in session.execute(query):
        found[attempt.handoff_id].append(attempt)
    return found


def looks(session: Session, feed: Feed) -> Sequence[FolderCheck]:
    """The folder as it was seen last."""
    query = (
        select(FolderCheck)
        .where(col(FolderCheck.feed_id) == feed.id)
        .order_by(col(FolderCheck.checked_at).desc())
        .limit(LOOKS)
    )
    return session.execute(query).scalars().all()


def pull_keys(session: Session, feed: Feed) -> Sequence[PullKey]:
    query = select(PullKey).where(col(PullKey.feed_id) == feed.id).order_by(col(PullKey.id).desc())
    return session.execute(query).scalars().all()


def fetches(session: Session, feed: Feed) -> Sequence[Fetch]:
    query = select(Fetch).where(col(Fetch.feed_id) == feed.id).order_by(col(Fetch.id).desc()).limit(SHOWN)
    return session.execute(query).scalars().all()
