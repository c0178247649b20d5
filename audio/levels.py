"""Measuring a stream of samples as it goes by: silences, clipping, waveform, without ever holding it.

Loudness and true peak are in `meter`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples

SILENCE_PEAK: Final = 0.001
"""-60 dBFS. A sample above it is sound. A quiet studio's noise floor lies under it, breathing above."""

LONG_SILENCE_S: Final = 1.0

# What a 16-bit converter gives at most. A sine that just reaches full scale has one such sample per crest, a clipped
# recording a row of them.
_FULL_SCALE: Final = 32767 / 32768
_CLIPPED_RUN: Final = 3


class SilenceMeter:
    """Finds where the sound is. `feed` takes consecutive blocks; positions are samples from the first."""

    def __init__(self, rate: int) -> None:
        self._long = round(LONG_SILENCE_S * rate)
        self.samples = 0
        self.first_sound: int | None = None
        self._last_sound = -1
        self._gaps: list[tuple[int, int]] = []

    def feed(self, block: Samples) -> None:
        loud = np.abs(block) > SILENCE_PEAK
        base, self.samples = self.samples, self.samples + len(block)
        first = int(loud.argmax()) if len(loud) else 0
        if not len(loud) or not loud[first]:
            return
        if self.first_sound is None:
            self.first_sound = base + first
        elif base + first - self._last_sound > self._long + 1:
            self._gaps.append((self._last_sound + 1, base + first))
        self._find_gaps(loud, base)
        self._last_sound = base + len(loud) - 1 - int(loud[::-1].argmax())

    def _find_gaps(self, loud: NDArray[np.bool_], base: int) -> None:
        if len(loud) <= self._long:
            return
        where = np.flatnonzero(loud)
        for gap in np.flatnonzero(np.diff(where) > self._long + 1):
            self._gaps.append((base + int(where[gap]) + 1, base + int(where[gap + 1])))

    @property
    def leading(self) -> int:
        """Silent samples at the beginning: all of them when there is no sound."""
        return self.samples if self.first_sound is None else self.first_sound

    @property
    def trailing(self) -> int:
        """Silent samples at the end: all of them when there is no sound."""
        return self.samples - 1 - self._last_sound

    @property
    def inside(self) -> tuple[tuple[int, int], ...]:
        """Silences longer than a second between sound and sound, as [start, end)."""
        return tuple(self._gaps)

    def all(self) -> tuple[tuple[int, int], ...]:
        """As `inside`, with the silences at the beginning and the end if they are as long."""
        if self.first_sound is None:
            ends = [(0, self.samples), (self.samples, self.samples)]
        else:
            ends = [(0, self.first_sound), (self._last_sound + 1, self.samples)]
        spans = [ends[0], *self._gaps, ends[1]]
        return tuple((start, end) for start, end in spans if end - start > self._long)


def clipped_samples(block: Samples) -> int:
    """Samples that belong to a run of at least three at full scale."""
    hot = np.abs(block) >= _FULL_SCALE
    if np.count_nonzero(hot) < _CLIPPED_RUN:
        return 0
    runs = hot[2:] & hot[1:-1] & hot[:-2]
    member = np.zeros(len(hot), dtype=np.bool_)
    for shift in range(_CLIPPED_RUN):
        member[shift : shift + len(runs)] |= runs
    return int(np.count_nonzero(member))


# Waveform: a header, then one (lowest, highest) pair of int8 for every bucket of 10 ms; the last may be shorter.
# Full scale is 127. An hour is 703 KiB, and a page's 1,000 columns are a reduction of it.
_PEAKS_HEADER: Final = struct.Struct("<4sIIQ")
_PEAKS_MAGIC: Final = b"DPK1"
BUCKETS_PER_SECOND: Final = 100


@dataclass(frozen=True, slots=True)
class Peaks:
    """A waveform to draw: `values` has shape (buckets, 2), int8, lowest and highest of each bucket."""

    rate: int
    samples_per_bucket: int
    samples: int
    values: NDArray[np.int8]


class PeaksMeter:
    """Collects the waveform of a stream: 2 bytes for every 10 ms."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bucket = rate // BUCKETS_PER_SECOND
        self._samples = 0
        self._pairs: list[NDArray[np.int8]] = []

    def feed(self, block: Samples) -> None:
        """Blocks but the last are whole buckets."""
        self._samples += len(block)
        whole = len(block) // self._bucket * self._bucket
        if whole:
            self._collect(block[:whole].reshape(-1, self._bucket))
        if whole < len(block):
            self._collect(block[whole:].reshape(1, -1))

    def _collect(self, rows: Samples) -> None:
        pairs = np.stack([rows.min(axis=1), rows.max(axis=1)], axis=1)
        self._pairs.append(np.rint(np.clip(pairs, -1.0, 1.0) * 127).astype(np.int8))

    def write(self, path: Path) -> None:
        header = _PEAKS_HEADER.pack(_PEAKS_MAGIC, self._rate, self._bucket, self._samples)
        with path.open("wb") as file:
            file.write(header)
            for pairs in self._pairs:
                file.write(pairs.tobytes())


def read_peaks(path: Path) -> Peaks:
    """Read a waveform file. Raises `ValueError` if it is not one."""
    raw = path.read_bytes()
    if len(raw) < _PEAKS_HEADER.size or raw[:4] != _PEAKS_MAGIC:
        raise ValueError(f"{path.name} is not a waveform file")
    _, rate, bucket, samples = _PEAKS_HEADER.unpack_from(raw)
    values = np.frombuffer(raw, dtype=np.int8, offset=_PEAKS_HEADER.size).reshape(-1, 2)
    if len(values) != -(-samples // bucket):
        raise ValueError(f"{path.name} is cut short")
    return Peaks(rate=rate, samples_per_bucket=bucket, samples=samples, values=values)
