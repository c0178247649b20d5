"""Reminding those who approve of what airings await: when it arrives, at half time, and shortly before the content cut-off.

Each telling is a row before it is made (`Reminder`), so that nothing is told twice; a mail that the server took just before
we died is sent once more a minute later, with the same Message-ID. Only ids and times leave: no titles, no names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy import select as columns  # SQLModel's knows no dates among its columns
from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.alarms.notify import WEBHOOK_S, NotToldError, post_webhook, utc_text
from app.alarms.service import LEASE, pause_after
from app.approving.models import Reminder
from app.awaited.service import AwaitedItem, awaited_from, deliveries
from app.database import id_of, reading, writing
from app.feeds.threads import in_own_thread
from app.library.cuts import cut_of, editors_of
from app.library.models import CutState, Segment, SegmentState
from app.mail import NotMailedError, send_mail
from app.people.models import Person
from app.settings import Settings
from app.station.models import Station
from schedules.time import night_of, to_kst

log = structlog.get_logger()

T = TypeVar("T")

STEPS = ("arrived", "half", "last")
"""In the order in which they grow more pressing: who was told one is told none before it."""

LAST_BEFORE = timedelta(minutes=10)
"""So long before the cut-off is the last reminder: time to hear most items once, and to press the button."""

AT_ONCE = 20
NOT_WANTED = "not wanted any more"
KIND = "approval_wanted"


@dataclass(frozen=True, slots=True)
class Letter:
    """One attempt at a telling, copied out of the database before it is made. ``mail_to`` None: by the webhook."""

    reminder_id: int
    mail_to: str | None
    segment_id: int
    cut: int
    airing_id: int
    step: str
    starts_at: datetime
    arrived_at: datetime
    cut_off_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Review:
    """A draft that an airing awaits, whose newest cut can be listened to."""

    segment: Segment
    airing_id: int
    arrived_at: datetime
    cut_off_at: datetime

    def step_at(self, now: datetime) -> str | None:
        """The most pressing step whose time has come; None once the cut-off is past."""
        if now >= self.cut_off_at:
            return None
        half_at = self.arrived_at + (self.cut_off_at - self.arrived_at) / 2
        at = {"arrived": self.arrived_at, "half": half_at, "last": self.cut_off_at - LAST_BEFORE}
        return next((step for step in reversed(STEPS) if at[step] <= now), None)


async def remind_due(engine: Engine, settings: Settings, now: datetime) -> None:
    """Write down who is to be reminded by now, and tell them, outside any transaction. Safe to start again before it has ended."""
    if await asyncio.to_thread(_is_anything_wanted, engine, settings, now):
        await asyncio.to_thread(_in_transaction, engine, lambda session: write_down(session, settings, now))
    if not await asyncio.to_thread(_is_anything_due, engine, now):  # most sweeps: no write lock for nothing
        return
    letters = await asyncio.to_thread(_in_transaction, engine, lambda session: claim_due(session, now))
    telling = (_tell_and_record(engine, settings, letter, now) for letter in letters)
    for outcome in await asyncio.gather(*telling, return_exceptions=True):
        if isinstance(outcome, BaseException):  # a fault of ours: raised only after the others were told
            raise outcome


def write_down(session: Session, settings: Settings, now: datetime) -> int:
    """Add what is to be told by now and was not yet written down. Returns how many. Wants a write transaction."""
    added = list(_missing(session, settings, now))
    session.add_all(added)
    return len(added)


def claim_due(session: Session, now: datetime) -> list[Letter]:
    """Take what is due, counting the attempt before it is made; what nobody needs any more is told no more."""
    due, letters = _due(session, now, AT_ONCE), []
    waiting = {(id_of(one.segment), one.segment.cut, one.airing_id) for one in _in_review(session, now)}
    for reminder in due:
        mail_to = _address(session, reminder)
        is_for_nobody = reminder.person_id is not None and mail_to is None
        is_waiting = (reminder.segment_id, reminder.cut, reminder.airing_id) in waiting
        if is_for_nobody or not is_waiting or now >= reminder.cut_off_at:
            reminder.next_attempt_at = None
            reminder.error = f"{NOT_WANTED} ({reminder.error})" if reminder.error else NOT_WANTED
            continue
        reminder.attempts += 1
        reminder.next_attempt_at = now + LEASE
        letters.append(
            Letter(
                reminder_id=id_of(reminder),
                mail_to=mail_to,
                segment_id=reminder.segment_id,
                cut=reminder.cut,
                airing_id=reminder.airing_id,
                step=reminder.step,
                starts_at=session.get_one(Airing, reminder.airing_id).starts_at,
                arrived_at=reminder.arrived_at,
                cut_off_at=reminder.cut_off_at,
                created_at=reminder.created_at,
            )
        )
    return letters


def told(session: Session, reminder_id: int, now: datetime) -> None:
    """Record that it was taken."""
    reminder = session.get_one(Reminder, reminder_id)
    reminder.sent_at, reminder.next_attempt_at, reminder.error = reminder.sent_at or now, None, None


def not_told(session: Session, reminder_id: int, now: datetime, error: str) -> None:
    """Record a failure and when to try again: not after the cut-off."""
    reminder = session.get_one(Reminder, reminder_id)
    again = now + pause_after(reminder.attempts)
    reminder.error = error
    # A longer pause must not outlast the cut-off: the server may be back by then
    again = min(again, max(reminder.cut_off_at - LEASE, now + LEASE))
    reminder.next_attempt_at = again if again < reminder.cut_off_at else None


def _missing(session: Session, settings: Settings, now: datetime) -> Iterable[Reminder]:
    """The rows that should be there by now and are not."""
    for review in _in_review(session, now):
        step = review.step_at(now)
        if step is None:
            continue
        at_least = STEPS[STEPS.index(step) :]
        segment = review.segment
        there = session.exec(
            select(Reminder.person_id).where(
                Reminder.segment_id == segment.id,
                Reminder.cut == segment.cut,
                Reminder.airing_id == review.airing_id,
                col(Reminder.step).in_(at_least),
            )
        ).all()
        for person_id in _whom(session, settings, segment):
            if person_id not in there:
                yield Reminder(
                    segment_id=id_of(segment),
                    cut=segment.cut,
                    airing_id=review.airing_id,
                    step=step,
                    person_id=person_id,
                    arrived_at=review.arrived_at,
                    cut_off_at=review.cut_off_at,
                    created_at=now,
                    next_attempt_at=now,
                )


def _in_review(session: Session, now: datetime) -> Iterable[_Review]:
    """What coming airings await that is here and whose newest cut nobody has approved: of each the newest draft."""
    drafts = session.connection().execute(
        columns(col(Segment.awaited_as), col(Segment.awaited_on)).where(
            col(Segment.state) == SegmentState.draft,
            col(Segment.awaited_as).is_not(None),
            col(Segment.awaited_on) >= to_kst(now).date(),
        )
    )
    wanted: set[tuple[str, date]] = {(name, on) for name, on in drafts}  # type: ignore[misc]  # neither is NULL
    if not wanted:  # most sweeps: no airing need be looked at
        return
    seen = set()  # a clock may await one thing in two places
    for item in awaited_from(session, now, only=wanted):
        draft = _newest_draft(session, item)
        cut = cut_of(session, draft) if draft is not None else None
        if draft is None or cut is None or cut.state != CutState.ready or (draft.id, item.airing_id) in seen:
            continue
        seen.add((draft.id, item.airing_id))
        yield _Review(draft, item.airing_id, cut.made_at, item.cut_off_at)


def _newest_draft(session: Session, item: AwaitedItem) -> Segment | None:
    drafts = (one for one in deliveries(session, item.name, item.on) if one.state == SegmentState.draft)
    return next(drafts, None)


def _whom(session: Session, settings: Settings, segment: Segment) -> list[int | None]:
    """Who is reminded by mail; None among them: by the webhook, once for all who cannot be mailed."""
    station = session.get_one(Station, 1)
    query = select(Person).where(col(Person.approves), col(Person.disabled_at).is_(None))
    if station.approved_by_another:
        query = query.where(col(Person.id).not_in(editors_of(session, segment)))
    people = session.exec(query.order_by(col(Person.id))).all()
    mails = bool(settings.smtp_host) and not station.is_demo  # a demo station mails nobody
    mailed: list[int | None] = [one.id for one in people if mails and one.email]
    by_webhook = settings.alarm_webhook_url is not None and len(mailed) < max(len(people), 1)
    return [*mailed, None] if by_webhook else mailed


def _address(session: Session, reminder: Reminder) -> str | None:
    """Where somebody is told; None where they are not any more, and of the webhook."""
    person = session.get(Person, reminder.person_id) if reminder.person_id is not None else None
    if person is None or person.disabled_at is not None or not person.approves:
        return None
    return person.email


async def _tell_and_record(engine: Engine, settings: Settings, letter: Letter, now: datetime) -> None:
    try:
        await _tell(letter, settings, now)
    except (NotMailedError, NotToldError) as error:
        detail = str(error)
        log.warning("a reminder was not taken", reminder=letter.reminder_id, why=detail)
        await asyncio.to_thread(
            _in_transaction, engine, lambda session: not_told(session, letter.reminder_id, now, detail)
        )
    else:
        log.info("a reminder was taken", reminder=letter.reminder_id)
        await asyncio.to_thread(
            _in_transaction, engine, lambda session: told(session, letter.reminder_id, now)
        )


async def _tell(letter: Letter, settings: Settings, now: datetime) -> None:
    """Raises NotMailedError, NotToldError."""
    if letter.mail_to is not None:
        await send_mail(compose(letter, settings, now), settings)
        return
    body = {
        "kind": KIND,
        "reminder": letter.reminder_id,
        "segment": letter.segment_id,
        "cut": letter.cut,
        "airing": letter.airing_id,
        "step": letter.step,
        "starts_at": utc_text(letter.starts_at),
        "arrived_at": utc_text(letter.arrived_at),
        "cut_off_at": utc_text(letter.cut_off_at),
    }
    try:
        # Not on the loop's own threads, as the alarms' webhook
        await in_own_thread(lambda _stop: post_webhook(body, settings), WEBHOOK_S)
    except TimeoutError:
        raise NotToldError("no answer in time") from None


def compose(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """The mail, in Korean and in English. Raises NotMailedError for addresses that cannot be used."""
    message = EmailMessage()
    minutes = max(int((letter.cut_off_at - now).total_seconds() // 60), 0)
    message["Subject"] = (
        f"Danpa: 승인 대기 {minutes}분 남음 / approval wanted, {minutes} min left (airing {letter.airing_id})"
    )
    try:
        message["From"] = settings.alarm_email_from
        message["To"] = letter.mail_to or ""
    except (ValueError, IndexError, AttributeError) as error:  # the library's parser breaks on some addresses
        raise NotMailedError("the addresses or names of this mail cannot be used") from error
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<reminder-{letter.reminder_id}-{letter.created_at:%Y%m%d%H%M%S}@danpa>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(letter, settings, minutes))
    return message


def _text(letter: Letter, settings: Settings, minutes: int) -> str:
    page = ""
    if settings.public_url:
        page = f"\n{settings.page_url()}/?night={night_of(letter.starts_at)}#airing-{letter.airing_id}\n"
    korean = (
        f"방송 {letter.airing_id}번이 기다리는 녹음이 도착해 승인을 기다리고 있습니다.\n\n"
        f"녹음: {letter.segment_id}번 (편집본 {letter.cut})\n"
        f"도착: {_both(letter.arrived_at)}\n"
        f"내용 마감: {_both(letter.cut_off_at)} ({minutes}분 남음)\n"
        f"방송: {_both(letter.starts_at)}\n"
    )
    english = (
        f"A recording that airing {letter.airing_id} awaits is here and waits to be approved.\n\n"
        f"segment: {letter.segment_id} (cut {letter.cut})\n"
        f"arrived: {_both(letter.arrived_at)}\n"
        f"content cut-off: {_both(letter.cut_off_at)} ({minutes} min left)\n"
        f"airing: {_both(letter.starts_at)}\n"
    )
    return f"{korean}\n{english}{page}"


def _both(at: datetime) -> str:
    return f"{utc_text(at)} ({to_kst(at):%Y-%m-%d %H:%M} KST)"


def _due(session: Session, now: datetime, limit: int) -> Sequence[Reminder]:
    return session.exec(
        select(Reminder)
        .where(col(Reminder.next_attempt_at) <= now)
        .order_by(col(Reminder.next_attempt_at), col(Reminder.id))
        .limit(limit)
    ).all()


def _is_anything_wanted(engine: Engine, settings: Settings, now: datetime) -> bool:
    with reading(engine) as session:
        return next(iter(_missing(session, settings, now)), None) is not None


def _is_anything_due(engine: Engine, now: datetime) -> bool:
    with reading(engine) as session:
        return bool(_due(session, now, 1))


def _in_transaction(engine: Engine, work: Callable[[Session], T]) -> T:
    with writing(engine) as session:
        return work(session)
