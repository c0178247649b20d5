"""A finished artefact as equal frames, for the air: any stretch of them at once, with nothing decoded or encoded.

A file is opened once and then only read with `os.pread` on the kept descriptor, so that it may be unlinked or replaced
meanwhile. Frame n sounds during [n, n + 1) x `frame_samples` of the artefact; `audio.wires` puts frames on a connection.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from audio.errors import ArtefactBroken
from audio.mp3 import parse
from audio.profile import Encoding

_MP3_HEADER_BYTES: Final = 4


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


def _places(file: int, encoding: Encoding) -> _Places:
    if encoding.frame_bytes is not None:
        return _Equal(file, encoding.frame_bytes)
    raise NotImplementedError(encoding.codec)


class _Equal:
    """Frames of the same number of bytes and nothing else: nothing has to be looked for."""

    def __init__(self, file: int, frame_bytes: int) -> None:
        self.count, rest = divmod(os.fstat(file).st_size, frame_bytes)
        try:
            there = parse(os.pread(file, _MP3_HEADER_BYTES, 0)).length
        except ValueError as error:
            raise ArtefactBroken(f"Its frames are broken: {error}.") from error
        if rest or there != frame_bytes:
            raise ArtefactBroken(f"It is not made of frames of {frame_bytes} bytes.")
        self._frame_bytes = frame_bytes

    def read(self, file: int, first: int, end: int) -> list[bytes]:
        each = self._frame_bytes
        stretch = read_whole(file, first * each, end * each)
        return [stretch[at : at + each] for at in range(0, len(stretch), each)]


def read_whole(file: int, start: int, stop: int) -> bytes:
    """Bytes [start, stop) of a descriptor's file. Raises `ArtefactBroken` where there are fewer."""
    parts = []
    while start < stop:
        # One call gives at most 2 GiB, and may give less for other reasons
        part = os.pread(file, stop - start, start)
        if not part:
            raise ArtefactBroken(f"It ends at byte {start}.")
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
