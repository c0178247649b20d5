"""Feeds that take their airings live: what may be said of them, how they are tried, and what can be asked of what they get."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.air.models import AirRecord
from app.air.tap import Tap, tap_path
from app.airings.models import Airing, Artefact, RundownVersion
from app.database import writing
from app.storage import Blobs, sha256_of
from tests.armed_airings import MP3, material
from tests.icecast_sites import icecast
from tests.live_sinks import PASSWORD, SAYS_IN_USE, BadSite
from tests.stations import NOW, SmallStation

SITE = {"code": "TAC", "name": "Tashkent"}
DATES = {"days": "1234567", "first_date": "2026-11-01", "last_date": "2026-12-31"}
LIVE: dict[str, Any] = {
    "site_id": 1, "name": "live", "protocol": "icecast", "address": "http://127.0.0.1:8000/danpa",
    "credential": "env:DANPA_FEED_LIVE",
}  # fmt: skip
SRT = LIVE | {"protocol": "srt", "address": "srt://127.0.0.1:9000"}


def made(api: httpx.Client, what: str, body: dict[str, Any]) -> Any:
    answer = api.post(f"/api/v1/{what}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def standing(api: httpx.Client) -> httpx.Client:
    made(api, "sites", SITE)
    return api


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (LIVE | {"codec": "wav"}, "codec", "cannot be sent live"),
        (LIVE | {"codec": "aac"}, "codec", "cannot be sent live"),
        (SRT | {"codec": "opus"}, "codec", "over SRT"),
        (LIVE | {"lead_in": {"tone_s": 5}}, "lead_in", "preroll"),
        (LIVE | {"part": {"start_s": 60}}, "part", "as a whole"),
        (LIVE | {"address": "http://127.0.0.1:8000"}, "address", "name the mount"),
        (LIVE | {"address": "icecast://127.0.0.1:8000/m"}, "address", "begins with https:// or http://"),
        (LIVE | {"address": "http://live.site.example/m"}, "address", "in clear"),
        (LIVE | {"address": "http://source:hunter2@127.0.0.1/m"}, "address", "no password"),
        (SRT | {"address": "srt://127.0.0.1"}, "address", "srt://host:port"),
        (LIVE | {"options": {"latency_ms": 100}}, "options.latency_ms", "has no option latency_ms"),
        (LIVE | {"options": {"takeover_mount": "elsewhere"}}, None, "takeover_mount"),
        (LIVE | {"options": {"preroll_s": 601}}, None, "preroll_s"),
    ],
)
def test_a_live_feed_that_cannot_be(
    standing: httpx.Client, body: dict[str, Any], field: str | None, words: str
) -> None:
    answer = standing.post("/api/v1/feeds", json=body)
    assert answer.status_code == 422
    assert words in answer.text
    assert "hunter2" not in answer.text
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


def test_two_feeds_on_one_mount_would_throw_each_other_out(standing: httpx.Client) -> None:
    made(standing, "feeds", LIVE)
    answer = standing.post("/api/v1/feeds", json=LIVE | {"name": "other"})
    assert answer.status_code == 409
    assert "sends to the same place" in answer.text
    made(standing, "feeds", LIVE | {"name": "other", "address": "http://127.0.0.1:8000/second"})
    made(standing, "feeds", LIVE | {"name": "spare", "enabled": False})


def test_a_live_feed_has_no_second_route(standing: httpx.Client) -> None:
    first = made(standing, "feeds", LIVE)
    other = LIVE | {"name": "other", "address": "http://127.0.0.1:8000/b", "second_feed_id": first["id"]}
    answer = standing.post("/api/v1/feeds", json=other)
    assert answer.status_code == 422
    assert "both are sent at once" in answer.text


class TestProbe:
    @pytest.fixture
    def secret(self, tmp_path: Path) -> str:
        path = tmp_path / "password"
        path.write_text(PASSWORD)
        path.chmod(0o600)
        return f"file:{path}"

    def steps(self, api: httpx.Client, address: str, credential: str) -> list[tuple[str, bool | None, str]]:
        feed = made(api, "feeds", LIVE | {"address": address, "credential": credential})
        answer = api.post(f"/api/v1/feeds/{feed['id']}/probe").json()
        assert answer["object_name"] is None
        return [(step["name"], step["ok"], step["detail"]) for step in answer["steps"]]

    def test_it_is_let_in_and_leaves(
        self, standing: httpx.Client, peer: Callable[[str], Path], secret: str
    ) -> None:
        with icecast(peer("icecast2")) as site:
            steps = self.steps(standing, f"http://127.0.0.1:{site.port}/danpa", secret)
            assert [step[:2] for step in steps] == [("credential", True), ("connect", True)]
            site.wait_for_source("/danpa", there=False)

    def test_a_wrong_password(
        self, standing: httpx.Client, peer: Callable[[str], Path], tmp_path: Path
    ) -> None:
        wrong = tmp_path / "wrong"
        wrong.write_text("guess")
        wrong.chmod(0o600)
        with icecast(peer("icecast2")) as site:
            steps = self.steps(standing, f"http://127.0.0.1:{site.port}/danpa", f"file:{wrong}")
        assert steps[-1][:2] == ("connect", False)
        assert steps[-1][2].startswith("unauthorised: ")
        assert "guess" not in str(steps)

    def test_a_mount_that_is_in_use(self, standing: httpx.Client, secret: str) -> None:
        with BadSite(SAYS_IN_USE) as site:
            steps = self.steps(standing, f"http://127.0.0.1:{site.port}/danpa", secret)
        assert steps[-1][2].startswith("mount-in-use: ")


@pytest.fixture
def airing(standing: httpx.Client, station: SmallStation) -> int:
    """One airing with a live feed, on the air for a minute; nobody else works at this station."""
    programme = made(
        standing,
        "programmes",
        {"title": "저녁", "code": "evening", "clock": [{"type": "interval_signal", "seconds": 9}]},
    )
    slot = made(standing, "slots", {"programme_id": programme["id"], "start": "1500", "stop": "1502"} | DATES)
    made(standing, "feeds", LIVE)
    made(standing, "lines", {"slot_id": slot["id"], "site_id": 1, "khz": 7585, "feed_ids": [1]} | DATES)
    starts_at = datetime.fromisoformat("2026-11-22T15:00:00+00:00")
    with writing(station.database) as session:
        row = Airing(
            slot_id=slot["id"], starts_at=starts_at, stops_at=starts_at + timedelta(minutes=2), state="on_air",
            target_samples=120 * 48_000, compile_at=NOW, created_at=NOW, version=1,
        )  # fmt: skip
        session.add(row)
        session.flush()
        assert row.id is not None
        number = row.id
    station.clock.at = starts_at + timedelta(minutes=1)
    return number


def test_whoever_listens_in_hears_what_is_sent(
    standing: httpx.Client, station: SmallStation, airing: int, tmp_path: Path
) -> None:
    frames = material(tmp_path, 1, 20.0).frames()
    tap = Tap(tap_path(station.settings, 1))
    tap.begin(b"")
    for at in range(0, 800, 4):  # more than the ring holds
        tap.write(airing, b"".join(frames[at : at + 4]), 0)
    heard = b""
    with standing.stream("GET", f"/api/v1/airings/{airing}/listen?feed_id=1") as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert answer.headers["cache-control"] == "no-store"
        for data in answer.iter_raw():
            if not heard:
                tap.write(airing, b"".join(frames[800:]), 0)
            heard += data
            if len(heard) >= 40_000:
                break
    tap.close()
    everything = b"".join(frames)
    assert heard in everything
    assert 4.9 < (800 * 384 - everything.index(heard)) / 16_000 < 5.1  # so many seconds late


def test_nobody_listens_to_what_is_not_on_the_air(
    standing: httpx.Client, station: SmallStation, airing: int
) -> None:
    station.clock.advance(timedelta(minutes=1))
    answer = standing.get(f"/api/v1/airings/{airing}/listen")
    assert answer.status_code == 409
    assert standing.get(f"/api/v1/airings/{airing}/listen?feed_id=7").status_code == 404
    keyless = httpx.get(f"{standing.base_url}/api/v1/airings/{airing}/listen", trust_env=False)
    assert keyless.status_code == 401


def test_what_was_sent_can_be_had_frame_by_frame(
    standing: httpx.Client, station: SmallStation, airing: int, tmp_path: Path
) -> None:
    one = material(tmp_path, 1, 6.0)
    sha256 = sha256_of(one.file.path)
    Blobs(station.settings.blobs_dir).adopt(one.file.path, "artefacts", sha256, ".mp3")
    with writing(station.database) as session:
        session.add(
            RundownVersion(
                airing_id=airing, version=1, level="programme", cause="first", body="{}", sha256="0",
                compiled_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Artefact(
                rundown_id=1, recipe=MP3.key, sha256=sha256, extension="mp3", media_type="audio/mpeg",
                bytes=one.file.bytes, samples=288_000, sample_rate=48_000, rendered_at=NOW,
            )
        )  # fmt: skip
        for number, span in enumerate(([0, 100], [120, 250])):
            told = json.dumps({"f": 1, "l": "programme", "n": span, "k": span[0], "s": sha256[:12]})
            session.add(
                AirRecord(sequence=number, at=NOW, kind="sent", airing_id=airing, version=1, detail=told)
            )
    station_frames = Blobs(station.settings.blobs_dir).path("artefacts", sha256, ".mp3").read_bytes()
    frames = [station_frames[at : at + 384] for at in range(0, len(station_frames), 384)]
    answer = standing.get(f"/api/v1/airings/{airing}/sent")
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.content == b"".join(frames[:100] + frames[120:250])
    Blobs(station.settings.blobs_dir).path("artefacts", sha256, ".mp3").unlink()
    assert standing.get(f"/api/v1/airings/{airing}/sent").status_code == 404


def test_the_state_of_the_air_can_be_asked_for(standing: httpx.Client, airing: int) -> None:
    answer = standing.get(f"/api/v1/airings/{airing}/live")
    assert answer.json() == {"taken_on": False, "outputs": [], "turns": []}
