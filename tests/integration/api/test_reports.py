"""Reception reports: each is of a line that was on the air, none holds more of a listener than it must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.airings.models import Airing
from app.database import writing
from tests.circuits import fill, make
from tests.stations import SmallStation, keyed, make_station, serving

REPORT: dict[str, Any] = {"heard_at": "2026-11-21T15:20:00Z", "khz": 5900, "sinpo": "34433"}


@pytest.fixture
def line(api: httpx.Client) -> int:
    """Daily from 15:00 to 17:00 UTC on 5900 kHz; it is 09:00 on 22 November."""
    fill(api, 5900)
    return 1


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """For reports that are refused: 5900 kHz from Tamsui, and 7300 kHz from there and from Paochung."""
    station = make_station(tmp_path_factory.mktemp("standing"))
    with serving(station) as url, keyed(url, station.key) as client:
        fill(client, 5900, 7300)
        other = make(client, "sites", {"code": "PAO", "name": "Paochung"})
        make(client, "lines", {"slot_id": 1, "site_id": other, "khz": 7300})
        yield client
    station.database.dispose()


def test_a_report_of_a_frequency_is_one_of_the_line_that_was_on_it(api: httpx.Client, line: int) -> None:
    taken = api.post("/api/v1/reports", json=REPORT)
    assert taken.status_code == 201
    told = taken.json()
    assert (told["line_id"], told["khz"], told["overall"], told["jamming"]) == (line, 5900, 3, "unknown")
    assert api.get(taken.headers["location"]).json() == told
    (entry,) = api.get("/api/v1/journal", params={"action": "report.taken"}).json()["items"]
    assert (entry["person"], entry["details"]) == ("김하늘", {"line_id": line})


def test_a_time_may_be_written_in_any_zone(api: httpx.Client, line: int) -> None:
    taken = api.post("/api/v1/reports", json=REPORT | {"heard_at": "2026-11-22T00:20:00+09:00"})
    assert taken.json()["heard_at"] == "2026-11-21T15:20:00Z"


def test_the_overall_merit_alone_will_do(api: httpx.Client, line: int) -> None:
    body = {
        "heard_at": REPORT["heard_at"],
        "line_id": line,
        "overall": 2,
        "jamming": "noise",
        "source": "listener",
    }
    told = api.post("/api/v1/reports", json=body).json()
    assert (told["sinpo"], told["overall"], told["jamming"], told["source"]) == (None, 2, "noise", "listener")


def test_where_a_listener_is_gets_stored_to_eleven_kilometres(api: httpx.Client, line: int) -> None:
    there = {"place": "연변", "latitude": 42.9043, "longitude": 129.5087}
    told = api.post("/api/v1/reports", json=REPORT | there).json()
    assert (told["place"], told["latitude"], told["longitude"]) == ("연변", 42.9, 129.5)
    assert "연변" not in api.get("/api/v1/journal").text


@pytest.mark.parametrize(
    ("changes", "code", "field", "words"),
    [
        ({"heard_at": "2026-11-22T15:20:00Z"}, "in-future", "heard_at", "is still to come"),
        ({"heard_at": "0001-01-01T00:00:00Z"}, "long-ago", "heard_at", "too long ago"),
        ({"heard_at": "2026-11-21T15:20:00"}, "invalid", "heard_at", "timezone"),
        ({"heard_at": "2026-11-21T17:00:00Z"}, "not-on-air-then", "heard_at",
         "nearest time is 2026-11-21 15:00-17:00 UTC (11-22 00:00-02:00 KST)"),
        ({"heard_at": "2026-11-21T06:20:00Z"}, "not-on-air-then", "heard_at", "is the time zone right?"),
        ({"heard_at": "2026-10-21T15:20:00Z"}, "not-ours", "khz", "there was nothing at that time"),
        ({"khz": 6000}, "not-ours", "khz", "of ours there was 5900 kHz, 7300 kHz at that time"),
        ({"khz": 7300}, "several-lines", "khz", "over line 2 (TSH), line 3 (PAO): send one of them as line_id"),
        ({"khz": None}, "line-or-khz", "khz", "either line_id or khz"),
        ({"line_id": 1}, "line-or-khz", "khz", "either line_id or khz"),
        ({"khz": None, "line_id": 9}, "invalid", "line_id", "there is no line 9"),
        ({"sinpo": "34630"}, "bad-sinpo", "sinpo", "five digits from 1 (worst) to 5 (best)"),
        ({"sinpo": "344"}, "bad-sinpo", "sinpo", "such as 34433"),
        ({"sinpo": None}, "no-merit", "overall", "how well was it heard?"),
        ({"overall": 5}, "merits-differ", "overall", "SINPO 34433 ends with 3, but overall is 5"),
        ({"overall": 6}, "invalid", "overall", "less than or equal to 5"),
        ({"latitude": 42.9}, "half-a-place", "longitude", "belong together"),
        ({"jamming": "bubbles"}, "invalid", "jamming", "'noise'"),
        ({"name": "리 선생"}, "invalid", "name", "is not known here"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_of_us_is_refused_in_words(
    standing: httpx.Client, changes: dict[str, Any], code: str, field: str, words: str
) -> None:
    answer = standing.post("/api/v1/reports", json=REPORT | changes)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == f"urn:danpa:problem:{code}"
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]


def test_of_several_lines_the_one_that_is_named_counts(standing: httpx.Client) -> None:
    body = REPORT | {"khz": None, "line_id": 3}
    assert standing.post("/api/v1/reports", json=body).json()["line_id"] == 3


def test_what_was_called_off_was_not_heard_and_a_slot_that_moved_was_heard_where_it_was(
    api: httpx.Client, station: SmallStation, line: int
) -> None:
    def airing(day: int, hour: int, state: str) -> Airing:
        at = datetime(2026, 11, day, hour, tzinfo=UTC)
        return Airing(
            slot_id=1, starts_at=at, stops_at=at.replace(hour=hour + 1), target_samples=0, compile_at=at,
            state=state, created_at=at,
        )  # fmt: skip

    with writing(station.database) as session:
        session.add_all([airing(21, 15, "cancelled"), airing(20, 12, "done")])
    assert api.post("/api/v1/reports", json=REPORT).status_code == 422
    for heard_at, status in (("2026-11-20T15:20:00Z", 422), ("2026-11-20T12:20:00Z", 201)):
        assert api.post("/api/v1/reports", json=REPORT | {"heard_at": heard_at}).status_code == status


def test_the_tail_past_midnight_belongs_to_the_line_too(api: httpx.Client, line: int) -> None:
    slot = make(api, "slots", {"programme_id": 1, "start": "2330", "stop": "0030", "days": "Fr", "first_date": "2026-11-01", "last_date": "2026-12-31"})  # fmt: skip
    late = make(api, "lines", {"slot_id": slot, "site_id": 1, "khz": 6100})
    told = api.post("/api/v1/reports", json=REPORT | {"khz": 6100, "heard_at": "2026-11-21T00:29:00Z"}).json()
    assert told["line_id"] == late


def test_the_same_report_twice_is_one(api: httpx.Client, line: int) -> None:
    first = api.post("/api/v1/reports", json=REPORT, headers={"Idempotency-Key": "letter-7"})
    again = api.post("/api/v1/reports", json=REPORT, headers={"Idempotency-Key": "letter-7"})
    assert (again.status_code, again.json()) == (201, first.json())
    twin = api.post("/api/v1/reports", json=REPORT)
    assert twin.status_code == 409
    assert twin.json()["type"] == "urn:danpa:problem:already-reported"
    assert f"report {first.json()['id']} already says the same" in twin.json()["detail"]
    assert len(api.get("/api/v1/reports").json()["items"]) == 1


def test_reports_are_found_by_line_slot_frequency_and_time(api: httpx.Client, line: int) -> None:
    make(api, "lines", {"slot_id": 1, "site_id": 1, "khz": 7300})
    for day in (19, 20, 21):
        for khz in (5900, 7300):
            make(api, "reports", REPORT | {"heard_at": f"2026-11-{day}T15:20:00Z", "khz": khz})

    def found(**asked: Any) -> list[int]:
        answer = api.get("/api/v1/reports", params=asked)
        assert answer.status_code == 200
        return [one["id"] for one in answer.json()["items"]]

    assert found() == [6, 5, 4, 3, 2, 1]
    assert found(line_id=2) == found(khz=7300) == [6, 4, 2]
    assert (found(slot_id=1), found(slot_id=2)) == ([6, 5, 4, 3, 2, 1], [])
    assert found(**{"from": "2026-11-20T15:20:00Z", "until": "2026-11-21T15:20:00Z"}) == [4, 3]
    assert api.get("/api/v1/reports", params={"from": "2026-11-21T00:00:00Z", "until": "2026-11-20T00:00:00Z"}).status_code == 422  # fmt: skip


def test_a_deleted_report_leaves_nothing_but_the_line_in_the_journal(api: httpx.Client, line: int) -> None:
    number = make(api, "reports", REPORT | {"place": "연변"})
    assert api.delete(f"/api/v1/reports/{number}").status_code == 204
    assert api.get(f"/api/v1/reports/{number}").status_code == 404
    assert api.delete(f"/api/v1/reports/{number}").status_code == 404
    (entry,) = api.get("/api/v1/journal", params={"action": "report.deleted"}).json()["items"]
    assert (entry["subject_id"], entry["details"]) == (number, {"line_id": line})


def test_a_line_that_was_reported_stays_and_keeps_its_frequency(api: httpx.Client, line: int) -> None:
    make(api, "reports", REPORT)
    gone = api.delete(f"/api/v1/lines/{line}")
    assert gone.status_code == 409
    assert "has 1 reception reports" in gone.json()["detail"]
    moved = api.put(f"/api/v1/lines/{line}", json={"slot_id": 1, "site_id": 1, "khz": 6000})
    assert moved.status_code == 409


def test_strangers_neither_read_nor_write_reports(quiet_url: str) -> None:
    assert httpx.get(f"{quiet_url}/api/v1/reports").status_code == 401
    assert httpx.post(f"{quiet_url}/api/v1/reports", json=REPORT).status_code == 401
