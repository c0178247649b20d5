"""Sound that is encoded while it comes in: what a studio sends, decoded, processed as a programme is, and encoded again.

    bytes -> ffmpeg (decode) -> mono 48 kHz -> gain -> band -> compressor -> gain -> limiter -> 16 bit -> ffmpeg (encode) -> frames

Band, compressor and limiter are the very ones of `prepare`. Two things are not: a programme's gains are set once, by the
loudness of the whole, and here they follow what has been heard so far (`Leveller`); and nobody can decode a frame and make it
again, so the limiter stands lower by what lossy codecs overshoot as a rule.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np

from audio.band import Band
from audio.compressing import Compressor
from audio.decoding import float_blocks
from audio.encode import live_arguments
from audio.errors import AudioError, EncodeFailed, NotAudio
from audio.ffmpeg import Ffmpeg
from audio.filters import TO_MONO_48K
from audio.frames import FrameCutter
from audio.levelling import Leveller
from audio.limiting import CONTEXT_SAMPLES, limiting_gain
from audio.meter import Samples
from audio.pcm import RATE, db_to_gain
from audio.prepare import LIMITER_MARGIN_DB, THRESHOLD_UNDER_TARGET_DB
from audio.profile import Encoding, Profile

BLOCK_SAMPLES: Final = RATE // 10
"""Processed at once: whole steps of everything that the sound goes through."""

OVERSHOOT_DB: Final = 0.5
"""The limiter stands so much lower than a programme's, which is decoded and checked."""

DEMUXERS: Final = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "application/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/aacp": "aac",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
}
"""What a studio may send, by its media type, and the one demuxer that may look at it."""

# Enough for the first frame of each, and little enough not to wait for it
_PROBE_BYTES: Final = "4096"
_READ_BYTES: Final = 1 << 16

TakeFrames = Callable[[Sequence[bytes]], None]


@dataclass(frozen=True, slots=True)
class LiveSound:
    """One form in which the sound is wanted, and who takes its frames: called in a thread, whole frames in their order."""

    encoding: Encoding
    profile: Profile
    take: TakeFrames


class Shaper:
    """What is done to the sound by one profile, from rest. Blocks are of `BLOCK_SAMPLES`; it is 20 ms late."""

    def __init__(self, profile: Profile) -> None:
        target = profile.target_lufs
        self._level_in = Leveller(target) if target is not None else None
        self._band = Band(profile.highpass_hz, profile.lowpass_hz)
        self._compressor = None
        if profile.compress and target is not None:
            self._compressor = Compressor(target - THRESHOLD_UNDER_TARGET_DB)
        self._level_out = Leveller(target) if target is not None else None
        self._limit = db_to_gain(profile.ceiling_dbtp - LIMITER_MARGIN_DB - OVERSHOOT_DB)
        # What has been given already, as far as the limiter looks back, and what it must look ahead for
        self._held: Samples = np.zeros(2 * CONTEXT_SAMPLES, dtype=np.float32)

    def feed(self, block: Samples) -> bytes:
        """The next block as 16-bit PCM."""
        for step in (self._level_in, self._band, self._compressor, self._level_out):
            if step is not None:
                block = step.feed(block)
        sound = np.concatenate([self._held, block])
        self._held = sound[-2 * CONTEXT_SAMPLES :]
        gain = limiting_gain(sound, self._limit)
        limited = sound if gain is None else sound * gain
        inside = limited[CONTEXT_SAMPLES : len(limited) - CONTEXT_SAMPLES]
        pcm: bytes = np.clip(np.rint(inside * 32768.0), -32768, 32767).astype("<i2").tobytes()
        return pcm


class LiveChain:
    """One stream from outside, encoded in every form that is wanted. `feed` waits where the work does; call it in a thread.

    ``heard`` is told of every decoded block before it is processed, and may wait: what comes faster than it should is held
    up by that, through every pipe back to the studio.
    """

    def __init__(
        self,
        demuxer: str,
        sounds: Sequence[LiveSound],
        *,
        ffmpeg: Path,
        timeout_s: float,
        heard: Callable[[Samples], None],
    ) -> None:
        """Raises `FfmpegMissing`, and `ValueError` for an encoding that cannot be made live."""
        self._heard = heard
        self.failure: Exception | None = None
        self._open: list[Ffmpeg] = []
        arguments = [live_arguments(one.encoding) for one in sounds]
        try:
            self._decoder = self._started(ffmpeg, _decoding(demuxer), timeout_s)
            encoders = [self._started(ffmpeg, each, timeout_s) for each in arguments]
        except BaseException:
            self.close()
            raise
        self._sounds = list(zip(sounds, encoders, strict=True))
        self._threads = [
            threading.Thread(
                target=self._guarded, args=(self._read_frames, one, each), name="studio-frames", daemon=True
            )
            for one, each in self._sounds
        ]
        self._threads.append(
            threading.Thread(target=self._guarded, args=(self._process,), name="studio-sound", daemon=True)
        )
        for thread in self._threads:
            thread.start()

    def _started(self, ffmpeg: Path, arguments: Sequence[str], timeout_s: float) -> Ffmpeg:
        process = Ffmpeg(ffmpeg, arguments, timeout_s=timeout_s, stdin=True, stdout=True)
        self._open.append(process)
        return process

    def feed(self, content: bytes) -> None:
        """What came next. Raises `NotAudio` when nobody listens any more: it could not be decoded, or encoded."""
        try:
            self._decoder.stdin.write(content)
            self._decoder.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise NotAudio(str(self.failure or self._decoder.complaints[-200:])) from error

    def finish(self) -> None:
        """Nothing more comes: what is on its way is still encoded and given."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._decoder.stdin.close()
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """End everything at once. May be called again."""
        for process in self._open:
            process.kill()
        for thread in getattr(self, "_threads", ()):
            thread.join()
        for process in self._open:
            process.close()
        self._open = []

    # --- the threads -------------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except (OSError, ValueError, AudioError) as error:
            self.failure = self.failure or error
            for process in self._open:
                process.kill()  # then whoever feeds us learns of it

    def _process(self) -> None:
        shapers = {one.profile: Shaper(one.profile) for one, _ in self._sounds}
        for block in float_blocks(self._decoder.stdout, BLOCK_SAMPLES):
            self._heard(block)
            whole = block if len(block) == BLOCK_SAMPLES else np.pad(block, (0, BLOCK_SAMPLES - len(block)))
            self._encode({profile: shaper.feed(whole) for profile, shaper in shapers.items()})
        for _, encoder in self._sounds:
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()

    def _encode(self, shaped: dict[Profile, bytes]) -> None:
        for one, encoder in self._sounds:
            try:
                encoder.stdin.write(shaped[one.profile])
                encoder.stdin.flush()
            except BrokenPipeError:
                raise EncodeFailed(f"The encoder ended: {encoder.complaints[-200:]}") from None

    def _read_frames(self, sound: LiveSound, encoder: Ffmpeg) -> None:
        cutter = FrameCutter(sound.encoding)
        while content := _read(encoder.stdout):
            if frames := cutter.feed(content):
                sound.take(frames)


def _decoding(demuxer: str) -> list[str]:
    """Ffmpeg's arguments for a stream from outside: one format, no other protocol, nothing but sound, nothing held back."""
    return [
        *("-probesize", _PROBE_BYTES, "-analyzeduration", "0"),
        *("-protocol_whitelist", "pipe", "-format_whitelist", demuxer, "-f", demuxer, "-i", "pipe:0"),
        *("-map", "0:a:0", "-vn", "-sn", "-dn"),
        *("-af", f"{TO_MONO_48K},aformat=sample_fmts=flt:channel_layouts=mono:sample_rates={RATE}"),
        *("-c:a", "pcm_f32le", "-f", "f32le", "-flush_packets", "1", "pipe:1"),
    ]


def _read(stream: IO[bytes]) -> bytes:
    """What there is by now, at least one byte; nothing at the end."""
    return os.read(stream.fileno(), _READ_BYTES)
