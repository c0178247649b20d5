"""MPEG-1 layers II and III on the level of frames: header, walk, and what a Xing header promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from audio.profile import MP3_FRAME_SAMPLES, Encoding

_BITRATES: Final = {
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_RATES: Final = (44_100, 48_000, 32_000)
HEADER_BYTES: Final = 4
_XING_HAS_BYTES: Final = 2
_FRAMES_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: `offset` and `length` in bytes, `samples` of each channel."""

    offset: int
    length: int
    sample_rate: int
    bitrate_kbps: int
    layer: int = 3
    samples: int = MP3_FRAME_SAMPLES


def parse(header: bytes, offset: int = 0) -> Frame:
    """The frame of a header of 4 bytes that stands at `offset`.

    Raises `ValueError` unless it is MPEG-1 layer II or III with a bit rate.
    """
    bits = int.from_bytes(header, "big")
    # Layer I is 11, II is 10, III is 01
    layer, bitrate, rate = 4 - (bits >> 17 & 3), bits >> 12 & 15, bits >> 10 & 3
    # 11 bits of sync, version 1 (11)
    if bits >> 19 != 0b111_1111_1111_11 or layer not in _BITRATES or bitrate in {0, 15} or rate == 3:
        raise ValueError(f"no MPEG-1 layer II or III frame at byte {offset}")
    kbps, hertz = _BITRATES[layer][bitrate], _RATES[rate]
    length = 144_000 * kbps // hertz + (bits >> 9 & 1)
    return Frame(offset=offset, length=length, sample_rate=hertz, bitrate_kbps=kbps, layer=layer)


class Headers:
    """What every frame's header of one MP3 or MP2 encoding is, but for its padding and how its channels are joined."""

    def __init__(self, encoding: Encoding) -> None:
        layer, kbps = 2 if encoding.codec == "mp2" else 3, encoding.bitrate_kbps or 0
        bitrate, rate = _BITRATES[layer].index(kbps), _RATES.index(encoding.sample_rate)
        # Version 1, no CRC; one channel is mode 11
        self._fixed = 0xFFF9_0000 | 4 - layer << 17 | bitrate << 12 | rate << 10
        self._mono = encoding.channels == 1
        self._bytes = 144_000 * kbps // encoding.sample_rate
        self._name = encoding.key

    def length(self, content: bytes, at: int) -> int:
        """How many bytes the frame at index `at` has. Raises `ValueError` if none of these stands there."""
        header = int.from_bytes(content[at : at + HEADER_BYTES], "big")
        if header & 0xFFFF_FC00 != self._fixed or (header >> 6 & 3 == 3) != self._mono:
            raise ValueError(f"something else than a frame of {self._name}")
        return self._bytes + (header >> 9 & 1)


def walk(stream: BinaryIO) -> Iterator[Frame]:
    """Every frame of a stream, from where it stands to its end, holding one at a time.

    Offsets count from where it stood. Raises `ValueError` where anything but frames stands.
    """
    offset = 0
    while header := stream.read(HEADER_BYTES):
        frame = parse(header, offset)
        if len(stream.read(frame.length - HEADER_BYTES)) < frame.length - HEADER_BYTES:
            raise ValueError(f"the frame at byte {offset} is cut short")
        yield frame
        offset += frame.length


def count_equal_frames(stream: BinaryIO, length: int) -> int:
    """How many frames of `length` bytes a stream is made of, as `walk` but a thousand at a time.

    Raises `ValueError` where anything else stands, where the headers differ, or where a frame takes bits from the one before.
    """
    import numpy as np

    count, first = 0, b""
    while chunk := stream.read(length * _FRAMES_AT_ONCE):
        if len(chunk) % length:
            raise ValueError(
                f"the frame at byte {count * length + len(chunk) // length * length} is cut short"
            )
        if not first:
            first = chunk[:HEADER_BYTES]
            if parse(first).length != length:
                raise ValueError(f"frames of {parse(first).length} bytes instead of {length}")
        rows = np.frombuffer(chunk, dtype=np.uint8).reshape(-1, length)
        # main_data_begin, the 9 bits behind the header, points back into the frames before
        good = (
            (rows[:, :4] == np.frombuffer(first, dtype=np.uint8)).all(axis=1)
            & (rows[:, 4] == 0)
            & (rows[:, 5] < 128)
        )
        if not good.all():
            raise ValueError(f"no frame of its own at byte {(count + int(good.argmin())) * length}")
        count += len(rows)
    return count


def missing_bytes(path: Path) -> int:
    """How much less there is of an MP3 file than its Xing or Info header promises; 0 if it has none or has all."""
    with path.open("rb") as file:
        start = 0
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            # ID3v2 sizes have 7 bits in each byte
            start = 10 + sum(
                (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
            )
        file.seek(start)
        first = file.read(2048)
        there = file.seek(0, 2) - start
    mark = max(first.find(b"Xing", 0, 64), first.find(b"Info", 0, 64))
    if first[:1] != b"\xff" or mark < 0:
        return 0
    flags = int.from_bytes(first[mark + 4 : mark + 8], "big")
    if not flags & _XING_HAS_BYTES:
        return 0
    at = mark + 8 + 4 * (flags & 1)
    return max(0, int.from_bytes(first[at : at + 4], "big") - there)
