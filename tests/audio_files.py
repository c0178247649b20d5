"""Sound files to test with, made when they are first asked for: what producers and phones send, and what breaks.

    files = AudioFiles(folder)
    files.path("mp3_vbr")      # one of RECORDINGS
    files.path("empty")        # one of BROKEN

Every recording holds the same six seconds (`reference()`): about half a second of silence, voice, a second and
a half of silence, voice, about half a second of silence. They are made with the wheel's ffmpeg, which every installation has.
"""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
Signal = NDArray[np.float64]

REFERENCE_SAMPLES: Final = 6 * RATE
# Half a step beside the 100 ms on which BS.1770 counts its blocks: on it, one sample more or less is 0.2 LU.
LEADING_SILENCE: Final = RATE * 11 // 20
TRAILING_SILENCE: Final = RATE * 9 // 20
INNER_SILENCE: Final = (LEADING_SILENCE + 2 * RATE, LEADING_SILENCE + 2 * RATE + RATE * 3 // 2)


def voice(seconds: float, seed: int = 0, rate: int = RATE) -> Signal:
    """Speech-like sound: a gliding pitch with overtones, five syllables a second, hiss between; peak 0.5.

    Loud from its first sample to its last, and never silent for long.
    """
    chance = np.random.default_rng(seed)
    count = round(seconds * rate)
    at = np.arange(count) / rate
    knots = np.arange(0.0, seconds + 1.0, 0.25)
    pitch = 130.0 * 2.0 ** np.interp(at, knots, chance.uniform(-0.4, 0.4, len(knots)))
    phase = 2.0 * np.pi * np.cumsum(pitch) / rate
    sound = sum(np.sin(n * phase) / n**1.2 for n in range(1, 25))
    syllables = 0.15 + np.abs(np.sin(np.pi * 2.5 * at)) ** 1.5
    # Nothing above 7 kHz, so that no format has to throw any of it away
    spectrum = np.fft.rfft(chance.normal(0.0, 0.3, count))
    spectrum[np.fft.rfftfreq(count, 1 / rate) > 7000] = 0.0
    hiss = np.fft.irfft(spectrum, count)
    signal: Signal = (sound + hiss) * syllables
    signal[0] = signal[-1] = np.abs(signal).max() / 2
    signal *= 0.5 / float(np.abs(signal).max())
    return signal


def reference() -> Signal:
    """The six seconds that every recording holds, at 48 kHz, in steps of 16 bits so that no lossless form rounds it."""
    first, pause, last = (np.zeros(count) for count in (LEADING_SILENCE, RATE * 3 // 2, TRAILING_SILENCE))
    sound = np.concatenate([first, voice(2.0, 1), pause, voice(1.5, 2), last])
    stepped: Signal = np.rint(sound * 32768) / 32768
    return stepped


def write_wav(path: Path, signal: Signal, rate: int = RATE) -> Path:
    """Write 32-bit float WAV, mono or of shape (samples, channels)."""
    channels = 1 if signal.ndim == 1 else signal.shape[1]
    body = signal.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


@dataclass(frozen=True, slots=True)
class Recording:
    """One form of the reference. `arguments` are ffmpeg's output options, the last one the muxer.

    What the master may differ by: `samples` in length, `lu` in loudness. Lossless forms keep both to rounding.
    """

    name: str
    arguments: tuple[str, ...]
    samples: int = 0
    lu: float = 0.1

    @property
    def lossless(self) -> bool:
        return self.lu <= 0.1


def _pcm(name: str, codec: str, container: str, *more: str, samples: int = 0, lu: float = 0.1) -> Recording:
    return Recording(name, ("-c:a", codec, *more, "-f", container), samples, lu)


# ffmpeg turns a mono source down by 3 dB in each of two channels unless told
_STEREO: Final = ("-af", "pan=stereo|c0=c0|c1=c0")
_FRAME: Final = 2400  # what a codec may add at its end: up to 50 ms
_PICTURE: Final = ("-c:v", "mpeg4", "-shortest")
_AMR: Final = ("-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k")

RECORDINGS: Final = (
    _pcm("wav_u8", "pcm_u8", "wav"),
    _pcm("wav_s16", "pcm_s16le", "wav"),
    _pcm("wav_s16_stereo", "pcm_s16le", "wav", *_STEREO),
    _pcm("wav_s16_44k", "pcm_s16le", "wav", "-ar", "44100", samples=2),
    _pcm("wav_s16_stereo_22k", "pcm_s16le", "wav", "-ar", "22050", *_STEREO, samples=3),
    _pcm("wav_s24_96k", "pcm_s24le", "wav", "-ar", "96000", samples=1),
    _pcm("wav_s24", "pcm_s24le", "wav"),
    _pcm("wav_s32", "pcm_s32le", "wav"),
    _pcm("wav_float", "pcm_f32le", "wav"),
    _pcm("wav_float_stereo", "pcm_f32le", "wav", *_STEREO),
    _pcm("wav_alaw", "pcm_alaw", "wav", lu=0.2),
    _pcm("wav_ulaw_8k", "pcm_mulaw", "wav", "-ar", "8000", samples=6, lu=1.0),
    _pcm("wav_rf64", "pcm_s16le", "wav", "-rf64", "always"),
    _pcm("w64", "pcm_s16le", "w64"),
    _pcm("aiff", "pcm_s16be", "aiff"),
    _pcm("caf", "pcm_s24be", "caf"),
    _pcm("flac", "flac", "flac"),
    _pcm("flac_stereo", "flac", "flac", *_STEREO),
    _pcm("alac", "alac", "ipod"),
    _pcm("mp3_cbr", "libmp3lame", "mp3", "-b:a", "128k", samples=_FRAME, lu=0.7),
    _pcm("mp3_vbr", "libmp3lame", "mp3", "-q:a", "4", samples=_FRAME, lu=0.7),
    _pcm("mp3_no_header", "libmp3lame", "mp3", "-b:a", "64k", "-write_xing", "0", samples=_FRAME, lu=0.7),
    _pcm("mp3_22k", "libmp3lame", "mp3", "-ar", "22050", "-b:a", "48k", samples=_FRAME, lu=0.7),
    _pcm("m4a", "aac", "ipod", samples=_FRAME, lu=0.3),
    _pcm("m4a_44k_stereo", "aac", "ipod", "-ar", "44100", *_STEREO, samples=_FRAME, lu=0.3),
    _pcm("adts", "aac", "adts", samples=2 * _FRAME, lu=0.3),
    _pcm("ogg_vorbis", "libvorbis", "ogg", samples=_FRAME, lu=0.5),
    _pcm("opus", "libopus", "ogg", "-b:a", "48k", samples=_FRAME, lu=0.5),
    _pcm("webm", "libopus", "webm", samples=_FRAME, lu=0.5),
    Recording("amr", (*_AMR, "-f", "amr"), samples=_FRAME, lu=2.0),
    Recording("3gp", (*_AMR, "-f", "3gp"), samples=_FRAME, lu=2.0),
    Recording("video_mp4", (*_PICTURE, "-c:a", "aac", "-f", "mp4"), samples=2 * _FRAME, lu=0.3),
    Recording("video_mkv", (*_PICTURE, "-c:a", "flac", "-f", "matroska"), samples=2 * _FRAME),
    Recording("video_mov", (*_PICTURE, "-c:a", "pcm_s16le", "-f", "mov"), samples=2 * _FRAME),
)

BROKEN: Final = {
    "empty": "empty-file",
    "text": "not-audio",
    "korean_text": "not-audio",
    "noise": "not-audio",
    "picture": "not-audio",
    "hls": "forbidden-format",
    "hls_with_bom": "forbidden-format",
    "concat": "forbidden-format",
    "concat_plain": "forbidden-format",
    "dash": "forbidden-format",
    "pls": "forbidden-format",
    "sdp": "forbidden-format",
    "video_without_sound": "no-sound-track",
    "m4a_without_index": "truncated-file",
    "silence": "only-silence",
    "silence_ten_hours": "only-silence",
    "click": "too-short",
}
"""Files that must be refused, and the code of the error that says why."""

DAMAGED: Final = ("wav_cut", "mp3_cut", "flac_cut", "m4a_cut_behind_index")
"""Files whose beginning is good: ingested as far as they go, and marked."""


class AudioFiles:
    """The catalogue in a folder; each file is made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ffmpeg = Path(imageio_ffmpeg.get_ffmpeg_exe())
        self._recordings = {recording.name: recording for recording in RECORDINGS}

    def path(self, name: str) -> Path:
        """The file of that name, without an extension: what a file is shows in its content only."""
        path = self.folder / name
        if not path.exists():
            making = path.with_suffix(".making")
            self._make(name, making)
            making.rename(path)
        return path

    def _make(self, name: str, path: Path) -> None:
        if name in self._recordings:
            self._encode(self._recordings[name], path)
        else:
            _MAKERS[name](self, path)

    def reference(self) -> Path:
        path = self.folder / "reference.wav"
        return path if path.exists() else write_wav(path, reference())

    def _encode(self, recording: Recording, path: Path) -> None:
        pictures = (
            ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=6") if recording.name.startswith("video") else ()
        )
        self.run(*pictures, "-i", str(self.reference()), *recording.arguments, str(path))

    def run(self, *arguments: str) -> None:
        subprocess.run(
            [str(self.ffmpeg), "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=120
        )


def _text(content: str, encoding: str = "utf-8") -> Callable[[AudioFiles, Path], None]:
    def make(_: AudioFiles, path: Path) -> None:
        path.write_bytes(content.encode(encoding))

    return make


def _cut(name: str, share: float) -> Callable[[AudioFiles, Path], None]:
    def make(files: AudioFiles, path: Path) -> None:
        whole = files.path(name).read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])

    return make


def _from(*arguments: str) -> Callable[[AudioFiles, Path], None]:
    return lambda files, path: files.run(*arguments, str(path))


def _noise(_: AudioFiles, path: Path) -> None:
    path.write_bytes(np.random.default_rng(5).bytes(50_000))


def _ten_hours(files: AudioFiles, path: Path) -> None:
    """36 MB: ten seconds of the thriftiest MP3, 3,600 times."""
    short = files.folder / "silence.mp3"
    lavfi = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "10")
    files.run(
        *lavfi,
        "-c:a",
        "libmp3lame",
        "-b:a",
        "8k",
        "-reservoir",
        "0",
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
        str(short),
    )
    path.write_bytes(short.read_bytes() * 3600)


def _click(_: AudioFiles, path: Path) -> None:
    write_wav(path, voice(0.05))


def _with_cover(files: AudioFiles, path: Path) -> None:
    """An MP3 behind a cover of 16 million pixels and 12 MB."""
    noise = np.random.default_rng(4).bytes(1000 * 4000 * 3)
    rows = b"".join(b"\0" + (noise[at : at + 3000] * 4)[:12_000] for at in range(0, 12_000_000, 3000))
    picture = _png(4000, 4000, rows[: 4000 * 12_001])
    apic = b"\0image/png\0\x03\0" + picture
    frame = b"APIC" + struct.pack(">I", len(apic)) + b"\0\0" + apic
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + frame + files.path("mp3_cbr").read_bytes())


def _png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows, level=1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _broken_header(files: AudioFiles, path: Path) -> None:
    """An MP3 as a recorder leaves it that lost its first sectors: it begins in the middle of a frame."""
    whole = files.path("mp3_no_header").read_bytes()
    path.write_bytes(np.random.default_rng(6).bytes(300) + whole[1000:])


def _fast_start(files: AudioFiles, path: Path) -> None:
    whole = files.folder / "faststart.m4a"
    files.run(
        "-i", str(files.reference()), "-c:a", "aac", "-movflags", "+faststart", "-f", "ipod", str(whole)
    )
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.7)])


_HLS: Final = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
_DASH: Final = '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>x</BaseURL></MPD>'
_MAKERS: Final[dict[str, Callable[[AudioFiles, Path], None]]] = {
    "empty": _text(""),
    "text": _text("This is the script of Monday's programme.\n" * 50),
    "korean_text": _text("오늘의 소식을 전해 드립니다.\n" * 50),
    "noise": _noise,
    "picture": _from(
        "-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", "-c:v", "png", "-f", "image2pipe"
    ),
    "hls": _text(_HLS),
    "hls_with_bom": _text("\ufeff" + _HLS),
    "concat": _text("ffconcat version 1.0\nfile /etc/hostname\n"),
    "concat_plain": _text("file '/etc/hostname'\nfile '/etc/passwd'\n"),
    "dash": _text(_DASH),
    "pls": _text("[playlist]\nFile1=http://127.0.0.1/x\n"),
    "sdp": _text("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n"),
    "video_without_sound": _from("-f", "lavfi", "-i", "testsrc=s=64x64:d=2", "-c:v", "mpeg4", "-f", "mp4"),
    "m4a_without_index": _cut("m4a", 0.6),
    "silence": _from("-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "5", "-f", "wav"),
    "silence_ten_hours": _ten_hours,
    "click": _click,
    "wav_cut": _cut("wav_s16", 0.55),
    "mp3_cut": _cut("mp3_vbr", 0.55),
    "flac_cut": _cut("flac", 0.55),
    "m4a_cut_behind_index": _fast_start,
    "mp3_big_cover": _with_cover,
    "mp3_broken_header": _broken_header,
}
