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


def test_quiet_sounds_overlay_to_their_exact_sum() -> None:
    one, two = 0.3 * voice(1.0, 1), 0.3 * voice(1.0, 2)
    mixed = levels(joins.overlay(pcm(one), pcm(two), limit_dbfs=-3.0))
    assert np.abs(mixed - (one + two)).max() < 2e-4


def test_loud_sounds_overlay_under_the_limit_without_clipping() -> None:
    one, two = 1.9 * voice(1.0, 1), 1.9 * voice(1.0, 2)
    mixed = levels(joins.overlay(pcm(one), pcm(two), limit_dbfs=-4.0))
    limit = 10 ** (-4 / 20)
    assert np.abs(one + two).max() > 2 * limit, "the sum needed limiting"
    assert 0.9 * limit < np.abs(mixed).max() <= limit + 1e-4
    # A limiter turns down; it does not shave: the wave keeps its shape
    assert np.corrcoef(mixed, one + two)[0, 1] > 0.95


def test_windows_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="do not overlay"):
        joins.overlay(bytes(100), bytes(98), limit_dbfs=-3.0)


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
