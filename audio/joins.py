"""The short windows where one sound begins, ends or meets another: fades, cross-fades and overlaps, mostly by pydub.

PCM in, PCM out: 16-bit mono at 48 kHz. pydub copies what it touches, so it is only ever given seconds, never a body.
Its interface counts milliseconds, and 24 ms (an MP3 frame) is a whole number of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import RATE, SAMPLE_BYTES

with warnings.catch_warnings():
    # pydub warns at import: of a missing ffmpeg (it gets PCM only), of audioop (its own dependency's business), and of
    # escapes in its source when it is first compiled. Where warnings are errors, that would be the end.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

SAMPLES_PER_MS: Final = RATE // 1000
LONGEST_WINDOW_SAMPLES: Final = 30 * RATE
"""A fade or overlap longer than this is not a join any more; it would have to be held in memory."""


def use_converter(ffmpeg: Path) -> None:
    """Tell pydub which ffmpeg is ours, so that it never looks for one."""
    AudioSegment.converter = str(ffmpeg)


def fade_in(pcm: bytes) -> bytes:
    """`pcm` rising from silence over its whole length (to the last whole millisecond)."""
    return _fade(pcm, rising=True)


def fade_out(pcm: bytes) -> bytes:
    """`pcm` falling to silence over its whole length (from the first whole millisecond)."""
    return _fade(pcm, rising=False)


def _fade(pcm: bytes, *, rising: bool) -> bytes:
    _check_length(pcm)
    ms = len(pcm) // SAMPLE_BYTES // SAMPLES_PER_MS
    if not ms:
        return pcm
    whole = ms * SAMPLES_PER_MS * SAMPLE_BYTES
    if rising:
        risen: bytes = _segment(pcm[:whole]).fade_in(ms).raw_data
        return risen + pcm[whole:]
    rest = len(pcm) - whole
    fallen: bytes = _segment(pcm[rest:]).fade_out(ms).raw_data
    return pcm[:rest] + fallen


def cross_in(pcm: bytes) -> bytes:
    """`pcm` coming while another sound goes by `cross_out`: together they are as loud as either was.

    Two straight fades would lose 3 dB in the middle, sounds of their own having powers that add up. pydub has no curve.
    """
    return _curved(pcm, np.sin)


def cross_out(pcm: bytes) -> bytes:
    """`pcm` going while another sound comes by `cross_in`."""
    return _curved(pcm, np.cos)


def _curved(pcm: bytes, curve: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> bytes:
    _check_length(pcm)
    sound = np.frombuffer(pcm, dtype="<i2")
    quarter = (np.arange(len(sound)) + 0.5) / max(len(sound), 1) * (np.pi / 2)
    return np.rint(sound * curve(quarter)).astype("<i2").tobytes()


def _check_length(pcm: bytes) -> None:
    seconds = len(pcm) / SAMPLE_BYTES / RATE
    if seconds > LONGEST_WINDOW_SAMPLES / RATE:
        raise ValueError(f"a fade of {seconds:.1f} s is longer than 30 s")


def overlay(ending: bytes, beginning: bytes) -> NDArray[np.float64]:
    """Both at once, in steps of 16 bits; the sum may need a limiter. They must be equally long."""
    if len(ending) != len(beginning) or len(ending) > LONGEST_WINDOW_SAMPLES * SAMPLE_BYTES:
        raise ValueError(f"windows of {len(ending)} and {len(beginning)} bytes do not overlay")
    # pydub overlays whole milliseconds; what a window lacks of one is silence that is taken off again
    rest = bytes(-len(ending) % (SAMPLES_PER_MS * SAMPLE_BYTES))
    # 32 bits wide and half as loud, so that the sum cannot wrap or clip before the limiter sees it
    quiet = [_segment(pcm + rest).set_sample_width(4).apply_gain(-6.0206) for pcm in (ending, beginning)]
    both = np.frombuffer(quiet[0].overlay(quiet[1]).raw_data, dtype="<i4") * (2.0 / 65536.0)
    return both[: len(ending) // SAMPLE_BYTES]


def _segment(pcm: bytes) -> Any:
    return AudioSegment(data=pcm, sample_width=SAMPLE_BYTES, frame_rate=RATE, channels=1)
