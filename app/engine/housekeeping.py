"""What the engine looks after at every sweep besides the airings."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from app.air.arming import armed_airings, disarm
from app.air.journal import Record, read_journal
from app.air.models import AirRecord
from app.airings.models import Airing
from app.airings.stand_ins import forget_unused
from app.alarms.models import Alarm
from app.alarms.service import clear, raise_alarm
from app.database import reading, writing
from app.events.service import forget_old
from app.jobs.models import Job
from app.jobs.service import busy_workers, enqueue, forget_finished, release
from app.library.cuts import cut_job_key, forget_cuts, give_up_cut
from app.library.fingerprints import enqueue_missing
from app.library.models import Cut, CutState, Segment, SegmentState
from app.library.retention import erase, outlived
from app.library.service import refuse
from app.locks import holder
from app.monitor.service import forget_old as forget_old_listening
from app.moves.watching import watch_changes
from app.propagation.cache import forget_old as forget_old_predictions
from app.settings import Settings
from app.station.models import Station
from app.storage import free_bytes
from app.uploads.leftovers import see_to_uploads
from schedules.snapshot import CLOSED

log = structlog.get_logger()

DISK = "disk"
ROOM_AGAIN = 1.1
"""The disk has room again when it has this much of its reserve."""

ALARMS_LAPSE_AFTER = timedelta(hours=24)
"""An airing that was missed, or called off after its delivery, stays before people's eyes for a day."""

COLLECT_AT = timedelta(hours=3)
"""After midnight UTC: noon in Seoul."""


def keep_house(database: Engine, settings: Settings, now: datetime) -> None:
    """Give back what dead workers held, disarm what is over, import the air's journal, watch the disk, give
    up uploads that nobody continues, clean up daily.

    Writes only where there is news.
    """
    with reading(database) as session:
        orphaned = [name for name in busy_workers(session) if _is_dead(settings, name)]
        lost = _lost_ingests(session)
        lost_cuts = _lost_cuts(session)
        over = _armed_and_over(session, settings)
        lapsed = _lapsed_alarms(session, now)
        to_erase = outlived(session, now)
        position = session.get_one(Station, 1).air_journal_position
    records = list(read_journal(settings.air_dir / "journal", position))
    if orphaned or lost or lost_cuts or lapsed or to_erase or records:
        with writing(database) as session:
            for name in orphaned:
                # Asked again under the write lock: its successor, who needs that lock to take a job, may be here now.
                if _is_dead(settings, name):
                    log.warning("worker died", worker=name)
                    release(session, name, now)
            for segment_id, problem in lost:
                refuse(session, segment_id, problem, now=now)
            for segment_id, number, problem in lost_cuts:
                give_up_cut(session, segment_id, number, problem, now)
            for segment_id in to_erase:
                erase(session, segment_id, now)
            for kind, key in lapsed:
                clear(session, kind, key, now=now)
            _import(session, records)
    for airing_id in over:
        disarm(settings, airing_id)
    _watch_disk(database, settings, now)
    watch_changes(database, settings, now)
    see_to_uploads(database, settings, now)
    _collect_daily(database, settings, now)


def _is_dead(settings: Settings, worker: str) -> bool:
    return holder(settings.run_dir / f"{worker}.lock") is None


def _lost_ingests(session: Session) -> list[tuple[int, dict[str, object]]]:
    """Segments that wait for an ingest that has been given up."""
    waiting = select(Segment.id).where(Segment.state == SegmentState.processing)
    if not session.exec(waiting.limit(1)).first():
        return []
    failed = session.exec(select(Job).where(Job.kind == "ingest", Job.state == "failed")).all()
    ids = set(session.exec(waiting).all())
    return [
        (job.payload["segment_id"], job.problem or {}) for job in failed if job.payload["segment_id"] in ids
    ]


def _lost_cuts(session: Session) -> list[tuple[int, int, dict[str, object]]]:
    """Cuts that wait for a job that has been given up: its worker died over it, again and again."""
    found = []
    for cut in session.exec(select(Cut).where(Cut.state == CutState.making)).all():
        key = cut_job_key(cut.segment_id, cut.number)
        job = session.exec(select(Job).where(Job.key == key, Job.state == "failed")).first()
        if job is not None:
            found.append((cut.segment_id, cut.number, dict(job.problem or {})))
    return found


def _armed_and_over(session: Session, settings: Settings) -> set[int]:
    """Airings that the air process must let go of: done with, called off, or of a database that was restored since.

    Asked of the folder, not done as the airing ends: a crash in between must not leave a cancelled one armed for ever.
    """
    armed = armed_airings(settings)
    if not armed:
        return armed
    still_open = select(Airing.id).where(col(Airing.id).in_(armed), col(Airing.state).not_in(CLOSED))
    return armed - {airing_id for airing_id in session.exec(still_open).all() if airing_id is not None}


def _lapsed_alarms(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Alarms of airings so long over that nobody can mend anything: their record says what happened."""
    query = (
        select(Alarm.kind, Alarm.key)
        .join(Airing, col(Airing.id) == col(Alarm.airing_id))
        .where(
            col(Alarm.cleared_at).is_(None),
            col(Airing.state).in_(CLOSED),
            Airing.stops_at <= now - ALARMS_LAPSE_AFTER,
        )
    )
    return list(session.exec(query).all())


def _import(session: Session, records: list[Record]) -> None:
    station = session.get_one(Station, 1)
    for record in records:
        session.add(
            AirRecord(**{name: getattr(record, name) for name in AirRecord.model_fields if name != "id"})
        )
    station.air_journal_position += len(records)
    session.add(station)


def _collect_daily(database: Engine, settings: Settings, now: datetime) -> None:
    """Have a worker remove what is no longer needed, at noon in Seoul, when no night is under way."""
    key = f"collect:{(now - COLLECT_AT).date()}"
    with reading(database) as session:
        known = session.exec(select(Job.id).where(Job.key == key)).first() is not None
    if not known:
        with writing(database) as session:
            enqueue(session, "collect", key, {}, now)
            enqueue_missing(session, now)
            forget_old(session, now)
            forget_finished(session, now)
            forget_old_predictions(session, now)
            forget_old_listening(session, now)
            long_ago = now - timedelta(days=settings.keep_artefacts_days)
            forget_unused(session, long_ago)
            forget_cuts(session, long_ago)


def _watch_disk(database: Engine, settings: Settings, now: datetime) -> None:
    with reading(database) as session:
        known = is_open(session, "disk_low", DISK)
    # What comes and goes around the reserve (a render's own files) must not ring every few seconds.
    wanted = settings.disk_reserve_bytes * (ROOM_AGAIN if known else 1)
    low = free_bytes(settings) < wanted
    if low == known:
        return
    with writing(database) as session:
        if low:
            raise_alarm(session, "disk_low", DISK, now=now, channels=settings.alarm_channels)
        else:
            clear(session, "disk_low", DISK, now=now)


def is_open(session: Session, kind: str, key: str) -> bool:
    """Whether an alarm of this kind about this thing is open."""
    query = select(func.count(col(Alarm.id))).where(
        Alarm.kind == kind, Alarm.key == key, col(Alarm.cleared_at).is_(None)
    )
    return session.exec(query).one() > 0
