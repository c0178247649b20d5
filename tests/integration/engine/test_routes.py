"""The second route of a feed: when it is used, what is told, and what the record says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.airings.models import AsRun
from app.feeds.models import Feed
from app.handoffs.models import Handoff
from tests.integration.engine.living import DEADLINE_AT, DELIVER_AT, OVER_AT, LivingStation
from tests.integration.engine.test_deliveries import MINUTE, SHORT_LEAD

NOWHERE = "http://site.invalid/in"


def second(station: LivingStation, first: int, address: Path, mode: str = "in_order", **fields: Any) -> int:
    """One more feed of the first one's site, without a line of its own."""
    address.mkdir()
    feed = station.rows(Feed, Feed.id == first)[0]
    made = station.add(
        Feed(
            site_id=feed.site_id, name="second", protocol="folder", address=str(address),
            name_template=feed.name_template, bitrate_kbps=128, created_at=feed.created_at,
            updated_at=feed.created_at, lead_s=feed.lead_s, warn_s=feed.warn_s, **fields,
        )
    )  # fmt: skip
    station.change(Feed, first, second_feed_id=made, second_route=mode)
    return made


def test_in_order_it_stays_unused_while_the_first_works(station: LivingStation, tmp_path: Path) -> None:
    _, first = station.evening(tmp_path / "site")
    second(station, first, tmp_path / "other")
    station.live_until(OVER_AT)
    assert station.handoffs(station.airing()) == [(first, 1, "verified")]
    assert not list((tmp_path / "other").iterdir())


def test_in_order_it_is_used_from_the_first_trouble_on_and_the_site_is_served(
    station: LivingStation, tmp_path: Path
) -> None:
    _, first = station.evening(NOWHERE)
    other = second(station, first, tmp_path / "other")
    station.live_until(DELIVER_AT + MINUTE * 3)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["20261120_1500_S0.mp3"]
    assert station.airing().readiness == "ok", "the site has its programme, by whichever way"
    station.live_until(OVER_AT)
    assert {row.evidence for row in station.rows(AsRun)} == {"delivered"}
    assert {(row.feed_id, row.details["handoff"]) for row in station.rows(AsRun)} == {
        (other, row.id) for row in station.rows(Handoff, Handoff.feed_id == other)
    }
    assert station.airing().state == "done"


def test_when_the_first_works_again_a_newer_version_goes_over_both(
    station: LivingStation, tmp_path: Path
) -> None:
    """Else the older one would stay where the site may look."""
    _, first = station.evening(tmp_path / "gone", **SHORT_LEAD)
    (tmp_path / "gone").rmdir()
    other = second(station, first, tmp_path / "other")
    station.live_until(DEADLINE_AT - MINUTE)
    assert station.handoffs(station.airing()) == [(first, 1, "failed"), (other, 1, "verified")]
    (tmp_path / "gone").mkdir()
    station.recall(station.news_of(1))
    station.live_until(DEADLINE_AT + MINUTE)
    assert {(first, 2, "verified"), (other, 2, "verified")} <= set(station.handoffs(station.airing()))
    assert (tmp_path / "gone" / "20261120_1500_S0.mp3").read_bytes() == (
        tmp_path / "other" / "20261120_1500_S0.mp3"
    ).read_bytes()


def test_both_at_once(station: LivingStation, tmp_path: Path) -> None:
    _, first = station.evening(tmp_path / "site")
    other = second(station, first, tmp_path / "other", mode="both")
    station.live_until(DELIVER_AT + MINUTE)
    assert station.handoffs(station.airing()) == [(first, 1, "verified"), (other, 1, "verified")]


def test_both_fail_and_the_deadline_counts_for_the_first(station: LivingStation, tmp_path: Path) -> None:
    _, first = station.evening(NOWHERE, **SHORT_LEAD)
    other = second(station, first, tmp_path / "other", mode="both")
    (tmp_path / "other").rmdir()
    station.live_until(DEADLINE_AT + MINUTE)
    of_deadlines = {alarm for alarm in station.alarms() if alarm[0].startswith("deadline")}
    assert of_deadlines == {("deadline_missed", first)}
    assert ("feed_failing", other) in station.alarms()
