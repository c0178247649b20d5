"""Short pieces of a stream, decoded: bytes that came from outside, or frames of our own, to be compared by `audio.listening`."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Final

import numpy as np

from audio import filters
from audio.decoding import RAW_OUTPUT, float_blocks
from audio.ffmpeg import SOURCE_FORMATS, Ffmpeg
from audio.listening import RATE
from audio.meter import Samples
from audio.profile import Codec

DEMUXERS: Final[dict[Codec, str]] = {
    "mp3": "mp3",
    "mp2": "mp3",
    "adts": "aac",
    "opus": "ogg",
    "flac": "ogg",
}
"""What a live stream of each codec is to ffmpeg."""

OF_MEDIA_TYPES: Final[dict[str, str]] = {
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/aacp": "aac",
    "audio/ogg": "ogg",
    "application/ogg": "ogg",
}
"""The same by what a server says that it sends. Anything else is for ffmpeg to find out, among sound formats only."""

_TIMEOUT_S: Final = 30.0


def decode(body: bytes, demuxer: str | None, *, ffmpeg: Path, longest_s: float) -> Samples:
    """The sound of a piece of a stream, mono at `audio.listening.RATE`; at most so long, from its beginning.

    It may begin and end within a frame. What cannot be decoded is not there: nothing at all gives no samples.
    Raises `EncodeFailed` where it takes too long.
    """
    arguments = [
        *("-protocol_whitelist", "pipe", "-format_whitelist", SOURCE_FORMATS),
        *(("-f", demuxer) if demuxer else ()),
        *("-threads", "1", "-i", "pipe:0", "-map", "0:a:0", "-t", f"{longest_s:g}"),
        *(
            "-af",
            f"aformat=sample_fmts=flt:channel_layouts=mono:sample_rates={RATE},{filters.IN_LARGE_BLOCKS}",
        ),
        *RAW_OUTPUT,
    ]
    with Ffmpeg(ffmpeg, arguments, timeout_s=_TIMEOUT_S, stdin=True, stdout=True) as process:
        # A pipe holds less than a clip: who writes all of it before reading would wait for ever
        writer = threading.Thread(target=_write, args=(process, body), name="clip", daemon=True)
        writer.start()
        blocks = list(float_blocks(process.stdout, RATE))
        writer.join()
        process.finish()
    return np.concatenate([np.zeros(0, dtype=np.float32), *blocks]).astype(np.float32)


def _write(process: Ffmpeg, body: bytes) -> None:
    with contextlib.suppress(OSError):  # it has had enough
        process.stdin.write(body)
        process.stdin.close()
