"""The station's own page, and the first steps of a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.airings.models import Airing
from app.database import writing
from app.library.models import SegmentState
from tests.stations import NOW, SmallStation, keyed, make_station, serving


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SmallStation]:
    made = make_station(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def api(station: SmallStation) -> Iterator[httpx.Client]:
    """The new station's API, and its pages through the same client."""
    with serving(station) as url, keyed(url, station.key) as client:
        yield client


def steps(api: httpx.Client) -> dict[str, str]:
    """Each step of the list: done, next or later."""
    page = api.get("/station/start").text
    return dict(re.findall(r'<li id="step-(\w+)" class="(\w+)"', page))


def next_step(api: httpx.Client) -> str | None:
    return next((name for name, state in steps(api).items() if state == "next"), None)


def made(api: httpx.Client, what: str, body: dict[str, object]) -> int:
    answer = api.post(f"/api/v1/{what}", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_the_first_steps_follow_what_is_made(
    api: httpx.Client, station: SmallStation, tmp_path: Path
) -> None:
    went = [next_step(api)]

    def then(name: str | None) -> None:
        went.append(next_step(api))
        assert went[-1] == name

    assert went == ["segment"]
    music = station.add_segment(title="현악", kind="music", state=SegmentState.draft)
    then("approved")
    music = station.add_segment(title="거문고", kind="music")
    then("programme")
    clock = [{"type": "interval_signal", "seconds": 20}, {"type": "fill", "kinds": ["music"]}]
    show = made(api, "programmes", {"title": "밤의 목소리", "code": "night", "clock": clock})
    then("standby")
    api.put("/api/v1/station", json={"evergreen_segment_id": music}).raise_for_status()
    then("slot")
    when = {"start": "0500", "stop": "0530", "zone": "KST", "days": "daily"}
    dates = {"first_date": "2026-11-22", "last_date": "2027-03-01"}
    slot = made(api, "slots", {"programme_id": show, **when, **dates})
    then("site")
    site = made(api, "sites", {"code": "TAC", "name": "Tashkent"})
    then("feed")
    folder = tmp_path / "tashkent"
    body = {"site_id": site, "name": "Tashkent folder", "protocol": "folder", "address": str(folder)}
    feed = made(api, "feeds", body)
    then("probed")
    assert api.post(f"/api/v1/feeds/{feed}/probe").json()["ok"] is False
    then("probed")
    folder.mkdir()
    assert api.post(f"/api/v1/feeds/{feed}/probe").json()["ok"] is True
    then("line")
    made(api, "lines", {"slot_id": slot, "site_id": site, "khz": 7585, "feed_ids": [feed]})
    then("compiled")
    with writing(station.database) as session:
        airing = Airing(
            slot_id=slot, starts_at=NOW, stops_at=NOW, target_samples=1, compile_at=NOW, created_at=NOW
        )
        airing.version = 1
        session.add(airing)
    then("delivered")
    with writing(station.database) as session:
        session.get_one(Airing, 1).state = "done"
    then(None)
    assert set(steps(api).values()) == {"done"}


def test_the_page_names_everybody_and_what_they_come_in_with(
    api: httpx.Client, station: SmallStation
) -> None:
    secret = station.another_key("서윤슬")
    page = api.get("/station", params={"lang": "ko"}).text
    for shown in ("김하늘", "서윤슬", "시험 방송국", "-----BEGIN PUBLIC KEY-----"):
        assert shown in page
    assert secret not in page
    assert "엔진이 멈춤" in page  # there is none beside this server


def test_the_journal_is_read_page_by_page(api: httpx.Client) -> None:
    for number in range(4):
        made(api, "people", {"name": f"사람 {number}"})
    first = api.get("/station/journal?limit=3&lang=ko").text
    assert first.count("사람 ") >= 3
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert api.get(older[1].replace("&amp;", "&")).status_code == 200


def test_a_station_is_renamed_and_the_name_may_not_be_empty(api: httpx.Client) -> None:
    assert api.put("/api/v1/station", json={"name": "한빛방송"}).json()["name"] == "한빛방송"
    assert "한빛방송" in api.get("/station").text
    assert api.put("/api/v1/station", json={"name": " "}).status_code == 422
