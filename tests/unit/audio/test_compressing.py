"""The compressor by what it should do to a tone and to a voice, and beside ffmpeg's, after which it is modelled."""

from __future__ import annotations

import subprocess
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from audio.compressing import STEP_SAMPLES, Compressor
from tests.audio_files import RATE, voice

Signal = NDArray[np.float64]
THRESHOLD_DBFS = -24.5


def compressed(sound: Signal, block: int = RATE) -> Signal:
    compressor = Compressor(THRESHOLD_DBFS)
    parts = [
        compressor.feed(sound[start : start + block].astype(np.float32))
        for start in range(0, len(sound), block)
    ]
    return np.concatenate(parts).astype(np.float64)


def tone(hertz: float, rms_dbfs: float, seconds: float = 2.0) -> Signal:
    at = np.arange(round(seconds * RATE)) / RATE
    sound: Signal = np.sqrt(2.0) * 10 ** (rms_dbfs / 20) * np.sin(2 * np.pi * hertz * at)
    return sound


def level_dbfs(sound: Signal) -> float:
    return float(10 * np.log10(np.mean(sound**2)))


def levels_dbfs(sound: Signal, window: int) -> Signal:
    """Of each `window` samples."""
    rows = sound[: len(sound) // window * window].reshape(-1, window)
    levels: Signal = 10 * np.log10((rows**2).mean(axis=1) + 1e-12)
    return levels


@pytest.mark.parametrize(
    ("level", "gain"),
    [
        *((-80.0, 0.0), (-40.0, 0.0), (-30.5, 0.0)),  # under the knee nothing happens
        (-24.5, -0.75),  # at the threshold a quarter of half the knee
        (-18.5, -3.0),  # from the knee's end on 2:1
        (-12.5, -6.0),
        (-4.5, -10.0),
    ],
)
def test_a_steady_tone_is_turned_down_by_the_curve(level: float, gain: float) -> None:
    sound = tone(1000, level)
    assert level_dbfs(compressed(sound)[RATE:]) - level == pytest.approx(gain, abs=0.02)


def test_it_turns_down_in_milliseconds_and_up_again_in_tenths_of_a_second() -> None:
    sound = np.concatenate([tone(1000, -40.0, 0.5), tone(1000, -10.0, 0.5), tone(1000, -40.0, 0.8)])
    gain = levels_dbfs(compressed(sound), STEP_SAMPLES) - levels_dbfs(sound, STEP_SAMPLES)
    full = gain[490]
    assert full == pytest.approx(-7.25, abs=0.05)
    attack = np.flatnonzero(gain[250:] < full + 1.0)[0] * 2
    assert 2 <= attack <= 10, "a beginning is caught within 10 ms"
    assert gain[249] == pytest.approx(0.0, abs=0.05), "and not before it is there"
    half, open_again = (np.flatnonzero(gain[500:] > least)[0] * 2 for least in (full / 2, -0.1))
    assert 100 <= half <= 150, "7 dB down, at 4.3 dB in 75 ms"
    assert 250 <= open_again <= 400
    assert gain[-1] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("hertz", "most"), [(100, -45), (300, -50), (1000, -100), (3000, -100)])
def test_a_steady_tone_stays_a_tone(hertz: int, most: float) -> None:
    """No steps to be heard: all that is not the tone, in dB under it (ffmpeg's has -52, -61, -72 and -80)."""
    sound = compressed(tone(hertz, -14.0, 4.0))[2 * RATE :]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    place = 2 * hertz
    near = spectrum[place - 6 : place + 7].sum()
    assert 10 * np.log10((spectrum.sum() - near) / near) < most


def test_the_gain_never_jumps() -> None:
    sound = np.repeat([0.001, 0.5, 0.01, 0.9, 0.1], RATE // 4)
    gain = compressed(sound) / sound
    assert np.abs(np.diff(gain)).max() < 0.01, "0.1 dB from one sample to the next, at a step of 54 dB"
    assert gain.max() <= 1.0 + 1e-6


@given(st.lists(st.integers(1, 40), max_size=6))
@settings(max_examples=25)
def test_the_size_of_the_blocks_makes_no_difference(steps: list[int]) -> None:
    sound = voice(0.4, 3).astype(np.float32)
    whole = Compressor(THRESHOLD_DBFS).feed(sound)
    in_parts, at, parts = Compressor(THRESHOLD_DBFS), 0, []
    for count in (*steps, len(sound)):
        parts.append(in_parts.feed(sound[at : at + count * STEP_SAMPLES]))
        at += count * STEP_SAMPLES
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-7)


def test_silence_stays_silence_and_an_end_within_a_step_is_kept() -> None:
    assert not compressed(np.zeros(RATE)).any()
    for samples in (1, STEP_SAMPLES - 1, STEP_SAMPLES + 1):
        assert len(compressed(voice(1.0)[:samples])) == samples


def test_a_voice_comes_out_as_from_ffmpegs(wheel: Path) -> None:
    """The gain of every tenth of a second, beside that of the filter that did this work before."""
    sound = voice(20.0, 3) * 10 ** (-20 / 20) / np.sqrt(np.mean(voice(20.0, 3) ** 2))
    # ffmpeg follows every sample's square and so stands 2.5 dB above the mean of a tone
    chain = f"acompressor=threshold={10 ** ((THRESHOLD_DBFS + 2.5) / 20):.6f}:ratio=2:attack=10:release=300:knee=4"
    raw = ["-f", "f32le", "-ar", "48000", "-ac", "1"]
    done = subprocess.run(
        [str(wheel), "-nostdin", "-v", "error", *raw, "-i", "pipe:0", "-af", chain, *raw, "pipe:1"],
        input=sound.astype("<f4").tobytes(),
        capture_output=True,
        check=True,
    )
    theirs = np.frombuffer(done.stdout, dtype="<f4").astype(np.float64)
    before = levels_dbfs(sound, RATE // 10)
    one, two = (levels_dbfs(each, RATE // 10) - before for each in (compressed(sound), theirs))
    assert np.corrcoef(one, two)[0, 1] > 0.99
    assert np.abs(one - two).max() < 1.2
    assert one.std() == pytest.approx(two.std(), abs=0.15)
