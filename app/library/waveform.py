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
    first_sample: int
    """Where the first pair begins."""
    pairs: list[list[int]]


def read_waveform(path: Path, points: int, first_sample: int = 0, end_sample: int | None = None) -> Waveform:
    """At most ``points`` pairs of a waveform file, each over the same number of its buckets.

    Only those that touch ``[first_sample, end_sample)``; at least the last one of the file.

    Raises:
        ValueError: the file is not a waveform.
    """
    peaks = read_peaks(path)
    bucket, buckets = peaks.samples_per_bucket, len(peaks.values)
    first = min(first_sample // bucket, buckets - 1)
    end = buckets if end_sample is None else min(max(-(-end_sample // bucket), first + 1), buckets)
    values = peaks.values[first:end]
    together = max(1, -(-len(values) // points))
    starts = np.arange(0, len(values), together)
    lowest = np.minimum.reduceat(values[:, 0], starts)
    highest = np.maximum.reduceat(values[:, 1], starts)
    return Waveform(
        samples=peaks.samples,
        rate=peaks.rate,
        samples_per_pair=bucket * together,
        first_sample=first * bucket,
        pairs=np.stack([lowest, highest], axis=1).tolist(),
    )
