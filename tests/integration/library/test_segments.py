"""The library over HTTP, after the upload."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.integration.library.stations import Service, write_tone


def upload(service: Service, file: Path, **fields: Any) -> int:
    answer = service.client.post(
        "/api/v1/segments", data={"kind": "talk"} | fields, files={"file": (file.name, file.read_bytes())}
    )
    assert answer.status_code == 202, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def draft(service: Service, tmp_path: Path) -> str:
    """The address of a segment that is ready."""
    segment_id = upload(service, write_tone(tmp_path / "talk.wav", 2.0, lead_s=0.5, tail_s=1.0))
    service.station.ingest_all()
    return f"/api/v1/segments/{segment_id}"


def test_silent_ends_are_not_played_but_for_fifty_milliseconds(service: Service, draft: str) -> None:
    segment = service.client.get(draft).json()
    assert segment["samples"] == 3.5 * 48_000
    assert segment["cue_in"] == pytest.approx(0.45 * 48_000, abs=480)
    assert segment["cue_out"] == pytest.approx(2.55 * 48_000, abs=480)
    assert segment["loudness_lufs"] == pytest.approx(-15.7, abs=1.0)
    assert segment["peak_dbtp"] == pytest.approx(-12.0, abs=0.3)
    assert segment["clipped_samples"] == 0


def test_the_steps_of_a_life(service: Service, draft: str) -> None:
    client = service.client
    assert client.post(f"{draft}/retire").json()["type"] == "urn:danpa:problem:wrong-state"
    approved = client.post(f"{draft}/approve")
    assert approved.json()["state"] == "approved"
    assert approved.json()["approved_by"] == service.station.person_id
    assert client.post(f"{draft}/approve").status_code == 409
    assert client.post(f"{draft}/retire").json()["state"] == "retired"
    assert client.post(f"{draft}/approve").status_code == 409
    assert client.post(f"{draft}/recall").json()["state"] == "recalled"
    for step in ("approve", "retire", "recall"):
        assert client.post(f"{draft}/{step}").status_code == 409
    assert client.post("/api/v1/segments/999/approve").status_code == 404


def test_two_people_do_not_overwrite_each_other(service: Service, draft: str) -> None:
    etag = service.client.get(draft).headers["etag"]
    first = service.client.patch(draft, json={"title": "첫째"}, headers={"If-Match": etag})
    assert first.status_code == 200
    assert first.headers["etag"] != etag
    second = service.client.patch(draft, json={"title": "둘째"}, headers={"If-Match": etag})
    assert second.status_code == 412
    assert service.client.get(draft).json()["title"] == "첫째"
    stale = service.client.post(f"{draft}/approve", headers={"If-Match": etag})
    assert stale.status_code == 412


def test_a_change_is_normalised_and_only_what_was_sent_changes(service: Service, draft: str) -> None:
    before = service.client.get(draft).json()
    body = {
        "title": unicodedata.normalize("NFD", " 뉴스 "),
        "tags": ["a", "a", "b"],
        "air_until": "2026-12-01T09:00:00+09:00",
    }
    after = service.client.patch(draft, json=body).json()
    changed = {field for field in after if after[field] != before[field]}
    assert changed == {"title", "tags", "air_until", "revision"}
    assert (after["title"], after["tags"], after["air_until"]) == ("뉴스", ["a", "b"], "2026-12-01T00:00:00Z")
    again = service.client.patch(draft, json=body).json()
    assert again["revision"] == after["revision"]


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": None},
        {"title": "x" * 301},
        {"title": "a\nb"},
        {"titel": "x"},
        {"air_from": "2026-12-01T09:00:00"},
        {"air_from": "2026-12-02T09:00:00Z", "air_until": "2026-12-01T09:00:00Z"},
    ],
)
def test_a_wrong_change_changes_nothing(service: Service, draft: str, body: dict[str, Any]) -> None:
    before = service.client.get(draft).json()
    answer = service.client.patch(draft, json=body)
    assert answer.status_code == 422, answer.text
    assert service.client.get(draft).json() == before


def test_a_window_is_checked_against_what_is_already_there(service: Service, draft: str) -> None:
    assert service.client.patch(draft, json={"air_from": "2026-12-02T09:00:00Z"}).status_code == 200
    assert service.client.patch(draft, json={"air_until": "2026-12-01T09:00:00Z"}).status_code == 422
    assert (
        service.client.patch(draft, json={"air_from": None, "air_until": "2026-12-01T09:00:00Z"}).status_code
        == 200
    )


def test_listening_and_seeking(service: Service, draft: str) -> None:
    whole = service.client.get(f"{draft}/audio")
    assert whole.headers["content-type"] == "audio/flac"
    assert whole.content[:4] == b"fLaC"
    part = service.client.get(f"{draft}/audio", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]


def test_the_head_of_a_recording_tells_its_size(service: Service, draft: str) -> None:
    head, whole = service.client.head(f"{draft}/audio"), service.client.get(f"{draft}/audio")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    ("wanted", "status", "words"),
    [
        ("bytes=100000000-", 416, "outside of the file"),
        ("seconds=1-2", 400, "bytes=0-1023"),
        ("bytes=9-3", 400, "bytes=0-1023"),
    ],
)
def test_a_range_that_cannot_be_had_is_refused_in_words(
    service: Service, draft: str, wanted: str, status: int, words: str
) -> None:
    answer = service.client.get(f"{draft}/audio", headers={"Range": wanted})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    size = service.client.head(f"{draft}/audio").headers["content-length"]
    assert answer.headers.get("content-range") == (f"bytes */{size}" if status == 416 else None)


def test_the_waveform_is_drawn_with_as_many_points_as_were_asked_for(service: Service, draft: str) -> None:
    waveform = service.client.get(f"{draft}/peaks", params={"points": 7}).json()
    assert waveform["samples"] == 3.5 * 48_000
    assert len(waveform["pairs"]) == 7
    assert waveform["samples_per_pair"] == 24_000
    assert waveform["pairs"][0] == [0, 0]
    assert waveform["pairs"][2] == [-32, 32]
    assert waveform["pairs"][-1] == [0, 0]


def test_a_part_of_the_waveform_is_looked_at_more_closely(service: Service, draft: str) -> None:
    whole = service.client.get(f"{draft}/peaks", params={"points": 350}).json()
    part = {"first_sample": 24_100, "end_sample": 72_000, "points": 1000}
    close = service.client.get(f"{draft}/peaks", params=part).json()
    assert (whole["samples_per_pair"], close["samples_per_pair"], close["first_sample"]) == (480, 480, 24_000)
    assert close["pairs"] == whole["pairs"][50:150]
    beyond = service.client.get(f"{draft}/peaks", params={"first_sample": 2**40}).json()
    assert beyond["pairs"] == whole["pairs"][-1:]


def test_what_is_not_ready_has_nothing_to_hear(service: Service, tone: Path) -> None:
    segment_id = upload(service, tone)
    for what in ("audio", "peaks"):
        assert service.client.get(f"/api/v1/segments/{segment_id}/{what}").status_code == 404


def test_the_list_filters_searches_and_pages(service: Service, tmp_path: Path) -> None:
    for number in range(5):
        file = write_tone(tmp_path / f"{number}.wav", 0.5, 300 + 50 * number)
        kind = "news" if number % 2 else "talk"
        upload(service, file, title=f"뉴스 {number}", kind=kind, tags=f"n{number},all")
    upload(service, write_tone(tmp_path / "m.wav", 0.5, 900), title="아침 음악", kind="music")

    def titles(**query: Any) -> list[str]:
        return [
            item["title"] for item in service.client.get("/api/v1/segments", params=query).json()["items"]
        ]

    assert titles()[0] == "아침 음악"
    assert titles(q="ㄴㅅ") == [f"뉴스 {number}" for number in (4, 3, 2, 1, 0)]
    assert titles(q="ㄴㅅ 3") == ["뉴스 3"]
    assert titles(q="ㅇㅊ") == ["아침 음악"]
    assert titles(kind="news") == ["뉴스 3", "뉴스 1"]
    assert titles(tag="n2") == ["뉴스 2"]
    assert titles(tag="all", kind="talk", q="뉴스", state="processing") == ["뉴스 4", "뉴스 2", "뉴스 0"]
    assert titles(state="draft") == []

    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 2, "q": "뉴스"}
    while query.get("cursor", "first"):
        page = service.client.get("/api/v1/segments", params=query).json()
        seen += [item["title"] for item in page["items"]]
        query["cursor"] = page["next"] or ""
    assert seen == titles(q="뉴스")
    assert service.client.get("/api/v1/segments", params={"cursor": "nonsense"}).status_code == 422


def test_the_same_audio_twice_is_one_object_and_says_so(service: Service, tone: Path) -> None:
    station = service.station
    first = upload(service, tone, title="첫째")
    station.ingest_all()
    originals, masters = station.blobs("originals"), station.blobs("masters")
    answer = service.client.post(
        "/api/v1/segments",
        data={"kind": "news", "title": "둘째"},
        files={"file": ("x.wav", tone.read_bytes())},
    ).json()
    assert answer["same_audio_as"] == [first]
    station.ingest_all()
    second = service.client.get(f"/api/v1/segments/{answer['id']}").json()
    assert second["state"] == "draft"
    assert second["same_audio_as"] == [first]
    assert service.client.get(f"/api/v1/segments/{first}").json()["same_audio_as"] == []
    assert (station.blobs("originals"), station.blobs("masters")) == (originals, masters)
    assert station.incoming() == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"this is a text that somebody called an mp3\n" * 50, "not-audio"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "forbidden-format"),
        (bytes(10_000), "not-audio"),
    ],
)
def test_what_is_no_recording_is_rejected_in_words_and_not_kept(
    service: Service, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "news.mp3"
    file.write_bytes(content)
    blobs = {kind: service.station.blobs(kind) for kind in ("originals", "masters", "peaks")}
    segment_id = upload(service, file)
    service.station.ingest_all()
    segment = service.client.get(f"/api/v1/segments/{segment_id}").json()
    assert segment["state"] == "rejected"
    assert segment["problem"]["type"] == f"urn:danpa:problem:{code}"
    assert segment["problem"]["detail"]
    assert {kind: service.station.blobs(kind) for kind in blobs} == blobs
    assert service.station.incoming() == []
    assert service.client.post(f"/api/v1/segments/{segment_id}/approve").status_code == 409
