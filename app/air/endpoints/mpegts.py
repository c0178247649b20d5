"""An MPEG transport stream (ISO/IEC 13818-1) with one programme of one sound and nothing else, made from whole frames.

The child that speaks SRT uses it, so it is small on purpose: no numpy, no database, nothing of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PACKET_BYTES: Final = 188
PAYLOAD_BYTES: Final = 7 * PACKET_BYTES
"""What one SRT packet carries of a transport stream: seven packets are the most that fit in an Ethernet frame."""
CLOCK_HZ: Final = 90_000
"""Time stamps (PTS) and the base of the clock reference (PCR) count at this rate, modulo 2 to the 33rd."""

_WRAP: Final = 1 << 33
_PER_BASE: Final = 300  # a PCR is in 27 MHz: its base in 90 kHz, and an extension of 0 to 299
_PAT_PID, _PMT_PID, _SOUND_PID, _NULL_PID = 0x0000, 0x1000, 0x0100, 0x1FFF
_PROGRAMME: Final = 1
_STREAM_ID: Final = 0xC0  # the first sound of a programme
# The standard wants a PCR every 100 ms. Each PES packet carries one, so none is longer than the air's chunks.
_LONGEST_PES_S: Final = 0.0961
# Between one set of tables and the next; TR 101 290 calls half a second an error, and a PES packet may lie between.
_TABLES_EVERY_S: Final = 0.4
# A frame is decoded this long after its first byte came. A decoder's buffer holds 3,584 bytes (13818-1, 2.4.2.3): this and
# one chunk of 128 kbit/s fill it by 3,136.
_DECODE_AFTER: Final = CLOCK_HZ // 10
NULL_PACKET: Final = (
    bytes((0x47, _NULL_PID >> 8, _NULL_PID & 0xFF, 0x10)).ljust(PACKET_BYTES, b"\xff")
)  # fmt: skip


class NotFrames(ValueError):
    """What came is not whole frames of the media type. The text names the byte."""


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """One frame of encoded sound: `length` in bytes, `samples` of each channel at `sample_rate` hertz."""

    offset: int
    length: int
    samples: int
    sample_rate: int


# ---------------------------------------------------------------- frames

# kbit/s by (MPEG-1?, layer), of ISO/IEC 11172-3 and 13818-3
_BIT_RATES: Final = {
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000)}
_ADTS_RATES: Final = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
)  # fmt: skip


def _mpeg_frame(data: bytes, offset: int) -> SoundFrame:
    bits = int.from_bytes(data[offset : offset + 4], "big")
    version, layer = bits >> 19 & 3, 4 - (bits >> 17 & 3)
    bit_rate, rate = bits >> 12 & 15, bits >> 10 & 3
    if (
        bits >> 21 != 0x7FF
        or version not in _MPEG_RATES
        or layer not in {2, 3}
        or bit_rate in {0, 15}
        or rate == 3
    ):
        raise NotFrames(f"no MPEG layer II or III frame with a bit rate at byte {offset}")
    is_first = version == 3
    hertz = _MPEG_RATES[version][rate]
    samples = 1152 if is_first or layer == 2 else 576
    length = samples * 125 * _BIT_RATES[is_first, layer][bit_rate] // hertz + (bits >> 9 & 1)
    return SoundFrame(offset, length, samples, hertz)


def _adts_frame(data: bytes, offset: int) -> SoundFrame:
    bits = int.from_bytes(data[offset : offset + 7], "big")
    rate = bits >> 34 & 15
    length = bits >> 13 & 0x1FFF
    # 12 bits of sync, one of the version, two of the layer (always 0)
    if bits >> 44 != 0xFFF or bits >> 41 & 3 or rate >= len(_ADTS_RATES) or length < 7:
        raise NotFrames(f"no ADTS frame at byte {offset}")
    return SoundFrame(offset, length, 1024 * ((bits & 3) + 1), _ADTS_RATES[rate])


_KINDS: Final = {"audio/mpeg": (0x03, _mpeg_frame), "audio/aac": (0x0F, _adts_frame)}
MEDIA_TYPES: Final = tuple(_KINDS)
"""What can be carried: MPEG sound (layers II and III), and AAC in ADTS frames."""


def frames(media_type: str, data: bytes) -> Iterator[SoundFrame]:
    """Every frame of `data`, which holds whole frames and nothing else.

    Raises:
        NotFrames: anything else stands there, or the last frame is cut short.
    """
    parse = _KINDS[media_type][1]
    offset = 0
    while offset < len(data):
        frame = parse(data, offset)
        if offset + frame.length > len(data):
            raise NotFrames(f"the frame at byte {offset} is cut short")
        yield frame
        offset += frame.length


# ---------------------------------------------------------------- packets


class Muxer:
    """Whole frames in, whole transport packets out. Time is what has been put in, counted in samples: it never drifts.

    `first_pts` is the time stamp of the first frame, in 1/90,000 s.
    """

    def __init__(self, media_type: str, *, first_pts: int = _DECODE_AFTER) -> None:
        if media_type not in _KINDS:
            raise NotFrames(f"a transport stream here carries {' or '.join(MEDIA_TYPES)}, not {media_type}")
        self._media_type = media_type
        self._tables = _tables(_KINDS[media_type][0])
        self._first_pts = first_pts
        self._clock = _SampleClock()
        self._next_tables_s = 0.0
        self._continuity = dict.fromkeys((_PAT_PID, _PMT_PID, _SOUND_PID), 0)

    def mux(self, data: bytes) -> bytes:
        """The packets of whole frames; all of their bytes are in what is returned.

        Raises:
            NotFrames: `data` is not whole frames; nothing has been taken of it.
        """
        out = bytearray()
        for first, last in _groups(list(frames(self._media_type, data))):
            if self._clock.seconds() >= self._next_tables_s:
                self._next_tables_s = self._clock.seconds() + _TABLES_EVERY_S
                for pid, section in self._tables:
                    out += self._packet(pid, b"\0" + section, starts=True, fill=True)
            elementary = data[first[0].offset : last.offset + last.length]
            self._write_pes(out, elementary)
            for frame in first:
                self._clock.add(frame.samples, frame.sample_rate)
        return bytes(out)

    def _write_pes(self, out: bytearray, elementary: bytes) -> None:
        ticks = self._clock.ticks(CLOCK_HZ) + self._first_pts
        reference = self._clock.ticks(CLOCK_HZ * _PER_BASE) + (self._first_pts - _DECODE_AFTER) * _PER_BASE
        unsent = memoryview(_pes_header(ticks, len(elementary)) + elementary)
        adaptation = _clock_reference(reference)
        starts = True
        while unsent:
            room = PACKET_BYTES - 4 - len(adaptation)
            out += self._packet(_SOUND_PID, unsent[:room], adaptation, starts=starts)
            unsent, adaptation, starts = unsent[room:], b"", False

    def _packet(
        self,
        pid: int,
        payload: bytes | memoryview,
        adaptation: bytes = b"",
        *,
        starts: bool = False,
        fill: bool = False,
    ) -> bytes:
        """One packet; what it lacks stands behind a table as 0xFF, and before sound as stuffing in the adaptation field."""
        counter = self._continuity[pid]
        self._continuity[pid] = counter + 1 & 15
        if fill:
            payload = bytes(payload).ljust(PACKET_BYTES - 4, b"\xff")
        adaptation = _stuffed(adaptation, PACKET_BYTES - 4 - len(payload) - len(adaptation))
        flags = 0x30 if adaptation else 0x10
        header = bytes((0x47, (0x40 if starts else 0) | pid >> 8, pid & 0xFF, flags | counter))
        return header + adaptation + payload


class Payloads:
    """Cuts packets into payloads of `PAYLOAD_BYTES` each: some receivers take no other size."""

    def __init__(self) -> None:
        self._kept = b""

    def add(self, packets: bytes) -> list[bytes]:
        """The payloads that are full now; the rest is kept for the next call."""
        packets = self._kept + packets
        whole = len(packets) - len(packets) % PAYLOAD_BYTES
        self._kept = packets[whole:]
        return [packets[at : at + PAYLOAD_BYTES] for at in range(0, whole, PAYLOAD_BYTES)]

    def rest(self) -> list[bytes]:
        """What is kept, made full with null packets; nothing if nothing is kept."""
        missing = -len(self._kept) % PAYLOAD_BYTES
        return self.add(NULL_PACKET * (missing // PACKET_BYTES))


class _SampleClock:
    """Time as a count of samples. A change of the sample rate begins a new count on top of the old ones."""

    def __init__(self) -> None:
        self._rate = 1
        self._samples = 0
        self._before: list[tuple[int, int]] = []

    def add(self, samples: int, rate: int) -> None:
        if rate != self._rate:
            if self._samples:
                self._before.append((self._samples, self._rate))
            self._rate, self._samples = rate, 0
        self._samples += samples

    def ticks(self, hertz: int) -> int:
        return sum(samples * hertz // rate for samples, rate in [*self._before, (self._samples, self._rate)])

    def seconds(self) -> float:
        return self.ticks(1_000_000) / 1_000_000


def _groups(whole: list[SoundFrame]) -> Iterator[tuple[list[SoundFrame], SoundFrame]]:
    """As many frames as a PES packet may hold, and the last of them."""
    group: list[SoundFrame] = []
    seconds = 0.0
    for frame in whole:
        length_s = frame.samples / frame.sample_rate
        if group and seconds + length_s > _LONGEST_PES_S:
            yield group, group[-1]
            group, seconds = [], 0.0
        group.append(frame)
        seconds += length_s
    if group:
        yield group, group[-1]


def _pes_header(pts: int, length: int) -> bytes:
    pts %= _WRAP
    stamp = bytes(
        (
            0x21 | pts >> 29 & 0x0E,
            pts >> 22 & 0xFF,
            pts >> 14 & 0xFE | 1,
            pts >> 7 & 0xFF,
            pts << 1 & 0xFE | 1,
        )
    )
    # 0x84: the first byte behind the header begins a frame; 0x80: a PTS follows, of 5 bytes
    return b"\0\0\1" + bytes((_STREAM_ID,)) + (length + 8).to_bytes(2, "big") + b"\x84\x80\x05" + stamp


def _clock_reference(ticks: int) -> bytes:
    base, extension = divmod(ticks, _PER_BASE)
    # 0x50: a decoder can begin here, and a PCR follows; six bits between base and extension are 1
    return b"\x07\x50" + ((base % _WRAP) << 15 | 0x3F << 9 | extension).to_bytes(6, "big")


def _stuffed(adaptation: bytes, missing: int) -> bytes:
    if missing == 0:
        return adaptation
    if not adaptation:  # a field of one byte is its length alone, a longer one begins with its (empty) flags
        return b"\0" if missing == 1 else bytes((missing - 1, 0)) + b"\xff" * (missing - 2)
    return bytes((adaptation[0] + missing,)) + adaptation[1:] + b"\xff" * missing


# ---------------------------------------------------------------- tables


def _tables(stream_type: int) -> tuple[tuple[int, bytes], ...]:
    programmes = _PROGRAMME.to_bytes(2, "big") + (0xE000 | _PMT_PID).to_bytes(2, "big")
    sounds = (
        (0xE000 | _SOUND_PID).to_bytes(2, "big")  # where the PCR is
        + b"\xf0\x00"  # no descriptors of the programme
        + bytes((stream_type,))
        + (0xE000 | _SOUND_PID).to_bytes(2, "big")
        + b"\xf0\x00"  # none of the sound
    )
    return (_PAT_PID, _section(0x00, programmes)), (_PMT_PID, _section(0x02, sounds))


def _section(table: int, body: bytes) -> bytes:
    """A table of one section, version 0, that is in force; both kinds here carry the number 1."""
    length = 5 + len(body) + 4
    head = bytes((table,)) + (0xB000 | length).to_bytes(2, "big") + b"\x00\x01\xc1\x00\x00"
    return head + body + _crc(head + body).to_bytes(4, "big")


def _crc(data: bytes) -> int:
    """CRC-32/MPEG-2: not reflected, nothing inverted at the end (13818-1, annex A)."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C1_1DB7 if crc & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return crc
