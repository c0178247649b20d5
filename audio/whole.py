"""Reading from a kept descriptor: the bytes that were asked for, or an error."""

from __future__ import annotations

import os

from audio.errors import ArtefactBroken


def read_whole(file: int, start: int, stop: int) -> bytes:
    """Bytes [start, stop) of a descriptor's file. Raises `ArtefactBroken` where there are fewer, `OSError` if the disk fails."""
    parts = []
    while start < stop:
        # One call gives at most 2 GiB, and may give less for other reasons
        part = os.pread(file, stop - start, start)
        if not part:
            raise ArtefactBroken(f"It ends at byte {start}.")
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
