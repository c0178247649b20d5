"""Two artefacts of each encoding that can be live, and what a listener's decoder makes of a stream."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.encode import encode
from audio.profile import Encoding
from tests.audio_files import RATE, voice

SECONDS: Final = 6
ENCODINGS: Final = (
    Encoding("mp3"),
    Encoding("mp3", 44_100),
    Encoding("mp3", channels=2),
    Encoding("mp2"),
    Encoding("mp2", 44_100),
    Encoding("adts"),
    Encoding("adts", 44_100),
    Encoding("adts", bitrate_kbps=32),
    Encoding("adts", channels=2),
    Encoding("opus"),
    Encoding("opus", bitrate_kbps=256),
    Encoding("opus", channels=2),
    Encoding("flac"),
    Encoding("flac", 44_100),
    Encoding("flac", channels=2),
)
Sound = NDArray[np.float32]


def programme(seed: int) -> bytes:
    """Six seconds of a voice: 16 bits, mono, 48 kHz."""
    return (voice(SECONDS, seed) * 24_000).astype("<i2").tobytes()


class Artefacts:
    """Encoded with the wheel's ffmpeg when they are first asked for."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self._folder = folder
        self._wheel = wheel

    def path(self, encoding: Encoding, seed: int = 1) -> Path:
        made = self._folder / f"{encoding.key}-{seed}.{encoding.extension}"
        if not made.exists():
            encode([programme(seed)], SECONDS * RATE, encoding, made, ffmpeg=self._wheel)
        return made


def heard(ffmpeg: Path, stream: Path, encoding: Encoding) -> Sound:
    """The first channel of what a decoder plays; it must complain of nothing."""
    command: Sequence[str | Path] = [ffmpeg, "-nostdin", "-v", "error", "-i", stream, "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert not done.stderr, done.stderr.decode()
    channels = np.frombuffer(done.stdout, dtype="<f4").reshape(-1, encoding.channels)
    if encoding.codec in {"flac", "mp3", "adts"}:
        assert (channels == channels[:, :1]).all()
    return channels[:, 0]


def lateness(sound: Sound, source: Sound) -> int:
    """How many samples later `sound` is than `source`, where they are most alike."""
    size = 1 << (len(sound) + len(source)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(source, size).conj(), size)
    at = int(alike.argmax())
    return at if at < size // 2 else at - size
