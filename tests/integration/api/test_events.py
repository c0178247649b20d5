"""Server-sent events: nothing is missed after a break, and nothing holds the server up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx
import pytest

from app.database import writing
from app.events.service import emit
from app.web.application import create_app
from tests.stations import SmallStation, keyed, running


def tell(station: SmallStation, subject_id: int, state: str) -> None:
    with writing(station.database) as session:
        emit(session, "airing", subject_id, state, at=station.clock())


def read(stream: httpx.Response, count: int) -> list[tuple[int, dict[str, Any]]]:
    """The next events: their ids and contents."""

    def events() -> Iterator[tuple[int, dict[str, Any]]]:
        number = 0
        for line in stream.iter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                yield number, json.loads(line[6:])

    return list(islice(events(), count))


def test_a_page_hears_what_changes_from_now_on(api: httpx.Client, station: SmallStation) -> None:
    tell(station, 1, "planned")
    with api.stream("GET", "/api/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        tell(station, 1, "compiled")
        [(_, event)] = read(stream, 1)
    assert event == {
        "subject": "airing",
        "subject_id": 1,
        "state": "compiled",
        "at": "2026-11-22T09:00:00+00:00",
    }


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_break_costs_no_event(api: httpx.Client, station: SmallStation, how: str) -> None:
    tell(station, 1, "planned")
    with api.stream("GET", "/api/v1/events", params={"after": 0}) as stream:
        [(seen, _)] = read(stream, 1)
    for state in ("compiled", "rendered"):  # while nobody listens
        tell(station, 1, state)
    headers = {"Last-Event-ID": str(seen)} if how == "header" else {}
    params = {"after": seen} if how == "query" else {}
    with api.stream("GET", "/api/v1/events", headers=headers, params=params) as stream:
        assert [event["state"] for _, event in read(stream, 2)] == ["compiled", "rendered"]


def test_an_id_from_another_database_does_not_deafen(api: httpx.Client, station: SmallStation) -> None:
    with api.stream("GET", "/api/v1/events", headers={"Last-Event-ID": "999999"}) as stream:
        tell(station, 3, "planned")
        assert [event["subject_id"] for _, event in read(stream, 1)] == [3]


def test_strangers_hear_nothing(url: str) -> None:
    assert httpx.get(f"{url}/api/v1/events").status_code == 401


def test_a_revoked_key_is_cut_off(
    api: httpx.Client, station: SmallStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.events.api.HEARTBEAT_POLLS", 1)
    with api.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith(":"))
        api.delete(f"/api/v1/keys/{station.key_id}")
        for _ in lines:  # ends by itself
            pass
    assert api.get("/api/v1/people").status_code == 401


def test_a_busy_night_keeps_no_revoked_key_connected(
    api: httpx.Client, station: SmallStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.events.api.HEARTBEAT_POLLS", 2)
    with api.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        api.delete(f"/api/v1/keys/{station.key_id}")
        tell(station, 1, "rendered")
        heard = 0
        for line in lines:  # each event is followed by another one before the stream falls quiet
            if line.startswith("id: "):
                heard += 1
                tell(station, heard, "rendered")
        assert heard < 10


def test_an_open_stream_does_not_hold_up_the_end(station: SmallStation) -> None:
    app = create_app(station.settings, now=station.clock)
    with running(app, station.settings) as url:
        client = keyed(url, station.key)
        stream = client.send(client.build_request("GET", "/api/v1/events"), stream=True)
        assert stream.status_code == 200
    # The server has ended; its stream was closed in good order, not cut.
    assert b"retry" in stream.read()
    client.close()
