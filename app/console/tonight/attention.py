"""What needs a person: open alarms, failed handoffs, refused recordings, and an engine that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.airings.models import Airing, RundownVersion
from app.airings.programme import IS_NEWEST, PROGRAMME_ID
from app.alarms.models import Alarm
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.handoffs.models import Handoff
from app.library.models import Segment, SegmentState
from app.moves.models import LineChange
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.web.health import engine_seen_at, is_fresh
from schedules.snapshot import CLOSED
from schedules.time import night_of

RECENT = timedelta(hours=24)
"""What is older cannot be mended any more and would only hide what can: the record of its night still shows it."""

LISTED = 20
URGENT = frozenset({
    "engine_lost", "off_air", "stand_in_on_air", "wrong_on_air", "audio_missing", "below_programme", "deadline_missed", "airing_missed", "withdrawn_after_delivery",
    "cancelled_after_delivery", "moved_after_delivery", "folder_wrong", "change_unanswered", "notice_failing", "disk_low",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """The airing that something is about."""

    airing_id: int
    programme: str
    starts_at: datetime

    @property
    def night(self) -> date:
        return night_of(self.starts_at)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing for a person to do; ``kind`` is the key of its words."""

    kind: str
    since: datetime | None
    subject: Subject | None = None
    feed: str | None = None
    recording: str | None = None
    level: str | None = None
    """What airs where it is not the programme."""
    error: str | None = None
    """What a feed said last, as ``code: details``."""
    problem: dict[str, Any] | None = None
    """Of a recording: the problem document of its refusal."""
    site: str | None = None
    change: str | None = None
    """Of an alarm about a change: from what to what, and from when on."""
    alarm_id: int | None = None
    feed_id: int | None = None
    segment_id: int | None = None
    change_id: int | None = None
    site_id: int | None = None
    """Whose desk is to be called about a change; of the others the feed knows it."""

    @property
    def is_urgent(self) -> bool:
        return self.kind in URGENT

    @property
    def key(self) -> str:
        """What tells it from all others, as long as it is there."""
        about = self.subject.airing_id if self.subject else None
        parts = (self.alarm_id,) if self.alarm_id else (about, self.feed_id, self.segment_id)
        return "-".join([self.kind, *(str(part) for part in parts if part)])


def needs(session: Session, settings: Settings, now: datetime) -> list[Need]:
    """Everything that needs a person now, the most urgent and the soonest first."""
    alarms = list(_alarms(session, now))
    told = {
        (need.subject and need.subject.airing_id, need.feed) for need in alarms if need.kind == "feed_failing"
    }
    failed = [
        need
        for need in _failed_handoffs(session, now)
        if (need.subject and need.subject.airing_id, need.feed) not in told
    ]
    found = [*_engine(settings, now), *alarms, *failed, *_refused_recordings(session, now)]
    return sorted(
        found, key=lambda need: (not need.is_urgent, need.subject.starts_at if need.subject else now)
    )


def _engine(settings: Settings, now: datetime) -> Iterable[Need]:
    seen = engine_seen_at(settings)
    if seen is None or not is_fresh(seen, now):
        yield Need("engine_lost", seen)


def _alarms(session: Session, now: datetime) -> Iterable[Need]:
    rows = session.exec(
        select(Alarm, Airing, Programme.title, RundownVersion.level)
        .join(Airing, col(Airing.id) == col(Alarm.airing_id), isouter=True)
        .join(Slot, col(Slot.id) == col(Airing.slot_id), isouter=True)
        .join(Programme, col(Programme.id) == PROGRAMME_ID, isouter=True)
        .join(RundownVersion, IS_NEWEST, isouter=True)
        .where(
            col(Alarm.cleared_at).is_(None),
            col(Airing.id).is_(None) | (col(Airing.stops_at) > now - RECENT),
        )
    ).all()
    feeds = dict(session.exec(select(Feed.id, Feed.name)).all())
    for alarm, airing, title, level in rows:
        yield Need(
            _kind(alarm.kind, airing, level),
            alarm.raised_at,
            _subject(airing, title) if alarm.airing_id is not None else None,
            feed=feeds.get(alarm.feed_id),
            level=level,
            error=_error(session, alarm) if alarm.kind == "feed_failing" else None,
            alarm_id=alarm.id,
            feed_id=alarm.feed_id,
            change_id=alarm.change_id,
            site_id=alarm.site_id,
            **_about_change(session, alarm),
        )


def _about_change(session: Session, alarm: Alarm) -> dict[str, Any]:
    """Of an alarm about a change of a line: whose site it is, and what was to change. Such alarms are few, too."""
    change = session.get(LineChange, alarm.change_id) if alarm.change_id is not None else None
    if change is None:
        return {}
    was = (change.was or {}).get("khz")
    what = f"{was} → {change.khz} kHz" if was not in (None, change.khz) else f"{change.khz} kHz"
    return {
        "site": session.get_one(Site, change.site_id).name,
        "change": f"{what}, {change.starts_at:%Y-%m-%d %H:%M} UTC",
    }


def _kind(kind: str, airing: Airing | None, level: str | None) -> str:
    """Missing audio has three causes, and each wants something else of people."""
    if kind != "audio_missing" or airing is None:
        return kind
    if level is None:
        return "audio_missing"
    return "no_feed" if level == "programme" else "below_programme"


def _error(session: Session, alarm: Alarm) -> str | None:
    """What the feed said last. Feeds that fail are few, so a query for each is none too many."""
    return session.exec(
        select(Handoff.error)
        .where(Handoff.airing_id == alarm.airing_id, Handoff.feed_id == alarm.feed_id)
        .order_by(col(Handoff.version).desc())
        .limit(1)
    ).first()


def _failed_handoffs(session: Session, now: datetime) -> Iterable[Need]:
    rows = session.exec(
        select(Handoff, Airing, Programme.title, Feed.name)
        .join(Airing, col(Airing.id) == col(Handoff.airing_id))
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .join(Feed, col(Feed.id) == col(Handoff.feed_id))
        .where(
            Handoff.state == "failed",
            Handoff.version == Airing.version,
            Airing.stops_at > now,
            col(Airing.state).not_in(CLOSED),
        )
        .order_by(col(Airing.starts_at))
        .limit(LISTED)
    ).all()
    for handoff, airing, title, feed in rows:
        yield Need(
            "handoff_failed",
            None,
            _subject(airing, title),
            feed,
            error=handoff.error,
            feed_id=handoff.feed_id,
        )


def _refused_recordings(session: Session, now: datetime) -> Iterable[Need]:
    rows = session.exec(
        select(Segment)
        .where(Segment.state == SegmentState.rejected, Segment.created_at > now - RECENT)
        .order_by(col(Segment.id).desc())
        .limit(LISTED)
    ).all()
    for segment in rows:
        yield Need(
            "recording_refused",
            segment.created_at,
            recording=segment.title,
            problem=segment.problem,
            segment_id=id_of(segment),
        )


def _subject(airing: Airing, title: str | None) -> Subject:
    return Subject(id_of(airing), title or "", airing.starts_at)
