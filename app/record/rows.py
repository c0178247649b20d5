"""The as-run record and the handoffs as flat rows: every row with its evidence, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select  # SQLModel's is typed for four columns at most
from sqlmodel import Session, col

from app.airings.models import Airing, Artefact, AsRun
from app.airings.programme import PROGRAMME_ID
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.handoffs.models import Handoff
from app.library.models import Segment
from app.programmes.models import Programme, Slot
from schedules.time import Span

Query = Any
"""A query of sites and programmes, whatever its columns: their types are known where it is carried out."""


@dataclass(frozen=True, slots=True)
class AsRunRow:
    """One item over one line. ``version`` is None, and ``source`` ``nothing``, where no audio was delivered."""

    airing_id: int
    programme: str
    khz: int
    site: str
    feed: str | None
    starts_at: datetime
    ends_at: datetime
    source: str
    segment_id: int | None
    title: str | None
    evidence: str
    version: int | None
    by_hand: str | None
    """How a person brought it."""


@dataclass(frozen=True, slots=True)
class HandoffRow:
    """One version on its way to one feed, with what is known of its arrival."""

    handoff_id: int
    airing_id: int
    programme: str
    starts_at: datetime
    site: str
    feed: str
    version: int
    object_name: str
    sha256: str
    size: int
    state: str
    deadline_at: datetime
    verified_at: datetime | None
    was_late: bool
    attempts: int
    by_hand: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WantedRows:
    """Which part of the record is wanted; None is all."""

    site_id: int | None = None
    programme_id: int | None = None
    evidence: str | None = None
    """Of the as-run only: a handoff has none of its own."""
    skipped: int = 0
    most: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether something is left out on purpose."""
        return any(one is not None for one in (self.site_id, self.programme_id, self.evidence))


ALL = WantedRows()


def as_run_rows(session: Session, span: Span, wanted: WantedRows = ALL) -> Iterator[AsRunRow]:
    """What went out in the airings that began within a span, in their order. One row at a time is held."""
    query = _as_run(span, wanted).offset(wanted.skipped).limit(wanted.most).execution_options(yield_per=500)
    for row, programme, khz, site, feed, title in session.execute(query):
        yield AsRunRow(
            airing_id=row.airing_id,
            programme=programme,
            khz=khz,
            site=site,
            feed=feed,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            source=row.source,
            segment_id=row.segment_id,
            title=title,
            evidence=row.evidence,
            version=row.version,
            by_hand=_by_hand(row.details.get("by_hand")),
        )


def count_as_run(session: Session, span: Span, wanted: WantedRows = ALL) -> int:
    """How many rows there are, ``skipped`` and ``most`` aside."""
    return _count(session, _as_run(span, wanted))


def _as_run(span: Span, wanted: WantedRows) -> Query:
    query = (
        select(AsRun, col(Programme.title), col(Line.khz), col(Site.code), col(Feed.name), col(Segment.title))
        .join(Airing, col(Airing.id) == col(AsRun.airing_id))
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .join(Line, col(Line.id) == col(AsRun.line_id))
        .join(Site, col(Site.id) == col(Line.site_id))
        .join(Feed, col(Feed.id) == col(AsRun.feed_id), isouter=True)
        .join(Segment, col(Segment.id) == col(AsRun.segment_id), isouter=True)
        .where(col(Airing.starts_at) >= span.start, col(Airing.starts_at) < span.end)
        .order_by(
            col(Airing.starts_at),
            col(AsRun.airing_id),
            col(AsRun.line_id),
            col(AsRun.feed_id),
            col(AsRun.position),
        )
    )
    if wanted.evidence is not None:
        query = query.where(col(AsRun.evidence) == wanted.evidence)
    return _narrowed(query, wanted)


def handoff_rows(session: Session, span: Span, wanted: WantedRows = ALL) -> Iterator[HandoffRow]:
    """The handoffs of the airings that begin within a span."""
    query = _handoffs(span, wanted).offset(wanted.skipped).limit(wanted.most).execution_options(yield_per=500)
    for row, starts_at, programme, site, feed, sha256, size in session.execute(query):
        yield HandoffRow(
            handoff_id=row.id,
            airing_id=row.airing_id,
            programme=programme,
            starts_at=starts_at,
            site=site,
            feed=feed,
            version=row.version,
            object_name=row.object_name,
            sha256=sha256,
            size=size,
            state=row.state,
            deadline_at=row.deadline_at,
            verified_at=row.verified_at,
            was_late=row.was_late,
            attempts=row.attempts,
            by_hand=_by_hand(row.manual),
            error=row.error,
        )


def count_handoffs(session: Session, span: Span, wanted: WantedRows = ALL) -> int:
    """How many rows there are, ``skipped`` and ``most`` aside."""
    return _count(session, _handoffs(span, wanted))


def _handoffs(span: Span, wanted: WantedRows) -> Query:
    query = (
        select(
            Handoff,
            col(Airing.starts_at),
            col(Programme.title),
            col(Site.code),
            col(Feed.name),
            col(Artefact.sha256),
            col(Artefact.bytes),
        )
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .join(Feed, col(Feed.id) == col(Handoff.feed_id))
        .join(Site, col(Site.id) == col(Feed.site_id))
        .join(Artefact, col(Artefact.id) == col(Handoff.artefact_id))
        .where(col(Airing.starts_at) >= span.start, col(Airing.starts_at) < span.end)
        .order_by(col(Airing.starts_at), col(Handoff.airing_id), col(Handoff.feed_id), col(Handoff.version))
    )
    return _narrowed(query, wanted)


def _count(session: Session, query: Query) -> int:
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return int(session.execute(counted).scalar_one())


def _narrowed(query: Query, wanted: WantedRows) -> Query:
    if wanted.site_id is not None:
        query = query.where(col(Site.id) == wanted.site_id)
    if wanted.programme_id is not None:
        query = query.where(PROGRAMME_ID.in_([wanted.programme_id]))
    return query


def _by_hand(details: dict[str, object] | None) -> str | None:
    return f"{details['how']} ({details['at']})" if details else None
