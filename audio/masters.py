"""What a master is: the file, what is measured of it while it is written, and how it gets its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio.files import publish, sha256_of
from audio.fingerprint import FingerprintMeter, write_fingerprint
from audio.flac import BITEXACT
from audio.levels import PeaksMeter, SilenceMeter, clipped_samples
from audio.meter import Meter, Samples
from audio.pcm import RATE

TO_24_BITS: Final = "aformat=sample_fmts=s32"
"""The filter before the encoder: it takes 24 of 32 bits, which is all that a float holds."""

MASTER_OUTPUT: Final = (*BITEXACT, "-c:a", "flac", "-bits_per_raw_sample", "24", "-f", "flac")
"""Output arguments of a master, behind `TO_24_BITS`."""


@dataclass(frozen=True, slots=True)
class Master:
    """A master and what was measured of it. All positions and lengths are samples at 48 kHz.

    `loudness_lufs` is BS.1770 of one channel and None where it cannot be measured (under 0.4 s, or all of it under
    -70 LUFS); `silences` are those longer than a second between sound and sound, as [start, end). `damaged` says that
    the source was broken and that this is what could be read of it.
    """

    path: Path
    sha256: str
    samples: int
    loudness_lufs: float | None
    peak_dbtp: float
    leading_silence_samples: int
    trailing_silence_samples: int
    silences: tuple[tuple[int, int], ...]
    clipped_samples: int
    peaks_path: Path
    fingerprint_path: Path | None = None
    """Of a recording: cuts of it are known by it too."""
    damaged: bool = False


class MasterMeter:
    """Measures a master as it goes by, without holding it. Blocks are whole tenths of seconds, all but the last."""

    def __init__(self) -> None:
        self.meter = Meter(RATE)
        self.silence = SilenceMeter(RATE)
        self.peaks = PeaksMeter(RATE)
        self.clipped = 0

    def feed(self, block: Samples) -> None:
        self.meter.feed(block)
        self.silence.feed(block)
        self.peaks.feed(block)
        self.clipped += clipped_samples(block)


def keep(
    made: Path,
    destination_dir: Path,
    heard: MasterMeter,
    *,
    fingerprint: FingerprintMeter | None = None,
    damaged: bool = False,
) -> Master:
    """Give a finished file and what was made of it the names of its content, the file itself last."""
    sha256 = sha256_of(made)
    fingerprint_path = None
    if fingerprint is not None:
        taken = made.with_suffix(".print")
        write_fingerprint(fingerprint.finish(), taken)
        fingerprint_path = destination_dir / f"{sha256}.print"
        publish(taken, fingerprint_path)
    waveform = made.with_suffix(".peaks")
    heard.peaks.write(waveform)
    loudness = heard.meter.finish()
    path, peaks_path = destination_dir / f"{sha256}.flac", destination_dir / f"{sha256}.peaks"
    publish(waveform, peaks_path)
    publish(made, path)
    return Master(
        path=path,
        sha256=sha256,
        samples=heard.silence.samples,
        loudness_lufs=loudness.integrated_lufs,
        peak_dbtp=loudness.true_peak_dbtp,
        leading_silence_samples=heard.silence.leading,
        trailing_silence_samples=heard.silence.trailing,
        silences=heard.silence.inside,
        clipped_samples=heard.clipped,
        peaks_path=peaks_path,
        fingerprint_path=fingerprint_path,
        damaged=damaged,
    )
