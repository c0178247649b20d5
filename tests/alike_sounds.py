"""Talks, music and what becomes of them on their way: sounds for tests and benches of what sounds alike. Mono, 48 kHz, floats."""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np

from audio.espeak import Voice, find_espeak, say
from audio.fingerprint import Fingerprint, FingerprintMeter
from audio.meter import Samples
from audio.pcm import RATE

FFMPEG: Final = Path(imageio_ffmpeg.get_ffmpeg_exe())
VOICES: Final = Path(__file__).parents[1] / "app" / "demo" / "voices"

_NOUNS: Final = """정부 학교 시장 농촌 병원 날씨 경제 가족 편지 라디오 전파 기술 역사 음악 바다 산 도시 시민 학생 교수 의사 농민
    회의 협상 문화 책 신문 기차 비행기 전기 물 쌀 옥수수 가격 법 권리 자유 평화 통일 국경 강 다리 어머니 아버지 친구 이웃""".split()  # noqa: SIM905
_PLACES: Final = (
    "서울 부산 평양 신의주 함흥 청진 제주 대구 원산 개성 해주 강릉 도쿄 베이징 워싱턴 모스크바 런던".split()  # noqa: SIM905
)
_VERBS: Final = """발표했습니다 시작했습니다 논의했습니다 바뀌었습니다 늘어났습니다 줄어들었습니다 열렸습니다 끝났습니다 전했습니다
    밝혔습니다 돌아왔습니다 배웠습니다 만들었습니다 읽었습니다 들었습니다 기억합니다 필요합니다 중요합니다""".split()  # noqa: SIM905
_WHEN: Final = """어제 오늘 내일 지난주 올해 작년에 처음으로 다시 조용히 천천히 갑자기 함께 이미 아직
    매일""".split()  # noqa: SIM905
_PHRASES: Final = (
    "다음 소식입니다.",
    "청취자 여러분, 안녕하십니까.",
    "지금까지 전해 드린 소식은 여기까지입니다.",
    "자유와 희망의 소리, 단파 방송입니다.",
)


def text(seed: int, sentences: int, *, phrases: float = 0.0) -> str:
    """Korean sentences of random words; a share of them are phrases that every talk has."""
    draw = random.Random(seed)
    return " ".join(
        draw.choice(_PHRASES)
        if draw.random() < phrases
        else f"{draw.choice(_WHEN)} {draw.choice(_PLACES)}에서 {draw.choice(_NOUNS)}의 {draw.choice(_NOUNS)}에 대하여 "
        f"{draw.choice(_NOUNS)}이 {draw.choice(_WHEN)} {draw.choice(_VERBS)}."
        for _ in range(sentences)
    )


def speech(words: str, voice: str = "ko", pace: int = 150) -> Samples:
    """By espeak-ng."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "said.wav")
        say(find_espeak(), words, Voice(voice, pace), made, timeout_s=120)
        return decoded(made)


def tune(seed: int, seconds: float) -> Samples:
    """Struck strings, one to three at a time, in a key of its own."""
    draw = np.random.default_rng(seed)
    sound = np.zeros(round((seconds + 2) * RATE))
    root, at = 110 * 2 ** (draw.integers(0, 24) / 12), 0.0
    while at < seconds:
        length = float(draw.choice([0.2, 0.4, 0.4, 0.8]) * (0.8 + 0.4 * (seed % 5) / 4))
        time_s = np.arange(round((length + 0.8) * RATE)) / RATE
        for step in draw.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16], draw.integers(1, 4)):
            hertz = root * 2 ** (step / 12)
            string = sum(np.sin(2 * np.pi * hertz * n * time_s) / n**1.3 for n in range(1, 6))
            start = round(at * RATE)
            sound[start : start + len(time_s)] += string * np.exp(-2.5 * time_s)
        at += length
    cut = sound[: round(seconds * RATE)]
    made: Samples = (0.5 * cut / np.abs(cut).max()).astype(np.float32)
    return made


def demo(name: str) -> Samples:
    """One of the demo station's recordings."""
    return decoded(VOICES / f"{name}.opus")


def decoded(path: Path) -> Samples:
    command = [
        *(str(FFMPEG), "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"),
    ]
    sound: Samples = np.frombuffer(
        subprocess.run(command, capture_output=True, check=True).stdout, dtype="<f4"
    )
    return sound


@dataclass(frozen=True, slots=True)
class Codec:
    """ffmpeg's output arguments, the muxer last, and a filter before them."""

    arguments: tuple[str, ...]
    filters: str = "anull"


CODECS: Final = {
    "MP3 128": Codec(("-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3")),
    "MP3 64": Codec(("-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3")),
    "MP3 32": Codec(("-c:a", "libmp3lame", "-b:a", "32k", "-f", "mp3")),
    "AAC 24": Codec(("-c:a", "aac", "-b:a", "24k", "-f", "adts")),
    "Opus 24": Codec(("-c:a", "libopus", "-b:a", "24k", "-f", "ogg")),
    "Opus 12, 16 kHz": Codec(("-ar", "16000", "-c:a", "libopus", "-b:a", "12k", "-f", "ogg")),
    "AMR 12.2": Codec(("-ar", "8000", "-c:a", "libopencore_amrnb", "-b:a", "12.2k", "-f", "amr")),
    "telephone, AMR 4.75": Codec(
        ("-ar", "8000", "-c:a", "libopencore_amrnb", "-b:a", "4.75k", "-f", "amr"),
        "highpass=f=300:p=2,lowpass=f=3400:p=2",
    ),
}


def encode(sound: Samples, codec: Codec, path: Path) -> Path:
    """Write it as a file."""
    given = ("-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-", "-af", codec.filters)
    command = [str(FFMPEG), "-v", "error", "-y", *given, *codec.arguments, str(path)]
    subprocess.run(command, input=sound.astype("<f4").tobytes(), check=True)
    return path


def through(sound: Samples, name: str) -> Samples:
    """Through an encoder and a decoder."""
    with tempfile.TemporaryDirectory() as folder:
        return decoded(encode(sound, CODECS[name], Path(folder, "encoded")))


def louder(sound: Samples, decibels: float) -> Samples:
    """Clipped where it passes full scale."""
    clipped: Samples = np.clip(sound * np.float32(10 ** (decibels / 20)), -1, 1)
    return clipped


def noisy(sound: Samples, snr_db: float) -> Samples:
    """With white noise under the whole of it."""
    noise = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    level = float(np.sqrt(np.mean(sound**2))) * 10 ** (-snr_db / 20)
    return np.asarray(sound + level * noise, dtype=np.float32)


def faster(sound: Samples, share: float) -> Samples:
    """As by a tape that runs fast."""
    at = np.arange(0, len(sound) - 1, 1 + share)
    made: Samples = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
    return made


def part(sound: Samples, first: float, share: float) -> Samples:
    """A share of it, from another share on; never on the grid of the fingerprint."""
    start = round(first * len(sound)) + 64 * RATE // 1000 + 123
    return sound[start : start + round(share * len(sound))]


Change = Callable[[Samples], Samples]

CHANGES: Final[dict[str, Change]] = {
    **{name: (lambda sound, name=name: through(sound, name)) for name in CODECS},  # type: ignore[misc]
    "0.5 s off the front": lambda sound: sound[RATE // 2 + 3072 :],
    "10 % off each end": lambda sound: part(sound, 0.1, 0.8),
    "the middle half": lambda sound: part(sound, 0.25, 0.5),
    "the last quarter": lambda sound: part(sound, 0.75, 0.25),
    "18 dB softer": lambda sound: louder(sound, -18),
    "6 dB louder": lambda sound: louder(sound, 6),
    "12 dB louder": lambda sound: louder(sound, 12),
    "noise at 30 dB": lambda sound: noisy(sound, 30),
    "noise at 15 dB": lambda sound: noisy(sound, 15),
    "1 % faster": lambda sound: faster(sound, 0.01),
    "12 dB softer, 10 % off, MP3 32": lambda sound: through(louder(part(sound, 0.1, 0.8), -12), "MP3 32"),
    "noise at 20 dB, half, Opus 12": lambda sound: through(
        noisy(part(sound, 0.25, 0.5), 20), "Opus 12, 16 kHz"
    ),
    "9 dB louder, half, AMR 12.2": lambda sound: through(louder(part(sound, 0.25, 0.5), 9), "AMR 12.2"),
    "half, telephone, AMR 4.75": lambda sound: through(part(sound, 0.25, 0.5), "telephone, AMR 4.75"),
}
"""What becomes of a recording on its way."""


def fingerprint(sound: Samples) -> Fingerprint:
    meter = FingerprintMeter()
    for at in range(0, len(sound), RATE):
        meter.feed(sound[at : at + RATE])
    return meter.finish()
