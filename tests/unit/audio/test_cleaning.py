"""Cleaning: what is there goes, what is not there is not looked for, and every sample stays at its place.

How much of speech can be understood before and after is measured in `tests/bench/cleaning.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from audio.cleaning import Blocks, Cleaner, listen_for
from audio.edits import Cleaning, Range
from audio.overlap import Overlap
from tests.audio_files import RATE, voice
from tests.ears.stoi import stoi

Signal = NDArray[np.float64]
SECONDS = 16


def talk(seconds: float = SECONDS, seed: int = 4) -> Signal:
    """Sentences of 2 s with pauses of a second."""
    sound = np.zeros(round(seconds * RATE))
    for number, start in enumerate(range(RATE // 2, len(sound) - 2 * RATE, 3 * RATE)):
        sound[start : start + 2 * RATE] = voice(2.0, seed + number)
    return sound


def cleaned(sound: Signal, cleaning: Cleaning, cuts: tuple[int, ...] = ()) -> Signal:
    """With the ranges between `cuts` cleaned one after the other."""
    bounds = [0, *cuts, len(sound)]

    def stretches() -> Iterator[tuple[Range, Blocks]]:
        for start, end in pairwise(bounds):
            seconds = range(start, end, RATE)
            yield (start, end), (sound[at : min(at + RATE, end)].astype(np.float32) for at in seconds)

    cleaner = Cleaner(cleaning, listen_for(cleaning, stretches))
    parts = [each for where, blocks in stretches() for each in cleaner.clean(blocks, where)]
    return np.concatenate(parts).astype(np.float64)


def level_db(sound: Signal) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-20))


def hum(hertz: float, count: int, drift_hz: float = 0.0) -> Signal:
    at = np.arange(count) / RATE
    turns = hertz * at + drift_hz * np.sin(2 * np.pi * at / 30) * 30 / (2 * np.pi)
    sound: Signal = np.sum([0.05 / n * np.sin(2 * np.pi * n * turns + n) for n in range(1, 9)], axis=0)
    return sound


ALL = [
    Cleaning(hum=True),
    Cleaning(rumble=True),
    Cleaning(noise="gentle"),
    Cleaning(noise="strong"),
    Cleaning(room="gentle"),
    Cleaning(room="strong"),
    Cleaning(hum=True, rumble=True, noise="strong", room="strong"),
]


def name(cleaning: Cleaning) -> str:
    return f"hum={cleaning.hum} rumble={cleaning.rumble} noise={cleaning.noise} room={cleaning.room}"


# ------------------------------------------------------------------ sample by sample


@given(
    st.sampled_from([Overlap(2048, 512), Overlap(2048, 1024), Overlap(8192, 2048)]),
    st.lists(st.integers(1, 9000), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_unchanged_spectra_are_the_sound_again(overlap: Overlap, sizes: list[int]) -> None:
    sound = np.random.default_rng(sum(sizes)).normal(0.0, 0.3, sum(sizes)).astype(np.float32)
    blocks = np.split(sound, np.cumsum(sizes)[:-1])
    again = np.concatenate(list(overlap.sound(overlap.spectra(blocks), len(sound))))
    assert len(again) == len(sound)
    np.testing.assert_allclose(again, sound, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cleaning", ALL, ids=name)
def test_every_sample_comes_out_at_its_own_place(cleaning: Cleaning) -> None:
    """In a little noise, so that there is something to do."""
    sound = talk()
    noisy = sound + np.random.default_rng(3).normal(0.0, 1e-3, len(sound))
    heard = cleaned(noisy, cleaning, cuts=(5 * RATE + 1, 5 * RATE + 2, 9 * RATE))
    assert len(heard) == len(sound)
    spectrum = np.fft.rfft(heard) * np.conj(np.fft.rfft(sound))
    product = np.fft.irfft(spectrum, len(sound))
    assert int(product.argmax()) == 0
    assert product[0] / np.linalg.norm(heard) / np.linalg.norm(sound) > 0.95


@pytest.mark.parametrize("cleaning", ALL, ids=name)
@pytest.mark.parametrize("samples", [1, 2, 700, 4800, 30_000])
def test_the_shortest_recordings_are_as_long_as_before(cleaning: Cleaning, samples: int) -> None:
    heard = cleaned(voice(1.0)[:samples], cleaning)
    assert len(heard) == samples
    assert np.isfinite(heard).all()


@pytest.mark.parametrize("cleaning", ALL, ids=name)
def test_silence_stays_silence(cleaning: Cleaning) -> None:
    assert not cleaned(np.zeros(4 * RATE), cleaning).any()


# ------------------------------------------------------------------ hum and rumble


@pytest.mark.parametrize("hertz", [49.93, 50.0, 50.11, 60.02])
def test_hum_goes_and_the_voice_stays(hertz: float) -> None:
    sound = talk()
    noise = hum(hertz, len(sound), drift_hz=0.03)
    left = cleaned(sound + noise, Cleaning(hum=True)) - sound
    for number in range(4):
        pause = slice(round((2.7 + 3 * number) * RATE), round((3.3 + 3 * number) * RATE))
        assert level_db(left[pause]) < level_db(noise) - 18
    # In a sentence the voice itself has something on the lines: what of it goes is less than the hum was, and not missed
    assert level_db(left) < level_db(noise) - 9
    assert stoi(sound, sound + left, RATE) > 0.99


def test_where_there_is_no_hum_nothing_is_taken_away() -> None:
    noisy = talk() + np.random.default_rng(3).normal(0.0, 1e-3, SECONDS * RATE)
    assert np.array_equal(cleaned(noisy, Cleaning(hum=True)), noisy.astype(np.float32))


def test_hum_is_followed_across_a_removal() -> None:
    """The mains do not stop where a word was cut out: each range is cleaned at its own phase."""
    sound = talk()
    noise = hum(50.0, len(sound))
    left = cleaned(sound + noise, Cleaning(hum=True), cuts=(5 * RATE + 333, 9 * RATE + 77)) - sound
    for start in (5.7, 8.7, 11.7):
        pause = slice(round(start * RATE), round((start + 0.6) * RATE))
        assert level_db(left[pause]) < level_db(noise) - 18


def test_a_range_too_short_to_hear_the_mains_in_is_left_alone() -> None:
    sound = talk() + hum(50.0, SECONDS * RATE)
    cut = 7 * RATE
    heard = cleaned(sound, Cleaning(hum=True), cuts=(cut, cut + 100, cut + 101, cut + 12_001))
    assert np.array_equal(heard[cut : cut + 101], sound[cut : cut + 101].astype(np.float32))
    assert np.isfinite(heard).all()


@pytest.mark.parametrize(("hertz", "least", "most"), [(30, -40, -30), (80, -3.5, -2.5), (160, -0.1, 0.1), (1000, -0.01, 0.01)])  # fmt: skip
def test_rumble_is_what_lies_below_a_voice(hertz: int, least: float, most: float) -> None:
    tone = 0.1 * np.sin(2 * np.pi * hertz / RATE * np.arange(4 * RATE))
    heard = cleaned(tone, Cleaning(rumble=True))
    assert least < level_db(heard[RATE:-RATE]) - level_db(tone) < most
    if hertz >= 160:
        assert heard[RATE:-RATE] == pytest.approx(tone[RATE:-RATE], abs=1e-3), "and no phase is turned"


# ------------------------------------------------------------------ noise and rooms


@pytest.mark.parametrize(("strength", "depth_db"), [("gentle", 8.0), ("strong", 15.0)])
def test_noise_in_the_pauses_goes_down_as_far_as_was_said(strength: str, depth_db: float) -> None:
    sound = talk()
    noisy = sound + np.random.default_rng(5).normal(0.0, 3e-3, len(sound))
    heard = cleaned(noisy, Cleaning(noise=strength))  # type: ignore[arg-type]
    pause = slice(round(2.7 * RATE), round(3.3 * RATE))
    assert level_db(noisy[pause]) - level_db(heard[pause]) == pytest.approx(depth_db, abs=2.0)
    speech = slice(RATE, 2 * RATE)
    assert level_db(heard[speech]) == pytest.approx(level_db(sound[speech]), abs=0.3)


def test_noise_that_becomes_louder_is_followed() -> None:
    sound = talk(32)
    noise = np.random.default_rng(5).normal(0.0, 1e-3, len(sound))
    noise[len(noise) // 2 :] *= 10
    heard = cleaned(sound + noise, Cleaning(noise="strong"))
    for pause in (slice(round(2.7 * RATE), round(3.3 * RATE)), slice(round(26.7 * RATE), round(27.3 * RATE))):
        assert level_db(noise[pause]) - level_db(heard[pause]) > 13


@pytest.mark.parametrize("strength", ["gentle", "strong"])
@pytest.mark.parametrize("level", [1e-4, 1e-2, 1e-1])
def test_cleaning_noise_costs_no_words(strength: str, level: float) -> None:
    sound = talk()
    noisy = sound + np.random.default_rng(6).normal(0.0, level, len(sound))
    heard = cleaned(noisy, Cleaning(noise=strength))  # type: ignore[arg-type]
    assert stoi(sound, heard, RATE) > stoi(sound, noisy, RATE) - 0.005


@pytest.mark.parametrize("strength", ["gentle", "strong"])
def test_a_room_comes_nearer(strength: str) -> None:
    sound = talk(24)
    chance = np.random.default_rng(7)
    tail = chance.normal(size=RATE // 2) * 10 ** (-3 * np.arange(RATE // 2) / RATE / 0.5)
    tail[:150] = 0.0
    tail *= 0.8 / np.linalg.norm(tail)
    tail[0] = 1.0
    size = 1 << (len(sound) + len(tail)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    heard = cleaned(wet, Cleaning(room=strength))  # type: ignore[arg-type]
    assert stoi(sound, heard, RATE) > stoi(sound, wet, RATE) + 0.02
    after = slice(round(2.6 * RATE), round(2.9 * RATE))
    assert level_db(heard[after]) < level_db(wet[after]) - 3, "what rings on after a sentence"


@pytest.mark.parametrize("strength", ["gentle", "strong"])
def test_a_voice_without_a_room_is_hardly_changed(strength: str) -> None:
    sound = talk()
    assert stoi(sound, cleaned(sound, Cleaning(room=strength)), RATE) > 0.985  # type: ignore[arg-type]


# ------------------------------------------------------------------ the measure itself


def test_what_is_understood_falls_with_the_noise() -> None:
    sound, noise = talk(), np.random.default_rng(8).normal(0.0, 0.05, SECONDS * RATE)
    told = [stoi(sound, sound + noise * share, RATE) for share in (0.0, 0.1, 0.3, 1.0, 3.0)]
    assert told[0] == pytest.approx(1.0)
    assert all(more > less for more, less in pairwise(told))
    assert stoi(sound, 0.1 * sound, RATE) == pytest.approx(1.0), "whatever its level"
    others = np.random.default_rng(9).normal(0.0, 0.05, len(sound))
    assert stoi(sound, others, RATE) < 0.3, "noise instead of speech"
