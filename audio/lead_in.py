"""What some sites want to hear before the programme: a line-up tone to set their levels by, whose and for when it is, then silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audio.encode import encode
from audio.errors import SpeechFailed
from audio.files import sha256_of
from audio.ingest import Master
from audio.pcm import RATE, db_to_gain
from audio.pieces import Piece
from audio.prepare import LIMITER_MARGIN_DB
from audio.profile import Encoding, Profile

LONGEST_PART_S: Final = 60
SHORTEST_SPOKEN_S: Final = 5
LOWEST_HZ: Final = 50
HIGHEST_HZ: Final = 15_000
QUIETEST_DBFS: Final = -60.0

# A whole number of the tone's periods, whatever its frequency, and of MP3 frames: 125
_CYCLE_SAMPLES: Final = 3 * RATE
_FADE_SAMPLES: Final = RATE // 100


@dataclass(frozen=True, slots=True)
class LeadIn:
    """A tone, then spoken words, then silence, before a programme. A sine of full scale is 0 dBFS (AES17).

    The tone goes past the profile's processing, and begins and ends in fades of 10 ms. `spoken` is the name that the
    words begin with; empty, there are none. They are processed as the programme is, and have `spoken_s` seconds, however
    long they are: the site has to know when the programme begins. Raises `ValueError` for what no site asks for.
    """

    tone_s: float = 0.0
    tone_hz: int = 1000
    tone_dbfs: float = -20.0
    spoken: str = ""
    spoken_s: float = 15.0
    silence_s: float = 0.0

    def __post_init__(self) -> None:
        for name, seconds in (("tone_s", self.tone_s), ("silence_s", self.silence_s)):
            if not 0 <= seconds <= LONGEST_PART_S:
                raise ValueError(f"{name} {seconds:g} is not between 0 and {LONGEST_PART_S}")
        if self.spoken and not SHORTEST_SPOKEN_S <= self.spoken_s <= LONGEST_PART_S:
            raise ValueError(
                f"spoken_s {self.spoken_s:g} is not between {SHORTEST_SPOKEN_S} and {LONGEST_PART_S}"
            )
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

    @property
    def spoken_samples(self) -> int:
        """What the words have, at 48 kHz."""
        return round(self.spoken_s * RATE) if self.spoken else 0

    def samples(self, encoding: Encoding) -> int:
        """Where the programme begins, in samples at 48 kHz: on the encoding's grid, after up to a frame more of silence."""
        wanted = self.tone_samples + self.spoken_samples + round(self.silence_s * RATE)
        return wanted + -wanted % encoding.grid_samples

    @property
    def key(self) -> str:
        """A short stable string for cache keys; empty where there is no lead-in."""
        tone = f"tone{self.tone_samples}x{self.tone_hz}x{self.tone_dbfs:g}" if self.tone_s else ""
        silence = f"silence{round(self.silence_s * RATE)}" if self.silence_s else ""
        # In hexadecimal: a name may have in it what separates the parts of a key
        spoken = f"spoken{self.spoken_samples}x{self.spoken.encode().hex()}" if self.spoken else ""
        return "_".join(part for part in (tone, spoken, silence) if part)

    def pieces(self, folder: Path, ffmpeg: Path, words: Master | None = None) -> Sequence[Piece]:
        """What of it sounds, at the beginning of a file. The tone's master is made in `folder`.

        `words` is what is spoken; None leaves its place silent. Raises `EncodeFailed`, and `SpeechFailed` for words that are too
        long.
        """
        return [*self._tone(folder, ffmpeg), *self._words(words)]

    def _words(self, words: Master | None) -> Sequence[Piece]:
        if not self.spoken or words is None:
            return ()
        if words.samples > self.spoken_samples:
            raise SpeechFailed(f"It takes {words.samples / RATE:.1f} s and has {self.spoken_s:g} s.")
        return (
            Piece(
                master=words.path,
                master_sha256=words.sha256,
                start_sample=self.tone_samples,
                samples=words.samples,
                first_sample=0,
                loudness_lufs=words.loudness_lufs,
            ),
        )

    def _tone(self, folder: Path, ffmpeg: Path) -> Sequence[Piece]:
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
