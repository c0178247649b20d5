from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from audio.encode import ADTS_EARLY_SAMPLES, EARLY_SAMPLES, encode
from audio.errors import ArtefactBroken
from audio.frames import Frames
from audio.ogg import crc
from audio.profile import Encoding
from audio.wires import wire_for
from tests.audio_files import RATE
from tests.unit.audio.live import ENCODINGS, SECONDS, Artefacts, heard, lateness, programme

MP3, OPUS, FLAC, ADTS = (Encoding(codec) for codec in ("mp3", "opus", "flac", "adts"))


@pytest.fixture(scope="module")
def artefacts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    return Artefacts(tmp_path_factory.mktemp("artefacts"), wheel)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.key)
def test_an_artefact_is_so_many_frames_of_any_of_which_it_gives_the_same_bytes(
    encoding: Encoding, artefacts: Artefacts
) -> None:
    with Frames.open(artefacts.path(encoding), encoding) as frames:
        assert frames.sample_rate == encoding.sample_rate
        assert frames.frame_samples == encoding.frame_samples
        assert frames.count == SECONDS * encoding.sample_rate // frames.frame_samples
        every = frames.read(0, frames.count)
        assert len(every) == frames.count
        assert all(frames.read(n, n + 1) == [every[n]] for n in range(frames.count))
        assert frames.read(3, frames.count - 2) == every[3:-2]


@pytest.mark.parametrize(
    "encoding",
    [encoding for encoding in ENCODINGS if encoding.sample_rate == RATE],
    ids=lambda encoding: encoding.key,
)
def test_frame_n_sounds_when_it_should(
    encoding: Encoding, artefacts: Artefacts, ffmpeg: Path, tmp_path: Path
) -> None:
    """Of the programme, in a stream that begins with frame n: to the sample, but for MP3's 47."""
    source = (np.frombuffer(programme(1), dtype="<i2") / 32768).astype(np.float32)
    with Frames.open(artefacts.path(encoding), encoding) as frames:
        for first in (0, 1, frames.count // 2):
            wire, stream = wire_for(encoding), tmp_path / "stream"
            stream.write_bytes(wire.opening() + wire.wrap(frames.read(first, frames.count)))
            late = lateness(heard(ffmpeg, stream, encoding), source[first * frames.frame_samples :])
            early = {"mp3": EARLY_SAMPLES, "adts": ADTS_EARLY_SAMPLES}.get(encoding.codec, 0)
            assert late == -early


@pytest.mark.parametrize("encoding", [MP3, OPUS, FLAC, ADTS], ids=lambda encoding: encoding.key)
def test_frames_can_be_read_when_the_file_is_gone(
    encoding: Encoding, artefacts: Artefacts, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.write_bytes(artefacts.path(encoding).read_bytes())
    with Frames.open(artefacts.path(encoding), encoding) as there, Frames.open(gone, encoding) as frames:
        gone.unlink()
        assert frames.read(5, 50) == there.read(5, 50)


def test_its_descriptor_is_not_inherited_and_is_closed(artefacts: Artefacts) -> None:
    path, other = artefacts.path(MP3), artefacts.path(OPUS)
    before = open_descriptors()
    frames = Frames.open(path, MP3)
    assert open_descriptors() == before + 1
    assert not os.get_inheritable(frames._file)
    frames.close()
    frames.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        frames.read(0, 1)
    with pytest.raises(ArtefactBroken):
        Frames.open(other, MP3)
    assert open_descriptors() == before


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_equal_frames_are_the_file_and_nothing_else(artefacts: Artefacts) -> None:
    content = artefacts.path(MP3).read_bytes()
    with Frames.open(artefacts.path(MP3), MP3) as frames:
        assert frames.read(7, 9) == [content[7 * 384 : 8 * 384], content[8 * 384 : 9 * 384]]
        assert frames.read(frames.count, frames.count) == []


def test_frames_that_are_not_there_are_refused(artefacts: Artefacts) -> None:
    with Frames.open(artefacts.path(MP3), MP3) as frames:
        for first, end in ((-1, 1), (3, 2), (249, 251)):
            with pytest.raises(ValueError, match="of 250"):
                frames.read(first, end)


@pytest.mark.parametrize("encoding", [FLAC, OPUS], ids=lambda encoding: encoding.key)
@pytest.mark.parametrize("more", [1, 500])
def test_what_is_behind_the_last_whole_frame_is_not_sent(
    encoding: Encoding, more: int, wheel: Path, tmp_path: Path
) -> None:
    made = tmp_path / f"odd.{encoding.extension}"
    encode([programme(1)], 2 * RATE + more, encoding, made, ffmpeg=wheel)
    with Frames.open(made, encoding) as frames:
        assert frames.count == 2 * RATE // frames.frame_samples
        assert len(frames.read(0, frames.count)) == frames.count


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.key)
@pytest.mark.parametrize("damage", ["cut", "more", "empty"])
def test_a_damaged_artefact_is_refused(
    encoding: Encoding, damage: str, artefacts: Artefacts, tmp_path: Path
) -> None:
    content = artefacts.path(encoding).read_bytes()
    damaged = {"cut": content[:-1], "more": content + b"TAG", "empty": b""}[damage]
    path = tmp_path / "damaged"
    path.write_bytes(damaged)
    with pytest.raises(ArtefactBroken):
        Frames.open(path, encoding)


@pytest.mark.parametrize(
    "encoding",
    [Encoding("mp2"), Encoding("mp3", 44_100), ADTS, OPUS, FLAC],
    ids=lambda encoding: encoding.key,
)
def test_an_artefact_with_a_hole_is_refused(encoding: Encoding, artefacts: Artefacts, tmp_path: Path) -> None:
    """Where frames must be looked for, they are looked at. Those of equal length are not: they were before their release."""
    content = artefacts.path(encoding).read_bytes()
    third = len(content) // 3
    path = tmp_path / "damaged"
    path.write_bytes(content[:third] + bytes(third) + content[2 * third :])
    with pytest.raises(ArtefactBroken):
        Frames.open(path, encoding)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (MP3, Encoding("mp3", bitrate_kbps=96)),
        (Encoding("mp3", 44_100), Encoding("mp3", channels=2)),
        (Encoding("mp3", channels=2), Encoding("mp2")),
        (MP3, ADTS),
        (ADTS, Encoding("adts", 44_100)),
        (ADTS, Encoding("adts", channels=2)),
        (FLAC, Encoding("flac", channels=2)),
        (FLAC, Encoding("flac", 44_100)),
        (OPUS, Encoding("opus", channels=2)),
        (OPUS, FLAC),
        (FLAC, OPUS),
    ],
    ids=lambda encoding: encoding.key,
)
def test_a_file_of_another_encoding_is_refused(made: Encoding, said: Encoding, artefacts: Artefacts) -> None:
    with pytest.raises(ArtefactBroken):
        Frames.open(artefacts.path(made), said)


def test_flac_in_blocks_of_another_size_is_refused(artefacts: Artefacts, wheel: Path, tmp_path: Path) -> None:
    """As producers and other programs make it."""
    from audio.ffmpeg import run

    other = tmp_path / "other.flac"
    run(wheel, ["-i", str(artefacts.path(FLAC)), "-frame_size", "4608", str(other)], timeout_s=60)
    with pytest.raises(ArtefactBroken, match="2400"):
        Frames.open(other, FLAC)


@pytest.mark.parametrize("codec", ["wav", "aac"])
def test_what_cannot_be_live_has_no_frames(codec: str, artefacts: Artefacts) -> None:
    encoding = Encoding(codec)  # type: ignore[arg-type]
    assert (encoding.can_be_live, encoding.live_media_type, encoding.frame_samples) == (False, None, None)
    with pytest.raises(ValueError, match=codec):
        Frames.open(artefacts.path(MP3), encoding)
    with pytest.raises(ValueError, match=codec):
        wire_for(encoding)


@pytest.mark.parametrize("encoding", [MP3, OPUS, FLAC, ADTS], ids=lambda encoding: encoding.key)
def test_a_file_that_is_cut_short_on_the_air_is_an_error(
    encoding: Encoding, artefacts: Artefacts, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(artefacts.path(encoding).read_bytes())
    with Frames.open(cut, encoding) as frames:
        os.truncate(cut, cut.stat().st_size // 2)
        assert len(frames.read(0, 2)) == 2
        with pytest.raises(ArtefactBroken, match="ends at byte"):
            frames.read(0, frames.count)


@pytest.mark.parametrize("segments", [1, 2, 3, 7, 100])
def test_opus_packets_may_lie_on_pages_in_any_way(
    segments: int, artefacts: Artefacts, tmp_path: Path
) -> None:
    """At 256 kbit/s a packet has three segments or four: pages of so few are full of parts."""
    encoding = Encoding("opus", bitrate_kbps=256)
    with Frames.open(artefacts.path(encoding), encoding) as there:
        packets = there.read(0, there.count)
    path = tmp_path / "repaged.opus"
    wire = wire_for(encoding, serial=5)
    path.write_bytes(wire.opening() + _paged(packets, segments))
    with Frames.open(path, encoding) as frames:
        # Without the encoder's last packet the last sample is 312 short of it
        assert frames.count == len(packets) - 1
        assert frames.read(0, frames.count) == packets[:-1]
        for first in range(0, frames.count, 17):
            assert frames.read(first, first + 3) == packets[first : first + 3][: frames.count - first]


def _paged(packets: list[bytes], most: int) -> bytes:
    """Packets on pages of `most` segments, begun and ended where it happens."""
    segments: list[tuple[bytes, int]] = []
    for number, packet in enumerate(packets, 1):
        parts = [packet[at : at + 255] for at in range(0, len(packet) + 1, 255)]
        segments += [(part, number if len(part) < 255 else 0) for part in parts]
    pages, open_packet = [], False
    for sequence, at in enumerate(range(0, len(segments), most), 2):
        on_page = segments[at : at + most]
        ended = [number for _, number in on_page if number]
        granule = ended[-1] * 960 if ended else 2**64 - 1
        header = b"OggS\0" + bytes((open_packet,)) + granule.to_bytes(8, "little")
        header += (5).to_bytes(4, "little") + sequence.to_bytes(4, "little") + bytes(4)
        page = header + bytes((len(on_page), *(len(part) for part, _ in on_page)))
        page += b"".join(part for part, _ in on_page)
        pages.append(page[:22] + crc(page) + page[26:])
        open_packet = not on_page[-1][1]
    return b"".join(pages)
