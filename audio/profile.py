"""What a feed wants done to the sound (`Profile`) and in what form it wants it (`Encoding`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from audio.pcm import RATE, at_rate

PROCESSING_VERSION: Final = 4
"""Raise it whenever the same piece and profile would come out differently: it is part of every cache key."""

MOST_GAIN_DB: Final = 40.0
"""More than this is not a quiet recording any more but an empty room."""

Codec = Literal["mp3", "mp2", "wav", "flac", "opus", "aac", "adts"]

MP3_FRAME_SAMPLES: Final = 1152
"""Of each channel. MP2's frames are as long."""

_MP3_BITRATES: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
# ISO/IEC 11172-3, 2.4.2.3: layer II has no low rates for two channels and no high ones for one
_MP2_BITRATES: Final = {
    1: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192),
    2: (64, 96, 112, 128, 160, 192, 224, 256, 320, 384),
}
# Layer II has no means to encode the same sound once for both channels; the others have
_DEFAULT_BITRATES: Final[dict[Codec, tuple[int, int]]] = {
    "mp3": (128, 128),
    "mp2": (128, 256),
    "opus": (48, 48),
    "aac": (96, 96),
    "adts": (96, 96),
}
AAC_FRAME_SAMPLES: Final = 1024
"""Of each channel: AAC-LC's only length."""
OPUS_FRAME_SAMPLES: Final = 960
"""Of each channel: 20 ms, libopus's usual packet."""
FLAC_FRAMES_A_SECOND: Final = 20
"""So that every whole second is whole frames, at 44.1 kHz too. 2,400 samples are within the streamable subset (at most
4,608 at up to 48 kHz, RFC 9639, section 7)."""

_EXTENSIONS: Final[dict[Codec, str]] = {
    "mp3": "mp3",
    "mp2": "mp2",
    "wav": "wav",
    "flac": "flac",
    "opus": "opus",
    "aac": "m4a",
    "adts": "aac",
}
_MEDIA_TYPES: Final[dict[Codec, str]] = {
    "mp3": "audio/mpeg",
    "mp2": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/mp4",
    "adts": "audio/aac",
}
# What the stream is, where it can be one. Icecast relays Ogg page by page under this name (and as audio/ogg: RFC 5334; tried
# with 2.4.4), and gives its headers to whoever joins late. Anything else is mere bytes to it, and a late listener's first
# frame is cut.
_LIVE_MEDIA_TYPES: Final[dict[Codec, str]] = {
    "mp3": "audio/mpeg",
    "mp2": "audio/mpeg",
    "adts": "audio/aac",
    "flac": "application/ogg",
    "opus": "application/ogg",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """How each piece is processed, from a defined initial state. `None` leaves a step out.

    The defaults are shortwave's: double-sideband AM carries 100 Hz to 4.5 kHz, fading wants a dense signal, and an
    over-modulated transmitter trips. Process once, here or at the site: see `LEVELLED` and `UNPROCESSED`.
    `ceiling_dbtp` holds for the delivered file as decoded, true peak.
    """

    highpass_hz: int | None = 100
    lowpass_hz: int | None = 4500
    compress: bool = True
    target_lufs: float | None = -20.0
    ceiling_dbtp: float = -3.0

    def __post_init__(self) -> None:
        if self.ceiling_dbtp > 0.0 or self.ceiling_dbtp < -20.0:
            raise ValueError(f"ceiling_dbtp {self.ceiling_dbtp:g} is not between -20 and 0")
        if self.target_lufs is not None and not -40.0 <= self.target_lufs <= -10.0:
            raise ValueError(f"target_lufs {self.target_lufs:g} is not between -40 and -10")
        if self.compress and self.target_lufs is None:
            raise ValueError("compression works around a target: give target_lufs, or compress=False")
        for name, hz in (("highpass_hz", self.highpass_hz), ("lowpass_hz", self.lowpass_hz)):
            if hz is not None and not 10 <= hz < RATE // 2:
                raise ValueError(f"{name} {hz} is not between 10 and {RATE // 2}")

    @property
    def key(self) -> str:
        """A short stable string for cache keys."""
        parts = (
            f"h{self.highpass_hz or 0}",
            f"l{self.lowpass_hz or 0}",
            f"c{self.compress:d}",
            "t-" if self.target_lufs is None else f"t{self.target_lufs:g}",
            f"p{self.ceiling_dbtp:g}",
        )
        return "_".join(parts)

    def levelling_db(self, loudness_lufs: float) -> float:
        """How much louder a recording of so many LUFS is made; 0 where there is no target."""
        return 0.0 if self.target_lufs is None else min(self.target_lufs - loudness_lufs, MOST_GAIN_DB)


SHORTWAVE: Final = Profile()
LEVELLED: Final = Profile(highpass_hz=None, lowpass_hz=None, compress=False)
"""For a site that processes by itself: equal loudness and safe peaks, nothing else."""
UNPROCESSED: Final = Profile(
    highpass_hz=None, lowpass_hz=None, compress=False, target_lufs=None, ceiling_dbtp=-1.0
)
"""The source's own levels, kept under -1 dBTP."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The form of an artefact. WAV and FLAC are 16 bit; MP3 and MP2 are constant bit rate without reservoir or tags.

    Two `channels` are dual mono: the same sound in both, for automation that refuses mono files. Each is as loud as the
    one channel of a mono file; loudness and peaks are always those of one channel.

    `aac` is MP4 (`.m4a`), whose edit list says where the sound ends; a player that ignores it, as ffmpeg before 6 does at
    the end, plays up to 1,023 samples of silence more. `adts` (`.aac`) is for live streams, which an MP4 cannot be: whole
    frames, nothing else. Opus is Ogg and always 48 kHz.
    Raises `ValueError` for what the codec cannot do.
    """

    codec: Codec
    sample_rate: int = RATE
    bitrate_kbps: int | None = None
    channels: int = 1

    def __post_init__(self) -> None:
        if self.codec not in _EXTENSIONS:
            raise ValueError(f"codec {self.codec!r} is not one of {', '.join(_EXTENSIONS)}")
        if self.sample_rate not in {44_100, 48_000}:
            raise ValueError(f"sample_rate {self.sample_rate} is neither 44100 nor 48000")
        if self.codec == "opus" and self.sample_rate != RATE:
            raise ValueError("Opus is always 48000 Hz")
        if self.channels not in {1, 2}:
            raise ValueError(f"channels {self.channels} is neither 1 nor 2")
        if self.codec in _DEFAULT_BITRATES and self.bitrate_kbps is None:
            usual = _DEFAULT_BITRATES[self.codec][self.channels - 1]
            object.__setattr__(self, "bitrate_kbps", usual)
        self._check_bitrate(self.bitrate_kbps or 0)

    def _check_bitrate(self, kbps: int) -> None:
        if self.codec not in _DEFAULT_BITRATES:
            if self.bitrate_kbps is not None:
                raise ValueError(f"{self.codec} is lossless and takes no bitrate_kbps")
        elif self.codec == "mp3":
            if kbps not in _MP3_BITRATES:
                raise ValueError(f"MP3 has no {kbps} kbit/s; it has {_MP3_BITRATES}")
        elif self.codec == "mp2":
            if kbps not in _MP2_BITRATES[self.channels]:
                there_are = f"with {self.channels} channels it has {_MP2_BITRATES[self.channels]}"
                raise ValueError(f"MP2 has no {kbps} kbit/s here; {there_are}")
        elif not 16 <= kbps <= self._most_kbps:
            raise ValueError(f"bitrate_kbps {kbps} is not between 16 and {self._most_kbps}")

    @property
    def _most_kbps(self) -> int:
        """Of Opus and AAC. libopus takes 256 kbit/s for each channel."""
        return min(256 * self.channels, 320) if self.codec == "opus" else 320

    @property
    def key(self) -> str:
        """A short stable string for cache keys and sidecars, such as `mp3-48000-128`, or `wav-48000-dual`."""
        parts = (self.codec, self.sample_rate, self.bitrate_kbps, "dual" if self.channels == 2 else None)
        return "-".join(str(part) for part in parts if part is not None)

    @property
    def extension(self) -> str:
        return _EXTENSIONS[self.codec]

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self.codec]

    @property
    def live_media_type(self) -> str | None:
        """The `Content-Type` of a live stream of it; None for what cannot be one."""
        return _LIVE_MEDIA_TYPES.get(self.codec)

    @property
    def can_be_live(self) -> bool:
        """Whether its frames can be sent one by one. WAV has none, and an MP4 cannot begin before it is finished."""
        return self.codec in _LIVE_MEDIA_TYPES

    @property
    def frame_samples(self) -> int | None:
        """How many samples of each channel, at its own rate, a frame of a live stream has; None for what cannot be one."""
        match self.codec:
            case "mp3" | "mp2":
                return MP3_FRAME_SAMPLES
            case "adts":
                return AAC_FRAME_SAMPLES
            case "opus":
                return OPUS_FRAME_SAMPLES
            case "flac":
                return self.sample_rate // FLAC_FRAMES_A_SECOND
            case "wav" | "aac":
                return None

    @property
    def grid_samples(self) -> int:
        """On which multiple of 48 kHz samples a target length and the joins should lie, for the compiler.

        MP3 and MP2 at 48 kHz: a frame of 1,152; ADTS: of 1,024. Elsewhere 1: at 44.1 kHz a frame is 1,253.878 of our
        samples (or 1,114.558), so there is no grid to lie on, and the other codecs have none.
        """
        return self._whole_frames or 1 if self.sample_rate == RATE else 1

    @property
    def frame_bytes(self) -> int | None:
        """Mono MP3 at 48 kHz, which is spliced from kept frames: how long every frame is. None for what is encoded whole.

        In dual mono the encoder may choose how it joins the channels anew for each frame.
        """
        if self.codec != "mp3" or self.sample_rate != RATE or self.channels != 1:
            return None
        return MP3_FRAME_SAMPLES // 8 * 1000 * (self.bitrate_kbps or 0) // RATE

    def frames(self, total_samples: int) -> int | None:
        """MP3, MP2 and ADTS: how many whole frames fit into `total_samples` (of 48 kHz). None for the other codecs."""
        if self._whole_frames is None:
            return None
        return at_rate(total_samples, self.sample_rate) // self._whole_frames

    @property
    def _whole_frames(self) -> int | None:
        """How many samples a frame has, where a file is whole frames and nothing else."""
        return self.frame_samples if self.codec in {"mp3", "mp2", "adts"} else None

    def length(self, total_samples: int) -> int:
        """What an artefact of `total_samples` (of 48 kHz) decodes to, in samples at its own rate, rounded down."""
        samples = at_rate(total_samples, self.sample_rate)
        return samples - samples % (self._whole_frames or 1)
