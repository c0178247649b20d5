from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from audio import joins
from tests.audio_files import voice


def pcm(signal: NDArray[np.float64]) -> bytes:
    return np.rint(signal * 32767).astype("<i2").tobytes()


def levels(raw: bytes) -> NDArray[np.float64]:
    return np.frombuffer(raw, dtype="<i2") / 32767


@pytest.mark.parametrize("samples", [0, 1, 47, 48, 1152, 4800, 24_001])
def test_a_fade_keeps_every_sample_in_its_place(samples: int) -> None:
    sound = pcm(np.full(samples, 0.5))
    for faded in (joins.fade_in(sound), joins.fade_out(sound)):
        assert len(faded) == len(sound)


def test_a_fade_begins_or_ends_in_silence_and_never_turns_round() -> None:
    sound = pcm(np.full(24_000, 0.5))
    rising, falling = levels(joins.fade_in(sound)), levels(joins.fade_out(sound))
    assert abs(rising[0]) < 0.005
    assert rising[-1] == pytest.approx(0.5, abs=0.01)
    assert np.all(np.diff(rising) >= 0)
    assert falling[0] == pytest.approx(0.5, abs=0.01)
    assert abs(falling[-1]) < 0.005
    assert np.all(np.diff(falling) <= 0)


@pytest.mark.parametrize("seconds", [1.0, 0.16875, 0.0001])
def test_two_sounds_overlay_to_their_exact_sum_however_loud_and_long(seconds: float) -> None:
    one, two = (1.9 * voice(1.0, seed)[-round(seconds * 48_000) :] for seed in (1, 2))
    assert seconds < 1.0 or np.abs(one + two).max() > 1.3, "more than 16 bits hold"
    mixed = joins.overlay(pcm(one), pcm(two)) / 32767
    assert np.abs(mixed - (one + two)).max() < 2e-4


def test_windows_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="do not overlay"):
        joins.overlay(bytes(100), bytes(98))


def test_a_fade_as_long_as_a_piece_of_music_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 30 s"):
        joins.fade_in(bytes(2 * 31 * 48_000))


def test_importing_pydub_is_silent_where_warnings_are_errors() -> None:
    """Without bytecode, without any ffmpeg on the PATH: everything it warns of at once."""
    code = "import audio.joins"
    run = [sys.executable, "-B", "-W", "error", "-X", "pycache_prefix=/nonexistent", "-c", code]
    done = subprocess.run(
        run, env={"PATH": "", "PYTHONPATH": "."}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("samples", [0, 1, 47, 1152, 24_001])
def test_a_cross_fade_keeps_every_sample_in_its_place(samples: int) -> None:
    sound = pcm(np.full(samples, 0.5))
    for faded in (joins.cross_in(sound), joins.cross_out(sound)):
        assert len(faded) == len(sound)


def test_two_halves_of_a_cross_fade_keep_their_power() -> None:
    sound = pcm(np.full(24_000, 0.5))
    rising, falling = levels(joins.cross_in(sound)), levels(joins.cross_out(sound))
    assert np.abs(rising**2 + falling**2 - 0.25).max() < 1e-4
    assert abs(rising[0]) < 0.0001
    assert abs(falling[-1]) < 0.0001
    assert np.all(np.diff(rising) >= 0)
    assert np.all(np.diff(falling) <= 0)


def test_a_cross_fade_as_long_as_a_piece_of_music_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 30 s"):
        joins.cross_out(bytes(2 * 31 * 48_000))
