"""Telling people outside by webhook and by mail. Only ids and times leave: no titles, names or addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import Engine
from sqlmodel import Session

from app.alarms.service import Notice, claim_due, due_notifications, not_told, told
from app.database import reading, writing
from app.errors import DanpaError
from app.feeds.threads import in_own_thread
from app.mail import NotMailedError, send_mail
from app.settings import Settings

WEBHOOK_S = 15.0
"""Below the service's LEASE, as a mail's time is, so that no other sweep tells the same alarm while we are at it."""

T = TypeVar("T")

KST = ZoneInfo("Asia/Seoul")
_MEANINGS = {
    "audio_missing": "There is no audio for this airing.",
    "announcement_missing": "This airing lacks its announcement.",
    "awaited_missing": "Something that this airing awaits has not come, or nobody has approved it, and time runs out.",
    "render_failing": "The audio cannot be made in this feed's encoding.",
    "feed_failing": "Deliveries to this feed fail.",
    "folder_wrong": "The folder of this feed does not hold what it should.",
    "deadline_near": "The deadline is near and the audio is not verified at the site.",
    "deadline_missed": "The deadline has passed and the audio is not verified at the site.",
    "off_air": "This airing is on the air and nothing reaches this feed.",
    "stand_in_on_air": "Something else than the programme goes out live on this feed.",
    "wrong_on_air": "What is heard at the other end of this feed is not what goes out: silence, a loop or something else.",
    "unheard": "Nobody can listen at the other end of this feed: it does not answer.",
    "airing_missed": "This airing went out without its audio, or not at all.",
    "withdrawn_after_delivery": "Audio that was withdrawn, or that announces what is no longer so, is still at a site.",
    "cancelled_after_delivery": "This airing was cancelled and its audio is still at a site.",
    "moved_after_delivery": "The audio of this airing is at a site that carries it no more.",
    "change_refused": "The site has refused a change of its lines: they stay as they are.",
    "change_unanswered": "The site has not answered a change of its lines by its cut-off: they stay as they are.",
    "notice_failing": "The mail to a site about a change of its lines cannot be sent.",
    "disk_low": "The disk is nearly full.",
    "test": "This is a test.",
}


class NotToldError(DanpaError):
    """A channel did not take an alarm; the text holds no addresses."""

    code = "not-told"


async def tell(notice: Notice, settings: Settings, now: datetime) -> None:
    """Tell one alarm over one channel, within a minute.

    Raises:
        NotToldError: says why in words without addresses.
    """
    if notice.channel not in settings.alarm_channels:
        raise NotToldError("this channel is no longer set up")
    try:
        if notice.channel == "webhook":
            # Not on the loop's own threads, as its resolver would be: a name server that does not answer would fill
            # them, and the engine plans on them.
            await in_own_thread(lambda _stop: post_webhook(_body(notice, settings), settings), WEBHOOK_S)
        else:
            await send_mail(_compose(notice, settings, now), settings)
    except NotMailedError as error:
        raise NotToldError(str(error)) from error
    except TimeoutError:
        raise NotToldError("no answer in time") from None
    except ValueError as error:  # EmailMessage refuses line breaks and the like
        raise NotToldError("the addresses or names in the settings of this channel cannot be used") from error


async def deliver_due(engine: Engine, settings: Settings, now: datetime) -> None:
    """Tell everything that is due, side by side and outside any transaction. Safe to start again before it has ended."""
    if not await asyncio.to_thread(_is_anything_due, engine, now):  # most sweeps: no write lock for nothing
        return
    notices = await asyncio.to_thread(_in_transaction, engine, lambda session: claim_due(session, now))
    telling = (_tell_and_record(engine, settings, notice, now) for notice in notices)
    for outcome in await asyncio.gather(*telling, return_exceptions=True):
        if isinstance(outcome, BaseException):  # a fault of ours: raised only after everybody else was told
            raise outcome


async def test_alarm(settings: Settings, now: datetime) -> dict[str, str]:
    """Tell a test over every channel that is set up: ``told`` or what went wrong, by channel (none: empty)."""

    async def attempt(channel: str) -> str:
        notice = Notice(
            notification_id=0,
            channel=channel,
            alarm_id=0,
            kind="test",
            airing_id=None,
            feed_id=None,
            raised_at=now,
        )
        try:
            await tell(notice, settings, now)
        except NotToldError as error:
            return str(error)
        return "told"

    names = settings.alarm_channels
    return dict(zip(names, await asyncio.gather(*map(attempt, names)), strict=True))


async def _tell_and_record(engine: Engine, settings: Settings, notice: Notice, now: datetime) -> None:
    try:
        await tell(notice, settings, now)
    except NotToldError as error:
        detail = str(error)
        await asyncio.to_thread(
            _in_transaction, engine, lambda session: not_told(session, notice.notification_id, now, detail)
        )
    else:
        await asyncio.to_thread(
            _in_transaction, engine, lambda session: told(session, notice.notification_id, now)
        )


def _is_anything_due(engine: Engine, now: datetime) -> bool:
    with reading(engine) as session:
        return bool(due_notifications(session, now, limit=1))


def _in_transaction(engine: Engine, work: Callable[[Session], T]) -> T:
    with writing(engine) as session:
        return work(session)


def utc_text(at: datetime) -> str:
    """An instant as machines read it, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def post_webhook(body: Mapping[str, object], settings: Settings) -> None:
    """Tell the station's webhook. Blocking. Raises NotToldError, in words without addresses."""
    try:
        with httpx.Client(trust_env=False, timeout=WEBHOOK_S, headers={"User-Agent": "danpa"}) as client:
            response = client.post(settings.alarm_webhook_url or "", json=body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotToldError(f"the webhook cannot be reached ({type(error).__name__})") from error
    if not response.is_success:
        raise NotToldError(f"the webhook answered HTTP {response.status_code}")


def _page(notice: Notice, settings: Settings) -> str | None:
    """Where cause, phone number and buttons are: a number, not a title. None where people outside cannot reach the page."""
    if not settings.public_url or not notice.alarm_id:
        return None
    return f"{settings.page_url()}/alarms/{notice.alarm_id}"


def _body(notice: Notice, settings: Settings) -> dict[str, object]:
    return {
        "kind": notice.kind,
        "alarm": notice.alarm_id,
        "notification": notice.notification_id,
        "airing": notice.airing_id,
        "feed": notice.feed_id,
        "change": notice.change_id,
        "raised_at": utc_text(notice.raised_at),
        "step": notice.step,
        "due_at": utc_text(notice.due_at) if notice.due_at else None,
        "desk": dict(notice.desk) or None,
        "page": _page(notice, settings),
    }


def _compose(notice: Notice, settings: Settings, now: datetime) -> EmailMessage:
    about = "".join(
        f" {word} {number}"
        for word, number in (
            ("airing", notice.airing_id),
            ("feed", notice.feed_id),
            ("change", notice.change_id),
        )
        if number
    )
    message = EmailMessage()
    again = f" (told again, {notice.step})" if notice.step else ""
    message["Subject"] = f"Danpa: {notice.kind}{about}{again}"
    message["From"] = settings.alarm_email_from
    message["To"] = settings.alarm_email_to
    message["Date"] = format_datetime(now)
    # The same for every attempt, so that mail servers and readers recognise a repeat; no host name of ours in it.
    message["Message-ID"] = (
        f"<alarm-{notice.alarm_id}-{notice.notification_id}-{notice.raised_at:%Y%m%d%H%M%S}@danpa>"
    )
    kst = notice.raised_at.astimezone(KST)
    page = _page(notice, settings)
    message.set_content(
        f"{_MEANINGS.get(notice.kind, notice.kind)}\n\n"
        f"kind: {notice.kind}{about}\n"
        f"alarm: {notice.alarm_id}\n"
        f"raised: {utc_text(notice.raised_at)} ({kst:%Y-%m-%d %H:%M} KST)\n"
        + _what_can_be_done(notice, now)
        + (f"\n{page}\n" if page else "")
    )
    return message


def _what_can_be_done(notice: Notice, now: datetime) -> str:
    lines = []
    if notice.due_at is not None:
        minutes = int((notice.due_at - now).total_seconds() // 60)
        left = f"{minutes} min left" if minutes >= 0 else "over"
        lines.append(f"due: {utc_text(notice.due_at)} ({left})\n")
    lines += [f"site's {what}: {value}\n" for what, value in notice.desk.items()]
    return "".join(lines)
