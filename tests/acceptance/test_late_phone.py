"""The late phone recording: twenty minutes before the cut-off, over a line that breaks, with a word that must not be heard.

And the same night without it: yesterday's is not heard, the substitute is, and one alarm was sent.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from audio.ffmpeg import find_ffmpeg
from tests.acceptance.hearing import hear
from tests.acceptance.whole_station import VOICES, WholeStation
from tests.cut_lines import CutLine
from tests.integration.engine.test_recall import ABSENT, PRESENT, decode, likeness
from tests.receivers import Receiver
from tests.tus_uploads import tuspy

pytestmark = pytest.mark.slow

DAWN = datetime(2026, 11, 16, 6, tzinfo=UTC)
ON_AIR_AT = datetime(2026, 11, 16, 15, tzinfo=UTC)
DEADLINE_AT = ON_AIR_AT - timedelta(minutes=30)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
RATE = 48_000
WORD = (20 * RATE, 33 * RATE)
"""What must not be heard of the letter: thirteen seconds, so that a correlation can tell."""


@dataclass
class Newsroom:
    station: WholeStation
    site: Path
    approver: httpx.Client
    webhook: Receiver


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    root = tmp_path_factory.mktemp("newsroom")
    with Receiver(root / "webhook") as webhook:
        station = WholeStation(root / "home", DAWN, alarm_webhook_url=f"{webhook.url}/alarms")
        try:
            made = _set_up(station, root, webhook)
            with made.approver:
                yield made
        finally:
            station.close()


def _set_up(station: WholeStation, root: Path, webhook: Receiver) -> Newsroom:
    station.upload(VOICES / "news-morning.opus", title="아침 소식", kind="news")
    station.upload(VOICES / "music-strings.opus", title="현악", kind="music")
    substitute = station.upload(VOICES / "frequencies.opus", title="편지 대신", kind="talk")
    owner = station.items("/people")[0]["id"]
    letter = {"type": "awaited", "name": "letter", "label": "어머니의 편지", "substitute_id": substitute}
    clock = [
        {"type": "pick", "kinds": ["news"], "order": "newest"},
        letter | {"owner_id": owner, "due": "2230", "max_age_h": 12},
        {"type": "fill", "kinds": ["music"]},
    ]
    programme = station.post("/programmes", title="밤의 편지", code="letters", clock=clock)
    dates = {"first_date": "2026-11-16", "last_date": "2026-11-18"}
    slot = station.post(
        "/slots",
        programme_id=programme["id"],
        start="1500",
        stop="1505",
        days="daily",
        early_off_s=10,
        **dates,
    )
    site = station.post("/sites", code="TAC", name="Site")
    folder = root / "site"
    folder.mkdir()
    feed = station.post(
        "/feeds",
        site_id=site["id"],
        name="folder",
        protocol="folder",
        address=str(folder),
        name_template="{date}_{time}.{ext}",
        bitrate_kbps=128,
    )
    station.post("/lines", slot_id=slot["id"], site_id=site["id"], khz=7585, feed_ids=[feed["id"]])
    station.http.put("/station", json={"approved_by_another": False}).raise_for_status()
    person = station.post("/people", name="다른 사람")
    key = station.post("/keys", person_id=person["id"], label="test")["secret"]
    approver = httpx.Client(base_url=station.http.base_url, headers={"Authorization": f"Bearer {key}"})
    return Newsroom(station, folder, approver, webhook)


def _phone(folder: Path) -> Path:
    """An M4A as a phone makes it: mono, 16 kHz, some hiss."""
    path = folder / "편지 2026.m4a"
    mixed = "[0]aresample=16000[a];[1]volume=0.003[b];[a][b]amix=duration=first:normalize=0"
    noise = ("-f", "lavfi", "-i", "anoisesrc=r=16000:d=120")
    command = [*("-y", "-v", "error", "-t", "60", "-i", str(VOICES / "letter-mother.opus")), *noise]
    command += ["-filter_complex", mixed, "-ac", "1", "-c:a", "aac", "-b:a", "64k", str(path)]
    subprocess.run([str(find_ffmpeg()), *command], check=True)
    return path


def _upload_over_a_line_that_breaks(station: WholeStation, recording: Path, **said: str) -> int:
    """With tuspy, through a relay that resets the connection in the middle; the client goes on by itself."""
    port = int(station.http.base_url.port or 0)
    size = recording.stat().st_size
    with CutLine(port) as line, recording.open("rb") as stream:
        client = tuspy(f"http://127.0.0.1:{line.port}", station.key)
        uploader = client.uploader(
            file_stream=stream,
            metadata={"filename": recording.name, "kind": "testimony"} | said,
            chunk_size=64 << 10,
            retries=10,
            retry_delay=0,
        )
        line.cut_after(size // 2)
        uploader.upload()
        assert line.carried > size, "it was brought, and some of it twice"
    (done,) = [one for one in station.items("/uploads", state="done") if one["file_name"] == recording.name]
    return int(done["segment_id"])


def test_the_late_phone_recording(newsroom: Newsroom, tmp_path: Path) -> None:
    station = newsroom.station
    station.live_until(DAWN + MINUTE)
    airing = station.items("/airings", night="2026-11-16")[0]
    cut_off = datetime.fromisoformat(airing["content_cut_off_at"])
    assert DEADLINE_AT - timedelta(minutes=20) < cut_off < DEADLINE_AT
    station.live_until(cut_off - 20 * MINUTE)
    (awaited,) = station.items("/awaited", hours=12)
    assert (awaited["state"], awaited["owner"]) == ("awaited", "시험관")

    station.http.put("/station", json={"approved_by_another": True}).raise_for_status()
    recording = _phone(tmp_path)
    segment = _upload_over_a_line_that_breaks(
        station, recording, airing_id=str(airing["id"]), element="어머니의 편지"
    )
    station.wait_for_segment(segment)
    found = station.http.get(f"/segments/{segment}")
    assert (found.json()["awaited_as"], found.json()["awaited_on"]) == ("letter", "2026-11-17")
    edits = {"removed": [WORD], "cleaning": {"rumble": True, "noise": "gentle"}, "even": True}
    edited = station.http.put(
        f"/segments/{segment}/edits", json=edits, headers={"If-Match": found.headers["etag"]}
    )
    assert edited.status_code == 200, edited.text
    station.wait_for_cut(segment)
    refused = station.http.post(f"/segments/{segment}/approve")
    assert refused.json()["type"] == "urn:danpa:problem:needs-another-person"
    newsroom.approver.post(f"/segments/{segment}/approve").raise_for_status()

    station.live_until(DEADLINE_AT)
    airing = station.get(f"/airings/{airing['id']}")
    assert not station.items("/alarms", open=True)
    (file,) = newsroom.site.glob("20261116*.mp3")
    heard = hear(file)
    assert heard.samples == airing["target_samples"], "exact to the sample"
    sound = decode(recording)
    assert likeness(file, sound[WORD[1] + RATE :]) > PRESENT
    assert likeness(file, sound[2 * RATE : WORD[0]]) > PRESENT
    assert likeness(file, sound[WORD[0] : WORD[1]]) < ABSENT, "the word is not in it"
    station.live_until(ON_AIR_AT + 10 * MINUTE)
    assert station.get(f"/airings/{airing['id']}")["state"] == "done"


def test_the_same_night_without_it(newsroom: Newsroom, tmp_path: Path) -> None:
    """Runs after the other, on the next day: yesterday's letter is in the library, approved."""
    station = newsroom.station
    station.live_until(ON_AIR_AT + DAY + 10 * MINUTE)
    (file,) = newsroom.site.glob("20261117*.mp3")
    yesterday = decode(_phone(tmp_path))
    for begin in (2, 36):
        assert likeness(file, yesterday[begin * RATE :]) < ABSENT
    assert likeness(file, decode(VOICES / "frequencies.opus")) > PRESENT
    tonight = station.items("/airings", night="2026-11-17")[0]["id"]
    alarms = [one["kind"] for one in station.items("/alarms") if one["airing_id"] == tonight]
    assert alarms == ["awaited_missing"]
    told = [one["kind"] for one in newsroom.webhook.posts if one["airing"] == tonight]
    assert told == ["awaited_missing"], "one alarm was sent"
