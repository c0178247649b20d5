"""What sites are told by mail, and how they answer by its link."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from app.alarms.models import Alarm, Notification
from app.alarms.service import claim_due as claim_alarms
from app.database import writing
from app.frequencies.models import Site
from app.moves import notices
from app.moves.models import LineChange, ReplyLink, SiteNotice
from app.moves.notices import send_due
from app.settings import Settings
from app.station.models import Station
from tests.integration.moves.desk import NOW, Desk
from tests.mailboxes import mail_server

MINUTE = timedelta(minutes=1)


def with_server(desk: Desk, port: int, **more: object) -> Settings:
    return desk.station.settings.model_copy(update={"smtp_port": port, **more})


def send(desk: Desk, settings: Settings) -> None:
    asyncio.run(send_due(desk.station.database, settings, desk.station.clock()))


def test_sent_is_what_the_mail_server_took(desk: Desk) -> None:
    change = desk.move()["id"]
    with mail_server() as (mailbox, port):
        settings = with_server(desk, port)
        mailbox.answer = "451 come back later"
        send(desk, settings)
        assert desk.change(change)["state"] == "requested"
        mailbox.answer = "250 taken"
        send(desk, settings)
        assert not mailbox.messages, "not before its pause is over"
        desk.station.clock.advance(MINUTE)
        send(desk, settings)
        send(desk, settings)
    (mail,) = mailbox.messages
    assert desk.change(change)["state"] == "sent"
    assert (mail["To"], mail["Subject"]) == (
        "schedule@tac.example",
        "Schedule change of 2026-11-22, 2000 UTC: please answer",
    )
    shown = desk.api.get(f"/api/v1/line-changes/{change}/notices").json()
    assert [(row["kind"], row["attempts"], row["error"]) for row in shown] == [("request", 2, None)]
    assert "/reply/" not in shown[0]["body"]


def test_a_mail_server_that_takes_nothing_rings_until_it_does(desk: Desk) -> None:
    desk.move()
    with mail_server() as (_, port):
        settings = with_server(desk, port)
    send(desk, settings)
    assert desk.watch() == set()
    desk.station.clock.advance(MINUTE)
    send(desk, settings)
    assert desk.watch() == {"notice_failing"}
    assert "cannot be used" in desk.rows(SiteNotice)[0].error
    with mail_server() as (mailbox, port):
        desk.station.clock.advance(MINUTE)
        send(desk, with_server(desk, port))
        assert len(mailbox.messages) == 1
    assert desk.watch() == set()


def test_a_process_that_dies_after_the_mail_went_sends_it_once_more_and_both_links_are_good(
    desk: Desk, stranger: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = desk.move()["id"]
    with mail_server() as (mailbox, port):
        settings = with_server(desk, port)
        monkeypatch.setattr(notices, "sent", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send(desk, settings)
        monkeypatch.undo()
        assert (len(mailbox.messages), desk.change(change)["state"]) == (1, "requested")
        desk.station.clock.advance(MINUTE)
        send(desk, settings)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert desk.change(change)["state"] == "sent"
    links = [re.findall(r"/reply/\S+", mail.get_content())[0] for mail in (first, second)]
    assert [stranger.get(link).status_code for link in links] == [200, 200]
    assert stranger.post(links[0], data={"answer": "acknowledged"}).status_code == 200
    assert [stranger.get(link).status_code for link in links] == [410, 410]


def test_tokens_are_kept_as_hashes_only(desk: Desk) -> None:
    desk.move()
    (token,) = desk.mail()
    (link,) = desk.rows(ReplyLink)
    assert len(link.token_sha256) == 64
    assert token not in link.token_sha256
    assert all(token not in row.body for row in desk.rows(SiteNotice))


def test_a_scanner_that_follows_the_link_answers_nothing(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    page = stranger.get(f"/reply/{token}")
    for _ in range(3):
        assert stranger.get(f"/reply/{token}").text == page.text
        assert stranger.head(f"/reply/{token}").status_code == 200
    assert desk.change(change)["state"] == "sent"
    assert page.status_code == 200
    assert (page.headers["cache-control"], page.headers["content-language"]) == ("no-store", "en")
    assert "7490 kHz to 7585 kHz" in page.text
    assert "TAC, 2000 to 2030 UTC, daily" in page.text
    assert "증언" not in page.text, "no titles"
    assert "<script" not in page.text
    assert "동의합니다" in stranger.get(f"/reply/{token}?lang=ko").text


def test_a_site_agrees_by_its_link_once_and_without_a_login(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    thanks = stranger.post(
        f"/reply/{token}", data={"answer": "acknowledged", "name": "Karimov", "note": "at\r\n19:55"}
    )
    assert (thanks.status_code, "you have agreed" in thanks.text) == (200, True)
    shown = desk.change(change)
    assert (shown["state"], shown["answered_how"], shown["answered_by"]) == ("acknowledged", "link", None)
    assert (shown["answered_name"], shown["answer_note"]) == ("Karimov", "at 19:55")
    assert [row[0] for row in desk.lines()] == [7490, 7585]
    again = stranger.post(f"/reply/{token}", data={"answer": "refused"})
    assert (again.status_code, "was used" in again.text) == (410, True)
    assert desk.change(change)["state"] == "acknowledged"


def test_a_site_refuses_by_its_link(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    assert "everything stays" in stranger.post(f"/reply/{token}", data={"answer": "refused"}).text
    assert (desk.change(change)["state"], len(desk.lines())) == ("refused", 1)
    assert desk.watch() == {"change_refused"}
    desk.move(khz=9400)
    assert desk.watch() == set(), "somebody has acted on it"


def test_an_answer_that_is_none_leaves_the_form(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    page = stranger.post(f"/reply/{token}", data={"answer": "maybe"})
    assert (page.status_code, 'value="acknowledged"' in page.text) == (422, True)
    assert desk.change(change)["state"] == "sent"


def test_a_link_ends_with_the_cut_off_and_silence_is_told(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    desk.station.clock.at = NOW.replace(hour=14) - MINUTE
    assert (stranger.get(f"/reply/{token}").status_code, desk.watch()) == (200, set())
    desk.station.clock.advance(MINUTE)
    assert stranger.get(f"/reply/{token}").status_code == 410
    assert stranger.post(f"/reply/{token}", data={"answer": "acknowledged"}).status_code == 410
    assert desk.watch() == {"change_unanswered"}
    assert desk.answer(change, how="by phone").status_code == 200, "a person may still record it"
    assert desk.watch() == set()


def test_a_link_ends_with_an_undo(desk: Desk, stranger: httpx.Client) -> None:
    change = desk.move()["id"]
    (token,) = desk.mail()
    desk.undo(change)
    assert stranger.post(f"/reply/{token}", data={"answer": "acknowledged"}).status_code == 410
    withdrawal = desk.rows(SiteNotice)[1]
    assert (withdrawal.kind, withdrawal.subject) == (
        "withdrawal",
        "Schedule change of 2026-11-22, 2000 UTC: taken back",
    )


def test_guessing_links_is_slowed_down(desk: Desk, stranger: httpx.Client) -> None:
    desk.move()
    (token,) = desk.mail()
    statuses = [stranger.get(f"/reply/guess-{number}").status_code for number in range(12)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert stranger.get(f"/reply/{token}").status_code == 200, "a right link is never held up"


def test_what_was_never_sent_is_not_withdrawn(desk: Desk) -> None:
    desk.undo(desk.move()["id"])
    (notice,) = desk.rows(SiteNotice)
    assert notice.next_attempt_at is None
    assert desk.mail() == []


def test_what_was_answered_by_phone_is_mailed_no_more(desk: Desk) -> None:
    desk.answer(desk.move()["id"])
    assert desk.mail() == []


def test_a_mail_that_waits_past_the_cut_off_is_given_up(desk: Desk) -> None:
    desk.move()
    desk.station.clock.at = NOW.replace(hour=14)
    assert desk.mail() == []
    assert "the cut-off passed" in desk.rows(SiteNotice)[0].error
    assert desk.watch() == {"change_unanswered"}


def test_a_site_without_a_mail_address_is_told_by_people(desk: Desk) -> None:
    with writing(desk.station.database) as session:
        session.get_one(Site, 1).notice_mail = None
    change = desk.move()
    assert change["state"] == "requested"
    (notice,) = desk.api.get(f"/api/v1/line-changes/{change['id']}/notices").json()
    assert notice["next_attempt_at"] is None
    assert "tell it yourself" in notice["error"]
    assert desk.answer(change["id"]).status_code == 200


@pytest.mark.parametrize(
    "address", ["schedule@", "Mr Karimov <", '"', "a@[", "a@b.example\x85Bcc: c@d.example"]
)
def test_an_address_that_is_none_rings_like_a_server_that_takes_nothing(desk: Desk, address: str) -> None:
    with writing(desk.station.database) as session:
        session.get_one(Site, 1).notice_mail = address
    desk.move()
    for _ in range(2):
        send(desk, desk.station.settings)
        desk.station.clock.advance(MINUTE)
    assert desk.watch() == {"notice_failing"}
    assert desk.rows(SiteNotice)[0].error == "the addresses or names of this mail cannot be used"


def test_no_mail_sends_a_site_away_after_the_one_that_calls_it_back(desk: Desk) -> None:
    change = desk.move(site_id=2)["id"]
    desk.answer(change)
    with mail_server() as (mailbox, port):
        mailbox.answer = "451 come back later"
        send(desk, with_server(desk, port))
        desk.undo(change)
        mailbox.answer = "250 taken"
        for _ in range(3):
            send(desk, with_server(desk, port))
            desk.station.clock.advance(MINUTE)
    told = [mail["Subject"] for mail in mailbox.messages if mail["To"] == "schedule@tac.example"]
    assert told == ["Schedule change of 2026-11-22, 2000 UTC: taken back"]


def test_an_old_site_that_cannot_be_mailed_is_the_one_to_be_called(desk: Desk) -> None:
    with writing(desk.station.database) as session:
        session.get_one(Site, 1).notice_mail = None
    desk.answer(desk.move(site_id=2)["id"])
    assert desk.watch() == {"notice_failing"}
    assert [row.site_id for row in desk.rows(Alarm)] == [1]
    desk.station.clock.advance(timedelta(days=1))
    assert desk.watch() == set()


def test_an_old_site_that_no_mail_reaches_is_the_one_to_be_called(desk: Desk) -> None:
    desk.answer(desk.move(site_id=2)["id"])
    for _ in range(2):
        send(desk, with_server(desk, 1))
        desk.station.clock.advance(MINUTE)
    assert desk.watch() == {"notice_failing"}
    assert [row.site_id for row in desk.rows(Alarm)] == [1]
    desk.undo(1)
    assert desk.watch() == set(), "what takes it back was not tried yet"


def test_a_demo_mails_nobody(desk: Desk) -> None:
    with writing(desk.station.database) as session:
        session.get_one(Station, 1).is_demo = True
    desk.move()
    assert desk.mail() == []


def test_without_a_public_address_the_mail_asks_for_an_answer_by_mail(desk: Desk) -> None:
    desk.move()
    with mail_server() as (mailbox, port):
        send(desk, with_server(desk, port, public_url=None))
    text = mailbox.messages[0].get_content()
    assert "/reply/" not in text
    assert "Please answer this mail" in text


def test_a_season_s_drafts_are_one_mail_to_each_site_and_one_answer(
    desk: Desk, stranger: httpx.Client
) -> None:
    wanted = {"slot_id": 1, "reason": "a second frequency", "draft": True}
    drafts = [
        desk.post("line-changes", site_id=site, khz=khz, **wanted).json()["change"]["id"]
        for site, khz in ((1, 9400), (1, 9500), (2, 9600))
    ]
    asked = desk.post("line-changes/request", change_ids=drafts)
    assert [row["state"] for row in asked.json()] == ["requested"] * 3
    first, second = desk.rows(SiteNotice)
    assert (first.body.count("A new line"), second.body.count("A new line")) == (2, 1)
    assert first.subject == "2 schedule changes from 2026-11-22: please answer"
    token, _ = desk.mail()
    assert stranger.get(f"/reply/{token}").text.count("a new line") == 2
    desk.answer(drafts[1], "refused")
    stranger.post(f"/reply/{token}", data={"answer": "acknowledged"})
    assert [desk.change(each)["state"] for each in drafts] == ["acknowledged", "refused", "sent"]


def test_what_does_not_fit_hfcc_s_columns_is_told_in_words(desk: Desk) -> None:
    zones = ",".join(str(zone) for zone in range(1, 20))
    line = desk.add("lines", slot_id=1, site_id=1, khz=6000, ciraf_zones=zones)
    desk.move(line)
    assert (
        f"6000 kHz, 2000-2030 UTC, daily, 2026-10-25 to 2027-03-27, TAC, CIRAF {zones}"
        in desk.rows(SiteNotice)[0].body
    )


def test_an_alarm_about_a_change_names_the_desk_where_it_may(desk: Desk) -> None:
    with writing(desk.station.database) as session:
        site = session.get_one(Site, 1)
        site.desk, site.desk_in_alarms = {"phone": "+998 71"}, True
    change = desk.move()["id"]
    desk.answer(change, "refused")
    desk.watch()
    with writing(desk.station.database) as session:
        (alarm,) = session.exec(select(Alarm)).all()
        session.add(Notification(alarm_id=alarm.id or 0, channel="webhook", next_attempt_at=NOW))
        session.flush()
        (notice,) = claim_alarms(session, NOW)
    assert (notice.change_id, dict(notice.desk)) == (change, {"phone": "+998 71"})
    assert notice.due_at == NOW.replace(hour=20)
    assert desk.api.get("/api/v1/alarms?open=true").json()["items"][0]["change_id"] == change


def test_a_watch_repeats_nothing(desk: Desk) -> None:
    change = desk.move()["id"]
    desk.answer(change, "refused")
    for _ in range(3):
        desk.watch()
    assert len(desk.rows(Alarm)) == 1
    desk.station.clock.at = NOW + timedelta(days=2)
    desk.watch()
    assert desk.watch() == set()
    assert [row.state for row in desk.rows(LineChange)] == ["refused"]
