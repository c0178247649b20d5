"""FLAC on the level of frames (RFC 9639, section 9): where they lie in a file, and frames under other numbers."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from typing import Final

from audio.errors import ArtefactBroken
from audio.profile import Encoding
from audio.whole import read_whole

STREAMINFO_BYTES: Final = 34
_BLOCK_HEADER_BYTES: Final = 4
_LAST_BLOCK: Final = 0x80
_VORBIS_COMMENT: Final = 4
# "fLaC", the header of STREAMINFO, which always comes first, and STREAMINFO
_HEAD_BYTES: Final = 4 + _BLOCK_HEADER_BYTES + STREAMINFO_BYTES
_SYNC: Final = b"\xff\xf8"
"""With the bit that says: blocks of one size, numbered by frames."""
_LONGEST_HEADER: Final = 16
_NUMBER_AT: Final = 4
_READ_BYTES: Final = 1 << 20
_BITS: Final = 16


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    """The remainders of all bytes, highest bit first."""
    made = []
    for byte in range(256):
        rest = byte << bits - 8
        for _ in range(8):
            rest = (rest << 1) ^ (polynomial if rest >> bits - 1 else 0)
            rest &= (1 << bits) - 1
        made.append(rest)
    return tuple(made)


_CRC_8: Final = _table(0x07, 8)
_POLYNOMIAL_16: Final = 0x8005
_CRC_16: Final = _table(_POLYNOMIAL_16, 16)


def _crc_8(content: bytes) -> int:
    rest = 0
    for byte in content:
        rest = _CRC_8[rest ^ byte]
    return rest


def _crc_16(content: bytes) -> int:
    rest = 0
    for byte in content:
        rest = (rest << 8 & 0xFFFF) ^ _CRC_16[rest >> 8 ^ byte]
    return rest


def _product(one: int, two: int) -> int:
    """Of two polynomials over GF(2), modulo that of the CRC-16."""
    product = 0
    for bit in range(15, -1, -1):
        product <<= 1
        if product >> 16:
            product ^= 0x1_0000 | _POLYNOMIAL_16
        if two >> bit & 1:
            product ^= one
    return product


def _powers() -> tuple[int, ...]:
    """What 1, 2, 4 ... bytes behind it multiply a remainder by: x to the power of 8, 16, 32 ..."""
    power, made = 0x100, []
    for _ in range(24):
        made.append(power)
        power = _product(power, power)
    return tuple(made)


_POWERS: Final = _powers()


def _behind(crc: int, count: int) -> int:
    """What a CRC-16 becomes when `count` bytes of zero follow: found in log(count) steps instead of one for each byte."""
    step = 0
    while count:
        if count & 1:
            crc = _product(crc, _POWERS[step])
        count >>= 1
        step += 1
    return crc


def coded(number: int) -> bytes:
    """A frame number of up to 31 bits as UTF-8 would write it (RFC 9639, 9.1.5)."""
    if number < 0x80:
        return bytes((number,))
    more = 1
    while number >= 1 << 5 * more + 6:
        more += 1
    marks = 0xFF00 >> more + 1 & 0xFF
    tail = [0x80 | number >> 6 * place & 0x3F for place in range(more - 1, -1, -1)]
    return bytes((marks | number >> 6 * more, *tail))


def _coded_bytes(lead: int) -> int:
    """How long a coded number is, by its first byte: as many as that has leading ones."""
    return 1 if lead < 0x80 else 8 - (lead ^ 0xFF).bit_length()


def _header_bytes(frame: bytes, at: int = 0) -> int:
    """How long the header at `at` is, its CRC-8 included, by what its first five bytes say."""
    size = {6: 1, 7: 2}.get(frame[at + 2] >> 4, 0)
    rate = {12: 1, 13: 2, 14: 2}.get(frame[at + 2] & 15, 0)
    return _NUMBER_AT + _coded_bytes(frame[at + _NUMBER_AT]) + size + rate + 1


def renumbered(frame: bytes, number: int) -> bytes:
    """The same frame under another number, both its checksums right again.

    A CRC is linear, so the new one differs from the old by that of the two headers' difference, moved in front of what
    stays: nothing is computed over the sound. A frame that was damaged stays known as damaged.
    """
    end = _header_bytes(frame)
    behind_number = _NUMBER_AT + _coded_bytes(frame[_NUMBER_AT])
    old, sound = frame[:end], frame[end:-2]
    new = old[:_NUMBER_AT] + coded(number) + old[behind_number:-1]
    new += bytes((_crc_8(new),))
    change = _behind(_crc_16(old) ^ _crc_16(new), len(sound))
    crc = int.from_bytes(frame[-2:], "big") ^ change
    return b"".join((new, sound, crc.to_bytes(2, "big")))


def streaminfo(encoding: Encoding) -> bytes:
    """STREAMINFO of an endless stream: sizes, length and MD5 sum are unknown, which is 0 (RFC 9639, 8.2)."""
    each = encoding.frame_samples or 0
    form = encoding.sample_rate << 44 | encoding.channels - 1 << 41 | _BITS - 1 << 36
    return each.to_bytes(2, "big") * 2 + bytes(6) + form.to_bytes(8, "big") + bytes(16)


def ogg_headers(encoding: Encoding) -> tuple[bytes, bytes]:
    """The first two packets of a stream in Ogg (RFC 9639, 10.1): STREAMINFO, and comments, of which there are none.

    What leaves carries no names.
    """
    mapping = b"\x7fFLAC" + bytes((1, 0)) + (1).to_bytes(2, "big")
    info = bytes((0,)) + STREAMINFO_BYTES.to_bytes(3, "big") + streaminfo(encoding)
    comments = bytes(8)
    return (
        mapping + b"fLaC" + info,
        bytes((_LAST_BLOCK | _VORBIS_COMMENT,)) + len(comments).to_bytes(3, "big") + comments,
    )


def starts(file: int, encoding: Encoding) -> array[int]:
    """Where each whole frame of a descriptor's file begins, and where the last one ends.

    FLAC does not say how long a frame is. But the header of the next one is known before it is seen: its number, the
    size of its block, its CRC-8, together 56 bits or more, which no sound imitates. Raises `ArtefactBroken` for a file that is not
    this encoding's blocks.
    """
    head = read_whole(file, 0, _HEAD_BYTES)
    info = head[8:]
    samples = int.from_bytes(info[13:18], "big") & (1 << 36) - 1
    # Blocks of one size, then rate, channels and bits, as we write them ourselves
    if head[:4] != b"fLaC" or info[:4] + (info[10:13] + bytes((info[13] & 0xF0,))) != _form(encoding):
        raise ArtefactBroken(
            f"It is not FLAC of {encoding.key} in blocks of {encoding.frame_samples} samples."
        )
    each = encoding.frame_samples or 1
    whole = samples // each
    shortest, longest = (int.from_bytes(info[at : at + 3], "big") for at in (4, 7))
    found = array("Q")
    for offset in _headers(file, whole, -(-samples // each), shortest, longest):
        found.append(offset)
    found.append(os.fstat(file).st_size)
    # Nothing but its checksum says where the last frame ends
    if whole == 0 or _crc_16(read_whole(file, found[-2], found[-1])) != 0:
        raise ArtefactBroken("Its last frame is cut short, or something else comes after it.")
    return found[: whole + 1]


def _form(encoding: Encoding) -> bytes:
    ours = streaminfo(encoding)
    return ours[:4] + ours[10:14]


def _headers(file: int, whole: int, count: int, shortest: int, longest: int) -> Iterator[int]:
    """Where frames 0 to `count` begin, of which `whole` have a block of full size.

    None of them has fewer or more bytes than STREAMINFO says.
    """
    offset = _first_frame(file)
    window, base = b"", 0
    lead, tail = _SYNC, b""
    for number in range(count):
        if number == whole:
            # The last block is shorter, and its header says so
            lead, tail = _SYNC, b""
        if offset + longest + _LONGEST_HEADER > base + len(window):
            window, base = os.pread(file, _READ_BYTES + longest, offset), offset
        at = _find(window, offset - base + (shortest if number else 0), lead, coded(number) + tail)
        if at < 0:
            raise ArtefactBroken(f"Its frame {number} is not there.")
        if number == 0:
            # Size and rate, before and behind the number, are the same in all whole blocks
            lead = window[at : at + 3]
            tail = window[at + _NUMBER_AT + 1 : at + _header_bytes(window, at) - 1]
        offset = base + at
        yield offset


def _find(window: bytes, at: int, lead: bytes, number_and_tail: bytes) -> int:
    """Where in `window`, from `at` on, a header stands that begins so and has that behind its fourth byte; -1 if none does."""
    while (at := window.find(lead, at)) >= 0:
        if window.startswith(number_and_tail, at + _NUMBER_AT):
            header = window[at : at + _header_bytes(window, at)]
            if _crc_8(header) == 0:
                break
        at += 1
    return at


def _first_frame(file: int) -> int:
    """Where the sound begins, behind all blocks of metadata."""
    offset, kind = 4, 0
    while not kind & _LAST_BLOCK:
        header = read_whole(file, offset, offset + _BLOCK_HEADER_BYTES)
        kind = header[0]
        offset += _BLOCK_HEADER_BYTES + int.from_bytes(header[1:], "big")
    return offset
