"""The programme as one stream of PCM: prepared pieces end to end, silence between, joins where they meet.

One second is held at a time, and the windows of the joins; a programme of three hours needs no more than one of a
minute.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from audio import joins
from audio.errors import EncodeFailed
from audio.ffmpeg import Ffmpeg, ample_time, own_input
from audio.pcm import BLOCK_SAMPLES, RATE, SAMPLE_BYTES
from audio.prepare import Cut, Prepared

# A loop shorter than this is kept in memory instead of being decoded over and over.
_SHORT_LOOP_SAMPLES: Final = 60 * RATE


@dataclass(frozen=True, slots=True)
class Piece:
    """An item of a programme: `samples` from `first_sample` of a master, placed at `start_sample` of the programme.

    All in samples at 48 kHz. With `loop` the master is played from `first_sample` to its end, over and over, until
    `samples` are full. Fades lie inside the piece.
    """

    master: Path
    master_sha256: str
    start_sample: int
    samples: int
    first_sample: int
    loudness_lufs: float | None
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    loop: bool = False

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.samples

    def cut(self, master_samples: int) -> Cut:
        """What of the master has to be prepared. Raises `ValueError` if the master is too short for it."""
        left = master_samples - self.first_sample
        if left <= 0 or (not self.loop and left < self.samples):
            wanted = f"{self.samples} samples from {self.first_sample}"
            raise ValueError(f"master {self.master_sha256[:12]} has {master_samples} samples, not {wanted}")
        samples = left if self.loop else self.samples
        return Cut(self.master, self.master_sha256, self.first_sample, samples, self.loudness_lufs)


def check(pieces: Sequence[Piece], total_samples: int) -> None:
    """Raise `ValueError` unless the pieces can be played one after the other in `total_samples`.

    A piece may begin before the one before it ends (a cross-fade), but never before the one before that has ended.
    """
    if total_samples <= 0:
        raise ValueError("a programme has a length")
    for piece in pieces:
        _check_alone(piece)
        if piece.end_sample > total_samples:
            raise ValueError(
                f"piece at {piece.start_sample} ends at {piece.end_sample}, after {total_samples}"
            )
    overlaps = _overlaps(pieces)
    for piece, before, after in zip(pieces, overlaps, overlaps[1:], strict=False):
        if before + after > piece.samples:
            raise ValueError(f"piece at {piece.start_sample}: more than two pieces at once, or not in order")
        if after > joins.LONGEST_WINDOW_SAMPLES:
            raise ValueError(f"piece at {piece.start_sample}: it overlaps the next for more than 30 s")


def _check_alone(piece: Piece) -> None:
    if piece.samples <= 0 or piece.first_sample < 0 or piece.start_sample < 0:
        raise ValueError(f"piece at {piece.start_sample}: positions and lengths must be positive")
    if min(piece.fade_in_samples, piece.fade_out_samples) < 0:
        raise ValueError(f"piece at {piece.start_sample}: a fade has a length")
    if piece.fade_in_samples + piece.fade_out_samples > piece.samples:
        raise ValueError(f"piece at {piece.start_sample}: its fades are longer than itself")
    if max(piece.fade_in_samples, piece.fade_out_samples) > joins.LONGEST_WINDOW_SAMPLES:
        raise ValueError(f"piece at {piece.start_sample}: a fade is longer than 30 s")


def _overlaps(pieces: Sequence[Piece]) -> list[int]:
    """For how many samples each piece overlaps the one before; a 0 more at the end."""
    between = [max(0, first.end_sample - second.start_sample) for first, second in pairwise(pieces)]
    return [0, *between, 0]


def programme(
    pieces: Sequence[Piece],
    prepared: Sequence[Prepared],
    total_samples: int,
    *,
    limit_dbfs: float,
    ffmpeg: Path,
) -> Iterator[bytes]:
    """The programme's 16-bit PCM, exactly `total_samples`, in blocks of any size. `pieces` have passed `check`."""
    joins.use_converter(ffmpeg)
    overlaps = _overlaps(pieces)
    position = 0
    with contextlib.ExitStack() as streams:
        ending: _PieceStream | None = None
        for piece, sound, before, after in zip(pieces, prepared, overlaps, overlaps[1:], strict=False):
            stream = _PieceStream(piece, sound, ffmpeg)
            streams.callback(stream.close)
            if ending is None:
                yield from _silence(piece.start_sample - position)
            else:
                yield joins.overlay(ending.read(before), stream.read(before), limit_dbfs=limit_dbfs)
                ending.close()
            yield from stream.blocks(piece.samples - before - after)
            position = piece.end_sample
            ending = stream if after else None
            if ending is None:
                stream.close()
    yield from _silence(total_samples - position)


def _silence(samples: int) -> Iterator[bytes]:
    while samples > 0:
        yield bytes(min(samples, BLOCK_SAMPLES) * SAMPLE_BYTES)
        samples -= BLOCK_SAMPLES


class _PieceStream:
    """The faded sound of one piece, read from beginning to end in portions of any size."""

    def __init__(self, piece: Piece, prepared: Prepared, ffmpeg: Path) -> None:
        self._source = _Source(prepared, ffmpeg, loop=piece.loop)
        self._faded = self._with_fades(piece)
        self._left = b""

    def _with_fades(self, piece: Piece) -> Iterator[bytes]:
        if piece.fade_in_samples:
            yield joins.fade_in(self._source.read(piece.fade_in_samples))
        body = piece.samples - piece.fade_in_samples - piece.fade_out_samples
        while body > 0:
            yield self._source.read(min(body, BLOCK_SAMPLES))
            body -= BLOCK_SAMPLES
        if piece.fade_out_samples:
            yield joins.fade_out(self._source.read(piece.fade_out_samples))

    def read(self, samples: int) -> bytes:
        """The next `samples`, all of them."""
        size = samples * SAMPLE_BYTES
        while len(self._left) < size:
            self._left += next(self._faded)
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def blocks(self, samples: int) -> Iterator[bytes]:
        """The next `samples`, a second at a time."""
        while samples > 0:
            yield self.read(min(samples, BLOCK_SAMPLES))
            samples -= BLOCK_SAMPLES

    def close(self) -> None:
        self._source.close()


class _Source:
    """Decoded prepared sound, from the beginning again when it loops."""

    def __init__(self, prepared: Prepared, ffmpeg: Path, *, loop: bool) -> None:
        self._prepared = prepared
        self._ffmpeg = ffmpeg
        self._loop = loop
        self._process: Ffmpeg | None = None
        self._cycle = b""

    def read(self, samples: int) -> bytes:
        size = samples * SAMPLE_BYTES
        if self._loop and self._prepared.samples <= _SHORT_LOOP_SAMPLES:
            return self._read_short_loop(size)
        taken = b""
        while len(taken) < size:
            chunk = self._running().stdout.read(size - len(taken))
            if not chunk:
                self._end_of_file()
            taken += chunk
        return taken

    def _read_short_loop(self, size: int) -> bytes:
        if not self._cycle:
            self._cycle = self._running().stdout.read()
            self._running().wait()
        while len(self._cycle) < size:
            self._cycle *= 2
        taken, rest = self._cycle[:size], self._cycle[size:]
        self._cycle = rest + taken
        return taken

    def _running(self) -> Ffmpeg:
        if self._process is None:
            arguments = [
                *own_input(self._prepared.path, "flac"),
                "-c:a",
                "pcm_s16le",
                "-f",
                "s16le",
                "pipe:1",
            ]
            timeout = 24 * ample_time(self._prepared.samples)
            self._process = Ffmpeg(self._ffmpeg, arguments, timeout_s=timeout, stdout=True)
        return self._process

    def _end_of_file(self) -> None:
        self._running().wait()
        self.close()
        if not self._loop:
            raise EncodeFailed("A prepared piece is shorter than it was.")

    def close(self) -> None:
        """End the decoder and let go of the sound: a programme has hundreds of pieces."""
        self._cycle = b""
        if self._process is not None:
            self._process.close()
            self._process = None
