"""An MP3 programme from kept frames: only what no track holds is encoded, in one run of the encoder.

With nothing kept that is the whole programme, and then there is no seam: the full path is the same path with an empty
cache. What was encoded is decoded again and measured, and what belongs to one piece alone is kept for the next time.

Every seam is checked twice. Two frames on either side of it are encoded although they are there already, and must come
out byte for byte: then the encoder is in the state in which it would be there in a full encoding. And the finished file
is decoded over the seam, and must sound there as the kept frames did when they were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from audio.encode import count_frames, encode
from audio.errors import ArtefactBroken
from audio.mix import Mix
from audio.pcm import BLOCK_SAMPLES
from audio.profile import MP3_FRAME_SAMPLES, Encoding
from audio.stretches import AHEAD, BEHIND, CHECKED, SHORTEST, Run, Stretch, runs
from audio.tracks import Track

_BLOCK_FRAMES: Final = BLOCK_SAMPLES // MP3_FRAME_SAMPLES


class SpliceDoubted(ArtefactBroken):
    """What was kept does not go together with what was encoded now."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Which frames of a programme come from where. `tracks` has one entry for each stretch, None where it is not kept."""

    total_frames: int
    stretches: Sequence[Stretch]
    tracks: Sequence[Track | None]
    runs: Sequence[Run]

    @property
    def encoded_frames(self) -> int:
        return sum(run.end - run.first for run in self.runs if run.stretch is None)

    def kept(self, first: int, end: int, stretch: int) -> Iterator[tuple[Track, int, int]]:
        """Frames [first, end) of a kept stretch, as a track and the frames of it."""
        track, where = self.tracks[stretch], self.stretches[stretch]
        assert track is not None
        while first < end:
            at = where.source_frame(first)
            count = min(end - first, track.end - at)
            yield track, at, at + count
            first += count

    def kept_bytes(self, first: int, end: int, stretch: int) -> Iterator[bytes]:
        for track, low, high in self.kept(first, end, stretch):
            yield from track.frames(low, high)

    def neighbours(self) -> Iterator[tuple[Run | None, Run, Run | None]]:
        """Each run with the one before and the one after."""
        for index, run in enumerate(self.runs):
            before = self.runs[index - 1] if index else None
            yield before, run, self.runs[index + 1] if index + 1 < len(self.runs) else None


def plan(total_frames: int, stretches: Sequence[Stretch], tracks: Sequence[Track | None]) -> Splice:
    """The splice that encodes least, of stretches that lie apart and in order."""
    kept, used = [], []
    for index, (stretch, track) in enumerate(zip(stretches, tracks, strict=True)):
        span = _covered(stretch, track) if track else None
        used.append(track if span else None)
        if span:
            kept.append((*span, index))
    return Splice(total_frames, stretches, used, runs(kept, total_frames))


def _covered(stretch: Stretch, track: Track) -> tuple[int, int] | None:
    """The frames of a stretch that its track has: nearly all of them, or the track is worth making anew."""
    if stretch.cycle is not None:
        return (stretch.first, stretch.end) if (track.first, track.end) == (0, stretch.cycle) else None
    first = max(stretch.first, stretch.origin + track.first)
    end = min(stretch.end, stretch.origin + track.end)
    missing = (stretch.end - stretch.first) - (end - first)
    return (first, end) if missing < SHORTEST <= end - first else None


def assemble(
    splice: Splice,
    mix: Mix,
    encoding: Encoding,
    made: Path,
    *,
    ffmpeg: Path,
    encoded: Callable[[float], None],
) -> str:
    """Write the programme's frames into `made`; gives the SHA-256 of the file.

    `encoded` is told what share of the encoder's work is done. Raises `EncodeFailed`, `TrackBroken` and `SpliceDoubted`.
    """
    windows = [
        run.window(splice.total_frames, before=BEHIND + CHECKED, after=CHECKED + AHEAD)
        for run in splice.runs
        if run.stretch is None
    ]
    fresh = made.with_suffix(".fresh")
    frames = sum(end - first for first, end in windows)
    if frames:
        encode(_pcm(mix, windows, encoded), frames * MP3_FRAME_SAMPLES, encoding, fresh, ffmpeg=ffmpeg)
    digest = _Digest(made)
    frame_bytes = encoding.frame_bytes or 0
    offset, waiting = 0, iter(windows)
    with digest:
        for before, run, after in splice.neighbours():
            if run.stretch is not None:
                for chunk in splice.kept_bytes(run.first, run.end, run.stretch):
                    digest.write(chunk)
                continue
            first, end = next(waiting)
            content = _Window(fresh, first, offset, frame_bytes)
            _check_seam(splice, content, run.first - CHECKED, run.first, before)
            _check_seam(splice, content, run.end, run.end + CHECKED, after)
            for chunk in content.chunks(run.first, run.end):
                digest.write(chunk)
            offset += end - first
    fresh.unlink(missing_ok=True)
    if count_frames(made, encoding) != splice.total_frames:
        raise SpliceDoubted("It has a wrong number of frames.")
    return digest.hexdigest()


def _pcm(mix: Mix, windows: Sequence[tuple[int, int]], told: Callable[[float], None]) -> Iterator[bytes]:
    """What the encoder is given: the windows, one behind the other."""
    total = sum(end - first for first, end in windows)
    done = 0
    for first, end in windows:
        for frame in range(first, end, _BLOCK_FRAMES):
            last = min(frame + _BLOCK_FRAMES, end)
            yield mix.read(frame * MP3_FRAME_SAMPLES, last * MP3_FRAME_SAMPLES)
            done += last - frame
            told(done / total)


def _check_seam(splice: Splice, content: _Window, first: int, end: int, kept: Run | None) -> None:
    """The frames beside a run, encoded once more, are those that are kept."""
    if kept is None or kept.stretch is None:
        return
    if b"".join(splice.kept_bytes(first, end, kept.stretch)) != b"".join(content.chunks(first, end)):
        raise SpliceDoubted(f"Frames {first} to {end} are not those that were kept.")


@dataclass(frozen=True, slots=True)
class _Window:
    """Frames of the programme from `first` on, which lie at frame `offset` of a file."""

    path: Path
    first: int
    offset: int
    frame_bytes: int

    def chunks(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes of frames [first, end) of the programme."""
        with self.path.open("rb") as file:
            file.seek((self.offset + first - self.first) * self.frame_bytes)
            for frame in range(first, end, 1024):
                yield file.read((min(frame + 1024, end) - frame) * self.frame_bytes)


class _Digest:
    """A file that is written once, and its SHA-256."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._sha256 = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._sha256.update(chunk)

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
