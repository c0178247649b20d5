from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import flac_frames
from audio.flac_frames import coded, renumbered


def slow_crc(content: bytes, polynomial: int, bits: int) -> int:
    """Bit by bit, as RFC 9639, 9.1.8 and 9.3 describe it."""
    rest = 0
    for byte in content:
        rest ^= byte << bits - 8
        for _ in range(8):
            rest = (rest << 1 ^ (polynomial if rest >> bits - 1 else 0)) & (1 << bits) - 1
    return rest


def framed(number: int, sound: bytes) -> bytes:
    """A frame of 2,400 samples at 48 kHz, whose sound nobody looks at."""
    header = b"\xff\xf8\x7a\x08" + coded(number) + (2399).to_bytes(2, "big")
    frame = header + bytes((slow_crc(header, 0x07, 8),)) + sound
    return frame + slow_crc(frame, 0x8005, 16).to_bytes(2, "big")


@given(st.integers(0, 0x10FFFF).filter(lambda number: not 0xD800 <= number < 0xE000))
def test_numbers_are_coded_as_utf_8_would(number: int) -> None:
    assert coded(number) == chr(number).encode()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (0x1F_FFFF, "f7bfbfbf"),
        (0x20_0000, "f888808080"),
        (0x3FF_FFFF, "fbbfbfbfbf"),
        (0x7FFF_FFFF, "fdbfbfbfbfbf"),
    ],
)
def test_numbers_go_beyond_what_utf_8_has(number: int, code: str) -> None:
    assert coded(number).hex() == code


NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**31 - 1))


@given(NUMBERS, NUMBERS, st.binary(max_size=3000))
def test_a_frame_under_another_number_is_what_it_would_be_had_it_been_made_so(
    old: int, new: int, sound: bytes
) -> None:
    assert renumbered(framed(old, sound), new) == framed(new, sound)


@given(NUMBERS, NUMBERS)
def test_damage_stays_known(old: int, new: int) -> None:
    frame = bytearray(framed(old, bytes(100)))
    frame[50] ^= 1
    again = renumbered(bytes(frame), new)
    assert slow_crc(again, 0x8005, 16) != 0


def test_a_header_that_sound_imitates_is_not_taken_for_one() -> None:
    """All but the checksum; all but the number; all but the block's size."""
    real = framed(1, bytes(50))
    short = b"\xff\xf8\x7a\x08\x01" + (1199).to_bytes(2, "big")
    short += bytes((slow_crc(short, 0x07, 8),))
    imitated = real[:7] + bytes((real[7] ^ 1,)) + framed(2, b"")[:8] + short
    window = framed(0, imitated) + real
    found = flac_frames._find(window, 8, window[:3], coded(1) + (2399).to_bytes(2, "big"))
    assert found == len(framed(0, imitated))
    assert flac_frames._find(window[:-60], 8, window[:3], coded(1) + (2399).to_bytes(2, "big")) == -1
