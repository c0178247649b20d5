from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from audio.limiting import CONTEXT_SAMPLES, limiting_gain
from tests.audio_files import voice

LIMIT = 0.5


@given(st.lists(st.tuples(st.integers(0, 9999), st.floats(-2, 2)), max_size=20))
def test_nothing_passes_and_nothing_far_from_a_peak_is_touched(peaks: list[tuple[int, float]]) -> None:
    sound = 0.3 * voice(10_000 / 48_000, 2)
    for at, value in peaks:
        sound[at] = value
    gain = limiting_gain(sound, LIMIT)
    loud = np.flatnonzero(np.abs(sound) > LIMIT)
    if not len(loud):
        assert gain is None
        return
    assert gain is not None
    assert np.abs(sound * gain).max() <= LIMIT
    assert np.all((gain > 0) & (gain <= 1))
    distance = np.abs(np.arange(len(sound))[:, None] - loud[None, :]).min(axis=1)
    assert np.all(gain[distance > CONTEXT_SAMPLES] > 1 - 1e-9)


def test_it_turns_down_slowly_and_keeps_the_waves_shape() -> None:
    sound = 2.0 * voice(1.0, 1)
    gain = limiting_gain(sound, LIMIT)
    assert gain is not None
    assert np.abs(np.diff(gain)).max() < 0.005
    assert np.corrcoef(sound * gain, sound)[0, 1] > 0.95


def test_a_block_with_its_context_is_limited_as_if_it_were_whole() -> None:
    sound = 3.0 * voice(1.0, 4)
    whole = limiting_gain(sound, LIMIT)
    block = limiting_gain(sound[20_000 - CONTEXT_SAMPLES : 25_000 + CONTEXT_SAMPLES], LIMIT)
    assert whole is not None
    assert block is not None
    assert np.allclose(block[CONTEXT_SAMPLES:-CONTEXT_SAMPLES], whole[20_000:25_000], atol=1e-9)
