"""Whether feeds had what they were to have in time: one verdict for each airing and feed whose deadline has passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select  # SQLModel's is typed for four columns at most
from sqlmodel import Session, col

from app.airings.models import Airing
from app.feeds.models import Feed
from app.handoffs.models import Handoff
from app.handoffs.reaching import has_arrived
from schedules.time import Span


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many were met, met late, and missed. The version that counts is the newest one that was wanted."""

    on_time: int = 0
    late: int = 0
    missed: int = 0

    @property
    def count(self) -> int:
        return self.on_time + self.late + self.missed

    @property
    def share(self) -> float | None:
        """Of those met in time, from 0 to 1; None where there was none to meet."""
        return self.on_time / self.count if self.count else None

    def __add__(self, other: Deadlines) -> Deadlines:
        return Deadlines(self.on_time + other.on_time, self.late + other.late, self.missed + other.missed)


ON_TIME, LATE, MISSED = Deadlines(on_time=1), Deadlines(late=1), Deadlines(missed=1)


def deadlines_met(session: Session, span: Span, now: datetime) -> dict[int, Deadlines]:
    """The verdicts of the airings that begin within a span, by feed. What was called off is nobody's to meet."""
    rows = session.execute(
        select(
            col(Handoff.airing_id),
            col(Handoff.feed_id),
            col(Handoff.state),
            col(Handoff.was_late),
            col(Feed.protocol),
        )
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .join(Feed, col(Feed.id) == col(Handoff.feed_id))
        .where(
            col(Airing.starts_at) >= span.start,
            col(Airing.starts_at) < span.end,
            col(Handoff.deadline_at) <= now,
            col(Handoff.state) != "cancelled",
        )
        .order_by(col(Handoff.version))
    )
    newest = {(airing_id, feed_id): verdict(*rest) for airing_id, feed_id, *rest in rows}
    return _summed((feed_id, one) for (_, feed_id), one in newest.items())


def verdict(state: str, was_late: bool, protocol: str) -> Deadlines:  # noqa: FBT001 - a row's column
    if not has_arrived(state, protocol):
        return MISSED
    return LATE if was_late else ON_TIME


def _summed(verdicts: Iterable[tuple[int, Deadlines]]) -> dict[int, Deadlines]:
    sums: dict[int, Deadlines] = {}
    for feed_id, one in verdicts:
        sums[feed_id] = sums.get(feed_id, Deadlines()) + one
    return sums
