"""What a FLAC file says of itself in its first 42 bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from audio.errors import ArtefactBroken

# "fLaC", a block header of 4 bytes, then STREAMINFO; the sample count is the low 36 bits of its bytes 13-17 (RFC 9639).
_HEAD_BYTES: Final = 42
_COUNT: Final = slice(21, 26)
_COUNT_MASK: Final = (1 << 36) - 1

BITEXACT: Final = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
"""ffmpeg arguments that keep tags, dates and version strings out of a file, so that equal sound is equal bytes."""


def flac_samples(path: Path) -> int:
    """The length in samples. Raises `ArtefactBroken` if the file is not FLAC or was not finished."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    samples = int.from_bytes(head[_COUNT], "big") & _COUNT_MASK
    if len(head) < _HEAD_BYTES or head[:4] != b"fLaC" or samples == 0:
        raise ArtefactBroken(f"{path.name} is not a finished FLAC file.")
    return samples
