"""A gentle compressor: the quiet parts of a voice come nearer to the loud ones, so that fading takes fewer words away.

It looks at the sound's power in steps of 2 ms instead of at every sample, and so costs a tenth of ffmpeg's, after which
it is modelled (the same curve and times; `test_compressing.py` compares them). Between steps the gain moves in a
straight line, and it begins to fall with the step that is too loud.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples
from audio.pcm import RATE

STEP_SAMPLES: Final = RATE // 500
"""2 ms."""

RATIO: Final = 2.0
KNEE_DB: Final = 12.0
"""The curve bends from 1:1 to 2:1 between 6 dB under the threshold and 6 dB over it."""

ATTACK_S: Final = 0.0025
RELEASE_S: Final = 0.075
"""In which the level comes nearer by a factor e: quick enough for a syllable's beginning, too slow for a voice's pitch."""

_RISE: Final = 1.0 - math.exp(-STEP_SAMPLES / RATE / ATTACK_S)
_FALL: Final = 1.0 - math.exp(-STEP_SAMPLES / RATE / RELEASE_S)
_SILENCE: Final = 1e-12
_AT: Final = (np.arange(1, STEP_SAMPLES + 1) / STEP_SAMPLES).astype(np.float32)
# How much of the gain before a step and of the gain after it each sample has: shape (2, samples)
_STRAIGHT: Final = np.stack([1.0 - _AT, _AT])


class Compressor:
    """For one sound, from its beginning: it starts open, as if there had been silence."""

    def __init__(self, threshold_dbfs: float) -> None:
        """`threshold_dbfs` is a level as RMS."""
        self._threshold = threshold_dbfs
        self._level = 0.0
        self._gain: Samples = np.ones(1, dtype=np.float32)

    def feed(self, block: Samples) -> Samples:
        """The next samples, compressed. All blocks but the last are whole steps."""
        missing = -len(block) % STEP_SAMPLES
        whole = np.concatenate([block, np.zeros(missing, dtype=np.float32)]) if missing else block
        rows = whole.reshape(-1, STEP_SAMPLES)
        levels = self._levels(np.einsum("ij,ij->i", rows, rows) / STEP_SAMPLES)
        gains = np.concatenate([self._gain, gain_of(levels, self._threshold)], dtype=np.float32)
        self._gain = gains[-1:]
        from_to = np.stack([gains[:-1], gains[1:]], axis=1)
        compressed: Samples = (rows * (from_to @ _STRAIGHT)).ravel()[: len(block)]
        return compressed

    def _levels(self, powers: Samples) -> NDArray[np.float64]:
        """Power, following quickly upwards and slowly downwards."""
        level = self._level
        levels = []
        for power in powers.tolist():
            level += (power - level) * (_RISE if power > level else _FALL)
            levels.append(level)
        self._level = level
        return np.array(levels)


def gain_of(power: NDArray[np.float64], threshold_dbfs: float) -> NDArray[np.float64]:
    """What a steady sound of this power is multiplied by."""
    over = 10.0 * np.log10(np.maximum(power, _SILENCE)) - threshold_dbfs
    bent = np.clip(over + KNEE_DB / 2, 0.0, KNEE_DB) ** 2 / (2 * KNEE_DB) + np.maximum(
        over - KNEE_DB / 2, 0.0
    )
    gain: NDArray[np.float64] = 10.0 ** (-(1.0 - 1.0 / RATIO) * bent / 20.0)
    return gain
