from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.database import reading
from app.events.models import Event
from app.jobs.models import Job
from app.journal.models import JournalEntry
from tests.integration.library.stations import Service, Station, all_of, make_station, serving

MIB = 1 << 20
BOUNDARY = "danpa-test-boundary"


def part(name: str, content: bytes, filename: bytes | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode()
    if filename is not None:
        disposition += b"; " + filename
    return b"--" + BOUNDARY.encode() + b"\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def send(service: Service, *parts: bytes, end: bytes = END) -> httpx.Response:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return service.client.post(
        "/api/v1/segments", content=b"".join(parts) + end, headers={"Content-Type": content_type}
    )


def nothing_left(station: Station) -> bool:
    with reading(station.engine) as session:
        return not station.segments() and not station.incoming() and not all_of(session, Job)


def eventually(condition: Callable[[], bool]) -> bool:
    """Give the server a moment to notice; only the end result counts."""
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def test_an_upload_is_answered_at_once_and_ingested_later(service: Service, tone: Path) -> None:
    station = service.station
    answer = service.client.post(
        "/api/v1/segments",
        data={
            "title": unicodedata.normalize("NFD", "  아침 뉴스 "),
            "kind": "news",
            "tags": ["뉴스", "daily, kst"],
            "presenter": "김하늘",
            "air-from": "2026-11-22T20:00:00+09:00",
            "air_until": "2026-11-23T20:00:00Z",
        },
        files={"file": ("아침.wav", tone.read_bytes())},
    )
    assert answer.status_code == 202, answer.text
    segment = answer.json()
    assert answer.headers["location"] == f"/api/v1/segments/{segment['id']}"
    assert segment["state"] == "processing"
    assert segment["title"] == "아침 뉴스"
    assert segment["tags"] == ["뉴스", "daily", "kst"]
    assert segment["air_from"] == "2026-11-22T11:00:00Z"
    assert segment["original_name"] == "아침.wav"
    assert segment["original_sha256"] == hashlib.sha256(tone.read_bytes()).hexdigest()
    [waiting] = station.incoming()
    assert (station.settings.incoming_dir / waiting).stat().st_mode & 0o777 == 0o600

    station.ingest_all()
    ready = service.client.get(answer.headers["location"]).json()
    assert ready["state"] == "draft"
    assert ready["samples"] == 48_000
    assert ready["duration_s"] == 1.0
    assert not station.incoming()
    with reading(station.engine) as session:
        entries = [entry for entry in all_of(session, JournalEntry) if entry.action.startswith("segment.")]
        events = all_of(session, Event)
    assert [(entry.action, entry.person_id) for entry in entries] == [
        ("segment.uploaded", station.person_id),
        ("segment.ingested", None),
    ]
    assert [event.state for event in events] == ["processing", "draft"]


def test_the_file_may_come_before_the_fields(service: Service) -> None:
    answer = send(
        service, part("file", b"RIFF....", b'filename="a.wav"'), part("kind", b"talk"), part("title", b"T")
    )
    assert answer.status_code == 202
    assert answer.json()["title"] == "T"


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ('filename="뉴스.wav"'.encode("cp949"), "뉴스"),
        (unicodedata.normalize("NFD", 'filename="뉴스.wav"').encode(), "뉴스"),
        (b"filename*=UTF-8''%EB%89%B4%EC%8A%A4.wav", "뉴스"),
        (b"filename*=UTF-8''" + b"%E1%84%80%E1%85%A1%E1%86%A8" * 300 + b".wav", "각" * 300),
        (('filename="' + "각" * 300 + '.wav"').encode(), "각" * 300),
        (b'filename="../../../etc/cron.d/x"', "x"),
        (b'filename="a\\"b\\".wav"', 'a"b"'),
        (b'filename="a\nb.wav"', "a b"),
        (b'filename="..\\..\\x.wav"', "x"),
    ],
)
def test_odd_file_names_do_no_harm(service: Service, filename: bytes, title: str) -> None:
    answer = send(service, part("kind", b"talk"), part("file", b"RIFF....", filename))
    assert answer.status_code == 202, answer.text
    assert answer.json()["title"] == title[:300]
    home = service.station.settings.root
    [stored] = [
        path for path in home.parent.rglob("*") if path.is_file() and path.read_bytes() == b"RIFF...."
    ]
    assert stored.parent == service.station.settings.incoming_dir


KIND, FILE = part("kind", b"talk"), part("file", b"RIFF....", b'filename="a.wav"')


@pytest.mark.parametrize(
    ("parts", "end", "field", "words"),
    [
        ([KIND, part("file", b"", b'filename="a.wav"')], END, "file", "the file is empty"),
        ([KIND], END, "file", "there is no file"),
        ([KIND, FILE, FILE], END, "file", "two files"),
        ([FILE], END, "kind", "kind is missing"),
        ([KIND, FILE, part("titel", b"x")], END, None, "'titel'"),
        ([KIND, FILE, part("title", b"x" * 9000)], END, "title", "longer than 8192 bytes"),
        ([KIND, FILE, part("title", b"bell\a")], END, "title", "U+0007"),
        ([KIND, FILE, *[part("tags", b"x")] * 100], END, None, "more than 100 parts"),
        ([KIND, FILE], b"", None, "before its last boundary"),
        ([b"this is no form at all"], END, None, "not well-formed"),
        (
            [KIND, FILE, part("air_from", b"2026-11-22T20:00Z"), part("air_until", b"2026-11-22T19:00Z")],
            END,
            "air_until",
            "could never air",
        ),
    ],
)
def test_a_wrong_form_is_refused_in_words_and_leaves_nothing(
    service: Service, parts: list[bytes], end: bytes, field: str | None, words: str
) -> None:
    answer = send(service, *parts, end=end)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in problem["detail"]
    assert [error["field"] for error in problem.get("errors", [])] == ([field] if field else [])
    assert nothing_left(service.station)


def test_json_instead_of_a_form_is_refused(service: Service) -> None:
    answer = service.client.post("/api/v1/segments", json={"title": "x"})
    assert answer.status_code == 422
    assert "multipart/form-data" in answer.json()["detail"]


def test_nobody_uploads_without_a_key(service: Service, tone: Path) -> None:
    answer = service.client.post(
        "/api/v1/segments",
        data={"kind": "talk"},
        files={"file": ("a.wav", tone.read_bytes())},
        headers={"Authorization": "Bearer danpa_wrong"},
    )
    assert answer.status_code == 401
    assert nothing_left(service.station)


def open_upload(service: Service, *, length: int | None) -> socket.socket:
    connection = socket.create_connection(service.address)
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    head = (
        f"POST /api/v1/segments HTTP/1.1\r\nHost: danpa\r\nAuthorization: Bearer {service.station.key}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{size}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


def test_a_broken_connection_leaves_nothing(service: Service) -> None:
    with open_upload(service, length=50 * MIB) as connection:
        connection.sendall(KIND + part("file", b"", b'filename="a.wav"').removesuffix(b"\r\n"))
        connection.sendall(os.urandom(3 * MIB))
        assert eventually(lambda: len(service.station.incoming()) == 1)
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )  # a reset, not a goodbye
    assert eventually(lambda: nothing_left(service.station))
    assert service.client.get("/health/live").status_code == 200


def test_an_upload_over_the_limit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    station = make_station(tmp_path / "var", upload_limit_bytes=2 * MIB)
    with serving(station) as service, open_upload(service, length=4 * MIB) as connection:
        answer = connection.recv(65536).decode()
        while not answer.endswith("}"):
            answer += connection.recv(65536).decode()
        assert answer.startswith("HTTP/1.1 413")
        assert "2 MiB" in answer
        assert nothing_left(station)
    station.engine.dispose()


def test_an_upload_without_a_length_is_refused_once_it_is_over_the_limit(tmp_path: Path) -> None:
    station = make_station(tmp_path / "var", upload_limit_bytes=2 * MIB)
    with serving(station) as service, open_upload(service, length=None) as connection:
        for piece in (KIND + part("file", b"", b'filename="a.wav"').removesuffix(b"\r\n"), bytes(3 * MIB)):
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        assert connection.recv(65536).decode().startswith("HTTP/1.1 413")
        assert eventually(lambda: nothing_left(station))
    station.engine.dispose()


def test_the_disks_reserve_refuses_uploads(tmp_path: Path) -> None:
    station = make_station(tmp_path / "var")
    settings = station.settings.model_copy(update={"disk_reserve_bytes": 1 << 60})
    with serving(Station(settings, station.engine, station.person_id, station.key)) as service:
        answer = send(service, KIND, FILE)
        assert answer.status_code == 507
        assert answer.json()["type"] == "urn:danpa:problem:disk-reserve"
        assert nothing_left(station)
    station.engine.dispose()


def test_three_hundred_megabytes_cost_no_memory(service: Service) -> None:
    size = 300 * MIB

    def body() -> Iterator[bytes]:
        yield KIND + part("file", b"", b'filename="long.wav"').removesuffix(b"\r\n")
        for _ in range(size // MIB):
            yield bytes(MIB)
        yield b"\r\n" + END

    assert send(service, KIND, FILE).status_code == 202  # everything that is loaded once is loaded
    before, _ = service.memory_bytes()
    answer = service.client.post(
        "/api/v1/segments",
        content=body(),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["original_bytes"] == size
    _, peak = service.memory_bytes()
    growth = peak - before
    print(json.dumps({"before_mib": before / MIB, "peak_mib": peak / MIB}))
    assert growth < 40 * MIB


def test_uploads_at_the_same_time_stay_apart(service: Service) -> None:
    contents = [bytes([number]) * 500_000 for number in range(1, 7)]
    answers: dict[bytes, dict[str, object]] = {}

    def upload(content: bytes) -> None:
        answers[content] = send(service, KIND, part("file", content, b'filename="a.wav"')).json()

    threads = [threading.Thread(target=upload, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for content, answer in answers.items():
        assert answer["original_sha256"] == hashlib.sha256(content).hexdigest()
    assert len(service.station.incoming()) == len(contents)
