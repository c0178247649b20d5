"""What is tried before it is done: a clock that is not saved, its budget, and an edit of a rundown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from sqlmodel import select

from app.airings.models import Edition, Intent
from app.database import reading
from tests.integration.engine.test_recall import decode
from tests.nights import CLOCK, FilledNight
from tests.stations import keyed, serving


@pytest.fixture
def api(night: FilledNight) -> Iterator[httpx.Client]:
    with serving(night.station) as url, keyed(url, night.station.key) as client:
        yield client


def test_the_budget_agrees_with_the_preview(api: httpx.Client) -> None:
    [budget] = api.post("/api/v1/programmes/1/budget", json={}).json()["items"]
    asked = {"date": budget["starts_at"][:10], "slot_id": budget["slot_id"]}
    tried = api.post("/api/v1/programmes/1/preview", json=asked).json()
    assert tried["starts_at"] == budget["starts_at"]
    assert budget["target_s"] == pytest.approx(tried["rundown"]["target_samples"] / 48_000)
    assert budget["verdict"] == "fits"
    for share in budget["elements"]:
        own = [item for item in tried["rundown"]["items"] if item["element"] == share["element"]]
        lasts = sum(item["samples"] for item in own) / 48_000
        assert share["least_s"] - len(own) <= lasts
        assert share["most_s"] is None or lasts <= share["most_s"]
    assert {one["title"] for one in tried["segments"]} >= {"저녁 뉴스: 서울과 세계의 하루", "거문고 산조"}


def test_a_clock_is_tried_without_being_saved(api: httpx.Client) -> None:
    clock = [{"type": "pick", "kinds": ["testimony"]}, {"type": "fill", "kinds": ["music"]}]
    asked = {"date": "2026-11-22", "clock": clock}
    tried = api.post("/api/v1/programmes/1/preview", json=asked).json()
    assert "어머니에게 보내는 편지" in [one["title"] for one in tried["segments"]]
    assert "저녁 뉴스: 서울과 세계의 하루" not in [one["title"] for one in tried["segments"]]
    [budget] = api.post("/api/v1/programmes/1/budget", json={"clock": clock}).json()["items"]
    assert len(budget["elements"]) == 2
    assert api.get("/api/v1/programmes/1").json()["clock"] == CLOCK


def test_what_cannot_be_compiled_is_refused_in_sentences_with_codes_and_values(api: httpx.Client) -> None:
    clock = [{"type": "pick", "kinds": ["drama"], "label": "수기"}, {"type": "fill"}]
    asked = {"date": "2026-11-22", "clock": clock}
    answer = api.post("/api/v1/programmes/1/preview", json=asked)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:danpa:problem:nothing-to-pick")
    assert problem["detail"] == problem["said"]["text"]
    assert problem["said"]["code"] == "nothing-for-it"
    assert problem["said"]["values"]["stage"]["values"] == {
        "number": 1,
        "what": {"code": "pick", "text": "pick drama", "values": {"kinds": ["drama"]}},
        "label": "수기",
    }
    [relaxation] = problem["relaxations"]
    assert (relaxation["code"], relaxation["text"]) == (
        "relax-required",
        'element 1 (pick drama, "수기"): leave it out',
    )
    assert problem["nearest"]["schema"] == 3
    assert problem["nearest"]["notes"][0]["code"] == "left-out"


@pytest.mark.parametrize("path", ["preview", "budget"])
def test_a_clock_that_cannot_be_read_is_refused_with_its_place(api: httpx.Client, path: str) -> None:
    wrong = {"clock": [{"type": "fixed", "segment_id": 999}]} | (
        {"date": "2026-11-22"} if path == "preview" else {}
    )
    answer = api.post(f"/api/v1/programmes/1/{path}", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("element 1: ")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("edits", {"edits": [{"op": "remove", "position": 2}]}),
        ("edits", {"alternative": 0}),
        ("insert", {"segment_id": 3}),
    ],
)
def test_a_dry_run_shows_what_would_be_and_stores_nothing(
    night: FilledNight, api: httpx.Client, path: str, body: dict[str, object]
) -> None:
    where, version = f"/api/v1/airings/{night.airings['1530']}/{path}", {"If-Match": '"1"'}
    tried = api.post(f"{where}?dry_run=true", json=body, headers=version).json()
    assert tried["intent"] is None
    with reading(night.station.database) as session:
        assert session.exec(select(Edition)).all() == []
        assert session.exec(select(Intent)).all() == []
    meant = api.post(where, json=body, headers=version).json()
    assert meant["rundown"] == tried["rundown"]
    assert meant["intent"]["kind"] == "compile"


def test_the_waveform_is_that_of_the_audio(night: FilledNight, api: httpx.Client, tmp_path: Path) -> None:
    where = f"/api/v1/airings/{night.airings['1530']}"
    audio = tmp_path / "airing.mp3"
    audio.write_bytes(api.get(f"{where}/audio").content)
    sound = decode(audio)
    drawn = api.get(f"{where}/peaks", params={"points": 400}).json()
    assert drawn["samples"] == len(sound)
    assert len(drawn["pairs"]) <= 400
    stretches = np.array_split(
        sound, np.arange(drawn["samples_per_pair"], len(sound), drawn["samples_per_pair"])
    )
    heard = np.array([[each.min(), each.max()] for each in stretches]) * 127
    assert np.abs(np.array(drawn["pairs"]) - heard).max() <= 2
    [newest] = api.get(f"{where}/rundown").json()["items"]
    assert drawn["joins"] == [item["start_sample"] for item in newest["rundown"]["items"]]

    kept = night.station.settings.cache_dir
    [file] = kept.glob("*.peaks")
    file.write_bytes(file.read_bytes()[:100])
    again = api.get(f"{where}/peaks", params={"points": 400})
    assert again.json() == drawn, "what was cut short is drawn anew"
    closer = api.get(
        f"{where}/peaks", params={"points": 50, "first_sample": 96_000, "end_sample": 120_000}
    ).json()
    assert (closer["first_sample"], closer["samples_per_pair"]) == (96_000, 480)
    assert len(closer["pairs"]) == 50
    assert api.get(f"{where}/peaks", params={"version": 2}).status_code == 404


def test_each_version_is_heard_by_its_number(night: FilledNight, api: httpx.Client) -> None:
    where = f"/api/v1/airings/{night.airings['1530']}/audio"
    assert api.get(where, params={"version": 1}).content == api.get(where).content
    assert api.get(where, params={"version": 2}).status_code == 404
