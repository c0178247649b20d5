"""A stored waveform, coarse enough to draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.levels import read_peaks


@dataclass(frozen=True, slots=True)
class Waveform:
    """Lowest and highest sample (of 127) of each stretch of ``samples_per_pair`` samples at ``rate``."""

    samples: int
    rate: int
    samples_per_pair: int
    pairs: list[list[int]]


def read_waveform(path: Path, points: int) -> Waveform:
    """At most ``points`` pairs of a waveform file, each over the same number of its buckets.

    Raises:
        ValueError: the file is not a waveform.
    """
    peaks = read_peaks(path)
    together = max(1, -(-len(peaks.values) // points))
    starts = np.arange(0, len(peaks.values), together)
    lowest = np.minimum.reduceat(peaks.values[:, 0], starts)
    highest = np.maximum.reduceat(peaks.values[:, 1], starts)
    return Waveform(
        samples=peaks.samples,
        rate=peaks.rate,
        samples_per_pair=peaks.samples_per_bucket * together,
        pairs=np.stack([lowest, highest], axis=1).tolist(),
    )
