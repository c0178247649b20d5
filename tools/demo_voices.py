"""Makes the demo station's recordings, app/demo/voices/*.opus and pack.json, from the texts that lie beside them.

    .venv/bin/python tools/demo_voices.py

Needs espeak-ng (Debian's, 1.51). The results are committed, so that a demo needs neither; this is how they were made
and how to make them again after a text was changed. espeak-ng reads Korean letter by letter and misses assimilation
(국립 comes out as guk-rip): good enough to hear a programme run, not to broadcast. A station records its own voices.
"""

from __future__ import annotations

import io
import json
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

VOICES = Path(__file__).resolve().parent.parent / "app" / "demo" / "voices"
LICENCE = "CC0-1.0"
PARAGRAPH_PAUSE_S = 0.7
RATE = 48_000
MUSIC_S = 150
MUSIC_DBFS = -24.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One text and who reads it. `voice` is espeak-ng's; `pace` is in its words a minute."""

    name: str
    title: str
    kind: str
    tags: tuple[str, ...]
    presenter: str | None
    voice: str
    pace: int = 150


READINGS = [
    Reading("ident", "단파 시험 방송 국명 고지", "ident", ("국명",), None, "ko+f3", 140),
    Reading("frequencies", "주파수 안내", "announcement", ("안내",), None, "ko+f3"),
    Reading("news-evening", "저녁 소식", "news", ("뉴스", "저녁"), "한가람", "ko+m3"),
    Reading("news-morning", "아침 소식", "news", ("뉴스", "아침"), "서윤슬", "ko+f2"),
    Reading(
        "talk-radio-waves", "생활 속의 과학: 전파는 어떻게 멀리 가는가", "talk", ("과학",), "문다온", "ko+m7"
    ),
    Reading(
        "letter-mother", "어머니께 드리는 편지 (지어낸 이야기)", "testimony", ("편지",), None, "ko+f4", 140
    ),
    Reading("evergreen-seasons", "이야기 마당: 스물네 절기", "talk", ("이야기", "상시"), "한가람", "ko+m3"),
    Reading("harvest", "오늘의 농사: 서리가 내리기 전에", "talk", ("농사",), "문다온", "ko+m7"),
]


def speak(reading: Reading) -> bytes:
    """The text as a WAV file's bytes, with a pause between its paragraphs."""
    spoken = io.BytesIO()
    text = (VOICES / f"{reading.name}.txt").read_text(encoding="utf-8")
    with wave.open(spoken, "wb") as out:
        for paragraph in text.split("\n\n"):
            call = ["espeak-ng", "-v", reading.voice, "-s", str(reading.pace), "--stdout", paragraph.strip()]
            # On a pipe espeak-ng cannot know the length that its header should tell: what follows the header is it.
            sound = subprocess.run(call, check=True, capture_output=True).stdout[44:]
            if not out.getnframes():
                out.setparams((1, 2, 22_050, 0, "NONE", "not compressed"))
            out.writeframes(sound)
            out.writeframes(bytes(2 * round(PARAGRAPH_PAUSE_S * 22_050)))
    return spoken.getvalue()


def pluck(frequency_hz: float, duration_s: float, random: np.random.Generator) -> NDArray[np.float64]:
    """A plucked string (Karplus and Strong, 1983): noise in a loop that loses its edge on every turn."""
    period = round(RATE / frequency_hz)
    turns = round(duration_s * frequency_hz)
    string = np.convolve(
        random.uniform(-1, 1, period), np.ones(8) / 8, mode="same"
    )  # a finger, not a plectrum
    rounds = np.empty((turns, period))
    for turn in range(turns):
        rounds[turn] = string
        string = 0.4985 * (string + np.roll(string, 1))
    return rounds.ravel()


def play() -> bytes:
    """A quiet piece on a pentatonic scale, as mono 16-bit WAV: every note is drawn by a generator of fixed seed."""
    random = np.random.default_rng(1)
    scale_hz = 220 * 2 ** (np.array([0, 2, 5, 7, 9, 12, 14, 17]) / 12)
    sound = np.zeros(MUSIC_S * RATE)
    at_s, step = 0.5, 2
    while at_s < MUSIC_S - 4:
        step = int(np.clip(step + random.choice([-2, -1, -1, 1, 1, 2]), 0, len(scale_hz) - 1))
        for hz in [scale_hz[step], scale_hz[step] / 2] if random.random() < 0.3 else [scale_hz[step]]:
            note = pluck(hz, 4.0, random)
            start = round(at_s * RATE)
            sound[start : start + len(note)] += note[: len(sound) - start]
        at_s += float(random.choice([0.6, 0.6, 1.2, 1.8]))
    sound *= 10 ** (MUSIC_DBFS / 20) / np.sqrt(np.mean(sound**2))
    written = io.BytesIO()
    with wave.open(written, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        out.writeframes((np.clip(sound, -0.98, 0.98) * 32767).astype("<i2").tobytes())
    return written.getvalue()


def encode(wav: bytes, name: str, kbps: int) -> float:
    """Write VOICES/name.opus and return its length in seconds."""
    call = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "wav", "-i", "pipe:0"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"),
        *("-ac", "1", "-ar", str(RATE), "-c:a", "libopus", "-b:a", f"{kbps}k", "-vbr", "constrained"),
        *("-f", "ogg", str(VOICES / f"{name}.opus")),
    ]
    subprocess.run(call, check=True, input=wav)
    with wave.open(io.BytesIO(wav)) as sound:
        duration_s: float = sound.getnframes() / sound.getframerate()
    return round(duration_s, 2)


def make() -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    for reading in READINGS:
        duration_s = encode(speak(reading), reading.name, 20)
        how = f"espeak-ng -v {reading.voice} -s {reading.pace}, Ogg Opus 20 kbit/s"
        items.append(entry(reading.name, reading.title, reading.kind, reading.tags, duration_s, how))
        items[-1] |= {"presenter": reading.presenter, "text": f"{reading.name}.txt"}
    duration_s = encode(play(), "music-strings", 24)
    how = "plucked strings synthesised with numpy, Ogg Opus 24 kbit/s"
    items.append(entry("music-strings", "잔잔한 줄 소리", "music", ("음악", "채움"), duration_s, how))
    return items


def entry(
    name: str, title: str, kind: str, tags: tuple[str, ...], duration_s: float, how: str
) -> dict[str, object]:
    return {
        "file": f"{name}.opus",
        "title": title,
        "kind": kind,
        "tags": list(tags),
        "duration_s": duration_s,
        "licence": LICENCE,
        "made": how,
    }


if __name__ == "__main__":
    segments = make()
    pack = {
        "name": "단파 시험 방송",
        "licence": LICENCE,
        "made_by": "tools/demo_voices.py",
        "segments": segments,
    }
    (VOICES / "pack.json").write_text(json.dumps(pack, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for item in segments:
        print(f"{item['duration_s']:7.1f} s  {item['file']}")
