"""What the air process accepts, refuses and journals, instant by instant."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.air.arming import arm, disarm
from app.air.journal import read_journal
from app.air.process import Watch, run_air
from app.airings.models import Airing, Artefact
from app.locks import Lock
from app.settings import Settings
from app.storage import Blobs
from tests.stations import SettableClock

START = datetime(2026, 11, 22, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home")
    made.make_directories()
    return made


@pytest.fixture
def watch(settings: Settings) -> Iterator[Watch]:
    made = Watch(settings)
    yield made
    made.journal.close()


def armed(settings: Settings, version: int = 1, *, size: int = 4) -> Path:
    sha256 = f"{version}" * 64
    path = Blobs(settings.blobs_dir).path("artefacts", sha256, ".mp3")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mp3!")
    airing = Airing(
        id=12, slot_id=1, starts_at=START, stops_at=START + 60 * SECOND, target_samples=1, compile_at=START,
        created_at=START,
    )  # fmt: skip
    artefact = Artefact(
        rundown_id=1, recipe="mp3", sha256=sha256, extension="mp3", media_type="audio/mpeg", bytes=size,
        samples=2_880_000, sample_rate=48_000, rendered_at=START,
    )  # fmt: skip
    return arm(settings, airing, version, [artefact])


def journal(settings: Settings) -> list[tuple[str, int]]:
    return [(record.kind, record.version) for record in read_journal(settings.air_dir / "journal", 0)]


def test_an_airing_from_its_arming_to_its_end(settings: Settings, watch: Watch) -> None:
    armed(settings)
    assert json.loads(watch.turn(START - SECOND)) == {"armed": ["12-1"], "on_air": [], "live": []}
    assert journal(settings) == [("accepted", 1)]
    for _ in range(3):
        assert json.loads(watch.turn(START)) == {"armed": ["12-1"], "on_air": [12], "live": []}
    assert journal(settings) == [("accepted", 1), ("started", 1)]
    assert json.loads(watch.turn(START + 60 * SECOND))["on_air"] == []
    assert journal(settings) == [("accepted", 1), ("started", 1), ("ended", 1)]


def test_its_end_is_on_the_record_although_the_engine_disarms_it_at_once(
    settings: Settings, watch: Watch
) -> None:
    armed(settings)
    watch.turn(START)
    disarm(settings, 12)
    assert json.loads(watch.turn(START + 60 * SECOND)) == {"armed": [], "on_air": [], "live": []}
    assert journal(settings)[-1] == ("ended", 1)


def test_a_newer_version_takes_over(settings: Settings, watch: Watch) -> None:
    armed(settings)
    watch.turn(START - SECOND)
    armed(settings, version=2)
    assert json.loads(watch.turn(START)) == {"armed": ["12-2"], "on_air": [12], "live": []}
    assert [kind for kind, version in journal(settings) if version == 2] == ["accepted", "started"] or (
        "accepted", 2) in journal(settings)  # fmt: skip
    assert [kind for kind, _ in journal(settings)].count("started") == 1


def test_what_has_another_schema_is_refused_and_logged_once(
    settings: Settings, watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = armed(settings)
    body = json.loads(path.read_text()) | {"schema": 99}
    path.write_text(json.dumps(body))
    (settings.armed_dir / "13-1.json").write_text("not json")
    for _ in range(3):
        assert json.loads(watch.turn(START)) == {"armed": [], "on_air": [], "live": []}
    said = capsys.readouterr().out
    assert said.count("schema 99") == 1
    assert said.count("not an armed airing") == 1
    assert journal(settings) == []


def test_audio_that_is_not_there_is_refused_on_the_record(settings: Settings, watch: Watch) -> None:
    armed(settings, size=5)
    for _ in range(3):
        watch.turn(START)
    assert journal(settings) == [("refused", 1)]


def test_a_status_that_cannot_be_written_does_not_end_it(settings: Settings) -> None:
    armed(settings)
    shutil.rmtree(settings.run_dir)
    settings.run_dir.mkdir()
    (settings.run_dir / "air.json").mkdir()  # as good as a full disk: nothing can be put there
    clock = SettableClock(START)

    class Turns:
        left = 5

        def is_set(self) -> bool:
            return self.left == 0

        def wait(self, seconds: float) -> None:
            self.left -= 1

    assert run_air(settings, Turns(), clock)  # type: ignore[arg-type]  # an event that sets itself after five turns
    assert journal(settings) == [("accepted", 1), ("started", 1)]


def test_there_is_only_one(settings: Settings) -> None:
    lock = Lock(settings.run_dir / "air.lock")
    assert lock.acquire()
    assert run_air(settings, None, SettableClock(START)) is False  # type: ignore[arg-type]  # it does not get that far
    lock.release()


def test_only_an_airing_that_feeds_a_live_endpoint_counts_as_live(settings: Settings, watch: Watch) -> None:
    """It is what keeps the air process when the service is stopped: for a file feed there is nothing to keep."""
    path = armed(settings)
    assert json.loads(watch.turn(START))["live"] == []
    path.unlink()
    body = json.loads(armed(settings, 2).read_text())
    (settings.armed_dir / "12-2.json").write_text(json.dumps(body | {"endpoints": ["icecast"]}))
    assert json.loads(watch.turn(START))["live"] == [12]
