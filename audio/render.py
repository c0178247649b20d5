"""From a rundown's pieces to an artefact: prepare, mix, encode, decode again, and only then release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio.encode import count_frames, encode
from audio.errors import ArtefactBroken
from audio.files import publish, scratch, sha256_of
from audio.flac import flac_samples
from audio.mix import Piece, check, programme
from audio.pcm import RATE, at_rate
from audio.prepare import LIMITER_MARGIN_DB, Prepared, prepare
from audio.profile import MP3_FRAME_SAMPLES, Encoding, Profile
from audio.verify import Measurement, measure

__all__ = ["Artefact", "Piece", "render"]

# How much lower the encoder's own limiter goes when the decoded programme was over its ceiling, besides what it was over.
_STEP_DB: Final = 0.2
_TRIES: Final = 4
# AAC has frames of 1,024, and ffmpeg before 6 plays the last one whole, whatever the edit list says.
_AAC_FRAME: Final = 1024
# Two at a time: a piece's two passes leave a second core half idle.
_PREPARING: Final = 2
# Shares of the work, for the progress bar
_PREPARED, _ENCODED = 0.5, 0.85

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished programme in one encoding, decoded again and found as it should be.

    `samples` and `sample_rate` are of the decoded file; `frames` is MP3's count, None otherwise. `joins` says where the
    pieces begin: in frames for MP3, in samples at `sample_rate` otherwise.
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


def render(
    pieces: Sequence[Piece],
    total_samples: int,
    *,
    profile: Profile,
    encoding: Encoding,
    destination_dir: Path,
    cache_dir: Path,
    ffmpeg: Path,
    progress: Progress | None = None,
) -> Artefact:
    """Render `pieces` (in order of `start_sample`) to `destination_dir/<sha256>.<extension>`.

    What no piece covers is digital silence. The file decodes to exactly `encoding.length(total_samples)` samples, with
    true peaks under the profile's ceiling; it appears whole or not at all. Two neighbours may overlap for up to 30 s.

    Raises `ValueError` for pieces that do not fit, `EncodeFailed`, and `ArtefactBroken` when what came out, decoded
    again, is not what it should be. `progress` is called with growing fractions up to 1.0, from this thread.
    """
    tell = _Growing(progress)
    check(pieces, total_samples)
    prepared = _prepare_all(pieces, profile, cache_dir, ffmpeg, tell)
    with scratch(destination_dir) as workshop:
        made = workshop / f"artefact.{encoding.extension}"

        def sound() -> Iterator[bytes]:
            limit = profile.ceiling_dbtp - LIMITER_MARGIN_DB
            blocks = programme(pieces, prepared, total_samples, limit_dbfs=limit, ffmpeg=ffmpeg)
            return _counted(blocks, total_samples, tell)

        found = _encode_under_ceiling(sound, total_samples, profile.ceiling_dbtp, encoding, made, ffmpeg)
        samples = _exact_length(made, found, total_samples, encoding)
        artefact = _release(made, destination_dir, found, samples, pieces, encoding, profile)
    tell(1.0)
    return artefact


def _prepare_all(
    pieces: Sequence[Piece], profile: Profile, cache_dir: Path, ffmpeg: Path, tell: Progress
) -> list[Prepared]:
    cuts = [piece.cut(flac_samples(piece.master)) for piece in pieces]
    work = sum(cut.samples for cut in cuts) or 1
    done = 0
    prepared = []
    with ThreadPoolExecutor(max_workers=_PREPARING, thread_name_prefix="prepare") as pool:
        # The same cut twice (a jingle) is made once
        jobs = {
            cut: pool.submit(prepare, cut, profile, cache_dir=cache_dir, ffmpeg=ffmpeg)
            for cut in dict.fromkeys(cuts)
        }
        try:
            for cut in cuts:
                prepared.append(jobs[cut].result())
                done += cut.samples
                tell(_PREPARED * done / work)
        finally:
            # After a failure nothing more is begun
            pool.shutdown(wait=True, cancel_futures=True)
    return prepared


def _encode_under_ceiling(
    sound: Callable[[], Iterator[bytes]],
    total_samples: int,
    ceiling_dbtp: float,
    encoding: Encoding,
    made: Path,
    ffmpeg: Path,
) -> Measurement:
    """Encode and decode again; where the codec overshot, encode once more behind a lower limiter."""
    limit: float | None = None
    for _ in range(_TRIES):
        encode(sound(), total_samples, encoding, made, ffmpeg=ffmpeg, limit_dbfs=limit)
        found = measure(made, ffmpeg, rate=encoding.sample_rate)
        over = found.peak_dbtp - ceiling_dbtp
        if over <= 0.0:
            return found
        limit = (ceiling_dbtp - LIMITER_MARGIN_DB if limit is None else limit) - over - _STEP_DB
    raise ArtefactBroken(f"Its true peak stays over {ceiling_dbtp:g} dBTP.")


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


def _exact_length(made: Path, found: Measurement, total_samples: int, encoding: Encoding) -> int:
    """The artefact's length, or `ArtefactBroken` if it is another than was asked for."""
    wanted = encoding.length(total_samples)
    slack = _AAC_FRAME if encoding.codec == "aac" else 1
    if not wanted <= found.samples < wanted + slack:
        raise ArtefactBroken(f"It decodes to {found.samples} samples instead of {wanted}.")
    if encoding.codec == "mp3" and count_frames(made) != encoding.frames(total_samples):
        raise ArtefactBroken("It has a wrong number of frames.")
    return wanted


def _release(
    made: Path,
    destination_dir: Path,
    found: Measurement,
    samples: int,
    pieces: Sequence[Piece],
    encoding: Encoding,
    profile: Profile,
) -> Artefact:
    sha256 = sha256_of(made)
    size = made.stat().st_size
    path = destination_dir / f"{sha256}.{encoding.extension}"
    publish(made, path)
    unit = MP3_FRAME_SAMPLES if encoding.codec == "mp3" else 1
    return Artefact(
        path=path,
        sha256=sha256,
        bytes=size,
        samples=samples,
        frames=samples // MP3_FRAME_SAMPLES if encoding.codec == "mp3" else None,
        sample_rate=encoding.sample_rate,
        loudness_lufs=found.loudness_lufs,
        peak_dbtp=found.peak_dbtp,
        joins=tuple(at_rate(piece.start_sample, encoding.sample_rate) // unit for piece in pieces),
        encoding=encoding,
        profile_key=profile.key,
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
