"""A finished artefact as equal frames, for the air: any stretch of them at once, with nothing decoded or encoded.

A file is opened once and then only read with `os.pread` on the kept descriptor, so that it may be unlinked or replaced
meanwhile. Frame n holds samples [n, n + 1) x `frame_samples` of the programme; how much earlier or later they come out of a
decoder is in `audio.encode` (MP3 47 samples, Opus 312, else none). `audio.wires` puts frames on a connection.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from audio import adts, flac_frames, mp3
from audio.errors import ArtefactBroken
from audio.opus import OpusPackets
from audio.profile import Encoding
from audio.whole import read_whole

_READ_BYTES: Final = 1 << 20


class _Places(Protocol):
    """Where in a file its frames lie."""

    @property
    def count(self) -> int: ...

    def read(self, file: int, first: int, end: int) -> list[bytes]: ...


class Frames:
    """An open artefact: `count` frames of `frame_samples` samples of each channel at `sample_rate`.

    What an artefact has behind its last whole frame is not sent. Close it, or use it as a context manager.
    """

    def __init__(self, file: int, places: _Places, encoding: Encoding) -> None:
        """`file` is a descriptor, which is closed with this. Use `open`."""
        self._file = file
        self._places = places
        self.count: Final = places.count
        self.frame_samples: Final = encoding.frame_samples or 0
        self.sample_rate: Final = encoding.sample_rate

    @classmethod
    def open(cls, path: Path, encoding: Encoding) -> Self:
        """Open a finished artefact in the encoding it was made in.

        May be called in any thread. Raises `ValueError` for an encoding that cannot be live, `OSError` where there is no
        such file, and `ArtefactBroken` where it is not made of such frames.
        """
        if not encoding.can_be_live:
            raise ValueError(f"{encoding.codec} has no frames that could be sent live")
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return cls(file, _places(file, encoding), encoding)
        except BaseException:
            os.close(file)
            raise

    def read(self, first: int, end: int) -> list[bytes]:
        """Frames [first, end), each as its codec's decoder takes it.

        Raises `ValueError` for frames that it does not have, `OSError` where the disk fails, and `ArtefactBroken` where
        the file was cut short or overwritten since.
        """
        if not 0 <= first <= end <= self.count:
            raise ValueError(f"frames {first} to {end} of {self.count}")
        return self._places.read(self._file, first, end) if first < end else []

    def close(self) -> None:
        """Let go of the file. May be called again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FrameCutter:
    """Cuts a growing stream of frames into frames. Raises `ValueError` where anything else stands."""

    def __init__(self, encoding: Encoding) -> None:
        """An encoding whose frames say by themselves how long they are: MP3, MP2, ADTS."""
        is_adts = encoding.codec == "adts"
        self._header_bytes = adts.HEADER_BYTES if is_adts else mp3.HEADER_BYTES
        self._length = (adts.Headers(encoding) if is_adts else mp3.Headers(encoding)).length
        self._left = b""

    def feed(self, content: bytes) -> list[bytes]:
        """The frames that are whole by now."""
        stream, at, frames = self._left + content, 0, []
        while at + self._header_bytes <= len(stream):
            end = at + self._length(stream, at)
            if end > len(stream):
                break
            frames.append(stream[at:end])
            at = end
        self._left = stream[at:]
        return frames


def _places(file: int, encoding: Encoding) -> _Places:
    if encoding.frame_bytes is not None:
        return _Equal(file, encoding.frame_bytes)
    match encoding.codec:
        case "opus":
            return OpusPackets(file, encoding)
        case "flac":
            return _Indexed(flac_frames.starts(file, encoding))
        case "adts":
            return _Indexed(_walked(file, adts.HEADER_BYTES, adts.Headers(encoding).length))
        case _:
            return _Indexed(_walked(file, mp3.HEADER_BYTES, mp3.Headers(encoding).length))


class _Equal:
    """Frames of the same number of bytes and nothing else: nothing has to be looked for."""

    def __init__(self, file: int, frame_bytes: int) -> None:
        self.count, rest = divmod(os.fstat(file).st_size, frame_bytes)
        try:
            there = mp3.parse(os.pread(file, mp3.HEADER_BYTES, 0)).length
        except ValueError as error:
            raise ArtefactBroken(f"Its frames are broken: {error}.") from error
        if rest or there != frame_bytes:
            raise ArtefactBroken(f"It is not made of frames of {frame_bytes} bytes.")
        self._frame_bytes = frame_bytes

    def read(self, file: int, first: int, end: int) -> list[bytes]:
        each = self._frame_bytes
        stretch = read_whole(file, first * each, end * each)
        return [stretch[at : at + each] for at in range(0, len(stretch), each)]


class _Indexed:
    """Frames of different lengths: where each begins, and where the last one ends; 8 bytes for each, 1.4 MB an hour at most."""

    def __init__(self, starts: array[int]) -> None:
        self._starts = starts
        self.count = len(starts) - 1

    def read(self, file: int, first: int, end: int) -> list[bytes]:
        start = self._starts[first]
        stretch = read_whole(file, start, self._starts[end])
        cuts = [at - start for at in self._starts[first : end + 1]]
        return [stretch[low:high] for low, high in pairwise(cuts)]


def _walked(file: int, header_bytes: int, length: Callable[[bytes, int], int]) -> array[int]:
    """Where frames begin that say how long they are. Raises `ArtefactBroken` where anything else stands.

    `length` gives a frame's bytes from a buffer and the index of its header there.
    """
    starts, size, offset = array("Q"), os.fstat(file).st_size, 0
    window, base = b"", 0
    while offset < size:
        if offset + header_bytes > base + len(window):
            window, base = os.pread(file, _READ_BYTES, offset), offset
        starts.append(offset)
        try:
            offset += length(window, offset - base)
        except ValueError as error:
            raise ArtefactBroken(f"Its frames are broken at byte {offset}: {error}.") from error
    if offset != size or not starts:
        raise ArtefactBroken("Its last frame is cut short." if starts else "It is empty.")
    starts.append(size)
    return starts
