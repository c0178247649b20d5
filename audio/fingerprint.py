"""What a sound is known by: a few numbers for each second of it, the same through codecs, telephones and other levels.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): of neighbouring bands, which one
rises against the other. Here the steps are longer (128 ms for 11.6), so that an hour is 110 kB and not ten times that, and
to make up for it the bands are averaged over 384 ms: a copy that was trimmed lies up to 64 ms beside the steps of the
original, and that must change few bits (measured: 15 in 100).

    samples -> at 8 kHz -> band powers, every 16 ms -> differences of neighbours, averaged over what is sound
            -> how they change and how they bend, 32 signs -> a word every 128 ms, and landmarks

Words compare two recordings bit by bit (`audio.alike`). Landmarks find what there is to compare: moments, three in two seconds,
in which every sign is so clear that a copy has the same ones, exactly. They are chosen by the sound itself and
not by a grid, so that a copy chooses the same. Half of them, the clearest around, are chief: a library is searched by those,
and may be asked with all.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples
from audio.pcm import RATE

Words = NDArray[np.uint32]

_NARROW: Final = 8_000
"""Hz: what is listened to lies under 3 kHz, and at this rate costs half (0.25 ms of CPU a second of sound)."""
_FRAME: Final = _NARROW * 64 // 1000
_HOP: Final = _NARROW * 16 // 1000
FRAMES_PER_WORD: Final = 8
FRAME_S: Final = _HOP / _NARROW
WORD_S: Final = FRAMES_PER_WORD * FRAME_S
NO_WORD: Final = 0
"""Where nothing sounds or nothing moves: silence, noise and steady tones make no two recordings alike."""

# What a telephone, AMR and Opus at 12 kbit/s all keep
_BANDS: Final = 17
_BAND_HZ: Final = (300.0, 3000.0)
_BITS: Final = 2 * (_BANDS - 1)

_WINDOW: Final = 24
"""Frames of an average: 384 ms. With 256 ms a trimmed copy differs in 19 bits of 100, with 384 in 15."""
_REACH: Final = _WINDOW * 3 // 2
"""Frames on either side on which a word depends."""
_AROUND: Final = 125
"""Frames on either side whose loudest tells what is sound and what is a pause: 2 s."""
_FLOOR: Final = 1e-3
"""Of that loudest: bands under it are counted as noise, 30 dB down."""
_PAUSE_DB: Final = 30.0
_ENOUGH_SOUND: Final = 0.25
"""Of the weights of a window: less is a pause with something at its edge, which is the same at every pause's edge."""

_STILL_DB: Final = 1.25
"""Mean change of neighbouring bands against each other under which nothing moves. White noise has 0.75 dB and seldom
more than 1.1, speech 2.5, music 3."""

_LANDMARK_BITS: Final = np.r_[0 : _BANDS - 1, _BANDS - 1 : _BITS : 2]
LANDMARK_BITS: Final = len(_LANDMARK_BITS)
"""Of 32: with all of them half as many landmarks survive Opus at 12 kbit/s, with 20 each is found in four times as many talks."""
_APART, _CHIEF_APART = 15, 31
"""A landmark is the clearest of so many frames on either side: a quarter of a second, a chief one half a second."""
_BENDS: Final = 1.2
"""How two windows differ says more than how three bend: what makes their margins comparable (ratio of their spreads)."""

_CHUNK: Final = 2048
"""Frames worked on together: half a minute."""

_HEADER: Final = struct.Struct("<4sIIQ")
_MAGIC: Final = b"DPF1"


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Moments to be found by: `words` (of `LANDMARK_BITS`), and the frames (of `FRAME_S`) where they are.

    `weakest`, shape (landmarks, 2), are the bits of each that a copy may have otherwise, the first of them sooner.
    """

    words: Words
    frames: NDArray[np.uint32]
    weakest: NDArray[np.uint8]
    chief: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one recording of `samples` at 48 kHz: a word for every `WORD_S`, or `NO_WORD`, and its landmarks."""

    samples: int
    words: Words
    landmarks: Landmarks


class FingerprintMeter:
    """Takes a sound block by block, of any size, at 48 kHz."""

    def __init__(self) -> None:
        self._samples = 0
        self._narrow = _Narrow()
        self._left: Samples = np.zeros(0, dtype=np.float32)
        self._powers = np.zeros((0, _BANDS), dtype=np.float32)
        self._first = 0
        """The number of the first frame that is kept."""
        self._done = 0
        """Words are there for the frames before this one; a whole number of them."""
        self._words: list[Words] = []
        self._landmarks: list[Landmarks] = []

    def feed(self, block: Samples) -> None:
        self._samples += len(block)
        sound = np.concatenate([self._left, self._narrow.feed(block)])
        count = max(0, (len(sound) - _FRAME) // _HOP + 1)
        self._left = sound[count * _HOP :]
        if count:
            self._powers = np.concatenate([self._powers, _band_powers(sound, count)])
        while self._first + len(self._powers) >= self._done + _CHUNK + _CONTEXT:
            self._settle(self._done + _CHUNK)

    def finish(self) -> Fingerprint:
        """Of all that was fed. What is shorter than 1.2 s has no word."""
        total = self._first + len(self._powers)
        if total > self._done:
            self._settle(total)
        parts = self._landmarks or [_no_landmarks()]
        landmarks = Landmarks(
            np.concatenate([each.words for each in parts]),
            np.concatenate([each.frames for each in parts]),
            np.concatenate([each.weakest for each in parts]),
            np.concatenate([each.chief for each in parts]),
        )
        words = np.concatenate([np.zeros(0, dtype=np.uint32), *self._words])
        return Fingerprint(self._samples, words, landmarks)

    def _settle(self, end: int) -> None:
        """Words and landmarks of the frames up to `end`; keeps as many as those that follow look back on."""
        first, wanted = self._first, slice(self._done - self._first, end - self._first)
        signs, clear = _changes(self._powers)
        words = np.where(clear > 0, np.maximum(_packed(signs), 1), NO_WORD).astype(np.uint32)
        self._words.append(words[wanted][::FRAMES_PER_WORD])
        self._landmarks.append(_landmarks(signs, clear, wanted, first))
        self._done = end
        dropped = max(0, end - _CONTEXT - first)
        self._powers = self._powers[dropped:]
        self._first += dropped


_CONTEXT: Final = _AROUND + _REACH + _CHIEF_APART
"""Frames on either side on which anything depends."""


class _Narrow:
    """Takes a sound to 8 kHz, without what lies above 4: a matrix makes eight samples of 48 and those before."""

    def __init__(self) -> None:
        self._left: Samples = np.zeros(_TAPS - _RATIO, dtype=np.float32)

    def feed(self, block: Samples) -> Samples:
        sound = np.concatenate([self._left, block])
        history = _TAPS - _RATIO
        count = (len(sound) - history) // _ROW
        self._left = sound[count * _ROW :]
        if not count:
            return np.zeros(0, dtype=np.float32)
        rows = np.lib.stride_tricks.sliding_window_view(sound, _ROW + history)[
            : (count - 1) * _ROW + 1 : _ROW
        ]
        narrow = np.empty((count, _ROW // _RATIO), dtype=np.float32)
        for at in range(0, count, _ROWS_AT_ONCE):
            np.matmul(rows[at : at + _ROWS_AT_ONCE], _narrowing(), out=narrow[at : at + _ROWS_AT_ONCE])
        return narrow.reshape(-1)


_RATIO: Final = RATE // _NARROW
_TAPS: Final = 96
_CORNER_HZ: Final = 3_600
_KAISER: Final = 7.0
"""From 4.7 kHz on 70 dB down: nothing from there folds into the bands."""
_ROW: Final = 8 * _RATIO
_ROWS_AT_ONCE: Final = 200
"""Fewer than 2**18 terms: OpenBLAS stays on one thread, see `audio.linear`."""


@functools.cache
def _narrowing() -> Samples:
    at = np.arange(_TAPS) - (_TAPS - 1) / 2
    response = np.sinc(2 * _CORNER_HZ / RATE * at) * np.kaiser(_TAPS, _KAISER)
    matrix = np.zeros((_ROW + _TAPS - _RATIO, _ROW // _RATIO), dtype=np.float32)
    for column in range(matrix.shape[1]):
        matrix[column * _RATIO : column * _RATIO + _TAPS, column] = response / response.sum()
    return matrix


def _band_powers(sound: Samples, count: int) -> NDArray[np.float32]:
    """Of `count` frames, one every 16 ms, the power in each band."""
    window, low, bank = _analysis()
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[: (count - 1) * _HOP + 1 : _HOP]
    powers = np.empty((count, _BANDS), dtype=np.float32)
    for at in range(0, count, _FRAMES_AT_ONCE):
        some = slice(at, at + _FRAMES_AT_ONCE)
        spectrum = np.fft.rfft(frames[some] * window, axis=1)[:, low : low + len(bank)]
        np.matmul(spectrum.real**2 + spectrum.imag**2, bank, out=powers[some])
    return powers


_FRAMES_AT_ONCE: Final = 64
"""For the same reason, and a long block needs no more memory than a short one."""


@functools.cache
def _analysis() -> tuple[Samples, int, NDArray[np.float32]]:
    """The window of a frame, the first bin of its spectrum that is used, and how much of each bin is in each band."""
    mel = 2595 * np.log10(1 + np.array(_BAND_HZ) / 700)
    edges = 700 * (10 ** (np.linspace(mel[0], mel[1], _BANDS + 1) / 2595) - 1)
    step = _NARROW / _FRAME
    bins = np.arange(_FRAME // 2 + 1) * step
    upper = np.minimum(bins[:, None] + step / 2, edges[1:])
    lower = np.maximum(bins[:, None] - step / 2, edges[:-1])
    bank = np.clip((upper - lower) / step, 0, 1)
    used = np.flatnonzero(bank.any(axis=1))
    window = np.hanning(_FRAME).astype(np.float32)
    return window, int(used[0]), bank[used[0] : used[-1] + 1].astype(np.float32)


def _changes(powers: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For every frame how each band moves against the next, in dB, and how much there is of it (0: not enough).

    The first half of the columns is how the differences rise from the window before to the one behind, the second how
    they bend: against an even level over three windows. Steady colour and loudness cancel in both.
    """
    count = len(powers)
    changes = np.zeros((count, _BITS), dtype=np.float32)
    clear = np.zeros(count, dtype=np.float32)
    inner = count - 2 * _REACH
    if inner <= 0:
        return changes, clear
    total = powers.sum(axis=1)
    loudest = _highest(total, _AROUND) + np.float32(1e-12)
    levels = 10 * np.log10(powers + loudest[:, None] * np.float32(_FLOOR))
    weights = np.clip(1 + 10 / _PAUSE_DB * np.log10(total / loudest + np.float32(1e-9)), 0, 1)
    sound = _averages(weights[:, None])
    differences = _averages((levels[:, :-1] - levels[:, 1:]) * weights[:, None]) / (sound + 0.02)
    # An average lies at the first of its frames
    before, middle, behind = (slice(at, at + inner) for at in (0, _WINDOW, 2 * _WINDOW))
    left, right = (slice(at, at + inner) for at in (_WINDOW // 2, _WINDOW * 3 // 2))
    half = _BITS // 2
    changes[_REACH : _REACH + inner, :half] = differences[right] - differences[left]
    changes[_REACH : _REACH + inner, half:] = (
        differences[middle] - (differences[before] + differences[behind]) / 2
    )
    heard = np.minimum(np.minimum(sound[before], sound[middle]), sound[behind])[:, 0] >= _ENOUGH_SOUND
    moves = np.abs(changes[_REACH : _REACH + inner]).mean(axis=1)
    clear[_REACH : _REACH + inner] = np.where(heard & (moves >= _STILL_DB), moves, 0)
    return changes, clear


def _averages(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of every `_WINDOW` rows in a row."""
    sums = np.cumsum(np.concatenate([np.zeros((1, rows.shape[1])), rows]), axis=0, dtype=np.float64)
    averages: NDArray[np.float32] = ((sums[_WINDOW:] - sums[:-_WINDOW]) / _WINDOW).astype(np.float32)
    return averages


def _highest(values: NDArray[np.float32], around: int) -> NDArray[np.float32]:
    """The highest of each value and of `around` on either side of it."""
    padded = np.pad(values, around, mode="edge")
    highest: NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1).max(
        axis=1
    )
    return highest


def _packed(changes: NDArray[np.float32]) -> Words:
    """Signs as bits, the first column lowest."""
    places = np.arange(changes.shape[1], dtype=np.uint32)
    packed: Words = ((changes > 0).astype(np.uint32) << places).sum(axis=1, dtype=np.uint32)
    return packed


def _margins(changes: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each of a landmark's signs is from being the other."""
    margins = np.abs(changes[:, _LANDMARK_BITS])
    margins[:, _BANDS - 1 :] *= np.float32(_BENDS)
    return margins


def _landmarks(
    changes: NDArray[np.float32], clear: NDArray[np.float32], wanted: slice, first: int
) -> Landmarks:
    """Among the wanted rows, those whose least clear signs are clearer than those of all around."""
    doubt = np.partition(_margins(changes), 2, axis=1)[:, :3].sum(axis=1) * (clear > 0)
    at = np.flatnonzero((doubt > 0) & (doubt == _highest(doubt, _APART)))
    at = at[(at >= wanted.start) & (at < wanted.stop)]
    chief = doubt[at] == _highest(doubt, _CHIEF_APART)[at]
    chosen = changes[at]
    weakest = np.argsort(_margins(chosen), axis=1)[:, :2].astype(np.uint8)
    return Landmarks(_packed(chosen[:, _LANDMARK_BITS]), (at + first).astype(np.uint32), weakest, chief)


def _no_landmarks() -> Landmarks:
    none = np.zeros(0, dtype=np.uint32)
    return Landmarks(none, none, np.zeros((0, 2), dtype=np.uint8), np.zeros(0, dtype=np.bool_))


def write_fingerprint(fingerprint: Fingerprint, path: Path) -> None:
    """As a file, little-endian: magic and version, counts of words and of landmarks, samples; the words, 4 bytes each.

    Then the landmarks' words with the weakest bit above them (5 bits) and a mark of the chief (the highest bit), 4 bytes
    each, and their frames with the second weakest bit above them (8 bits), 4 bytes each.
    """
    landmarks = fingerprint.landmarks
    weakest = landmarks.weakest.astype(np.uint32).T << LANDMARK_BITS
    chief = landmarks.chief.astype(np.uint32) << 31
    arrays = (
        fingerprint.words,
        landmarks.words | weakest[0] | chief,
        landmarks.frames | weakest[1],
    )
    header = _HEADER.pack(_MAGIC, len(fingerprint.words), len(landmarks.words), fingerprint.samples)
    path.write_bytes(header + b"".join(each.astype("<u4").tobytes() for each in arrays))


def read_fingerprint(path: Path) -> Fingerprint:
    """Read a file of `write_fingerprint`. Raises `ValueError` if it is not one of this version."""
    raw = path.read_bytes()
    if len(raw) < _HEADER.size or raw[:4] != _MAGIC:
        raise ValueError(f"{path.name} is not a fingerprint that this version reads")
    _, words, landmarks, samples = _HEADER.unpack_from(raw)
    if len(raw) != _HEADER.size + 4 * words + 8 * landmarks:
        raise ValueError(f"{path.name} is cut short")
    numbers = np.frombuffer(raw, dtype="<u4", offset=_HEADER.size)
    own, marked, placed = np.split(numbers, [words, words + landmarks])
    weakest = np.stack([marked >> LANDMARK_BITS & 0x1F, placed >> LANDMARK_BITS], axis=1).astype(np.uint8)
    mask = np.uint32((1 << LANDMARK_BITS) - 1)
    return Fingerprint(samples, own, Landmarks(marked & mask, placed & mask, weakest, marked >> 31 > 0))
