"""A creating call that is repeated gets the first answer, and creates nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlmodel import func, select

from app.database import reading, writing
from app.people.models import IdempotentRequest
from tests.stations import SmallStation, keyed

SITE = {"code": "TAC", "name": "Tashkent"}
ONCE = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def stored(station: SmallStation) -> int:
    with reading(station.database) as session:
        return session.exec(select(func.count()).select_from(IdempotentRequest)).one()


def test_a_repeat_gets_the_same_answer(api: httpx.Client) -> None:
    first = api.post("/api/v1/sites", json=SITE, headers=ONCE)
    again = api.post("/api/v1/sites", json=SITE, headers=ONCE)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    for header in ("location", "etag"):
        assert again.headers[header] == first.headers[header]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(api.get("/api/v1/sites").json()["items"]) == 1


def test_a_key_is_for_one_call(api: httpx.Client) -> None:
    api.post("/api/v1/sites", json=SITE, headers=ONCE)
    other = api.post("/api/v1/people", json={"name": "박바다"}, headers=ONCE)
    assert other.status_code == 422
    assert "was used for POST /api/v1/sites" in other.json()["detail"]
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_belongs_to_one_person(api: httpx.Client, station: SmallStation, url: str) -> None:
    api.post("/api/v1/people", json={"name": "이슬"}, headers=ONCE)
    with keyed(url, station.another_key("박바다")) as other:
        answer = other.post("/api/v1/people", json={"name": "한별"}, headers=ONCE)
        assert answer.status_code == 201
        assert answer.json()["name"] == "한별"


def test_a_refusal_is_not_remembered(api: httpx.Client, station: SmallStation) -> None:
    assert api.post("/api/v1/sites", json=SITE | {"code": "?"}, headers=ONCE).status_code == 422
    assert stored(station) == 0
    assert api.post("/api/v1/sites", json=SITE, headers=ONCE).status_code == 201


def test_a_call_that_is_still_running_is_not_begun_again(
    api: httpx.Client, station: SmallStation, url: str
) -> None:
    more = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b'{"code": "TAC", '
        more.wait()
        yield b'"name": "Tashkent"}'

    headers = ONCE | {"Content-Type": "application/json"}
    with ThreadPoolExecutor(1) as pool, keyed(url, station.key) as slow:
        first = pool.submit(slow.post, "/api/v1/sites", content=slowly(), headers=headers)
        try:
            while stored(station) == 0:
                pass
            meanwhile = api.post("/api/v1/sites", json=SITE, headers=ONCE)
        finally:
            more.set()
        assert meanwhile.status_code == 409
        assert "still being answered" in meanwhile.json()["detail"]
        assert first.result().status_code == 201
    assert api.post("/api/v1/sites", json=SITE, headers=ONCE).headers["idempotency-replayed"] == "true"


def test_many_repeats_at_once_create_one(api: httpx.Client, station: SmallStation, url: str) -> None:
    def call(_: int) -> int:
        with keyed(url, station.key) as client:
            return client.post("/api/v1/people", json={"name": "한별"}, headers=ONCE).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(16)))
    assert set(answers) <= {201, 409}
    assert 201 in answers
    names = [person["name"] for person in api.get("/api/v1/people").json()["items"]]
    assert names.count("한별") == 1


def test_what_a_dead_process_left_is_tried_again(api: httpx.Client, station: SmallStation) -> None:
    with writing(station.database) as session:
        session.add(
            IdempotentRequest(
                person_id=station.person_id,
                key=ONCE["Idempotency-Key"],
                target="POST /api/v1/sites",
                created_at=station.clock(),
            )
        )
    assert api.post("/api/v1/sites", json=SITE, headers=ONCE).status_code == 201
    assert api.post("/api/v1/sites", json=SITE, headers=ONCE).headers["idempotency-replayed"] == "true"


def test_a_week_later_it_is_forgotten(api: httpx.Client, station: SmallStation) -> None:
    api.post("/api/v1/sites", json=SITE, headers=ONCE)
    station.clock.advance(timedelta(days=7, seconds=1))
    again = api.post("/api/v1/sites", json=SITE, headers=ONCE)
    assert again.status_code == 409
    assert "already a site TAC" in again.json()["detail"]


def test_secrets_are_not_kept_for_replay(api: httpx.Client, station: SmallStation) -> None:
    first = api.post("/api/v1/keys", json={"label": "a"}, headers=ONCE)
    again = api.post("/api/v1/keys", json={"label": "a"}, headers=ONCE)
    assert first.json()["secret"] != again.json()["secret"]
    assert stored(station) == 0


@pytest.mark.parametrize("key", ["", "x" * 201, "with space"])
def test_a_key_that_is_none(api: httpx.Client, key: str) -> None:
    answer = api.post("/api/v1/sites", json=SITE, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert "visible ASCII" in answer.json()["detail"]


def test_an_upload_streams_through_and_is_taken_once(api: httpx.Client) -> None:
    upload = {"file": ("뉴스.wav", b"RIFF" + bytes(3 << 20), "audio/wav")}
    described = {"title": "뉴스", "kind": "news"}
    first = api.post("/api/v1/segments", files=upload, data=described, headers=ONCE)
    assert first.status_code in {201, 202}, first.text
    again = api.post("/api/v1/segments", files=upload, data=described, headers=ONCE)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert len(api.get("/api/v1/segments").json()["items"]) == 1
