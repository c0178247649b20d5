"""The letter of tus 1.0.0, asked with plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import time
import unicodedata
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from app.database import reading
from app.events.models import Event
from app.jobs.models import Job
from app.uploads import receptions
from app.web.security import CSRF_HEADER
from tests.stations import PATIENCE_S, SmallStation, keyed, make_station, serving
from tests.tus_uploads import (
    PIECE,
    TUS,
    UPLOADS,
    begin,
    bring,
    dripping,
    eventually,
    metadata,
    noise,
    open_piece,
    stands_at,
)

CONTENT = noise(300_000)


def files(station: SmallStation) -> list[Path]:
    return sorted(station.settings.incoming_dir.iterdir())


def checksum(algorithm: str, piece: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


def test_what_the_server_can_is_told(api: httpx.Client) -> None:
    answer = api.options(UPLOADS)

    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,expiration,termination,checksum"
    assert answer.headers["tus-max-size"] == str(4 << 30)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,md5"


def test_an_upload_in_pieces_becomes_a_segment_with_its_description(
    api: httpx.Client, station: SmallStation
) -> None:
    decomposed = unicodedata.normalize("NFD", "증언 3부.m4a")
    upload = begin(
        api,
        len(CONTENT),
        filename=decomposed,
        kind="testimony",
        tags="탈북, daily",
        presenter="김하늘",
        **{"air-until": "2026-12-01T00:00Z"},
    )

    first = bring(api, upload, CONTENT[:100_000], 0)
    assert (first.status_code, first.headers["upload-offset"]) == (204, "100000")
    assert first.headers["upload-expires"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert "danpa-segment" not in first.headers
    last = bring(api, upload, CONTENT[100_000:], 100_000)
    assert (last.status_code, last.headers["upload-offset"]) == (204, "300000")

    segment = api.get(f"/api/v1/segments/{last.headers['danpa-segment']}").json()
    assert segment["title"] == "증언 3부"
    assert segment["kind"] == "testimony"
    assert segment["tags"] == ["탈북", "daily"]
    assert segment["presenter"] == "김하늘"
    assert segment["air_until"] == "2026-12-01T00:00:00Z"
    assert segment["original_sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert segment["created_by"] == station.person_id
    with reading(station.database) as session:
        [job] = session.exec(select(Job)).all()
        told = [(event.subject, event.state) for event in session.exec(select(Event)).all()]
    assert (station.settings.incoming_dir / job.payload["file"]).read_bytes() == CONTENT
    assert told == [("upload", "open"), ("segment", "processing"), ("upload", "done")]


def test_head_tells_where_to_go_on_and_what_was_announced(api: httpx.Client) -> None:
    upload = begin(api, 300_000, title="제목")
    bring(api, upload, CONTENT[:7], 0)

    answer = api.head(upload, headers=TUS)

    assert answer.status_code == 200
    assert answer.headers["upload-offset"] == "7"
    assert answer.headers["upload-length"] == "300000"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["upload-metadata"] == metadata(filename="증언.m4a", kind="testimony", title="제목")


@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_of_the_protocol_is_refused(api: httpx.Client, version: str | None) -> None:
    upload = begin(api, 10)
    headers = {"Upload-Length": "10", "Upload-Offset": "0"} | ({"Tus-Resumable": version} if version else {})
    for answer in (
        api.post(UPLOADS, headers=headers),
        api.patch(upload, headers=headers | PIECE, content=b"x"),
        api.head(upload, headers=headers),
        api.delete(upload, headers=headers),
    ):
        assert answer.status_code == 412
        assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert stands_at(api, upload) == 0


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 400, "Upload-Length is missing"),
        ({"Upload-Length": "-1"}, 400, "not a whole number"),
        ({"Upload-Length": "１０"}, 400, "not a whole number"),
        ({"Upload-Length": "0"}, 422, "the file is empty"),
        ({"Upload-Length": str((4 << 30) + 1)}, 413, "4096 MiB"),
        ({"Upload-Defer-Length": "1"}, 400, "Upload-Defer-Length is not supported"),
        ({"Upload-Length": "10", "Upload-Concat": "partial"}, 400, "parallelUploads: 1"),
        ({"Upload-Length": "10"}, 422, "kind is missing"),
        ({"Upload-Length": "10", "Upload-Metadata": metadata(kind="talk", title="종\a")}, 422, "U+0007"),
        ({"Upload-Length": "10", "Upload-Metadata": metadata(kind="talk", titel="x")}, 422, "'titel'"),
        ({"Upload-Length": "10", "Upload-Metadata": "kind dGFsaw==,kind dGFsaw=="}, 400, "twice"),
        ({"Upload-Length": "10", "Upload-Metadata": "kind talk!"}, 400, "not Base64"),
        ({"Upload-Length": "10", "Upload-Metadata": metadata(kind="talk", sha256="abc")}, 422, "64 hexa"),
        ({"Upload-Length": "10", "Upload-Checksum": "crc32 AAAA"}, 400, "crc32"),
        ({"Upload-Length": "10", "Content-Length": "3"}, 415, "application/offset+octet-stream"),
    ],
)  # fmt: skip
def test_what_could_not_become_a_segment_is_refused_before_its_first_byte(
    api: httpx.Client, station: SmallStation, headers: dict[str, str], status: int, words: str
) -> None:
    usual = {} if "kind is missing" in words else {"Upload-Metadata": metadata(kind="talk")}
    encoded = [(name.encode(), value.encode()) for name, value in (TUS | usual | headers).items()]
    content = b"xyz" if "Content-Length" in headers else None

    answer = api.post(UPLOADS, headers=encoded, content=content)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert files(station) == []
    assert api.get(UPLOADS).json()["items"] == []


def test_a_piece_that_begins_elsewhere_changes_nothing(api: httpx.Client) -> None:
    upload = begin(api, 300_000)
    bring(api, upload, CONTENT[:1000], 0)

    for offset in (0, 999, 1001):
        answer = bring(api, upload, b"other", offset)
        assert answer.status_code == 409
        assert "stands at 1000" in answer.json()["detail"]
    assert stands_at(api, upload) == 1000


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Type": "application/octet-stream"}, 415), ({"Upload-Offset": "x"}, 400)],
)
def test_a_piece_that_is_not_one_is_refused(api: httpx.Client, headers: dict[str, str], status: int) -> None:
    upload = begin(api, 10)
    answer = api.patch(upload, headers=TUS | PIECE | {"Upload-Offset": "0"} | headers, content=b"abc")
    assert answer.status_code == status
    assert stands_at(api, upload) == 0


def test_more_than_was_announced_is_refused(api: httpx.Client, url: str, station: SmallStation) -> None:
    upload = begin(api, 10)
    assert bring(api, upload, b"x" * 11, 0).status_code == 413
    chunked = api.patch(
        upload, headers=TUS | PIECE | {"Upload-Offset": "0"}, content=iter([b"x" * 6, b"x" * 6])
    )
    assert chunked.status_code == 413
    assert stands_at(api, upload) <= 6
    assert api.get(upload).json()["state"] == "open"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_that_is_not_what_its_checksum_says_is_thrown_away(
    api: httpx.Client, station: SmallStation, algorithm: str
) -> None:
    upload = begin(api, 300_000)
    good, bad = CONTENT[:100_000], b"!" + CONTENT[100_001:200_000]
    assert bring(api, upload, good, 0, Upload_Checksum=checksum(algorithm, good)).status_code == 204

    right = CONTENT[100_000:200_000]
    answer = bring(api, upload, bad, 100_000, Upload_Checksum=checksum(algorithm, right))

    assert answer.status_code == 460
    assert answer.json()["type"] == "urn:danpa:problem:checksum-mismatch"
    assert stands_at(api, upload) == 100_000
    assert files(station)[0].stat().st_size == 100_000
    assert bring(api, upload, right, 100_000).status_code == 204
    done = bring(api, upload, CONTENT[200_000:], 200_000)
    segment = api.get(f"/api/v1/segments/{done.headers['danpa-segment']}").json()
    assert segment["original_sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_of_a_piece_with_a_checksum_half_counts_for_nothing(
    api: httpx.Client, station: SmallStation, url: str
) -> None:
    upload = begin(api, 300_000)
    with open_piece(
        url, station.key, upload, 0, 300_000, Upload_Checksum=checksum("sha1", CONTENT)
    ) as connection:
        connection.sendall(CONTENT[:150_000])
        assert eventually(lambda: files(station)[0].stat().st_size == 150_000)
    assert eventually(lambda: files(station)[0].stat().st_size == 0)
    assert stands_at(api, upload) == 0


def test_a_broken_connection_keeps_what_arrived(api: httpx.Client, station: SmallStation, url: str) -> None:
    upload = begin(api, 300_000)
    with open_piece(url, station.key, upload, 0, 300_000) as connection:
        connection.sendall(CONTENT[:150_000])
        assert eventually(lambda: api.get(upload).json()["offset"] == 150_000)
    assert eventually(lambda: not api.get(upload).json()["arriving"])
    assert stands_at(api, upload) == 150_000
    assert bring(api, upload, CONTENT[150_000:], 150_000).headers["danpa-segment"] == "1"


def test_while_bytes_come_a_second_request_is_refused(
    api: httpx.Client, station: SmallStation, url: str
) -> None:
    upload = begin(api, 300_000)
    with open_piece(url, station.key, upload, 0, 300_000) as connection:
        with dripping(connection, CONTENT) as sent:
            assert eventually(lambda: api.get(upload).json()["arriving"])

            answer = bring(api, upload, b"second", 0)
            assert answer.status_code == 423
            assert answer.headers["retry-after"] == "5"
            stands_at(api, upload)  # a question disturbs nobody
        connection.sendall(CONTENT[sent[0] :])
        assert connection.recv(100).startswith(b"HTTP/1.1 204")
    segment = api.get("/api/v1/segments/1").json()
    assert segment["original_sha256"] == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("first", ["HEAD", "PATCH"])
def test_a_dead_connection_holds_nobody_up(
    api: httpx.Client, station: SmallStation, url: str, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """A phone that changed its network: the old connection looks open for ever, and brings nothing."""
    monkeypatch.setattr(receptions, "SILENT_S", 0.3)
    upload = begin(api, 300_000)
    with open_piece(url, station.key, upload, 0, 300_000) as dead:
        dead.sendall(CONTENT[:1000])
        assert eventually(lambda: api.get(upload).json()["offset"] == 1000)
        time.sleep(0.4)
        if first == "HEAD":
            assert stands_at(api, upload) == 1000

        answer = bring(api, upload, CONTENT[1000:], 1000)

        assert answer.status_code == 204
        assert dead.recv(100).startswith(b"HTTP/1.1 423")
        assert answer.headers["danpa-segment"] == "1"
    segment = api.get("/api/v1/segments/1").json()
    assert segment["original_sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_a_request_that_brings_nothing_is_ended(
    api: httpx.Client, station: SmallStation, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receptions, "PATIENCE_S", 0.3)
    upload = begin(api, 300_000)
    with open_piece(url, station.key, upload, 0, 300_000) as connection:
        connection.sendall(CONTENT[:1000])
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    assert stands_at(api, upload) == 1000


def test_an_upload_may_bring_its_first_piece_along(api: httpx.Client) -> None:
    headers = TUS | PIECE | {"Upload-Length": "300000", "Upload-Metadata": metadata(kind="talk")}
    part = api.post(UPLOADS, headers=headers, content=CONTENT[:1000])
    assert (part.status_code, part.headers["upload-offset"]) == (201, "1000")
    whole = bring(api, part.headers["location"], CONTENT[1000:], 1000)
    assert whole.headers["danpa-segment"] == "1"

    at_once = api.post(UPLOADS, headers=headers, content=CONTENT)

    assert (at_once.status_code, at_once.headers["upload-offset"]) == (201, "300000")
    assert at_once.headers["danpa-segment"] == "2"


def test_a_first_piece_that_is_wrong_leaves_no_upload(api: httpx.Client, station: SmallStation) -> None:
    headers = TUS | PIECE | {"Upload-Length": "300000", "Upload-Metadata": metadata(kind="talk")}
    wrong = api.post(
        UPLOADS, headers=headers | {"Upload-Checksum": checksum("sha1", b"other")}, content=CONTENT
    )
    assert wrong.status_code == 460
    assert files(station) == []
    assert api.get(UPLOADS).json()["items"] == []


def test_who_lost_the_last_answer_learns_the_segment(api: httpx.Client) -> None:
    upload = begin(api, len(CONTENT))
    assert bring(api, upload, CONTENT, 0).headers["danpa-segment"] == "1"

    again = bring(api, upload, CONTENT, 0)
    asked = api.head(upload, headers=TUS)
    empty = bring(api, upload, b"", len(CONTENT))  # tuspy does this
    beyond = bring(api, upload, b"x", len(CONTENT))

    assert again.status_code == 409
    assert (asked.headers["upload-offset"], asked.headers["danpa-segment"]) == ("300000", "1")
    assert (empty.status_code, empty.headers["danpa-segment"]) == (204, "1")
    assert beyond.status_code == 413
    assert api.get(upload).json()["state"] == "done"
    assert api.get(upload).json()["segment_id"] == 1
    assert len(api.get("/api/v1/segments").json()["items"]) == 1


def test_an_upload_that_is_begun_twice_is_two(api: httpx.Client) -> None:
    """An Idempotency-Key changes nothing in that: the answer has no body to remember."""
    headers = TUS | {"Upload-Length": "10", "Upload-Metadata": metadata(kind="talk"), "Idempotency-Key": "k"}
    first, second = (api.post(UPLOADS, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["location"] != second.headers["location"]


def test_what_is_no_upload_is_not_found(api: httpx.Client) -> None:
    for name in ("1", "0" * 32, "증언"):
        assert api.head(f"{UPLOADS}/{name}", headers=TUS).status_code == 404
        assert bring(api, f"{UPLOADS}/{name}", b"x", 0).status_code == 404


def test_an_upload_can_be_ended(api: httpx.Client, station: SmallStation, url: str) -> None:
    upload = begin(api, 300_000)
    with open_piece(url, station.key, upload, 0, 300_000) as connection:
        connection.sendall(CONTENT[:1000])
        assert eventually(lambda: api.get(upload).json()["offset"] == 1000)

        assert api.delete(upload, headers=TUS).status_code == 204

    assert files(station) == []
    for answer in (
        api.head(upload, headers=TUS),
        bring(api, upload, b"x", 1000),
        api.delete(upload, headers=TUS),
    ):
        assert answer.status_code == 410
        assert "upload-offset" not in answer.headers


def test_ending_a_finished_upload_leaves_its_segment_alone(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, len(CONTENT))
    bring(api, upload, CONTENT, 0)

    assert api.delete(upload, headers=TUS).status_code == 204

    assert api.head(upload, headers=TUS).status_code == 410
    assert files(station)[0].read_bytes() == CONTENT
    assert api.get("/api/v1/segments/1").json()["state"] == "processing"


def test_a_mixture_of_two_files_becomes_no_segment(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest().upper())
    bring(api, upload, CONTENT[:100_000], 0)

    answer = bring(api, upload, noise(200_000, seed=8), 100_000)

    assert answer.status_code == 422
    assert "pieces of two files" in answer.json()["detail"]
    assert [error["field"] for error in answer.json()["errors"]] == ["sha256"]
    assert api.head(upload, headers=TUS).status_code == 410
    shown = api.get(upload).json()
    assert (shown["state"], shown["problem"]["detail"]) == ("failed", answer.json()["detail"])
    assert api.get("/api/v1/segments").json()["items"] == []
    assert files(station) == []


def test_the_right_sha256_is_no_obstacle(api: httpx.Client) -> None:
    upload = begin(api, len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    bring(api, upload, CONTENT[:100_000], 0)
    assert bring(api, upload, CONTENT[100_000:], 100_000).headers["danpa-segment"] == "1"


def test_nobody_sees_continues_or_ends_what_another_began(
    api: httpx.Client, station: SmallStation, url: str
) -> None:
    upload = begin(api, 300_000)
    bring(api, upload, CONTENT[:1000], 0)
    with keyed(url, station.another_key("박바다")) as other:
        for answer in (
            other.head(upload, headers=TUS),
            other.get(upload),
            bring(other, upload, b"x", 1000),
            other.delete(upload, headers=TUS),
            other.post(upload, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}),
        ):
            assert answer.status_code == 404
        assert other.get(UPLOADS).json()["items"] == []
    with httpx.Client(base_url=url) as stranger:
        assert stranger.head(upload, headers=TUS).status_code == 401
        assert stranger.post(UPLOADS, headers=TUS).status_code == 401
        assert bring(stranger, upload, b"x", 1000).status_code == 401
    assert stands_at(api, upload) == 1000


def test_the_page_uploads_with_its_token_and_another_site_s_page_does_not(
    station: SmallStation, url: str
) -> None:
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=PATIENCE_S) as page:
        token = page.post("/api/v1/session", json={"key": station.key}).json()["csrf_token"]
        described = {"Upload-Length": "300000", "Upload-Metadata": metadata(kind="talk")}
        assert page.post(UPLOADS, headers=TUS | described).status_code == 403
        ours = TUS | {CSRF_HEADER: token}
        upload = page.post(UPLOADS, headers=ours | described).headers["location"]
        begins = {"Upload-Offset": "0"} | PIECE
        assert page.patch(upload, headers=TUS | begins, content=CONTENT).status_code == 403
        elsewhere = ours | begins | {"Origin": "https://evil.example"}
        assert page.patch(upload, headers=elsewhere, content=CONTENT).status_code == 403
        disguised = TUS | begins | {"X-HTTP-Method-Override": "DELETE"}
        assert page.get(upload, headers=disguised).json()["state"] == "open"
        assert page.patch(upload, headers=ours | begins, content=CONTENT).status_code == 204


def test_who_cannot_patch_posts(api: httpx.Client) -> None:
    upload = begin(api, 300_000)
    override = TUS | PIECE | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert api.post(upload, headers=override, content=CONTENT[:10]).headers["upload-offset"] == "10"
    head = api.post(upload, headers=TUS | {"X-HTTP-Method-Override": "HEAD"})
    assert head.headers["upload-offset"] == "10"
    assert api.post(upload, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert api.post(upload, headers=TUS).status_code == 405


def test_the_list_shows_how_far_each_upload_is(api: httpx.Client) -> None:
    first, second = begin(api, 300_000, filename="하나.wav"), begin(api, 10, filename="둘.wav")
    bring(api, first, CONTENT[:1000], 0)

    shown = api.get(UPLOADS).json()["items"]

    assert [(one["location"], one["file_name"], one["offset"], one["length"]) for one in shown] == [
        (first, "하나.wav", 1000, 300_000),
        (second, "둘.wav", 0, 10),
    ]
    bring(api, second, b"x" * 10, 0)
    assert [one["location"] for one in api.get(UPLOADS).json()["items"]] == [first]
    assert [one["location"] for one in api.get(UPLOADS, params={"state": "done"}).json()["items"]] == [second]


def test_a_person_has_so_much_under_way_and_no_more(tmp_path: Path) -> None:
    station = make_station(
        tmp_path / "station", partial_uploads_limit=2, partial_uploads_limit_bytes=1_000_000
    )
    headers = TUS | {"Upload-Metadata": metadata(kind="talk")}
    with serving(station) as url, keyed(url, station.key) as api:
        first = begin(api, 600_000)
        too_much = api.post(UPLOADS, headers=headers | {"Upload-Length": "400001"})
        assert too_much.status_code == 403
        assert too_much.json()["type"] == "urn:danpa:problem:upload-quota"
        assert "600,000" in too_much.json()["detail"]
        second = begin(api, 400_000)
        too_many = api.post(UPLOADS, headers=headers | {"Upload-Length": "1"})
        assert too_many.status_code == 403
        assert "2 uploads under way" in too_many.json()["detail"]
        assert len(files(station)) == 2
        with keyed(url, station.another_key("박바다")) as other:
            begin(other, 1_000_000)
        api.delete(first, headers=TUS)
        begin(api, 600_000)
        bring(api, second, CONTENT, 0)
        assert bring(api, second, CONTENT[:100_000], 300_000).headers["danpa-segment"] == "1"
        begin(api, 400_000)
    station.database.dispose()


def test_a_full_disk_stops_an_upload_and_keeps_what_came(
    api: httpx.Client, station: SmallStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(api, 40 << 20)
    monkeypatch.setattr("app.storage.free_bytes", lambda _settings: -1)
    refused = api.post(
        UPLOADS, headers=TUS | {"Upload-Length": "1", "Upload-Metadata": metadata(kind="talk")}
    )
    assert refused.status_code == 507

    answer = bring(api, upload, noise(20 << 20), 0)

    assert answer.status_code == 507
    assert answer.json()["type"] == "urn:danpa:problem:disk-reserve"
    kept = stands_at(api, upload)
    assert kept >= 16 << 20
    assert files(station)[0].read_bytes()[:kept] == noise(20 << 20)[:kept]
