"""Ogg Opus (RFC 7845): where the packets of an artefact lie, and what a stream of them begins with."""

from __future__ import annotations

import os
import struct
from array import array
from bisect import bisect_right
from typing import Final

from audio.errors import ArtefactBroken
from audio.ogg import NO_PACKET_ENDS, parse_page, pieces, read_page
from audio.pcm import RATE
from audio.profile import OPUS_FRAME_SAMPLES, Encoding
from audio.whole import read_whole

# Magic, version, channels, pre-skip, input sample rate, output gain, mapping family (RFC 7845, 5.1)
_HEAD: Final = struct.Struct("<8sBBHIhB")
_MAGIC: Final = b"OpusHead"
# Configurations of 20 ms are those of SILK and hybrid whose two low bits say so, and every fourth of CELT (RFC 6716, 3.1)
_OF_20_MS: Final = frozenset({1, 5, 9, 13, 15, 19, 23, 27, 31})


def head(encoding: Encoding, pre_skip: int) -> bytes:
    """The first packet of a stream."""
    return _HEAD.pack(_MAGIC, 1, encoding.channels, pre_skip, RATE, 0, 0)


def tags() -> bytes:
    """The second packet: what leaves carries no names."""
    return b"OpusTags" + bytes(8)


class OpusPackets:
    """The packets of an artefact's sound, found by its pages: an hour has 3,600 of them, of 50 packets each.

    `count` leaves out the last packet where it is not heard whole. The file's own pre-skip says only how long it is: live,
    the wire's holds, and an artefact with another one sounds by the difference away from its place. Raises `ArtefactBroken` for another file.
    """

    def __init__(self, file: int, encoding: Encoding) -> None:
        # Where each page lies, and how many packets begin before it
        self._offsets = array("Q")
        self._begun = array("Q")
        try:
            samples = self._scan(file, encoding)
        except ValueError as error:
            raise ArtefactBroken(f"Its pages are broken: {error}.") from error
        self.count = samples // OPUS_FRAME_SAMPLES
        if not 0 < self.count <= self._begun[-1]:
            raise ArtefactBroken(f"It has {self._begun[-1]} packets for {samples} samples.")
        first = self.read(file, 0, 1)[0]
        # The two low bits count the frames in the packet: 0 is one
        if first[0] >> 3 not in _OF_20_MS or first[0] & 3:
            raise ArtefactBroken("Its packets are not of 20 ms.")

    def _scan(self, file: int, encoding: Encoding) -> int:
        """Fill the index, and give how many samples the file decodes to."""
        pre_skip, offset = _after_headers(file, encoding)
        size, begun, granule, serial = os.fstat(file).st_size, 0, 0, read_page(file, 0).serial
        while offset < size:
            page = read_page(file, offset)
            if page.serial != serial:
                raise ValueError(f"another stream at byte {offset}")
            self._offsets.append(offset)
            self._begun.append(begun)
            begun += page.begun
            offset += page.length
            granule = granule if page.granule == NO_PACKET_ENDS else page.granule
        if offset != size:
            raise ValueError("the last page is cut short")
        self._offsets.append(size)
        self._begun.append(begun)
        return granule - pre_skip

    def read(self, file: int, first: int, end: int) -> list[bytes]:
        """Packets [first, end)."""
        at = bisect_right(self._begun, first) - 1
        number, packets, held = self._begun[at], list[bytes](), b""
        while len(packets) < end - first:
            content = read_whole(file, self._offsets[at], self._offsets[at + 1])
            try:
                page = parse_page(content)
            except ValueError as error:
                raise ArtefactBroken(f"It is no longer what it was: {error}.") from error
            found = pieces(page, content)
            if page.continues and not held:
                # The end of a packet before the first
                del found[0]
            for piece, ends in found:
                held += piece
                if ends:
                    if first <= number < end:
                        packets.append(held)
                    number, held = number + 1, b""
            at += 1
        return packets


def _after_headers(file: int, encoding: Encoding) -> tuple[int, int]:
    """The pre-skip, in samples, and where the first page of sound lies: both headers end with their page (RFC 7845, 3)."""
    page = read_page(file, 0)
    packet = os.pread(file, _HEAD.size, page.header_bytes)
    if len(packet) < _HEAD.size:
        raise ValueError("no OpusHead")
    magic, _version, channels, pre_skip, _rate, gain, family = _HEAD.unpack(packet)
    if (magic, channels, gain, family) != (_MAGIC, encoding.channels, 0, 0):
        raise ValueError(f"its OpusHead is not of {encoding.key}")
    offset = page.length
    while True:
        page = read_page(file, offset)
        offset += page.length
        if not page.lacing.endswith(b"\xff"):
            return pre_skip, offset
