"""What sounds like a segment is shown beside it, whatever its name, its encoding and its state."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlmodel import col, delete, func, select, update

from app.backup.fsck import check
from app.backup.garbage import collect_garbage
from app.database import reading, writing
from app.engine.housekeeping import keep_house
from app.jobs.models import Job
from app.jobs.service import finish
from app.library.fingerprints import run_fingerprint
from app.library.models import Segment, SegmentLandmark
from app.storage import Blobs
from audio.meter import Samples
from audio.pcm import RATE
from tests.alike_sounds import CODECS, demo, encode, louder, tune
from tests.audio_files import write_wav
from tests.integration.library.stations import NOW, Service, Station, write_tone


@pytest.fixture(scope="module")
def talk() -> Samples:
    return demo("talk-radio-waves")[: 40 * RATE]


@pytest.fixture(scope="module")
def other() -> Samples:
    """By the same speaker."""
    return demo("news-morning")[: 40 * RATE]


def upload(service: Service, file: Path, **fields: Any) -> int:
    answer = service.client.post(
        "/api/v1/segments", data={"kind": "talk"} | fields, files={"file": (file.name, file.read_bytes())}
    )
    assert answer.status_code == 202, answer.text
    service.station.ingest_all()
    return int(answer.json()["id"])


def wav(folder: Path, name: str, sound: Samples) -> Path:
    return write_wav(folder / f"{name}.wav", sound.astype(np.float64))


def alike(service: Service, segment_id: int) -> dict[str, Any]:
    answer = service.client.get(f"/api/v1/segments/{segment_id}/alike")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def landmarks(station: Station) -> int:
    with reading(station.engine) as session:
        return session.exec(select(func.count()).select_from(SegmentLandmark)).one()


def fingerprint_blob(station: Station, segment_id: int) -> Path:
    sha256 = station.segment(segment_id).fingerprint_sha256
    assert sha256 is not None
    return Blobs(station.settings.blobs_dir).path("fingerprints", sha256, ".print")


def forget(station: Station) -> None:
    """As if all segments were older than fingerprints."""
    with writing(station.engine) as session:
        session.exec(update(Segment).values(fingerprint_sha256=None))
        session.exec(delete(SegmentLandmark))


def test_the_same_talk_trimmed_softer_and_as_mp3_is_alike_and_another_talk_is_not(
    service: Service, tmp_path: Path, talk: Samples, other: Samples
) -> None:
    original = upload(service, wav(tmp_path, "talk", talk), title="강을 건너온 사람")
    copy = upload(
        service, encode(louder(talk[5 * RATE + 77 : 35 * RATE], -9), CODECS["MP3 32"], tmp_path / "phone.mp3")
    )
    another = upload(service, wav(tmp_path, "another", other))

    body = alike(service, copy)
    (found,) = body["items"]
    assert (found["segment_id"], found["title"], found["state"]) == (original, "강을 건너온 사람", "draft")
    assert found["of_this"] > 0.95
    assert found["of_other"] == pytest.approx(0.75, abs=0.08)
    assert found["offset_s"] == pytest.approx(5, abs=0.3)
    assert found["duration_s"] == pytest.approx(40, abs=1)
    assert (body["next"], body["not_compared"]) == (None, 0)
    assert [each["segment_id"] for each in alike(service, original)["items"]] == [copy]
    assert alike(service, another)["items"] == []


def test_a_recalled_talk_that_comes_back_under_another_name_is_shown_as_recalled(
    service: Service, tmp_path: Path, talk: Samples
) -> None:
    original = upload(service, wav(tmp_path, "talk", talk))
    service.client.post(f"/api/v1/segments/{original}/recall", json={"reason": "names a source"})
    back = upload(service, encode(talk, CODECS["Opus 24"], tmp_path / "greetings.ogg"), title="새해 인사")

    (found,) = alike(service, back)["items"]
    assert (found["segment_id"], found["state"]) == (original, "recalled")
    assert found["of_this"] > 0.95
    assert service.client.post(f"/api/v1/segments/{back}/approve").status_code == 200, "shown, not blocked"


def test_the_most_alike_come_first_and_what_is_retired_is_among_them(
    service: Service, tmp_path: Path, talk: Samples
) -> None:
    half = upload(service, wav(tmp_path, "half", talk[: 20 * RATE]))
    whole = upload(service, wav(tmp_path, "whole", talk))
    service.client.post(f"/api/v1/segments/{half}/approve")
    service.client.post(f"/api/v1/segments/{half}/retire")
    again = upload(service, encode(talk, CODECS["MP3 64"], tmp_path / "again.mp3"))

    items = alike(service, again)["items"]
    assert [(each["segment_id"], each["state"]) for each in items] == [(whole, "draft"), (half, "retired")]
    assert items[0]["shared_s"] > items[1]["shared_s"]
    assert items[1]["of_other"] > 0.95
    assert items[1]["of_this"] == pytest.approx(0.5, abs=0.08)


def test_a_jingle_before_both_makes_no_two_talks_alike(
    service: Service, tmp_path: Path, talk: Samples, other: Samples
) -> None:
    jingle = tune(5, 5.0)
    upload(service, wav(tmp_path, "one", np.concatenate([jingle, talk])))
    second = upload(service, wav(tmp_path, "two", np.concatenate([jingle, other])))
    assert alike(service, second)["items"] == []


def test_the_same_file_twice_is_alike_and_one_blob(service: Service, tmp_path: Path, talk: Samples) -> None:
    recording = wav(tmp_path, "talk", talk)
    first, second = upload(service, recording), upload(service, recording)
    (found,) = alike(service, second)["items"]
    assert (found["segment_id"], found["of_this"], found["of_other"]) == (first, 1.0, 1.0)
    one, same = (service.station.segment(each).fingerprint_sha256 for each in (first, second))
    assert one == same


def test_tones_are_like_nothing(service: Service, tmp_path: Path) -> None:
    ids = [upload(service, write_tone(tmp_path / f"{hertz}.wav", 10, hertz)) for hertz in (440, 880)]
    assert [alike(service, each)["items"] for each in ids] == [[], []]


def test_who_has_no_fingerprint_is_told_so_and_counted_elsewhere(
    service: Service, tmp_path: Path, talk: Samples
) -> None:
    old = upload(service, wav(tmp_path, "old", talk))
    forget(service.station)
    new = upload(service, encode(talk, CODECS["MP3 64"], tmp_path / "new.mp3"))

    assert alike(service, new) == {"items": [], "next": None, "not_compared": 1}
    refused = service.client.get(f"/api/v1/segments/{old}/alike")
    assert refused.status_code == 404
    assert "has no fingerprint" in refused.json()["detail"]
    assert service.client.get("/api/v1/segments/999/alike").status_code == 404


def test_a_fingerprint_that_is_gone_is_counted_and_fsck_tells_it(
    service: Service, tmp_path: Path, talk: Samples
) -> None:
    old = upload(service, wav(tmp_path, "old", talk))
    blob = fingerprint_blob(service.station, old)
    new = upload(service, encode(talk, CODECS["MP3 64"], tmp_path / "new.mp3"))
    blob.unlink()

    assert alike(service, new) == {"items": [], "next": None, "not_compared": 1}
    assert service.client.get(f"/api/v1/segments/{old}/alike").status_code == 404
    findings = check(service.station.engine, service.station.settings, NOW)
    told = [each.what for each in findings if not each.harmless]
    assert told == [f"fingerprints/{blob.name}: it is missing"]


def test_older_segments_get_theirs_from_a_daily_job(
    service: Service, tmp_path: Path, talk: Samples, other: Samples
) -> None:
    station = service.station
    old = upload(service, wav(tmp_path, "old", talk))
    upload(service, wav(tmp_path, "older", other))
    kept, rows = station.segment(old), landmarks(station)
    forget(station)
    new = upload(service, encode(talk, CODECS["MP3 64"], tmp_path / "new.mp3"))
    rows += landmarks(station)

    keep_house(station.engine, station.settings, NOW)
    keep_house(station.engine, station.settings, NOW + timedelta(minutes=1))
    jobs = run_all(station)

    assert [job["made"] for job in jobs] == [2, 0]
    assert landmarks(station) == pytest.approx(rows, abs=4)
    assert station.segment(old).revision == kept.revision, "nobody's edit is in the way"
    assert [each["segment_id"] for each in alike(service, new)["items"]] == [old]
    keep_house(station.engine, station.settings, NOW + timedelta(days=1))
    assert run_all(station) == [], "nothing is missing any more"


def test_a_master_that_cannot_be_read_holds_up_nobody(
    service: Service, tmp_path: Path, talk: Samples, other: Samples
) -> None:
    station = service.station
    broken, whole = (
        upload(service, wav(tmp_path, name, sound)) for name, sound in (("a", talk), ("b", other))
    )
    sha256 = station.segment(broken).master_sha256
    (master,) = (station.settings.blobs_dir / "masters").rglob(f"{sha256}.flac")
    master.unlink()
    forget(station)
    keep_house(station.engine, station.settings, NOW)

    first, _ = run_all(station)

    assert first == {"made": 1, "unreadable": [broken]}
    assert alike(service, whole) == {"items": [], "next": None, "not_compared": 1}


def run_all(station: Station) -> list[dict[str, Any]]:
    """What a worker would do with the fingerprint jobs, one after the other."""
    results: list[dict[str, Any]] = []
    while True:
        with reading(station.engine) as session:
            query = select(Job).where(Job.kind == "fingerprint", Job.state == "queued").order_by(col(Job.id))
            job = session.exec(query).first()
        if job is None:
            return results
        assert job.id is not None
        results.append(run_fingerprint(station.engine, station.settings, job.payload, clock=lambda: NOW))
        finish(station.engine, job.id, results[-1], NOW)


def test_a_fingerprint_is_collected_only_where_no_segment_has_it(
    service: Service, tmp_path: Path, talk: Samples
) -> None:
    segment_id = upload(service, wav(tmp_path, "talk", talk))
    service.client.post(f"/api/v1/segments/{segment_id}/recall")
    orphan = Blobs(service.station.settings.blobs_dir).path("fingerprints", "f" * 64, ".print")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"DPF1")
    collect_garbage(service.station.engine, service.station.settings, NOW + timedelta(days=400))
    assert not orphan.exists()
    assert fingerprint_blob(service.station, segment_id).exists()
