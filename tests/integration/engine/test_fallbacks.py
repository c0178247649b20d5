"""Nothing to play is an error, never a wait: programme, stand-by, evergreen, interval signal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.airings.models import RundownVersion
from app.jobs.models import Job
from app.library.models import Segment
from app.programmes.models import Programme
from app.settings import Settings
from app.station.models import Station
from app.storage import Blobs
from tests.integration.engine.living import DELIVER_AT, OVER_AT, LivingStation

NEWS, TALKS = (1, 2), (4, 5)


@pytest.mark.parametrize(
    ("standby", "evergreen", "level"),
    [
        (TALKS[0], TALKS[1], "standby"),
        (None, TALKS[1], "evergreen"),
        (NEWS[0], TALKS[1], "evergreen"),  # the stand-by itself was recalled
        (None, None, "interval_signal"),
    ],
)
def test_without_news_the_chain_goes_on(
    station: LivingStation, tmp_path: Path, standby: int | None, evergreen: int | None, level: str
) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.change(Programme, 1, standby_segment_id=standby)
    station.change(Station, 1, evergreen_segment_id=evergreen)
    for segment in NEWS:
        station.recall(segment)
    station.live_until(DELIVER_AT)
    assert [row.level for row in station.rows(RundownVersion)] == [level]
    assert ("audio_missing", None) in station.alarms()
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    assert station.alarms() == set()


def test_a_master_that_is_gone_from_the_disk(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.change(Programme, 1, standby_segment_id=TALKS[0])
    (station.settings.cache_dir).unlink()
    station.settings.cache_dir.mkdir()
    (music,) = station.rows(Segment, Segment.kind == "music")
    Blobs(station.settings.blobs_dir).path("masters", music.master_sha256 or "", ".flac").unlink()
    station.live_until(OVER_AT)
    assert [(row.version, row.level, row.cause) for row in station.rows(RundownVersion)] == [
        (1, "programme", "first"), (2, "standby", "failed"),
    ]  # fmt: skip
    assert station.handoffs(station.airing()) == [(feed, 2, "verified")]
    assert station.airing().state == "done"


def test_without_ffmpeg_there_is_an_alarm_and_it_recovers(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    lame = LivingStation(
        Settings(home=station.settings.root, disk_reserve_bytes=0, ffmpeg=tmp_path / "no-ffmpeg"),
        station.clock,
    )
    lame.clock.at = DELIVER_AT - timedelta(minutes=2)
    lame.live_until(DELIVER_AT)
    assert {row.level for row in station.rows(RundownVersion)} >= {"programme", "interval_signal"}
    assert ("audio_missing", None) in station.alarms()
    versions = len(station.rows(RundownVersion))
    lame.live_until(DELIVER_AT + timedelta(minutes=5))
    assert len(station.rows(RundownVersion)) == versions, "the last step is tried again, not made anew"
    assert station.rows(Job, Job.kind == "render")[-1].finished_at == DELIVER_AT + timedelta(minutes=5)
    lame.database.dispose()
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert [state for _, _, state in station.handoffs(station.airing())] == ["verified"]
    assert station.alarms() == set()
