from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import DanpaError
from app.library.ingest import run_ingest
from tests.integration.library.stations import ROOT, Station, make_station, receive, write_tone

# Kills itself at the n-th step that changes a file or starts a program, whatever code takes it.
KILLED_AT_STEP = """
import os, signal, sys
from app.database import open_database
from app.library.ingest import run_ingest
from app.settings import Settings
settings, steps, last = Settings(), 0, int(sys.argv[1])
engine = open_database(settings)
def count(event, _arguments):
    global steps
    if event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"}:
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
run_ingest(engine, settings, {"segment_id": 1, "file": sys.argv[2]})
"""


@pytest.mark.slow
def test_an_ingest_killed_at_any_step_gives_the_same_result_when_it_runs_again(tmp_path: Path) -> None:
    recording = write_tone(tmp_path / "talk.wav", 1.0, lead_s=0.5)
    untouched = make_station(tmp_path / "untouched")
    run_ingest(untouched.engine, untouched.settings, receive(untouched, recording))
    expected = untouched.segment(1)
    kinds = ("originals", "masters", "peaks", "fingerprints")
    blobs = {kind: untouched.blobs(kind) for kind in kinds}
    untouched.engine.dispose()

    step = 0
    while True:
        step += 1
        station = make_station(tmp_path / f"killed-{step}")
        payload = receive(station, recording)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_AT_STEP, str(step), str(payload["file"])],
            env=os.environ | {"DANPA_HOME": str(station.settings.home), "DANPA_DISK_RESERVE_BYTES": "0"},
            cwd=ROOT,
            check=False,
        )
        run_ingest(station.engine, station.settings, payload)
        segment = station.segment(1)
        station.engine.dispose()
        assert segment.state == "draft", f"killed at step {step}"
        assert segment.model_dump(exclude={"created_by"}) == expected.model_dump(exclude={"created_by"})
        assert {kind: station.blobs(kind) for kind in kinds} == blobs
        assert station.incoming() == []
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL
    assert step > 8  # otherwise the hook saw nothing


def test_a_rejected_upload_stays_rejected_when_the_job_runs_again(station: Station, tmp_path: Path) -> None:
    text = tmp_path / "a.mp3"
    text.write_text("no sound at all")
    payload = receive(station, text)
    first = run_ingest(station.engine, station.settings, payload)
    assert first["state"] == "rejected"
    assert first["problem"]["type"] == "urn:danpa:problem:not-audio"
    assert run_ingest(station.engine, station.settings, payload) == first


def test_an_upload_that_is_gone_is_told_to_its_producer(station: Station, tone: Path) -> None:
    payload = receive(station, tone)
    (station.settings.incoming_dir / str(payload["file"])).unlink()
    result = run_ingest(station.engine, station.settings, payload)
    assert result["state"] == "rejected"
    assert "upload it again" in result["problem"]["detail"]


def test_what_nobody_foresaw_rejects_the_segment_and_is_not_hidden(
    station: Station, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = receive(station, tone)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.library.ingest.ingest", broken)
    with pytest.raises(ZeroDivisionError):
        run_ingest(station.engine, station.settings, payload)
    segment = station.segment(1)
    assert segment.state == "rejected"
    assert segment.problem is not None
    assert segment.problem["type"] == "urn:danpa:problem:internal-error"


def test_approval_on_arrival_is_in_that_persons_name(station: Station, tone: Path) -> None:
    run_ingest(station.engine, station.settings, receive(station, tone) | {"approve_by": station.person_id})
    segment = station.segment(1)
    assert (segment.state, segment.approved_by) == ("approved", station.person_id)


def test_a_segment_longer_than_the_station_takes_is_rejected(tmp_path: Path) -> None:
    station = make_station(tmp_path / "var", segment_limit_s=1)
    result = run_ingest(
        station.engine, station.settings, receive(station, write_tone(tmp_path / "long.wav", 3.0))
    )
    station.engine.dispose()
    assert result["problem"]["type"] == "urn:danpa:problem:too-long"


def test_a_job_for_a_segment_that_is_not_there_says_so(station: Station) -> None:
    with pytest.raises(DanpaError, match="no segment 7"):
        run_ingest(station.engine, station.settings, {"segment_id": 7, "file": "x.part"})
