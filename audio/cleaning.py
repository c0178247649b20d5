"""Cleaning a recording made where there was no studio: rumble, hum, echo and noise, in this order.

Two passes: one listens to all that is kept (`listen_for`), the other cleans it, range by range (`Cleaner`). Each sample comes out at
its own place. What each does to speech is measured in `tests/bench/cleaning.py`; who hears no hum should not have it cleaned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from audio import noise, room
from audio.edits import Cleaning, Range
from audio.hum import Hum, HumRemoval, HumSearch
from audio.meter import EnergyMeter, LoudnessSum, Samples
from audio.overlap import Overlap, Spectra
from audio.pcm import RATE

RUMBLE_HZ: Final = 80
"""Below it men's voices have nothing, and it goes at 24 dB an octave, as with Butterworth, but without turning phases."""

# 170 ms, many times what such a filter rings
_LONG: Final = Overlap(8192, 2048)

Blocks = Iterator[Samples]
Stretches = Callable[[], Iterable[tuple[Range, Blocks]]]
"""All that is kept: each range, and its blocks. Called once for each time that it is listened to."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was heard beforehand. `loudness_lufs` is of all that is kept; `floors` is the noise, see `audio.noise`."""

    loudness_lufs: float | None = None
    hum: Hum | None = None
    floors: noise.Powers | None = None


def listen_for(cleaning: Cleaning, stretches: Stretches) -> Findings:
    """What `cleaning` has to know of a recording. Loudness is always among it; there must be something to hear."""
    meter, loudness, search = EnergyMeter(RATE), LoudnessSum(RATE), HumSearch()
    for _, blocks in stretches():
        for block in blocks:
            loudness.add(meter.feed(block))
            if cleaning.hum:
                search.feed(block)
    found = Findings(loudness.integrated_lufs(), search.finish() if cleaning.hum else None)
    if cleaning.noise == "off":
        return found
    # The noise without the hum that will be gone by then
    before, floor = Cleaner(Cleaning(hum=cleaning.hum, rumble=cleaning.rumble), found), noise.NoiseFloor()
    for where, blocks in stretches():
        for spectra in noise.OVERLAP.spectra(before.clean(blocks, where)):
            floor.feed(spectra)
    return Findings(found.loudness_lufs, found.hum, floor.finish())


class Cleaner:
    """Cleans the ranges of one recording, in the order in which they were listened to."""

    def __init__(self, cleaning: Cleaning, found: Findings) -> None:
        self._cleaning = cleaning
        self._hum = HumRemoval(found.hum) if cleaning.hum and found.hum else None
        depth_db = noise.DEPTHS_DB.get(cleaning.noise)
        self._noise = (
            noise.Denoiser(found.floors, depth_db) if depth_db and found.floors is not None else None
        )

    def clean(self, blocks: Blocks, where: Range) -> Blocks:
        """One range, as long as before."""
        samples = where[1] - where[0]
        if self._cleaning.rumble:
            blocks = _LONG.sound((each * _above_rumble() for each in _LONG.spectra(blocks)), samples)
        if self._hum:
            blocks = self._hum.remove(blocks, samples)
        if self._cleaning.room != "off":
            spectra: Iterator[Spectra] = room.without_echo(room.OVERLAP.spectra(blocks))
            if self._cleaning.room == "strong":
                spectra = room.LateEcho().change(spectra)
            blocks = room.OVERLAP.sound(spectra, samples)
        if self._noise:
            blocks = noise.OVERLAP.sound(self._noise.change(noise.OVERLAP.spectra(blocks)), samples)
        return blocks


@functools.cache
def _above_rumble() -> Samples:
    hertz = np.fft.rfftfreq(_LONG.size, 1 / RATE)
    hertz[0] = 1e-3
    gains: Samples = (1 / np.sqrt(1 + (RUMBLE_HZ / hertz) ** 8)).astype(np.float32)
    return gains
