"""Sites and disks that fail: what arrives all the same, what people are told, and what others notice (nothing)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.airings.models import Airing, AsRun, Intent
from app.database import writing
from app.engine import housekeeping
from app.engine.housekeeping import keep_house
from app.engine.process import Engine
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed
from app.handoffs.models import Attempt, Handoff
from app.journal.models import JournalEntry
from app.settings import Settings
from app.web.application import create_app
from tests.disks import enlarge, mounted
from tests.integration.engine.living import (
    ACCEPT_UNTIL,
    DEADLINE_AT,
    DELIVER_AT,
    ON_AIR_AT,
    OVER_AT,
    VOICES,
    LivingStation,
)
from tests.receivers import Fault, Receiver
from tests.stations import keyed, running

MINUTE = timedelta(minutes=1)
SHORT_LEAD = {"lead_s": 120, "warn_s": 60}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that one programme does not fit on."""
    with mounted(tmp_path / "small", "256k") as folder:
        yield folder


def outcomes(station: LivingStation) -> list[str]:
    return [row.outcome for row in station.rows(Attempt)]


def test_a_host_that_does_not_resolve_harms_no_other_feed(station: LivingStation, tmp_path: Path) -> None:
    slot, good = station.evening(tmp_path / "site", **SHORT_LEAD)
    lost = station.feed(slot, "http://site.invalid/in", **SHORT_LEAD)
    station.live_until(DEADLINE_AT - MINUTE / 2)
    assert {("feed_failing", lost), ("deadline_near", lost)} <= station.alarms()
    assert station.airing().readiness == "at_risk"
    station.live_until(ON_AIR_AT)
    assert ("deadline_missed", lost) in station.alarms()
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.handoffs(station.airing()) == [(good, 1, "verified"), (lost, 1, "failed")]
    evidence = {(row.feed_id, row.evidence) for row in station.rows(AsRun)}
    assert evidence == {(good, "delivered"), (lost, "planned")}
    assert station.alarms() == set()


def test_a_full_disk_at_the_site_and_then_room(station: LivingStation, small_disk: Path) -> None:
    station.evening(small_disk)
    station.live_until(DELIVER_AT + MINUTE)
    assert "disk-full" in (station.rows(Handoff)[0].error or "")
    assert not [path.name for path in small_disk.iterdir()], "no half file stays and takes the room"
    enlarge(small_disk, "4m")
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert set(outcomes(station)) == {"passing", "verified"}


def test_a_site_that_loses_the_file_after_the_upload(station: LivingStation, tmp_path: Path) -> None:
    with Receiver(tmp_path / "site") as site:
        station.evening(site.url, read_back="head")
        site.fail(Fault("lose"), times=2)
        station.live_until(OVER_AT)
        assert outcomes(station) == ["passing", "passing", "verified", "verified"]
        assert len(site.finals()) == 1
    assert station.airing().state == "done"


def test_a_site_that_loses_it_after_the_verification(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DEADLINE_AT - MINUTE)
    (file,) = (tmp_path / "site").iterdir()
    content = file.read_bytes()
    file.unlink()
    station.live_until(ON_AIR_AT)
    assert file.read_bytes() == content
    assert outcomes(station) == ["verified", "passing", "verified"]
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert station.alarms() == set()


def test_a_site_that_cannot_be_asked_again_keeps_what_was_verified(
    station: LivingStation, tmp_path: Path
) -> None:
    site = Receiver(tmp_path / "site")
    with site:
        _, feed = station.evening(site.url, read_back="head")
        station.live_until(DEADLINE_AT - MINUTE)
    station.live_until(ACCEPT_UNTIL + MINUTE)
    assert ("feed_failing", feed) in station.alarms()
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert 3 < len(outcomes(station)) < 30, "asked again, with pauses"
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert {row.evidence for row in station.rows(AsRun)} == {"delivered"}


def test_a_permanent_error_waits_for_a_person(station: LivingStation, tmp_path: Path) -> None:
    with Receiver(tmp_path / "site") as site:
        _, feed = station.evening(site.url, read_back="get")
        site.fail(Fault("error", status=403))
        station.live_until(DELIVER_AT + 20 * MINUTE)
        (handoff,) = station.rows(Handoff)
        assert handoff.state == "failed"
        assert station.alarms() == {("feed_failing", feed)}
        assert outcomes(station) == ["permanent"], "not tried again by itself"
        wish = Intent(
            airing_id=handoff.airing_id, handoff_id=handoff.id, kind="retry", created_at=station.clock()
        )
        station.add(wish)
        station.live_until(OVER_AT)
        assert station.airing().state == "done"
        assert station.alarms() == set()
        assert len(site.finals()) == 1


@pytest.mark.parametrize(
    ("begun", "state", "was_late"),
    [
        (DEADLINE_AT + MINUTE, "done", [True]),
        (DELIVER_AT + MINUTE, "done", [False]),
        (ACCEPT_UNTIL, "missed", []),
    ],
    ids=["after the deadline", "before it", "after the site closed"],
)
def test_started_late(
    station: LivingStation, tmp_path: Path, begun: datetime, state: str, was_late: list[bool]
) -> None:
    station.evening(tmp_path / "site")
    station.clock.at = begun
    station.live_until(OVER_AT)
    assert station.airing().state == state
    assert [row.was_late for row in station.rows(Handoff)] == was_late
    assert station.alarms() == ({("airing_missed", None)} if state == "missed" else set())


def test_a_feed_row_with_nonsense_in_it_stops_nobody_else(station: LivingStation, tmp_path: Path) -> None:
    slot, good = station.evening(tmp_path / "good")
    bad = station.feed(slot, tmp_path / "bad")
    other = station.slot(station.programme("late"), start_minute=905, stop_minute=906)
    station.feed(other, tmp_path / "other")
    with writing(station.database) as session:
        session.execute(text("UPDATE feed SET codec = 'xyz' WHERE id = :id"), {"id": bad})
        session.commit()
    station.live_until(DEADLINE_AT + MINUTE)
    assert ("deadline_missed", bad) in station.alarms()
    station.live_until(OVER_AT + 5 * MINUTE)
    assert {row.state for row in station.rows(Airing, Airing.starts_at < OVER_AT + 60 * MINUTE)} == {"done"}
    assert station.handoffs(station.airing()) == [(good, 1, "verified")]
    assert len(list((tmp_path / "other").iterdir())) == 1


def test_a_feed_that_is_disabled_gets_nothing_more(station: LivingStation, tmp_path: Path) -> None:
    slot, feed = station.evening(tmp_path / "site")
    station.feed(slot, tmp_path / "other")
    station.live_until(DELIVER_AT - MINUTE)
    station.change(Feed, feed, enabled=False)
    station.live_until(OVER_AT)
    assert not list((tmp_path / "site").iterdir())
    assert len(list((tmp_path / "other").iterdir())) == 1


def test_a_disk_below_its_reserve_refuses_uploads_and_delivers(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    full = LivingStation(
        Settings(home=station.settings.root, disk_reserve_bytes=1 << 60, port=0), station.clock
    )
    seen: list[set[tuple[str, int | None]]] = []

    def look(_engine: Engine) -> None:
        seen.append(full.alarms())

    full.live_until(DELIVER_AT + MINUTE, at_rest=look)
    assert seen[-1] == {("disk_low", None)}
    key = (station.settings.root / "api-key").read_text()
    site = running(create_app(full.settings, now=full.clock), full.settings)
    with site as url, keyed(url, key) as http, (VOICES / "ident.opus").open("rb") as stream:
        body = {"title": "소식", "kind": "news"}
        answer = http.post("/api/v1/segments", data=body, files={"file": ("a.opus", stream)})
    assert answer.status_code == 507
    assert answer.json()["type"] == "urn:danpa:problem:disk-reserve"
    full.live_until(OVER_AT)
    assert full.airing().state == "done"
    full.database.dispose()
    station.live_until(OVER_AT + MINUTE)
    assert station.alarms() == set()


def test_a_feed_that_wants_another_name_and_encoding_is_given_it(
    station: LivingStation, tmp_path: Path
) -> None:
    slot, feed = station.evening(tmp_path / "site")
    other = station.feed(slot, tmp_path / "other")
    station.live_until(DELIVER_AT + MINUTE)
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["20261120_1500_S0.mp3"]
    station.change(Feed, feed, name_template="tonight_{date}_{time}.{ext}", codec="flac", bitrate_kbps=None)
    station.live_until(DELIVER_AT + 2 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified"), (other, 1, "verified")]
    (handoff,) = station.rows(Handoff, Handoff.feed_id == feed)
    assert handoff.object_name == "tonight_20261120_1500.flac"
    assert (tmp_path / "site" / handoff.object_name).read_bytes()[:4] == b"fLaC"
    (entry,) = station.rows(JournalEntry, JournalEntry.action == "handoff.amended")
    assert entry.details["object_name"] == "20261120_1500_S0.mp3", "somebody may want to remove that one"
    assert len(station.rows(Attempt)) == 3, "the other feed has nothing to do with it"
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.alarms() == set()


def test_a_site_that_gives_us_more_time_gets_its_file(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening("http://127.0.0.1:9/")
    station.live_until(ACCEPT_UNTIL + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "failed")]
    with Receiver(tmp_path / "site") as site:
        station.change(Feed, feed, address=site.url, accept_until_s=0, updated_at=station.clock())
        station.live_until(ON_AIR_AT)
        assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert station.rows(Handoff)[0].accept_until == ON_AIR_AT


def test_a_fixed_name_is_not_given_to_the_next_airing_before_this_one_has_aired(
    station: LivingStation, tmp_path: Path
) -> None:
    """The site always plays the same file: what comes too early would air in the other one's place."""
    _, feed = station.evening(
        tmp_path / "site", name_template="tonight.{ext}", deadline_s=60, accept_until_s=0
    )
    late = station.slot(station.programme("late"), start_minute=905, stop_minute=906)
    (line,) = station.rows(Line)
    other = station.add(Line(**line.model_dump(exclude={"id", "slot_id"}), slot_id=late))
    with writing(station.database) as session:
        session.add(LineFeed(line_id=other, feed_id=feed))
    seen: list[tuple[datetime, int]] = []

    def look(_engine: Engine) -> None:
        there = station.rows(Handoff, Handoff.state == "verified")
        seen.extend((station.clock(), one.airing_id) for one in there)

    station.live_until(ON_AIR_AT + 5 * MINUTE, at_rest=look)
    first, second = station.airing(), station.airing(ON_AIR_AT + 5 * MINUTE)
    arrived = {airing_id: at for at, airing_id in reversed(seen)}
    assert arrived[first.id or 0] < ON_AIR_AT
    assert first.stops_at <= arrived[second.id or 0] < second.starts_at
    station.live_until(ON_AIR_AT + 7 * MINUTE)
    assert {station.airing().state, station.airing(ON_AIR_AT + 5 * MINUTE).state} == {"done"}


def test_a_disk_at_its_reserve_rings_once(station: LivingStation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A render's own files come and go: what hovers about the reserve must not ring every few seconds."""
    settings = station.settings.model_copy(update={"disk_reserve_bytes": 1000})
    for free, rings in ((1001, False), (999, True), (1001, True), (1099, True), (1100, False)):
        monkeypatch.setattr(housekeeping, "free_bytes", lambda _settings, free=free: free)
        keep_house(station.database, settings, station.clock())
        assert (("disk_low", None) in station.alarms()) is rings, free


def test_a_mended_feed_is_tried_again_by_itself(station: LivingStation, tmp_path: Path) -> None:
    """Who mends a feed at three in the morning has nothing else to press."""
    with Receiver(tmp_path / "site", token="secret") as site:
        _, feed = station.evening(site.url)
        station.live_until(DELIVER_AT + MINUTE)
        assert station.handoffs(station.airing()) == [(feed, 1, "failed")]
        with writing(station.database) as session:
            row = session.get_one(Feed, feed)
            token = tmp_path / "token"
            token.write_text("secret")
            token.chmod(0o600)
            row.credential, row.updated_at = f"file:{token}", station.clock()
            session.add(row)
        station.live_until(DELIVER_AT + 2 * MINUTE)
        assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert ("feed_failing", feed) not in station.alarms()
