"""Who gets in, how, and until when."""

from __future__ import annotations

import sqlite3
import unicodedata
from datetime import timedelta

import httpx
import pytest

from app.database import writing
from app.errors import Conflict
from app.people import service as people
from tests.stations import PATIENCE_S, TRUST, SmallStation, keyed


def browser(url: str, **headers: str) -> httpx.Client:
    """A browser that says, as browsers do, where its requests come from."""
    return httpx.Client(base_url=url, headers={"Origin": url} | headers, timeout=PATIENCE_S, verify=TRUST)


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
    document = httpx.get(f"{quiet_url}/openapi.json", timeout=PATIENCE_S).json()
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
        assert "이미 쓴 링크" in again.text
        assert "has been used" in late.post(f"/login/{token}", headers={"Accept-Language": "en"}).text


def test_too_many_used_links_are_answered_in_words_too(station: SmallStation, url: str) -> None:
    with browser(url) as client:
        answers = [client.post("/login/guess") for _ in range(12)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert "실패가 너무 많았습니다" in answers[-1].text


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
        refused = client.post("/api/v1/session", json={"key": "danpa_guess"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


def test_nobody_can_lock_a_colleague_out(station: SmallStation, url: str) -> None:
    with browser(url) as office:  # one address, as behind a proxy
        for _ in range(20):
            office.post("/api/v1/session", json={"key": "danpa_guess"})
        assert office.post("/api/v1/session", json={"key": station.key}).status_code == 201
        token = station.login_link()
        assert office.post(f"/login/{token}").status_code == 303


def test_wrong_keys_do_not_wait_for_the_write_lock(station: SmallStation, url: str) -> None:
    token = station.login_link()
    station.clock.advance(timedelta(hours=2))
    with writing(station.database) as session, browser(url) as client:
        session.connection()  # takes the lock, as the engine does
        assert client.post("/api/v1/session", json={"key": "danpa_guess"}).status_code == 401
        assert client.post(f"/login/{token}").status_code == 401


def test_a_disabled_person_is_out_at_once_and_keeps_their_history(
    api: httpx.Client, station: SmallStation, url: str
) -> None:
    secret = station.another_key("박바다")
    with keyed(url, secret) as machine, browser(url) as client:
        person = machine.post("/api/v1/people", json={"name": "이슬"}).json()
        leaver = next(each for each in api.get("/api/v1/people").json()["items"] if each["name"] == "박바다")
        with writing(station.database) as session:
            link = people.create_login_link(session, leaver["id"], timedelta(hours=1), now=station.clock())
        sign_in(client, secret)
        gone = api.post(f"/api/v1/people/{leaver['id']}/disable")
        assert gone.status_code == 200
        assert gone.json()["disabled_at"] is not None
        assert machine.get("/api/v1/people").status_code == 401
        assert client.get("/api/v1/people").status_code == 401
        assert 'action="/sign-in"' in client.get("/").text
        assert client.post(f"/login/{link}").status_code == 401
        assert api.post("/api/v1/keys", json={"person_id": leaver["id"], "label": "x"}).status_code == 409

        journal = api.get("/api/v1/journal", params={"action": "person.created"}).json()["items"]
        assert (journal[0]["subject_id"], journal[0]["person"]) == (person["id"], "박바다")
        keys = [key for key in api.get("/api/v1/keys").json()["items"] if key["person_id"] == leaver["id"]]
        assert all(key["revoked_at"] for key in keys)

        back = api.post(f"/api/v1/people/{leaver['id']}/enable")
        assert back.json()["disabled_at"] is None
        assert machine.get("/api/v1/people").status_code == 401  # the old keys stay revoked
        made = api.post("/api/v1/keys", json={"person_id": leaver["id"], "label": "new"}).json()
    with keyed(url, made["secret"]) as again:
        assert again.get("/api/v1/people").status_code == 200


def test_the_last_person_cannot_be_disabled(api: httpx.Client, station: SmallStation) -> None:
    other = api.post("/api/v1/people", json={"name": "박바다"}).json()
    assert api.post(f"/api/v1/people/{other['id']}/disable").status_code == 200
    refused = api.post(f"/api/v1/people/{station.person_id}/disable")
    assert refused.status_code == 409
    assert "is the last who may sign in" in refused.json()["detail"]
    assert api.get("/api/v1/people").status_code == 200


def test_nobody_gets_a_link_that_would_not_open(api: httpx.Client, station: SmallStation) -> None:
    other = api.post("/api/v1/people", json={"name": "박바다"}).json()
    api.post(f"/api/v1/people/{other['id']}/disable")
    with writing(station.database) as session, pytest.raises(Conflict, match="is disabled"):
        people.create_login_link(session, other["id"], timedelta(hours=1), now=station.clock())


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
