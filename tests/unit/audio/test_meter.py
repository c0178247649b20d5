"""Loudness and true peak against ffmpeg's ebur128, and against themselves done the long way."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from audio.meter import EnergyMeter, LoudnessSum, Meter, PeakMeter, Samples, _interpolators, step_samples
from tests.audio_files import voice

Signal = NDArray[np.float64]


def ebur128(sound: Signal, rate: int, ffmpeg: Path) -> tuple[float, float, float]:
    """Integrated loudness, highest momentary loudness and true peak as ffmpeg has them."""
    graph = "ebur128=metadata=1:peak=true:framelog=verbose,ametadata=mode=print:file=-"
    command = [
        str(ffmpeg),
        "-nostdin",
        "-v",
        "error",
        "-f",
        "f32le",
        "-ar",
        str(rate),
        "-ac",
        "1",
        "-i",
        "pipe:0",
    ]
    done = subprocess.run(
        [*command, "-af", graph, "-f", "null", "-"],
        input=sound.astype("<f4").tobytes(),
        capture_output=True,
        check=True,
    )
    found: dict[str, list[float]] = {}
    for line in done.stdout.decode().splitlines():
        key, _, value = line.partition("=")
        if key.startswith("lavfi.r128."):
            found.setdefault(key.removeprefix("lavfi.r128."), []).append(float(value))
    return found["I"][-1], max(found["M"][3:]), 20 * np.log10(max(found["true_peak"]))


def metered(sound: Signal, rate: int, block: int) -> tuple[float | None, float | None, float]:
    meter = Meter(rate)
    for start in range(0, len(sound), block):
        meter.feed(sound[start : start + block].astype(np.float32))
    found = meter.finish()
    return found.integrated_lufs, found.momentary_max_lufs, found.true_peak_dbtp


def noise(seconds: float, rate: int) -> Signal:
    return np.random.default_rng(1).normal(0.0, 0.1, round(seconds * rate))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(
    "kind", ["voice", "noise", "low hum", "loud and quiet", "between the samples", "one click"]
)
def test_it_says_what_ebur128_says(kind: str, rate: int, wheel: Path) -> None:
    at = np.arange(12 * rate) / rate
    sounds = {
        "voice": voice(12.0, 3, rate),
        "noise": noise(12.0, rate),
        "low hum": 0.5 * np.sin(2 * np.pi * 45 * at),
        "loud and quiet": np.concatenate([voice(6.0, 1, rate), 0.004 * voice(6.0, 2, rate)]),
        "between the samples": 0.4 * np.sin(2 * np.pi * rate / 4 * at + np.pi / 4),
        "one click": np.where(np.arange(12 * rate) == 7 * rate, 0.9, 0.02 * voice(12.0, 4, rate)),
    }
    sound = sounds[kind] * np.minimum(1.0, np.minimum(at, at[::-1]) * 10)
    integrated, momentary, peak = metered(sound, rate, block=7001)
    expected = ebur128(sound, rate, wheel)
    assert integrated == pytest.approx(expected[0], abs=0.02)
    assert momentary == pytest.approx(expected[1], abs=0.02)
    # White noise reaches up to half the rate, where ebur128's own filter has begun to fall
    assert -0.05 < peak - expected[2] < (0.2 if kind in {"noise", "one click"} else 0.05)


def test_a_reference_tone_has_the_loudness_that_ebu_tech_3341_asks_for() -> None:
    """1 kHz at -23 dBFS in one channel: -26.0 LUFS (as two channels it would be -23)."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * 48_000) / 48_000)
    assert metered(tone, 48_000, 4800)[0] == pytest.approx(-26.0, abs=0.05)


def test_silence_and_a_blip_have_no_loudness() -> None:
    assert metered(np.zeros(48_000), 48_000, 1000) == (None, None, -np.inf)
    integrated, momentary, _ = metered(voice(0.2), 48_000, 1000)
    assert integrated is None
    assert momentary is not None


def test_the_size_of_the_blocks_makes_no_difference() -> None:
    sound = voice(3.0, 5)
    first, *others = (metered(sound, 48_000, block) for block in (100, 9999, 48_000, 10_000_000))
    for other in others:
        assert other == pytest.approx(first, abs=1e-4)


def full_scan(sound: Samples) -> float:
    """All four points for every sample, nothing left out."""
    filters, _ = _interpolators()
    taps = len(filters)
    padded = np.concatenate([np.zeros(taps - 1), sound, np.zeros(taps // 2)]).astype(np.float32)
    between = np.lib.stride_tricks.sliding_window_view(padded, taps) @ filters
    return max(float(np.abs(between).max()), float(np.abs(sound).max()))


levels = st.floats(-1.0, 1.0, width=32)
sounds = st.one_of(
    st.lists(levels, min_size=1, max_size=400),
    st.lists(st.sampled_from([-1.0, 1.0, 0.0, 0.5]), min_size=1, max_size=400),
    st.tuples(st.integers(0, 300), st.integers(1, 300), levels).map(
        lambda it: [0.0] * it[0] + [it[2] * (-1) ** n for n in range(it[1])]
    ),
)


@given(sounds, st.lists(st.integers(1, 400), max_size=6))
@settings(max_examples=200)
def test_what_the_peak_meter_leaves_out_is_never_the_peak(values: list[float], cuts: list[int]) -> None:
    sound = np.array(values, dtype=np.float32)
    meter = PeakMeter()
    for start, end in pairwise([0, *sorted(min(cut, len(sound)) for cut in cuts), len(sound)]):
        meter.feed(sound[start:end])
    assert meter.finish() == pytest.approx(full_scan(sound), rel=1e-5, abs=1e-9)


def test_the_parts_of_a_sound_have_the_loudness_of_the_whole() -> None:
    """Measured piece by piece, each with a run-in of 72 ms, and put together."""
    sound = voice(30.0, 9).astype(np.float32)
    step, lead = step_samples(48_000), 18 * 192
    total = LoudnessSum(48_000)
    for start, end in pairwise([0, 7 * 1152, 400 * 1152, 401 * 1152, 1250 * 1152]):
        meter = EnergyMeter(48_000)
        energies = np.concatenate([meter.feed(sound[max(0, start - lead) : end]), meter.finish()])
        total.add(energies[-(end - start) // step :])
    assert total.integrated_lufs() == pytest.approx(
        metered(sound.astype(float), 48_000, 48_000)[0], abs=0.001
    )
