"""Cleaning a recording made where there was no studio: rumble, hum, echo and noise, in this order.

Two passes: one listens to all that is kept (`listen_for`), the other cleans it, range by range (`Cleaner`). Each sample comes out at
its own place. What each does to speech is measured in `tests/bench/cleaning.py`; who hears no hum should not have it cleaned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from audio import noise, room
from audio.band import Band
from audio.edits import Cleaning, Range
from audio.hum import Hum, HumRemoval, HumSearch
from audio.linear import LONGEST_ROW
from audio.meter import EnergyMeter, LoudnessSum, Samples
from audio.pcm import RATE

RUMBLE_HZ: Final = 80
"""Below it men's voices have nothing, and it goes at 24 dB an octave: a Butterworth high-pass, twice."""

# Filters begin in what the range begins with, played backwards, as if it had always been there
_RUN_IN: Final = RATE // 4 // LONGEST_ROW * LONGEST_ROW

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
            blocks = _without_rumble(blocks)
        if self._hum:
            blocks = self._hum.remove(blocks, samples)
        if self._cleaning.room != "off":
            spectra = room.without_echo(room.OVERLAP.spectra(blocks))
            if self._cleaning.room == "strong":
                spectra = room.LateEcho().change(spectra)
            blocks = room.OVERLAP.sound(spectra, samples)
        if self._noise:
            blocks = noise.OVERLAP.sound(self._noise.change(noise.OVERLAP.spectra(blocks)), samples)
        return blocks


def _without_rumble(blocks: Blocks) -> Blocks:
    first, second = Band(RUMBLE_HZ, None), Band(RUMBLE_HZ, None)
    left = np.zeros(0, dtype=np.float32)
    began = False
    for block in blocks:
        if not began:
            began = True
            second.feed(first.feed(np.pad(block, (_RUN_IN, 0), mode="symmetric")[:_RUN_IN]))
        sound = np.concatenate([left, block])
        whole = len(sound) // LONGEST_ROW * LONGEST_ROW
        left = sound[whole:]
        yield second.feed(first.feed(sound[:whole]))
    yield second.feed(first.feed(left))
