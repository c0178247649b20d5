"""Alarms and the rows that tell them. Nothing here sends: ``app.alarms.notify`` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select, update

from app.airings.carriage import instants
from app.airings.models import Airing
from app.alarms.models import Alarm, Notification
from app.events.service import emit
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.moves.models import LineChange

PAUSES = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
LAST_PAUSE = timedelta(minutes=30)
GIVEN_UP_AFTER = timedelta(hours=24)
LEASE = timedelta(minutes=1)
"""A claimed notification is nobody else's for this long: more than any channel takes before it gives up."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One alarm to be told over one channel: ids and times only."""

    notification_id: int
    channel: str
    alarm_id: int
    kind: str
    airing_id: int | None
    feed_id: int | None
    raised_at: datetime
    change_id: int | None = None
    """Of an alarm about a change of a line."""
    step: int = 0
    """How often it was told before because time runs out."""
    due_at: datetime | None = None
    """Of an alarm about a feed: its deadline, or once that is past the last moment at which the site takes something. Of
    one about a change: when it was to begin, until then."""
    desk: Mapping[str, str] = field(default_factory=dict)
    """Whom to call, where the station lets alarms say so."""


def raise_alarm(
    session: Session,
    kind: str,
    key: str,
    *,
    now: datetime,
    channels: Iterable[str] = (),
    airing_id: int | None = None,
    feed_id: int | None = None,
    site_id: int | None = None,
    change_id: int | None = None,
) -> bool:
    """Open an alarm and have it told over each channel, unless one of this kind and key is open already.

    Must run in a write transaction, which makes the check and the insert one. Returns whether the alarm is new.
    """
    if _open(session, kind, key) is not None:
        return False
    alarm = Alarm(
        kind=kind,
        key=key,
        airing_id=airing_id,
        feed_id=feed_id,
        site_id=site_id,
        change_id=change_id,
        raised_at=now,
    )
    session.add(alarm)
    session.flush()
    alarm_id = _id(alarm)
    session.add_all(
        Notification(alarm_id=alarm_id, channel=channel, next_attempt_at=now) for channel in channels
    )
    emit(session, "alarm", alarm_id, "open", at=now)
    return True


def escalate(
    session: Session, kind: str, key: str, step: int, *, now: datetime, channels: Iterable[str]
) -> bool:
    """Tell an open alarm once more, because time runs out. Returns whether this step is new."""
    alarm = _open(session, kind, key)
    if alarm is None or alarm.step >= step:
        return False
    alarm.step = step
    alarm_id = _id(alarm)
    session.add_all(
        Notification(alarm_id=alarm_id, channel=channel, step=step, next_attempt_at=now)
        for channel in channels
    )
    emit(session, "alarm", alarm_id, "open", at=now)
    return True


def clear(session: Session, kind: str, key: str, now: datetime) -> bool:
    """Close the open alarm of this kind and key, if there is one; what was not told yet is told no more."""
    alarm = _open(session, kind, key)
    if alarm is None:
        return False
    alarm.cleared_at = now
    session.exec(
        update(Notification)
        .where(col(Notification.alarm_id) == alarm.id, col(Notification.next_attempt_at).is_not(None))
        .values(next_attempt_at=None, error="cleared before it was told")
    )
    emit(session, "alarm", _id(alarm), "cleared", at=now)
    return True


def open_alarms(session: Session) -> Sequence[Alarm]:
    """Every open alarm, the newest first."""
    order = (col(Alarm.raised_at).desc(), col(Alarm.id).desc())
    return session.exec(select(Alarm).where(col(Alarm.cleared_at).is_(None)).order_by(*order)).all()


def due_notifications(
    session: Session, now: datetime, limit: int = 20
) -> Sequence[tuple[Notification, Alarm]]:
    """Up to ``limit`` of what should be told now for each channel, oldest first: a dead channel's backlog may not keep
    the others waiting.
    """
    place = func.row_number().over(
        partition_by=col(Notification.channel),
        order_by=(col(Notification.next_attempt_at), col(Notification.id)),
    )
    ranked = (
        select(Notification.id, place.label("place"))
        .where(col(Notification.next_attempt_at) <= now)
        .subquery()
    )
    query = (
        select(Notification, Alarm)
        .join(Alarm, col(Alarm.id) == col(Notification.alarm_id))
        .join(ranked, ranked.c.id == col(Notification.id))
        .where(ranked.c.place <= limit)
        .order_by(col(Notification.id))
    )
    return session.exec(query).all()


def claim_due(session: Session, now: datetime) -> list[Notice]:
    """Take what is due, counting the attempt before it is made: a crash or a second sweep repeats nothing at once."""
    notices = []
    for notification, alarm in due_notifications(session, now):
        notification.attempts += 1
        notification.next_attempt_at = now + LEASE
        notices.append(
            Notice(
                notification_id=_id(notification),
                channel=notification.channel,
                alarm_id=_id(alarm),
                kind=alarm.kind,
                airing_id=alarm.airing_id,
                feed_id=alarm.feed_id,
                raised_at=alarm.raised_at,
                change_id=alarm.change_id,
                step=notification.step,
                **_about(session, alarm, now),
            )
        )
    return notices


def _about(session: Session, alarm: Alarm, now: datetime) -> dict[str, Any]:
    """Until when something can be done, and whom to call."""
    if alarm.site_id is not None:
        return _about_change(session, alarm, alarm.site_id, now)
    feed = session.get(Feed, alarm.feed_id) if alarm.feed_id is not None else None
    airing = session.get(Airing, alarm.airing_id) if alarm.airing_id is not None else None
    if feed is None:
        return {}
    site = session.get_one(Site, feed.site_id)
    about: dict[str, Any] = {"desk": dict(site.desk) if site.desk_in_alarms else {}}
    if airing is not None:
        when = instants(airing, feed)
        about["due_at"] = when.deadline_at if now < when.deadline_at else when.accept_until
    return about


def _about_change(session: Session, alarm: Alarm, site_id: int, now: datetime) -> dict[str, Any]:
    site = session.get_one(Site, site_id)
    about: dict[str, Any] = {"desk": dict(site.desk) if site.desk_in_alarms else {}}
    change = session.get(LineChange, alarm.change_id) if alarm.change_id is not None else None
    if change is not None and now < change.starts_at:
        about["due_at"] = change.starts_at
    return about


def told(session: Session, notification_id: int, now: datetime) -> None:
    """Record that a channel took it."""
    notification = session.get_one(Notification, notification_id)
    notification.sent_at, notification.next_attempt_at, notification.error = now, None, None


def not_told(session: Session, notification_id: int, now: datetime, error: str) -> None:
    """Record a failure and when to try again; an alarm a day old is given up (the page still shows it)."""
    notification = session.get_one(Notification, notification_id)
    if notification.next_attempt_at is None:  # cleared while we tried
        return
    notification.error = error
    again = now + pause_after(notification.attempts)
    alarm = session.get_one(Alarm, notification.alarm_id)
    notification.next_attempt_at = again if again - alarm.raised_at <= GIVEN_UP_AFTER else None


def pause_after(attempts: int) -> timedelta:
    """The pause after the n-th failure: 10 s, 30 s, 2 min, 10 min, then always 30 min."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else LAST_PAUSE


def _open(session: Session, kind: str, key: str) -> Alarm | None:
    query = select(Alarm).where(Alarm.kind == kind, Alarm.key == key, col(Alarm.cleared_at).is_(None))
    return session.exec(query).first()


def _id(row: Alarm | Notification) -> int:
    if row.id is None:
        raise ValueError("the row was not stored")
    return row.id
