"""How well a listen tells what goes out from what does not: likenesses through codecs, noise and processing.

    python -m tests.bench.listening [seconds between places, 2]

Takes the demo's speech and music apart into clips of 5 s, sends each through what a site may do to it, and lays it beside the
65 s before it, up to 50 s late. Prints for each kind how many of the listens were false alarms (the right sound, not known
again, taken for a loop, or known at another place), or misses (another sound that was taken for it), and the CPU of one listen.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from app.demo import run as demo
from audio.clips import decode
from audio.ffmpeg import find_ffmpeg
from audio.interval import interval_signal
from audio.listening import RATE, Hearing, listen
from audio.meter import Samples

VOICES: Final = Path(demo.__file__).parent / "voices"
ON_AIR: Final = ("news-evening", "talk-radio-waves", "letter-mother", "music-strings")
OTHERS: Final = ("news-morning", "evergreen-seasons", "frequencies", "ident")
CLIP: Final = 5 * RATE
WINDOW: Final = 60 * RATE
DELAYS_S: Final = (0, 3, 10, 25, 50)
CODECS: Final = {
    "MP3 128": ("-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"),
    "MP3 32": ("-c:a", "libmp3lame", "-b:a", "32k", "-f", "mp3"),
    "Opus 24": ("-c:a", "libopus", "-b:a", "24k", "-f", "ogg"),
    "Opus 12": ("-c:a", "libopus", "-b:a", "12k", "-f", "ogg"),
    "phase turned, compressed 6:1": (
        *(
            "-af",
            "allpass=f=200,allpass=f=400,allpass=f=800,allpass=f=1200,acompressor=threshold=-30dB:ratio=6",
        ),
        *("-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3"),
    ),
}


@dataclass
class Row:
    """What came of one kind."""

    name: str
    count: int = 0
    wrong: int = 0
    likenesses: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


def encoded(sound: Samples, codec: tuple[str, ...], path: Path) -> None:
    """Write it as a file, at 48 kHz."""
    command = [
        *(str(find_ffmpeg()), "-v", "error", "-y", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-"),
        *("-ar", "48000", *codec, str(path)),
    ]
    subprocess.run(command, input=sound.astype("<f4").tobytes(), check=True)


def recoded(sound: Samples, codec: tuple[str, ...]) -> Samples:
    """Through an encoder and a decoder at 48 kHz."""
    with tempfile.NamedTemporaryFile() as file:
        encoded(sound, codec, Path(file.name))
        return decode(file.read(), None, ffmpeg=find_ffmpeg(), longest_s=10_000)


def noisy(sound: Samples, snr_db: float) -> Samples:
    """With white noise under the whole of it."""
    noise = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    level = float(np.sqrt(np.mean(sound**2))) * 10 ** (-snr_db / 20)
    return np.asarray(sound + level * noise, dtype=np.float32)


def voice(*names: str) -> Samples:
    """Recordings one after the other."""
    parts = (
        decode((VOICES / f"{name}.opus").read_bytes(), "ogg", ffmpeg=find_ffmpeg(), longest_s=1000)
        for name in names
    )
    return np.concatenate(list(parts))


def places(sound: Samples, step_s: float) -> Iterator[int]:
    """Ends of windows."""
    return iter(range(WINDOW + CLIP, len(sound) - RATE, round(step_s * RATE)))


def measure(
    name: str, clips: Iterator[tuple[Samples, Samples, float]], is_wrong: Callable[[Hearing, float], bool]
) -> Row:
    """Listen to each: clip, what went out, and how late the clip is."""
    row = Row(name)
    for clip, meant, delay_s in clips:
        began = time.process_time()
        hearing = listen(clip, meant)
        row.cpu_s += time.process_time() - began
        if hearing.silent:
            continue
        row.count += 1
        row.likenesses.append(hearing.likeness)
        row.wrong += is_wrong(hearing, delay_s)
    return row


def false_alarm(hearing: Hearing, delay_s: float) -> bool:
    return not hearing.alike or hearing.repeats_s is not None or abs(hearing.lag_s - delay_s) > 0.1


def miss(hearing: Hearing, _delay_s: float) -> bool:
    return hearing.alike and hearing.repeats_s is None


def same(heard: Samples, sent: Samples, step_s: float) -> Iterator[tuple[Samples, Samples, float]]:
    for end in places(sent, step_s):
        for delay_s in DELAYS_S:
            at = end - delay_s * RATE
            yield heard[at - CLIP : at], sent[end - WINDOW - CLIP : end], float(delay_s)


def other(heard: Samples, sent: Samples, step_s: float) -> Iterator[tuple[Samples, Samples, float]]:
    draw = np.random.default_rng(2)
    for end in places(sent, step_s / len(DELAYS_S)):
        at = int(draw.integers(CLIP, len(heard)))
        yield heard[at - CLIP : at], sent[end - WINDOW - CLIP : end], 0.0


def stuck(sent: Samples, step_s: float) -> Iterator[tuple[Samples, Samples, float]]:
    """The two seconds that went out ten seconds ago, over and over."""
    for end in places(sent, step_s / len(DELAYS_S)):
        loop = np.tile(sent[end - 12 * RATE : end - 10 * RATE], 4)
        yield loop[3000 : 3000 + CLIP], sent[end - WINDOW - CLIP : end], 0.0


def rows(step_s: float) -> Iterator[Row]:
    """Every kind."""
    sent, others, music = voice(*ON_AIR), voice(*OTHERS), voice("music-strings")
    for name, codec in CODECS.items():
        yield measure(name, same(recoded(sent, codec), sent, step_s), false_alarm)
    heard = recoded(sent, CODECS["MP3 128"])
    yield measure("20 dB softer", same(heard * np.float32(0.1), sent, step_s), false_alarm)
    yield measure("noise at 10 dB", same(noisy(heard, 10), sent, step_s), false_alarm)
    yield measure("noise at 0 dB", same(noisy(heard, 0), sent, step_s), false_alarm)
    signal = np.asarray(interval_signal()[::6], dtype=np.float32)
    signals = np.tile(signal, 15)
    yield measure(
        "the interval signal",
        ((clip, meant, 0.0) for clip, meant, _ in same(signals, signals, 2.0)),
        lambda one, _: not one.alike or one.repeats_s is not None,
    )
    yield measure("other speech", other(others, sent, step_s), miss)
    yield measure("other speech, Opus 24", other(recoded(others, CODECS["Opus 24"]), sent, step_s), miss)
    yield measure("music for speech", other(music, voice(*ON_AIR[:3]), step_s), miss)
    yield measure("the interval signal for the programme", other(signals, sent, step_s), miss)
    yield measure("another part of the same music", other(music[: 70 * RATE], music[75 * RATE :], 0.5), miss)
    yield measure("a loop of 2 s", stuck(sent, step_s), miss)
    yield measure(
        "a loop of 2 s, Opus 24",
        ((recoded(clip, CODECS["Opus 24"]), meant, late) for clip, meant, late in stuck(sent, 5 * step_s)),
        miss,
    )


def main() -> None:
    step_s = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print(
        "| what is heard | listens | wrong | likeness least | median | most | CPU ms |\n|---|---|---|---|---|---|---|"
    )
    for row in rows(step_s):
        like = np.array(row.likenesses)
        print(
            f"| {row.name} | {row.count} | {row.wrong} | {like.min():.3f} | {np.median(like):.3f} | {like.max():.3f} "
            f"| {row.cpu_s / row.count * 1000:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
