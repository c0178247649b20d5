"""Numbers that no database holds, dates at the ends of the calendar, and text that is none: refused in words, never a failure."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from app.web.pagination import write_cursor

TOO_LARGE = 10**20
LONE_SURROGATE = "\ud800"

RESOURCES = (
    "programmes",
    "slots",
    "sites",
    "lines",
    "feeds",
    "segments",
    "airings",
    "handoffs",
    "people",
    "keys",
)
PROGRAMME: dict[str, Any] = {"title": "아침 뉴스", "code": "news"}
SLOT: dict[str, Any] = {
    "programme_id": 1,
    "start": "0500",
    "stop": "0530",
    "zone": "KST",
    "days": "daily",
    "first_date": "2026-10-26",
    "last_date": "2027-03-26",
}
FEED: dict[str, Any] = {"site_id": 1, "name": "Tashkent", "protocol": "folder", "address": "/srv/site"}
LINE: dict[str, Any] = {"slot_id": 1, "site_id": 1, "khz": 9650}


def check_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def element(**fields: Any) -> dict[str, Any]:
    return PROGRAMME | {"clock": [{"type": "pick", "kinds": ["news"]} | fields]}


@pytest.mark.parametrize("name", RESOURCES)
def test_an_id_that_no_database_holds(quiet: httpx.Client, name: str) -> None:
    for number in (TOO_LARGE, 2**63, -1):
        check_refused(quiet.get(f"/api/v1/{name}/{number}"))
    check_refused(quiet.get(f"/api/v1/{name}", params={"cursor": write_cursor(TOO_LARGE)}))


@pytest.mark.parametrize(
    "address",
    ["slots?programme_id=", "lines?slot_id=", "lines?site_id=", "feeds?site_id=", "journal?subject_id="],
)
def test_a_question_for_an_id_that_no_database_holds(quiet: httpx.Client, address: str) -> None:
    check_refused(quiet.get(f"/api/v1/{address}{TOO_LARGE}"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("programmes", PROGRAMME | {"standby_segment_id": TOO_LARGE}),
        ("slots", SLOT | {"programme_id": TOO_LARGE}),
        ("lines", LINE | {"slot_id": TOO_LARGE}),
        ("lines", LINE | {"feed_ids": [TOO_LARGE]}),
        ("feeds", FEED | {"site_id": TOO_LARGE}),
        ("feeds", FEED | {"max_duration_s": TOO_LARGE}),
        ("keys", {"label": "studio", "person_id": TOO_LARGE}),
        ("programmes", PROGRAMME | {"clock": [{"type": "fixed", "segment_id": TOO_LARGE}]}),
        ("programmes", PROGRAMME | {"clock": [{"type": "interval_signal", "seconds": 10**400}]}),
        ("programmes", element(priority=TOO_LARGE)),
        ("programmes", element(max_age_days=10**400)),
        ("programmes", element(label=LONE_SURROGATE)),
        ("programmes", element(label="a\0b")),
        ("programmes", element(order=LONE_SURROGATE)),
        ("programmes", element(type=LONE_SURROGATE)),
        ("programmes", element(**{LONE_SURROGATE: 1})),
        ("slots", SLOT | {"stop": LONE_SURROGATE}),
        ("slots", SLOT | {"first_date": "0001-01-01"}),
        ("slots", SLOT | {"last_date": "9999-12-31"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_body_at_the_edges(quiet: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = quiet.post(
        f"/api/v1/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    check_refused(answer)


@pytest.mark.parametrize("path", ["airings", "as-run"])
def test_the_last_day_of_the_calendar_has_no_night(quiet: httpx.Client, path: str) -> None:
    check_refused(quiet.get(f"/api/v1/{path}", params={"night": "9999-12-31"}))
    assert quiet.get(f"/api/v1/{path}", params={"night": "0001-01-01"}).status_code == 200


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_utc_does_not_have(quiet: httpx.Client, instant: str) -> None:
    check_refused(quiet.patch("/api/v1/segments/1", json={"air_until": instant}))


def test_a_form_whose_boundary_is_longer_than_any(quiet: httpx.Client) -> None:
    form = {"Content-Type": f"multipart/form-data; boundary={'x' * 5000}"}
    check_refused(quiet.post("/api/v1/segments", headers=form, content=b""))
