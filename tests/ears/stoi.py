"""How much of speech can still be understood: STOI, a number that agrees with what people make out.

C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An algorithm for intelligibility prediction of time-frequency weighted
noisy speech", IEEE Transactions on Audio, Speech and Language Processing 19 (2011), 2125-2136.

The envelopes of 15 third octaves (150 Hz to 4.3 kHz) of the clean and of the heard speech are correlated over 384 ms: 1 is as
the original, at 0.7 about nine words of ten are understood, at 0.5 about half. Both must be aligned to the sample. Level and steady tone
colour make no difference. Only what is spoken counts: frames 40 dB below the loudest are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

_RATE: Final = 10_000
_FRAME: Final = 256
_HOP: Final = 128
_POINTS: Final = 512
_BANDS: Final = 15
_LOWEST_HZ: Final = 150.0
_FRAMES: Final = 30
_CLIP_DB: Final = -15.0
_RANGE_DB: Final = 40.0
# As in the authors' own program: Hann without its zeros
_WINDOW: Final = np.hanning(_FRAME + 2)[1:-1]


def stoi(clean: Signal, heard: Signal, rate: int) -> float:
    """Intelligibility of `heard`, of which `clean` is the original; about 0 to 1. Raises `ValueError` under 0.4 s of speech."""
    if len(clean) != len(heard):
        raise ValueError(f"{len(clean)} and {len(heard)} samples are not aligned")
    spoken = _spoken(_at_10_khz(clean, rate), _at_10_khz(heard, rate))
    x, y = (_windows(_third_octaves(each)) for each in spoken)
    scale = np.linalg.norm(x, axis=2, keepdims=True) / (np.linalg.norm(y, axis=2, keepdims=True) + 1e-12)
    y = np.minimum(y * scale, x * (1 + 10 ** (-_CLIP_DB / 20)))
    x, y = (each - each.mean(axis=2, keepdims=True) for each in (x, y))
    norms = np.linalg.norm(x, axis=2) * np.linalg.norm(y, axis=2) + 1e-12
    return float(((x * y).sum(axis=2) / norms).mean())


def _at_10_khz(sound: Signal, rate: int) -> Signal:
    count = len(sound) * _RATE // rate
    spectrum = np.fft.rfft(sound)
    kept = np.zeros(count // 2 + 1, dtype=np.complex128)
    kept[: len(spectrum)] = spectrum[: len(kept)]
    resampled: Signal = np.fft.irfft(kept, count) * (count / len(sound))
    return resampled


def _spoken(clean: Signal, heard: Signal) -> tuple[Signal, Signal]:
    """Both without the frames in which the clean one is silent, put together again."""
    cut = [
        np.lib.stride_tricks.sliding_window_view(each, _FRAME)[::_HOP] * _WINDOW for each in (clean, heard)
    ]
    level = 20 * np.log10(np.linalg.norm(cut[0], axis=1) + 1e-12)
    loud = level > level.max() - _RANGE_DB
    return _overlapped(cut[0][loud]), _overlapped(cut[1][loud])


def _overlapped(frames: Signal) -> Signal:
    sound = np.zeros((len(frames) + 1) * _HOP)
    sound[:-_HOP] += frames[:, :_HOP].ravel()
    sound[_HOP:] += frames[:, _HOP:].ravel()
    return sound


def _third_octaves(sound: Signal) -> Signal:
    """The envelope of each band, shape (frames, bands)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP] * _WINDOW
    power = np.abs(np.fft.rfft(frames, _POINTS, axis=1)) ** 2
    hertz = np.arange(_POINTS // 2 + 1) * _RATE / _POINTS
    centres = _LOWEST_HZ * 2 ** (np.arange(_BANDS) / 3)
    weights = [(hertz >= low) & (hertz < high) for low, high in _edges(hertz, centres)]
    bands: Signal = np.sqrt(power @ np.array(weights, dtype=np.float64).T)
    return bands


def _edges(hertz: Signal, centres: Signal) -> list[tuple[float, float]]:
    """Of each band, moved to the nearest points of the spectrum."""
    low, high = centres * 2 ** (-1 / 6), centres * 2 ** (1 / 6)
    nearest = [hertz[np.abs(hertz[:, None] - edge).argmin(axis=0)] for edge in (low, high)]
    return list(zip(nearest[0].tolist(), nearest[1].tolist(), strict=True))


def _windows(bands: Signal) -> Signal:
    if len(bands) < _FRAMES:
        raise ValueError("there is too little speech to say anything")
    return np.lib.stride_tricks.sliding_window_view(bands, _FRAMES, axis=0)
