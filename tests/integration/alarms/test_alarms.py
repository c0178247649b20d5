"""Alarms from the row to the webhook and the mailbox, over real servers."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import SQLModel, select

import app.models  # noqa: F401 - every table must be known
from app.airings.models import Airing
from app.alarms import notify, service
from app.alarms.models import Alarm, Notification
from app.database import open_sqlite, reading, writing
from app.events.models import Event
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.programmes.models import Programme, Slot
from app.settings import Settings
from tests.mailboxes import mail_server
from tests.receivers import Fault, Receiver, certificate, server_tls

NOW = datetime(2026, 11, 22, 19, 45, tzinfo=UTC)
SECRETS = ("탈북자", "testimony", "tashkent", "TAC", "/mnt/site", "7500")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A station with airing 1 and feed 1, whose titles, names and addresses must not leave."""
    engine = open_sqlite(tmp_path / "danpa.db")
    SQLModel.metadata.create_all(engine)
    with writing(engine) as session:
        session.add(Programme(title="탈북자 증언", code="testimony", created_at=NOW))
        session.add(Site(code="TAC", name="tashkent", created_at=NOW))
        session.flush()
        session.add(
            Slot(
                programme_id=1,
                start_minute=1200,
                stop_minute=1260,
                days="7",
                first_date=date(2026, 11, 1),
                last_date=date(2026, 11, 30),
                created_at=NOW,
            )
        )
        session.add(
            Feed(
                site_id=1,
                name="tashkent-7500",
                protocol="folder",
                address="/mnt/site",
                name_template="x",
                created_at=NOW,
                updated_at=NOW,
            )
        )
        session.flush()
        starts_at = NOW + timedelta(minutes=15)
        session.add(
            Airing(
                slot_id=1,
                starts_at=starts_at,
                stops_at=starts_at + timedelta(hours=1),
                target_samples=1,
                compile_at=NOW,
                created_at=NOW,
            )
        )
    yield engine
    engine.dispose()


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "webhook") as receiver:
        yield receiver


def settings_of(webhook: Receiver | None = None, smtp_port: int | None = None, **more: Any) -> Settings:
    return Settings(
        alarm_webhook_url=f"{webhook.url}/alarms" if webhook else None,
        alarm_email_to="night@station.example, chief@station.example" if smtp_port else None,
        smtp_host="127.0.0.1" if smtp_port else None,
        smtp_port=smtp_port or 25,
        **{"smtp_security": "plain", **more},
    )


def sound(engine: Engine, settings: Settings, kind: str = "deadline_near", now: datetime = NOW) -> bool:
    with writing(engine) as session:
        channels = settings.alarm_channels
        return service.raise_alarm(
            session, kind, "airing:1/feed:1", now=now, channels=channels, airing_id=1, feed_id=1
        )


def sweep(engine: Engine, settings: Settings, now: datetime = NOW) -> None:
    asyncio.run(notify.deliver_due(engine, settings, now))


def rows(engine: Engine, table: Any = Notification) -> list[Any]:
    with reading(engine) as session:
        return list(session.exec(select(table)).all())


def test_an_alarm_is_raised_once_until_its_cause_is_gone(engine: Engine, webhook: Receiver) -> None:
    settings = settings_of(webhook)
    assert sound(engine, settings)
    assert not sound(engine, settings)
    assert sound(engine, settings, kind="feed_failing")
    with writing(engine) as session:
        assert [alarm.kind for alarm in service.open_alarms(session)] == ["feed_failing", "deadline_near"]
        assert service.clear(session, "deadline_near", "airing:1/feed:1", NOW)
        assert not service.clear(session, "deadline_near", "airing:1/feed:1", NOW)
        assert [alarm.kind for alarm in service.open_alarms(session)] == ["feed_failing"]
    assert sound(engine, settings)
    assert [(event.subject, event.subject_id, event.state) for event in rows(engine, Event)] == [
        ("alarm", 1, "open"),
        ("alarm", 2, "open"),
        ("alarm", 1, "cleared"),
        ("alarm", 3, "open"),
    ]


def test_both_channels_tell_it_once_with_ids_and_times_only(engine: Engine, webhook: Receiver) -> None:
    with mail_server() as (mailbox, port):
        settings = settings_of(webhook, port)
        sound(engine, settings)
        sweep(engine, settings)
        sweep(engine, settings, NOW + timedelta(hours=1))
    (post,) = webhook.posts
    assert post == {
        "kind": "deadline_near",
        "alarm": 1,
        "notification": 1,
        "airing": 1,
        "feed": 1,
        "change": None,
        "raised_at": "2026-11-22T19:45:00Z",
        "step": 0,
        "due_at": "2026-11-22T19:55:00Z",
        "desk": None,
        "page": None,
    }
    (mail,) = mailbox.messages
    assert mail["Subject"] == "Danpa: deadline_near airing 1 feed 1"
    assert mail["To"] == "night@station.example, chief@station.example"
    assert "raised: 2026-11-22T19:45:00Z (2026-11-23 04:45 KST)" in mail.get_content()
    assert mailbox.greeting == "[127.0.0.1]"  # our own host's name is nobody's business
    assert not [secret for secret in SECRETS if secret in mail.as_string() or secret in str(post)]
    assert [(row.attempts, row.sent_at, row.next_attempt_at) for row in rows(engine)] == [(1, NOW, None)] * 2


def test_both_lead_to_the_alarms_page_where_people_outside_reach_it(
    engine: Engine, webhook: Receiver
) -> None:
    with mail_server() as (mailbox, port):
        settings = settings_of(webhook, port, public_url="https://danpa.example/")
        sound(engine, settings)
        sweep(engine, settings)
    assert webhook.posts[0]["page"] == "https://danpa.example/alarms/1"
    assert "https://danpa.example/alarms/1" in mailbox.messages[0].get_content().splitlines()


def test_a_dead_webhook_does_not_keep_the_mail_back_and_is_tried_again(
    engine: Engine, webhook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "WEBHOOK_S", 0.3)
    webhook.fail(Fault("hang", method="POST"))
    webhook.fail(Fault("error", method="POST", status=502))
    with mail_server() as (mailbox, port):
        settings = settings_of(webhook, port)
        sound(engine, settings)
        sweep(engine, settings)
        assert len(mailbox.messages) == 1
        assert webhook.posts == []
        assert rows(engine)[0].next_attempt_at == NOW + timedelta(seconds=10)
        sweep(engine, settings, NOW + timedelta(seconds=9))
        assert rows(engine)[0].attempts == 1
        sweep(engine, settings, NOW + timedelta(seconds=10))
        assert rows(engine)[0].error == "the webhook answered HTTP 502"
        sweep(engine, settings, NOW + timedelta(seconds=40))
    assert [post["notification"] for post in webhook.posts] == [1]
    assert [(row.attempts, row.error) for row in rows(engine)] == [(3, None), (1, None)]
    assert len(mailbox.messages) == 1


def test_a_name_server_that_hangs_takes_no_thread_from_the_engine(
    engine: Engine, webhook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine plans on the loop's few threads; they must stay free, however many alarms cannot be told."""
    let_go, asked = threading.Event(), socket.getaddrinfo

    def hanging(host: Any, *rest: Any, **more: Any) -> Any:
        if host in ("hangs.example", b"hangs.example"):
            let_go.wait()
            raise socket.gaierror
        return asked(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    monkeypatch.setattr(notify, "WEBHOOK_S", 0.3)
    monkeypatch.setattr("app.feeds.threads.GRACE_S", 0.05)
    settings = settings_of(webhook).model_copy(update={"alarm_webhook_url": "http://hangs.example/"})
    with writing(engine) as session:
        for number in range(20):
            service.raise_alarm(session, "test", f"test:{number}", now=NOW, channels=settings.alarm_channels)

    async def night() -> None:
        async with asyncio.timeout(20):
            await notify.deliver_due(engine, settings, NOW)

    try:
        asyncio.run(night())
    finally:
        let_go.set()
    assert {row.error for row in rows(engine)} == {"no answer in time"}


def test_a_sweep_that_starts_before_the_last_one_ended_repeats_nothing(
    engine: Engine, webhook: Receiver
) -> None:
    webhook.fail(Fault("delay", method="POST", delay_s=0.3))
    settings = settings_of(webhook)
    sound(engine, settings)

    async def overlapping() -> None:
        later = NOW + timedelta(seconds=15)
        await asyncio.gather(
            notify.deliver_due(engine, settings, NOW), notify.deliver_due(engine, settings, later)
        )

    asyncio.run(overlapping())
    assert len(webhook.posts) == 1


def test_an_attempt_that_died_with_the_engine_is_made_again(engine: Engine, webhook: Receiver) -> None:
    settings = settings_of(webhook)
    sound(engine, settings)
    with writing(engine) as session:
        assert len(service.claim_due(session, NOW)) == 1  # and then the process is killed
    sweep(engine, settings, NOW + service.LEASE)
    assert len(webhook.posts) == 1


def test_what_is_cleared_before_it_was_told_is_told_no_more(engine: Engine, webhook: Receiver) -> None:
    settings = settings_of(webhook)
    sound(engine, settings)
    with writing(engine) as session:
        service.clear(session, "deadline_near", "airing:1/feed:1", NOW)
    sweep(engine, settings)
    assert webhook.posts == []


def test_a_backlog_of_one_channel_leaves_room_for_the_other(engine: Engine) -> None:
    with writing(engine) as session:
        for number in range(50):
            service.raise_alarm(session, "feed_failing", f"feed:{number}", now=NOW, channels=("webhook",))
        service.raise_alarm(session, "deadline_near", "airing:1", now=NOW, channels=("webhook", "email"))
        due = [notification.channel for notification, _ in service.due_notifications(session, NOW)]
    assert (due.count("webhook"), due.count("email")) == (20, 1)


def test_after_a_day_nobody_is_called_any_more_but_the_page_still_shows_it(engine: Engine) -> None:
    with Receiver(Path(str(engine.url.database)).parent / "gone") as gone:
        settings = settings_of(gone)
    sound(engine, settings)
    now, attempts = NOW, []
    while (row := rows(engine)[0]).next_attempt_at is not None:
        now = row.next_attempt_at
        attempts.append(now - NOW)
        with writing(engine) as session:
            for notice in service.claim_due(session, now):
                service.not_told(session, notice.notification_id, now, "no answer in time")
    seconds = [int(pause.total_seconds()) for pause in attempts[:7]]
    assert seconds == [0, 10, 40, 160, 760, 2560, 4360]
    assert timedelta(hours=23) < attempts[-1] <= timedelta(hours=24)
    assert rows(engine, Alarm)[0].cleared_at is None


def test_mail_over_starttls_with_a_login(
    engine: Engine, tmp_path: Path, peer: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, peer("openssl"))
    seen = []

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        seen.append((login.login, login.password))
        return AuthResult(success=login.password == b"geheim", handled=False)

    context = server_tls(cert, key)
    with mail_server(tls_context=context, authenticator=check, auth_required=True) as (mailbox, port):
        login: dict[str, Any] = {"smtp_security": "starttls", "smtp_user": "danpa"}
        good = settings_of(smtp_port=port, smtp_password=SecretStr("geheim"), **login)
        assert asyncio.run(notify.test_alarm(good, NOW)) == {
            "email": "the mail server cannot be used (SSLCertVerificationError)"
        }
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        bad = settings_of(smtp_port=port, smtp_password=SecretStr("wrong"), **login)
        assert asyncio.run(notify.test_alarm(bad, NOW)) == {"email": "the mail server answered 535"}
        assert asyncio.run(notify.test_alarm(good, NOW)) == {"email": "told"}
    assert seen[-1] == (b"danpa", b"geheim")
    assert mailbox.secured == [True]
    assert [mail["Subject"] for mail in mailbox.messages] == ["Danpa: test"]


def test_mail_over_tls_from_the_first_byte(
    tmp_path: Path, peer: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, peer("openssl"))
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context: ssl.SSLContext = server_tls(cert, key)
    with mail_server(tls=context) as (mailbox, port):
        settings = settings_of(smtp_port=port, smtp_security="tls")
        assert asyncio.run(notify.test_alarm(settings, NOW)) == {"email": "told"}
    assert len(mailbox.messages) == 1


def test_the_test_alarm_tells_what_works_and_what_does_not(webhook: Receiver) -> None:
    assert asyncio.run(notify.test_alarm(settings_of(), NOW)) == {}
    with mail_server() as (_, port):
        settings = settings_of(webhook, port)
        assert asyncio.run(notify.test_alarm(settings, NOW)) == {"webhook": "told", "email": "told"}
        webhook.stop()
        results = asyncio.run(notify.test_alarm(settings, NOW))
    assert results == {"webhook": "the webhook cannot be reached (ConnectError)", "email": "told"}
    assert asyncio.run(notify.test_alarm(settings, NOW))["email"].startswith("the mail server cannot be used")
    assert webhook.posts[0]["kind"] == "test"


def test_unusable_addresses_fail_their_channel_only(engine: Engine, webhook: Receiver) -> None:
    with mail_server() as (_, port):
        settings = settings_of(webhook, port, alarm_email_from="danpa@localhost\nBcc: x@y.example")
        sound(engine, settings)
        sweep(engine, settings)
    assert len(webhook.posts) == 1
    assert "cannot be used" in rows(engine)[1].error


@given(st.integers(1, 100))
def test_pauses_only_grow(attempts: int) -> None:
    assert service.pause_after(attempts) <= service.pause_after(attempts + 1) <= service.LAST_PAUSE
