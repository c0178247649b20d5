from __future__ import annotations

from io import BytesIO

import pytest

from audio.mp3 import missing_bytes, parse, walk
from tests.audio_files import AudioFiles


@pytest.mark.parametrize(
    ("header", "length", "rate", "kbps"),
    [
        ("fffb9400", 384, 48_000, 128),
        ("fffb9000", 417, 44_100, 128),
        ("fffb9200", 418, 44_100, 128),
        ("fffbe400", 960, 48_000, 320),
        ("fffa5800", 288, 32_000, 64),
        ("fffd8400", 384, 48_000, 128),
        ("fffdc200", 836, 44_100, 256),
    ],
)
def test_a_header_gives_the_length_of_its_frame(header: str, length: int, rate: int, kbps: int) -> None:
    frame = parse(bytes.fromhex(header))
    assert (frame.length, frame.sample_rate, frame.bitrate_kbps, frame.samples) == (length, rate, kbps, 1152)
    assert frame.layer == (2 if header.startswith("fffd") else 3)


@pytest.mark.parametrize(
    "header", ["00000000", "fff39400", "ffff9400", "fffb0400", "fffbf400", "fffb9c00", "fffb"]
)
def test_what_is_no_frame_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="byte 0"):
        parse(bytes.fromhex(header))


def test_a_walk_ends_exactly_or_says_where_it_broke() -> None:
    frame = bytes.fromhex("fffb9400") + bytes(380)
    assert [each.offset for each in walk(BytesIO(frame * 3))] == [0, 384, 768]
    with pytest.raises(ValueError, match="byte 768 is cut short"):
        list(walk(BytesIO((frame * 3)[:-1])))
    with pytest.raises(ValueError, match="frame at byte 384"):
        list(walk(BytesIO(frame + b"TAG" + bytes(125))))


def test_a_xing_header_tells_how_much_is_missing(files: AudioFiles) -> None:
    whole = files.path("mp3_vbr")
    cut = files.path("mp3_cut")
    assert missing_bytes(whole) == 0
    assert missing_bytes(cut) == whole.stat().st_size - cut.stat().st_size
    assert missing_bytes(files.path("mp3_no_header")) == 0
    assert missing_bytes(files.path("mp3_big_cover")) == 0
