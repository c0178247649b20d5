"""Edits without a sound editor: over HTTP, through the worker's job, and back again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlmodel import select

from app.backup.garbage import collect_garbage
from app.database import reading, writing
from app.jobs.models import Job
from app.jobs.service import MAX_TRIES
from app.library.cuts import forget_cuts, give_up_cut
from app.people.service import create_key, create_person
from app.station.models import Station as StationRow
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from tests.audio_files import voice, write_wav
from tests.integration.library.stations import NOW, Service
from tests.integration.library.test_segments import upload

RATE = 48_000
SECONDS = 12
WORD = [4 * RATE, 5 * RATE + 1]
"""What is cut out, an odd number of samples long."""
NAME = {"start": 7 * RATE, "end": 8 * RATE, "sound": "tone"}


@pytest.fixture
def talk(service: Service, tmp_path: Path) -> str:
    """The address of a draft of twelve seconds."""
    segment_id = upload(service, write_wav(tmp_path / "talk.wav", voice(SECONDS)))
    service.station.ingest_all()
    return f"/api/v1/segments/{segment_id}"


def edit(service: Service, address: str, **edits: Any) -> dict[str, Any]:
    answer = service.client.put(f"{address}/edits", json=edits)
    assert answer.status_code == 200, answer.text
    service.station.cut_all()
    found: dict[str, Any] = service.client.get(f"{address}/cuts").json()["items"][0]
    return found


def sound(service: Service, address: str, cut: int | None = None) -> NDArray[np.int32]:
    """What is listened to, sample for sample in 24 bits."""
    body = service.client.get(f"{address}/audio", params={} if cut is None else {"cut": cut}).content
    command = [str(find_ffmpeg()), "-v", "error", "-i", "pipe:0", "-f", "s32le", "-ac", "1", "pipe:1"]
    raw = subprocess.run(command, input=body, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw, dtype="<i4")


def test_a_word_is_cut_out_and_nothing_else_is_touched(service: Service, talk: str) -> None:
    before = service.client.get(talk).json()
    recording = sound(service, talk, 0)
    cut = edit(service, talk, first_sample=0, end_sample=before["samples"], removed=[WORD])
    assert (cut["number"], cut["state"], cut["joins"]) == (2, "ready", [WORD[0]])
    after = sound(service, talk)
    assert len(after) == len(recording) - (WORD[1] - WORD[0])
    assert np.array_equal(after[: WORD[0]], recording[: WORD[0]])
    seam = RATE // 50
    assert np.array_equal(after[WORD[0] + seam :], recording[WORD[1] + seam :])
    assert np.array_equal(sound(service, talk, 0), recording), "the recording is never touched"
    segment = service.client.get(talk).json()
    assert segment["samples"] == before["samples"]
    assert segment["played_samples"] == len(after)
    peaks = service.client.get(f"{talk}/peaks").json()
    assert (peaks["samples"], peaks["joins"]) == (len(after), [WORD[0]])
    assert service.client.get(f"{talk}/peaks", params={"cut": 0}).json()["samples"] == before["samples"]


def test_under_a_tone_there_is_no_name(service: Service, talk: str) -> None:
    recording = sound(service, talk, 0)
    edit(service, talk, first_sample=0, end_sample=len(recording), covered=[NAME])
    covered, name = (one[NAME["start"] : NAME["end"]] for one in (sound(service, talk), recording))
    assert len(sound(service, talk)) == len(recording)
    likeness = np.corrcoef(covered.astype(float), name.astype(float))[0, 1]
    assert abs(likeness) < 0.05
    assert np.abs(covered).max() > 2**31 / 100, "something is to be heard"


def test_an_approval_is_of_a_cut(service: Service, talk: str) -> None:
    client = service.client
    assert client.post(f"{talk}/approve").json()["approved_cut"] == 1
    edit(service, talk, removed=[WORD])
    segment = client.get(talk).json()
    assert (segment["state"], segment["cut"], segment["approved_cut"]) == ("draft", 2, 1)
    assert client.post(f"{talk}/approve").json()["approved_cut"] == 2
    back = client.put(f"{talk}/edits", json={}).json()
    assert (back["state"], back["cut"], back["approved_cut"]) == ("draft", 1, 2)
    again = edit(service, talk, removed=[WORD])
    assert again["number"] == 2, "the same edits are the same cut"
    segment = client.get(talk).json()
    assert (segment["state"], segment["cut"], segment["approved_cut"]) == ("approved", 2, 2)


def test_what_is_not_made_yet_cannot_be_approved(service: Service, talk: str) -> None:
    client = service.client
    answer = client.put(f"{talk}/edits", json={"removed": [WORD]})
    assert answer.json()["newest_cut"]["state"] == "making"
    refused = client.post(f"{talk}/approve")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:danpa:problem:still-cutting")
    service.station.cut_all()
    assert client.post(f"{talk}/approve").status_code == 200


def test_two_people_do_not_edit_over_each_other(service: Service, talk: str) -> None:
    etag = service.client.get(f"{talk}/cuts").headers["etag"]
    headers = {"If-Match": etag}
    first = service.client.put(f"{talk}/edits", json={"removed": [WORD]}, headers=headers)
    assert first.status_code == 200
    second = service.client.put(f"{talk}/edits", json={"fade_in_samples": 480}, headers=headers)
    assert (second.status_code, second.json()["type"]) == (412, "urn:danpa:problem:stale-revision")
    assert service.client.get(f"{talk}/cuts").json()["items"][0]["edits"]["removed"] == [WORD]


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({"removed": [[0, 60 * RATE]]}, "goes beyond the end"),
        ({"removed": [[0, SECONDS * RATE]]}, "remove or cover less"),
        ({"first_sample": 5 * RATE, "end_sample": 4 * RATE}, "ends where it begins or before"),
        ({"covered": [NAME, NAME]}, "overlap"),
        ({"fade_in_samples": 7 * RATE, "fade_out_samples": 7 * RATE}, "longer than"),
    ],
)
def test_edits_that_cannot_be_made_change_nothing(
    service: Service, talk: str, edits: dict[str, Any], told: str
) -> None:
    answer = service.client.put(f"{talk}/edits", json=edits)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:danpa:problem:bad-edits")
    assert told in answer.json()["detail"]
    assert service.client.get(talk).json()["cut"] == 1


@pytest.mark.parametrize(
    "edits", [{"removed": [[-1, 5]]}, {"gain_db": 40}, {"cleaning": {"noise": "most"}}, {"cut": [[1, 2]]}]
)
def test_what_is_no_edit_is_refused(service: Service, talk: str, edits: dict[str, Any]) -> None:
    assert service.client.put(f"{talk}/edits", json=edits).status_code == 422


def test_louder_makes_no_new_sound(service: Service, talk: str) -> None:
    recording = sound(service, talk)
    cut = edit(service, talk, gain_db=3)
    assert (cut["state"], cut["joins"]) == ("ready", [])
    assert np.array_equal(sound(service, talk), recording)
    with reading(service.station.engine) as session:
        assert session.exec(select(Job).where(Job.kind == "cut")).all() == []


def test_a_cut_that_cannot_be_made_says_why_and_is_made_when_it_can(service: Service, talk: str) -> None:
    segment = service.client.get(talk).json()
    sha256 = service.station.segment(segment["id"]).master_sha256
    master = Blobs(service.station.settings.blobs_dir).path("masters", sha256 or "", ".flac")
    away = master.rename(master.with_suffix(".away"))
    cut = edit(service, talk, removed=[WORD])
    assert cut["state"] == "failed"
    assert "upload the recording again" in cut["problem"]["detail"]
    assert service.client.post(f"{talk}/approve").status_code == 409
    away.rename(master)
    assert edit(service, talk, removed=[WORD])["state"] == "ready"


def test_a_cut_whose_worker_died_over_and_over_is_given_up(service: Service, talk: str) -> None:
    service.client.put(f"{talk}/edits", json={"removed": [WORD]})
    with writing(service.station.engine) as session:
        segment_id = int(talk.rsplit("/", 1)[1])
        give_up_cut(session, segment_id, 2, {"detail": f"died {MAX_TRIES} times"}, NOW)
    assert service.client.get(f"{talk}/cuts").json()["items"][0]["state"] == "failed"


def test_a_cut_that_nobody_needs_is_forgotten_and_made_again_when_somebody_does(
    service: Service, talk: str
) -> None:
    station = service.station
    edit(service, talk, removed=[WORD])
    service.client.post(f"{talk}/approve")
    edit(service, talk, covered=[NAME])
    with writing(station.engine) as session:
        forget_cuts(session, NOW + timedelta(days=1))
    states = {cut["number"]: cut["state"] for cut in service.client.get(f"{talk}/cuts").json()["items"]}
    assert states == {1: "ready", 2: "ready", 3: "ready"}, "the approved one and the newest are needed"
    service.client.post(f"{talk}/approve")
    with writing(station.engine) as session:
        forget_cuts(session, NOW)
        forget_cuts(session, datetime.now(UTC) + timedelta(days=1))
    states = {cut["number"]: cut["state"] for cut in service.client.get(f"{talk}/cuts").json()["items"]}
    assert states == {1: "ready", 2: "forgotten", 3: "ready"}
    assert service.client.get(f"{talk}/audio", params={"cut": 2}).status_code == 404
    collect_garbage(station.engine, station.settings, datetime.now(UTC) + timedelta(days=2))
    again = edit(service, talk, removed=[WORD])
    assert (again["number"], again["state"]) == (2, "ready")
    assert len(sound(service, talk, 2)) == pytest.approx(again["duration_s"] * RATE, abs=24)


def test_a_draft_is_sent_back_with_a_reason_and_comes_again(service: Service, talk: str) -> None:
    client = service.client
    assert client.post(f"{talk}/reject", json={"reason": ""}).status_code == 422
    sent_back = client.post(f"{talk}/reject", json={"reason": "2분 10초의 이름을 지워 주세요"}).json()
    assert sent_back["state"] == "rejected"
    assert sent_back["problem"]["detail"] == "2분 10초의 이름을 지워 주세요"
    assert client.post(f"{talk}/approve").status_code == 409
    assert client.post(f"{talk}/submit").json()["state"] == "draft"
    client.post(f"{talk}/reject", json={"reason": "다시"})
    edit(service, talk, removed=[WORD])
    segment = client.get(talk).json()
    assert (segment["state"], segment["problem"]) == ("draft", None)


def test_a_recall_ends_what_was_approved_and_what_was_not(service: Service, talk: str) -> None:
    client = service.client
    client.post(f"{talk}/approve")
    edit(service, talk, removed=[WORD])
    assert client.post(f"{talk}/recall").json()["state"] == "recalled"
    refused = client.put(f"{talk}/edits", json={"gain_db": 1})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:danpa:problem:conflict")


@pytest.fixture
def another(service: Service) -> Iterator[dict[str, str]]:
    """At this station somebody else approves: her key."""
    with writing(service.station.engine) as session:
        session.get_one(StationRow, 1).approved_by_another = True
        person = create_person(session, "박노을", now=NOW, by=None)
        _, key = create_key(session, person.id or 0, "test", now=NOW, by=None)
    yield {"Authorization": f"Bearer {key}"}
    with writing(service.station.engine) as session:
        session.get_one(StationRow, 1).approved_by_another = False


def test_where_four_eyes_are_wanted_its_makers_do_not_approve(
    service: Service, talk: str, another: dict[str, str]
) -> None:
    client = service.client
    refused = client.post(f"{talk}/approve")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:danpa:problem:needs-another-person")
    client.put(f"{talk}/edits", json={"gain_db": 1}, headers=another)
    assert client.post(f"{talk}/approve", headers=another).status_code == 409, "she has edited it"
    client.put(f"{talk}/edits", json={})
    assert client.post(f"{talk}/approve", headers=another).status_code == 200


def test_what_is_said_of_a_segment(service: Service, talk: str) -> None:
    said = {
        "script": "어머니께.\n잘 지내십니까?",
        "notes": None,
        "rights": "구두 동의, 2026-11-01",
        "pseudonym": "한별",
        "max_airings": 3,
        "retain_until": "2027-01-31",
    }
    assert service.client.patch(talk, json=said).status_code == 200
    found = service.client.get(talk).json()
    assert {name: found[name] for name in said} == said
    assert service.client.patch(talk, json={"max_airings": 0}).status_code == 422
    assert service.client.patch(talk, json={"script": "가" * 30_001}).status_code == 422
    listed = service.client.get("/api/v1/segments", params={"q": "한별"}).json()["items"]
    assert [one["id"] for one in listed] == [found["id"]]
