"""A limiter that looks ahead and keeps no state: what it does to a sample depends on its neighbourhood alone."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE

_REACH_SAMPLES: Final = RATE // 100
"""10 ms to either side: the gain holds over a whole period of the deepest voice, and does not hum along with it."""

CONTEXT_SAMPLES: Final = 2 * _REACH_SAMPLES
"""How far away a peak is felt: a block that comes with this much on both sides is limited as if it were whole."""


def limiting_gain(sound: NDArray[Any], limit: float) -> NDArray[np.float64] | None:
    """A smooth gain, one value for each sample, that keeps the magnitude of `sound` under `limit`; None for no change.

    The least gain wanted within reach on either side, averaged over as much, is never more than what the sample in the
    middle may have.
    """
    level = np.abs(sound)
    if not len(level) or level.max() <= limit:
        return None
    wanted = np.minimum(1.0, limit / np.maximum(level, limit / 2**20)).astype(np.float64)
    window = 2 * _REACH_SAMPLES + 1
    least = _sliding_minimum(np.pad(wanted, CONTEXT_SAMPLES, mode="edge"), window)
    total = np.cumsum(np.concatenate([[0.0], least]))
    # The sum's own rounding must not let anything over the limit
    gain: NDArray[np.float64] = np.minimum((total[window:] - total[:-window]) / window, wanted)
    return gain


def _sliding_minimum(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The least of every `window` neighbours, in two running passes over blocks as long as the window (van Herk)."""
    count = len(values) - window + 1
    blocks = np.pad(values, (0, -len(values) % window), constant_values=np.inf).reshape(-1, window)
    forward = np.minimum.accumulate(blocks, axis=1).ravel()
    backward = np.minimum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    least: NDArray[np.float64] = np.minimum(backward[:count], forward[window - 1 : window - 1 + count])
    return least
