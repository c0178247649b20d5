"""Telling sites by mail: at least once, with a reply link of its own in each mail that asks for an answer.

A notice is `sent` only when the mail server took it. A process that is killed between that and our commit sends it once
more a minute later, with the same Message-ID; the links of both mails are good.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.alarms.service import GIVEN_UP_AFTER, LEASE, pause_after
from app.database import id_of, reading, writing
from app.events.service import emit
from app.frequencies.models import Site
from app.mail import NotMailedError, send_mail
from app.moves.models import LineChange, NoticeChange, ReplyLink, SiteNotice
from app.settings import Settings
from app.station.models import Station

log = structlog.get_logger()

T = TypeVar("T")

AT_ONCE = 20
NOBODY = "nobody to mail to: the site has no mail address, so tell it yourself and record its answer"
DEMO = "a demo station mails nobody"


@dataclass(frozen=True, slots=True)
class Letter:
    """One attempt at a mail, copied out of the database before it is made."""

    notice_id: int
    mail_to: str
    subject: str
    body: str
    asks: bool
    token: str | None
    """Of its reply link; in the mail and nowhere else."""
    created_at: datetime


def queue(
    session: Session,
    kind: str,
    site: Site,
    changes: Sequence[LineChange],
    *,
    subject: str,
    body: str,
    now: datetime,
    cut_off_at: datetime | None = None,
) -> SiteNotice:
    """Write down what a site is to be told, in the transaction that makes it so. The engine mails it."""
    mail_to = site.notice_mail or site.desk.get("mail") or None
    error = None if mail_to else NOBODY
    if session.get_one(Station, 1).is_demo:
        mail_to, error = None, DEMO
    made = SiteNotice(
        site_id=id_of(site),
        kind=kind,
        mail_to=mail_to,
        subject=subject,
        body=body,
        cut_off_at=cut_off_at,
        created_at=now,
        next_attempt_at=now if mail_to else None,
        error=error,
    )
    session.add(made)
    session.flush()
    session.add_all(NoticeChange(notice_id=id_of(made), change_id=id_of(change)) for change in changes)
    return made


def notices_of(session: Session, change_id: int) -> Sequence[SiteNotice]:
    """Everything that sites were or are to be told of a change, the oldest first."""
    return session.exec(
        select(SiteNotice)
        .join(NoticeChange, col(NoticeChange.notice_id) == col(SiteNotice.id))
        .where(NoticeChange.change_id == change_id)
        .order_by(col(SiteNotice.id))
    ).all()


def changes_of(session: Session, notice_id: int) -> Sequence[LineChange]:
    """What a notice is about, in the order in which it was written."""
    return session.exec(
        select(LineChange)
        .join(NoticeChange, col(NoticeChange.change_id) == col(LineChange.id))
        .where(NoticeChange.notice_id == notice_id)
        .order_by(col(LineChange.id))
    ).all()


def notice_of_token(session: Session, token: str) -> SiteNotice | None:
    """The notice that a reply link belongs to."""
    return session.exec(
        select(SiteNotice)
        .join(ReplyLink, col(ReplyLink.notice_id) == col(SiteNotice.id))
        .where(ReplyLink.token_sha256 == _sha256(token))
    ).first()


def due(session: Session, now: datetime, limit: int = AT_ONCE) -> Sequence[SiteNotice]:
    """What is to be mailed now, the oldest first."""
    return session.exec(
        select(SiteNotice)
        .where(col(SiteNotice.next_attempt_at) <= now)
        .order_by(col(SiteNotice.next_attempt_at), col(SiteNotice.id))
        .limit(limit)
    ).all()


def claim_due(session: Session, settings: Settings, now: datetime) -> list[Letter]:
    """Take what is due, counting the attempt and keeping its link before it is made: what arrives can be answered."""
    letters = []
    for notice in due(session, now):
        if notice.cut_off_at is not None and notice.cut_off_at <= now:
            notice.next_attempt_at = None
            notice.error = (
                f"the cut-off passed before the mail server took it ({notice.error or 'not tried'})"
            )
            continue
        notice.attempts += 1
        notice.next_attempt_at = now + LEASE
        token = None
        if notice.kind == "request" and settings.public_url:
            token = secrets.token_urlsafe(32)
            session.add(ReplyLink(notice_id=id_of(notice), token_sha256=_sha256(token), created_at=now))
        letters.append(
            Letter(
                id_of(notice),
                notice.mail_to or "",
                notice.subject,
                notice.body,
                notice.kind == "request",
                token,
                notice.created_at,
            )
        )
    return letters


def sent(session: Session, notice_id: int, now: datetime) -> None:
    """Record that the mail server took it."""
    notice = session.get_one(SiteNotice, notice_id)
    notice.sent_at, notice.next_attempt_at, notice.error = notice.sent_at or now, None, None
    for change in changes_of(session, notice_id) if notice.kind == "request" else ():
        if change.state == "requested":
            change.state = "sent"
            change.revision += 1
            emit(session, "line_change", id_of(change), change.state, at=now)


def not_sent(session: Session, notice_id: int, now: datetime, error: str) -> None:
    """Record a failure and when to try again."""
    notice = session.get_one(SiteNotice, notice_id)
    if notice.next_attempt_at is None:  # not wanted any more
        return
    notice.error = error
    again = now + pause_after(notice.attempts)
    over = notice.cut_off_at or notice.created_at + GIVEN_UP_AFTER
    # Shortly before the cut-off once more: the server may be back
    notice.next_attempt_at = min(again, max(over - timedelta(minutes=1), now + LEASE)) if now < over else None


async def send_due(engine: Engine, settings: Settings, now: datetime) -> None:
    """Mail everything that is due, side by side and outside any transaction. Safe to start again before it has ended."""
    if not await asyncio.to_thread(_is_anything_due, engine, now):  # most sweeps: no write lock for nothing
        return
    letters = await asyncio.to_thread(
        _in_transaction, engine, lambda session: claim_due(session, settings, now)
    )
    sending = (_send_and_record(engine, settings, letter, now) for letter in letters)
    for outcome in await asyncio.gather(*sending, return_exceptions=True):
        if isinstance(outcome, BaseException):  # a fault of ours: raised only after the others were sent
            raise outcome


async def _send_and_record(engine: Engine, settings: Settings, letter: Letter, now: datetime) -> None:
    try:
        await send_mail(compose(letter, settings, now), settings)
    except NotMailedError as error:
        detail = str(error)
        log.warning("a notice was not taken", notice=letter.notice_id, why=detail)
        await asyncio.to_thread(
            _in_transaction, engine, lambda session: not_sent(session, letter.notice_id, now, detail)
        )
    else:
        log.info("a notice was taken", notice=letter.notice_id)
        await asyncio.to_thread(_in_transaction, engine, lambda session: sent(session, letter.notice_id, now))


def compose(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """The mail. Raises NotMailedError for addresses that cannot be used."""
    message = EmailMessage()
    try:
        message["Subject"] = letter.subject
        message["From"] = settings.alarm_email_from
        message["To"] = letter.mail_to
    except (ValueError, IndexError, AttributeError) as error:  # the library's parser breaks on some addresses
        raise NotMailedError("the addresses or names of this mail cannot be used") from error
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<notice-{letter.notice_id}-{letter.created_at:%Y%m%d%H%M%S}@danpa>"
    message["Auto-Submitted"] = "auto-generated"
    how = ""
    if letter.asks:
        how = "\nPlease answer this mail, or call us.\n"
    if letter.token is not None:
        how = (
            "\nTo agree or to refuse, open this address; it works once and needs no login:\n"
            f"{settings.page_url()}/reply/{letter.token}\n"
        )
    message.set_content(letter.body + how)
    return message


def _is_anything_due(engine: Engine, now: datetime) -> bool:
    with reading(engine) as session:
        return bool(due(session, now, limit=1))


def _in_transaction(engine: Engine, work: Callable[[Session], T]) -> T:
    with writing(engine) as session:
        return work(session)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
