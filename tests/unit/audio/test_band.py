"""The band limits against ffmpeg's filters, which they replace, and against what a transmitter asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.band import Band
from audio.linear import LONGEST_ROW
from tests.audio_files import RATE, voice, write_wav

VOICE = voice(3.0, 1).astype(np.float32)
LIMITS = [(100, 4500), (50, 3000), (300, None), (None, 5000), (20, 15_000)]


def ffmpegs(
    ffmpeg: Path, source: Path, highpass_hz: int | None, lowpass_hz: int | None
) -> NDArray[np.float64]:
    steps = ["aformat=sample_fmts=dbl"]
    if highpass_hz is not None:
        steps.append(f"highpass=f={highpass_hz}:w=0.70710678")
    if lowpass_hz is not None:
        steps += [f"lowpass=f={lowpass_hz}:t=q:w={q}" for q in (0.5412, 1.3066)]
    command = [str(ffmpeg), "-v", "error", "-i", str(source), "-af", ",".join(steps), "-f", "f64le", "pipe:1"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, dtype="<f8")


@pytest.mark.parametrize(("highpass_hz", "lowpass_hz"), LIMITS)
def test_they_are_ffmpegs(
    highpass_hz: int | None, lowpass_hz: int | None, ffmpeg: Path, tmp_path: Path
) -> None:
    expected = ffmpegs(
        ffmpeg, write_wav(tmp_path / "voice.wav", VOICE.astype(np.float64)), highpass_hz, lowpass_hz
    )
    limited = Band(highpass_hz, lowpass_hz).feed(VOICE)
    assert np.abs(limited - expected).max() < 1e-6, "a thirtieth of a step of 16 bits"


@pytest.mark.parametrize(("hertz", "least_db", "most_db"), [
    (20, -29, -27), (100, -3.1, -2.9), (1000, -0.1, 0.1), (4500, -3.1, -2.9), (9000, -29, -24), (12_000, -60, -38),
])  # fmt: skip
def test_what_shortwave_carries_passes_and_what_hurts_the_neighbour_does_not(
    hertz: int, least_db: float, most_db: float
) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE).astype(np.float32)
    heard = Band(100, 4500).feed(tone)[RATE // 2 :]
    assert least_db < 20 * np.log10(heard.std() * np.sqrt(2)) < most_db


@given(st.lists(st.integers(1, 400), max_size=8))
def test_the_size_of_the_blocks_makes_no_difference(counts: list[int]) -> None:
    sound, band, at, parts = VOICE[: RATE // 2 + 7], Band(100, 4500), 0, []
    for count in (*counts, len(sound)):
        parts.append(band.feed(sound[at : at + count * LONGEST_ROW]))
        at += count * LONGEST_ROW
    np.testing.assert_allclose(np.concatenate(parts), Band(100, 4500).feed(sound), rtol=0, atol=2e-6)


def test_without_limits_nothing_is_touched() -> None:
    assert Band(None, None).feed(VOICE) is VOICE
