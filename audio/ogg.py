"""Ogg (RFC 3533): the pages of one logical stream, written for a connection and read from an artefact."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_CAPTURE: Final = b"OggS"
# Capture pattern, version, flags, granule position, serial number, page sequence, CRC, number of segments
_HEADER: Final = struct.Struct("<4sBBQIIIB")
_CRC_AT: Final = 22
_CONTINUED: Final = 1
_FIRST_PAGE: Final = 2
_MOST_SEGMENTS: Final = 255
_FULL_SEGMENT: Final = 255
NO_PACKET_ENDS: Final = 2**64 - 1
"""The granule position of a page on which no packet ends."""

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc(page: bytes) -> bytes:
    """The four bytes of a page's checksum, made with those four at zero.

    Ogg's CRC-32 has zlib's polynomial but takes the bits of each byte from the other end, begins with zero and inverts
    nothing; so zlib, which is a hundred times faster than a loop here, gets the bytes mirrored, and its result is too.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return mirrored.to_bytes(4, "little").translate(_MIRRORED)[::-1]


class OggStream:
    """Writes one logical stream: pages count up from 0 under one serial number."""

    def __init__(self, serial: int) -> None:
        self._serial = serial
        self._sequence = 0

    def header(self, packet: bytes, *, begins: bool = False) -> bytes:
        """A page with one of the packets that come before the sound, the first of which `begins` the stream."""
        return self._page([packet], 0, _FIRST_PAGE if begins else 0)

    def pages(self, packets: Sequence[bytes], granule: int, each: int) -> bytes:
        """Pages with these whole packets, of `each` samples, of which the first begins at the granule position `granule`.

        Raises `ValueError` for a packet of 65,025 bytes or more, which would not fit on one page.
        """
        made, held, segments = [], list[bytes](), 0
        for packet in packets:
            needed = len(packet) // _FULL_SEGMENT + 1
            if needed > _MOST_SEGMENTS:
                raise ValueError(f"a packet of {len(packet)} bytes does not fit on a page")
            if segments + needed > _MOST_SEGMENTS:
                granule += each * len(held)
                made.append(self._page(held, granule, 0))
                held, segments = [], 0
            held.append(packet)
            segments += needed
        if held:
            made.append(self._page(held, granule + each * len(held), 0))
        return b"".join(made)

    def _page(self, packets: Sequence[bytes], granule: int, flags: int) -> bytes:
        lacing = b"".join(
            b"\xff" * (len(packet) // _FULL_SEGMENT) + bytes((len(packet) % _FULL_SEGMENT,))
            for packet in packets
        )
        # The sequence number has 32 bits and may go round
        sequence = self._sequence & 0xFFFF_FFFF
        header = _HEADER.pack(_CAPTURE, 0, flags, granule, self._serial, sequence, 0, len(lacing))
        self._sequence += 1
        page = b"".join((header, lacing, *packets))
        return b"".join((page[:_CRC_AT], crc(page), page[_CRC_AT + 4 :]))


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's header says. `lacing` are the lengths of its segments: one under 255 ends a packet."""

    continues: bool
    granule: int
    serial: int
    sequence: int
    lacing: bytes

    @property
    def header_bytes(self) -> int:
        return _HEADER.size + len(self.lacing)

    @property
    def length(self) -> int:
        """Of the page, in bytes."""
        return self.header_bytes + sum(self.lacing)

    @property
    def begun(self) -> int:
        """How many packets begin on it."""
        ended = len(self.lacing) - self.lacing.count(_FULL_SEGMENT)
        return ended + self.lacing.endswith(b"\xff") - self.continues


def read_page(file: int, offset: int) -> Page:
    """The header of the page at `offset` of a descriptor's file. Raises `ValueError` if none stands there."""
    return parse_page(os.pread(file, _HEADER.size + _MOST_SEGMENTS, offset))


def parse_page(content: bytes) -> Page:
    """The header of the page that `content` begins with. Raises `ValueError` if there is none."""
    if len(content) < _HEADER.size:
        raise ValueError("a page that is cut short")
    capture, version, flags, granule, serial, sequence, _crc, segments = _HEADER.unpack_from(content)
    lacing = content[_HEADER.size : _HEADER.size + segments]
    if capture != _CAPTURE or version != 0 or len(lacing) < segments:
        raise ValueError("something else than a page")
    return Page(bool(flags & _CONTINUED), granule, serial, sequence, lacing)


def pieces(page: Page, content: bytes) -> list[tuple[bytes, bool]]:
    """What lies on a page, in order: a packet or the part of one, and whether the packet ends with it."""
    found, at, length = [], page.header_bytes, 0
    for segment in page.lacing:
        length += segment
        if segment < _FULL_SEGMENT:
            found.append((content[at : at + length], True))
            at, length = at + length, 0
    if length:
        found.append((content[at : at + length], False))
    return found
