"""A night as the page shows it: rows in, plain values out, in a fixed number of queries however full the night is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlmodel import Session, col, select

from app.airings import service as airings
from app.airings.carriage import instants
from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.library.models import Segment
from app.programmes.models import Programme
from app.storage import Blobs
from schedules.rundown import Item, Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CLOSED, DELIVERED

T = TypeVar("T")
K = TypeVar("K")

INTERVAL_SIGNAL = "interval_signal"
"""The kind of what has no segment behind it."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of the rundown. ``title`` is None for the interval signal; lengths are samples at 48 kHz."""

    starts_at: datetime
    samples: int
    title: str | None
    kind: str
    rule: str
    candidates: int
    note: str


@dataclass(frozen=True, slots=True)
class RundownView:
    """The newest version. ``passed`` tells why the steps above its level were not taken, in the compiler's words."""

    version: int
    level: str
    cause: str
    compiled_at: datetime
    items: tuple[ItemView, ...]
    notes: tuple[str, ...]
    passed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    khz: int
    power_kw: float | None
    site_code: str
    site_name: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try; ``how`` tells what its read-back looked at."""

    version: int
    number: int
    started_at: datetime
    outcome: str
    detail: str | None
    how: str | None


@dataclass(frozen=True, slots=True)
class FeedView:
    """How one feed stands. ``state`` is ``waiting`` before its first handoff, ``nothing`` where there was none
    by the end; ``arrived_version`` lies at the site.
    """

    feed_id: int
    name: str
    site_name: str
    state: str
    handoff_id: int | None
    wanted_version: int
    arrived_version: int | None
    deliver_at: datetime
    deadline_at: datetime
    was_late: bool
    verified_at: datetime | None
    rechecked_at: datetime | None
    next_attempt_at: datetime | None
    error: str | None
    object_name: str | None
    attempts: tuple[AttemptView, ...]
    may_retry: bool

    @property
    def has_arrived(self) -> bool:
        return self.arrived_version is not None and self.arrived_version >= self.wanted_version


@dataclass(frozen=True, slots=True)
class AsRunItem:
    starts_at: datetime
    title: str | None
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class AsRunView:
    """What went out over one line by way of one feed."""

    khz: int
    site_name: str
    feed_name: str | None
    items: tuple[AsRunItem, ...]


@dataclass(frozen=True, slots=True)
class WishView:
    """What somebody asked for: still waiting for the engine, or refused by it."""

    kind: str
    asked_at: datetime
    refused: str | None


@dataclass(frozen=True, slots=True)
class AudioView:
    """What the player plays."""

    version: int
    loudness_lufs: float | None
    peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class AiringView:
    id: int
    title: str
    starts_at: datetime
    stops_at: datetime
    target_samples: int
    compile_at: datetime
    state: str
    readiness: str
    version: int
    is_open: bool
    """Whether anything about it can still be changed."""
    lines: tuple[LineView, ...]
    feeds: tuple[FeedView, ...]
    rundown: RundownView | None
    audio: AudioView | None
    as_run: tuple[AsRunView, ...]
    wishes: tuple[WishView, ...]


def airings_of_night(session: Session, blobs: Blobs, night: date, now: datetime) -> tuple[AiringView, ...]:
    """Every airing of a KST night with all that belongs to it, in order of start."""
    listed = airings.of_night(session, night)
    rows = _Rows(session, blobs, [airing for airing, _, _ in listed])
    return tuple(_airing(rows, airing, programme, now) for airing, _, programme in listed)


class _Rows:
    """Everything about some airings, read at once and kept by what it belongs to."""

    def __init__(self, session: Session, blobs: Blobs, listed: Sequence[Airing]) -> None:
        self.blobs = blobs
        ids = [id_of(airing) for airing in listed]
        self.rundowns = _rundowns(session, ids)
        self.passed = _passed(session, listed, self.rundowns)
        self.lines = _grouped(
            session.exec(
                select(Line, Site)
                .join(Site, col(Line.site_id) == col(Site.id))
                .where(col(Line.slot_id).in_({airing.slot_id for airing in listed}))
                .order_by(col(Line.id))
            ).all(),
            lambda row: row[0].slot_id,
        )
        self.line_feeds = _grouped(
            session.exec(
                select(LineFeed)
                .join(Line, col(Line.id) == col(LineFeed.line_id))
                .where(col(Line.slot_id).in_(self.lines))
            ).all(),
            lambda row: row.line_id,
        )
        self.feeds = {
            id_of(feed): (feed, site)
            for feed, site in session.exec(
                select(Feed, Site).join(Site, col(Feed.site_id) == col(Site.id)).order_by(col(Feed.id))
            ).all()
        }
        of_airings = select(Handoff).where(col(Handoff.airing_id).in_(ids)).order_by(col(Handoff.version))
        self.handoffs = _grouped(session.exec(of_airings).all(), lambda row: row.airing_id)
        self.attempts = _grouped(
            session.exec(
                select(Attempt)
                .join(Handoff, col(Attempt.handoff_id) == col(Handoff.id))
                .where(col(Handoff.airing_id).in_(ids))
                .order_by(col(Attempt.number).desc())
            ).all(),
            lambda row: row.handoff_id,
        )
        self.artefacts = _grouped(
            session.exec(
                select(RundownVersion.airing_id, RundownVersion.version, Artefact)
                .join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
                .where(col(RundownVersion.airing_id).in_(ids))
                .order_by(col(RundownVersion.version).desc(), col(Artefact.id))
            ).all(),
            lambda row: row[0],
        )
        of_airings_run = (
            select(AsRun)
            .where(col(AsRun.airing_id).in_(ids))
            .order_by(col(AsRun.line_id), col(AsRun.feed_id), col(AsRun.position))
        )
        self.as_run = _grouped(session.exec(of_airings_run).all(), lambda row: row.airing_id)
        self.wishes = _grouped(
            session.exec(
                select(Intent).where(col(Intent.airing_id).in_(ids)).order_by(col(Intent.id).desc())
            ).all(),
            lambda row: row.airing_id,
        )
        self.segments = _segments(session, self.rundowns.values(), self.as_run.values())


def _rundowns(session: Session, ids: Sequence[int]) -> dict[int, tuple[RundownVersion, Rundown]]:
    """The newest rundown of each airing, its JSON parsed this once."""
    rows = session.exec(
        select(RundownVersion)
        .join(Airing, col(Airing.id) == col(RundownVersion.airing_id))
        .where(col(Airing.id).in_(ids), RundownVersion.version == Airing.version)
    ).all()
    return {row.airing_id: (row, Rundown.from_json(row.body)) for row in rows}


def _passed(
    session: Session, listed: Sequence[Airing], rundowns: dict[int, tuple[RundownVersion, Rundown]]
) -> dict[int, tuple[str, ...]]:
    """Why the programme itself was not taken, from the compile jobs of airings that have something less."""
    keys = {
        f"compile:{airing.id}:{airing.version}": id_of(airing)
        for airing in listed
        if airing.id in rundowns and rundowns[airing.id][0].level != "programme"
    }
    jobs = session.exec(select(Job).where(col(Job.key).in_(keys))).all()
    return {
        keys[job.key]: tuple(step["problem"]["detail"] for step in (job.result or {}).get("passed", ()))
        for job in jobs
    }


def _segments(
    session: Session,
    rundowns: Iterable[tuple[RundownVersion, Rundown]],
    as_run: Iterable[Sequence[AsRun]],
) -> dict[int, tuple[str, str]]:
    """Title and kind of every segment that is spoken of."""
    wanted = {segment_id for _, rundown in rundowns for segment_id in rundown.segment_ids()}
    wanted |= {row.segment_id for rows in as_run for row in rows if row.segment_id is not None}
    rows = session.exec(select(Segment.id, Segment.title, Segment.kind).where(col(Segment.id).in_(wanted)))
    return {segment_id: (title, kind) for segment_id, title, kind in rows if segment_id is not None}


def _airing(rows: _Rows, airing: Airing, programme: Programme, now: datetime) -> AiringView:
    airing_id = id_of(airing)
    is_open = airing.state not in CLOSED and airing.stops_at > now
    day = airing.starts_at.date()
    on_air = [
        (line, site)
        for line, site in rows.lines.get(airing.slot_id, ())
        if line.first_date <= day <= line.last_date and str(day.isoweekday()) in line.days
    ]
    return AiringView(
        id=airing_id,
        title=programme.title,
        starts_at=airing.starts_at,
        stops_at=airing.stops_at,
        target_samples=airing.target_samples,
        compile_at=airing.compile_at,
        state=airing.state,
        readiness=airing.readiness,
        version=airing.version,
        is_open=is_open,
        lines=tuple(LineView(line.khz, line.power_kw, site.code, site.name) for line, site in on_air),
        feeds=tuple(_feeds(rows, airing, [id_of(line) for line, _ in on_air], now, is_open=is_open)),
        rundown=_rundown(rows, airing),
        audio=_audio(rows, airing_id),
        as_run=tuple(_as_run(rows, airing)),
        wishes=tuple(_wishes(rows, airing_id)),
    )


def _rundown(rows: _Rows, airing: Airing) -> RundownView | None:
    found = rows.rundowns.get(id_of(airing))
    if found is None:
        return None
    row, rundown = found
    return RundownView(
        version=row.version,
        level=row.level,
        cause=row.cause,
        compiled_at=row.compiled_at,
        items=tuple(_item(rows, item, airing.starts_at) for item in rundown.items),
        notes=rundown.notes,
        passed=rows.passed.get(id_of(airing), ()),
    )


def _item(rows: _Rows, item: Item, starts_at: datetime) -> ItemView:
    segment_id = item.source.segment_id if isinstance(item.source, SegmentSource) else None
    title, kind = _called(rows, segment_id)
    return ItemView(
        starts_at=audio_airs_at(item, starts_at),
        samples=item.samples,
        title=title,
        kind=kind,
        rule=item.reason.rule,
        candidates=item.reason.candidates,
        note=item.reason.note,
    )


def _called(rows: _Rows, segment_id: int | None) -> tuple[str | None, str]:
    if segment_id is None:
        return None, INTERVAL_SIGNAL
    return rows.segments.get(segment_id, (f"#{segment_id}", ""))


def _feeds(
    rows: _Rows, airing: Airing, line_ids: Sequence[int], now: datetime, *, is_open: bool
) -> Iterable[FeedView]:
    """The feeds that take it now, and those that were handed a version of it and take it no more."""
    by_feed = _grouped(rows.handoffs.get(id_of(airing), ()), lambda row: row.feed_id)
    taking = {row.feed_id for line_id in line_ids for row in rows.line_feeds.get(line_id, ())}
    for feed_id, (feed, site) in rows.feeds.items():
        handoffs = by_feed.get(feed_id, [])
        if handoffs or (feed_id in taking and feed.enabled):
            yield _feed(rows, airing, feed, site, handoffs, now, is_open=is_open)


def _feed(
    rows: _Rows,
    airing: Airing,
    feed: Feed,
    site: Site,
    handoffs: Sequence[Handoff],
    now: datetime,
    *,
    is_open: bool,
) -> FeedView:
    newest = handoffs[-1] if handoffs else None
    when = instants(airing, feed)
    return FeedView(
        feed_id=id_of(feed),
        name=feed.name,
        site_name=site.name,
        state=newest.state if newest else "waiting" if is_open else "nothing",
        handoff_id=newest.id if newest else None,
        wanted_version=airing.version,
        arrived_version=max((row.version for row in handoffs if row.state in DELIVERED), default=None),
        deliver_at=newest.deliver_at if newest else when.deliver_at,
        deadline_at=newest.deadline_at if newest else when.deadline_at,
        was_late=newest is not None and newest.was_late,
        verified_at=newest.verified_at if newest else None,
        rechecked_at=newest.rechecked_at if newest else None,
        next_attempt_at=newest.next_attempt_at if newest and newest.state == "due" else None,
        error=newest.error if newest else None,
        object_name=newest.object_name if newest else None,
        attempts=tuple(
            AttemptView(
                version=handoff.version,
                number=row.number,
                started_at=row.started_at,
                outcome=row.outcome,
                detail=row.detail,
                how=(row.receipt or {}).get("how"),
            )
            for handoff in reversed(handoffs)
            for row in rows.attempts.get(id_of(handoff), ())
        ),
        may_retry=is_open and newest is not None and newest.state == "failed" and newest.accept_until > now,
    )


def _audio(rows: _Rows, airing_id: int) -> AudioView | None:
    """The newest version that was rendered and whose file is still there: what ``/audio`` answers with."""
    for _, version, artefact in rows.artefacts.get(airing_id, ()):
        if rows.blobs.path("artefacts", artefact.sha256, f".{artefact.extension}").exists():
            return AudioView(version, artefact.loudness_lufs, artefact.peak_dbtp)
    return None


def _as_run(rows: _Rows, airing: Airing) -> Iterable[AsRunView]:
    lines = {line.id: (line, site) for line, site in rows.lines.get(airing.slot_id, ())}
    by_way = _grouped(rows.as_run.get(id_of(airing), ()), lambda row: (row.line_id, row.feed_id))
    for (line_id, feed_id), run in by_way.items():
        line, site = lines[line_id]
        yield AsRunView(
            khz=line.khz,
            site_name=site.name,
            feed_name=rows.feeds[feed_id][0].name if feed_id is not None else None,
            items=tuple(
                AsRunItem(row.starts_at, _called(rows, row.segment_id)[0], row.source, row.evidence)
                for row in run
            ),
        )


def _wishes(rows: _Rows, airing_id: int) -> Iterable[WishView]:
    """What waits for the engine, and the newest wish where it was refused."""
    for place, row in enumerate(rows.wishes.get(airing_id, ())):
        if row.carried_out_at is None or (place == 0 and row.refused):
            yield WishView(row.kind, row.created_at, row.refused)


def _grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
