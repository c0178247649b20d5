"""What some sites want to hear before the programme: a line-up tone to set their levels by, then silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audio.encode import encode
from audio.files import sha256_of
from audio.pcm import RATE, db_to_gain
from audio.pieces import Piece
from audio.prepare import LIMITER_MARGIN_DB
from audio.profile import Encoding, Profile

LONGEST_PART_S: Final = 60
LOWEST_HZ: Final = 50
HIGHEST_HZ: Final = 15_000
QUIETEST_DBFS: Final = -60.0

# A whole number of the tone's periods, whatever its frequency, and of MP3 frames: 125
_CYCLE_SAMPLES: Final = 3 * RATE
_FADE_SAMPLES: Final = RATE // 100


@dataclass(frozen=True, slots=True)
class LeadIn:
    """A tone, then silence, before a programme. A sine of full scale is 0 dBFS (AES17).

    The tone goes past the profile's processing, and begins and ends in fades of 10 ms. Raises `ValueError` for what no
    site asks for.
    """

    tone_s: float = 0.0
    tone_hz: int = 1000
    tone_dbfs: float = -20.0
    silence_s: float = 0.0

    def __post_init__(self) -> None:
        for name, seconds in (("tone_s", self.tone_s), ("silence_s", self.silence_s)):
            if not 0 <= seconds <= LONGEST_PART_S:
                raise ValueError(f"{name} {seconds:g} is not between 0 and {LONGEST_PART_S}")
        if self.tone_s and self.tone_samples < 2 * _FADE_SAMPLES:
            raise ValueError(f"tone_s {self.tone_s:g} is shorter than its two fades of 10 ms")
        if not LOWEST_HZ <= self.tone_hz <= HIGHEST_HZ:
            raise ValueError(f"tone_hz {self.tone_hz} is not between {LOWEST_HZ} and {HIGHEST_HZ}")
        if not QUIETEST_DBFS <= self.tone_dbfs <= 0:
            raise ValueError(f"tone_dbfs {self.tone_dbfs:g} is not between {QUIETEST_DBFS:g} and 0")

    def require_room(self, profile: Profile) -> None:
        """Raise `ValueError` for a tone that the profile's ceiling would not let through as it is."""
        highest = profile.ceiling_dbtp - LIMITER_MARGIN_DB
        if self.tone_s and self.tone_dbfs > highest:
            raise ValueError(
                f"tone_dbfs {self.tone_dbfs:g} is over {highest:g}, 1 dB under the profile's ceiling_dbtp"
            )

    @property
    def tone_samples(self) -> int:
        """At 48 kHz."""
        return round(self.tone_s * RATE)

    def samples(self, encoding: Encoding) -> int:
        """Where the programme begins, in samples at 48 kHz: on the encoding's grid, after up to a frame more of silence."""
        wanted = self.tone_samples + round(self.silence_s * RATE)
        return wanted + -wanted % encoding.grid_samples

    @property
    def key(self) -> str:
        """A short stable string for cache keys; empty where there is no lead-in."""
        tone = f"tone{self.tone_samples}x{self.tone_hz}x{self.tone_dbfs:g}" if self.tone_s else ""
        silence = f"silence{round(self.silence_s * RATE)}" if self.silence_s else ""
        return "_".join(part for part in (tone, silence) if part)

    def pieces(self, folder: Path, ffmpeg: Path) -> Sequence[Piece]:
        """What of it sounds, at the beginning of a file. The tone's master is made in `folder`. Raises `EncodeFailed`."""
        if not self.tone_s:
            return ()
        master = folder / "tone.flac"
        phase = 2.0 * np.pi * self.tone_hz * np.arange(_CYCLE_SAMPLES) / RATE
        sound = np.rint(32767.0 * db_to_gain(self.tone_dbfs) * np.sin(phase)).astype("<i2")
        encode([sound.tobytes()], _CYCLE_SAMPLES, Encoding("flac"), master, ffmpeg=ffmpeg)
        return (
            Piece(
                master=master,
                master_sha256=sha256_of(master),
                start_sample=0,
                samples=self.tone_samples,
                first_sample=0,
                loudness_lufs=None,
                fade_in_samples=_FADE_SAMPLES,
                fade_out_samples=_FADE_SAMPLES,
                loop=True,
                as_is=True,
            ),
        )


NO_LEAD_IN: Final = LeadIn()
