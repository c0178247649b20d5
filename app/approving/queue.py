"""The approval queue: the drafts that wait for somebody's ear, those first that are needed soonest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select as columns  # SQLModel's is typed for four columns at most
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from app.airings.models import Airing, RundownVersion
from app.airings.programme import IS_NEWEST, PROGRAMME_ID
from app.approving.notes import open_notes
from app.approving.sign_offs import cuts_in
from app.awaited.cut_off import ASSUMED, cut_off_of, measure
from app.awaited.service import awaited_from
from app.database import id_of
from app.library.cuts import edits_of
from app.library.models import Cut, CutState, Segment, SegmentState
from app.people.models import Person
from app.programmes.models import Programme, Slot
from app.station.models import Station
from audio.edits import heard
from audio.pcm import RATE
from schedules.snapshot import CLOSED
from schedules.time import to_kst

How = Literal["awaited", "airs_older_cut"]

FARTHEST = timedelta(days=7)
"""No airing is awaited from farther ahead."""

LONG_SILENCE_S = 3.0
"""A speaker's pause is shorter: what is longer sounds as if the transmitter had gone."""

FAINT_LUFS = -40.0
"""Brought to the station's level, what is fainter has its noise raised by 20 dB."""

OWN = "you uploaded or edited it: at this station somebody else approves it"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An airing that a draft is for (``awaited``), or that has an older cut of it until somebody approves this one.

    ``late``: what is approved now is heard only as far as the sites still take a new version.
    """

    airing_id: int
    programme: str
    starts_at: datetime
    how: How
    cut_off_at: datetime
    seconds_left: float
    late: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft, with what whoever approves it should know before listening. ``waiting_since``: when its newest cut was made."""

    segment_id: int
    revision: int
    title: str
    kind: str
    presenter: str | None
    pseudonym: str | None
    duration_s: float | None
    cut: int
    cut_state: str
    approved_cut: int | None
    edited_only: bool
    made_by: int | None
    made_by_name: str | None
    waiting_since: datetime
    has_script: bool
    has_notes: bool
    open_notes: int
    loudness_lufs: float | None
    peak_dbtp: float | None
    clipped_samples: int
    damaged: bool
    longest_silence_s: float
    warnings: tuple[str, ...]
    may_i: bool
    why_not: str | None
    wanted_by: tuple[Wanted, ...]


def waiting_count(session: Session) -> int:
    """How many drafts wait for somebody's ear."""
    return session.exec(select(func.count()).select_from(Segment).where(*_DRAFTS)).one()


def queue(session: Session, person_id: int, now: datetime, limit: int) -> list[Waiting]:
    """The first ``limit`` drafts in the order in which they are needed, as a person sees them.

    First what airings await, by their content cut-off; then what airings hold in an older cut, likewise; then by age.
    """
    wanted = _wanted_by(session, now)
    soonest = sorted(wanted, key=lambda each: (*_urgency(wanted[each][0]), each))
    rows = _rows(session, soonest[:limit])
    by_id = {row.id: row for row in rows}
    ordered = [by_id[each] for each in soonest[:limit] if each in by_id]
    if len(ordered) < limit:
        ordered += _oldest(session, without=soonest, limit=limit - len(ordered))
    noted = open_notes(session, [row.id for row in ordered])
    another = session.get_one(Station, 1).approved_by_another
    return [
        _waiting(row, tuple(wanted.get(row.id, ())), noted.get(row.id, 0), person_id if another else None)
        for row in ordered
    ]


def _wanted_by(session: Session, now: datetime) -> dict[int, list[Wanted]]:
    """Which airings wait for which drafts, the most urgent first."""
    found: dict[int, dict[int, Wanted]] = {}
    for segment_id, one in (*_awaited(session, now), *_holding_older(session, now)):
        found.setdefault(segment_id, {}).setdefault(one.airing_id, one)
    return {segment_id: sorted(each.values(), key=_urgency) for segment_id, each in found.items()}


def _urgency(one: Wanted) -> tuple[bool, datetime, int]:
    return one.how != "awaited", one.cut_off_at, one.airing_id


# SQLite would take the index on spoken_key, under which the whole library has none, for the better one
_DRAFTS = (col(Segment.state) == SegmentState.draft, func.coalesce(Segment.spoken_key, "") == "")
_MAKER = aliased(Person)
_SHOWN = (
    columns(
        col(Segment.id),
        col(Segment.revision),
        col(Segment.title),
        col(Segment.kind),
        col(Segment.presenter),
        col(Segment.pseudonym),
        col(Segment.created_by),
        col(Segment.approved_cut),
        col(Segment.script).is_not(None).label("has_script"),
        col(Segment.notes).is_not(None).label("has_notes"),
        col(Segment.samples),
        col(Segment.cue_in),
        col(Segment.cue_out),
        col(Segment.silences),
        col(Segment.clipped_samples),
        col(Segment.damaged),
        col(Segment.played_samples),
        col(Cut.number),
        col(Cut.state).label("cut_state"),
        col(Cut.edits),
        col(Cut.made_at),
        col(Cut.made_by),
        col(Cut.loudness_lufs),
        col(Cut.peak_dbtp),
        col(_MAKER.name).label("made_by_name"),
    )
    .join(Cut, (col(Cut.segment_id) == col(Segment.id)) & (col(Cut.number) == col(Segment.cut)))
    .join(_MAKER, col(_MAKER.id) == col(Cut.made_by), isouter=True)
    .where(*_DRAFTS)
)
"""What is shown of a draft: texts and waveforms stay where they are."""


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    return session.connection().execute(_SHOWN.where(col(Segment.id).in_(ids))).all()


def _oldest(session: Session, *, without: Sequence[int], limit: int) -> Sequence[Any]:
    """The others, those first that have waited longest."""
    query = _SHOWN.where(col(Segment.id).not_in(without)).order_by(col(Cut.made_at), col(Segment.id))
    return session.connection().execute(query.limit(limit)).all()


def _awaited(session: Session, now: datetime) -> Iterable[tuple[int, Wanted]]:
    """The drafts that coming airings await. Of one that was approved before, that cut airs until then."""
    rows = session.connection().execute(
        columns(
            col(Segment.id), col(Segment.awaited_as), col(Segment.awaited_on), col(Segment.approved_cut)
        ).where(*_DRAFTS, col(Segment.awaited_as).is_not(None), col(Segment.awaited_on) >= to_kst(now).date())
    )
    drafts = {row.id: row for row in rows}
    if not drafts:  # most days: no airing need be looked at
        return
    only = {(row.awaited_as, row.awaited_on) for row in drafts.values()}
    for item in awaited_from(session, now, now + FARTHEST, only=only):
        for segment_id in drafts.keys() & set(item.segment_ids):
            how: How = "awaited" if drafts[segment_id].approved_cut is None else "airs_older_cut"
            yield (
                segment_id,
                _wanted(item.airing_id, item.programme, item.starts_at, how, item.cut_off_at, now),
            )


def _holding_older(session: Session, now: datetime) -> Iterable[tuple[int, Wanted]]:
    """The drafts of which a rundown that is still to be heard holds the cut that was approved before."""
    older = dict(
        session.exec(
            select(Segment.id, Segment.approved_cut).where(*_DRAFTS, col(Segment.approved_cut).is_not(None))
        ).all()
    )
    if not older:
        return
    rows = session.exec(
        select(Airing, RundownVersion.body, Programme.title)
        .join(RundownVersion, IS_NEWEST)
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(col(Airing.state).not_in(CLOSED), Airing.stops_at > now)
        .order_by(col(Airing.starts_at))
    ).all()
    steps = measure(session, now) if rows else ASSUMED
    for airing, body, programme in rows:
        held = {segment_id for segment_id, cut in cuts_in(body) if older.get(segment_id) == cut}
        if not held:
            continue
        cut_off_at = cut_off_of(session, airing, steps)
        for segment_id in held:
            yield (
                segment_id,
                _wanted(id_of(airing), programme, airing.starts_at, "airs_older_cut", cut_off_at, now),
            )


def _wanted(
    airing_id: int, programme: str, starts_at: datetime, how: How, cut_off_at: datetime, now: datetime
) -> Wanted:
    left = round((cut_off_at - now).total_seconds(), 1)
    return Wanted(airing_id, programme, starts_at, how, cut_off_at, max(left, 0.0), late=left <= 0)


def _waiting(row: Any, wanted: tuple[Wanted, ...], noted: int, barred: int | None) -> Waiting:
    """``barred``: the person who may not approve what they made; None where everybody may."""
    longest_s = longest_silence(row)
    own = barred is not None and barred in (row.created_by, row.made_by)
    return Waiting(
        segment_id=row.id,
        revision=row.revision,
        title=row.title,
        kind=row.kind,
        presenter=row.presenter,
        pseudonym=row.pseudonym,
        duration_s=None if row.played_samples is None else round(row.played_samples / RATE, 3),
        cut=row.number,
        cut_state=row.cut_state,
        approved_cut=row.approved_cut,
        edited_only=row.approved_cut is not None,
        made_by=row.made_by,
        made_by_name=row.made_by_name,
        waiting_since=row.made_at,
        has_script=row.has_script,
        has_notes=row.has_notes,
        open_notes=noted,
        loudness_lufs=row.loudness_lufs,
        peak_dbtp=row.peak_dbtp,
        clipped_samples=row.clipped_samples or 0,
        damaged=row.damaged,
        longest_silence_s=longest_s,
        warnings=tuple(_warnings(row, longest_s)),
        may_i=not own,
        why_not=OWN if own else None,
        wanted_by=wanted,
    )


def _warnings(row: Any, longest_silence_s: float) -> Iterable[str]:
    if row.damaged:
        yield "damaged"
    if row.clipped_samples:
        yield "clipped"
    if longest_silence_s > LONG_SILENCE_S:
        yield "long_silence"
    if row.cut_state == CutState.ready and (row.loudness_lufs is None or row.loudness_lufs < FAINT_LUFS):
        yield "faint"


def longest_silence(row: Any) -> float:
    """The longest silence that is left in a cut, in seconds: those over a second were found at ingest."""
    if not row.silences:
        return 0.0
    ranges = heard(edits_of(row, row.edits), row.samples or 0)
    left = (
        sum(max(min(end, stop) - max(start, first), 0) for first, stop in ranges)
        for start, end in row.silences
    )
    return float(round(max(left) / RATE, 1))
