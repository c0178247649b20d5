"""From a producer's recording to a master: one run of ffmpeg in the life of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio.decoding import DecodedRun, decoded_run
from audio.errors import (
    ArtefactBroken,
    AudioError,
    EncodeFailed,
    IngestTimeout,
    NoSoundTrack,
    NotAudio,
    OnlySilence,
    TooLong,
    TooShort,
)
from audio.ffmpeg import ample_time, file_url, own_input, run, source_input
from audio.files import scratch
from audio.filters import TO_MONO_48K
from audio.fingerprint import FingerprintMeter
from audio.flac import flac_samples
from audio.levels import SilenceMeter
from audio.masters import MASTER_OUTPUT, TO_24_BITS, Master, MasterMeter, keep
from audio.meter import Samples
from audio.pcm import RATE
from audio.sniff import demuxer_of, is_cut_short, refuse_hopeless

__all__ = ["IngestLimits", "Master", "ingest"]


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What a station takes. Times are of the recording, except `timeout_s`, which is of the work."""

    max_duration_s: float = 4 * 3600.0
    min_duration_s: float = 0.1
    max_leading_silence_s: float = 600.0
    timeout_s: float = 900.0


class _Listener:
    """Takes every block of the decoded source and stops the run when it is not worth going on."""

    def __init__(self, limits: IngestLimits) -> None:
        self.heard = MasterMeter()
        self.fingerprint = FingerprintMeter()
        self._most = round(limits.max_duration_s * RATE)
        self._most_silence = round(limits.max_leading_silence_s * RATE)

    def __call__(self, block: Samples) -> None:
        self.heard.feed(block)
        self.fingerprint.feed(block)
        silence = self.heard.silence
        if silence.samples > self._most:
            raise TooLong(f"At most {_minutes(self._most)} are taken.")
        if silence.first_sound is None and silence.samples >= self._most_silence:
            raise OnlySilence(f"Its first {_minutes(self._most_silence)} are silent.")


def ingest(
    source: Path, destination_dir: Path, *, ffmpeg: Path, limits: IngestLimits | None = None
) -> Master:
    """Make the master of `source` in `destination_dir`: `<sha256>.flac`, its waveform `<sha256>.peaks` and its
    fingerprint `<sha256>.print`.

    The master is mono, 48 kHz, 24-bit FLAC at the source's level and length, without tags; equal sound gives equal
    bytes (by the same ffmpeg), so that the same recording twice is one file. Each file appears whole or not at all.

    Raises `EmptyFile`, `NotAudio`, `NoSoundTrack`, `ForbiddenFormat`, `Truncated`, `OnlySilence`, `TooLong`,
    `TooShort` or `IngestTimeout`.
    """
    limits = limits or IngestLimits()
    refuse_hopeless(source)
    with scratch(destination_dir) as workshop:
        made = workshop / "master.flac"
        listener = _Listener(limits)
        result = decoded_run(
            ffmpeg,
            inputs=["-vn", "-sn", "-dn", *source_input(source, demuxer_of(source))],
            chain=TO_MONO_48K,
            rate=RATE,
            timeout_s=limits.timeout_s,
            on_timeout=IngestTimeout,
            sink=listener,
            output=[*MASTER_OUTPUT, file_url(made)],
            output_chain=TO_24_BITS,
        )
        if not result.samples:
            raise _why_no_sound(source, ffmpeg)
        if result.samples < limits.min_duration_s * RATE:
            raise TooShort(f"It has {result.samples * 1000 // RATE} ms.")
        if listener.heard.silence.first_sound is None:
            raise OnlySilence
        _check_written(made, result, ffmpeg)
        damaged = bool(result.status or result.complaints or is_cut_short(source))
        return keep(made, destination_dir, listener.heard, fingerprint=listener.fingerprint, damaged=damaged)


def _check_written(made: Path, result: DecodedRun, ffmpeg: Path) -> None:
    """Tell a broken source, of which all that can be read is in the master, from a master that could not be written."""
    try:
        written = flac_samples(made)
        if result.status:
            nothing = SilenceMeter(RATE)
            written = decoded_run(
                ffmpeg,
                inputs=own_input(made, "flac"),
                chain="anull",
                rate=RATE,
                timeout_s=ample_time(written),
                sink=nothing.feed,
            ).samples
    except ArtefactBroken:
        written = 0
    if written != result.samples:
        raise EncodeFailed(f"The master could not be written: {result.complaints[-300:]}")


def _why_no_sound(source: Path, ffmpeg: Path) -> AudioError:
    """Tell a silent film from a file that is nothing: only asked when nothing came out."""
    first_picture = ["-map", "0:v:0", "-c", "copy", "-frames:v", "1", "-f", "null", "-"]
    try:
        run(ffmpeg, [*source_input(source, demuxer_of(source)), *first_picture], timeout_s=30)
    except EncodeFailed:
        return NotAudio()
    return NoSoundTrack()


def _minutes(samples: int) -> str:
    return f"{samples / RATE / 60:g} minutes"
