from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.ogg import OggStream, crc, parse_page, pieces


def slow_crc(page: bytes) -> int:
    """Bit by bit, as RFC 3533, 6 describes it: polynomial 0x04c11db7, from 0, nothing inverted."""
    rest = 0
    for byte in page:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C1_1DB7 if rest >> 31 else 0)) & 0xFFFF_FFFF
    return rest


@given(st.binary(max_size=500))
def test_the_checksum_is_oggs(page: bytes) -> None:
    assert int.from_bytes(crc(page), "little") == slow_crc(page)


LENGTHS = st.one_of(st.sampled_from([0, 254, 255, 256, 509, 510, 511, 64_769, 65_024]), st.integers(0, 3000))


@given(st.lists(LENGTHS, max_size=12))
def test_packets_come_off_the_pages_as_they_went_on(lengths: list[int]) -> None:
    packets = [bytes((number,)) * length for number, length in enumerate(lengths)]
    stream, got, ends = OggStream(1).pages(packets, 1000, 10), list[bytes](), list[int]()
    while stream:
        page = parse_page(stream)
        assert not page.continues
        found = pieces(page, stream[: page.length])
        assert page.begun == len(found)
        assert all(ended for _, ended in found)
        got += [packet for packet, _ in found]
        ends.append(page.granule)
        assert page.granule == 1000 + 10 * len(got)
        stream = stream[page.length :]
    assert got == packets


def test_a_packet_that_no_page_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="65025 bytes"):
        OggStream(1).pages([bytes(65_025)], 0, 1)


@pytest.mark.parametrize("content", [b"", b"OggS", b"OggT" + bytes(40), b"OggS\1" + bytes(40)])
def test_what_is_no_page_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="page"):
        parse_page(content)
