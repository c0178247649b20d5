"""The signal to expect: computed once by a worker, read at once ever after, told in bands and ranks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.database import reading, writing
from app.engine.housekeeping import keep_house
from app.events.models import Event
from app.jobs.models import Job
from app.jobs.progress import reporting
from app.jobs.service import MAX_TRIES, claim, release
from app.propagation.cache import KEPT, forget_old
from app.propagation.models import Prediction
from tests.circuits import fill, make, work_off
from tests.integration.engine.living import eventually
from tests.stations import SmallStation, keyed, make_station, serving

ROOT = Path(__file__).parents[3]
PATH = "/api/v1/slots/1/propagation"
DECEMBER = {"month": "2026-12"}


def jobs(station: SmallStation) -> list[Job]:
    with reading(station.database) as session:
        return list(session.exec(select(Job).where(Job.kind == "predict")))


def predictions(station: SmallStation) -> list[Prediction]:
    with reading(station.database) as session:
        return list(session.exec(select(Prediction)))


def at_hour(answer: dict[str, Any], utc: int) -> dict[str, Any]:
    (hour,) = (one for one in answer["hours"] if one["hour_utc"] == utc)
    return dict(hour)


@pytest.fixture(scope="module")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A station whose slot has a line from Tamsui and one from a site that lies nobody knows where."""
    station = make_station(tmp_path_factory.mktemp("two-sites"))
    with serving(station) as url, keyed(url, station.key) as client:
        fill(client, 5900)
        other = make(client, "sites", {"code": "PAO", "name": "Paochung"})
        make(client, "lines", {"slot_id": 1, "site_id": other, "khz": 7300, "power_kw": 100})
        make(client, "sites", {"code": "NOP", "name": "No power", "latitude": 25, "longitude": 121})
        yield client
    station.database.dispose()


def test_from_tamsui_to_pyongyang_in_december_a_low_band_wins_at_night_and_a_high_one_by_day(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900, 7300, 9600, 11700)
    asked = api.get(PATH, params=DECEMBER)
    assert (asked.status_code, asked.json()["job"]["state"]) == (202, "queued")
    assert asked.json()["missing_khz"] == [5900, 7300, 9600, 11700]

    assert work_off(station) == 1

    answer = api.get(PATH, params=DECEMBER)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["job"], told["missing_khz"], told["sunspots"]) == (None, [], 100)
    assert [one["khz"] for one in told["frequencies"]] == [5900, 7300, 9600, 11700]
    for utc in (16, 18, 20):
        assert at_hour(told, utc)["signals"][0]["khz"] == 5900
    assert at_hour(told, 5)["signals"][0]["khz"] in {9600, 11700}
    twice = ("very_poor", "poor", "fair", "good", "excellent")
    by_days = ("none", *(name for name in twice for _ in range(2)))
    for one in (each for hour in told["hours"] for each in hour["signals"]):
        assert one["band"] == by_days[one["days_in_ten"]]
    assert [one["hour_utc"] for one in told["hours"]] == [*range(3, 24), 0, 1, 2]
    assert [one["hour_utc"] for one in told["hours"] if one["is_in_slot"]] == [15, 16, 17]


def test_decibels_are_not_told_but_what_was_added_to_them_is(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    api.get(PATH)
    work_off(station)
    told = api.get(PATH).json()
    assert "snr" not in str(told)
    assert "+5.5 dB" in " ".join(one["text"] for one in told["notes"])
    assert "No aerial gain" in " ".join(one["text"] for one in told["notes"])
    gained = api.get(PATH, params={"gain_dbi": 15}).json()
    assert "No aerial gain" not in " ".join(one["text"] for one in gained["notes"])


def test_what_was_computed_is_never_computed_again(api: httpx.Client, station: SmallStation) -> None:
    fill(api, 5900, 7300)
    api.get(PATH, params=DECEMBER)
    work_off(station)
    before = predictions(station)
    station.clock.advance(timedelta(days=1))

    assert api.get(PATH, params=DECEMBER).status_code == 200
    assert work_off(station) == 0
    assert [one.computed_at for one in predictions(station)] == [one.computed_at for one in before]

    more = api.get(PATH, params={**DECEMBER, "khz": 9600})
    assert (more.status_code, more.json()["missing_khz"]) == (202, [9600])
    assert [one["khz"] for one in more.json()["frequencies"]] == [5900, 7300]
    work_off(station)
    assert jobs(station)[-1].result == {"khz": [9600]}


def test_the_same_question_asked_again_starts_no_second_job(api: httpx.Client, station: SmallStation) -> None:
    fill(api, 5900, 7300)
    first = api.get(PATH, params=DECEMBER).json()["job"]["id"]
    for khz in ([], [7300], [7300, 5900]):
        assert api.get(PATH, params={**DECEMBER, "khz": khz}).json()["job"]["id"] == first
    claim(station.database, "worker-1", ("predict",))
    running = api.get(PATH, params=DECEMBER)
    assert (running.status_code, running.json()["job"]["id"]) == (202, first)
    assert [one.id for one in jobs(station)] == [first]


def test_how_far_the_worker_is_shows_in_the_answer_and_the_end_as_an_event(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    api.get(PATH, params=DECEMBER)
    job = claim(station.database, "worker-1", ("predict",))
    assert job is not None
    station.clock.at = datetime.now(UTC)  # progress is a file, and files have a time of their own
    with reporting(station.settings, "predict", "slot", 1):
        assert api.get(PATH, params=DECEMBER).json()["job"] == {
            "id": job.id,
            "state": "running",
            "fraction": 0.0,
            "problem": None,
        }
    with writing(station.database) as session:
        release(session, "worker-1", station.clock())
    work_off(station)
    with reading(station.database) as session:
        told = session.exec(select(Event).where(Event.subject == "slot")).one()
    assert (told.subject_id, told.state) == (1, "predicted")


def test_a_worker_killed_in_the_middle_of_a_prediction_costs_nothing_but_time(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    everywhere = {**DECEMBER, "free": "true"}
    assert api.get(PATH, params=everywhere).status_code == 202
    worker = subprocess.Popen(
        [sys.executable, "-m", "app", "worker", "0"],
        env=os.environ | {"DANPA_HOME": str(station.settings.root), "DANPA_WORKERS": "1"},
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: list(station.settings.run_dir.glob("progress-*.json")))
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert (jobs(station)[0].state, predictions(station)) == ("running", [])

    keep_house(station.database, station.settings, station.clock())
    assert api.get(PATH, params=everywhere).json()["job"]["state"] == "queued"
    assert work_off(station) == 1
    answer = api.get(PATH, params=everywhere)
    assert (answer.status_code, jobs(station)[0].tries) == (200, 2)
    told = answer.json()
    assert len(told["frequencies"]) == len(predictions(station)) > 90
    assert told["frequencies"][0]["khz"] < 7000


def test_a_job_that_failed_says_why_and_is_tried_again_later(
    api: httpx.Client, station: SmallStation
) -> None:
    fill(api, 5900)
    api.get(PATH, params=DECEMBER)
    for _ in range(MAX_TRIES):
        claim(station.database, "worker-1", ("predict",))
        with writing(station.database) as session:
            release(session, "worker-1", station.clock())
    failed = api.get(PATH, params=DECEMBER)
    assert (failed.status_code, failed.json()["missing_khz"]) == (200, [5900])
    assert failed.json()["job"]["state"] == "failed"
    assert "died 3 times" in failed.json()["job"]["problem"]["detail"]
    assert work_off(station) == 0

    station.clock.advance(timedelta(minutes=10))
    assert api.get(PATH, params=DECEMBER).json()["job"]["state"] == "queued"
    assert work_off(station) == 1
    assert api.get(PATH, params=DECEMBER).json()["job"] is None


def test_what_the_cache_has_forgotten_is_computed_again(api: httpx.Client, station: SmallStation) -> None:
    fill(api, 5900, 7300)
    api.get(PATH, params=DECEMBER)
    work_off(station)
    station.clock.advance(KEPT + timedelta(seconds=1))
    with writing(station.database) as session:
        forget_old(session, station.clock())
    assert predictions(station) == []
    assert api.get(PATH, params=DECEMBER).json()["job"]["state"] == "queued"
    assert work_off(station) == 1
    assert api.get(PATH, params=DECEMBER).status_code == 200


def test_the_cache_has_a_limit_and_drops_the_oldest(station: SmallStation) -> None:
    with writing(station.database) as session:
        for khz in range(5900, 5910):
            session.add(
                Prediction(
                    circuit_key="k", khz=khz, snr_db=[], reliability_percent=[], muf_khz=[], computed_at=station.clock()
                )
            )  # fmt: skip
            station.clock.advance(timedelta(minutes=1))
        session.flush()
        forget_old(session, station.clock(), most=3)
    assert [one.khz for one in predictions(station)] == [5907, 5908, 5909]


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"month": "2027-01", "site_id": 2}, "site_id", "where site PAO lies is not known"),
        ({"site_id": 3, "khz": 7300}, "power_kw", "how much power site NOP uses is not known"),
        ({"month": "2032-01", "site_id": 1, "khz": 7300, "power_kw": 9}, "sunspots", "number is predicted here for 2032-01"),
        ({"month": "2026-13"}, "month", "not a month"),
        ({"site_id": 9}, "site_id", "there is no site 9"),
        ({"khz": 1500}, "khz.0", "greater than or equal to 2000"),
        ({"to_lat": 39}, "to_lon", "belong together"),
        ({"month": "2027-04"}, "site_id", "slot 1 has no line then"),
        ({"month": "2027-04", "site_id": 1}, "khz", "name frequencies with khz"),
        ({}, "site_id", "from the sites 1 (TSH), 2 (PAO)"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_is_refused_in_words(
    two_sites: httpx.Client, asked: dict[str, Any], field: str, words: str
) -> None:
    answer = two_sites.get(PATH, params=asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert words in answer.json()["detail"]


def test_of_two_sites_the_one_that_is_named_counts(two_sites: httpx.Client) -> None:
    assert two_sites.get(PATH, params={"site_id": 1}).json()["missing_khz"] == [5900]


def test_a_longer_path_than_the_model_knows_is_told(api: httpx.Client) -> None:
    fill(api, 5900, latitude=44.0, longitude=-70.0)
    assert any("beyond 7000 km" in note["text"] for note in api.get(PATH).json()["notes"])


def test_a_slot_that_is_not_there_is_not_found(quiet: httpx.Client) -> None:
    assert quiet.get("/api/v1/slots/99/propagation").status_code == 404
