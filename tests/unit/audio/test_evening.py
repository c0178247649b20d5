"""Loudness made even within an item: two people at one telephone come to one level, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.evening import MOST_DB, Evening, Gain, spread_lu
from tests.audio_files import RATE, voice

Signal = NDArray[np.float64]
PAUSE_S = 0.6


def talk(levels_db: Sequence[float], *, seconds: float = 4.0, noise_db: float = -75.0) -> Signal:
    """Sentences one after the other, each at its level, over a room's noise."""
    pause = np.zeros(round(PAUSE_S * RATE))
    parts: list[Signal] = [pause]
    for number, level in enumerate(levels_db):
        parts += [voice(seconds, number) * 10 ** (level / 20), pause]
    sound = np.concatenate(parts)
    noise = np.random.default_rng(1).normal(0.0, 10 ** (noise_db / 20), len(sound))
    talking: Signal = sound + noise
    return talking


def gain_for(sound: Signal, covers: Sequence[tuple[int, int]] = ()) -> Gain:
    evening = Evening()
    for start in range(0, len(sound), RATE):
        evening.hear(sound[start : start + RATE].astype(np.float32))
    return evening.curve(covers)


def evened(sound: Signal) -> Signal:
    return gain_for(sound).over(sound.astype(np.float32), 0).astype(np.float64)


def powers(sound: Signal) -> Signal:
    rows = sound[: len(sound) // 4800 * 4800].reshape(-1, 4800)
    found: Signal = (rows**2).mean(axis=1)
    return found


def sentence_levels(sound: Signal, count: int, seconds: float = 4.0) -> Signal:
    """In dB, of each sentence of `talk`."""
    starts = [round((PAUSE_S + number * (seconds + PAUSE_S)) * RATE) for number in range(count)]
    return np.array([10 * np.log10(np.mean(sound[at : at + round(seconds * RATE)] ** 2)) for at in starts])


@pytest.mark.parametrize("apart_db", [6.0, 9.0, 12.0])
def test_two_people_at_different_distances_come_to_one_level(apart_db: float) -> None:
    sound = talk([0.0, -apart_db, 0.0, -apart_db, 0.0, -apart_db, 0.0])
    before, after = sentence_levels(sound, 7), sentence_levels(evened(sound), 7)
    assert np.ptp(before) > apart_db - 1.0
    assert np.ptp(after) < 2.5
    assert spread_lu(powers(sound)) > apart_db - 2.0
    assert spread_lu(powers(evened(sound))) < 3.0


@pytest.mark.parametrize("noise_db", [-120.0, -75.0, -50.0])
def test_an_item_that_is_even_stays_as_it_is_to_the_bit(noise_db: float) -> None:
    assert gain_for(talk([0.0, -1.5, 0.5, -1.0, 1.0], noise_db=noise_db)).gains_db is None


def test_a_pause_is_not_turned_up() -> None:
    """Ten seconds of nothing but the room between two loud sentences."""
    one = talk([0.0, 0.0, -9.0])
    quiet = np.random.default_rng(2).normal(0.0, 10 ** (-60 / 20), 10 * RATE)
    sound = np.concatenate([one, quiet, voice(4.0, 9), quiet[: RATE // 2]])
    gains = gain_for(sound).gains_db
    assert gains is not None
    # From the -9 dB sentence the gain goes straight to that of the next one, and nowhere above
    assert gains.max() < 10.0
    tenths = slice(len(one) // 4800 + 90, len(one) // 4800 + 98)
    assert np.abs(gains[tenths]).max() < 2.0


def test_no_gain_is_more_than_12_db() -> None:
    gains = gain_for(talk([0.0, -25.0, 0.0, 0.0])).gains_db
    assert gains is not None
    assert 10.0 < gains.max() <= MOST_DB


def test_the_gain_changes_in_the_pauses() -> None:
    gains = gain_for(talk([0.0, -9.0, 0.0])).gains_db
    assert gains is not None
    steps = np.abs(np.diff(gains))
    for number in range(3):
        start = PAUSE_S + number * (4.0 + PAUSE_S)
        inside = steps[round((start + 0.5) * 10) : round((start + 3.5) * 10)]
        assert inside.max() < 0.6, "within a sentence the voice keeps its emphasis"
    assert steps.max() > 1.0


def test_a_tone_over_a_name_is_no_speech() -> None:
    sound = talk([0.0, 0.0, 0.0])
    start = round((PAUSE_S + 1.0) * RATE)
    sound[start : start + 2 * RATE] = 0.9 * np.sin(2 * np.pi * 1000 / RATE * np.arange(2 * RATE))
    assert gain_for(sound).gains_db is not None
    assert gain_for(sound, [(start, start + 2 * RATE)]).gains_db is None


@pytest.mark.parametrize("samples", [1, 100, 4800, 20_000])
def test_the_shortest_sound_and_silence_have_no_gain(samples: int) -> None:
    assert gain_for(np.zeros(samples)).gains_db is None
    assert gain_for(voice(1.0)[:samples]).gains_db is None


def test_the_size_of_the_blocks_makes_no_difference() -> None:
    sound = talk([0.0, -9.0, 0.0]).astype(np.float32)
    gain = gain_for(sound.astype(np.float64))
    whole = gain.over(sound, 0)
    parts = [gain.over(sound[start : start + 7_001], start) for start in range(0, len(sound), 7_001)]
    assert np.array_equal(np.concatenate(parts), whole)
