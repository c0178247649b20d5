"""Advice: what is known of each alternative, in an order that can be told, and the call that carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.propagation.candidates import coarse
from tests.circuits import fill, make, work_off
from tests.stations import SmallStation, keyed, make_station, serving

PATH = "/api/v1/slots/1/advice"
ON_SATURDAY = {"date": "2026-12-05"}
JAMMER: dict[str, Any] = {"khz": 5900, "site": "Pyongyang", "since": "2026-11-03", "note": "noise"}


def advice(api: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = api.get(PATH, params=ON_SATURDAY | asked)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def order(told: dict[str, Any]) -> list[int]:
    assert [one["place"] for one in told["alternatives"]] == list(range(1, len(told["alternatives"]) + 1))
    return [one["khz"] for one in told["alternatives"]]


def reasons(told: dict[str, Any], khz: float) -> dict[str, str]:
    (one,) = (each for each in told["alternatives"] if each["khz"] == khz)
    return {reason["code"]: reason["text"] for reason in one["reasons"]}


def test_a_signal_that_nobody_has_predicted_is_said_to_be_missing_and_computed(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 11700)
    first = api.get(PATH, params={**ON_SATURDAY, "khz": [5905, 7300]})
    assert (first.status_code, first.json()["job"]["state"]) == (202, "queued")
    assert "no-prediction" in reasons(first.json(), 5905)

    assert work_off(station) == 1

    told = api.get(PATH, params={**ON_SATURDAY, "khz": [5905, 7300]})
    assert (told.status_code, told.json()["job"]) == (200, None)
    assert "predicted good in the slot's worst hour" in reasons(told.json(), 5905)["signal"]
    assert "no-prediction" not in reasons(told.json(), 5905)
    assert work_off(station) == 0


def test_the_better_signal_of_two_that_are_equal_otherwise_comes_first(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 9600)
    advice(api, khz=[5905, 15200])
    work_off(station)
    told = advice(api, khz=[5905, 15200])
    assert order(told) == [9600, 5905, 15200]
    assert [one["decided_by"] for one in told["alternatives"]] == [None, "cleared", "signal"]


def test_a_frequency_under_a_jammer_is_no_way_out_even_if_it_is_ours(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    assert order(advice(api, khz=7300)) == [5900, 7300]
    make(api, "jammers", JAMMER)
    told = advice(api, khz=7300)
    assert order(told) == [7300, 5900]
    assert told["alternatives"][1]["decided_by"] == "jammers"
    assert reasons(told, 5900)["jammer-on-channel"] == "jammed: Pyongyang is on 5900 kHz, 0 kHz away"
    assert "1400 kHz away" in reasons(told, 7300)["jammers-clear"]


def test_a_jammer_counts_from_its_first_day_and_no_more_when_it_has_gone(api: httpx.Client) -> None:
    fill(api, 5900)
    number = make(api, "jammers", JAMMER | {"since": "2026-12-06"})
    assert "no-jammer-known" in reasons(advice(api), 5900)
    assert "jammer-on-channel" in reasons(advice(api, date="2026-12-06"), 5900)
    assert api.delete(f"/api/v1/jammers/{number}").status_code == 204
    assert "no-jammer-known" in reasons(advice(api, date="2026-12-06"), 5900)


def test_reports_of_the_slots_hours_are_evidence_and_others_are_none(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    morning = make(api, "slots", {"programme_id": 1, "start": "0100", "stop": "0200", "days": "daily", "first_date": "2026-11-01", "last_date": "2027-03-26"})  # fmt: skip
    make(api, "lines", {"slot_id": morning, "site_id": 1, "khz": 5900})
    for day in (18, 19):
        make(api, "reports", {"heard_at": f"2026-11-{day}T01:30:00Z", "khz": 5900, "overall": 1})
    assert reasons(advice(api), 5900)["no-evidence"] == "no evidence: nobody has reported on it"

    for day, overall in ((20, 2), (21, 1)):
        make(api, "reports", {"heard_at": f"2026-11-{day}T15:30:00Z", "khz": 5900, "overall": overall})
    told = advice(api, khz=5905)
    bad = "listeners report that it fails: 2 reports, the newest 0 days old, overall 1.5 of 5"
    assert reasons(told, 5900)["reports-bad"] == bad
    assert order(told) == [5905, 5900]

    station.clock.advance(timedelta(days=40))
    assert "no recent evidence" in reasons(advice(api, date="2027-01-05"), 5900)["reports-old"]


def test_the_call_that_carries_it_out_is_in_the_answer(api: httpx.Client) -> None:
    fill(api, 5900)
    told = advice(api, khz=7300)
    own, other = told["alternatives"]
    assert (own["khz"], own["is_on_air"], own["move"]) == (5900, True, None)
    assert other["move"] == {
        "path": "/api/v1/lines/1/move",
        "body": {
            "khz": 7300,
            "from_date": "2026-12-05",
            "reason": "place 2 in the advice of 2026-11-22 09:00 UTC",
        },
    }
    carried_out = api.post(other["move"]["path"], json=other["move"]["body"])
    assert (carried_out.status_code, carried_out.json()["change"]["state"]) == (201, "requested")


def test_what_is_in_the_pool_is_cleared(api: httpx.Client) -> None:
    fill(api, 5900)
    api.put("/api/v1/slots/1/pool", json={"entries": [{"khz": 7300}, {"khz": 9500, "site_id": 1}]})
    told = advice(api, khz=7400)
    assert {one["khz"]: one["is_cleared"] for one in told["alternatives"]} == {
        5900: True, 7300: True, 9500: True, 7400: False,
    }  # fmt: skip


def test_free_channels_keep_clear_of_our_own_and_stand_for_their_neighbours(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    advice(api, free=True)
    work_off(station)
    told = advice(api, free=True)
    assert told["job"] is None
    free = [one for one in told["alternatives"] if not one["is_on_air"]]
    assert len(free) == 20
    assert all(one["khz"] % 5 == 0 and one["in_band"] and abs(one["khz"] - 5900) >= 10 for one in free)
    assert len({coarse(one["khz"]) for one in free}) == 20
    assert free[0]["khz"] < 7500
    assert all("signal" in reasons(told, one["khz"]) for one in free)


def test_conflicts_that_nobody_looked_for_are_not_said_to_be_absent(api: httpx.Client) -> None:
    fill(api, 5900)
    told = advice(api)
    assert not {"possible", "no-serious-conflict", "no-neighbours"} & set(reasons(told, 5900))
    assert "conflicts with other stations are not known" in told["notes"][0]


def test_a_site_that_lies_nobody_knows_where_still_gets_advice_and_is_told_why_without_signal(
    api: httpx.Client,
) -> None:
    fill(api, 5900, latitude=None)
    told = advice(api, khz=7300)
    assert (order(told), told["job"], told["circuit"]) == ([5900, 7300], None, None)
    assert any("where site TSH lies is not known" in note for note in told["notes"])


def test_the_day_that_is_left_out_is_the_slots_next(api: httpx.Client, station: SmallStation) -> None:
    fill(api, 5900)
    assert api.get(PATH).json()["day"] == "2026-11-22"
    station.clock.advance(timedelta(hours=8))
    assert api.get(PATH).json()["day"] == "2026-11-23"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Slot 1 with two lines, slot 2 on Mondays with none, slot 3 that is over; a jammer."""
    station = make_station(tmp_path_factory.mktemp("standing"))
    with serving(station) as url, keyed(url, station.key) as client:
        fill(client, 5900, 7300)
        slot = {"programme_id": 1, "start": "1800", "stop": "1900", "days": "Mo", "first_date": "2026-11-01"}
        make(client, "slots", slot | {"last_date": "2026-12-31"})
        make(client, "slots", slot | {"last_date": "2026-11-16"})
        make(client, "jammers", JAMMER)
        yield client
    station.database.dispose()


@pytest.mark.parametrize(
    ("slot", "asked", "status", "words"),
    [
        (9, {}, 404, "there is no slot 9"),
        (1, {}, 422, "lines 1 (5900 kHz, TSH), 2 (7300 kHz, TSH) on 2026-11-22: ask with line_id"),
        (1, {"line_id": 7}, 422, "line 7 does not carry slot 1 on 2026-11-22"),
        (1, {"line_id": 1, "date": "2027-04-01"}, 422, "is not on the air on Thu 2027-04-01"),
        (2, {"date": "2026-12-05"}, 422, "is not on the air on Sat 2026-12-05"),
        (2, {}, 422, "slot 2 has no line on 2026-11-23: add one first"),
        (3, {}, 422, "not on the air any more: its last date is 2026-11-16"),
        (1, {"line_id": 1, "khz": 99999}, 422, "less than or equal to 30000"),
    ],
)
def test_what_cannot_be_advised_on_is_refused_in_words(
    standing: httpx.Client, slot: int, asked: dict[str, Any], status: int, words: str
) -> None:
    answer = standing.get(f"/api/v1/slots/{slot}/advice", params=asked)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_of_two_lines_the_one_that_is_named_would_be_moved(standing: httpx.Client) -> None:
    told = standing.get(PATH, params={"line_id": 2, "khz": 9600}).json()
    assert told["line_id"] == 2
    assert {one["khz"]: one["is_on_air"] for one in told["alternatives"]} == {
        5900: True,
        7300: True,
        9600: False,
    }
    assert [one["move"]["path"] for one in told["alternatives"] if one["move"]] == ["/api/v1/lines/2/move"]


def test_a_jammer_is_written_read_changed_and_deleted(api: httpx.Client) -> None:
    made = api.post("/api/v1/jammers", json=JAMMER)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    path = made.headers["location"]
    assert api.get(path).json() == made.json()
    moved = api.put(path, json=JAMMER | {"khz": 5905.5}, headers={"If-Match": '"1"'})
    assert (moved.json()["khz"], moved.headers["etag"]) == (5905.5, '"2"')
    assert api.put(path, json=JAMMER, headers={"If-Match": '"1"'}).status_code == 412
    assert [one["khz"] for one in api.get("/api/v1/jammers").json()["items"]] == [5905.5]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    actions = [one["action"] for one in api.get("/api/v1/journal").json()["items"][:3]]
    assert actions == ["jammer.deleted", "jammer.changed", "jammer.created"]


def test_a_jammer_is_known_once(standing: httpx.Client) -> None:
    again = standing.post("/api/v1/jammers", json=JAMMER)
    assert again.status_code == 409
    assert "jammer 1 is the same one: 5900 kHz from Pyongyang" in again.json()["detail"]
    assert standing.post("/api/v1/jammers", json=JAMMER | {"khz": 1000}).status_code == 422
