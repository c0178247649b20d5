"""Receives a clip: the body goes to disk as it arrives, under a limit of its own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app.errors import TooLarge
from app.settings import Settings
from app.storage import require_space

LARGEST_CLIP = 32 << 20
"""A minute, the longest that is said in one go, of 24-bit stereo at 48 kHz is half of it."""


class ClipReceiver:
    """One clip on its way. Feed it the body, then `finish`; `close` removes the file unless it was taken elsewhere."""

    def __init__(self, settings: Settings, content_length: int | None) -> None:
        """Raises TooLarge and DiskReserve where the announced length is too much."""
        if content_length is not None and content_length > LARGEST_CLIP:
            raise _too_large()
        require_space(settings, content_length or 0)
        self.path = settings.incoming_dir / f"{secrets.token_hex(16)}.clip"
        self._stream = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece. Raises TooLarge."""
        self._bytes += len(chunk)
        if self._bytes > LARGEST_CLIP:
            raise _too_large()
        self._stream.write(chunk)

    def finish(self) -> Path:
        """The complete file, written through to the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self.path

    def close(self) -> None:
        self._stream.close()
        self.path.unlink(missing_ok=True)


def _too_large() -> TooLarge:
    return TooLarge(f"a clip has at most {LARGEST_CLIP >> 20} MiB: it says one word, and a minute at most")
