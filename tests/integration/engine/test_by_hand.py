"""People and handoffs: hold, send now, bring it by hand; with what goes along."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.airings.models import AsRun, Intent
from app.handoffs.models import Handoff
from app.web.application import create_app
from tests.integration.engine.living import (
    ACCEPT_UNTIL,
    DEADLINE_AT,
    DELIVER_AT,
    ON_AIR_AT,
    OVER_AT,
    LivingStation,
)
from tests.integration.engine.test_deliveries import MINUTE
from tests.stations import keyed, running

NAME = "20261120_1500_S0.mp3"


@contextmanager
def at_the_desk(station: LivingStation) -> Iterator[httpx.Client]:
    key = (station.settings.root / "api-key").read_text()
    app = create_app(station.settings, now=station.clock)
    with running(app, station.settings) as url, keyed(url, key) as client:
        yield client


def ask(station: LivingStation, what: str, handoff_id: int = 1, **body: object) -> httpx.Response:
    with at_the_desk(station) as client:
        return client.post(f"/api/v1/handoffs/{handoff_id}/{what}", json=body or None)


def test_what_is_held_is_not_sent_and_its_deadline_is_told(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    assert ask(station, "hold").status_code == 202
    station.live_until(DEADLINE_AT + MINUTE)
    assert not list((tmp_path / "site").iterdir())
    assert ("deadline_missed", feed) in station.alarms()
    assert ask(station, "send").status_code == 202
    station.live_until(DEADLINE_AT + 2 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert station.rows(Handoff)[0].was_late


def test_a_newer_version_of_what_is_held_is_held_too(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    ask(station, "hold")
    station.live_until(DELIVER_AT)
    station.recall(station.news_of(1))
    station.live_until(DEADLINE_AT - MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "superseded"), (feed, 2, "due")]
    assert not list((tmp_path / "site").iterdir())
    ask(station, "send", 2)
    station.live_until(DEADLINE_AT)
    assert (feed, 2, "verified") in station.handoffs(station.airing())


def test_send_now_does_not_wait_for_the_lead(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - 5 * MINUTE)
    ask(station, "send")
    station.live_until(DELIVER_AT - 4 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]


def test_the_file_its_manifest_and_a_note_go_by_hand(station: LivingStation, tmp_path: Path) -> None:
    station.evening("http://site.invalid/in")
    station.live_until(DELIVER_AT + MINUTE)
    with at_the_desk(station) as client:
        file = client.get("/api/v1/handoffs/1/file")
        manifest = json.loads(client.get("/api/v1/handoffs/1/manifest").content)
        note = client.get("/api/v1/handoffs/1/note").text
        part = client.get("/api/v1/handoffs/1/file", headers={"Range": "bytes=0-9"})
        assert client.get("/api/v1/handoffs/99/file").status_code == 404
    sha256 = hashlib.sha256(file.content).hexdigest()
    assert f'filename="{NAME}"' in file.headers["Content-Disposition"]
    assert (manifest["object"], manifest["sha256"], manifest["bytes"]) == (NAME, sha256, len(file.content))
    assert sha256 in note
    assert "2026-11-20 15:00 to 15:01 UTC" in note
    assert "2026-11-21 00:00 to 00:01 in Seoul" in note
    assert part.content == file.content[:10]


def test_a_delivery_by_hand_is_on_the_record_with_who_when_and_how(station: LivingStation) -> None:
    _, feed = station.evening("http://site.invalid/in")
    station.live_until(DEADLINE_AT + MINUTE)
    assert ("deadline_missed", feed) in station.alarms()
    at = (DEADLINE_AT - MINUTE).isoformat()
    assert ask(station, "manual", how="mailed to the desk, confirmed by phone", at=at).status_code == 202
    station.live_until(DEADLINE_AT + 2 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "manual")]
    assert station.alarms() == set()
    station.live_until(OVER_AT)
    rows = station.rows(AsRun)
    assert {row.evidence for row in rows} == {"sent"}, "nobody but us says that it arrived"
    assert rows[0].details["by_hand"] == {"by": 1, "at": at, "how": "mailed to the desk, confirmed by phone"}


def test_by_hand_counts_after_the_site_has_closed(station: LivingStation) -> None:
    _, feed = station.evening("http://site.invalid/in")
    station.live_until(ACCEPT_UNTIL + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "failed")]
    ask(station, "manual", how="read out by telephone")
    station.live_until(ON_AIR_AT)
    assert station.handoffs(station.airing()) == [(feed, 1, "manual")]


def test_wishes_that_make_no_sense_are_refused(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    later = (station.clock() + MINUTE).isoformat()
    assert ask(station, "manual", how="tomorrow", at=later).status_code == 422
    assert ask(station, "manual", how="").status_code == 422
    station.live_until(DELIVER_AT + MINUTE)
    for what in ("hold", "send"):
        assert ask(station, what).status_code == 409
    assert ask(station, "manual", how="by hand").status_code == 409
    assert not station.rows(Intent)
