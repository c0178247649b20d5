"""Who is reminded of what waits, when, how often, and what leaves the house with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.approving.models import Reminder
from app.approving.reminders import remind_due
from app.journal.models import JournalEntry
from app.people.models import Person
from app.settings import Settings
from app.station.models import Station
from tests.integration.approving.newsroom import CUT_OFF_AT, MINUTE, Newsroom
from tests.mailboxes import Mailbox, mail_server
from tests.receivers import Fault, Receiver
from tests.stations import NOW

HALF_AT = NOW + (CUT_OFF_AT - NOW) / 2
LAST_AT = CUT_OFF_AT - 10 * MINUTE
SECRETS = ("편지", "letter", "밤의 목소리", "night", "김하늘", "이강", "하늘", "example")


class Desk:
    """The newsroom with a mail server and a webhook, and the sweep that reminds."""

    def __init__(self, newsroom: Newsroom, mailbox: Mailbox, webhook: Receiver, port: int) -> None:
        self.newsroom, self.mailbox, self.webhook = newsroom, mailbox, webhook
        self.settings = newsroom.station.settings.model_copy(
            update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "plain"}
        )

    def approver(self, person_id: int, email: str | None, *, approves: bool = True) -> None:
        answer = self.newsroom.editor.patch(
            f"/api/v1/people/{person_id}", json={"email": email, "approves": approves}
        )
        assert answer.status_code == 200, answer.text

    def sweep(self, at: datetime | None = None, settings: Settings | None = None) -> list[str]:
        """What the engine does beside every tick; returns who has got mail by that."""
        before = len(self.mailbox.messages)
        self.newsroom.station.clock.at = at or self.newsroom.station.clock.at
        database, now = self.newsroom.station.database, self.newsroom.station.clock.at
        asyncio.run(remind_due(database, settings or self.settings, now))
        return [str(mail["To"]) for mail in self.mailbox.messages[before:]]

    def with_webhook(self, **more: Any) -> Settings:
        return self.settings.model_copy(update={"alarm_webhook_url": f"{self.webhook.url}/told", **more})

    def rows(self) -> list[tuple[str, int | None, bool]]:
        return [(one.step, one.person_id, one.sent_at is not None) for one in self.newsroom.rows(Reminder)]


@pytest.fixture
def desk(newsroom: Newsroom, tmp_path: Path) -> Iterator[Desk]:
    with mail_server() as (mailbox, port), Receiver(tmp_path / "webhook") as webhook:
        yield Desk(newsroom, mailbox, webhook, port)


def test_who_approves_is_reminded_three_times_and_then_no_more(desk: Desk) -> None:
    desk.approver(2, "kang@example.org")
    assert desk.sweep() == []
    desk.newsroom.letter()
    assert desk.sweep() == ["kang@example.org"]
    assert desk.sweep() == []
    assert desk.sweep(HALF_AT - MINUTE) == []
    assert desk.sweep(HALF_AT) == ["kang@example.org"]
    assert desk.sweep(LAST_AT - MINUTE) == []
    assert desk.sweep(LAST_AT) == ["kang@example.org"]
    assert desk.sweep(LAST_AT + MINUTE) == []
    assert desk.sweep(CUT_OFF_AT) == []
    assert desk.rows() == [("arrived", 2, True), ("half", 2, True), ("last", 2, True)]


def test_what_came_late_is_told_once_and_at_once(desk: Desk) -> None:
    desk.approver(2, "kang@example.org")
    desk.newsroom.station.clock.at = CUT_OFF_AT - 8 * MINUTE
    desk.newsroom.letter()
    assert desk.sweep() == ["kang@example.org"]
    assert desk.sweep(CUT_OFF_AT - 3 * MINUTE) == [], "half time is less than the last call"
    assert desk.rows() == [("last", 2, True)]


def test_only_who_may_approve_is_asked(desk: Desk) -> None:
    third, fourth = 3, 4
    for name in ("박", "최"):
        desk.newsroom.station.another_key(name)
    desk.approver(1, "maker@example.org")
    desk.approver(2, "kang@example.org")
    desk.approver(third, "park@example.org", approves=False)
    desk.approver(fourth, "choi@example.org")
    desk.newsroom.editor.post(f"/api/v1/people/{fourth}/disable")
    desk.newsroom.change(Station, 1, approved_by_another=True)
    letter = desk.newsroom.letter()
    assert desk.sweep() == ["kang@example.org"]
    desk.newsroom.edit(letter, desk.newsroom.approver, gain_db=2)
    assert desk.sweep() == [], "the recording is the editor's, the cut the approver's"
    desk.newsroom.change(Station, 1, approved_by_another=False)
    assert sorted(desk.sweep()) == ["kang@example.org", "maker@example.org"]


@pytest.mark.parametrize("ending", ["approve", "reject", "edit", "recall"])
def test_what_is_decided_or_edited_is_not_told_any_more(desk: Desk, ending: str) -> None:
    desk.approver(2, "kang@example.org")
    letter = desk.newsroom.letter()
    desk.mailbox.answer = "451 come back later"
    desk.sweep()
    desk.mailbox.answer = "250 taken"
    if ending == "edit":
        desk.newsroom.edit(letter, gain_db=1)
    else:
        body = {"reject": {"reason": "이름"}, "recall": {}, "approve": {"cut": 1}}[ending]
        path = f"/api/v1/segments/{letter}/{ending}"
        assert desk.newsroom.approver.post(path, json=body).status_code == 200
    told = desk.sweep(NOW + MINUTE)
    first = desk.newsroom.rows(Reminder, Reminder.cut == 1)
    assert [(one.sent_at, one.next_attempt_at) for one in first] == [(None, None)]
    assert told == (["kang@example.org"] if ending == "edit" else []), "a new cut is told anew"
    assert desk.sweep(LAST_AT) == (["kang@example.org"] if ending == "edit" else [])


def test_a_mail_server_that_is_away_is_tried_again_until_the_cut_off(desk: Desk) -> None:
    desk.approver(2, "kang@example.org")
    desk.newsroom.letter()
    desk.mailbox.answer = "451 come back later"
    for second in (0, 5, 10, 15, 40, 45):
        desk.sweep(NOW + timedelta(seconds=second))
    [row] = desk.newsroom.rows(Reminder)
    assert (row.attempts, row.error) == (3, "the mail server answered 451")
    desk.mailbox.answer = "250 taken"
    assert desk.sweep(NOW + 3 * MINUTE) == ["kang@example.org"]
    desk.mailbox.answer = "451 come back later"
    desk.sweep(LAST_AT)
    desk.sweep(CUT_OFF_AT - timedelta(seconds=5))
    [last] = desk.newsroom.rows(Reminder, Reminder.step == "last")
    assert (last.attempts, last.next_attempt_at) == (2, None)


def test_where_nobody_can_be_mailed_the_webhook_is_told_once(desk: Desk) -> None:
    desk.newsroom.letter()
    settings = desk.with_webhook()
    desk.webhook.fail(Fault("error", method="POST", status=502))
    desk.sweep(settings=settings)
    assert [one.error for one in desk.newsroom.rows(Reminder)] == ["the webhook answered HTTP 502"]
    desk.sweep(NOW + MINUTE, settings)
    desk.sweep(NOW + MINUTE, settings)
    [told] = desk.webhook.posts
    assert told == {
        "kind": "approval_wanted",
        "reminder": 1,
        "segment": 4,
        "cut": 1,
        "airing": desk.newsroom.airings[0],
        "step": "arrived",
        "starts_at": "2026-11-22T20:00:00Z",
        "arrived_at": "2026-11-22T09:00:00Z",
        "cut_off_at": "2026-11-22T19:46:30Z",
    }
    desk.approver(2, None)
    desk.approver(1, "maker@example.org")
    assert desk.sweep(HALF_AT, settings) == ["maker@example.org"]
    assert len(desk.webhook.posts) == 2, "for the approver without an address"
    desk.approver(2, "kang@example.org")
    assert len(desk.sweep(LAST_AT, settings)) == 2
    assert len(desk.webhook.posts) == 2


def test_without_a_mail_server_the_webhook_is_told_even_where_there_are_addresses(desk: Desk) -> None:
    desk.approver(2, "kang@example.org")
    desk.newsroom.letter()
    assert desk.sweep(settings=desk.with_webhook(smtp_host=None)) == []
    assert desk.rows() == [("arrived", None, True)]
    assert len(desk.webhook.posts) == 1


def test_a_demo_station_mails_nobody(desk: Desk) -> None:
    desk.newsroom.change(Station, 1, is_demo=True)
    desk.approver(2, "kang@example.org")
    desk.newsroom.letter()
    assert desk.sweep() == []


def test_no_title_and_no_name_leaves_and_no_address_is_logged(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.approver(2, "kang@example.org")
    desk.newsroom.letter(presenter="하늘", script="비밀")
    desk.sweep(settings=desk.settings.model_copy(update={"public_url": "https://studio.test"}))
    [mail] = desk.mailbox.messages
    body = mail.get_content()
    assert "승인을 기다리고 있습니다" in body
    assert "waits to be approved" in body
    assert "2026-11-22T19:46:30Z (2026-11-23 04:46 KST)" in body
    assert f"https://studio.test/?night=2026-11-22#airing-{desk.newsroom.airings[0]}" in body
    told = f"{mail['Subject']} {body}".replace("?night=", "")
    assert not [secret for secret in (*SECRETS, "비밀") if secret in told]
    desk.mailbox.answer = "451 come back later"
    desk.sweep(HALF_AT)
    logged = capsys.readouterr()
    assert "kang@example" not in logged.out + logged.err
    entries = desk.newsroom.rows(JournalEntry, JournalEntry.action == "person.changed")
    assert entries
    assert not [one for one in entries if "example" in str(one.details)]


def test_without_a_public_address_the_mail_has_no_link(desk: Desk) -> None:
    desk.approver(2, "kang@example.org")
    desk.newsroom.letter()
    desk.sweep()
    assert "http" not in desk.mailbox.messages[0].get_content()


def test_an_edit_of_what_may_air_is_reminded_of_too(desk: Desk) -> None:
    """The older cut would air: with the word that somebody has just taken out."""
    desk.approver(2, "kang@example.org")
    letter = desk.newsroom.letter()
    desk.newsroom.approver.post(f"/api/v1/segments/{letter}/approve")
    assert desk.sweep() == []
    desk.newsroom.edit(letter, gain_db=3)
    assert desk.sweep() == ["kang@example.org"]


@pytest.mark.parametrize(
    "email",
    ["kang", "kang@", "@example.org", "a@b@c", "이강 <kang@example.org>", "a@example.org,b@example.org", "a@b\nBcc: c@d",
     "x" * 300 + "@example.org", "", 5],
)  # fmt: skip
def test_what_is_no_address_is_refused(newsroom: Newsroom, email: object) -> None:
    refused = newsroom.editor.patch("/api/v1/people/2", json={"email": email})
    assert refused.status_code == 422, refused.text
    assert newsroom.rows(Person, Person.id == 2)[0].email is None
    assert newsroom.editor.patch("/api/v1/people/99", json={"approves": True}).status_code == 404


def test_an_address_is_for_those_who_are_signed_in(newsroom: Newsroom) -> None:
    made = newsroom.editor.patch("/api/v1/people/2", json={"email": " kang@example.org ", "approves": True})
    assert (made.json()["email"], made.json()["approves"]) == ("kang@example.org", True)
    assert newsroom.approver.patch("/api/v1/people/2", json={"approves": False}).json()["email"]
    assert newsroom.editor.get("/api/v1/people/2").json()["email"] == "kang@example.org"
    assert newsroom.editor.get("/api/v1/people/2", headers={"Authorization": ""}).status_code == 401
    assert newsroom.editor.patch("/api/v1/people/2", json={"email": None}).json()["email"] is None
