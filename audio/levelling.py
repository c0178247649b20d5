"""Bringing a sound to a level while nobody knows yet how loud it will be: slowly, by what has been heard so far."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from audio.meter import EnergyMeter, Samples
from audio.pcm import RATE, db_to_gain

MOST_DB: Final = 15.0
"""Up or down. A studio that is further off has something else wrong."""

_GATE_LUFS: Final = -50.0
# Pauses between sentences say nothing of a voice's level. BS.1770's relative gate is 10 under the whole; what is heard first
# may be the louder half.
_RELATIVE_GATE_LU: Final = 15.0
# Of blocks of 100 ms: half a minute counts, so that a loud word moves nothing.
_MEMORY: Final = 300
# In the first two seconds, which nobody hears, it jumps to the level; from then on it moves so slowly that nobody notices
_SETTLING_BLOCKS: Final = 20
_SETTLING_DB: Final = 2.0
_STEADY_DB: Final = 0.05


class Leveller:
    """Follows a sound's loudness (BS.1770, one channel) with a gain. Blocks are of equal length, whole steps of the meter."""

    def __init__(self, target_lufs: float) -> None:
        self._target = target_lufs
        self._meter = EnergyMeter(RATE)
        self._power = 0.0
        self._counted = 0
        self._blocks = 0
        self.gain_db = 0.0

    def feed(self, block: Samples) -> Samples:
        """The next block, at its level; the gain goes straight from its last value to the new one."""
        power = float(self._meter.feed(block).sum(dtype=np.float64)) / len(block)
        self._blocks += 1
        if power > _power(_GATE_LUFS) and power > self._power * 10 ** (-_RELATIVE_GATE_LU / 10):
            self._counted = min(self._counted + 1, _MEMORY)
            self._power += (power - self._power) / self._counted
        before = self.gain_db
        if self._counted:
            wanted = min(max(self._target - _lufs(self._power), -MOST_DB), MOST_DB)
            most = _SETTLING_DB if self._blocks <= _SETTLING_BLOCKS else _STEADY_DB
            self.gain_db += min(max(wanted - self.gain_db, -most), most)
        gains = np.linspace(db_to_gain(before), db_to_gain(self.gain_db), len(block), dtype=np.float32)
        levelled: Samples = block * gains
        return levelled


_OFFSET_LU: Final = -0.691


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LU) / 10))


def _lufs(power: float) -> float:
    return _OFFSET_LU + 10.0 * math.log10(power)
