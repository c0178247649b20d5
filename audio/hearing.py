"""Listening to a spliced programme: what was encoded is decoded, compared with what was meant, and measured; what was
kept has been before.

The decoder starts anew at every window, so a few frames before are played and not counted. An MP3 frame without
reservoir sounds in itself and in the next; the weighting of loudness remembers 50 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np

from audio import filters
from audio.decoding import RAW_OUTPUT, float_blocks
from audio.encode import EARLY_SAMPLES
from audio.ffmpeg import Ffmpeg, ample_time, own_input
from audio.likeness import AROUND_SAMPLES, unlike_frames
from audio.meter import Energies, EnergyMeter, LoudnessSum, PeakMeter, Samples, as_floats
from audio.mix import Mix
from audio.pcm import BLOCK_SAMPLES, RATE, gain_to_db
from audio.profile import MP3_FRAME_SAMPLES
from audio.splice import Splice, SpliceDoubted
from audio.stretches import CHECKED, Run

_BEFORE: Final = 6
_NOT_HEARD: Final = 2
"""Of those, and of a programme's first, what the decoder plays before it has caught up."""

_BLOCK_FRAMES: Final = BLOCK_SAMPLES // MP3_FRAME_SAMPLES

# Two decodings of the same frames differ in the rounding of floats only
_SAME: Final = 1e-3
_INAUDIBLE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """Frames [first, end) that were encoded now: a whole stretch, or (`stretch` None) what lies between."""

    first: int
    end: int
    stretch: int | None
    energies: Energies
    peak_dbtp: float


class Listener:
    """Decodes the encoded runs of `made` and compares them with `mix`, as which they should sound.

    On the way it gathers the programme's loudness and true peak.
    """

    def __init__(self, splice: Splice, mix: Mix, made: Path, frame_bytes: int, ffmpeg: Path) -> None:
        self._splice = splice
        self._mix = mix
        self._made = made
        self._frame_bytes = frame_bytes
        self._ffmpeg = ffmpeg
        self._loudness = LoudnessSum(RATE)
        self.peak_dbtp = -np.inf

    @property
    def loudness_lufs(self) -> float | None:
        """The programme's, once all parts were heard."""
        return self._loudness.integrated_lufs()

    def parts(self) -> Iterator[Part]:
        """Every part that was encoded, in order. Raises `SpliceDoubted` where it does not decode to what it should."""
        encoded = [run for run in self._splice.runs if run.stretch is None]
        windows = [run.window(self._splice.total_frames, before=_BEFORE, after=CHECKED) for run in encoded]
        heard = self._made.with_suffix(".heard")
        self._copy(windows, heard)
        frames = sum(end - first for first, end in windows)
        chain = f"aformat=sample_fmts=flt,{filters.IN_LARGE_BLOCKS}"
        arguments = [*own_input(heard, "mp3"), "-af", chain, *RAW_OUTPUT]
        timeout = ample_time(frames * MP3_FRAME_SAMPLES)
        with Ffmpeg(self._ffmpeg, arguments, timeout_s=timeout, stdout=True) as process:
            for before, run, after in self._splice.neighbours():
                if run.stretch is not None:
                    self._add_kept(run)
                else:
                    yield from self._hear(run, process.stdout, kept_before=before is not None, after=after)
            left = process.stdout.read()
            if process.finish() or process.complaints or left:
                raise SpliceDoubted(f"It does not decode: {process.complaints[-200:] or 'too much sound'}")
        heard.unlink()

    def _copy(self, windows: list[tuple[int, int]], target: Path) -> None:
        with self._made.open("rb") as source, target.open("wb") as file:
            for first, end in windows:
                source.seek(first * self._frame_bytes)
                for frame in range(first, end, 1024):
                    file.write(source.read((min(frame + 1024, end) - frame) * self._frame_bytes))

    def _add_kept(self, run: Run) -> None:
        assert run.stretch is not None
        for track, first, end in self._splice.kept(run.first, run.end, run.stretch):
            self._loudness.add(track.energies(first, end))
            self.peak_dbtp = max(self.peak_dbtp, track.peak_dbtp)

    def _hear(self, run: Run, stream: IO[bytes], *, kept_before: bool, after: Run | None) -> Iterator[Part]:
        ear = _Ear(stream, self._mix, run.first - (_BEFORE if kept_before else 0))
        if kept_before:
            ear.skip(_NOT_HEARD)
            ear.measure(_BEFORE - _NOT_HEARD)
        for first, end, stretch in self._cut(run):
            energies, peak_dbtp = ear.measure(end - first)
            self._loudness.add(energies)
            self.peak_dbtp = max(self.peak_dbtp, peak_dbtp)
            yield Part(first, end, stretch, energies, peak_dbtp)
        if after is not None and after.stretch is not None:
            self._compare(ear.measure(CHECKED)[0], run.end, after.stretch)

    def _compare(self, heard: Energies, frame: int, stretch: int) -> None:
        """Behind the seam it sounds as the kept frames did when they were made."""
        kept = [
            track.energies(low, high)
            for track, low, high in self._splice.kept(frame, frame + CHECKED, stretch)
        ]
        expected = np.concatenate(kept)
        if np.abs(heard - expected).max() > _SAME * expected.max() + _INAUDIBLE:
            raise SpliceDoubted(f"At frame {frame} it does not sound as it did.")

    def _cut(self, run: Run) -> Iterator[tuple[int, int, int | None]]:
        """A run's parts: each whole stretch in it, and what lies between them."""
        at = run.first
        for index, stretch in enumerate(self._splice.stretches):
            if self._splice.tracks[index] is None and run.first <= stretch.first and stretch.end <= run.end:
                if at < stretch.first:
                    yield at, stretch.first, None
                yield stretch.first, stretch.end, index
                at = stretch.end
        if at < run.end:
            yield at, run.end, None


class _Ear:
    """Measures decoded frames part by part, from frame `at` of the programme on.

    Each part's figures know what sounded before it.
    """

    def __init__(self, stream: IO[bytes], mix: Mix, at: int) -> None:
        self._stream = stream
        self._mix = mix
        self._at = at
        self._energy = EnergyMeter(RATE)
        self._peak = PeakMeter()

    def skip(self, frames: int) -> None:
        for _ in self._blocks(frames):
            pass

    def measure(self, frames: int) -> tuple[Energies, float]:
        """The energies and the true peak in dBTP of the next frames.

        Raises `SpliceDoubted` if they are not what was meant.
        """
        energies = []
        for block in self._blocks(frames):
            self._compare(block)
            # Frames are whole steps: nothing waits for the next
            energies.append(self._energy.feed(block))
            self._peak.feed(block)
        return np.concatenate(energies), gain_to_db(self._peak.take())

    def _compare(self, block: Samples) -> None:
        """The frames that were read last with what the encoder was given for them."""
        first = self._at - len(block) // MP3_FRAME_SAMPLES
        start = first * MP3_FRAME_SAMPLES + EARLY_SAMPLES - AROUND_SAMPLES
        meant = as_floats(self._mix.read(start, start + len(block) + 2 * AROUND_SAMPLES))
        unlike = first + unlike_frames(block, meant)
        unlike = unlike[unlike >= _NOT_HEARD]
        if len(unlike):
            raise SpliceDoubted(f"At frame {unlike[0]} it does not sound as was meant.")

    def _blocks(self, frames: int) -> Iterator[Samples]:
        while frames:
            count = min(frames, _BLOCK_FRAMES)
            block = next(float_blocks(self._stream, count * MP3_FRAME_SAMPLES), None)
            if block is None or len(block) < count * MP3_FRAME_SAMPLES:
                raise SpliceDoubted("It decodes to less than it should.")
            frames -= count
            self._at += count
            yield block
