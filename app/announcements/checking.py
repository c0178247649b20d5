"""Whether a clip can be used, and how well it was recorded: what a person should hear of before the night does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.announcements.pack import Clip
from audio.errors import AudioError
from audio.files import scratch
from audio.ingest import IngestLimits, Master, ingest
from audio.pcm import RATE
from audio.speaking import LONGEST_RUN_S

FAINT_DBTP = -40.0
"""A clip that does not come louder than this is raised so far that the room is heard."""

_LIMITS = IngestLimits(max_duration_s=LONGEST_RUN_S, min_duration_s=0.02, timeout_s=60)
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class CheckedClip:
    """``wrong``: it cannot be said; ``note``: it can, but somebody should listen to it. ``words`` tell length and level."""

    clip: Clip
    verdict: Literal["ok", "note", "wrong"]
    words: str


def check_clips(clips: Sequence[Clip], folder: Path, ffmpeg: Path) -> Iterator[CheckedClip]:
    """Decode and measure each, in their order; ``folder`` is for what is made on the way."""
    with scratch(folder) as workshop, ThreadPoolExecutor(_AT_ONCE, "check") as pool:
        yield from pool.map(lambda clip: _checked(clip, workshop, ffmpeg), clips)


def _checked(clip: Clip, workshop: Path, ffmpeg: Path) -> CheckedClip:
    try:
        master = ingest(clip.path, workshop, ffmpeg=ffmpeg, limits=_LIMITS)
    except (AudioError, OSError) as error:
        return CheckedClip(clip, "wrong", str(error))
    speech = master.samples - master.leading_silence_samples - master.trailing_silence_samples
    loudness = "" if master.loudness_lufs is None else f", {master.loudness_lufs:.1f} LUFS"
    words = (
        f"{speech / RATE:.2f} s of {master.samples / RATE:.2f} s{loudness}, peak {master.peak_dbtp:.1f} dBTP"
    )
    faults = list(_faults(master))
    return CheckedClip(clip, "note" if faults else "ok", "; ".join([words, *faults]))


def _faults(master: Master) -> Iterator[str]:
    if master.damaged:
        yield "the file is broken, and this is what can be read of it"
    if master.peak_dbtp < FAINT_DBTP:
        yield "very faint: record it nearer to the microphone"
    if master.clipped_samples:
        yield f"{master.clipped_samples} samples are clipped: record it at a lower level"
    if master.silences:
        yield "there is over a second of silence inside"
