"""What a recording's own tags say, as the bytes that they are: what they mean in which encoding is for who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from audio.errors import NotAudio
from audio.ffmpeg import Ffmpeg, source_input
from audio.sniff import demuxer_of, refuse_hopeless

_MOST_BYTES: Final = 1 << 18
"""Lyrics and scripts may be long; a title is not."""
_TIMEOUT_S: Final = 30.0
# ffmpeg's metadata file: `key=value`, with a backslash before = ; # \ and line breaks. Sections come after the file's own tags.
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_ENTRY: Final = re.compile(rb"((?:[^\\\n=]|\\.)+)=((?:[^\\\n]|\\.)*)\n", re.DOTALL)


def read_tags(source: Path, *, ffmpeg: Path) -> Mapping[str, bytes]:
    """The tags of a file by ffmpeg's names in small letters (`title`, `artist`, `album`, `date`, `track`, `genre` ...).

    ID3, RIFF INFO, MP4, Vorbis comments and the rest. Nothing is decoded: ffmpeg passes on what ID3v1 and RIFF hold, and
    makes UTF-8 of an ID3v2 text that calls itself Latin-1, whatever it is. Empty where there are none.

    Raises `EmptyFile`, `NotAudio`, `ForbiddenFormat`, `Truncated`.
    """
    refuse_hopeless(source)
    demuxer = demuxer_of(source)
    # An Ogg file has its comments with its stream
    where = ("-map_metadata:g", "0:s:0") if demuxer == "ogg" else ("-map_metadata", "0")
    arguments = [*source_input(source, demuxer), *where, "-f", "ffmetadata", "pipe:1"]
    with Ffmpeg(ffmpeg, arguments, timeout_s=_TIMEOUT_S, on_timeout=NotAudio, stdout=True) as process:
        told = process.stdout.read(_MOST_BYTES)
        if len(told) < _MOST_BYTES and process.finish():
            raise NotAudio
    return parse_tags(told)


def parse_tags(told: bytes) -> Mapping[str, bytes]:
    """The file's own entries of ffmpeg's metadata format; the first one of each name."""
    entries: dict[str, bytes] = {}
    position = told.find(b"\n") + 1
    while position < len(told) and told[position : position + 1] != b"[":
        match = _ENTRY.match(told, position)
        if match is None:
            break
        key = _ESCAPED.sub(rb"\1", match[1]).decode("ascii", "replace").lower()
        entries.setdefault(key, _ESCAPED.sub(rb"\1", match[2]))
        position = match.end()
    return entries
