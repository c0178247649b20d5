from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.jobs import progress
from app.jobs.progress import STALE_S, Progress, in_progress, reporting
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    made.make_directories()
    return made


def now() -> datetime:
    return datetime.now(UTC)


def test_a_running_job_says_how_far_it_is_and_nothing_when_it_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    with reporting(settings, "render", "airing", 12) as tell:
        assert in_progress(settings, now()) == [Progress("render", "airing", 12, 0.0)]
        tell(0.51234)
        assert in_progress(settings, now()) == [Progress("render", "airing", 12, 0.512)]
    assert in_progress(settings, now()) == []
    assert list(settings.run_dir.iterdir()) == []


def test_it_does_not_write_more_than_twice_a_second(settings: Settings) -> None:
    with reporting(settings, "render", "airing", 12) as tell:
        (written,) = settings.run_dir.glob("progress-*.json")
        before = written.stat().st_ino
        for step in range(1000):
            tell(step / 1000)
        assert written.stat().st_ino == before


def test_a_job_that_fails_leaves_nothing(settings: Settings) -> None:
    with pytest.raises(RuntimeError), reporting(settings, "render", "airing", 12):
        raise RuntimeError
    assert in_progress(settings, now()) == []


def test_what_a_dead_worker_left_is_not_shown(settings: Settings) -> None:
    left = settings.run_dir / "progress-1.json"
    left.write_text('{"kind": "render", "subject": "airing", "subject_id": 12, "fraction": 0.5}')
    os.utime(left, ((now() - timedelta(seconds=STALE_S)).timestamp(),) * 2)
    assert in_progress(settings, now()) == []
