"""Whether the way frames are encoded for splicing costs a listener anything: measures of speech against its own PCM.

    python tests/bench/encoder_quality.py                   # the demo station's voices
    python tests/bench/encoder_quality.py RECORDING...      # other ones

Every recording is processed for shortwave as for a feed, encoded in several ways, decoded, and held against what the encoder was
given. All measures need the two aligned to the sample, which LAME's constant delay gives.

* STOI: intelligibility after Taal et al., 2011, see `tests/ears/stoi.py` (1 = as the original).
* STOI in noise: the same with white noise in the band, as loud as the voice less 10 dB, added to what was decoded: reception.
* segSNR: signal to noise in frames of 20 ms with speech in them, in dB, the mean of values held between -10 and 35.
* LSD: distance of logarithmic spectra from 100 to 4,500 Hz, in dB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository's root must be on the path first
from numpy.typing import NDArray  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from audio.ffmpeg import find_ffmpeg  # noqa: E402
from audio.ingest import ingest  # noqa: E402
from audio.pcm import RATE  # noqa: E402
from audio.prepare import Cut, prepare  # noqa: E402
from audio.profile import SHORTWAVE  # noqa: E402
from tests.ears.stoi import stoi  # noqa: E402

Signal = NDArray[np.float64]

# (name, LAME's quality, bit reservoir, kbit/s)
WAYS = (
    ("level 7, no reservoir (ours)", 7, 0, 128),
    ("level 5, no reservoir", 5, 0, 128),
    ("level 5, reservoir (ffmpeg's default)", 5, 1, 128),
    ("level 2, reservoir", 2, 1, 128),
    ("level 7, no reservoir", 7, 0, 64),
    ("level 5, reservoir", 5, 1, 64),
    ("level 7, no reservoir", 7, 0, 32),
    ("level 5, reservoir", 5, 1, 32),
)
# Encoder and decoder together: 576 + 529 samples
_DELAY = 1105
_SCALE_BACK = 1 / 0.95


def decoded(
    pcm: Signal, quality: int, reservoir: int, kbps: int, ffmpeg: Path, work: Path
) -> tuple[Signal, float]:
    """What comes back, aligned and at the level that went in, and the encoder's time in seconds."""
    made = work / "way.mp3"
    raw = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]
    lame = [
        "-c:a",
        "libmp3lame",
        "-b:a",
        f"{kbps}k",
        "-compression_level",
        str(quality),
        "-reservoir",
        str(reservoir),
    ]
    began = time.monotonic()
    _run(
        ffmpeg,
        pcm,
        *raw,
        "-i",
        "pipe:0",
        *lame,
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
        "-f",
        "mp3",
        str(made),
    )
    took = time.monotonic() - began
    sound = np.frombuffer(_run(ffmpeg, pcm[:0], "-f", "mp3", "-i", str(made), *raw, "pipe:1"), dtype="<f4")
    heard = np.zeros(len(pcm))
    aligned = sound[_DELAY : _DELAY + len(pcm)]
    heard[: len(aligned)] = aligned * _SCALE_BACK
    return heard, took


def _run(ffmpeg: Path, given: Signal, *arguments: str) -> bytes:
    command = [str(ffmpeg), "-v", "error", "-y", *arguments]
    return subprocess.run(
        command, input=given.astype("<f4").tobytes(), check=True, capture_output=True
    ).stdout


# ------------------------------------------------------------------ the measures


def frames(sound: Signal, length: int, hop: int) -> Signal:
    return np.lib.stride_tricks.sliding_window_view(sound, length)[::hop]


def segmental_snr(clean: Signal, heard: Signal) -> float:
    wanted, noise = ((frames(each, 960, 960) ** 2).sum(axis=1) for each in (clean, heard - clean))
    spoken = wanted > wanted.max() * 1e-4
    ratio = 10 * np.log10(wanted[spoken] / np.maximum(noise[spoken], 1e-12))
    return float(np.clip(ratio, -10, 35).mean())


def log_spectral_distance(clean: Signal, heard: Signal) -> float:
    low, high = 100 * 1024 // RATE + 1, 4500 * 1024 // RATE
    spectra = [
        np.abs(np.fft.rfft(frames(each, 1024, 512) * np.hanning(1024), axis=1))[:, low:high] ** 2
        for each in (clean, heard)
    ]
    spoken = spectra[0].sum(axis=1) > spectra[0].sum(axis=1).max() * 1e-4
    logs = [10 * np.log10(each[spoken] + 1e-7) for each in spectra]
    return float(np.sqrt(((logs[0] - logs[1]) ** 2).mean(axis=1)).mean())


def in_noise(heard: Signal) -> Signal:
    """With white noise in the band of a receiver, 10 dB under the voice."""
    spectrum = np.fft.rfft(np.random.default_rng(4500).normal(size=len(heard)))
    hertz = np.fft.rfftfreq(len(heard), 1 / RATE)
    spectrum[(hertz < 100) | (hertz > 4500)] = 0.0
    noise = np.fft.irfft(spectrum, len(heard))
    loudness = np.sqrt((heard**2).mean() / (noise**2).mean() / 10)
    noisy: Signal = heard + noise * loudness
    return noisy


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "recordings", type=Path, nargs="*", help="speech (default: the demo station's voices)"
    )
    parser.add_argument("--ffmpeg", type=Path, default=None)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(options.ffmpeg)
    voices = sorted((ROOT / "app/demo/voices").glob("*.opus"))
    recordings = options.recordings or [each for each in voices if "music" not in each.name]
    rows: dict[int, list[tuple[float, ...]]] = {way: [] for way in range(len(WAYS))}
    seconds = 0.0
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as name:
        work = Path(name)
        for recording in recordings:
            master = ingest(recording, work, ffmpeg=ffmpeg)
            cut = Cut(master.path, master.sha256, 0, master.samples, master.loudness_lufs)
            piece = prepare(cut, SHORTWAVE, cache_dir=work / "cache", ffmpeg=ffmpeg)
            # Whole seconds: their spectra are quick to compute
            clean = np.fromfile(piece.path, dtype="<i2", count=piece.samples // RATE * RATE) / 32768
            seconds += len(clean) / RATE
            for way, (_, quality, reservoir, kbps) in enumerate(WAYS):
                heard, took = decoded(clean, quality, reservoir, kbps, ffmpeg, work)
                figures = (stoi(clean, heard, RATE), stoi(clean, in_noise(heard), RATE))
                more = (segmental_snr(clean, heard), log_spectral_distance(clean, heard))
                rows[way].append((*figures, *more, took, len(clean)))
    table = Table("way", "kbit/s", "STOI", "STOI in noise", "segSNR dB", "LSD dB", "encoder s an hour")
    for way, (title, _, _, kbps) in enumerate(WAYS):
        found = np.array(rows[way])
        means = np.average(found[:, :4], axis=0, weights=found[:, 5])
        hour = found[:, 4].sum() * 3600 / seconds
        cells = (f"{means[0]:.4f}", f"{means[1]:.4f}", f"{means[2]:.1f}", f"{means[3]:.2f}", f"{hour:.1f}")
        table.add_row(title, str(kbps), *cells)
    console = Console(width=120)
    console.print(f"{len(recordings)} recordings, {seconds / 60:.1f} minutes, {ffmpeg}")
    console.print(table)


if __name__ == "__main__":
    main()
