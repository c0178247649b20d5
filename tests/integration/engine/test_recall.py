"""A recall after delivery: the recording is proven absent, by its sound, from every file at every site that can be reached."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.handoffs.models import Handoff
from app.library.models import Segment
from app.station.models import Station
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from tests.integration.engine.living import CLOCK, DAWN, LivingStation
from tests.integration.engine.test_by_hand import ask, at_the_desk
from tests.integration.engine.test_deliveries import MINUTE
from tests.receivers import Receiver

RATE = 48_000
EARLY = {"lead_s": 8 * 3600, "warn_s": 60}
OTHERS: dict[str, Any] = {
    "late": CLOCK,
    "repeat": [{"type": "repeat", "programme": "night"}, CLOCK[-1]],
    "bare": [{"type": "pick", "kinds": ["drama"]}, CLOCK[-1]],
}
"""What airs after the night's programme: another with the same news, a repeat, and one that only has its evergreen."""

PRESENT, ABSENT = 0.5, 0.15
"""Of the normalised correlation: processing leaves a recording above the one, different sound stays under the other."""


def likeness(file: Path, recording: NDArray[np.float32]) -> float:
    """The highest normalised correlation of ten seconds of a recording with any place of a file."""
    sound = decode(file)
    piece = recording[2 * RATE : 12 * RATE]
    size = 1 << (len(sound) + len(piece)).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(sound)]
    energy = np.cumsum(np.concatenate([[0.0], sound.astype(np.float64) ** 2, np.zeros(len(piece))]))
    local = np.sqrt(np.maximum(energy[len(piece) :][: len(sound)] - energy[: len(sound)], 1e-3))
    return float((np.abs(both) / (local * np.linalg.norm(piece))).max())


def test_a_recalled_recording_is_gone_from_every_file_that_can_be_reached(
    station: LivingStation, tmp_path: Path
) -> None:
    """In two delivered airings at four feeds, in a repeat of one, and as the evergreen of an airing without programme."""
    site = Receiver(tmp_path / "reachable")
    gone = Receiver(tmp_path / "unreachable")
    with site:
        with gone:
            night = station.slot(station.programme("night"))
            station.feed(night, tmp_path / "folder", **EARLY)
            station.feed(night, site.url, **EARLY)
            lost = station.feed(night, gone.url, **EARLY)
            station.live_until(DAWN + timedelta(hours=4))
            recalled = station.news_of(1)
            station.change(Station, 1, evergreen_segment_id=recalled)
            for number, (code, clock) in enumerate(OTHERS.items(), 1):
                start = 900 + 60 * number
                slot = station.slot(
                    station.programme(code, clock=clock), start_minute=start, stop_minute=start + 1
                )
                station.feed(slot, tmp_path / code, **EARLY)
            station.live_until(DAWN + timedelta(hours=8))
        master = _master(station, recalled)
        files = _files(tmp_path)
        assert len(files) == 6
        assert min(likeness(path, master) for path in files) > PRESENT, "the recall must have work to do"

        answer = ask_recall(station, recalled)
        fates = {(place["airing_id"], place["feed_id"]): place["fate"] for place in answer["whereabouts"]}
        assert set(fates.values()) <= {"to_be_replaced", "not_delivered"}
        station.live_until(DAWN + timedelta(hours=8, minutes=10))

    for path in _files(tmp_path):
        if "unreachable" not in path.parts:
            assert likeness(path, master) < ABSENT, path.name
    places = [place for place in whereabouts(station, recalled) if place["fate"] != "not_delivered"]
    assert {place["feed_id"] for place in places if place["fate"] == "not_reached"} == {lost}
    assert {place["fate"] for place in places if place["feed_id"] != lost} == {"replaced"}
    newest = station.rows(Handoff, Handoff.feed_id == lost)[-1]
    assert ask(station, "manual", newest.id or 0, how="the desk has deleted it, by phone").status_code == 202
    station.live_until(station.clock() + MINUTE)
    assert "not_reached" not in {place["fate"] for place in whereabouts(station, recalled)}


def ask_recall(station: LivingStation, segment_id: int) -> dict[str, Any]:
    with at_the_desk(station) as client:
        answer = client.post(f"/api/v1/segments/{segment_id}/recall", json={"reason": "names a source"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    assert found["stands_in_for"] == ["evergreen"]
    return found


def whereabouts(station: LivingStation, segment_id: int) -> list[dict[str, Any]]:
    with at_the_desk(station) as client:
        items: list[dict[str, Any]] = client.get(f"/api/v1/segments/{segment_id}/whereabouts").json()["items"]
        return items


def decode(path: Path) -> NDArray[np.float32]:
    form = ("-f", "f32le", "-ac", "1", "-ar", str(RATE), "-")
    command: list[str] = [str(find_ffmpeg()), "-nostdin", "-v", "error", "-i", str(path), *form]
    return np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, dtype="<f4")


def _master(station: LivingStation, segment_id: int) -> NDArray[np.float32]:
    (segment,) = station.rows(Segment, Segment.id == segment_id)
    assert segment.master_sha256 is not None
    return decode(Blobs(station.settings.blobs_dir).path("masters", segment.master_sha256, ".flac"))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.mp3") if "home" not in path.parts)
