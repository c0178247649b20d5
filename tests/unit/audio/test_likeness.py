"""What the comparison of decoded sound with what was meant finds, and what it lets a codec do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.encode import EARLY_SAMPLES, encode
from audio.likeness import AROUND_SAMPLES, unlike_frames
from audio.profile import MP3_FRAME_SAMPLES as FRAME
from audio.profile import Encoding
from tests.audio_files import RATE, voice

Signal = NDArray[np.float64]
FRAMES = 200
TOTAL = FRAMES * FRAME

SPEECH = voice(TOTAL / RATE, 3)
SOUNDS = {
    "speech": SPEECH,
    "a whisper": SPEECH * 1e-3,
    "noise": np.random.default_rng(1).normal(0.0, 0.1, TOTAL),
    "a hammer on a quiet voice": np.where(np.arange(TOTAL) % 9600 < 30, 0.6, SPEECH * 0.02),
    "clicks in silence": np.where(np.arange(TOTAL) % 19_200 == 5000, 0.8, 0.0),
    "silence": np.zeros(TOTAL),
}


def decoded(sound: Signal, kbps: int, ffmpeg: Path, folder: Path) -> Signal:
    made = folder / "sound.mp3"
    pcm = np.rint(sound * 32767).astype("<i2").tobytes()
    encode([pcm], len(sound), Encoding("mp3", bitrate_kbps=kbps), made, ffmpeg=ffmpeg)
    command = [str(ffmpeg), "-nostdin", "-v", "error", "-f", "mp3", "-i", str(made), "-f", "f32le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype="<f4").astype(np.float64)


def unlike(heard: Signal, sound: Signal, early: int = EARLY_SAMPLES) -> list[int]:
    """Of the frames that a decoder has caught up with."""
    meant = np.concatenate([np.zeros(AROUND_SAMPLES), sound, np.zeros(AROUND_SAMPLES + early)])[early:]
    found = unlike_frames(heard.astype(np.float32), meant.astype(np.float32))
    return [int(frame) for frame in found if frame >= 2]


@pytest.mark.parametrize("kbps", [32, 64, 128])
@pytest.mark.parametrize("name", SOUNDS)
def test_what_a_codec_does_to_sound_is_let_pass(name: str, kbps: int, ffmpeg: Path, tmp_path: Path) -> None:
    assert unlike(decoded(SOUNDS[name], kbps, ffmpeg, tmp_path), SOUNDS[name]) == []


@pytest.fixture(scope="module")
def heard(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Signal:
    return decoded(SPEECH, 64, wheel, tmp_path_factory.mktemp("speech"))


def test_a_gap_is_found_where_it_is(heard: Signal) -> None:
    broken = heard.copy()
    broken[50 * FRAME : 53 * FRAME] = 0.0
    assert unlike(broken, SPEECH) == [50, 51, 52]


def test_another_item_as_loud_is_found(heard: Signal) -> None:
    assert len(unlike(heard, voice(TOTAL / RATE, 4))) > FRAMES * 0.9


def test_a_frame_in_anothers_place_is_found(heard: Signal) -> None:
    broken = heard.copy()
    broken[80 * FRAME : 81 * FRAME] = heard[95 * FRAME : 96 * FRAME]
    assert unlike(broken, SPEECH) == [80]


def test_sound_that_is_late_or_upside_down_is_found(heard: Signal) -> None:
    assert len(unlike(heard, SPEECH, early=EARLY_SAMPLES + FRAME // 8)) > FRAMES * 0.5
    assert len(unlike(-heard, SPEECH)) > FRAMES * 0.9
