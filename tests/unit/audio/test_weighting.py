"""K-weighting against the recommendation's own difference equations, one sample after the other."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from audio.linear import LONGEST_ROW
from audio.weighting import k_weighting
from tests.audio_files import voice

ROW = 32
# BS.1770-5, annex 1, tables 1 and 2, for 48 kHz: (what goes in, what came out)
STAGES = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
)
SECOND = 48_000 // ROW * ROW
AT = np.arange(SECOND) / 48_000
SOUNDS = {
    "voice": voice(1.0, 1)[:SECOND],
    "noise": np.random.default_rng(1).normal(0.0, 0.2, SECOND),
    "a hum that it takes away": 0.9 * np.sin(2 * np.pi * 20 * AT),
    "a voice beside its zero": 0.1 * voice(1.0, 2)[:SECOND] + 0.5,
    "one sample": np.where(np.arange(SECOND) == 100, 1.0, 0.0),
}


def by_the_book(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    values = sound.tolist()
    for given_back, taken_back in STAGES:
        before, after, done = [0.0, 0.0], [0.0, 0.0], []
        for value in values:
            came = (value, *before)
            out = sum(a * b for a, b in zip(given_back, came, strict=True))
            out -= sum(a * b for a, b in zip(taken_back, after, strict=True))
            before, after = [value, before[0]], [out, after[0]]
            done.append(out)
        values = done
    return np.array(values)


@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_the_recommendations_filter(name: str) -> None:
    sound = SOUNDS[name]
    weighted = k_weighting(48_000, ROW).feed(sound.astype(np.float32).reshape(-1, ROW)).ravel()
    assert np.abs(weighted - by_the_book(sound)).max() < 3e-6


@given(st.lists(st.integers(1, 400), max_size=8))
@settings(max_examples=30)
def test_the_size_of_the_blocks_makes_no_difference(counts: list[int]) -> None:
    rows = SOUNDS["noise"].astype(np.float32).reshape(-1, ROW)
    in_parts, at, parts = k_weighting(48_000, ROW), 0, []
    for count in (*counts, len(rows)):
        parts.append(in_parts.feed(rows[at : at + count]))
        at += count
    np.testing.assert_allclose(np.concatenate(parts), k_weighting(48_000, ROW).feed(rows), rtol=0, atol=2e-6)


def test_a_row_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than"):
        k_weighting(48_000, LONGEST_ROW + 1)
