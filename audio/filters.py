"""ffmpeg filters that more than one graph needs, with the settings that make them exact."""

from __future__ import annotations

from typing import Final

from audio.pcm import db_to_gain

# alimiter takes no less than 1/16
_LOWEST_DBFS: Final = -24.0

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
