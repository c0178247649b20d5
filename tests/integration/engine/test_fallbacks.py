"""Nothing to play is an error, never a wait: programme, stand-by, evergreen, interval signal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col

from app.airings.models import AsRun, RundownVersion
from app.alarms.models import Alarm
from app.jobs.models import Job
from app.library.models import Segment
from app.programmes.models import Programme
from app.settings import Settings
from app.station.models import Station
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from tests.integration.engine.living import DEADLINE_AT, DELIVER_AT, OVER_AT, LivingStation

MINUTE = timedelta(minutes=1)
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
    _, feed = station.evening(tmp_path / "site")
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
    last = station.rows(Job, Job.kind == "render")[-1].finished_at
    assert last is not None
    assert last > DELIVER_AT + MINUTE, "and again, ..."
    raised = station.rows(Alarm, col(Alarm.kind).in_(("audio_missing", "render_failing")))
    assert len(raised) == 2, "told once, not with every try"
    lame.database.dispose()
    station.live_until(DEADLINE_AT)
    assert station.alarms() == set()
    newest = station.rows(RundownVersion)[-1]
    assert (newest.version, newest.level, newest.cause) == (versions + 1, "programme", "recovered")
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.handoffs(station.airing())[-1] == (feed, versions + 1, "verified")
    assert {row.version for row in station.rows(AsRun)} == {versions + 1}
    assert station.alarms() == set()


def test_a_stand_by_at_the_site_gives_way_to_the_programme_when_its_master_is_back(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.change(Programme, 1, standby_segment_id=TALKS[0])
    station.settings.cache_dir.unlink()
    station.settings.cache_dir.mkdir()
    (music,) = station.rows(Segment, Segment.kind == "music")
    master = Blobs(station.settings.blobs_dir).path("masters", music.master_sha256 or "", ".flac")
    master.rename(tmp_path / "away")
    station.live_until(DELIVER_AT + 10 * MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 2, "verified")]
    assert station.alarms() == {("audio_missing", None)}
    tries = len([job for job in station.rows(Job, Job.kind == "render") if job.problem])
    assert tries == 1, "one job, tried again and again; the site got its stand-by once"
    (tmp_path / "away").rename(master)
    station.live_until(DELIVER_AT + 20 * MINUTE)
    assert station.alarms() == set()
    assert station.handoffs(station.airing()) == [(feed, 2, "superseded"), (feed, 3, "verified")]
    assert [row.level for row in station.rows(RundownVersion)] == ["programme", "standby", "programme"]


def test_one_encoding_that_fails_has_an_alarm_and_is_tried_ever_more_rarely(
    station: LivingStation, tmp_path: Path
) -> None:
    slot, good = station.evening(tmp_path / "good")
    bad = station.feed(slot, tmp_path / "bad", codec="aac", bitrate_kbps=64)
    gun = tmp_path / "ffmpeg"
    gun.write_text(f'#!/bin/sh\ncase "$*" in *"-c:a aac"*) exit 1;; esac\nexec "{find_ffmpeg(None)}" "$@"\n')
    gun.chmod(0o700)
    settings = Settings(home=station.settings.root, disk_reserve_bytes=0, ffmpeg=gun)
    lame = LivingStation(settings, station.clock)
    lame.live_until(DELIVER_AT)
    assert ("render_failing", bad) in station.alarms()
    assert station.airing().readiness == "at_risk"
    lame.live_until(DELIVER_AT + 30 * MINUTE)
    assert station.handoffs(station.airing()) == [(good, 1, "verified")], "the others have their programme"
    assert len(station.rows(Alarm, Alarm.kind == "render_failing")) == 1
    lame.database.dispose()
    station.live_until(DEADLINE_AT)
    assert station.alarms() == set()
    assert station.handoffs(station.airing()) == [(good, 1, "verified"), (bad, 1, "verified")]
