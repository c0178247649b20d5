"""Recordings in a small station's library, as producers bring them: uploaded, measured and cut by the real jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.jobs.service import claim
from app.jobs.worker import work
from tests.audio_files import voice, write_wav
from tests.stations import SmallStation, keyed


def worked(station: SmallStation, *kinds: str) -> None:
    """What the workers would do now."""
    while (job := claim(station.database, "worker-1", kinds)) is not None:
        work(station.database, station.settings, job, station.clock)


def uploaded(station: SmallStation, url: str, folder: Path, seconds: float = 10.0, **fields: Any) -> int:
    """A draft of so many seconds of speech, sound from its first sample to its last; its id."""
    file = write_wav(folder / "recording.wav", voice(seconds))
    with keyed(url, station.key) as client, file.open("rb") as sound:
        said = {"kind": "talk", "title": "강을 건너온 사람"} | fields
        answer = client.post("/api/v1/segments", data=said, files={"file": (file.name, sound, "audio/wav")})
    assert answer.status_code == 202, answer.text
    worked(station, "ingest")
    return int(answer.json()["id"])
