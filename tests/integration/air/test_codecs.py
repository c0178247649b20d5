"""Every codec that can be live, through a real Icecast to a real decoder: one stream, whole and in its place, across all switches."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.air.armed import Level, Turn
from audio.ffmpeg import find_ffmpeg
from audio.pcm import RATE
from audio.profile import Encoding
from tests.armed_airings import AirStation, Material, air_station, material, soon, wait_until
from tests.icecast_sites import icecast

ENCODINGS = [
    Encoding("mp3", 44_100), Encoding("mp3", channels=2), Encoding("mp2"), Encoding("adts"), Encoding("opus"),
    Encoding("flac"),
]  # fmt: skip
LENGTH_S = 8.0
BRAKED, BACK = 3.0, 5.0
Signal = NDArray[np.float64]


def chain(folder: Path, encoding: Encoding) -> dict[Level, Material]:
    return {
        "standby": material(folder, 101, 6.0, encoding),
        "interval_signal": material(folder, 103, 3.0, encoding),
    }


def place_of(wanted: Signal, heard: Signal) -> tuple[float, float]:
    """Where some sound is in what was heard, in seconds, and how much alike they are, up to 1."""
    size = 1 << (len(heard) + len(wanted)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)[: len(heard)]
    at = int(np.argmax(both))
    there = heard[at : at + len(wanted)]
    alike = float(both[at] / (np.linalg.norm(there) * np.linalg.norm(wanted) + 1e-9))
    return at / RATE, alike


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda one: one.key)
def test_it_is_heard_whole_and_in_its_place(
    peer: Callable[[str], Path], tmp_path: Path, encoding: Encoding
) -> None:
    programme = material(tmp_path, 1, LENGTH_S, encoding)
    stands_in = chain(tmp_path, encoding)
    turns = (Turn(round(BRAKED * RATE), "standby"), Turn(round(BACK * RATE), "programme"))
    with icecast(peer("icecast2")) as site, air_station(tmp_path / "home", chain=stands_in) as station:
        address = f"http://127.0.0.1:{site.port}/live"
        station.arm(1, programme, soon(4), {1: address}, turns=turns, preroll_s=3.0)
        site.wait_for_source("/live")
        heard = listened(address)
        wait_until(lambda: _is_over(station), "the end is on the record")
    begins = [
        place_of(_part(programme, 0.1, BRAKED - 0.1), heard)[0] - 0.1,
        place_of(_part(programme, BACK + 0.3, LENGTH_S - 0.5), heard)[0] - BACK - 0.3,
    ]
    stood_in, alike = place_of(_part(stands_in["standby"], 0.3, BACK - BRAKED - 0.1), heard)
    assert alike > 0.9
    assert max(begins) - min(begins) < 0.001  # not a sample was left out or sent twice in between
    assert abs(stood_in - 0.3 - begins[0] - BRAKED) < 0.05  # to the frame
    before, alike = place_of(_part(stands_in["interval_signal"], 1.0, 2.5), heard)
    assert alike > 0.9
    assert abs(before + 2.0 - begins[0]) < 0.05  # a whole one ends where the programme begins


def listened(address: str) -> Signal:
    """What a player hears until the server has nothing more; nothing in it may be out of order."""
    command = [
        str(find_ffmpeg()), "-v", "error", "-i", address, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return np.frombuffer(done.stdout, "<i2").astype(float)


def _part(of: Material, begin_s: float, end_s: float) -> Signal:
    return of.sound[round(begin_s * RATE) : round(end_s * RATE)].astype(float)


def _is_over(station: AirStation) -> bool:
    return any(one.get("why") == "over" for one in station.sent(1))
