"""A site's address: shown once, kept as a hash, revoked at once, and told from no other wrong one."""

from __future__ import annotations

import sqlite3

import httpx
import pytest

from app.database import writing
from app.feeds.models import Feed
from tests.integration.pull.deliveries import NAME, PullStation, bytes_of

SONG = bytes_of(10_000)


def test_an_address_is_shown_once_and_never_stored(pull: PullStation, api: httpx.Client) -> None:
    path = f"/api/v1/feeds/{pull.feed_id}/pull-keys"
    made = api.post(path, json={"label": "Tashkent"})
    assert made.status_code == 201
    token = made.json()["address"].rstrip("/").rpartition("/")[2]
    assert len(token) == len("pull_") + 43
    assert httpx.get(f"{pull.url}/pull/{token}/").json() == {"items": []}
    listed = api.get(path)
    assert [item["label"] for item in listed.json()["items"]] == ["studio server", "Tashkent"]
    assert token not in listed.text
    with sqlite3.connect(pull.station.settings.database_path) as raw:
        assert token not in "\n".join(raw.iterdump())
    raw.close()


def test_an_address_is_not_stored_for_a_repeat_either(pull: PullStation, api: httpx.Client) -> None:
    """What an Idempotency-Key keeps is the whole answer, so here it keeps nothing and each call makes a key of its own."""
    path = f"/api/v1/feeds/{pull.feed_id}/pull-keys"
    made = [api.post(path, json={"label": "x"}, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    tokens = [answer.json()["address"].rstrip("/").rpartition("/")[2] for answer in made]
    assert tokens[0] != tokens[1]
    with sqlite3.connect(pull.station.settings.database_path) as raw:
        stored = "\n".join(raw.iterdump())
    raw.close()
    assert not any(token in stored for token in tokens)


def test_a_new_address_works_beside_the_old_until_that_is_revoked(
    pull: PullStation, api: httpx.Client
) -> None:
    pull.deliver(SONG)
    _, fresh = pull.another_key()
    assert httpx.get(pull.address + NAME).content == httpx.get(fresh + NAME).content == SONG
    gone = api.delete(f"/api/v1/feeds/{pull.feed_id}/pull-keys/{pull.key_id}")
    assert gone.status_code == 204
    assert httpx.get(pull.address + NAME).status_code == 404
    assert httpx.get(fresh + NAME).content == SONG
    assert api.delete(f"/api/v1/feeds/{pull.feed_id}/pull-keys/{pull.key_id}").status_code == 204
    assert api.delete(f"/api/v1/feeds/{pull.feed_id}/pull-keys/99").status_code == 404


def test_every_wrong_address_is_answered_alike(pull: PullStation, api: httpx.Client) -> None:
    pull.deliver(SONG)
    key_id, revoked = pull.another_key()
    api.delete(f"/api/v1/feeds/{pull.feed_id}/pull-keys/{key_id}")
    token = pull.address.rstrip("/").rpartition("/")[2]
    wrong = [
        f"{pull.address}nothing.mp3",
        f"{pull.address}..%2f{NAME}",
        f"{revoked}{NAME}",
        revoked,
        f"{pull.url}/pull/pull_x/",
        f"{pull.url}/pull/{token[:-1]}/{NAME}",
        f"{pull.url}/pull/{token}x/",
    ]
    answers = [httpx.get(address) for address in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}
    assert pull.log() == []


def test_guessing_is_slowed_down_and_a_right_key_is_not(pull: PullStation) -> None:
    answers = [httpx.get(f"{pull.url}/pull/pull_{number}/").status_code for number in range(12)]
    assert answers[:10] == [404] * 10
    assert answers[10:] == [429, 429]
    assert httpx.get(pull.address).status_code == 200


def test_a_feed_that_is_switched_off_gives_nothing(pull: PullStation) -> None:
    pull.deliver(SONG)
    with writing(pull.station.database) as session:
        session.get_one(Feed, pull.feed_id).enabled = False
    assert httpx.get(pull.address + NAME).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written_there(pull: PullStation, method: str) -> None:
    pull.deliver(SONG)
    assert httpx.request(method, pull.address + NAME).status_code == 405


def test_people_see_what_was_fetched(pull: PullStation, api: httpx.Client) -> None:
    handoff_id = pull.deliver(SONG)
    httpx.get(pull.address + NAME, headers={b"User-Agent": "가".encode() * 10 + b"x" * 400})
    path = f"/api/v1/feeds/{pull.feed_id}/fetches"
    (item,) = api.get(path, params={"handoff_id": handoff_id}).json()["items"]
    assert (item["name"], item["status"], item["end_byte"]) == (NAME, 200, len(SONG))
    assert len(item["user_agent"]) <= 200
    assert api.get(path, params={"handoff_id": handoff_id + 1}).json()["items"] == []
    assert api.get("/api/v1/feeds/99/fetches").status_code == 404


def test_only_a_feed_that_is_fetched_from_has_keys(pull: PullStation, api: httpx.Client) -> None:
    with writing(pull.station.database) as session:
        session.get_one(Feed, pull.feed_id).protocol = "folder"
    refused = api.post(f"/api/v1/feeds/{pull.feed_id}/pull-keys", json={"label": "x"})
    assert refused.status_code == 409
    assert httpx.get(pull.address).status_code == 404
