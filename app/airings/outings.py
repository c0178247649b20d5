"""Where a segment has aired and will air: airing by airing, with the moment in it, the lines, and how we know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select  # SQLModel's is typed for four columns
from sqlmodel import Session, col

from app.airings.carriage import is_on_air
from app.airings.models import Airing, AsRun, RundownVersion
from app.airings.programme import IS_NEWEST, PROGRAMME_ID
from app.errors import Invalid
from app.frequencies.models import Line
from app.programmes.models import Programme, Slot
from schedules.rundown import Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CLOSED

STILL_OPEN = timedelta(days=7)
"""An airing that began earlier is over, whatever its state says; so nobody looks through years of them."""


@dataclass(frozen=True, slots=True)
class Outing:
    """A segment in one airing."""

    airing_id: int
    state: str
    """The airing's."""
    programme: str
    programme_title: str
    starts_at: datetime
    """The airing's; ``airs_at`` is when the segment is heard in it first."""
    airs_at: datetime
    times: int
    """How often it is heard in it."""
    lines: int
    khz: tuple[int, ...]
    evidence: dict[str, int]
    """On how many lines each kind of evidence is known; empty of what is planned."""


def planned(session: Session, segment_id: int, now: datetime) -> list[Outing]:
    """The open airings whose rundowns have the segment, the soonest first. They may yet be compiled anew."""
    found = list(_in_rundowns(session, segment_id, now))
    lines: dict[int, list[Line]] = {}
    slots = {row.slot_id for row, _ in found}
    for line in session.scalars(select(Line).where(col(Line.slot_id).in_(slots))):
        lines.setdefault(line.slot_id, []).append(line)
    outings = []
    for row, instants in found:
        on_air = [one for one in lines.get(row.slot_id, []) if is_on_air(one, row.starts_at.date())]
        khz = {line.khz for line in on_air}
        outings.append(_outing(row, instants[0], len(instants), len(on_air), khz, {}))
    return sorted(outings, key=lambda outing: (outing.airs_at, outing.airing_id))


def next_airs_at(session: Session, segment_id: int, now: datetime) -> datetime | None:
    """When the segment will be heard next, as far as rundowns are compiled."""
    soonest: datetime | None = None
    for row, instants in _in_rundowns(session, segment_id, now):
        if soonest is not None and row.starts_at >= soonest:
            break
        soonest = min((at for at in (*instants, soonest) if at is not None and at >= now), default=None)
    return soonest


def soonest(session: Session, segment_ids: Iterable[int], now: datetime) -> dict[int, tuple[int, datetime]]:
    """Of many segments at once: the next airing whose rundown has each, and when that begins."""
    wanted, found = set(segment_ids), dict[int, tuple[int, datetime]]()
    if not wanted:
        return found
    query = _open_rundowns(now).where(col(Airing.starts_at) > now)
    for row in session.execute(query):
        for segment_id in wanted.intersection(map(int, _NAMED.findall(row.body))):
            found[segment_id] = row.id, row.starts_at
        wanted -= found.keys()
    return found


def aired(session: Session, segment_id: int, *, after: int | None, limit: int) -> list[Outing]:
    """The airings in which the segment was heard, the newest first; those before the airing ``after`` only.

    Raises:
        Invalid: there is no airing ``after``.
    """
    heard_in = select(col(AsRun.airing_id)).where(*_heard(segment_id))
    query = _airings().where(col(Airing.id).in_(heard_in))
    if after is not None:
        query = query.where(_earlier_than(session, after))
    query = query.order_by(col(Airing.starts_at).desc(), col(Airing.id).desc()).limit(limit)
    airings = session.execute(query).all()
    rows = session.execute(
        select(
            col(AsRun.airing_id), col(AsRun.line_id), col(Line.khz), col(AsRun.starts_at), col(AsRun.evidence)
        )
        .join(Line, col(Line.id) == col(AsRun.line_id))
        .where(*_heard(segment_id), col(AsRun.airing_id).in_([airing.id for airing in airings]))
        .order_by(col(AsRun.starts_at))
    )
    by_airing: dict[int, list[Row[Any]]] = {}
    for row in rows:
        by_airing.setdefault(row.airing_id, []).append(row)
    return [_of_record(airing, by_airing[airing.id]) for airing in airings]


def names_segment(segment_id: int) -> str:
    """What the canonical JSON of a rundown holds if the segment is in it, and only then.

    60 open airings are looked through for it in 1 ms, and parsed in 30; so there is no table of their items.
    """
    return f'"segment_id":{segment_id},"type":"segment"'


_NAMED = re.compile(r'"segment_id":(\d+),"type":"segment"')
"""What `names_segment` writes."""


def _in_rundowns(
    session: Session, segment_id: int, now: datetime
) -> Iterator[tuple[Row[Any], list[datetime]]]:
    """Each open airing whose newest rundown has the segment, in their order, with the instants at which it is heard."""
    query = _open_rundowns(now).where(
        col(RundownVersion.body).contains(names_segment(segment_id), autoescape=True)
    )
    for row in session.execute(query):
        sources = ((item, item.source) for item in Rundown.from_json(row.body).items)
        yield (
            row,
            [
                audio_airs_at(item, row.starts_at)
                for item, source in sources
                if isinstance(source, SegmentSource) and source.segment_id == segment_id
            ],
        )


def _open_rundowns(now: datetime) -> Select[*tuple[Any, ...]]:
    """The newest ``body`` of every open airing, in their order."""
    return (
        _airings()
        .add_columns(col(RundownVersion.body))
        .join(RundownVersion, IS_NEWEST)
        .where(col(Airing.starts_at) > now - STILL_OPEN, col(Airing.state).not_in(CLOSED))
        .order_by(col(Airing.starts_at))
    )


def _airings() -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Airing.id),
            col(Airing.state),
            col(Airing.starts_at),
            col(Airing.slot_id),
            col(Programme.code),
            col(Programme.title),
        )
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
    )


def _heard(segment_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(AsRun.segment_id) == segment_id, col(AsRun.evidence) != "planned"


def _earlier_than(session: Session, airing_id: int) -> ColumnElement[bool]:
    airing = session.get(Airing, airing_id)
    if airing is None:
        raise Invalid("this is not a cursor that we gave: begin without one", field="cursor")
    began = col(Airing.starts_at)
    return or_(began < airing.starts_at, and_(began == airing.starts_at, col(Airing.id) < airing_id))


def _of_record(airing: Row[Any], rows: Sequence[Row[Any]]) -> Outing:
    """``rows``: what the record says of the segment in the airing, in their order."""
    on_lines = {row.line_id for row in rows}
    evidence = Counter(kind for _, kind in {(row.line_id, row.evidence) for row in rows})
    # On each line it is heard as often; what was sent by two feeds to one line was heard once
    times = max(len({row.starts_at for row in rows if row.line_id == line}) for line in on_lines)
    return _outing(
        airing,
        rows[0].starts_at,
        times,
        len(on_lines),
        {row.khz for row in rows},
        dict(sorted(evidence.items())),
    )


def _outing(
    row: Row[Any], airs_at: datetime, times: int, lines: int, khz: set[int], evidence: dict[str, int]
) -> Outing:
    return Outing(
        airing_id=row.id,
        state=row.state,
        programme=row.code,
        programme_title=row.title,
        starts_at=row.starts_at,
        airs_at=airs_at,
        times=times,
        lines=lines,
        khz=tuple(sorted(khz)),
        evidence=evidence,
    )
