"""What cleaning does to speech, for better and for worse: Korean voices in noise, hum, rumble and rooms, before and after.

    python tests/bench/cleaning.py                   # the demo station's voices, and espeak-ng reading a text if it is there
    python tests/bench/cleaning.py RECORDING...      # clean recordings of other ones

Every voice is mixed with what phones pick up at home and in the street, and cleaned by each setting; then it is held against itself
without the noise. In each cell the first figure is STOI (`tests/ears/stoi.py`: 1 is as the original, under 0.7 words are lost), or for a
setting by how much that changed; the second is the segmental signal to noise ratio in dB (frames of 20 ms with speech, held
between -10 and 35), or its change. Against "clean" is what a setting costs where there is nothing to clean. ffmpeg's afftdn is there for comparison.

Levels in dB are those of the voice, pauses left out, over the disturbance.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from numpy.typing import NDArray  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from audio.cleaning import Blocks, Cleaner, listen_for  # noqa: E402
from audio.decoding import decoded_blocks  # noqa: E402
from audio.edits import Cleaning, Range  # noqa: E402
from audio.errors import EspeakMissing  # noqa: E402
from audio.espeak import Voice, find_espeak, say  # noqa: E402
from audio.evening import Evening, spread_lu  # noqa: E402
from audio.ffmpeg import ample_time, find_ffmpeg, source_input  # noqa: E402
from audio.filters import TO_MONO_48K  # noqa: E402
from audio.meter import EnergyMeter, step_samples  # noqa: E402
from audio.pcm import RATE  # noqa: E402
from tests.ears.stoi import stoi  # noqa: E402

Signal = NDArray[np.float64]
Change = Callable[[Signal], Signal]

TEXT = (
    "안녕하십니까. 오늘은 단파 라디오를 듣는 방법을 말씀드리겠습니다. 밤에는 낮은 주파수가 멀리 갑니다. "
    "창가에 안테나를 길게 늘이고 천천히 다이얼을 돌려 보십시오. 잡음 속에서 사람의 목소리가 들리면 잠시 기다리십시오. "
    "방송은 매일 같은 시각에 시작합니다. 내일 다시 만나겠습니다."
)

SETTINGS: dict[str, Cleaning] = {
    "noise gentle": Cleaning(noise="gentle"),
    "noise strong": Cleaning(noise="strong"),
    "room gentle": Cleaning(room="gentle"),
    "room strong": Cleaning(room="strong"),
    "hum": Cleaning(hum=True),
    "rumble": Cleaning(rumble=True),
    "all gentle": Cleaning(hum=True, rumble=True, noise="gentle", room="gentle"),
    "all strong": Cleaning(hum=True, rumble=True, noise="strong", room="strong"),
}


# ------------------------------------------------------------------ what disturbs


def white(count: int, chance: np.random.Generator) -> Signal:
    return chance.normal(size=count)


def shaped(count: int, chance: np.random.Generator, weight: Callable[[Signal], Signal]) -> Signal:
    hertz = np.fft.rfftfreq(count, 1 / RATE).astype(np.float64)
    sound: Signal = np.fft.irfft(np.fft.rfft(chance.normal(size=count)) * weight(hertz), count)
    return sound


def pink(count: int, chance: np.random.Generator) -> Signal:
    return shaped(count, chance, lambda hertz: (hertz > 20) / np.sqrt(np.maximum(hertz, 20)))


def swelling(count: int, chance: np.random.Generator) -> Signal:
    """A street: pink noise that comes and goes by 8 dB in 4 s."""
    return pink(count, chance) * 10 ** (8 * np.sin(2 * np.pi * np.arange(count) / RATE / 4) / 20)


def low(count: int, chance: np.random.Generator) -> Signal:
    """Wind and handling: noise that falls steeply from 30 Hz on."""
    return shaped(count, chance, lambda hertz: 1 / (1 + (hertz / 30) ** 3))


def hum(count: int, chance: np.random.Generator) -> Signal:
    """50 Hz that drifts by 0.05 Hz, and 15 harmonics."""
    at = np.arange(count) / RATE
    turns = 50.02 * at + 0.05 * np.sin(2 * np.pi * at / 60) * 60 / (2 * np.pi)
    phases = chance.uniform(0, 2 * np.pi, 15)
    sound: Signal = np.sum(
        [np.sin(2 * np.pi * n * turns + phases[n - 1]) / n**0.7 for n in range(1, 16)], axis=0
    )
    return sound


def room(voice: Signal, chance: np.random.Generator, decay_s: float, direct_db: float) -> Signal:
    """The voice in a room: noise that falls by 60 dB in `decay_s`, `direct_db` under the direct sound; its first 3 ms are free."""
    count = round(decay_s * 1.2 * RATE)
    tail = chance.normal(size=count) * 10 ** (-3 * np.arange(count) / RATE / decay_s)
    tail[: RATE * 3 // 1000] = 0.0
    spectrum = np.fft.rfft(tail) / np.sqrt(1 + (np.fft.rfftfreq(count, 1 / RATE) / 4000) ** 2)
    tail = np.fft.irfft(spectrum, count)
    tail *= 10 ** (-direct_db / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    points = 1 << (len(voice) + count).bit_length()
    heard: Signal = np.fft.irfft(np.fft.rfft(voice, points) * np.fft.rfft(tail, points), points)[: len(voice)]
    return heard


def power_of(voice: Signal) -> float:
    """Without pauses."""
    powers = (voice[: len(voice) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1)
    return float(powers[powers > powers.max() * 1e-4].mean())


def with_noise(voice: Signal, noise: Signal, over_db: float) -> Signal:
    mixed: Signal = voice + noise * np.sqrt(power_of(voice) / (noise**2).mean() / 10 ** (over_db / 10))
    return mixed


def disturbed(voice: Signal, others: list[Signal], chance: np.random.Generator) -> dict[str, Signal]:
    """The voice in every place."""
    count = len(voice)
    # Two voices of each other speaker, as loud as each other
    babble = np.sum(
        [
            np.resize(np.roll(each, int(chance.integers(len(each)))), count) / np.std(each)
            for each in others * 2
        ],
        axis=0,
    )
    places = {"clean": voice}
    for name, noise in (("white", white(count, chance)), ("pink", pink(count, chance))):
        places |= {f"{name} {over}": with_noise(voice, noise, over) for over in (0, 10, 20)}
    street = swelling(count, chance)
    places |= {f"street {over}": with_noise(voice, street, over) for over in (5, 15)}
    places |= {f"babble {over}": with_noise(voice, babble, over) for over in (5, 15)}
    places["hum 0"] = with_noise(voice, hum(count, chance), 0)
    places["rumble -5"] = with_noise(voice, low(count, chance), -5)
    places["room 0.4 s"] = room(voice, chance, 0.4, 0)
    places["room 0.8 s"] = room(voice, chance, 0.8, 0)
    everything = with_noise(room(voice, chance, 0.5, 3), pink(count, chance), 20)
    everything = with_noise(everything, hum(count, chance), 10)
    places["kitchen"] = with_noise(everything, low(count, chance), 5)
    return places


# ------------------------------------------------------------------ what cleans


def cleaned(sound: Signal, cleaning: Cleaning) -> Signal:
    def stretches() -> Iterator[tuple[Range, Blocks]]:
        seconds = range(0, len(sound), RATE)
        yield (0, len(sound)), (sound[start : start + RATE].astype(np.float32) for start in seconds)

    cleaner = Cleaner(cleaning, listen_for(cleaning, stretches))
    return np.concatenate(
        [each for where, blocks in stretches() for each in cleaner.clean(blocks, where)]
    ).astype(np.float64)


def by_ffmpeg(chain: str, ffmpeg: Path) -> Change:
    """A filter of ffmpeg, moved back to where its input was."""

    def change(sound: Signal) -> Signal:
        raw = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]
        command = [str(ffmpeg), "-v", "error", *raw, "-i", "pipe:0", "-af", chain, *raw, "pipe:1"]
        done = subprocess.run(command, input=sound.astype("<f4").tobytes(), check=True, capture_output=True)
        heard = np.frombuffer(done.stdout, dtype="<f4").astype(np.float64)
        points = 1 << (2 * len(sound)).bit_length()
        product = np.fft.irfft(np.fft.rfft(heard, points) * np.conj(np.fft.rfft(sound, points)), points)
        late = int(product.argmax())
        return np.roll(np.resize(heard, len(sound)), -late if late < points // 2 else points - late)

    return change


def segmental_snr(clean: Signal, heard: Signal) -> float:
    whole = len(clean) // 960 * 960
    wanted, noise = ((each[:whole].reshape(-1, 960) ** 2).sum(axis=1) for each in (clean, heard - clean))
    spoken = wanted > wanted.max() * 1e-4
    return float(np.clip(10 * np.log10(wanted[spoken] / np.maximum(noise[spoken], 1e-12)), -10, 35).mean())


# ------------------------------------------------------------------ the table


def voices(recordings: list[Path], ffmpeg: Path, work: Path) -> list[Signal]:
    if not recordings:
        demo = ROOT / "app/demo/voices"
        recordings = [demo / f"{name}.opus" for name in ("news-evening", "letter-mother", "talk-radio-waves")]
        try:
            spoken = work / "spoken.wav"
            say(find_espeak(), TEXT, Voice("ko+f3", 160), spoken)
            recordings.append(spoken)
        except EspeakMissing:
            print("espeak-ng is not there: the demo station's voices only")
    found = []
    for recording in recordings:
        inputs = source_input(recording)
        blocks = decoded_blocks(ffmpeg, inputs=inputs, chain=TO_MONO_48K, rate=RATE, timeout_s=ample_time(0))
        sound = np.concatenate(list(blocks)).astype(np.float64)[: 15 * RATE]
        found.append(0.1 * sound / np.sqrt(power_of(sound)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", type=Path, nargs="*", help="clean speech (default: see above)")
    parser.add_argument("--ffmpeg", type=Path, default=None)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(options.ffmpeg)
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as name:
        speech = voices(options.recordings, ffmpeg, Path(name))
    chance = np.random.default_rng(2026)
    places = [
        disturbed(each, [other for other in speech if other is not each] or speech, chance) for each in speech
    ]
    ways: dict[str, Change] = {
        name: lambda sound, cleaning=cleaning: cleaned(sound, cleaning)  # type: ignore[misc]
        for name, cleaning in SETTINGS.items()
    }
    ways["afftdn 12 dB, tracking"] = by_ffmpeg("afftdn=nr=12:nf=-40:tn=1", ffmpeg)
    before = {
        place: np.mean([measured(each, where[place]) for each, where in zip(speech, places, strict=True)], 0)
        for place in places[0]
    }
    tables = {"STOI": Table("setting"), "segmental SNR, dB": Table("setting")}
    for table in tables.values():
        for place in before:
            table.add_column(place, justify="right")
        table.add_column("x real time", justify="right")
    for index, (table, form) in enumerate(zip(tables.values(), ("{:.3f}", "{:.1f}"), strict=True)):
        table.add_row("as it was", *(form.format(each[index]) for each in before.values()), "")
    for way, change in ways.items():
        rows: list[list[str]] = [[], []]
        took = 0.0
        for place, was in before.items():
            began = time.process_time() if way in SETTINGS else time.monotonic()
            heard = [change(where[place]) for where in places]
            took += (time.process_time() if way in SETTINGS else time.monotonic()) - began
            now = np.mean([measured(*pair) for pair in zip(speech, heard, strict=True)], 0)
            rows[0].append(f"{now[0] - was[0]:+.3f}")
            rows[1].append(f"{now[1] - was[1]:+.1f}")
        ratio = f"{sum(map(len, speech)) / RATE * len(before) / took:.0f}"
        for table, row in zip(tables.values(), rows, strict=True):
            table.add_row(way, *row, ratio)
    console = Console(width=230)
    console.print(f"{len(speech)} voices, {sum(map(len, speech)) / RATE:.0f} s, {ffmpeg}")
    for title, table in tables.items():
        console.print(title, table)
    console.print("Two people at one telephone, turn by turn", two_people(speech[:2]))


def two_people(speech: list[Signal]) -> Table:
    """What evenness makes of two voices of which one is further off: loudness range (EBU Tech 3342) and what was done to it."""
    table = Table("further off by", "range before, LU", "after, LU", "largest gain, dB")
    turns = [
        part for pair in zip(*(np.array_split(each, 3) for each in speech), strict=True) for part in pair
    ]
    for away_db in (0, 3, 6, 9, 12):
        parts = [part * 10 ** (-away_db / 20 * (turn % 2)) for turn, part in enumerate(turns)]
        sound = np.concatenate(parts).astype(np.float32)
        evening = Evening()
        for start in range(0, len(sound), RATE):
            evening.hear(sound[start : start + RATE])
        gain = evening.curve()
        ranges = (spread_lu(tenths(each)) for each in (sound, gain.over(sound, 0)))
        most = 0.0 if gain.gains_db is None else float(np.abs(gain.gains_db).max())
        table.add_row(f"{away_db} dB", *(f"{each:.1f}" for each in ranges), f"{most:.1f}")
    return table


def tenths(sound: NDArray[np.float32]) -> Signal:
    """K-weighted power of each tenth of a second."""
    energies = EnergyMeter(RATE).feed(sound)
    steps = RATE // 10 // step_samples(RATE)
    powers: Signal = energies[: len(energies) // steps * steps].reshape(-1, steps).sum(axis=1) / (RATE // 10)
    return powers


def measured(clean: Signal, heard: Signal) -> tuple[float, float]:
    return stoi(clean, heard, RATE), segmental_snr(clean, heard)


if __name__ == "__main__":
    main()
