"""Sound that the station owns from its first day: the interval signal, and a piece of music to fill with.

The interval signal is the last thing in every chain of fallbacks, so it is computed and comes from no file: the
opening of the folk song Arirang (traditional, public domain) on bell tones. Programmes made here can also be made
anywhere else again, to the same sample.
"""

from __future__ import annotations

import functools
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.files import scratch
from audio.ingest import Master, ingest
from audio.pcm import RATE

Signal = NDArray[np.float64]

INTERVAL_SIGNAL_SAMPLES: Final = 9 * RATE
"""375 MP3 frames. It ends in a rest so short that, with the longest pause after it, nobody hears a second of silence."""

INTERVAL_SIGNAL_VERSION: Final = 1
"""Raise it whenever the interval signal would come out otherwise: what was measured of it is kept under this number."""

MUSIC_SAMPLES: Final = 150 * RATE

_PEAK: Final = 0.5
_BEAT_S: Final = 0.6
_SIGNAL_BEAT_S: Final = 0.7
"""Twelve beats in nine seconds: the last bell still rings when the signal ends."""
_C5_HZ: Final = 523.251


@dataclass(frozen=True, slots=True)
class Tone:
    """How a note sounds: `partials` are (multiple of the pitch, strength, seconds to fall by a factor e)."""

    partials: tuple[tuple[float, float, float], ...]
    attack_s: float
    length_s: float


# A struck bar: a strong ground tone, a short bright twelfth, a touch of the inharmonic partial that makes it a bell.
_BELL: Final = Tone(((1.0, 1.0, 0.75), (2.0, 0.35, 0.45), (3.0, 0.18, 0.25), (4.16, 0.07, 0.12)), 0.004, 3.2)
# A plucked silk string, for the melody, and a soft reed under it
_STRING: Final = Tone(
    ((1.0, 1.0, 0.9), (2.0, 0.55, 0.5), (3.0, 0.3, 0.3), (4.0, 0.15, 0.2), (5.0, 0.08, 0.12)), 0.003, 2.6
)
_REED: Final = Tone(((1.0, 1.0, 2.2), (2.0, 0.3, 1.6), (3.0, 0.12, 1.0)), 0.35, 4.8)

# (semitones above C5, beats): 아리랑 아리랑 아라리요
_ARIRANG: Final = (
    *((-5, 1.5), (-3, 0.5), (-5, 0.5), (-3, 0.5)),
    *((0, 1.5), (2, 0.5), (0, 0.5), (2, 0.5)),
    *((4, 1.0), (2, 0.5), (0, 0.5), (-3, 0.5), (-5, 0.5)),
    *((0, 3.0),),
)
_PENTATONIC: Final = (-12, -10, -8, -5, -3, 0, 2, 4, 7, 9)
# C, A minor, F, G as roots and fifths: chords without thirds belong to neither major nor minor
_CHORDS: Final = ((-24, -17, -12), (-27, -20, -15), (-31, -24, -19), (-29, -22, -17))


def synthesise_interval_signal(destination_dir: Path, *, ffmpeg: Path) -> Master:
    """Make the interval signal's master in `destination_dir`: 9 s, -6 dBFS peak."""
    return _master(interval_signal(), destination_dir, ffmpeg)


def synthesise_music(destination_dir: Path, *, ffmpeg: Path, seed: int = 1) -> Master:
    """Make the master of two and a half minutes of quiet music; each `seed` is another piece."""
    return _master(music(seed), destination_dir, ffmpeg)


def interval_signal() -> Signal:
    """The interval signal's samples, +-1.0 being full scale."""
    sound = np.zeros(INTERVAL_SIGNAL_SAMPLES)
    at = 0.0
    for semitone, beats in _ARIRANG:
        _add(sound, at, _note(semitone, _BELL))
        at += beats * _SIGNAL_BEAT_S
    return _finished(sound, fade_s=0.5, gap_s=0.05)


def music(seed: int = 1) -> Signal:
    """A piece in four-bar phrases: a plucked line that wanders over five notes, on slow open chords."""
    chance = random.Random(seed)
    sound = np.zeros(MUSIC_SAMPLES)
    bar_s = 4 * _BEAT_S
    bars = int(MUSIC_SAMPLES / RATE / bar_s) - 1
    first, second = _phrase(chance), _phrase(chance)
    for bar in range(bars):
        for semitone in _CHORDS[bar % 4]:
            _add(sound, bar * bar_s, 0.16 * _note(semitone, _REED))
        if bar >= 4:
            _add_bar(sound, bar * bar_s, (first, first, second, first)[bar // 4 % 4][bar % 4])
    for semitone in (*_CHORDS[0], 0):
        _add(sound, bars * bar_s, 0.2 * _note(semitone, _REED))
    return _finished(sound, fade_s=2.5, gap_s=0.1)


def _phrase(chance: random.Random) -> list[list[tuple[float, int]]]:
    """Four bars of (beat, semitone): steps to a neighbour mostly, the last bar at rest."""
    place = 5
    bars = []
    for bar in range(4):
        beats: Sequence[float] = (
            (0.0, 2.0) if bar == 3 else chance.choice(((0, 1, 2, 3), (0, 1.5, 2, 3), (0, 2, 2.5, 3)))
        )
        notes = []
        for beat in beats:
            place = min(max(place + chance.choice((-2, -1, -1, 0, 1, 1, 2)), 0), len(_PENTATONIC) - 1)
            notes.append((beat, _PENTATONIC[place]))
        bars.append(notes)
    return bars


def _add_bar(sound: Signal, at_s: float, notes: list[tuple[float, int]]) -> None:
    for beat, semitone in notes:
        _add(sound, at_s + beat * _BEAT_S, 0.5 * _note(semitone, _STRING))


@functools.cache
def _note(semitone: int, tone: Tone) -> Signal:
    seconds = np.arange(round(tone.length_s * RATE)) / RATE
    pitch = _C5_HZ * 2.0 ** (semitone / 12.0)
    sound = np.zeros_like(seconds)
    for multiple, strength, decay_s in tone.partials:
        sound += strength * np.sin(2.0 * np.pi * pitch * multiple * seconds) * np.exp(-seconds / decay_s)
    released = np.minimum(1.0, (tone.length_s - seconds) / 0.2)
    return sound * np.minimum(1.0, seconds / tone.attack_s) * released


def _add(sound: Signal, at_s: float, note: Signal) -> None:
    start = round(at_s * RATE)
    end = min(start + len(note), len(sound))
    sound[start:end] += note[: end - start]


def _finished(sound: Signal, *, fade_s: float, gap_s: float) -> Signal:
    gap, fade = round(gap_s * RATE), round(fade_s * RATE)
    sound[-gap:] = 0.0
    sound[-gap - fade : -gap] *= np.linspace(1.0, 0.0, fade)
    return sound * (_PEAK / float(np.abs(sound).max()))


def _master(sound: Signal, destination_dir: Path, ffmpeg: Path) -> Master:
    with scratch(destination_dir) as workshop:
        recording = workshop / "synthesised.wav"
        with wave.open(str(recording), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())
        return ingest(recording, destination_dir, ffmpeg=ffmpeg)
