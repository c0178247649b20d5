"""The snapshot: what is open, read in one consistent view, as the plain values that `schedules.plan` takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, func, select

from app.air.status import NOBODY, AirStatus
from app.airings.carriage import (
    PREPARATION,
    Carriage,
    instants,
    part_samples,
    readable_recipe,
    to_render,
    wishes,
)
from app.airings.materialise import differences
from app.airings.models import Airing, Artefact, RundownVersion
from app.airings.on_air import heard_samples
from app.airings.stand_ins import live_feeds
from app.announcements.sayings import Truth
from app.awaited.cut_off import ASSUMED, Steps
from app.awaited.service import approved_deliveries, awaited_of
from app.database import id_of
from app.engine.live import live_state
from app.engine.open_rows import OpenRows, gather
from app.engine.validity import Library, parsed, renewed_from, was_recut, why_withdrawn
from app.feeds.drivers import LISTED
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.feeds.names import InvalidTemplate, is_fixed
from app.frequencies.models import Line, LineFeed
from app.handoffs.delivery import FAILING_AFTER
from app.handoffs.models import Attempt, FolderCheck, Handoff
from app.handoffs.reaching import PULL
from app.handoffs.terms import frequencies_told, object_name
from app.jobs.models import Job
from app.processes import is_news
from app.pull.fetches import fetched
from app.pull.offers import public_name
from app.settings import Settings
from app.station.models import Station
from schedules.errors import ScheduleError
from schedules.snapshot import (
    CHAIN,
    CLOSED,
    DELIVERED,
    AiringView,
    HandoffView,
    IntentView,
    JobView,
    RundownView,
    Snapshot,
    TargetView,
)

log = structlog.get_logger()


def render_key(rundown_id: int, recipe_key: str) -> str:
    """The one render job of a rundown in one recipe."""
    return f"render:{rundown_id}:{recipe_key}"


@dataclass(frozen=True, slots=True)
class Busy:
    """What tasks of this engine are just doing: handoffs being sent or looked at, and folders (airing and feed)."""

    handoffs: Collection[int] = ()
    folders: Collection[tuple[int, int]] = ()
    air: AirStatus = NOBODY
    """What the air process says of itself."""
    steps: Steps = ASSUMED
    """How long things take here."""


UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, ScheduleError, NoResultFound, InvalidTemplate)
"""What a row raises that somebody edited by hand, say."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the database, and what it has found out so far."""

    session: Session
    settings: Settings
    busy: Busy
    now: datetime
    truth: Truth
    library: Library


def take_snapshot(session: Session, settings: Settings, busy: Busy, now: datetime) -> Snapshot:
    """Read everything that is open."""
    until = session.get_one(Station, 1).materialised_until
    open_airings = session.exec(select(Airing).where(col(Airing.state).not_in(CLOSED))).all()
    look = Look(session, settings, busy, now, Truth(session, settings), Library(session))
    views = _views(look, open_airings)
    return Snapshot(
        airings=tuple(view for view in views if view is not None),
        materialised_until=until,
        slots_changed=until is not None and bool(differences(session, now, until)),
        horizon=timedelta(hours=settings.horizon_h),
    )


def _views(look: Look, airings: Sequence[Airing]) -> list[AiringView | None]:
    try:
        rows = gather(look.session, airings)
    except UNREADABLE:  # of one of them: each by itself, so that it stops no other
        return [_guarded(look, airing, None) for airing in airings]
    return [_guarded(look, airing, rows) for airing in airings]


def _guarded(look: Look, airing: Airing, rows: OpenRows | None) -> AiringView | None:
    """One airing's view. What cannot be read must not stop the others."""
    try:
        return _airing(look, airing, rows or gather(look.session, [airing]))
    except UNREADABLE:
        if is_news(f"airing {airing.id}"):
            log.exception("an airing cannot be planned", airing=airing.id)
        return None


def _airing(look: Look, airing: Airing, rows: OpenRows) -> AiringView:
    session, busy, now = look.session, look.busy, look.now
    airing_id = id_of(airing)
    carried = rows.carriages(airing)
    targets = tuple(_targets(airing, carried, rows.looks.get(airing_id, ()), busy))
    feeds = live_feeds(carried)
    deliver_at = [target.deliver_at for target in targets] + [
        instants(airing, one).deliver_at for one in feeds
    ]
    compile_at = min([airing.compile_at, *(at - PREPARATION for at in deliver_at)])
    heard_at = now if feeds else None
    rundown = rows.newest.get(airing_id)
    fallen = _fallen(session, rundown) if rundown else None
    job = rows.compile_jobs.get(airing_id)
    steps = {(kind, feed_id): step for kind, feed_id, step in rows.alarms.get(airing_id, ())}
    return AiringView(
        id=airing_id,
        starts_at=airing.starts_at,
        stops_at=airing.stops_at,
        compile_at=compile_at,
        state=airing.state,
        readiness=airing.readiness,  # type: ignore[arg-type]  # a column of plain text
        version=airing.version,
        armed_version=airing.armed_version,
        targets=targets,
        recipes=to_render([*(target.recipe for target in targets), *(readable_recipe(one) for one in feeds)]),
        rests_from=_rests_from(session, airing, carried),
        rundown=_rundown(look, airing, rundown, rows, heard_at) if rundown else None,
        fallen=_rundown(look, airing, fallen, rows, heard_at) if fallen else None,
        compile_job=_job(job) if job else None,
        handoffs=tuple(_handoffs(look, airing, carried, targets, rows)),
        intents=tuple(
            IntentView(id_of(intent), intent.kind, intent.handoff_id)
            for intent in rows.intents.get(airing_id, ())
        ),
        alarms=frozenset(steps),
        steps=steps,
        live=live_state(session, look.settings, airing, carried, busy.air, now) if feeds else None,
        awaited=tuple(one.view() for one in awaited_of(session, airing, busy.steps, carried))
        if airing_id in rows.awaited
        else (),
    )


def _rests_from(session: Session, airing: Airing, carried: Sequence[Carriage]) -> datetime | None:
    """When the airing ends whose programme lies under the fixed name of one of the feeds, if ours is the next there."""
    fixed = [feed for carriage in carried for feed in carriage.feeds if is_fixed(feed.name_template)]
    ends = []
    for feed in fixed:
        before = session.exec(
            select(Airing.starts_at, Airing.stops_at)
            .join(Handoff, col(Handoff.airing_id) == col(Airing.id))
            .where(Handoff.feed_id == feed.id, Airing.starts_at < airing.starts_at)
            .order_by(col(Airing.starts_at).desc())
        ).first()
        if before is None:
            continue
        between = (
            select(Airing.id)
            .join(Line, col(Line.slot_id) == col(Airing.slot_id))
            .join(LineFeed, col(LineFeed.line_id) == col(Line.id))
            .where(
                LineFeed.feed_id == feed.id,
                Airing.starts_at > before[0],
                Airing.starts_at < airing.starts_at,
                col(Airing.state).not_in(CLOSED),
            )
        )
        if session.exec(between).first() is None:
            ends.append(before[1])
    return min(ends, default=None)


def _version(session: Session, airing_id: int, version: int) -> RundownVersion | None:
    return session.exec(
        select(RundownVersion).where(RundownVersion.airing_id == airing_id, RundownVersion.version == version)
    ).one_or_none()


def _fallen(session: Session, newest: RundownVersion) -> RundownVersion | None:
    """The version from which the chain was walked down to the newest one; None where no version fell."""
    row: RundownVersion | None = newest
    while row is not None and row.cause == "failed":
        row = _version(session, row.airing_id, row.version - 1)
    return row if row is not newest else None


def _targets(
    airing: Airing, carried: Sequence[Carriage], checks: Sequence[FolderCheck], busy: Busy
) -> Iterable[TargetView]:
    looks = {check.feed_id: check for check in checks}
    seen: set[int] = set()
    first_routes = [(feed, None) for carriage in carried for feed in carriage.feeds if not is_live(feed)]
    second_routes = [
        (second, first)
        for carriage in carried
        for second in carriage.seconds
        for first in carriage.feeds
        if first.second_feed_id == second.id
    ]
    for feed, first in (*first_routes, *second_routes):
        if feed.id is None or feed.id in seen:  # one feed may take two lines: it gets the file once
            continue
        seen.add(feed.id)
        when, look = instants(airing, feed), looks.get(feed.id)
        yield TargetView(
            feed_id=feed.id,
            recipe=readable_recipe(feed),
            deliver_at=when.deliver_at,
            warn_at=when.warn_at,
            deadline_at=when.deadline_at,
            accept_until=when.accept_until,
            second_route_of=first.id if first else None,
            always=first is None or first.second_route == "both",
            can_look=feed.protocol in LISTED,
            looking=(airing.id, feed.id) in busy.folders,
            looked_at=look.checked_at if look else None,
            found_wrong=bool(look and (look.findings or look.error)),
        )


def _handoffs(
    look: Look,
    airing: Airing,
    carried: Sequence[Carriage],
    targets: Sequence[TargetView],
    rows: OpenRows,
) -> Iterable[HandoffView]:
    session, newest = look.session, rows.newest.get(id_of(airing))
    wanted = {target.feed_id: target for target in targets}
    sites = {carriage.site.id for carriage in carried}
    for row in rows.handoffs.get(id_of(airing), ()):
        # The feed's times may have been changed since: a site that gives us more time must get its file.
        when = wanted.get(row.feed_id, row)
        yield HandoffView(
            id=id_of(row),
            feed_id=row.feed_id,
            version=row.version,
            state=row.state,
            next_attempt_at=row.next_attempt_at,
            deadline_at=when.deadline_at,
            accept_until=when.accept_until,
            verified_at=row.verified_at,
            rechecked_at=row.rechecked_at,
            in_flight=row.id in look.busy.handoffs,
            withdrawn=row.state in DELIVERED and _what_it_has_is_withdrawn(look, airing, row, newest),
            **_offer(session, row),
            held=row.held,
            troubled=row.state == "failed" or (row.error is not None and row.attempts >= FAILING_AFTER),
            mended=row.state == "failed" and _was_mended(session, row),
            outdated=row.feed_id in wanted and _is_outdated(session, airing, carried, row),
            stray=row.feed_id not in wanted and session.get_one(Feed, row.feed_id).site_id not in sites,
        )


def _offer(session: Session, handoff: Handoff) -> dict[str, bool]:
    """Of what a pull feed's site may fetch: whether it lies there still unfetched, as far as the handoff and the log know."""
    if handoff.state != "stored" or session.get_one(Feed, handoff.feed_id).protocol != PULL:
        return {}
    sha256 = session.get_one(Artefact, handoff.artefact_id).sha256
    at = fetched(session, handoff.feed_id, public_name(handoff.object_name), sha256, since=handoff.created_at)
    return {"offered": True, "fetched": at is not None}


def _was_mended(session: Session, handoff: Handoff) -> bool:
    """Whether somebody has changed the feed since the last attempt at it ended."""
    ended = session.exec(select(func.max(Attempt.finished_at)).where(Attempt.handoff_id == handoff.id)).one()
    return session.get_one(Feed, handoff.feed_id).updated_at > (ended or handoff.created_at)


def _is_outdated(session: Session, airing: Airing, carried: Sequence[Carriage], handoff: Handoff) -> bool:
    """Whether its feed wants other bytes, another name or a manifest with other frequencies by now. A feed that cannot be read wants nothing new."""
    if handoff.state not in (*DELIVERED, "due", "sending", "failed"):
        return False
    feed = session.get_one(Feed, handoff.feed_id)
    wanted = readable_recipe(feed)
    if wanted is None:
        return False
    extension = wishes(feed).encoding.extension
    try:
        name = object_name(session, airing, feed, carried, version=handoff.version, extension=extension)
    except InvalidTemplate:
        return False
    artefact = session.get_one(Artefact, handoff.artefact_id)
    told = frequencies_told(feed, carried) if handoff.frequencies is not None else None
    return (artefact.recipe, handoff.object_name, handoff.frequencies) != (wanted, name, told)


def _what_it_has_is_withdrawn(
    look: Look, airing: Airing, handoff: Handoff, newest: RundownVersion | None
) -> bool:
    row = newest
    if row is None or row.version != handoff.version:
        row = _version(look.session, id_of(airing), handoff.version)
    if row is None:
        raise ValueError(
            f"airing {airing.id} has no version {handoff.version}, and site {handoff.feed_id} does"
        )
    part = part_samples(look.session.get_one(Feed, handoff.feed_id), airing)
    rundown = parsed(row.body)
    return why_withdrawn(look.library, rundown, airing, look.truth, part) is not None or was_recut(
        look.library, rundown, *part
    )


def _job(job: Job) -> JobView:
    return JobView(
        id=id_of(job),
        state=job.state,
        finished_at=job.finished_at,
        level=job.payload.get("level", CHAIN[0]),
        cause=job.payload.get("cause", "first"),
        asked_at=job.created_at,
        faltered=job.problem is not None,
    )


def _rundown(
    look: Look, airing: Airing, row: RundownVersion, rows: OpenRows, heard_at: datetime | None
) -> RundownView:
    """``heard_at``: of what goes out live, as of when; what is heard already nobody can withdraw."""
    session, truth = look.session, look.truth
    rendered = session.exec(select(Artefact.recipe).where(Artefact.rundown_id == row.id)).all()
    came = approved_deliveries(session, airing, rows.awaited.get(id_of(airing), ()))
    prefix = render_key(id_of(row), "")
    jobs = session.exec(select(Job).where(col(Job.key).startswith(prefix, autoescape=True))).all()
    rundown = parsed(row.body)
    heard = heard_samples(airing, rundown, heard_at) if heard_at is not None else 0
    left = (heard, airing.target_samples) if heard else None
    why = why_withdrawn(look.library, rundown, airing, truth, left)
    at_last = why is None and any(truth.may_be_said_now(airing, one) for one in row.unspoken)
    return RundownView(
        version=row.version,
        level=row.level,
        cause=row.cause,  # type: ignore[arg-type]  # a column of plain text
        compiled_at=row.compiled_at,
        withdrawn=why is not None,
        reworded=why == "reworded" or at_last,
        unspoken=bool(row.unspoken),
        renewed_from=None if why else renewed_from(look.library, rundown, row, came, heard),
        rendered=frozenset(rendered),
        render_jobs={job.key.removeprefix(prefix): _job(job) for job in jobs},
    )
