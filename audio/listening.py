"""Whether what is heard at the other end is what went out: one short clip laid beside all that it may be a part of.

Pure sound against sound. The clip may have come through another encoder, louder or softer, through some noise, and as
late as the expected sound is long. What is compared is the band that every codec and transmitter keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples

RATE: Final = 8_000
"""Hz: all sound here is mono at this rate."""

_BAND_HZ: Final = (300.0, 3000.0)
_SILENT_DBFS: Final = -55.0
_STEP: Final = RATE // 10
"""Loudness is that of tenths of a second: one that is loud is sound, as one click in it is not."""

ALIKE: Final = 0.4
"""Correlation from which a clip is that part of what went out. Measured, see `tests.unit.audio.test_listening`."""

_EQUAL: Final = 0.02
"""What is as alike as this is as good: sound that repeats itself is found at several places."""

_REPEATED: Final = 0.9
_SHORTEST_S: Final = 0.25
_OVERLAP_S: Final = 1.5
"""So much of a clip must be heard twice for it to repeat itself; loops of up to the clip less this are found."""

_OWN: Final = 0.75
"""From here on the expected sound repeats itself as well: a tone, or the interval signal."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a clip is like, beside what it should have been a part of."""

    seconds: float
    loudness_dbfs: float
    """Of its loudest tenth of a second."""
    silent: bool
    """Nothing in it is above -55 dBFS."""
    silence_expected: bool
    """Somewhere the expected sound is silent for as long."""
    likeness: float
    """Correlation with the most alike part, from 0 to 1."""
    lag_s: float
    """By how much that part's end lies before the end of the expected sound."""
    repeats_s: float | None
    """The clip is a loop of so many seconds, and what was expected is not."""

    @property
    def alike(self) -> bool:
        return self.likeness >= ALIKE


def listen(heard: Samples, expected: Samples, *, near_s: float | None = None) -> Hearing:
    """Find a clip in what was expected. Both at `RATE`; amplitudes are of full scale 1.

    `near_s`: of places that are equally alike the one with the lag nearest to it, else the one with the smallest.
    """
    levels = _levels(heard)
    loudest = float(levels.max(initial=-np.inf))
    silent = loudest < _SILENT_DBFS
    found = _Search(heard, expected)
    likeness, start = (0.0, 0) if silent else found.best(near_s)
    return Hearing(
        seconds=len(heard) / RATE,
        loudness_dbfs=max(loudest, -120.0),
        silent=silent,
        silence_expected=_longest_run(_levels(expected) < _SILENT_DBFS) * _STEP >= len(heard) - 2 * _STEP,
        likeness=likeness,
        lag_s=(len(expected) - start - len(heard)) / RATE,
        repeats_s=None if silent else found.repeats(start if likeness >= ALIKE else None),
    )


class _Search:
    """A clip and the expected sound, both in the band that is compared."""

    def __init__(self, heard: Samples, expected: Samples) -> None:
        if len(expected) < len(heard):  # sound that begins only now
            expected = np.concatenate([np.zeros(len(heard) - len(expected), dtype=np.float32), expected])
        size = 1 << (len(expected) + len(heard) - 1).bit_length()
        spectrum, clip = (_in_band(one, size) for one in (expected, heard))
        self._heard = np.fft.irfft(clip, size)[: len(heard)]
        self._expected = np.fft.irfft(spectrum, size)[: len(expected)]
        starts = len(expected) - len(heard) + 1
        product = np.fft.irfft(spectrum * np.conj(clip), size)[:starts]
        energies = _windows(self._expected, len(heard))
        own = float(self._heard @ self._heard)
        # Where almost nothing was expected almost anything would be alike
        floor = max(1e-4 * float(energies.max(initial=0.0)), 1e-12)
        self._likeness = product / np.sqrt(np.maximum(energies, floor) * max(own, 1e-12))

    def best(self, near_s: float | None) -> tuple[float, int]:
        """The likeness of the best place, and where it begins in the expected sound."""
        best = float(self._likeness.max())
        places = np.flatnonzero(self._likeness >= best - _EQUAL)
        wanted = len(self._likeness) - 1 - round((near_s or 0.0) * RATE)
        at = int(places[np.abs(places - wanted).argmin()])
        # The peak itself, not its flank
        low = max(at - RATE // 100, 0)
        at = low + int(self._likeness[low : at + RATE // 100 + 1].argmax())
        return max(best, 0.0), at

    def repeats(self, start: int | None) -> float | None:
        """Of how many seconds the clip is a loop; None where it is none, or its part of the expected sound is one too."""
        lags, likeness = _self_likeness(self._heard)
        if not len(lags) or likeness.max() < _REPEATED:
            return None
        best = int(likeness.argmax())
        if start is not None:
            _, meant = _self_likeness(self._expected[start : start + len(self._heard)])
            if meant[max(best - _STEP // 8, 0) : best + _STEP // 8 + 1].max() >= _OWN:
                return None
        return float(lags[best]) / RATE


def _in_band(sound: Samples, size: int) -> NDArray[np.complex128]:
    spectrum = np.fft.rfft(sound.astype(np.float64), size)
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    spectrum[(hertz < _BAND_HZ[0]) | (hertz > _BAND_HZ[1])] = 0
    return spectrum


def _windows(sound: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The energy of every stretch of so many samples."""
    sums = np.concatenate([[0.0], np.cumsum(sound**2)])
    found: NDArray[np.float64] = sums[length:] - sums[:-length]
    return found


def _self_likeness(sound: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """How alike a sound is to itself, so many samples later: the lags, and the correlation of what overlaps."""
    count = len(sound)
    lags = np.arange(round(_SHORTEST_S * RATE), count - round(_OVERLAP_S * RATE))
    if not len(lags):
        return lags, np.zeros(0)
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(sound, size)
    product = np.fft.irfft(np.abs(spectrum) ** 2, size)[lags]
    sums = np.concatenate([[0.0], np.cumsum(sound**2)])
    energies = (sums[count] - sums[lags]) * sums[count - lags]
    return lags, product / np.sqrt(np.maximum(energies, 1e-12 + 1e-4 * sums[count] ** 2))


def _levels(sound: Samples) -> NDArray[np.float64]:
    """Loudness in dBFS of each whole tenth of a second."""
    rows = sound[: len(sound) // _STEP * _STEP].astype(np.float64).reshape(-1, _STEP)
    found: NDArray[np.float64] = 10 * np.log10(np.maximum((rows**2).mean(axis=1), 1e-12))
    return found


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
