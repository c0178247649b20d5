"""A night as the page shows it: the rows of its airings become the views that the templates read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from app.air.status import AirStatus, OutputStatus
from app.airings import service as airings
from app.airings.carriage import Carriage, instants, is_on_air
from app.airings.models import Airing, RundownVersion
from app.awaited.cut_off import Steps, cut_off, measure
from app.awaited.service import AwaitedItem, awaited_from
from app.console.tonight.desks import desk_of
from app.console.tonight.rows import Rows, grouped, titles
from app.console.tonight.views import (
    AiringView,
    AsRunItem,
    AsRunView,
    AttemptView,
    AudioView,
    FeedView,
    ItemView,
    LineView,
    LiveFeedView,
    RundownView,
    StudioView,
    StudioWayView,
    WishView,
)
from app.database import id_of
from app.feeds.live import LONGEST_PREROLL_S, is_live, preroll_s
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.handoffs.models import Handoff
from app.handoffs.reaching import has_arrived
from app.programmes.models import Programme, Slot
from app.storage import Blobs
from app.studio.access import MOUNTS
from app.studio.turns import STUDIO, heard
from schedules.errors import BadRundown
from schedules.rundown import Item, Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CHAIN, CLOSED
from schedules.time import night_span, samples_to_timedelta


def airing_view(session: Session, blobs: Blobs, airing_id: int, now: datetime, air: AirStatus) -> AiringView:
    """One airing with all that belongs to it. Raises NoSuchAiring."""
    (view,) = _views(session, blobs, [airings.with_programme(session, airing_id)], now, air, None)
    return view


def night_and_running(
    session: Session, blobs: Blobs, night: date, now: datetime, air: AirStatus, studio_at: str | None
) -> tuple[tuple[AiringView, ...], tuple[AiringView, ...]]:
    """The airings of a KST night, and those that may be heard now: one runs over noon, and another night may be looked at.

    ``studio_at``: where studios connect.
    """
    of_night = airings.of_night(session, night)
    running = airings.running(session, now, timedelta(seconds=LONGEST_PREROLL_S))
    listed = {id_of(row[0]): row for row in (*of_night, *running)}
    views = dict(zip(listed, _views(session, blobs, list(listed.values()), now, air, studio_at), strict=True))
    return tuple(views[id_of(row[0])] for row in of_night), tuple(views[id_of(row[0])] for row in running)


def _views(
    session: Session,
    blobs: Blobs,
    listed: Sequence[tuple[Airing, Slot, Programme]],
    now: datetime,
    air: AirStatus,
    studio_at: str | None,
) -> tuple[AiringView, ...]:
    rows = Rows(session, blobs, [airing for airing, _, _ in listed])
    steps = measure(session, now)
    around = _Around(rows, now, air, steps, studio_at)
    return tuple(_airing(around, airing, programme) for airing, _, programme in listed)


def items_of(session: Session, airing: AiringView) -> tuple[ItemView, ...]:
    """What its newest rundown has on the air and when; nothing where there is none, or none that can be read."""
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
        )
    ).first()
    try:
        rundown = Rundown.from_json(body or "")
    except BadRundown:  # the page that is looked at when something is wrong must not be what is wrong
        return ()
    called = titles(session, rundown.segment_ids())
    return tuple(_item(item, called, airing.starts_at) for item in rundown.items)


def _item(item: Item, called: Mapping[int, str], airing_starts_at: datetime) -> ItemView:
    starts_at = audio_airs_at(item, airing_starts_at)
    segment_id = item.source.segment_id if isinstance(item.source, SegmentSource) else None
    return ItemView(starts_at, starts_at + samples_to_timedelta(item.samples), _called(called, segment_id))


def _called(called: Mapping[int, str], segment_id: int | None) -> str | None:
    return None if segment_id is None else called.get(segment_id, f"#{segment_id}")


def awaited_of_night(session: Session, night: date, now: datetime) -> list[AwaitedItem]:
    """What the airings of a KST night that have not begun await."""
    span = night_span(night)
    return [item for item in awaited_from(session, now, span.end) if item.starts_at >= span.start]


@dataclass(frozen=True, slots=True)
class _Around:
    """What is the same for all airings of the night."""

    rows: Rows
    now: datetime
    air: AirStatus
    steps: Steps
    studio_at: str | None


def _airing(around: _Around, airing: Airing, programme: Programme) -> AiringView:
    rows, now = around.rows, around.now
    airing_id = id_of(airing)
    is_open = airing.state not in CLOSED and airing.stops_at > now
    day = airing.starts_at.date()
    on_air = [(line, site) for line, site in rows.lines.get(airing.slot_id, ()) if is_on_air(line, day)]
    line_ids = [id_of(line) for line, _ in on_air]
    live = tuple(_live(rows, airing, line_ids, now, around.air))
    signed = rows.signatures.get(airing_id, ())
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
        feeds=tuple(_feeds(rows, airing, line_ids, now, is_open=is_open)),
        live=live,
        rundown=_rundown(rows, airing_id),
        audio=_audio(rows, airing_id),
        as_run=tuple(_as_run(rows, airing)),
        wishes=tuple(_wishes(rows, airing_id)),
        studio=_studio(rows, airing, now) if is_open else None,
        studio_way=_studio_way(around, airing, programme, live) if is_open else None,
        braked=bool(airing.turns) and airing.turns[-1]["level"] not in {CHAIN[0], STUDIO},
        is_live=is_open and any(feed.opens_at <= now for feed in live),
        cut_off_at=cut_off(airing, _carried(rows, on_air), around.steps)
        if is_open and airing.starts_at > now
        else None,
        signed_by=tuple(one.by for one in signed if one.version == airing.version),
        signed_version=signed[0].version if signed else None,
    )


def _carried(rows: Rows, on_air: Iterable[tuple[Line, Site]]) -> list[Carriage]:
    """As `app.airings.carriage.carriages`, of what is read already."""
    carried = []
    for line, site in on_air:
        takers = [rows.feeds[row.feed_id][0] for row in rows.line_feeds.get(id_of(line), ())]
        carried.append(Carriage(line, site, tuple(feed for feed in takers if feed.enabled)))
    return carried


def _studio(rows: Rows, airing: Airing, now: datetime) -> StudioView | None:
    found = heard(airing.turns, None, airing.target_samples)
    if found is None:
        return None
    starts_at, ends_at = (airing.starts_at + samples_to_timedelta(sample) for sample in found)
    return StudioView(starts_at, ends_at, rows.studio_people.get(id_of(airing))) if now < ends_at else None


def _studio_way(
    around: _Around, airing: Airing, programme: Programme, live: Sequence[LiveFeedView]
) -> StudioWayView | None:
    if not programme.live_input or not live:
        return None
    mounts = (f"{MOUNTS}{programme.code}", f"{MOUNTS}{airing.id}")
    return StudioWayView(around.studio_at, mounts, min(feed.opens_at for feed in live))


def _rundown(rows: Rows, airing_id: int) -> RundownView | None:
    found = rows.rundowns.get(airing_id)
    return RundownView(*found, rows.passed.get(airing_id, ())) if found else None


def _feeds(
    rows: Rows, airing: Airing, line_ids: Sequence[int], now: datetime, *, is_open: bool
) -> Iterable[FeedView]:
    """The feeds that take it now, and those that were handed a version of it and take it no more."""
    by_feed = grouped(rows.handoffs.get(id_of(airing), ()), lambda row: row.feed_id)
    taking = {row.feed_id for line_id in line_ids for row in rows.line_feeds.get(line_id, ())}
    for feed_id, (feed, site) in rows.feeds.items():
        handoffs = by_feed.get(feed_id, [])
        if handoffs or (feed_id in taking and feed.enabled and not is_live(feed)):
            yield _feed(rows, airing, feed, site, handoffs, now, is_open=is_open)


def _feed(
    rows: Rows,
    airing: Airing,
    feed: Feed,
    site: Site,
    handoffs: Sequence[Handoff],
    now: datetime,
    *,
    is_open: bool,
) -> FeedView:
    newest = handoffs[-1] if handoffs else None
    arrived = next((row for row in reversed(handoffs) if has_arrived(row.state, feed.protocol)), None)
    when = instants(airing, feed)
    return FeedView(
        feed_id=id_of(feed),
        name=feed.name,
        site_name=site.name,
        state=newest.state if newest else "waiting" if is_open else "nothing",
        handoff_id=newest.id if newest else None,
        wanted_version=airing.version,
        arrived_version=arrived.version if arrived else None,
        arrival_proven=arrived is not None and arrived.state == "verified",
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
        may_send=is_open and newest is not None and newest.state == "due" and newest.accept_until > now,
        held=newest is not None and newest.held,
        by_hand=newest.manual["how"] if newest and newest.manual else None,
        desk=desk_of(site),
    )


def _live(
    rows: Rows, airing: Airing, line_ids: Sequence[int], now: datetime, air: AirStatus
) -> Iterable[LiveFeedView]:
    taking = {row.feed_id for line_id in line_ids for row in rows.line_feeds.get(line_id, ())}
    for feed_id in taking:
        feed, site = rows.feeds[feed_id]
        if not is_live(feed) or not feed.enabled:
            continue
        output = air.output(airing.id, feed_id)
        opens_at = airing.starts_at - timedelta(seconds=preroll_s(feed))
        yield LiveFeedView(
            feed_id=feed_id,
            name=feed.name,
            site_name=site.name,
            state=_live_state(airing, output, opens_at, now, air),
            level=output.level if output and output.state == "on" else None,
            why=output.why if output else None,
            opens_at=opens_at,
            deadline_at=instants(airing, feed).deadline_at,
            desk=desk_of(site),
        )


def _live_state(
    airing: Airing, output: OutputStatus | None, opens_at: datetime, now: datetime, air: AirStatus
) -> str:
    if airing.state in CLOSED or now >= airing.stops_at:
        return "over"
    if output is not None:
        return output.state
    if air.armed.get(id_of(airing)) is None:
        return "off" if now >= opens_at else "waiting"
    return "armed"


def _audio(rows: Rows, airing_id: int) -> AudioView | None:
    """The newest version that was rendered and whose file is still there: what ``/audio`` answers with."""
    for _, version, artefact in rows.artefacts.get(airing_id, ()):
        if rows.blobs.path("artefacts", artefact.sha256, f".{artefact.extension}").exists():
            return AudioView(version, artefact.loudness_lufs, artefact.peak_dbtp)
    return None


def _as_run(rows: Rows, airing: Airing) -> Iterable[AsRunView]:
    by_way = grouped(rows.as_run.get(id_of(airing), ()), lambda row: (row.line_id, row.feed_id))
    for (line_id, feed_id), run in by_way.items():
        line, site = rows.aired_over[line_id]
        yield AsRunView(
            khz=line.khz,
            site_name=site.name,
            feed_name=rows.feeds[feed_id][0].name if feed_id is not None else None,
            items=tuple(
                AsRunItem(row.starts_at, _called(rows.titles, row.segment_id), row.source, row.evidence)
                for row in run
            ),
        )


def _wishes(rows: Rows, airing_id: int) -> Iterable[WishView]:
    """What waits for the engine, and the newest wish where it was refused."""
    for place, row in enumerate(rows.wishes.get(airing_id, ())):
        if row.carried_out_at is None or (place == 0 and row.refused):
            yield WishView(row.kind, row.created_at, row.refused)
