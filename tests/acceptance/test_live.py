"""An evening on the air live, with the real processes and in real time, and with everything that the air must not need.

A sink takes it and keeps every byte. Meanwhile the API is asked without a pause, somebody pulls the hand brake and goes back, breaking news is put in, the
service is ended and started anew as for an upgrade, the database is taken away, web and engine are killed, and at last the air
process itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from app.air.journal import read_journal
from app.locks import holder
from app.settings import Settings
from app.storage import Blobs
from audio.frames import Frames
from audio.profile import Encoding
from tests.integration.engine.living import VOICES, founded
from tests.live_sinks import PASSWORD, RawSink
from tests.stations import PATIENCE_S

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
MP3 = Encoding("mp3")
FRAME = timedelta(milliseconds=24)
MINUTES = 2
EARLY_OFF_S = 10
LISTENED = 60_000
AWAY = ("danpa.db", "danpa.db-wal", "danpa.db-shm")


@dataclass
class Evening:
    """What happened, and when; all that the tests look at."""

    home: Path
    starts_at: datetime
    airing: int = 0
    feed: int = 0
    sink: RawSink | None = None
    asked: dict[str, datetime] = field(default_factory=dict)
    inserted: dict[str, Any] = field(default_factory=dict)
    as_run: list[dict[str, Any]] = field(default_factory=list)
    live: dict[str, Any] = field(default_factory=dict)
    asked_beside: int = 0
    """Calls of the API that were answered meanwhile, for nothing but load."""
    listened: bytes = b""
    """What somebody heard who listened in for a moment."""
    air_stayed: bool = False
    sound: bytes = b""
    """What the API gives as the audio that was sent."""

    @property
    def captured(self) -> bytes:
        assert self.sink is not None
        return b"".join(one.data for one in self.sink.on("/live"))

    def sent(self) -> list[dict[str, Any]]:
        """The air's own record of what it sent to the sink."""
        records = read_journal(self.home / "air" / "journal", 0)
        told = [json.loads(one.detail or "{}") | {"v": one.version} for one in records if one.kind == "sent"]
        return [one for one in told if one["f"] == self.feed]

    def at(self, frame: int) -> datetime:
        return self.starts_at + frame * FRAME


class Service:
    """``danpa serve`` in a folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        environment = os.environ | {
            "DANPA_HOME": str(home), "DANPA_PORT": "0", "DANPA_DISK_RESERVE_BYTES": "0",
        }  # fmt: skip
        with (home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                env=environment,
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )

    def client(self) -> httpx.Client:
        found = json.loads(_when((self.home / "run" / "web.json").read_text, "the web is up"))
        return httpx.Client(
            base_url=f"{found['url']}/api/v1",
            headers={"Authorization": f"Bearer {(self.home / 'api-key').read_text()}"},
            timeout=PATIENCE_S,
        )

    def kill(self, name: str) -> int:
        """With -9; gives the number that it had."""
        number = holder(self.home / "run" / f"{name}.lock")
        assert number is not None, f"{name} is not there"
        assert number > 0
        os.kill(number, signal.SIGKILL)
        return number

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0


class Load(threading.Thread):
    """Somebody who asks the API without a pause, and loads recordings that have workers busy."""

    def __init__(self, service: Service) -> None:
        super().__init__(name="load")
        self.service, self.answers, self.enough = service, 0, threading.Event()

    def run(self) -> None:
        while not self.enough.is_set():
            try:
                with self.service.client() as client:
                    while not self.enough.is_set():
                        self._ask(client)
            except (httpx.HTTPError, AssertionError):  # the web is killed and comes back elsewhere
                self.enough.wait(0.2)

    def _ask(self, client: httpx.Client) -> None:
        for path in ("/airings", "/segments", "/as-run", "/alarms", "/feeds", "/airings/1/rundown"):
            client.get(path)
            self.answers += 1
        if self.answers % 300 == 0:
            music = (VOICES / "music-strings.opus").read_bytes() + bytes(self.answers)
            client.post("/segments", files={"file": ("m.opus", music)}, data={"title": "짐", "kind": "music"})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join()


def _when(is_so: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    until = time.monotonic() + patience_s
    while True:
        try:
            found = is_so()
        except (OSError, ValueError, httpx.HTTPError):
            found = None
        if found:
            return found
        assert time.monotonic() < until, f"waited {patience_s:g} s for this: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    home = founded(tmp_path_factory.mktemp("live") / "home")
    (home / "secret").write_text(PASSWORD)
    (home / "secret").chmod(0o600)
    with RawSink() as sink:
        service = Service(home)
        try:
            with service.client() as client:
                story = _plan(client, home, sink)
                with Load(service) as load:
                    _ask_for_changes(client, story)
            story.asked_beside = load.answers
            service = _upgraded(service, story)
            with Load(service):
                _take_all_away(service, story)
            story.as_run = _closed(service, story)
        finally:
            service.end()
        yield story


def _plan(client: httpx.Client, home: Path, sink: RawSink) -> Evening:
    def post(path: str, **body: Any) -> Any:
        answer = client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    found = client.get("/segments").json()["items"]
    ident, frequencies = sorted(one["id"] for one in found if one["kind"] == "talk")[::-1]
    clock = [
        {"type": "interval_signal", "seconds": 9},
        {"type": "pick", "kinds": ["news"], "order": "newest"},
        {"type": "fixed", "segment_id": frequencies},
        {"type": "fixed", "segment_id": ident},
        {"type": "fill", "kinds": ["music"]},
    ]
    programme = post("/programmes", title="저녁", code="evening", standby_segment_id=ident, clock=clock)
    starts_at = (datetime.now(UTC) + timedelta(seconds=90)).replace(second=0, microsecond=0)
    stops_at = starts_at + timedelta(minutes=MINUTES)
    dates = {"days": "1234567", "first_date": str(starts_at.date()), "last_date": str(stops_at.date())}
    slot = post(
        "/slots", programme_id=programme["id"], start=f"{starts_at:%H%M}", stop=f"{stops_at:%H%M}",
        early_off_s=EARLY_OFF_S, **dates,
    )  # fmt: skip
    site = post("/sites", code="TAC", name="Tashkent")
    feed = post(
        "/feeds", site_id=site["id"], name="sink", protocol="icecast", credential=f"file:{home / 'secret'}",
        address=f"http://127.0.0.1:{sink.port}/live", options={"preroll_s": 5},
    )  # fmt: skip
    post("/lines", slot_id=slot["id"], site_id=site["id"], khz=7585, feed_ids=[feed["id"]], **dates)
    story = Evening(home, starts_at, feed=feed["id"], sink=sink)
    airing = _when(lambda: client.get("/airings", params={"state": "armed"}).json()["items"], "it is armed")
    story.airing = airing[0]["id"]
    return story


def _ask_for_changes(client: httpx.Client, story: Evening) -> None:
    path, found = f"/airings/{story.airing}", client.get("/segments").json()["items"]
    news = next(one["id"] for one in found if one["kind"] == "news")

    def ask(what: str, second: float, **body: Any) -> Any:
        _wait_until(story.starts_at + timedelta(seconds=second))
        story.asked[what] = datetime.now(UTC)
        answer = client.post(f"{path}/{what}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    ask("standby", 12)
    ask("resume", 20)
    story.inserted = ask("insert", 25, segment_id=news)
    _wait_until(story.starts_at + timedelta(seconds=40))
    story.live = client.get(f"{path}/live").json()
    with client.stream("GET", f"{path}/listen") as answer:
        for data in answer.iter_raw():
            story.listened += data
            if len(story.listened) > LISTENED:
                break


def _upgraded(service: Service, story: Evening) -> Service:
    """Ended in order and started again: as for another release."""
    before = holder(story.home / "run" / "air.lock")
    service.end()
    (story.home / "run" / "web.json").unlink(missing_ok=True)
    again = Service(story.home)
    again.client().close()
    story.air_stayed = holder(story.home / "run" / "air.lock") == before
    return again


def _take_all_away(service: Service, story: Evening) -> None:
    _wait_until(story.starts_at + timedelta(seconds=65))
    for name in AWAY:
        if (story.home / name).exists():
            (story.home / name).rename(story.home / f"away-{name}")
    service.kill("engine")
    web = json.loads((story.home / "run" / "web.json").read_text())["pid"]
    os.kill(web, signal.SIGKILL)
    _wait_until(story.starts_at + timedelta(seconds=80))
    killed = service.kill("air")
    _when(lambda: (holder(story.home / "run" / "air.lock") or killed) not in {killed, -1}, "the air is back")
    _wait_until(story.starts_at + timedelta(seconds=88))
    for name in AWAY:
        if (story.home / f"away-{name}").exists():
            (story.home / f"away-{name}").rename(story.home / name)


def _wait_until(at: datetime) -> None:
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


def _closed(service: Service, story: Evening) -> list[dict[str, Any]]:
    _wait_until(story.starts_at + timedelta(minutes=MINUTES))

    def closed() -> bool:
        with service.client() as client:  # another web by now, at another port
            state: str = client.get(f"/airings/{story.airing}").json()["state"]
        assert state != "missed"
        return state == "done"

    _when(closed, "it is over")
    with service.client() as client:
        story.sound = client.get(f"/airings/{story.airing}/sent").content
        rows: list[dict[str, Any]] = client.get(f"/airings/{story.airing}/as-run").json()["items"]
    return rows


def test_what_the_site_got_is_what_the_record_says_byte_for_byte(evening: Evening) -> None:
    blobs = Blobs(Settings(home=evening.home).blobs_dir)
    artefacts = {path.stem[:12]: path for path in blobs.all("artefacts")}
    said = b""
    for one in evening.sent():
        with Frames.open(artefacts[one["s"]], MP3) as frames:
            begin, end = one["n"]
            said += b"".join(
                frames.read((one["k"] + at) % frames.count, (one["k"] + at) % frames.count + 1)[0]
                for at in range(end - begin)
            )
    assert evening.captured == said
    assert evening.sound == said


def test_it_begins_and_ends_to_the_frame(evening: Evening) -> None:
    sent = evening.sent()
    first = next(one for one in sent if one["l"] == "programme")
    assert first["n"][0] == 0
    assert sent[0]["l"] == "interval_signal"
    assert sent[0]["n"][0] <= -200  # five seconds before, less what it takes to connect
    assert evening.at(sent[-1]["n"][1]) == evening.starts_at + timedelta(
        seconds=MINUTES * 60 - EARLY_OFF_S
    ) - ((MINUTES * 60 - EARLY_OFF_S) * timedelta(seconds=1) % FRAME)


def test_the_hand_brake_is_heard_within_two_seconds_and_let_go_at_a_join(evening: Evening) -> None:
    sent = evening.sent()
    braked = next(place for place, one in enumerate(sent) if one["l"] == "standby")
    assert sent[braked]["k"] == 0  # from its beginning
    assert evening.at(sent[braked]["n"][0]) - evening.asked["standby"] < timedelta(seconds=2)
    back = next(one for one in sent[braked:] if one["l"] == "programme")
    back_at = evening.at(back["n"][0])
    following = min(
        at for row in evening.as_run if (at := datetime.fromisoformat(row["starts_at"])) >= back_at
    )
    # In the pause before an item: the breaking news that was put in there since has another pause than what it replaced
    assert following - back_at < timedelta(seconds=0.5)
    assert not [
        row for row in evening.as_run
        if datetime.fromisoformat(row["starts_at"]) < back_at < datetime.fromisoformat(row["ends_at"])
    ]  # fmt: skip


def test_breaking_news_is_heard_at_the_join_that_was_named(evening: Evening) -> None:
    heard_at = datetime.fromisoformat(evening.inserted["heard_at"])
    rows = [row for row in evening.as_run if datetime.fromisoformat(row["starts_at"]) == heard_at]
    assert rows, (heard_at, evening.as_run)
    assert rows[0]["version"] == 2
    assert rows[0]["evidence"] == "endpoint_accepted"


def test_the_api_was_busy_meanwhile(evening: Evening) -> None:
    assert evening.asked_beside > 200


def test_somebody_listened_in(evening: Evening) -> None:
    assert evening.live["outputs"][0]["state"] == "on"
    assert evening.listened[:LISTENED] in evening.captured


def test_neither_database_nor_web_nor_engine_nor_supervisor_is_missed(evening: Evening) -> None:
    """From the fortieth second on all of them were gone; nothing happened on the air until its own process was killed."""
    assert evening.air_stayed
    during = [
        one for one in evening.sent() if evening.at(one["n"][1]) > evening.starts_at + timedelta(seconds=40)
    ]
    assert [one.get("why") for one in during] == ["the process was killed", "over"]


def test_a_killed_air_process_is_back_at_the_right_frame_and_the_record_says_what_was_missed(
    evening: Evening,
) -> None:
    before, after = evening.sent()[-2:]
    missed = evening.at(after["n"][0]) - evening.at(before["n"][1])
    assert timedelta(0) < missed < timedelta(seconds=10)  # how soon is for the bench to say
    gaps = [row for row in evening.as_run if row["source"] == "nothing"]
    assert len(gaps) == 1
    span = datetime.fromisoformat(gaps[0]["ends_at"]) - datetime.fromisoformat(gaps[0]["starts_at"])
    assert abs(span - missed) < timedelta(milliseconds=1)
