"""The content cut-off: until when a recording must be here to be heard in an airing, by what the steps after that take here.

It is the earliest deadline of the airing's feeds, less the upload, the render, the compile, the approval and the ingest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.airings.carriage import Carriage, carriages, carriages_of, instants
from app.airings.models import Airing
from app.database import id_of
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.library.models import Cut, Segment
from schedules.snapshot import CLOSED

LOOKED_BACK = timedelta(days=30)
MOST_MEASURED = 200
"""The newest so many of each step are looked at."""
FEWEST_MEASURED = 5
"""Of fewer nothing is concluded: what is assumed holds."""

SHARE = 0.9
"""Nine of ten were at least as quick."""

LONGEST_APPROVAL_S = 3600.0
"""What lay longer before somebody listened was not waited for."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How long a step takes, in seconds; ``measured`` of how many, 0 where it is assumed."""

    seconds: float
    measured: int = 0


@dataclass(frozen=True, slots=True)
class Steps:
    """How long a recording takes from its arrival until it can be uploaded, and then to each feed."""

    ingest: Taken = Taken(60.0)
    approval: Taken = Taken(600.0)
    compiling: Taken = Taken(30.0)
    rendering: Taken = Taken(120.0)
    upload: Taken = Taken(120.0)
    uploads: tuple[tuple[int, Taken], ...] = ()
    """Of feeds that were measured: their ids."""

    def before_upload(self) -> timedelta:
        steps = (self.ingest, self.approval, self.compiling, self.rendering)
        return timedelta(seconds=sum(step.seconds for step in steps))

    def upload_to(self, feed: Feed) -> timedelta:
        if is_live(feed):  # it is armed, which takes no time
            return timedelta()
        return timedelta(seconds=dict(self.uploads).get(id_of(feed), self.upload).seconds)


ASSUMED = Steps()


def measure(session: Session, now: datetime) -> Steps:
    """How long each step took in the last days."""
    since = now - LOOKED_BACK
    attempts = session.exec(
        select(Handoff.feed_id, Attempt.started_at, Attempt.finished_at)
        .join(Handoff, col(Handoff.id) == col(Attempt.handoff_id))
        .where(col(Attempt.outcome).in_(("verified", "stored")), Attempt.started_at >= since)
        .order_by(col(Attempt.id).desc())
        .limit(MOST_MEASURED)
    ).all()
    by_feed: dict[int, list[float]] = {}
    for feed_id, began, ended in attempts:
        if ended is not None:
            by_feed.setdefault(feed_id, []).append((ended - began).total_seconds())
    measured = {feed_id: _taken(seconds, ASSUMED.upload) for feed_id, seconds in by_feed.items()}
    return Steps(
        ingest=_taken(_jobs(session, "ingest", since, urgent=True), ASSUMED.ingest),
        approval=_taken(_approvals(session, since), ASSUMED.approval),
        compiling=_taken(_jobs(session, "compile", since), ASSUMED.compiling),
        rendering=_taken(_jobs(session, "render", since), ASSUMED.rendering),
        uploads=tuple(sorted((feed_id, each) for feed_id, each in measured.items() if each.measured)),
    )


def cut_off(airing: Airing, carried: Sequence[Carriage], steps: Steps) -> datetime:
    """Until when a recording must be here. Of an airing that no feed takes, what is rendered has to be ready at its start."""
    feeds = [feed for one in carried for feed in one.feeds]
    last = [instants(airing, feed).deadline_at - steps.upload_to(feed) for feed in feeds]
    return min(last, default=airing.starts_at) - steps.before_upload()


def cut_off_of(session: Session, airing: Airing, steps: Steps) -> datetime:
    """The same, looking up who carries it."""
    return cut_off(airing, carriages(session, *_start(airing)), steps)


def cut_offs(session: Session, airings: Sequence[Airing], now: datetime) -> dict[int, datetime]:
    """Of those of the airings that are not closed, by id, with what the steps take now: in few queries, however many."""
    still = [airing for airing in airings if airing.state not in CLOSED]
    if not still:
        return {}
    steps = measure(session, now)
    carried = carriages_of(session, [_start(airing) for airing in still])
    return {id_of(airing): cut_off(airing, carried[_start(airing)], steps) for airing in still}


def _start(airing: Airing) -> tuple[int, date]:
    return airing.slot_id, airing.starts_at.date()


def _jobs(session: Session, kind: str, since: datetime, *, urgent: bool = False) -> list[float]:
    """From asking to the end, for jobs that went well; of the urgent ones only: what is awaited goes past a library's queue."""
    asked = (Job.kind == kind, Job.state == "done", Job.tries == 1, Job.created_at >= since)
    rows = session.exec(
        select(Job.created_at, Job.finished_at)
        .where(*asked, *((col(Job.urgent),) if urgent else ()))
        .order_by(col(Job.id).desc())
        .limit(MOST_MEASURED)
    ).all()
    return [(ended - asked).total_seconds() for asked, ended in rows if ended is not None]


def _approvals(session: Session, since: datetime) -> list[float]:
    """Of awaited recordings alone: others wait for nobody."""
    rows = session.exec(
        select(Cut.made_at, Cut.approved_at)
        .join(Segment, col(Segment.id) == col(Cut.segment_id))
        .where(col(Segment.awaited_as).is_not(None), col(Cut.approved_at).is_not(None), Cut.made_at >= since)
        .order_by(col(Cut.id).desc())
        .limit(MOST_MEASURED)
    ).all()
    waited = [(ended - made).total_seconds() for made, ended in rows if ended is not None]
    return [seconds for seconds in waited if seconds <= LONGEST_APPROVAL_S]


def _taken(seconds: Iterable[float], assumed: Taken) -> Taken:
    found = sorted(seconds)
    if len(found) < FEWEST_MEASURED:
        return assumed
    return Taken(round(found[min(int(len(found) * SHARE), len(found) - 1)], 1), len(found))
