"""Refusing, before ffmpeg sees it, what can be told from a file's own bytes.

ffmpeg's whitelists are the fence; this is for the words. A producer who is told "this is a playlist" or "the end is
missing" knows what to do, and ffmpeg only says "Invalid argument".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Final

from audio.errors import EmptyFile, ForbiddenFormat, NotAudio, Truncated
from audio.mp3 import missing_bytes

_HEAD_BYTES: Final = 4096
# Lists of other files: HLS, M3U, PLS, ffmpeg's concat script, DASH, SMIL, XSPF, ASX, SDP, RealMedia and QuickTime links.
_LISTS: Final = re.compile(
    rb"\s*(#EXTM3U|#EXTINF|\[playlist\]|\[Reference\]|ffconcat\b|file\s+\S|v=0\r?\n[os]=|(rtsp|https?|mms)://"
    rb"|RTSPtext|SMILtext|(<\?(xml|quicktime)[^>]*>\s*(<!--.*?-->\s*)*)?<(MPD|smil|playlist|asx|embed|rss|SmoothStreamingMedia)\b)",
    re.IGNORECASE | re.DOTALL,
)
# Written by programs that stream and cannot go back to fill in the length.
_UNKNOWN_LENGTH: Final = 0x7FFF_FF00
_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TEXT: Final = re.compile(rb"[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]*")


def refuse_hopeless(source: Path) -> None:
    """Raise `EmptyFile`, `ForbiddenFormat`, `NotAudio` or `Truncated` if the bytes alone say so."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise EmptyFile
        text = head
        for bom in _BOMS:
            text = text.removeprefix(bom)
        # UTF-16 text has a zero in every ASCII letter's pair
        if _LISTS.match(text) or _LISTS.match(text.replace(b"\0", b"")):
            raise ForbiddenFormat
        if _TEXT.fullmatch(text):
            raise NotAudio("It is a text file.")
        if head[4:8] == b"ftyp":
            _check_mp4(file)


def demuxer_of(source: Path) -> str | None:
    """The name that ffmpeg has for a container whose first bytes leave no doubt; None for what it must find out by itself.

    Left to itself it takes a WAV file whose samples repeat every 192 bytes (a line-up tone of 500 Hz) for an MPEG
    transport stream (seen with ffmpeg 9).
    """
    with source.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}:
        return "aiff"
    return {b"fLaC": "flac", b"OggS": "ogg"}.get(head[:4])


def is_cut_short(source: Path) -> bool:
    """Whether a WAV, AIFF or MP3 file's header promises more than there is: ffmpeg plays the rest without a word."""
    with source.open("rb") as file:
        head = file.read(12)
        there = file.seek(0, 2)
    if head[:4] in {b"RIFF", b"FORM"}:
        promised = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big") + 8
        return there + 1 < promised < _UNKNOWN_LENGTH
    return missing_bytes(source) > 0


def _check_mp4(file: IO[bytes]) -> None:
    """An MP4 file cannot be played without its `moov` box, which recorders write last."""
    position, end = 0, file.seek(0, 2)
    complete = True
    while position + 8 <= end:
        file.seek(position)
        header = file.read(16)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if kind == b"moov":
            if position + size > end:
                raise Truncated
            return
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        complete = size != 0 and position + size <= end
        if size < 8:
            break
        position += size
    raise Truncated(
        "" if not complete else "Its index (moov) was never written: the recorder was stopped too early."
    )
