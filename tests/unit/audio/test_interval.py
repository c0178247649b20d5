from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.interval import (
    INTERVAL_SIGNAL_SAMPLES,
    MUSIC_SAMPLES,
    interval_signal,
    music,
    synthesise_interval_signal,
    synthesise_music,
)


def test_the_interval_signal_is_the_same_wherever_it_is_made(ffmpeg: Path, tmp_path: Path) -> None:
    one = synthesise_interval_signal(tmp_path / "one", ffmpeg=ffmpeg)
    two = synthesise_interval_signal(tmp_path / "two", ffmpeg=ffmpeg)
    assert one.sha256 == two.sha256
    assert one.samples == INTERVAL_SIGNAL_SAMPLES
    assert one.samples % 1152 == one.samples % (3 * 48_000) == 0


def test_it_can_be_repeated_without_a_click_or_a_hole(wheel: Path, tmp_path: Path) -> None:
    master = synthesise_interval_signal(tmp_path, ffmpeg=wheel)
    assert master.silences == ()
    assert master.trailing_silence_samples < 9_600  # the usual pause after it makes no dead air of it
    sound = interval_signal()
    assert sound[0] == sound[-1] == 0.0


def test_it_plays_the_opening_of_arirang() -> None:
    """The pitch that is new with each stroke: sol la sol la, do re do re, mi re do la sol, do."""
    sound = np.concatenate([np.zeros(9600), interval_signal()])

    def spectrum(start: int) -> NDArray[np.float64]:
        return np.abs(np.fft.rfft(sound[start : start + 9600] * np.hanning(9600), 96_000))

    heard, at = [], 0.0
    for beats in (1.5, 0.5, 0.5, 0.5, 1.5, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 0.5, 3.0):
        stroke = round(at * 0.7 * 48_000)
        hertz = (spectrum(stroke + 9600) - spectrum(stroke))[
            :1600
        ].argmax() / 2  # under 800 Hz: the ground tones
        heard.append(round(12 * np.log2(hertz / 523.251)))
        at += beats
    assert heard == [-5, -3, -5, -3, 0, 2, 0, 2, 4, 2, 0, -3, -5, 0]


def test_music_fills_two_and_a_half_minutes(wheel: Path, tmp_path: Path) -> None:
    master = synthesise_music(tmp_path, ffmpeg=wheel)
    assert master.samples == MUSIC_SAMPLES
    assert master.silences == ()
    assert master.clipped_samples == 0
    assert master.loudness_lufs == pytest.approx(-18.8, abs=1.5)


def test_another_seed_is_another_piece() -> None:
    assert not np.array_equal(music(1), music(2))
