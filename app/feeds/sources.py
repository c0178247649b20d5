"""Reading what is sent: in blocks, and never the wrong bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator
from pathlib import Path

from app.feeds.errors import PermanentFeedError

CHUNK = 1 << 18


def checked_chunks(source: Path | bytes, *, sha256: str, size: int) -> Generator[bytes, None, None]:
    """The blocks of an artefact or a manifest, hashed on the way.

    The last block is only given once the whole is known to be right: an endpoint never completes a damaged object.

    Raises:
        PermanentFeedError: code ``source-damaged``.
    """
    digest, left = hashlib.sha256(), size
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                left -= len(chunk)
                if left < 0 or (left == 0 and digest.hexdigest() != sha256):
                    raise _damaged()
                yield chunk
    except OSError as error:
        raise PermanentFeedError(
            "source-damaged", f"our own copy of the audio cannot be read ({error.strerror}): render it again"
        ) from error
    if left > 0 or digest.hexdigest() != sha256:
        raise _damaged()


def _damaged() -> PermanentFeedError:
    return PermanentFeedError(
        "source-damaged", "our own copy of the audio is not what was rendered: render it again"
    )
