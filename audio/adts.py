"""AAC in ADTS (ISO/IEC 13818-7, 6.2): every frame has a header of its own, and a stream is frames and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from audio.profile import Encoding

HEADER_BYTES: Final = 7
_RATES: Final = {48_000: 3, 44_100: 4}
# Sync, ID, layer, protection_absent, profile, sampling_frequency_index, channel_configuration: the first 26 bits without
# the private one
_FIXED: Final = 0xFFFF_FDC0
_SYNC_WITHOUT_CRC: Final = 0xFFF1
_LOW_COMPLEXITY: Final = 1


class Headers:
    """What every frame's header of one encoding begins with: MPEG-4 AAC LC without CRC, one block to a frame."""

    def __init__(self, encoding: Encoding) -> None:
        profile_and_rate = _LOW_COMPLEXITY << 14 | _RATES[encoding.sample_rate] << 10
        self._fixed = _SYNC_WITHOUT_CRC << 16 | profile_and_rate | encoding.channels << 6
        self._name = encoding.key

    def length(self, content: bytes, at: int = 0) -> int:
        """How many bytes the frame at index `at` has, its header included. Raises `ValueError` if none of these stands there."""
        header = content[at : at + HEADER_BYTES]
        if len(header) < HEADER_BYTES or int.from_bytes(header[:4], "big") & _FIXED != self._fixed:
            raise ValueError(f"something else than a frame of {self._name}")
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        if length < HEADER_BYTES or header[6] & 3:
            raise ValueError(
                f"a frame of {self._name} that has {length} bytes and {(header[6] & 3) + 1} blocks"
            )
        return length


def walk(stream: BinaryIO, encoding: Encoding) -> Iterator[int]:
    """The length in bytes of every frame of a stream, to its end. Raises `ValueError` where anything else stands."""
    headers, offset = Headers(encoding), 0
    while header := stream.read(HEADER_BYTES):
        length = headers.length(header)
        if len(stream.read(length - HEADER_BYTES)) < length - HEADER_BYTES:
            raise ValueError(f"the frame at byte {offset} is cut short")
        yield length
        offset += length
