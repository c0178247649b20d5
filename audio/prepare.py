"""One piece of a master, processed once for a profile and kept.

Every piece starts from the same state (filters at rest, compressor open), so that what it sounds like depends on
nothing before it: that is what lets a piece be cached, and a programme be put together from cached pieces.

    cut -> gain to target -> high-pass -> low-pass -> compressor -> measure -> gain to target exactly, and its own -> limiter -> 16 bit
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from audio import filters
from audio.band import Band
from audio.compressing import Compressor
from audio.decoding import decoded_run
from audio.errors import EncodeFailed
from audio.ffmpeg import ample_time, build_id, own_input
from audio.files import scratch
from audio.limiting import CONTEXT_SAMPLES, limiting_gain
from audio.meter import Energies, EnergyMeter, LoudnessSum, PeakMeter, Samples, as_floats, step_samples
from audio.pcm import BLOCK_SAMPLES, RATE, SAMPLE_BYTES, db_to_gain, gain_to_db
from audio.profile import MOST_GAIN_DB, PROCESSING_VERSION, UNPROCESSED, Profile

LIMITER_MARGIN_DB: Final = 1.0
"""The limiter works on samples; between them, and after a lossy codec, peaks stand this much higher at most as a rule."""

# Under a second there are too few of BS.1770's 400 ms blocks to gate: such a jingle is set by its loudest one (EBU
# R 128 s1 judges short items by their maximum too).
_SHORT_SAMPLES: Final = RATE
# Compression begins a little under the programme's level: speech loses 4 dB by it, which the level gives back.
THRESHOLD_UNDER_TARGET_DB: Final = 4.5
_LOUDNESS_TOLERANCE_LU: Final = 0.1
_TRIES: Final = 4
_FLOAT_BYTES: Final = 4
# Two at a time: one piece leaves a second core half idle.
_PREPARING: Final = 2
# A block is measured and limited with what lies before it: whole steps, longer than what either remembers.
_RUN_IN_SAMPLES: Final = 15 * 192


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of a master: `samples` from `first_sample`. `loudness_lufs` is the whole master's, None if unknown.

    `gain_db`: how much louder it is to be than the level to which everything is brought. `as_is`: neither levelled nor shaped, as a line-up tone must not be.
    """

    master: Path
    master_sha256: str
    first_sample: int
    samples: int
    loudness_lufs: float | None
    as_is: bool = False
    gain_db: float = 0.0

    def processing(self, profile: Profile) -> Profile:
        """What is done to it where the programme is processed by `profile`."""
        return replace(UNPROCESSED, ceiling_dbtp=profile.ceiling_dbtp) if self.as_is else profile


@dataclass(frozen=True, slots=True)
class Prepared:
    """Processed sound, 16-bit little-endian mono PCM at 48 kHz without a header, exactly as long as its cut.

    Not FLAC: half the disk would cost one more process for every piece of every render.
    """

    path: Path
    samples: int
    loudness_lufs: float | None
    peak_dbtp: float


def prepare(cut: Cut, profile: Profile, *, cache_dir: Path, ffmpeg: Path, lower_db: float = 0.0) -> Prepared:
    """The processed form of `cut`, from the cache or made now. Raises `EncodeFailed`.

    `lower_db` sets the limiter lower, for a piece that a lossy codec throws over the ceiling. The key is all that the
    bytes depend on: master, cut, profile, processing version and ffmpeg's build. Two workers may make the same piece
    at once; both make the same bytes.
    """
    profile = cut.processing(profile)
    key = prepared_key(cut, profile, ffmpeg, lower_db)
    pcm, figures = cache_dir / f"{key}.pcm", cache_dir / f"{key}.json"
    if found := _look_up(pcm, figures, cut.samples):
        return found
    with scratch(cache_dir) as workshop:
        made = workshop / "prepared.pcm"
        level, peak_dbtp = _process(cut, profile, ffmpeg, workshop, made, lower_db)
        prepared = Prepared(pcm, cut.samples, level, peak_dbtp)
        written = workshop / "prepared.json"
        written.write_text(json.dumps({**asdict(prepared), "path": pcm.name}), encoding="ascii")
        # The figures first: sound without figures is not found, figures without sound are not believed.
        written.replace(figures)
        made.replace(pcm)
    return prepared


def prepare_all(
    cuts: Sequence[tuple[Cut, float]],
    profile: Profile,
    *,
    cache_dir: Path,
    ffmpeg: Path,
    tell: Callable[[float], None],
) -> list[Prepared]:
    """Each cut with its `lower_db` prepared, several at a time; the same one twice (a jingle) is made once."""
    work = sum(cut.samples for cut, _ in cuts) or 1
    done = 0
    prepared = []
    with ThreadPoolExecutor(max_workers=_PREPARING, thread_name_prefix="prepare") as pool:
        jobs = {
            each: pool.submit(prepare, each[0], profile, cache_dir=cache_dir, ffmpeg=ffmpeg, lower_db=each[1])
            for each in dict.fromkeys(cuts)
        }
        try:
            for each in cuts:
                prepared.append(jobs[each].result())
                done += each[0].samples
                tell(done / work)
        finally:
            # After a failure nothing more is begun
            pool.shutdown(wait=True, cancel_futures=True)
    return prepared


def prepared_key(cut: Cut, profile: Profile, ffmpeg: Path, lower_db: float = 0.0) -> str:
    """What the cache knows the processed form of `cut` by."""
    done = cut.processing(profile).key
    parts = (cut.master_sha256, cut.first_sample, cut.samples, cut.loudness_lufs, cut.gain_db, done, lower_db)
    return hashlib.sha256(repr((*parts, PROCESSING_VERSION, build_id(ffmpeg))).encode()).hexdigest()


def _look_up(pcm: Path, figures: Path, samples: int) -> Prepared | None:
    try:
        fields = json.loads(figures.read_text(encoding="ascii"))
        if pcm.stat().st_size != samples * SAMPLE_BYTES or fields["samples"] != samples:
            return None
        os.utime(pcm)
        return Prepared(pcm, samples, fields["loudness_lufs"], fields["peak_dbtp"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _level(energies: Energies, samples: int) -> float | None:
    loudness = LoudnessSum(RATE)
    loudness.add(energies)
    return loudness.momentary_max_lufs() if samples < _SHORT_SAMPLES else loudness.integrated_lufs()


def _process(
    cut: Cut, profile: Profile, ffmpeg: Path, workshop: Path, made: Path, lower_db: float
) -> tuple[float | None, float]:
    """Shape once into floats, then set level and limit until both are as asked for: usually once.

    Gives the level in LUFS and the true peak in dBTP.
    """
    shaped = workshop / "shaped.f32"
    with shaped.open("wb") as file:
        energies = _shape(cut, profile, ffmpeg, file)
    target = None if profile.target_lufs is None else profile.target_lufs + cut.gain_db
    gain = cut.gain_db if target is None else _short_of(target, _level(energies, cut.samples))
    gain = min(gain, MOST_GAIN_DB)
    limit = profile.ceiling_dbtp - LIMITER_MARGIN_DB - lower_db
    highest = limit + LIMITER_MARGIN_DB / 2
    for _ in range(_TRIES - 1):
        level, peak_dbtp = _finish(shaped, energies, cut.samples, gain, limit, made)
        over = peak_dbtp - highest
        off = _short_of(target, level)
        if over <= 0.0 and (abs(off) <= _LOUDNESS_TOLERANCE_LU or gain >= MOST_GAIN_DB):
            return level, peak_dbtp
        gain = min(gain + off, MOST_GAIN_DB)
        limit -= max(over, 0.0)
    return _finish(shaped, energies, cut.samples, gain, limit, made)


def _short_of(target_lufs: float | None, level: float | None) -> float:
    """The gain in dB that is still wanted; none for what has no level, or where no level is asked for."""
    return 0.0 if target_lufs is None or level is None else target_lufs - level


def _shape(cut: Cut, profile: Profile, ffmpeg: Path, shaped: IO[bytes]) -> Energies:
    """Everything up to the level, as floats; gives their energies."""
    band, compressor = Band(profile.highpass_hz, profile.lowpass_hz), _compressor(profile)
    meter = EnergyMeter(RATE)
    energies = []

    def sink(block: Samples) -> None:
        sound = band.feed(block)
        if compressor:
            sound = compressor.feed(sound)
        shaped.write(sound.data)
        energies.append(meter.feed(sound))

    result = decoded_run(
        ffmpeg,
        inputs=own_input(cut.master, "flac"),
        chain=_chain(cut, profile),
        rate=RATE,
        timeout_s=ample_time(cut.first_sample + cut.samples),
        sink=sink,
    )
    if result.status:
        raise EncodeFailed(f"ffmpeg ended with status {result.status}: {result.complaints[-300:]}")
    if result.samples != cut.samples:
        raise EncodeFailed(f"A piece of {cut.samples} samples came out as {result.samples}.")
    return np.concatenate([*energies, meter.finish()])


def _chain(cut: Cut, profile: Profile) -> str:
    """What ffmpeg does: the cut and its gain."""
    steps = [
        f"atrim=start_sample={cut.first_sample}:end_sample={cut.first_sample + cut.samples}",
        "asetpts=N",
        "aformat=sample_fmts=flt",
    ]
    if profile.target_lufs is not None and cut.loudness_lufs is not None:
        steps.append(filters.gain(profile.levelling_db(cut.loudness_lufs)))
    steps.append(filters.exactly(cut.samples))
    return ",".join(steps)


def _compressor(profile: Profile) -> Compressor | None:
    if not profile.compress or profile.target_lufs is None:
        return None
    return Compressor(profile.target_lufs - THRESHOLD_UNDER_TARGET_DB)


def _finish(
    shaped: Path, shaped_energies: Energies, samples: int, gain_db: float, limit_dbfs: float, made: Path
) -> tuple[float | None, float]:
    """Gain, limiter and 16 bits; gives the level in LUFS and the true peak in dBTP of what is kept.

    Where the limiter had nothing to do, the energies are those of the shaped sound, times the gain's square.
    """
    gain, limit = db_to_gain(gain_db), db_to_gain(limit_dbfs)
    energies = shaped_energies * np.float32(gain**2)
    peak = PeakMeter()
    with shaped.open("rb") as source, made.open("wb") as target:
        for start in range(0, samples, BLOCK_SAMPLES):
            block = _Block(source, start, min(start + BLOCK_SAMPLES, samples), gain, limit)
            pcm = _rounded(block.sound, start)
            target.write(pcm.data)
            peak.feed(as_floats(pcm))
            if block.limited:
                measured = block.energies()
                first = start // step_samples(RATE)
                energies[first : first + len(measured)] = measured
    return _level(energies, samples), gain_to_db(peak.finish())


class _Block:
    """Samples [start, end) turned up and limited, as if the whole sound had been."""

    def __init__(self, source: IO[bytes], start: int, end: int, gain: float, limit: float) -> None:
        before = min(start, _RUN_IN_SAMPLES)
        source.seek((start - before) * _FLOAT_BYTES)
        raw = source.read((before + end - start + CONTEXT_SAMPLES) * _FLOAT_BYTES)
        self._all: Samples = np.frombuffer(raw, dtype="<f4") * np.float32(gain)
        lowered = limiting_gain(self._all, limit)
        self.limited = lowered is not None
        if lowered is not None:
            self._all = (self._all * lowered).astype(np.float32)
        self._end = before + end - start
        self._before = before

    @property
    def sound(self) -> Samples:
        return self._all[self._before : self._end]

    def energies(self) -> Energies:
        """Of the block alone, what sounded just before it being known."""
        meter = EnergyMeter(RATE)
        energies = np.concatenate([meter.feed(self._all[: self._end]), meter.finish()])
        return energies[self._before // step_samples(RATE) :]


def _rounded(sound: Samples, start: int) -> NDArray[np.int16]:
    """As 16 bits, with the usual triangular dither: here, so that what is measured is what is kept."""
    noise = _dither()
    at = start // BLOCK_SAMPLES * 7919 % (len(noise) - BLOCK_SAMPLES)
    steps = np.rint(sound * np.float32(32768) + noise[at : at + len(sound)])
    rounded: NDArray[np.int16] = np.clip(steps, -32768, 32767).astype("<i2")
    return rounded


@functools.cache
def _dither() -> Samples:
    """Noise of up to one step either way, long enough to begin each second elsewhere."""
    chance = np.random.default_rng(1770)
    uniform = chance.random((2, 6 * BLOCK_SAMPLES), dtype=np.float32)
    triangular: Samples = uniform[0] - uniform[1]
    return triangular
