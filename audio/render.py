"""From a rundown's pieces to an artefact: prepare, mix, encode, decode again, and only then release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from audio.encode import count_frames, encode
from audio.errors import ArtefactBroken
from audio.excerpt import WHOLE, Excerpt, shifted
from audio.files import publish, scratch, sha256_of
from audio.flac import flac_samples
from audio.ingest import Master
from audio.lead_in import NO_LEAD_IN, LeadIn
from audio.mix import Mix
from audio.pcm import RATE, at_rate
from audio.pieces import Piece, check
from audio.prepare import LIMITER_MARGIN_DB, prepare_all
from audio.profile import AAC_FRAME_SAMPLES, Encoding, Profile
from audio.spliced import SplicedRender
from audio.verify import Measurement, measure

__all__ = ["Artefact", "Piece", "render"]

# How much lower the encoder's own limiter goes when the decoded programme was over its ceiling, besides what it was over.
_STEP_DB: Final = 0.2
_TRIES: Final = 4
# Two channels of the same sound are quantised apart by some codecs, MP2's low rates most: more than this is a fault.
_CHANNELS_LU: Final = 0.5
# BS.1770 counts nothing under it
_SILENCE_LUFS: Final = -70.0
# Shares of the work, for the progress bar
_PREPARED, _ENCODED = 0.5, 0.85

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished programme in one encoding, decoded again and found as it should be.

    `samples` and `sample_rate` are of the decoded file, of each channel; `frames` is the count of MP3's, MP2's and ADTS's, None otherwise.
    Both, and loudness and peak, are of the whole file, its lead-in included. `joins` says where the pieces begin: in frames where there are any, in samples at `sample_rate` otherwise. `encoded_frames` of MP3's frames were encoded for
    this artefact, the others had been kept; `doubt` says why they were not used although they were there.
    """

    path: Path
    sha256: str
    bytes: int
    samples: int
    frames: int | None
    sample_rate: int
    loudness_lufs: float | None
    peak_dbtp: float
    joins: tuple[int, ...]
    encoding: Encoding
    profile_key: str
    encoded_frames: int | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    """A file that is what it should be, before it has its name."""

    sha256: str
    loudness_lufs: float | None
    peak_dbtp: float
    encoded_frames: int | None = None
    doubt: str = ""


def render(
    pieces: Sequence[Piece],
    total_samples: int,
    *,
    profile: Profile,
    encoding: Encoding,
    lead_in: LeadIn = NO_LEAD_IN,
    words: Master | None = None,
    excerpt: Excerpt = WHOLE,
    destination_dir: Path,
    cache_dir: Path,
    ffmpeg: Path,
    progress: Progress | None = None,
) -> Artefact:
    """Render `pieces` (in order of `start_sample`) to `destination_dir/<sha256>.<extension>`.

    What no piece covers is digital silence. `lead_in` comes before, with `words` for what is spoken in it: positions of
    pieces count from its end. With its
    samples added to `total_samples`, the file decodes to exactly `encoding.length(total_samples)` samples, with true
    peaks under the profile's ceiling; it appears whole or not at all. Two neighbours may overlap for up to 30 s.
    An `excerpt` is that stretch of the same sound, to the sample; only one from the beginning can have a lead-in.

    Raises `ValueError` for pieces that do not fit, `SpeechFailed` for words that are too long, `EncodeFailed`, and `ArtefactBroken` when what came out, decoded
    again, is not what it should be. `progress` is called with growing fractions up to 1.0, from this thread.
    """
    tell = _Growing(progress)
    check(pieces, total_samples)
    lead_in.require_room(profile)
    start, stop = excerpt.span(total_samples, encoding)
    before = lead_in.samples(encoding)
    if before and start:
        raise ValueError("a lead-in comes before the programme: a part of it that begins later has none")
    total_samples = before + stop - start
    programme = shifted(pieces, before - start, total_samples)
    with scratch(destination_dir) as workshop:
        made = workshop / f"artefact.{encoding.extension}"
        all_pieces = [*lead_in.pieces(workshop, ffmpeg, words), *programme]
        job = _Job(all_pieces, total_samples, profile, encoding, cache_dir, ffmpeg, made, tell)
        found = job.spliced() if encoding.frame_bytes else job.whole()
        artefact = _release(made, destination_dir, found, job, programme)
    tell(1.0)
    return artefact


@dataclass(frozen=True, slots=True)
class _Job:
    pieces: Sequence[Piece]
    total_samples: int
    profile: Profile
    encoding: Encoding
    cache_dir: Path
    ffmpeg: Path
    made: Path
    tell: Progress

    def spliced(self) -> _Made:
        """From kept frames; as a whole behind a limiter where single pieces cannot be held under the ceiling."""
        try:
            found = SplicedRender(
                self.pieces,
                self.total_samples,
                self.profile,
                self.encoding,
                self.cache_dir,
                self.ffmpeg,
                self.made,
                self.tell,
            ).run()
        except ArtefactBroken as error:
            return self.whole(doubt=error.detail)
        return _Made(found.sha256, found.loudness_lufs, found.peak_dbtp, found.encoded_frames, found.doubt)

    def whole(self, doubt: str = "") -> _Made:
        """Encoded from beginning to end."""
        cuts = [(piece.cut(flac_samples(piece.master)), 0.0) for piece in self.pieces]
        prepared = prepare_all(
            cuts,
            self.profile,
            cache_dir=self.cache_dir,
            ffmpeg=self.ffmpeg,
            tell=lambda share: self.tell(_PREPARED * share),
        )
        limit = self.profile.ceiling_dbtp - LIMITER_MARGIN_DB
        mix = Mix(self.pieces, prepared, self.total_samples, limit_dbfs=limit, ffmpeg=self.ffmpeg)
        found = self._encode_under_ceiling(mix)
        self._check_length(found)
        frames = self.encoding.frames(self.total_samples)
        return _Made(sha256_of(self.made), found.loudness_lufs, found.peak_dbtp, frames, doubt)

    def _encode_under_ceiling(self, mix: Mix) -> Measurement:
        """Encode and decode again; where the codec overshot, encode once more behind a lower limiter."""
        limit: float | None = None
        ceiling = self.profile.ceiling_dbtp
        for _ in range(_TRIES):
            sound = _counted(mix.blocks(), self.total_samples, self.tell)
            encode(sound, self.total_samples, self.encoding, self.made, ffmpeg=self.ffmpeg, limit_dbfs=limit)
            found = self._heard()
            over = found.peak_dbtp - ceiling
            if over <= 0.0:
                return found
            limit = (ceiling - LIMITER_MARGIN_DB if limit is None else limit) - over - _STEP_DB
        raise ArtefactBroken(f"Its true peak stays over {ceiling:g} dBTP.")

    def _heard(self) -> Measurement:
        """The file decoded again: the figures of one channel, and the higher of their peaks.

        Raises `ArtefactBroken` if two channels are not the same sound.
        """
        one, *other = (
            measure(self.made, self.ffmpeg, rate=self.encoding.sample_rate, channel=channel)
            for channel in range(self.encoding.channels)
        )
        for two in other:
            level, second = (each.loudness_lufs or _SILENCE_LUFS for each in (one, two))
            if abs(level - second) > _CHANNELS_LU:
                raise ArtefactBroken(f"Its channels differ: {level:.1f} and {second:.1f} LUFS.")
            one = replace(one, peak_dbtp=max(one.peak_dbtp, two.peak_dbtp))
        return one

    def _check_length(self, found: Measurement) -> None:
        """Raise `ArtefactBroken` if the file's length is another than was asked for."""
        wanted = self.encoding.length(self.total_samples)
        # ffmpeg before 6 plays the last frame of an MP4 whole, whatever the edit list says
        slack = AAC_FRAME_SAMPLES if self.encoding.codec == "aac" else 1
        if not wanted <= found.samples < wanted + slack:
            raise ArtefactBroken(f"It decodes to {found.samples} samples instead of {wanted}.")
        frames = self.encoding.frames(self.total_samples)
        if frames is not None and count_frames(self.made, self.encoding) != frames:
            raise ArtefactBroken("It has a wrong number of frames.")


def _counted(blocks: Iterator[bytes], total_samples: int, tell: Progress) -> Iterator[bytes]:
    """The same blocks, telling how far they are about once a minute of programme."""
    done = told = 0
    for block in blocks:
        yield block
        done += len(block) // 2
        if done - told >= 60 * RATE:
            told = done
            tell(_PREPARED + (_ENCODED - _PREPARED) * done / total_samples)
    tell(_ENCODED)


def _release(
    made: Path, destination_dir: Path, found: _Made, job: _Job, programme: Sequence[Piece]
) -> Artefact:
    encoding = job.encoding
    size = made.stat().st_size
    path = destination_dir / f"{found.sha256}.{encoding.extension}"
    publish(made, path)
    frames = encoding.frames(job.total_samples)
    unit = 1 if frames is None else encoding.frame_samples or 1
    return Artefact(
        path=path,
        sha256=found.sha256,
        bytes=size,
        samples=encoding.length(job.total_samples),
        frames=frames,
        sample_rate=encoding.sample_rate,
        loudness_lufs=found.loudness_lufs,
        peak_dbtp=found.peak_dbtp,
        joins=tuple(
            at_rate(piece.start_sample, encoding.sample_rate) // unit
            for piece in programme
            if 0 <= piece.start_sample < job.total_samples
        ),
        encoding=encoding,
        profile_key=job.profile.key,
        encoded_frames=found.encoded_frames,
        doubt=found.doubt,
    )


class _Growing:
    """Passes on only what is further than before: encoding twice must not turn a progress bar back."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._furthest = 0.0

    def __call__(self, fraction: float) -> None:
        if self._progress is not None and fraction > self._furthest:
            self._furthest = fraction
            self._progress(fraction)
