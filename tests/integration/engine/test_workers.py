"""Workers that die in the middle of their work: real worker processes, and an ffmpeg that shoots them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app.airings.models import RundownVersion
from app.database import writing
from app.jobs.models import Job
from app.jobs.service import enqueue
from app.library.description import Description
from app.library.models import Segment, SegmentKind
from app.library.service import Original, create
from app.programmes.models import Programme
from app.storage import sha256_of
from audio.ffmpeg import find_ffmpeg
from tests.integration.engine.living import DAWN, DELIVER_AT, VOICES, LivingStation

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def shooting(station: LivingStation, folder: Path, shots: int) -> Iterator[list[int]]:
    """One worker at a time, replaced when it dies; its ffmpeg kills it with -9 so many times. Yields their exit codes."""
    folder.mkdir()
    for number in range(shots):
        (folder / f"shot-{number}").touch()
    gun = folder / "ffmpeg"
    gun.write_text(
        "#!/bin/sh\n"
        f'for shot in "{folder}"/shot-*; do [ -e "$shot" ] && rm "$shot" && kill -9 $PPID && exit 1; done\n'
        f'exec "{find_ffmpeg(None)}" "$@"\n'
    )
    gun.chmod(0o700)
    environment = os.environ | {
        "DANPA_HOME": str(station.settings.root),
        "DANPA_FFMPEG": str(gun),
        "DANPA_WORKERS": "1",
        "DANPA_DISK_RESERVE_BYTES": "0",
    }
    living: list[subprocess.Popen[bytes]] = []
    codes: list[int] = []

    def keep() -> None:
        if living and living[-1].poll() is not None:
            codes.append(living.pop().returncode)
        if not living:
            command = [sys.executable, "-m", "app", "worker", "0"]
            living.append(
                subprocess.Popen(command, env=environment, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
            )

    station.keep_workers = keep
    try:
        yield codes
    finally:
        station.keep_workers = None
        for process in living:
            process.kill()
            process.wait()


@pytest.fixture
def own_cache(station: LivingStation) -> None:
    station.settings.cache_dir.unlink()
    station.settings.cache_dir.mkdir()


@pytest.mark.usefixtures("own_cache")
def test_a_worker_killed_during_a_render_loses_nothing(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    with shooting(station, tmp_path / "gun", shots=1) as codes:
        station.live_until(DELIVER_AT)
    assert codes == [-9]
    (render,) = station.rows(Job, Job.kind == "render")
    assert (render.state, render.tries) == ("done", 2)
    assert [row.level for row in station.rows(RundownVersion)] == ["programme"]
    assert len(list((tmp_path / "site").iterdir())) == 1


@pytest.mark.usefixtures("own_cache")
def test_a_job_that_kills_every_worker_is_given_up_and_the_chain_goes_on_and_back(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site")
    station.change(Programme, 1, standby_segment_id=4)
    with shooting(station, tmp_path / "gun", shots=3) as codes:
        station.live_until(DELIVER_AT)
    assert codes[:3] == [-9, -9, -9]
    renders = station.rows(Job, Job.kind == "render")
    assert "died 3 times" in (renders[0].problem or {})["detail"]
    assert {job.state for job in renders} == {"done"}, (
        "the first one too, on trial, once nobody shot any more"
    )
    assert [(row.level, row.cause) for row in station.rows(RundownVersion)] == [
        ("programme", "first"), ("standby", "failed"), ("programme", "recovered"),
    ]  # fmt: skip
    assert len(list((tmp_path / "site").iterdir())) == 1


def test_a_recording_that_kills_every_worker_is_turned_down_in_words(
    station: LivingStation, tmp_path: Path
) -> None:
    source = VOICES / "ident.opus"
    shutil.copyfile(source, station.settings.incoming_dir / "poison.part")
    original = Original(source.name, sha256_of(source), source.stat().st_size)
    description = Description(title="소식", kind=SegmentKind.news, tags=(), presenter=None)
    with writing(station.database) as session:
        segment = create(session, description, original, "segment.imported", person_id=1, now=DAWN)
        payload = {"segment_id": segment.id, "file": "poison.part"}
        enqueue(session, "ingest", f"ingest:{segment.id}", payload, DAWN)
        session.commit()
    with shooting(station, tmp_path / "gun", shots=3):
        station.live_until(DAWN + timedelta(seconds=10))
    (row,) = station.rows(Segment, Segment.id == segment.id)
    assert row.state == "rejected"
    assert (row.problem or {})["type"] == "urn:danpa:problem:worker-died"
    assert "died 3 times" in (row.problem or {})["detail"]
