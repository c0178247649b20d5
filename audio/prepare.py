"""One piece of a master, processed once for a profile and kept.

Every piece starts from the same state (filters at rest, compressor open), so that what it sounds like depends on
nothing before it: that is what lets a piece be cached, and a programme be put together from cached pieces.

    cut -> gain to target -> high-pass -> low-pass -> compressor -> measure -> gain to target exactly -> limiter -> 16 bit
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from audio import filters
from audio.errors import EncodeFailed
from audio.ffmpeg import ample_time, build_id, file_url, own_input
from audio.files import scratch
from audio.flac import BITEXACT, flac_samples
from audio.levels import Samples
from audio.metering import Loudness, MeteredRun, metered_run
from audio.pcm import RATE, db_to_gain
from audio.profile import PROCESSING_VERSION, Profile

LIMITER_MARGIN_DB: Final = 1.0
"""The limiter works on samples; between them, and after a lossy codec, peaks stand this much higher at most as a rule."""

# Under a second there are too few of BS.1770's 400 ms blocks to gate: such a jingle is set by its loudest one (EBU
# R 128 s1 judges short items by their maximum too).
_SHORT_SAMPLES: Final = RATE
# More than this is not a quiet recording any more but an empty room.
_MOST_GAIN_DB: Final = 40.0
_LOUDNESS_TOLERANCE_LU: Final = 0.1
_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of a master: `samples` from `first_sample`. `loudness_lufs` is the whole master's, None if unknown."""

    master: Path
    master_sha256: str
    first_sample: int
    samples: int
    loudness_lufs: float | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Processed sound, 16-bit FLAC, mono 48 kHz, exactly as long as its cut."""

    path: Path
    samples: int
    loudness_lufs: float | None
    peak_dbtp: float


def prepare(cut: Cut, profile: Profile, *, cache_dir: Path, ffmpeg: Path) -> Prepared:
    """The processed form of `cut`, from the cache or made now. Raises `EncodeFailed`.

    The key is all that the bytes depend on: master, cut, profile, processing version and ffmpeg's build. Two workers
    may make the same piece at once; both make the same bytes.
    """
    key = _key(cut, profile, ffmpeg)
    flac, figures = cache_dir / f"{key}.flac", cache_dir / f"{key}.json"
    if found := _look_up(flac, figures, cut.samples):
        return found
    with scratch(cache_dir) as workshop:
        made = workshop / "prepared.flac"
        loudness = _process(cut, profile, ffmpeg, workshop, made)
        if flac_samples(made) != cut.samples:
            raise EncodeFailed(f"A piece of {cut.samples} samples came out as {flac_samples(made)}.")
        prepared = Prepared(flac, cut.samples, _level(loudness, cut.samples), loudness.true_peak_dbtp)
        written = workshop / "prepared.json"
        written.write_text(json.dumps({**asdict(prepared), "path": flac.name}), encoding="ascii")
        # The figures first: sound without figures is not found, figures without sound are not believed.
        written.replace(figures)
        made.replace(flac)
    return prepared


def trim_cache(cache_dir: Path, max_bytes: int, *, keep_used_since: float = float("inf")) -> int:
    """Remove the least recently used pieces until at most `max_bytes` are kept; gives the bytes removed.

    Pieces used at or after `keep_used_since` (seconds since 1970) stay: a running render may be about to read them.
    """
    entries = []
    for flac in cache_dir.glob("*.flac"):
        with contextlib.suppress(FileNotFoundError):
            stat = flac.stat()
            entries.append((stat.st_mtime, stat.st_size, flac))
    excess = sum(size for _, size, _ in entries) - max_bytes
    removed = 0
    for used, size, flac in sorted(entries):
        if removed >= excess or used >= keep_used_since:
            break
        flac.unlink(missing_ok=True)
        flac.with_suffix(".json").unlink(missing_ok=True)
        removed += size
    return removed


def _key(cut: Cut, profile: Profile, ffmpeg: Path) -> str:
    parts = (cut.master_sha256, cut.first_sample, cut.samples, cut.loudness_lufs, profile.key)
    return hashlib.sha256(repr((*parts, PROCESSING_VERSION, build_id(ffmpeg))).encode()).hexdigest()


def _look_up(flac: Path, figures: Path, samples: int) -> Prepared | None:
    try:
        fields = json.loads(figures.read_text(encoding="ascii"))
        if not flac.is_file() or fields["samples"] != samples:
            return None
        os.utime(flac)
        return Prepared(flac, samples, fields["loudness_lufs"], fields["peak_dbtp"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _level(loudness: Loudness, samples: int) -> float | None:
    return loudness.momentary_max_lufs if samples < _SHORT_SAMPLES else loudness.integrated_lufs


def _process(cut: Cut, profile: Profile, ffmpeg: Path, workshop: Path, made: Path) -> Loudness:
    """Shape once into floats, then set level and limit until both are as asked for: usually once."""
    shaped = workshop / "shaped.f32"
    level = _level(_shape(cut, profile, ffmpeg, shaped), cut.samples)
    gain = min(_short_of_target(level, profile), _MOST_GAIN_DB)
    limit = profile.ceiling_dbtp - LIMITER_MARGIN_DB
    for _ in range(_TRIES - 1):
        loudness = _finish(shaped, cut.samples, gain, limit, ffmpeg, made)
        over = loudness.true_peak_dbtp - (profile.ceiling_dbtp - LIMITER_MARGIN_DB / 2)
        off = _short_of_target(_level(loudness, cut.samples), profile)
        if over <= 0.0 and (abs(off) <= _LOUDNESS_TOLERANCE_LU or gain >= _MOST_GAIN_DB):
            return loudness
        gain = min(gain + off, _MOST_GAIN_DB)
        limit -= max(over, 0.0)
    return _finish(shaped, cut.samples, gain, limit, ffmpeg, made)


def _short_of_target(level: float | None, profile: Profile) -> float:
    """The gain in dB that is still wanted; none for what has no level or a profile without a target."""
    return 0.0 if profile.target_lufs is None or level is None else profile.target_lufs - level


def _shape(cut: Cut, profile: Profile, ffmpeg: Path, shaped: Path) -> Loudness:
    end = cut.first_sample + cut.samples
    steps = [
        f"atrim=start_sample={cut.first_sample}:end_sample={end}",
        "asetpts=N",
        "aformat=sample_fmts=flt",
    ]
    if profile.target_lufs is not None and cut.loudness_lufs is not None:
        gain = min(profile.target_lufs - cut.loudness_lufs, _MOST_GAIN_DB)
        steps.append(filters.gain(gain))
    if profile.highpass_hz is not None:
        steps.append(f"highpass=f={profile.highpass_hz}")
    if profile.lowpass_hz is not None:
        # Butterworth of the fourth order: 24 dB an octave keeps the neighbouring channel clear
        steps += [f"lowpass=f={profile.lowpass_hz}:t=q:w={q}" for q in (0.5412, 1.3066)]
    if profile.compress and profile.target_lufs is not None:
        # Gentle: 2:1 from a little under the programme's level, slow enough to leave syllables alone
        threshold = db_to_gain(profile.target_lufs - 2.0)
        steps.append(f"acompressor=threshold={threshold:.6f}:ratio=2:attack=10:release=300:knee=4")
    steps.append(filters.exactly(cut.samples))
    return _metered(
        ffmpeg,
        inputs=own_input(cut.master, "flac"),
        chain=",".join(steps),
        output=["-c:a", "pcm_f32le", "-f", "f32le", file_url(shaped)],
        samples=end,
        true_peak=False,
    ).loudness


def _finish(
    shaped: Path, samples: int, gain_db: float, limit_dbfs: float, ffmpeg: Path, made: Path
) -> Loudness:
    steps = [
        filters.gain(gain_db),
        filters.limiter(limit_dbfs),
        filters.exactly(samples),
        # 16 bit here, with the usual dither, so that what is measured is what is kept
        "aresample=osf=s16:dither_method=triangular",
    ]
    return _metered(
        ffmpeg,
        inputs=["-ar", str(RATE), "-ac", "1", *own_input(shaped, "f32le")],
        chain=",".join(steps),
        output=[*BITEXACT, "-c:a", "flac", "-f", "flac", file_url(made)],
        output_chain="aformat=sample_fmts=s16",
        samples=samples,
    ).loudness


def _metered(
    ffmpeg: Path,
    *,
    inputs: list[str],
    chain: str,
    output: list[str],
    samples: int,
    output_chain: str = "anull",
    true_peak: bool = True,
) -> MeteredRun:
    result = metered_run(
        ffmpeg,
        inputs=inputs,
        chain=chain,
        rate=RATE,
        timeout_s=ample_time(samples),
        sink=_ignore,
        output=output,
        output_chain=output_chain,
        true_peak=true_peak,
    )
    if result.status:
        raise EncodeFailed(f"ffmpeg ended with status {result.status}: {result.complaints[-300:]}")
    return result


def _ignore(_: Samples) -> None:
    """ebur128 says all that is asked here."""
