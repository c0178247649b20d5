from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.airings.models import Airing, Artefact, RundownVersion
from app.backup.fsck import check
from app.backup.garbage import collect_garbage
from app.database import writing
from app.handoffs.models import Handoff
from app.library import service
from app.programmes.models import Programme, Slot
from app.station.models import Station as StationRow
from app.storage import keeping_blobs
from tests.integration.library.stations import NOW, Station, receive, write_tone

LATER = NOW + timedelta(days=400)


def plant(
    station: Station, kind: str, sha256: str, suffix: str, age: timedelta = timedelta(days=500)
) -> Path:
    path = station.settings.blobs_dir / kind / sha256[:2] / f"{sha256}{suffix}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(sha256.encode())
    made = (LATER - age).timestamp()
    os.utime(path, (made, made))
    return path


def add_airing(station: Station, state: str, stops_at: datetime, sha256: str) -> Path:
    """An airing with one artefact, whose file is returned."""
    with writing(station.engine) as session:
        programme = Programme(title="P", code=f"P{state}{sha256[:2]}", created_at=NOW)
        session.add(programme)
        session.flush()
        slot = Slot(
            programme_id=programme.id or 0,
            start_minute=0,
            stop_minute=60,
            days="1234567",
            first_date=NOW.date(),
            last_date=NOW.date(),
            created_at=NOW,
        )
        session.add(slot)
        session.flush()
        airing = Airing(
            slot_id=slot.id or 0,
            starts_at=stops_at - timedelta(hours=1),
            stops_at=stops_at,
            target_samples=48_000,
            compile_at=NOW,
            state=state,
            created_at=NOW,
        )
        session.add(airing)
        session.flush()
        rundown = RundownVersion(
            airing_id=airing.id or 0,
            version=1,
            level="programme",
            cause="first",
            body="{}",
            sha256="0" * 64,
            compiled_at=NOW,
        )
        session.add(rundown)
        session.flush()
        session.add(
            Artefact(
                rundown_id=rundown.id or 0,
                recipe="mp3",
                sha256=sha256,
                extension="mp3",
                media_type="audio/mpeg",
                bytes=64,
                samples=48_000,
                sample_rate=48_000,
                rendered_at=NOW,
            )
        )
    return plant(station, "artefacts", sha256, ".mp3")


def age_everything(station: Station) -> None:
    for path in station.settings.root.rglob("*"):
        os.utime(path, (0, 0))


@pytest.mark.parametrize("state", ["planned", "compiled", "rendered", "armed", "on_air"])
def test_an_open_airing_keeps_everything_however_old_it_is(station: Station, state: str) -> None:
    artefact = add_airing(station, state, NOW, "a" * 64)
    age_everything(station)
    assert collect_garbage(station.engine, station.settings, LATER).removed == ()
    assert artefact.exists()


@pytest.mark.parametrize("state", ["done", "missed", "cancelled"])
def test_a_closed_airings_audio_is_kept_for_as_long_as_the_station_wants(
    station: Station, state: str
) -> None:
    keep = timedelta(days=station.settings.keep_artefacts_days)
    recent = add_airing(station, state, LATER - keep, "b" * 64)
    old = add_airing(station, state, LATER - keep - timedelta(seconds=1), "c" * 64)
    collected = collect_garbage(station.engine, station.settings, LATER)
    assert collected.removed == (f"blobs/artefacts/cc/{'c' * 64}.mp3",)
    assert collected.bytes == 64
    assert recent.exists()
    assert not old.exists()
    assert [finding.what for finding in check(station.engine, station.settings, LATER, quick=True)] == []


def test_an_artefact_that_two_airings_share_goes_with_the_last_of_them(station: Station) -> None:
    add_airing(station, "done", NOW, "d" * 64)
    shared = add_airing(station, "rendered", NOW, "d" * 64)
    assert collect_garbage(station.engine, station.settings, LATER).removed == ()
    assert shared.exists()


def test_the_library_and_the_interval_signal_are_never_collected(station: Station) -> None:
    signal = plant(station, "masters", "e" * 64, ".flac")
    with writing(station.engine) as session:
        session.get_one(StationRow, 1).interval_signal_sha256 = "e" * 64
        service.take_step(session, 1, "recall", if_match=None, person_id=station.person_id, now=NOW)
    age_everything(station)
    assert collect_garbage(station.engine, station.settings, LATER).removed == ()
    assert signal.exists()


def test_what_no_row_names_is_collected_a_day_later(station: Station) -> None:
    young = plant(station, "masters", "f" * 64, ".flac", age=timedelta(hours=23))
    old = [
        plant(station, kind, "f" * 64, ".old", age=timedelta(hours=25))
        for kind in ("originals", "masters", "peaks", "fingerprints")
    ]
    assert len(check(station.engine, station.settings, LATER, quick=True)) == 5
    assert all(finding.harmless for finding in check(station.engine, station.settings, LATER, quick=True))
    assert len(collect_garbage(station.engine, station.settings, LATER).removed) == 4
    assert young.exists()
    assert not any(path.exists() for path in old)


def test_uploads_that_broke_are_cleared_away_and_those_that_wait_are_not(
    station: Station, tmp_path: Path
) -> None:
    payload = receive(station, write_tone(tmp_path / "waiting.wav", 0.5))
    incoming = station.settings.incoming_dir
    (incoming / "broken.part").write_bytes(b"x")
    (incoming / "killed.work").mkdir()
    (incoming / "killed.work" / "half.flac").write_bytes(b"x")
    age_everything(station)
    (incoming / "running.part").write_bytes(b"x")
    os.utime(incoming / "running.part", (LATER.timestamp(), LATER.timestamp()))
    collect_garbage(station.engine, station.settings, LATER)
    assert station.incoming() == ["running.part", payload["file"]]


def test_nothing_is_collected_while_an_ingest_is_about_to_commit(station: Station) -> None:
    orphan = plant(station, "masters", "f" * 64, ".flac")
    with keeping_blobs(station.settings):
        assert collect_garbage(station.engine, station.settings, LATER).postponed
        assert orphan.exists()
    assert collect_garbage(station.engine, station.settings, LATER).removed


def test_fsck_finds_what_is_missing_and_what_is_rotten(station: Station) -> None:
    assert check(station.engine, station.settings, NOW) == []
    lost, rotten = sorted(station.settings.blobs_dir.rglob("*.flac"))
    lost.unlink()
    rotten.write_bytes(b"rotten")
    found = [finding.what for finding in check(station.engine, station.settings, NOW)]
    assert sorted(found) == sorted(
        [
            f"masters/{lost.name}: it is missing",
            f"masters/{rotten.name}: its content is not what its name says",
        ]
    )
    assert len(check(station.engine, station.settings, NOW, quick=True)) == 1


def test_fsck_finds_a_handoff_of_another_version(station: Station) -> None:
    from app.feeds.models import Feed
    from app.frequencies.models import Site

    add_airing(station, "rendered", NOW, "a" * 64)
    with writing(station.engine) as session:
        session.add(Site(code="TAC", name="Tashkent", created_at=NOW))
        session.flush()
        session.add(
            Feed(
                site_id=1,
                name="F",
                protocol="folder",
                address="/x",
                name_template="x",
                created_at=NOW,
                updated_at=NOW,
            )
        )
        session.flush()
        session.add(
            Handoff(
                airing_id=1,
                feed_id=1,
                version=2,
                artefact_id=1,
                object_name="x.mp3",
                deliver_at=NOW,
                deadline_at=NOW,
                accept_until=NOW,
                next_attempt_at=NOW,
                created_at=NOW,
            )
        )
    [finding] = check(station.engine, station.settings, NOW, quick=True)[:1]
    assert finding.what == "handoff 1: its artefact is not of version 2 of airing 1"


def test_fsck_finds_an_upload_that_is_gone_before_its_ingest(station: Station, tmp_path: Path) -> None:
    payload = receive(station, write_tone(tmp_path / "waiting.wav", 0.6))
    assert check(station.engine, station.settings, NOW, quick=True) == []
    (station.settings.incoming_dir / str(payload["file"])).unlink()
    [finding] = check(station.engine, station.settings, NOW, quick=True)
    assert finding.what == "segment 3: its upload is gone before its ingest"
