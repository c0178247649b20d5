"""The library's list: segments found by words and by filters, each with when and how often it was heard, in one query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, inspect, or_, select
from sqlmodel import Session, col, func

from app.airings.models import AsRun
from app.library.models import Segment, SegmentKind, SegmentSearch, SegmentState, SegmentTag
from app.library.search import ESCAPE, Pattern, patterns_of
from audio.pcm import RATE
from schedules.time import KST, to_utc


@dataclass(frozen=True, slots=True)
class Filters:
    """Which segments to list; None and empty mean all. What is given must all be true."""

    words: str | None = None
    state: SegmentState | None = None
    kind: SegmentKind | None = None
    tag: str | None = None
    presenter: str | None = None
    series: str | None = None
    created_from: date | None = None
    created_to: date | None = None
    """KST days, both included."""
    min_s: float | None = None
    max_s: float | None = None
    """Of its newest cut; what is not measured yet has no length."""
    not_aired_for_days: int | None = None
    """Not heard in so many days; what was never heard is among them."""
    expires_within_days: int | None = None
    """In date now, and no longer in so many days."""
    batch: str | None = None
    """The name under which they were sent together."""
    awaited: bool = False
    """What came for an awaited element of a clock."""
    spoken: bool = False
    """What Danpa spoke for single airings, instead of the producers' recordings."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the record says of a segment, of which more is known than that it was planned."""

    last_aired_at: datetime | None = None
    times_aired: int = 0
    """In how many airings; the lines of one are one, and so are its repetitions in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A segment's columns by their names: a page of them costs half of what as many entities do."""

    segment_id: int
    columns: dict[str, Any]
    heard: Heard


def find(
    session: Session,
    filters: Filters,
    *,
    now: datetime,
    before_id: int | None,
    limit: int,
    down_to_id: int | None = None,
) -> list[Found]:
    """Segments, newest first, that pass the filters; those with ids in ``[down_to_id, before_id)`` only."""
    query, key = _found(select(*_COLUMNS, _last_aired_at(), _times_aired()), filters, now)
    if before_id is not None:
        query = query.where(key < before_id)
    if down_to_id is not None:
        query = query.where(key >= down_to_id)
    query = query.order_by(key.desc()).limit(limit)
    names = [str(column.key) for column in _COLUMNS]
    return [
        Found(row[0], dict(zip(names, row[:-2], strict=True)), Heard(*row[-2:]))
        for row in session.connection().execute(query)
    ]


def count(session: Session, filters: Filters, *, now: datetime) -> int:
    """How many segments pass the filters."""
    query, _ = _found(select(func.count(col(Segment.id))), filters, now)
    found: int = session.connection().execute(query).scalar_one()
    return found


def _found(query: Select[Any], filters: Filters, now: datetime) -> tuple[Select[Any], Any]:
    """The query of what passes the filters, and the segments' ids in it."""
    patterns = patterns_of(filters.words or "")
    key: Any = col(Segment.id)
    if patterns:
        # An outer join (none is without its words) makes SQLite read the narrow table first, in the order of the answer
        key = col(SegmentSearch.segment_id)
        query = query.select_from(SegmentSearch).join(Segment, key == col(Segment.id), isouter=True)
        query = query.where(*map(_says, patterns))
    return query.where(*_conditions(filters, now)), key


def heard(session: Session, segment_id: int) -> Heard:
    """When a segment was heard last, and how often."""
    query = select(_last_aired_at(), _times_aired()).where(col(Segment.id) == segment_id)
    return Heard(*session.connection().execute(query).one())


# A list shows no scripts: a page of them would be a megabyte
_COLUMNS: list[ColumnElement[Any]] = [one for one in inspect(Segment).columns if one.key != "script"]


def _conditions(filters: Filters, now: datetime) -> Iterator[ColumnElement[bool]]:
    of_danpa = col(Segment.spoken_key).is_not(None)
    yield of_danpa if filters.spoken else ~of_danpa
    yield from _described(filters)
    yield from _dated(filters, now)
    length = col(Segment.played_samples)
    if filters.min_s is not None:
        yield length >= ceil(filters.min_s * RATE)
    if filters.max_s is not None:
        yield length <= floor(filters.max_s * RATE)


def _says(pattern: Pattern) -> ColumnElement[bool]:
    column = col(getattr(SegmentSearch, pattern.form))
    return or_(*(column.like(text, escape=ESCAPE) for text in pattern.any_of))


def _described(filters: Filters) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (col(Segment.state), filters.state),
        (col(Segment.kind), filters.kind),
        (col(Segment.presenter), filters.presenter),
        (col(Segment.series), filters.series),
        (col(Segment.batch), filters.batch),
    ):
        if wanted is not None:
            yield column == wanted
    if filters.awaited:
        yield col(Segment.awaited_as).is_not(None)
    if filters.tag is not None:
        yield col(Segment.id).in_(
            select(col(SegmentTag.segment_id)).where(col(SegmentTag.tag) == filters.tag)
        )


def _dated(filters: Filters, now: datetime) -> Iterator[ColumnElement[bool]]:
    if filters.created_from is not None:
        yield col(Segment.created_at) >= _midnight(filters.created_from)
    if filters.created_to is not None:
        yield col(Segment.created_at) < _midnight(filters.created_to + timedelta(days=1))
    if filters.expires_within_days is not None:
        yield col(Segment.air_until) > now
        yield col(Segment.air_until) <= now + timedelta(days=filters.expires_within_days)
    if filters.not_aired_for_days is not None:
        since = now - timedelta(days=filters.not_aired_for_days)
        yield ~exists().where(*_HEARD, col(AsRun.starts_at) >= since)


_HEARD = (col(AsRun.segment_id) == col(Segment.id), col(AsRun.evidence) != "planned")


def _last_aired_at() -> ScalarSelect[datetime]:
    return select(func.max(AsRun.starts_at)).where(*_HEARD).scalar_subquery()


def _times_aired() -> ScalarSelect[int]:
    return select(func.count(col(AsRun.airing_id).distinct())).where(*_HEARD).scalar_subquery()


def _midnight(day: date) -> datetime:
    return to_utc(datetime.combine(day, time(), tzinfo=KST))
