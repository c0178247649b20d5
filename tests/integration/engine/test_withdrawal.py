"""What was compiled and may no longer air is replaced everywhere, or people are told which site holds it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.airings.models import AsRun
from app.alarms.models import Alarm
from app.storage import sha256_of
from tests.integration.engine.living import ACCEPT_UNTIL, DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation

MINUTE = timedelta(minutes=1)


def test_before_the_site_closes_there_is_a_new_version(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    (file,) = (tmp_path / "site").iterdir()
    before = sha256_of(file)
    withdrawn = station.news_of(1)
    station.recall(withdrawn)
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.handoffs(station.airing()) == [(feed, 1, "superseded"), (feed, 2, "verified")]
    assert [path.name for path in (tmp_path / "site").iterdir()] == [file.name]
    assert sha256_of(file) != before
    aired = {row.segment_id for row in station.rows(AsRun)}
    assert withdrawn not in aired
    assert {row.version for row in station.rows(AsRun)} == {2}
    assert station.alarms() == set()


def test_after_it_closed_an_alarm_names_the_feed(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(ACCEPT_UNTIL + MINUTE)
    station.recall(station.news_of(1))
    station.live_until(ON_AIR_AT + MINUTE / 2)
    assert ("withdrawn_after_delivery", feed) in station.alarms()
    assert station.airing().version == 1
    assert station.airing().readiness == "at_risk"
    station.live_until(OVER_AT)
    assert station.alarms() == set()
    assert {row.version for row in station.rows(AsRun)} == {1}


def test_one_site_closed_and_one_open(station: LivingStation, tmp_path: Path) -> None:
    slot, closed = station.evening(tmp_path / "closed", deadline_s=7200, accept_until_s=7200)
    still_open = station.feed(slot, tmp_path / "open")
    station.live_until(DELIVER_AT + MINUTE)
    station.recall(station.news_of(1))
    station.live_until(ON_AIR_AT - MINUTE)
    assert station.handoffs(station.airing()) == [
        (closed, 1, "verified"), (still_open, 1, "superseded"), (still_open, 2, "verified"),
    ]  # fmt: skip
    # The new version is compiled and at the other site; this one still holds what may not air.
    assert ("withdrawn_after_delivery", closed) in station.alarms()
    raised = station.rows(Alarm, Alarm.kind == "withdrawn_after_delivery")
    assert len(raised) == 1, "raised once and not cleared in between"
    station.live_until(OVER_AT)
    assert {(row.feed_id, row.version) for row in station.rows(AsRun)} == {(closed, 1), (still_open, 2)}
