"""What surrounds every answer, and what the outside may see without signing in."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import httpx
import pytest

from app.database import migrate
from app.web.application import create_app
from tests.stations import SmallStation, keyed, running


@pytest.mark.parametrize(
    "path", ["/health/live", "/docs", "/openapi.json", "/api/v1/sites", "/nowhere", "/login/x", "/reply/x"]
)
def test_every_answer_is_guarded(quiet_url: str, path: str) -> None:
    headers = httpx.get(quiet_url + path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers
    if path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"


def test_the_description_loads_nothing_from_elsewhere(quiet_url: str) -> None:
    page = httpx.get(f"{quiet_url}/docs").text
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    assert "<script" not in page
    assert "<style" not in page
    assert "POST /api/v1/slots" in page
    assert "아침 뉴스" in page  # examples are shown
    assert httpx.get(f"{quiet_url}/docs/style.css").headers["content-type"].startswith("text/css")


def test_a_station_without_an_engine_is_alive_but_not_ready(url: str, station: SmallStation) -> None:
    assert httpx.get(f"{url}/health/live").json() == {"ok": True, "reasons": []}
    answer = httpx.get(f"{url}/health/ready")
    assert answer.status_code == 503
    assert "the engine has not started yet" in answer.json()["reasons"][0]


def test_health_tells_strangers_nothing_of_the_machine(url: str, station: SmallStation) -> None:
    migrate(station.database, "base")
    answer = httpx.get(f"{url}/health/ready")
    assert answer.status_code == 503
    assert "danpa init" in answer.json()["reasons"][0]
    assert str(station.settings.root) not in answer.text


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready"])
def test_monitors_may_ask_for_the_head_only(quiet_url: str, path: str) -> None:
    head, whole = httpx.head(quiet_url + path), httpx.get(quiet_url + path)
    assert head.status_code == whole.status_code
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.content == b""


def test_ready_follows_the_engine(url: str, station: SmallStation) -> None:
    status = station.settings.run_dir / "engine.json"
    status.write_text(json.dumps({"at": station.clock().isoformat()}))
    assert httpx.get(f"{url}/health/ready").json() == {"ok": True, "reasons": []}
    station.clock.advance(timedelta(minutes=5))
    stale = httpx.get(f"{url}/health/ready")
    assert stale.status_code == 503
    assert "last seen at 2026-11-22 09:00:00 UTC" in stale.json()["reasons"][0]
    status.write_text("{")
    assert "cannot be read" in httpx.get(f"{url}/health/ready").json()["reasons"][0]


def test_an_unexpected_error_tells_nothing_and_is_logged(
    station: SmallStation, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(station.settings, now=station.clock)

    @app.get("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("the secret inside")

    with running(app, station.settings) as url:
        answer = httpx.get(f"{url}/api/v1/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    logged = capsys.readouterr().out
    assert answer.headers["x-request-id"] in logged


def test_the_log_holds_no_one_time_secret(station: SmallStation, capsys: pytest.CaptureFixture[str]) -> None:
    token = station.login_link()
    with running(create_app(station.settings, now=station.clock), station.settings) as url:
        httpx.post(f"{url}/login/{token}", headers={"Origin": url})
    logged = capsys.readouterr()
    assert "/login/{token}" in logged.out
    assert token not in logged.out + logged.err


def test_a_body_has_a_limit(quiet: httpx.Client) -> None:
    announced = quiet.post("/api/v1/sites", content=b" " * (2 << 20))
    assert announced.status_code == 413
    assert announced.json()["type"] == "urn:danpa:problem:too-large"
    assert "at most 1048576" in announced.json()["detail"]
    chunks = (b" " * 65536 for _ in range(40))
    assert quiet.post("/api/v1/sites", content=chunks).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/nowhere", None, 404, "nothing at this address"),
        ("GET", "/api/v1/slots/77", None, 404, "there is no slot 77"),
        ("GET", "/api/v1/slots/abc", None, 422, "slot_id: is not a whole number"),
        ("PATCH", "/api/v1/sites", b"{}", 405, "not for this method"),
        ("POST", "/api/v1/sites", b'{"code":', 422, "the body is not JSON"),
        ("POST", "/api/v1/sites", b"{}", 422, "code: is missing; name: is missing"),
        ("POST", "/api/v1/sites", b'{"code":"TAC","name":"T","colour":1}', 422, "colour: is not known here"),
        ("GET", "/api/v1/sites?cursor=xyz", None, 422, "not a cursor"),
        ("GET", "/api/v1/sites?limit=500", None, 422, "limit: "),
    ],
)
def test_refusals_are_problem_documents_in_words(
    quiet: httpx.Client, method: str, path: str, body: bytes | None, status: int, words: str
) -> None:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    answer = quiet.request(method, path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:danpa:problem:")
    assert words in problem["detail"]


def test_lists_come_in_pages(api: httpx.Client) -> None:
    for number in range(5):
        assert api.post("/api/v1/sites", json={"code": f"S{number}", "name": "site"}).status_code == 201
    codes: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = api.get("/api/v1/sites", params=params).json()
        codes += [site["code"] for site in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert codes == ["S0", "S1", "S2", "S3", "S4"]
    newest = api.get("/api/v1/journal", params={"limit": 2}).json()["items"]
    assert [entry["subject_id"] for entry in newest] == [5, 4]


def test_a_client_with_a_key_needs_no_origin(station: SmallStation, url: str) -> None:
    with keyed(url, station.key) as machine:
        answer = machine.post(
            "/api/v1/sites",
            json={"code": "TAC", "name": "T"},
            headers={"Origin": "https://elsewhere.example"},
        )
    assert answer.status_code == 201
