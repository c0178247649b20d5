"""The disposable folder of what was once made of what is kept: processed pieces, their encoded frames, waveforms."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

# An entry of sound has a second file with its figures
_ENTRIES: Final = (".pcm", ".frames", ".peaks")


def trim_cache(cache_dir: Path, max_bytes: int, *, keep_used_since: float = float("inf")) -> int:
    """Remove the least recently used pieces until at most `max_bytes` are kept; gives the bytes removed.

    Pieces used at or after `keep_used_since` (seconds since 1970) stay: a running render may be about to read them.
    """
    entries = []
    for suffix in _ENTRIES:
        for sound in cache_dir.glob(f"*{suffix}"):
            with contextlib.suppress(FileNotFoundError):
                stat = sound.stat()
                entries.append((stat.st_mtime, stat.st_size, sound))
    excess = sum(size for _, size, _ in entries) - max_bytes
    removed = 0
    for used, size, sound in sorted(entries):
        if removed >= excess or used >= keep_used_since:
            break
        sound.unlink(missing_ok=True)
        sound.with_suffix(".json").unlink(missing_ok=True)
        removed += size
    return removed
