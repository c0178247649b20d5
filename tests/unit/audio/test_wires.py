"""What a listener hears of a stream whose frames come from here and there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from audio.encode import OPUS_LATE_SAMPLES
from audio.frames import Frames
from audio.ogg import Page, crc, parse_page, pieces
from audio.profile import Codec, Encoding
from audio.wires import wire_for
from tests.unit.audio.live import ENCODINGS, Artefacts, Sound, heard

# After how many samples behind a switch the rest of the sound before is no more than such a part of the peak. One frame of
# its decoder's memory; Opus predicts each packet from those before.
SETTLED: Final[dict[Codec, tuple[tuple[int, float], ...]]] = {
    "mp3": ((1152, 1e-5),),
    # ffmpeg decodes it to 16 bits, and what it rounds off goes on into the next sample
    "mp2": ((481, 2e-4),),
    "adts": ((1024, 1e-5),),
    "opus": ((2400, 0.1), (12_000, 1e-3)),
    "flac": ((0, 0.0),),
}


@pytest.fixture(scope="module")
def artefacts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    return Artefacts(tmp_path_factory.mktemp("artefacts"), wheel)


def in_turns(frames: Frames, first: int, end: int, each: int) -> Iterator[list[bytes]]:
    """As the air sends them: a few at each turn."""
    for at in range(first, end, each):
        yield frames.read(at, min(at + each, end))


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.key)
def test_a_stream_goes_on_to_the_sample_whatever_is_switched_to(
    encoding: Encoding, artefacts: Artefacts, ffmpeg: Path, tmp_path: Path
) -> None:
    """It begins within one artefact, switches to the middle of another one and back to a later place: no gap, no complaint."""
    paths = [artefacts.path(encoding, seed) for seed in (1, 2)]
    one, two = (Frames.open(path, encoding) for path in paths)
    second = encoding.sample_rate / one.frame_samples
    turns = [
        (0, int(0.7 * second), int(2.3 * second)),
        (1, int(2.9 * second), int(4.4 * second)),
        (0, int(4.1 * second), one.count),
    ]
    wire = wire_for(encoding)
    sent = [wire.opening()]
    for which, first, end in turns:
        sent += [wire.wrap(frames) for frames in in_turns((one, two)[which], first, end, each=5)]
    stream = tmp_path / "stream"
    stream.write_bytes(b"".join(sent))
    one.close()
    two.close()

    got = heard(ffmpeg, stream, encoding)
    alone = [heard(ffmpeg, path, encoding) for path in paths]
    late = OPUS_LATE_SAMPLES if encoding.codec == "opus" else 0
    expected = []
    for number, (which, first, end) in enumerate(turns):
        # A decoder skips what comes before the first frame's own samples
        start = first * one.frame_samples - (late if number else 0)
        expected.append(alone[which][start : end * one.frame_samples - late])
    assert len(got) == sum(len(each) for each in expected)
    _require_settled(encoding, got, expected)


def _require_settled(encoding: Encoding, got: Sound, expected: list[Sound]) -> None:
    at = 0
    for each in expected:
        away = np.abs(got[at : at + len(each)] - each)
        for samples, share in SETTLED[encoding.codec]:
            assert away[samples:].max() <= share * np.abs(each).max()
        at += len(each)


def pages_of(stream: bytes) -> list[tuple[Page, bytes]]:
    found = []
    while stream:
        page = parse_page(stream)
        found.append((page, stream[: page.length]))
        stream = stream[page.length :]
    return found


@pytest.mark.parametrize("codec", ["opus", "flac"])
def test_pages_count_up_and_their_positions_never_jump(codec: Codec, artefacts: Artefacts) -> None:
    encoding = Encoding(codec)
    wire = wire_for(encoding, serial=0xFEDC_BA98)
    with Frames.open(artefacts.path(encoding), encoding) as frames:
        each = frames.frame_samples
        assert wire.wrap([]) == b""
        stream = wire.opening() + wire.wrap(frames.read(50, 60)) + wire.wrap(frames.read(3, 4))
        # More than a page can hold
        stream += wire.wrap(frames.read(0, 100) * 4)
    pages = pages_of(stream)
    assert [page.sequence for page, _ in pages] == list(range(len(pages)))
    assert {page.serial for page, _ in pages} == {0xFEDC_BA98}
    assert [content[5] for _, content in pages] == [2] + [0] * (len(pages) - 1)
    assert all(crc(content[:22] + bytes(4) + content[26:]) == content[22:26] for _, content in pages)
    frames_on = [len(pieces(page, content)) for page, content in pages[2:]]
    assert frames_on[:2] == [10, 1]
    assert sum(frames_on) == 411
    assert [page.granule for page, _ in pages] == [0, 0, *(each * np.cumsum(frames_on))]


def test_what_is_given_in_one_call_can_be_heard_without_the_next(artefacts: Artefacts) -> None:
    for encoding in (Encoding("opus"), Encoding("flac")):
        wire = wire_for(encoding)
        wire.opening()
        with Frames.open(artefacts.path(encoding), encoding) as frames:
            for page, content in pages_of(b"".join(wire.wrap(frames.read(n, n + 1)) for n in range(5))):
                assert [ends for _, ends in pieces(page, content)] == [True]


def test_a_connection_has_a_serial_number_of_its_own() -> None:
    encoding = Encoding("opus")
    assert len({parse_page(wire_for(encoding).opening()).serial for _ in range(20)}) > 15


@pytest.mark.parametrize(
    ("codec", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("mp2", "audio/mpeg"),
        ("adts", "audio/aac"),
        ("opus", "application/ogg"),
        ("flac", "application/ogg"),
    ],
)
def test_only_ogg_has_an_opening_and_it_names_nobody(codec: Codec, media_type: str) -> None:
    encoding = Encoding(codec)
    assert (encoding.can_be_live, encoding.live_media_type) == (True, media_type)
    opening = wire_for(encoding).opening()
    assert bool(opening) == (media_type == "application/ogg")
    assert b"ffmpeg" not in opening
    assert b"Lavc" not in opening
