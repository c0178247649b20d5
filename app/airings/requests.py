"""What a compile is given: the library, what aired before, and the clock, of a programme or of one edited airing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from sqlmodel import Session, col, func, select

from app.airings.carriage import GRID_SAMPLES
from app.airings.models import Airing, AsRun, Edition, RundownVersion
from app.airings.programme import PROGRAMME_ID
from app.database import id_of
from app.errors import NotFound
from app.library.models import HEARD, Cut, Segment
from app.programmes.models import Programme, Slot
from app.station.models import Station
from schedules.candidates import Announced, Candidate, Request, due_in
from schedules.clock import Clock, parse_clock
from schedules.elements import Awaited, Pick, Repeat
from schedules.rules import Aired
from schedules.rundown import Item, Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CLOSED
from schedules.time import Span, night_of, night_span, samples_to_timedelta

REPEATED_WITHIN = timedelta(days=7)
"""A programme older than this is not repeated."""


def request_for(
    session: Session,
    programme: Programme,
    starts_at: datetime,
    target_samples: int,
    *,
    seed: int,
    airing: Airing | None = None,
    edition: Edition | None = None,
    announced: tuple[Announced, ...] = (),
    quick: bool = False,
) -> Request:
    """What the compiler needs to know to make this programme at that time from today's library.

    ``announced`` is what was made for the clock's announcements. The seed is the slot's id, for previews as for airings: a preview is what the airing will be, unless its search was
    given up. An airing that was edited is compiled by its edition's clock, around what its editors kept, and always as ``quick``.
    """
    signal_samples = session.get_one(Station, 1).interval_signal_samples
    if signal_samples is None:
        raise NotFound("the station has no interval signal: run `danpa init`")
    clock = clock_of(programme, edition)
    found = candidates(session, starts_at)
    if edition is not None:
        found = tuple(one for one in found if one.segment_id not in edition.excluded)
    sounds = [one.sound for one in announced if one.sound]
    return Request(
        clock=clock,
        starts_at=starts_at,
        target_samples=target_samples,
        grid_samples=GRID_SAMPLES,
        candidates=found,
        interval_signal_samples=signal_samples,
        seed=seed,
        history=history(session, programme, clock, starts_at, airing),
        repeated=_repeated(session, programme, clock, starts_at, found),
        kept=_kept(session, edition, (*found, *sounds), starts_at, target_samples) if edition else (),
        quick=quick or edition is not None,
        announced=announced,
    )


def clock_of(programme: Programme, edition: Edition | None) -> Clock:
    """The clock that an airing is compiled by: its programme's, or its own once it was edited. Raises BadClock."""
    return parse_clock(edition.clock if edition else programme.clock)


def candidates(session: Session, starts_at: datetime) -> tuple[Candidate, ...]:
    """Every segment of the library that may air, with when it was heard last before ``starts_at``.

    What was spoken for single airings is none of them: it is true of no other, so nothing picks or repeats it.
    """
    heard = last_heard(session, starts_at)
    aired = times_aired(session, starts_at)
    rows = session.exec(
        select(Segment, Cut)
        .join(Cut, (col(Cut.segment_id) == col(Segment.id)) & (col(Cut.number) == col(Segment.approved_cut)))
        .where(
            col(Segment.state).in_(HEARD),
            col(Cut.cue_out) > Cut.cue_in,
            col(Segment.spoken_key).is_(None),
        )
    ).all()
    return tuple(
        candidate_of(row, cut, heard.get(id_of(row)))
        for row, cut in rows
        if row.max_airings is None or aired.get(id_of(row), 0) < row.max_airings
    )


def candidate_of(row: Segment, cut: Cut, last_aired_at: datetime | None = None) -> Candidate:
    """A segment whose cut is approved, as the compiler knows it."""
    return Candidate(
        segment_id=id_of(row),
        master_sha256=cut.master_sha256 or "",
        kind=row.kind,
        tags=frozenset(row.tags),
        samples=(cut.cue_out or cut.samples or 0) - (cut.cue_in or 0),
        first_sample=cut.cue_in or 0,
        approved_at=row.approved_at or row.created_at,
        last_aired_at=last_aired_at,
        air_from=row.air_from,
        air_until=row.airs_until,
        presenter=row.presenter,
        series=row.series,
        episode=row.episode,
        awaited_as=row.awaited_as,
        awaited_on=row.awaited_on,
        arrived_at=row.created_at,
        cut=cut.number,
    )


def last_heard(session: Session, before: datetime) -> dict[int, datetime]:
    """For each segment when it last aired, or will, before an instant: as-run, and the rundowns still to come."""
    heard: dict[int, datetime] = {
        segment_id: at
        for segment_id, at in session.exec(
            select(AsRun.segment_id, func.max(AsRun.starts_at))
            .where(AsRun.starts_at < before, AsRun.evidence != "planned", col(AsRun.segment_id).is_not(None))
            .group_by(col(AsRun.segment_id))
        ).all()
        if segment_id is not None
    }
    coming = session.exec(
        select(RundownVersion.body, Airing.starts_at)
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .where(
            RundownVersion.version == Airing.version,
            Airing.starts_at < before,
            col(Airing.state).not_in(CLOSED),
        )
    ).all()
    for body, starts_at in coming:
        rundown = Rundown.from_json(body)
        for item in rundown.items:
            if isinstance(item.source, SegmentSource):
                at = audio_airs_at(item, starts_at)
                heard[item.source.segment_id] = max(at, heard.get(item.source.segment_id, at))
    return heard


def times_aired(session: Session, before: datetime) -> dict[int, int]:
    """Of the segments that may air so many times only: in how many airings before an instant they did, or will."""
    limited = select(Segment.id).where(col(Segment.max_airings).is_not(None))
    airings: dict[int, set[datetime]] = {}
    for segment_id, started in session.exec(
        select(AsRun.segment_id, Airing.starts_at)
        .join(Airing, col(AsRun.airing_id) == col(Airing.id))
        .where(AsRun.starts_at < before, AsRun.evidence != "planned", col(AsRun.segment_id).in_(limited))
        .distinct()
    ).all():
        airings.setdefault(segment_id or 0, set()).add(started)
    counted = set(session.exec(limited).all())
    if counted:
        for segment_id, _, started in _coming(session, datetime.min.replace(tzinfo=UTC), before, None):
            if segment_id in counted:
                airings.setdefault(segment_id, set()).add(started)
    return {segment_id: len(started) for segment_id, started in airings.items()}


def history(
    session: Session, programme: Programme, clock: Clock, starts_at: datetime, airing: Airing | None = None
) -> tuple[Aired, ...]:
    """What the clock's rules look at: what aired, and what is compiled already, this airing itself left out.

    As far back as the longest rest, and on to the end of the night, for quotas of a night.
    """
    rules = [
        rule
        for element in clock.elements
        if isinstance(element, Pick)
        for rule in (*element.rests, *element.quotas)
    ]
    if not rules:
        return ()
    begin = _begin_of_history(session, programme, clock, starts_at)
    end = night_span(night_of(starts_at)).end
    heard = [*_as_run(session, begin, end), *_coming(session, begin, end, airing)]
    described = {
        id_of(segment): segment
        for segment in session.exec(
            select(Segment).where(col(Segment.id).in_({one[0] for one in heard}))
        ).all()
    }
    ours = set(
        session.exec(
            select(Airing.starts_at)
            .join(Slot, col(Airing.slot_id) == col(Slot.id))
            .where(programme.id == PROGRAMME_ID, Airing.starts_at >= begin, Airing.starts_at < starts_at)
        ).all()
    )
    return tuple(
        Aired(
            segment_id=segment_id,
            at=at,
            airing=started,
            ours=started in ours,
            presenter=described[segment_id].presenter,
            tags=frozenset(described[segment_id].tags),
        )
        for segment_id, at, started in sorted(set(heard), key=lambda one: (one[1], one[0]))
        if segment_id in described
    )


def _begin_of_history(session: Session, programme: Programme, clock: Clock, starts_at: datetime) -> datetime:
    rests = [rest for element in clock.elements if isinstance(element, Pick) for rest in element.rests]
    days = max((rest.days for rest in rests if rest.days is not None), default=0.0)
    begin = starts_at - timedelta(days=max(days, 8.0))  # a week's quota looks at the six nights before
    airings = max((rest.airings for rest in rests if rest.airings is not None), default=0)
    if airings:
        before = session.exec(
            select(Airing.starts_at)
            .join(Slot, col(Airing.slot_id) == col(Slot.id))
            .where(programme.id == PROGRAMME_ID, Airing.starts_at < starts_at)
            .order_by(col(Airing.starts_at).desc())
            .limit(airings)
        ).all()
        begin = min([begin, *before])
    return begin


def _as_run(session: Session, begin: datetime, end: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Segment, moment and airing of all that went out, once for all lines."""
    rows = session.exec(
        select(AsRun.segment_id, AsRun.starts_at, Airing.starts_at)
        .join(Airing, col(AsRun.airing_id) == col(Airing.id))
        .where(
            AsRun.starts_at >= begin,
            AsRun.starts_at < end,
            AsRun.evidence != "planned",
            col(AsRun.segment_id).is_not(None),
        )
    ).all()
    return ((segment_id, at, started) for segment_id, at, started in rows if segment_id is not None)


def _coming(
    session: Session, begin: datetime, end: datetime, airing: Airing | None
) -> Iterator[tuple[int, datetime, datetime]]:
    """The same of the rundowns of airings that are not over."""
    rows = session.exec(
        select(RundownVersion.body, Airing.starts_at, Airing.id)
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .where(
            RundownVersion.version == Airing.version,
            Airing.starts_at >= begin,
            Airing.starts_at < end,
            col(Airing.state).not_in(CLOSED),
        )
    ).all()
    for body, started, airing_id in rows:
        if airing is None or airing_id != airing.id:
            for item in Rundown.from_json(body).items:
                if isinstance(item.source, SegmentSource):
                    yield item.source.segment_id, audio_airs_at(item, started), started


def _repeated(
    session: Session,
    programme: Programme,
    clock: Clock,
    starts_at: datetime,
    found: tuple[Candidate, ...],
) -> tuple[int, ...]:
    """The segments that were heard whole in the latest airing of the programme that is repeated."""
    repeat = next((element for element in clock.elements if isinstance(element, Repeat)), None)
    if repeat is None:
        return ()
    source = (
        select(RundownVersion.body)
        .join(Airing, col(RundownVersion.airing_id) == col(Airing.id))
        .join(Slot, col(Airing.slot_id) == col(Slot.id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(
            Programme.code == (repeat.programme or programme.code),
            Airing.starts_at < starts_at,
            Airing.starts_at >= starts_at - REPEATED_WITHIN,
            RundownVersion.version == Airing.version,
            RundownVersion.level == "programme",
            col(Airing.state).not_in(("missed", "cancelled")),
        )
        .order_by(col(Airing.starts_at).desc())
        .limit(1)
    )
    body = session.exec(source).first()
    if body is None:
        return ()
    by_id = {one.segment_id: one for one in found}
    return tuple(
        dict.fromkeys(
            item.source.segment_id
            for item in Rundown.from_json(body).items
            if isinstance(item.source, SegmentSource) and _was_whole(item, by_id.get(item.source.segment_id))
        )
    )


def _was_whole(item: Item, now: Candidate | None) -> bool:
    """Whether a segment that may air now was heard whole; of one that was cut anew since, only that it was not shortened."""
    if now is None:
        return False
    return item.samples == now.samples if item.source == now.source else not item.shortened


def _kept(
    session: Session,
    edition: Edition,
    found: tuple[Candidate, ...],
    starts_at: datetime,
    target_samples: int,
) -> tuple[Item, ...]:
    """The items that stay as they are: those before the first that may not air any more, or in whose place something awaited
    has come; none if the slot is another.
    """
    base = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == edition.airing_id, RundownVersion.version == edition.base_version
        )
    ).one()
    rundown = Rundown.from_json(base)
    if rundown.target_samples != target_samples:
        return ()
    sources = {one.source for one in found}
    elements = parse_clock(edition.clock).elements
    span = Span(starts_at, starts_at + samples_to_timedelta(target_samples))

    def stays(item: Item) -> bool:
        if not isinstance(item.source, SegmentSource):
            return True
        element = elements[item.element or 0]
        if isinstance(element, Awaited) and item.source.segment_id != due_in(element, found, span):
            return False
        return item.source in sources

    items = (replace(item, element=index) for index, item in enumerate(rundown.items[: edition.kept]))
    return tuple(takewhile(stays, items))
