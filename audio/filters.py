"""ffmpeg filters that more than one graph needs, with the settings that make them exact."""

from __future__ import annotations

from typing import Final

from audio.pcm import RATE, db_to_gain

# alimiter takes no less than 1/16
_LOWEST_DBFS: Final = -24.0

# Float first, then the mix with its weights scaled to a sum of one: a stereo copy of a voice keeps its level, nothing
# clips, and integer and float sources agree (left to itself ffmpeg differs by 3 dB between them). soxr at precision 20
# aliases under -120 dB. At 48 kHz mono this changes no bit of a 24-bit source.
TO_MONO_48K: Final = (
    f"aformat=sample_fmts=fltp,aresample={RATE}:resampler=soxr:precision=20:rematrix_maxval=1"
)
"""From whatever a source has to what everything inside is."""

IN_LARGE_BLOCKS: Final = "asetnsamples=n=8192:p=0"
"""Before a pipe: frame by frame, as decoders give it, sound fills less of each of the pipe's buffers, and costs a third more."""


def limiter(limit_dbfs: float) -> str:
    """Keep samples under `limit_dbfs`: looking ahead, without its own make-up gain, and without moving the sound in time."""
    limit = db_to_gain(max(limit_dbfs, _LOWEST_DBFS))
    return f"alimiter=limit={limit:.6f}:attack=5:release=50:level=0:latency=1"


def exactly(samples: int) -> str:
    """End the stream after `samples`, with silence for what a filter kept back."""
    return f"apad=whole_len={samples},atrim=end_sample={samples}"


def gain(db: float) -> str:
    """Turn up or down in floats, so that nothing clips on the way."""
    return f"volume={db:.3f}dB:precision=float"
