"""From a master and a producer's edits to a new master, which everything behind it uses as any other.

    decode -> cut, clean, cover (`audio.cut_sound`) -> even -> limit -> 24 bits -> encode, measured on the way

A window of a few seconds is held, however long the master is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from audio import edits as editing
from audio.cleaning import Cleaner, Findings, listen_for
from audio.cut_sound import Blocks, Taking, cut_sound
from audio.decoding import decoded_blocks, float_blocks
from audio.edits import Edits, Range
from audio.errors import EncodeFailed, OnlySilence
from audio.evening import Evening
from audio.ffmpeg import Ffmpeg, ample_time, file_url, own_input
from audio.files import scratch
from audio.flac import flac_samples
from audio.limiting import CONTEXT_SAMPLES, limiting_gain
from audio.masters import MASTER_OUTPUT, Master, MasterMeter, keep
from audio.meter import Samples
from audio.pcm import BLOCK_SAMPLES, RATE
from audio.seams import SEAM_SAMPLES

__all__ = ["SEAM_SAMPLES", "Cut", "cut"]

# A tone draws more attention than a voice as loud
_TONE_UNDER_LOUDNESS_DB: Final = 3.0
_TONE_DBFS: Final = (-40.0, -14.0)
_TONE_OTHERWISE_DBFS: Final = -20.0
_STEPS: Final = 1 << 23


@dataclass(frozen=True, slots=True)
class Cut:
    """A master made by edits. `joins` are samples of it at which something was removed, or a cover or gain begins or ends."""

    master: Master
    joins: tuple[int, ...]


def cut(
    master: Path,
    samples: int,
    edits: Edits,
    destination_dir: Path,
    *,
    ffmpeg: Path,
    timeout_s: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Cut:
    """Make the master that `edits` make of `master` (which has so many samples) in `destination_dir`, as `ingest` does.

    Its length is that of what is kept, to the sample. Where nothing was asked for but ranges, its samples are the
    master's, bit for bit, except in `SEAM_SAMPLES` behind each removal. Nothing that is removed or covered has any
    influence on it. The same master and edits give the same bytes (by the same ffmpeg and numpy).

    `timeout_s` limits each of ffmpeg's runs. `progress` is called with growing fractions up to 1.0, from this thread. Raises `BadEdits`, `OnlySilence` where what is left is silent, or
    `EncodeFailed`.
    """
    editing.check(edits, samples)
    timeout_s = timeout_s or 10 * ample_time(samples)
    source = _Source(master, samples, edits, ffmpeg, timeout_s)
    with scratch(destination_dir) as workshop:
        made = workshop / "master.flac"
        heard = MasterMeter()
        wanted = editing.length(edits, samples)
        with contextlib.closing(_sound(source, workshop)) as sound:
            _encode(_told(sound, wanted, progress), made, heard, ffmpeg, timeout_s)
        if heard.silence.samples != wanted or flac_samples(made) != wanted:
            raise EncodeFailed(f"A cut of {wanted} samples came out as {heard.silence.samples}.")
        if heard.silence.first_sound is None:
            raise OnlySilence
        return Cut(keep(made, destination_dir, heard), editing.joins(edits, samples))


@dataclass(frozen=True, slots=True)
class _Source:
    """What a cut is made of."""

    master: Path
    samples: int
    edits: Edits
    ffmpeg: Path
    timeout_s: float

    def blocks(self) -> Generator[Samples, None, None]:
        """The master, from its beginning to where it is needed."""
        ranges = editing.heard(self.edits, self.samples)
        return decoded_blocks(
            self.ffmpeg,
            inputs=own_input(self.master, "flac"),
            chain=f"atrim=end_sample={ranges[-1][1]}",
            rate=RATE,
            timeout_s=self.timeout_s,
        )


def _sound(source: _Source, workshop: Path) -> Generator[Samples, None, None]:
    """The cut in blocks of a second, none of it over full scale."""
    edits = source.edits
    found = _findings(source)
    cleaner = Cleaner(edits.cleaning, found) if edits.cleaning else None
    with contextlib.closing(source.blocks()) as blocks:
        sound = cut_sound(
            blocks,
            source.samples,
            edits,
            tone_dbfs=_tone_dbfs(found.loudness_lufs),
            clean=cleaner.clean if cleaner else None,
        )
        if edits.even:
            sound = _evened(sound, source, workshop / "sound.f32")
        yield from _limited(_in_seconds(sound))


def _findings(source: _Source) -> Findings:
    """What has to be known before: by listening to all that is kept once, if at all."""
    edits = source.edits
    if not edits.cleaning and not any(cover.sound == "tone" for cover in edits.covered):
        return Findings()

    def stretches() -> Iterator[tuple[Range, Blocks]]:
        with contextlib.closing(source.blocks()) as blocks:
            taking = Taking(blocks)
            for start, end in editing.heard(edits, source.samples):
                yield (start, end), taking.range(start, end)

    return listen_for(edits.cleaning, stretches)


def _tone_dbfs(loudness_lufs: float | None) -> float:
    """Near the recording's own loudness: a tone of 1 kHz measures in LUFS what it has in dBFS."""
    if loudness_lufs is None:
        return _TONE_OTHERWISE_DBFS
    return min(max(loudness_lufs - _TONE_UNDER_LOUDNESS_DB, _TONE_DBFS[0]), _TONE_DBFS[1])


def _evened(sound: Blocks, source: _Source, kept: Path) -> Blocks:
    """The same with its loudness made even: it has to be heard to the end before, and lies on the disk meanwhile."""
    evening = Evening()
    with kept.open("wb") as file:
        for block in sound:
            evening.hear(block)
            file.write(block.astype("<f4").tobytes())
    covers = [
        (part.at, part.at + part.samples)
        for part in editing.spans(source.edits, source.samples)
        if part.cover is not None
    ]
    gain = evening.curve(covers)
    with kept.open("rb") as file:
        at = 0
        for block in float_blocks(file, BLOCK_SAMPLES):
            yield gain.over(block, at)
            at += len(block)
    kept.unlink()


def _in_seconds(blocks: Blocks) -> Blocks:
    """The same sound in whole seconds, the last one shorter."""
    parts, count = [], 0
    for block in blocks:
        parts.append(block)
        count += len(block)
        if count >= BLOCK_SAMPLES:
            sound = np.concatenate(parts)
            whole = count // BLOCK_SAMPLES * BLOCK_SAMPLES
            for start in range(0, whole, BLOCK_SAMPLES):
                yield sound[start : start + BLOCK_SAMPLES]
            parts, count = [sound[whole:]], count - whole
    if count:
        yield np.concatenate(parts)


def _limited(blocks: Blocks) -> Blocks:
    """Nothing over full scale. What is not near a sample that was, is not touched."""
    silence = np.zeros(0, dtype=np.float32)
    before, now = silence, next(blocks, silence)
    while len(now):
        after = next(blocks, silence)
        near = [before[-CONTEXT_SAMPLES:], now, after[:CONTEXT_SAMPLES]]
        gain = limiting_gain(np.concatenate(near), 1.0)
        yield now if gain is None else now * gain[len(near[0]) : len(near[0]) + len(now)].astype(np.float32)
        before, now = now, after


def _told(sound: Blocks, samples: int, progress: Callable[[float], None] | None) -> Blocks:
    """The same sound, telling how much of so many samples has gone by."""
    done = 0
    for block in sound:
        yield block
        done += len(block)
        if progress is not None:
            progress(min(done / samples, 1.0))


def _encode(sound: Blocks, made: Path, heard: MasterMeter, ffmpeg: Path, timeout_s: float) -> None:
    arguments = [
        *("-f", "s32le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0"),
        *("-af", "asetnsamples=n=4096:p=0", *MASTER_OUTPUT, file_url(made)),
    ]
    with Ffmpeg(ffmpeg, arguments, timeout_s=timeout_s, stdin=True) as process:
        # A broken pipe is ffmpeg's failure, which `wait` words better
        with contextlib.suppress(BrokenPipeError):
            _write(sound, process.stdin, heard)
        process.wait()


def _write(sound: Blocks, stream: IO[bytes], heard: MasterMeter) -> None:
    for block in sound:
        steps = _in_24_bits(block)
        heard.feed((steps * np.float32(1 / _STEPS)).astype(np.float32))
        stream.write((steps << 8).astype("<i4").tobytes())


def _in_24_bits(block: Samples) -> NDArray[np.int32]:
    """What a float holds exactly, unless something was done to it: then to the nearest step."""
    steps = np.rint(block.astype(np.float64) * _STEPS)
    return np.clip(steps, -_STEPS, _STEPS - 1).astype(np.int32)
