"""From a stream of PCM to a finished file of an exact length in a given encoding."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from audio import adts, filters
from audio.errors import ArtefactBroken, EncodeFailed
from audio.ffmpeg import Ffmpeg, ample_time, file_url
from audio.flac import BITEXACT
from audio.mp3 import count_equal_frames, walk
from audio.pcm import RATE, gain_to_db
from audio.profile import Encoding

# LAME turns the sound down at a constant bit rate: 0.95 up to 160 kbit/s, 0.97 at 192, 0.98 at 224 (its own presets,
# and as measured: -0.45, -0.26 dB). Half a decibel is all that a programme may be off, so it is put back beforehand.
_LAME_SCALES: Final = ((160, 0.95), (192, 0.97), (224, 0.98))
# Quality 7: a third less work than the default, no difference to hear at 128 kbit/s mono, and frames that do not
# depend on what was encoded long before them.
_LAME_QUALITY: Final = "7"
RECIPE: Final = f"lame{_LAME_QUALITY}-noreservoir-1"
"""Names what an MP3 frame depends on besides sound and encoding: part of the key of kept frames."""

# Middle and side everywhere, and neither noise nor intensity in place of sound: both channels come out bit for bit alike
_AAC_ALIKE: Final = ("-aac_ms", "1", "-aac_pns", "0", "-aac_is", "0")
# ffmpeg's layer II encoder and any decoder are late by one pass through the filter bank (512 taps, 32 bands)
_MP2_LATE_SAMPLES: Final = 481

ADTS_EARLY_SAMPLES: Final = 0
"""How much earlier AAC's frames decode than what they were made from, without the encoder's first one: none."""

OPUS_LATE_SAMPLES: Final = 312
"""How much later libopus's packet n decodes than sample 960 n of what it was made from: 6.5 ms, its look-ahead, which an
artefact's header gives as pre-skip (RFC 7845, 4.2)."""

LIVE_CODECS: Final = frozenset({"mp3", "mp2", "adts"})
"""What can be encoded while it is sent: each frame has a header that says how long it is."""

EARLY_SAMPLES: Final = 47
"""How much earlier LAME's frames from the second on decode than what they were made from: 0.98 ms."""


def encode(
    blocks: Iterable[bytes],
    total_samples: int,
    encoding: Encoding,
    made: Path,
    *,
    ffmpeg: Path,
    limit_dbfs: float | None = None,
) -> None:
    """Encode 16-bit mono PCM at 48 kHz into `made`: `encoding.length(total_samples)` samples exactly.

    `limit_dbfs` puts one more limiter before the encoder, for one that overshot. Raises `EncodeFailed`.

    MP3: N x 1,152 samples make N + 1 frames without a reservoir; frame 0 is dropped, and frames 1 to N decode to
    N x 1,152 samples, 47 samples (0.98 ms) early. The first 48 ms are poor, because a decoder overlaps each frame
    with one before: begin a programme with silence or a fade.

    MP2: N x 1,152 samples make N frames, each at its time; the first 10 ms are poor.

    ADTS: N x 1,024 samples make N + 1 frames; frame 0, which is there to overlap with, is dropped, and frames 1 to N
    decode to N x 1,024 samples, each at its time. The first 1,024 are poor.
    """
    raw = made.with_suffix(".raw") if encoding.codec in {"mp3", "adts"} else made
    arguments = [
        *("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0"),
        *("-af", _chain(encoding, encoding.length(total_samples), limit_dbfs)),
        *(*BITEXACT, *_codec(encoding), file_url(raw)),
    ]
    with Ffmpeg(ffmpeg, arguments, timeout_s=4 * ample_time(total_samples), stdin=True) as process:
        # A broken pipe is ffmpeg's failure, which `wait` words better
        with contextlib.suppress(BrokenPipeError):
            for block in blocks:
                process.stdin.write(block)
        process.wait()
    if raw is not made:
        frames = encoding.frames(total_samples)
        _drop_first_frame(raw, made, encoding, frames or 0)
        raw.unlink()


def live_arguments(encoding: Encoding) -> list[str]:
    """Ffmpeg's arguments to encode 16-bit mono PCM at 48 kHz from its standard input as it comes: frames on standard output,
    each as soon as it is made. The same encoder as `encode`'s; nothing is dropped or added, since nothing has to be exact.

    Raises `ValueError` for a codec whose frames do not say by themselves how long they are.
    """
    if encoding.codec not in LIVE_CODECS:
        raise ValueError(
            f"{encoding.codec} cannot be encoded on the air: only {', '.join(sorted(LIVE_CODECS))}"
        )
    return [
        *("-probesize", "32", "-analyzeduration", "0"),
        *("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0"),
        *("-af", _chain(encoding, None, None)),
        *(*BITEXACT, *_codec(encoding), "-flush_packets", "1", "pipe:1"),
    ]


def _chain(encoding: Encoding, length: int | None, limit_dbfs: float | None) -> str:
    """The filters before an encoder; ``length`` None: of a sound that goes on."""
    steps = ["aformat=sample_fmts=flt"]
    if limit_dbfs is not None:
        steps.append(filters.limiter(limit_dbfs))
    if encoding.sample_rate != RATE:
        steps.append(f"aresample={encoding.sample_rate}:resampler=soxr:precision=20")
    if encoding.codec == "mp2":
        steps.append(f"atrim=start_sample={_MP2_LATE_SAMPLES}")
    if length is not None:
        steps.append(filters.exactly(length))
    if encoding.channels == 2:
        # Not by a channel layout: that would turn each channel down by 3 dB
        steps.append("pan=stereo|c0=c0|c1=c0")
    if encoding.codec == "mp3":
        scales = (scale for most, scale in _LAME_SCALES if (encoding.bitrate_kbps or 0) <= most)
        steps.append(filters.gain(-gain_to_db(next(scales, 1.0))))
    elif encoding.codec in {"mp2", "wav", "flac"}:
        steps.append("aformat=sample_fmts=s16")
    return ",".join(steps)


def _codec(encoding: Encoding) -> list[str]:
    rate = ["-b:a", f"{encoding.bitrate_kbps}k"]
    match encoding.codec:
        case "mp3":
            quality = ["-compression_level", _LAME_QUALITY, "-reservoir", "0"]
            untagged = ["-write_xing", "0", "-id3v2_version", "0", "-write_id3v1", "0"]
            return ["-c:a", "libmp3lame", *rate, *quality, *untagged, "-f", "mp3"]
        case "mp2":
            return ["-c:a", "mp2", *rate, "-f", "mp2"]
        case "wav":
            # Past 4 GiB a WAV file needs 64-bit sizes; below it stays plain
            return ["-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav"]
        case "flac":
            return ["-c:a", "flac", "-frame_size", str(encoding.frame_samples), "-f", "flac"]
        case "opus":
            # Packets of 20 ms: audio.ogg relies on it
            return ["-c:a", "libopus", *rate, "-application", "audio", "-frame_duration", "20", "-f", "ogg"]
        case "aac" | "adts":
            alike = _AAC_ALIKE if encoding.channels == 2 else ()
            return ["-c:a", "aac", *rate, *alike, *_aac_container(encoding)]


def _aac_container(encoding: Encoding) -> list[str]:
    if encoding.codec == "adts":
        # Noise would come out differently each time, and after a switch nobody could tell whether the sound is right
        return ["-aac_pns", "0", "-f", "adts"]
    # The edit list says where the sound ends, in units of this time scale: samples
    return ["-movie_timescale", str(encoding.sample_rate), "-movflags", "+faststart", "-f", "ipod"]


def _drop_first_frame(raw: Path, made: Path, encoding: Encoding, wanted: int) -> None:
    """Copy all frames but the first. Raises `EncodeFailed` unless that leaves as many as wanted."""
    with raw.open("rb") as source, made.open("wb") as target:
        try:
            source.seek(next(_lengths(source, encoding)))
            shutil.copyfileobj(source, target, length=1 << 20)
        except (StopIteration, ValueError) as error:
            raise EncodeFailed("The encoder made no frames.") from error
    try:
        kept = count_frames(made, encoding)
    except ArtefactBroken as error:
        raise EncodeFailed(error.detail) from error
    if kept != wanted:
        raise EncodeFailed(f"The encoder made {kept} frames where {wanted} were wanted.")


def count_frames(path: Path, encoding: Encoding) -> int:
    """How many frames an MP3, MP2 or ADTS file is made of. Raises `ArtefactBroken` if there is anything else in it.

    Where frames are spliced all are equally long, and none may need bits of the one before.
    """
    with path.open("rb") as file:
        try:
            if encoding.frame_bytes is not None:
                return count_equal_frames(file, encoding.frame_bytes)
            return sum(1 for _ in _lengths(file, encoding))
        except ValueError as error:
            raise ArtefactBroken(f"Its frames are broken: {error}.") from error


def _lengths(stream: BinaryIO, encoding: Encoding) -> Iterator[int]:
    """Every frame's bytes. Raises `ValueError` where anything but this encoding's frames stands."""
    if encoding.codec == "adts":
        yield from adts.walk(stream, encoding)
        return
    layer = 2 if encoding.codec == "mp2" else 3
    wanted = (layer, encoding.sample_rate, encoding.bitrate_kbps)
    for frame in walk(stream):
        if (frame.layer, frame.sample_rate, frame.bitrate_kbps) != wanted:
            raise ValueError(f"the frame at byte {frame.offset} is not of {encoding.key}")
        yield frame.length
