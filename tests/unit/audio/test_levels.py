from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.levels import PeaksMeter, SilenceMeter, clipped_samples, read_peaks
from audio.meter import Samples

RATE = 100  # small, so that Hypothesis finds the edges: a second is 100 samples

Runs = list[tuple[bool, int]]
runs = st.lists(st.tuples(st.booleans(), st.integers(1, 260)), max_size=12)


def sound_of(pattern: Runs) -> Samples:
    parts = [np.full(count, 0.1 if loud else 0.0005, dtype=np.float32) for loud, count in pattern]
    return np.concatenate([*parts, np.zeros(0, dtype=np.float32)])


def silences_of(sound: Samples) -> list[tuple[int, int]]:
    """The definition, slowly."""
    spans, start = [], 0
    for position, sample in enumerate([*sound, 1.0]):
        if sample > 0.001:
            if position - start > RATE:
                spans.append((start, position))
            start = position + 1
    return spans


@given(runs, st.integers(1, 300))
def test_silences_do_not_depend_on_how_the_stream_is_cut(pattern: Runs, size: int) -> None:
    sound = sound_of(pattern)
    meter = SilenceMeter(RATE)
    for start in range(0, len(sound), size):
        meter.feed(sound[start : start + size])

    loud = np.flatnonzero(sound > 0.001)
    assert meter.samples == len(sound)
    assert meter.leading == (loud[0] if len(loud) else len(sound))
    assert meter.trailing == (len(sound) - 1 - loud[-1] if len(loud) else len(sound))
    assert list(meter.all()) == silences_of(sound)
    edges = {0, len(sound)}
    assert list(meter.inside) == [span for span in silences_of(sound) if not edges & set(span)]


@pytest.mark.parametrize(
    ("samples", "clipped"),
    [
        ([0.0, 1.0, 1.0, 0.0], 0),
        ([0.0, 1.0, 1.0, 1.0, 0.0], 3),
        ([-1.0, -1.0, -1.0, -1.0], 4),
        ([1.0, 1.0, 1.0, 0.9, 1.5, 1.5, 1.5, 1.5, 0.0, 1.0], 7),
    ],
)
def test_three_in_a_row_at_full_scale_are_clipped(samples: list[float], clipped: int) -> None:
    assert clipped_samples(np.array(samples, dtype=np.float32)) == clipped


def test_a_waveform_file_that_is_not_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "waveform"
    path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(ValueError, match="not a waveform"):
        read_peaks(path)
    meter = PeaksMeter(48_000)
    meter.feed(np.zeros(48_000, dtype=np.float32))
    meter.write(path)
    assert read_peaks(path).values.shape == (100, 2)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ValueError, match="cut short"):
        read_peaks(path)
