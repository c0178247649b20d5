"""Who gets in, how, and until when."""

from __future__ import annotations

import sqlite3
import unicodedata
from datetime import timedelta

import httpx
import pytest

from tests.stations import SmallStation, keyed


def browser(url: str, **headers: str) -> httpx.Client:
    """A browser that says, as browsers do, where its requests come from."""
    return httpx.Client(base_url=url, headers={"Origin": url} | headers)


def sign_in(client: httpx.Client, key: str) -> str:
    """Sign a browser in; its token for changes."""
    answer = client.post("/api/v1/session", json={"key": key})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["csrf_token"]
    return token


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer danpa_wrong", "Basic dXNlcjpwYXNz", "Bearer"],
)
def test_nobody_gets_in_without_a_key(quiet_url: str, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.get(f"{quiet_url}/api/v1/people", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:danpa:problem:not-signed-in"


def test_every_address_of_the_api_asks_who_is_there(quiet_url: str) -> None:
    document = httpx.get(f"{quiet_url}/openapi.json").json()
    gets = [
        path for path, methods in document["paths"].items() if "get" in methods and path.startswith("/api/")
    ]
    assert gets
    for path in gets:
        address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
        assert httpx.get(quiet_url + address).status_code == 401, path


def test_a_new_key_is_shown_once_and_never_stored(api: httpx.Client, station: SmallStation, url: str) -> None:
    made = api.post("/api/v1/keys", json={"label": "studio 2"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("danpa_")
    assert len(secret) == len("danpa_") + 43
    assert "secret" not in api.get(made.headers["location"]).json()
    with keyed(url, secret) as other:
        assert other.get("/api/v1/people").status_code == 200
    with sqlite3.connect(station.settings.database_path) as raw:
        assert secret not in "\n".join(raw.iterdump())
    raw.close()


def test_a_key_becomes_a_session(station: SmallStation, url: str) -> None:
    with browser(url) as client:
        answer = client.post("/api/v1/session", json={"key": station.key})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert client.get("/api/v1/people").status_code == 200
        token = answer.json()["csrf_token"]
        created = client.post("/api/v1/people", json={"name": "박바다"}, headers={"X-CSRF-Token": token})
        assert created.status_code == 201


def test_revoking_a_key_ends_its_sessions(api: httpx.Client, station: SmallStation, url: str) -> None:
    secret = api.post("/api/v1/keys", json={"label": "laptop"}).json()
    with browser(url) as client:
        sign_in(client, secret["secret"])
        assert client.get("/api/v1/people").status_code == 200
        assert api.delete(f"/api/v1/keys/{secret['id']}").status_code == 204
        assert client.get("/api/v1/people").status_code == 401
    with keyed(url, secret["secret"]) as machine:
        assert machine.get("/api/v1/people").status_code == 401
    assert api.get("/api/v1/people").status_code == 200


def test_a_session_ends_after_a_shift(station: SmallStation, url: str) -> None:
    with browser(url) as client:
        sign_in(client, station.key)
        station.clock.advance(timedelta(hours=11, minutes=59))
        assert client.get("/api/v1/people").status_code == 200
        station.clock.advance(timedelta(minutes=1))
        assert client.get("/api/v1/people").status_code == 401


def test_signing_out_ends_the_session_on_the_server(station: SmallStation, url: str) -> None:
    with browser(url) as client:
        token = sign_in(client, station.key)
        cookie = client.cookies["danpa_session"]
        assert client.delete("/api/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
        assert "danpa_session" not in client.cookies
    assert httpx.get(f"{url}/api/v1/people", cookies={"danpa_session": cookie}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Origin": "https://evil.example"}, "our own page"),
        ({"Origin": "null"}, "our own page"),
        ({"Sec-Fetch-Site": "cross-site"}, "another site"),
        ({"Sec-Fetch-Site": "same-site"}, "another site"),
        ({}, "our own page"),
    ],
)
def test_another_sites_page_changes_nothing(
    station: SmallStation, url: str, headers: dict[str, str], words: str
) -> None:
    with browser(url) as client:
        token = sign_in(client, station.key)
        cookie = client.cookies["danpa_session"]
    answer = httpx.post(
        f"{url}/api/v1/people",
        json={"name": "침입자"},
        cookies={"danpa_session": cookie},
        headers={"X-CSRF-Token": token} | headers,
    )
    assert answer.status_code == 403
    assert words in answer.json()["detail"]
    signing_in = httpx.post(f"{url}/api/v1/session", json={"key": station.key}, headers=headers)
    assert signing_in.status_code == 403


def test_a_change_needs_the_token_of_its_own_session(station: SmallStation, url: str) -> None:
    with browser(url) as other:
        foreign = sign_in(other, station.key)
    with browser(url) as client:
        sign_in(client, station.key)
        for token in ("", "5f0c", foreign):
            answer = client.post("/api/v1/people", json={"name": "박바다"}, headers={"X-CSRF-Token": token})
            assert answer.status_code == 403
            assert "reload the page" in answer.json()["detail"]


def test_a_link_signs_in_one_browser_once(station: SmallStation, url: str) -> None:
    token = station.login_link()
    for _ in range(2):
        preview = httpx.get(f"{url}/login/{token}")  # a chat program looks at the link
        assert preview.status_code == 200
        assert "set-cookie" not in preview.headers
    with browser(url) as client:
        used = client.post(f"/login/{token}")
        assert (used.status_code, used.headers["location"]) == (303, "/")
        assert client.get("/api/v1/people").status_code == 200
    with browser(url) as late:
        again = late.post(f"/login/{token}")
        assert again.status_code == 401
        assert "this link has been used" in again.text


def test_a_link_expires(station: SmallStation, url: str) -> None:
    token = station.login_link(timedelta(minutes=10))
    station.clock.advance(timedelta(minutes=10))
    with browser(url) as client:
        assert client.post(f"/login/{token}").status_code == 401


def test_guessing_is_slowed_down(station: SmallStation, url: str) -> None:
    with browser(url) as client:
        answers = [client.post("/api/v1/session", json={"key": "danpa_guess"}).status_code for _ in range(12)]
        assert answers[:10] == [401] * 10
        assert answers[-1] == 429
        refused = client.post("/api/v1/session", json={"key": station.key})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


def test_every_write_names_its_actor(api: httpx.Client, station: SmallStation, url: str) -> None:
    with keyed(url, station.another_key("박바다")) as other:
        other.post("/api/v1/sites", json={"code": "TAC", "name": "Tashkent"})
    entry = api.get("/api/v1/journal", params={"limit": 1}).json()["items"][0]
    assert (entry["person"], entry["action"]) == ("박바다", "site.created")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("김\x00하늘", "control character"),
        ("김하늘", "already somebody"),
        ("가" * 101, "at most 100"),
    ],
)
def test_names_of_people(quiet: httpx.Client, name: str, words: str) -> None:
    answer = quiet.post("/api/v1/people", json={"name": name})
    assert answer.status_code in {409, 422}
    assert words in answer.json()["detail"]


def test_names_are_one_in_spelling(api: httpx.Client) -> None:
    decomposed = unicodedata.normalize("NFD", "이슬")  # as a Mac sends it
    assert api.post("/api/v1/people", json={"name": f" {decomposed} "}).json()["name"] == "이슬"
