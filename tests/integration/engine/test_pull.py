"""A site that fetches: on offer is not delivered, fetched is, and the record says no more than the log."""

from __future__ import annotations

from typing import Any

import httpx

from app.airings.models import AsRun
from app.database import writing
from app.pull.service import create_key
from app.web.application import create_app
from tests.integration.engine.living import ACCEPT_UNTIL, DEADLINE_AT, DELIVER_AT, OVER_AT, LivingStation
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_deliveries import MINUTE
from tests.stations import running

NAME = "20261120_1500_S0.mp3"


def pull_feed(station: LivingStation, **fields: Any) -> tuple[int, str]:
    """The evening's feed, and the key that its site fetches with."""
    slot = station.slot(station.programme())
    feed = station.feed(slot, "", protocol="pull", **fields)
    with writing(station.database) as session:
        _, token = create_key(session, feed, "the site", now=station.clock(), by=1)
    return feed, token


def fetch(station: LivingStation, token: str, name: str = NAME) -> httpx.Response:
    with running(create_app(station.settings, now=station.clock), station.settings) as url:
        return httpx.get(f"{url}/pull/{token}/{name}")


def test_what_the_site_has_fetched_is_verified_and_on_the_record_as_fetched(station: LivingStation) -> None:
    feed, token = pull_feed(station, sidecar="{name}.json")
    station.live_until(DELIVER_AT + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "stored")]
    with at_the_desk(station) as client:
        assert client.get("/api/v1/handoffs/1").json()["verified_version"] is None, "on offer is not there"
    assert fetch(station, token).status_code == 200
    assert fetch(station, token, f"{NAME}.json").status_code == 200
    station.live_until(DELIVER_AT + 2 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert {row.evidence for row in station.rows(AsRun)} == {"fetched"}
    assert fetch(station, token).status_code == 404, "nothing of a night that is over is on offer"


def test_what_nobody_fetches_is_told_and_is_nobodys_programme(station: LivingStation) -> None:
    feed, _ = pull_feed(station)
    station.live_until(DEADLINE_AT - MINUTE)
    assert ("deadline_near", feed) in station.alarms()
    station.live_until(ACCEPT_UNTIL + MINUTE)
    assert ("deadline_missed", feed) in station.alarms()
    station.live_until(OVER_AT)
    assert station.airing().state == "missed"
    assert {row.evidence for row in station.rows(AsRun)} == {"planned"}


def test_a_newer_version_has_to_be_fetched_anew(station: LivingStation) -> None:
    feed, token = pull_feed(station)
    station.live_until(DELIVER_AT + MINUTE)
    first = fetch(station, token).content
    station.live_until(DELIVER_AT + 2 * MINUTE)
    station.recall(station.news_of(1))
    station.live_until(DELIVER_AT + 10 * MINUTE)
    assert (feed, 2, "stored") in station.handoffs(station.airing())
    second = fetch(station, token).content
    assert second != first
    station.live_until(OVER_AT)
    assert (feed, 2, "verified") in station.handoffs(station.airing())
    assert {row.version for row in station.rows(AsRun)} == {2}


def test_what_the_site_fetched_stays_on_the_record_where_the_newer_one_is_never_fetched(
    station: LivingStation,
) -> None:
    feed, token = pull_feed(station)
    station.live_until(DELIVER_AT + MINUTE)
    fetch(station, token)
    station.live_until(DELIVER_AT + 2 * MINUTE)
    station.recall(station.news_of(1))
    station.live_until(ACCEPT_UNTIL + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified"), (feed, 2, "stored")]
    assert {("deadline_missed", feed), ("withdrawn_after_delivery", feed)} <= station.alarms()
    station.live_until(OVER_AT)
    assert {(row.evidence, row.version) for row in station.rows(AsRun)} == {("fetched", 1)}
