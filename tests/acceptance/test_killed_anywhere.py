"""The engine is killed with -9 before each single commit of a night, one night for each, and restarted.

Whatever it had done since the commit before is on no record then: a job asked for, a file at the site, an alarm. Each
night must end like any other: one final object at each site, nothing missing, nothing half, as-run complete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.children import DONE
from tests.acceptance.whole_station import KILLED, VOICES, WholeStation
from tests.receivers import Receiver

pytestmark = pytest.mark.slow

FIRST = datetime(2026, 9, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LEAST = 12
"""Commits of every night: compile, rundown, render, artefact, arm, two handoffs, two attempts begun and ended ..."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "http") as receiver:
        yield receiver


@pytest.fixture
def station(tmp_path: Path, site: Receiver) -> Iterator[WholeStation]:
    station = WholeStation(tmp_path / "home", FIRST)
    try:
        ident = station.upload(VOICES / "ident.opus", title="국명 고지", kind="ident")
        clock = [{"type": "fixed", "segment_id": ident}, {"type": "interval_signal", "seconds": 3}]
        programme = station.post("/programmes", title="한밤", code="night", clock=clock)
        slot = station.post(
            "/slots",
            programme_id=programme["id"],
            start="1500",
            stop="1501",
            days="daily",
            first_date="2026-09-01",
            last_date="2026-10-20",
            early_off_s=45,
        )
        (tmp_path / "folder").mkdir()
        for code, where in (
            ("TAC", {"protocol": "folder", "address": str(tmp_path / "folder"), "sidecar": "{name}.json"}),
            ("PAO", {"protocol": "http_put", "address": site.url}),
        ):
            place = station.post("/sites", code=code, name=code)
            feed = station.post("/feeds", site_id=place["id"], name=code, **where)
            station.post("/lines", slot_id=slot["id"], site_id=place["id"], khz=7585, feed_ids=[feed["id"]])
        yield station
    finally:
        station.close()


def test_a_night_survives_a_kill_before_any_commit(
    station: WholeStation, site: Receiver, tmp_path: Path
) -> None:
    night = FIRST
    assert station.live_until(night + DAY) == DONE  # the first one also makes the airings of two days
    night += DAY
    assert station.live_until(night + DAY) == DONE
    commits = station.commits()
    assert commits >= LEAST
    killed = 0
    for fatal in range(1, commits + 1):
        night += DAY
        code = station.live_until(night + DAY, die_at_commit=fatal)
        if code == KILLED:
            killed += 1
            assert station.live_until(night + DAY) == DONE, station.tail()
        else:  # how many are made together differs: this night had no such commit
            assert (code, station.commits() < fatal) == (DONE, True), station.tail()
        _check_night(station, site, tmp_path / "folder", night)
    assert killed >= LEAST


def _check_night(station: WholeStation, site: Receiver, folder: Path, night: datetime) -> None:
    airing = station.items("/airings", night=night.date().isoformat())[0]
    assert (airing["state"], airing["readiness"], airing["version"]) == ("done", "ok", 1)
    handoffs = station.items("/handoffs", airing_id=airing["id"])
    assert [handoff["state"] for handoff in handoffs] == ["verified", "verified"]
    artefact = station.get(f"/airings/{airing['id']}/manifest")["artefacts"][0]
    stem = f"{night:%Y%m%d}_1500"
    ours = {path.name: path for path in folder.iterdir() if stem in path.name}
    assert set(ours) == {f"{stem}_TAC_7585.mp3", f"{stem}_TAC_7585.mp3.json"}
    assert hashlib.sha256(ours[f"{stem}_TAC_7585.mp3"].read_bytes()).hexdigest() == artefact["sha256"]
    assert site.finals()[f"{stem}_PAO_7585.mp3"] == artefact["sha256"]
    rows = station.items(f"/airings/{airing['id']}/as-run")
    assert {row["evidence"] for row in rows} == {"delivered"}
    assert len(rows) == 2 * len({row["position"] for row in rows})
