"""The transport stream: receivers get our frames back unchanged, at exact times, for as long as a sending lasts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.air.endpoints.mpegts import (
    CLOCK_HZ,
    NULL_PACKET,
    PACKET_BYTES,
    PAYLOAD_BYTES,
    Muxer,
    NotFrames,
    Payloads,
    frames,
)

SOUND_PID = 0x100
WRAP = 1 << 33


def mp3_frame(number: int = 0, *, header: bytes = b"\xff\xfb\x94\xc4", length: int = 384) -> bytes:
    """128 kbit/s at 48 kHz, mono, 24 ms: by its header a real frame, by its bytes a number."""
    return header + number.to_bytes(4, "big") * ((length - 4) // 4) + bytes((length - 4) % 4)


@dataclass(frozen=True)
class Packet:
    pid: int
    starts: bool
    counter: int
    pcr: int | None
    payload: bytes


def packets(stream: bytes) -> Iterator[Packet]:
    """A demuxer as short as the standard allows."""
    assert len(stream) % PACKET_BYTES == 0
    for at in range(0, len(stream), PACKET_BYTES):
        raw = stream[at : at + PACKET_BYTES]
        assert raw[0] == 0x47
        payload, pcr = raw[4:], None
        if raw[3] & 0x20:
            field = raw[5 : 5 + raw[4]]
            payload = raw[5 + raw[4] :]
            if field and field[0] & 0x10:
                bits = int.from_bytes(field[1:7], "big")
                pcr = (bits >> 15) * 300 + (bits & 0x1FF)
                assert bits >> 9 & 0x3F == 0x3F
                field = field[:1] + field[7:]
            assert set(field[1:]) <= {0xFF}
        assert raw[3] & 0xC0 == 0
        assert bool(payload) == bool(raw[3] & 0x10)
        yield Packet((raw[1] & 0x1F) << 8 | raw[2], bool(raw[1] & 0x40), raw[3] & 15, pcr, payload)


@dataclass(frozen=True)
class Pes:
    pts: int
    pcr: int
    sound: bytes


def pes_of(stream: bytes) -> list[Pes]:
    """Every PES packet of the sound."""
    found: list[tuple[int, bytearray]] = []
    for packet in packets(stream):
        if packet.pid != SOUND_PID:
            continue
        if packet.starts:
            assert packet.pcr is not None
            found.append((packet.pcr, bytearray()))
        found[-1][1].extend(packet.payload)
    result = []
    for pcr, whole in found:
        assert whole[:4] == b"\0\0\1\xc0"
        assert int.from_bytes(whole[4:6], "big") == len(whole) - 6
        assert whole[6:9] == b"\x84\x80\x05"
        stamp = int.from_bytes(whole[9:14], "big")
        assert stamp >> 36 == 2
        assert stamp & 1
        assert stamp >> 16 & 1
        assert stamp >> 32 & 1
        pts = (stamp >> 33 & 7) << 30 | (stamp >> 17 & 0x7FFF) << 15 | stamp >> 1 & 0x7FFF
        result.append(Pes(pts, pcr, bytes(whole[14:])))
    return result


# ---------------------------------------------------------------- what comes back


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_every_frame_comes_back_unchanged_however_they_are_handed_over(groups: list[int]) -> None:
    muxer, sent, stream = Muxer("audio/mpeg"), b"", b""
    for size in groups:
        chunk = b"".join(mp3_frame(len(sent) // 384 + number) for number in range(size))
        sent += chunk
        stream += muxer.mux(chunk)
    assert b"".join(pes.sound for pes in pes_of(stream)) == sent


def test_counters_count_each_of_the_streams_on_its_own() -> None:
    muxer = Muxer("audio/mpeg")
    stream = b"".join(muxer.mux(mp3_frame(number) * 4) for number in range(200))
    expected: dict[int, int] = {}
    for packet in packets(stream):
        assert packet.counter == expected.get(packet.pid, 0)
        expected[packet.pid] = (packet.counter + 1) % 16
    assert set(expected) == {0, 0x1000, SOUND_PID}


@given(st.integers(8, 2000))
def test_every_length_of_a_frame_is_stuffed_to_whole_packets(length: int) -> None:
    header = b"\xff\xf1\x4c" + ((0x40 << 16 | length << 5 | 0x1F) & 0xFFFFFF).to_bytes(3, "big")
    frame = (header + b"\xfc").ljust(length, b"\x5a")
    (pes,) = pes_of(Muxer("audio/aac").mux(frame))
    assert pes.sound == frame


@pytest.mark.parametrize(("media_type", "stream_type"), [("audio/mpeg", 0x03), ("audio/aac", 0x0F)])
def test_tables_say_what_the_sound_is(media_type: str, stream_type: int) -> None:
    frame = mp3_frame() if media_type == "audio/mpeg" else b"\xff\xf1\x4c\x40\x02\x1f\xfc" + bytes(9)
    first, second, *_ = packets(Muxer(media_type).mux(frame))
    assert (first.pid, first.starts, first.payload[:17]) == (
        0,
        True,
        bytes.fromhex(
            "00 00b00d 0001 c1 0000 0001 f000 2ab104b2"
        ),  # as every encoder with this PMT PID has it
    )
    assert (second.pid, second.starts) == (0x1000, True)
    assert second.payload[13] == stream_type


def test_tables_come_again_within_half_a_second_and_a_clock_within_a_tenth() -> None:
    muxer = Muxer("audio/mpeg")
    since_tables = since_clock = 0
    for number in range(500):
        for packet in packets(muxer.mux(mp3_frame(number) * 4)):
            since_tables = 0 if packet.pid == 0 else since_tables
            since_clock = 0 if packet.pcr is not None else since_clock
        since_tables, since_clock = since_tables + 96, since_clock + 96
        assert since_tables <= 500
        assert since_clock <= 100


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("header", "length", "hertz"),
    [
        pytest.param(b"\xff\xfb\x94\xc4", 384, 48_000, id="48 kHz"),
        pytest.param(
            b"\xff\xfb\x90\xc4", 417, 44_100, id="44.1 kHz, whose frames are no whole number of ticks"
        ),
    ],
)
def test_times_are_exact_after_hours(header: bytes, length: int, hertz: int) -> None:
    muxer, frame = Muxer("audio/mpeg", first_pts=9000), mp3_frame(header=header, length=length)
    hour = 3600 * hertz // 1152
    for _ in range(3 * hour // 50):
        muxer.mux(frame * 50)
    sent = 3 * hour // 50 * 50
    (pes,) = pes_of(muxer.mux(frame))
    exact = Fraction(sent * 1152, hertz)
    assert pes.pts == 9000 + int(exact * CLOCK_HZ)
    assert pes.pcr == int(exact * CLOCK_HZ * 300)


def test_times_wrap_at_33_bits_which_is_after_26_hours() -> None:
    muxer = Muxer("audio/mpeg", first_pts=WRAP - 3 * 2160)
    found = [pes_of(muxer.mux(mp3_frame()))[0] for _ in range(12)]
    assert [pes.pts for pes in found[:5]] == [WRAP - 6480, WRAP - 4320, WRAP - 2160, 0, 2160]
    # the clock reference is a tenth of a second behind, and wraps that much later
    assert [(pes.pts - pes.pcr // 300) % WRAP for pes in found] == [9000] * 12
    assert found[-1].pcr < found[0].pcr


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(mp3_frame()[:-1], "frame at byte 0 is cut short", id="cut short"),
        pytest.param(mp3_frame() + b"ID3", "at byte 384", id="a tag"),
        pytest.param(b"\xff\xfb\x04\xc4" + bytes(380), "at byte 0", id="free format"),
        pytest.param(b"OggS" + bytes(380), "at byte 0", id="another format"),
    ],
)
def test_what_is_not_whole_frames_is_refused_as_a_whole(data: bytes, what: str) -> None:
    muxer = Muxer("audio/mpeg")
    with pytest.raises(NotFrames, match=what):
        muxer.mux(data)
    assert pes_of(muxer.mux(mp3_frame()))[0].pts == 9000


def test_other_media_are_refused() -> None:
    with pytest.raises(NotFrames, match="audio/mpeg or audio/aac"):
        Muxer("application/ogg")


@pytest.mark.parametrize(
    ("header", "length", "samples", "hertz"),
    [
        ("fffb94c4", 384, 1152, 48_000),
        ("fffb92c4", 418, 1152, 44_100),  # with the byte that evens out
        ("fffd84c4", 384, 1152, 48_000),  # layer II
        ("fff384c4", 192, 576, 24_000),  # MPEG-2
    ],
)
def test_lengths_of_frames(header: str, length: int, samples: int, hertz: int) -> None:
    (frame,) = frames("audio/mpeg", bytes.fromhex(header) + bytes(length - 4))
    assert (frame.length, frame.samples, frame.sample_rate) == (length, samples, hertz)


# ---------------------------------------------------------------- payloads


def test_payloads_are_full_and_the_last_is_filled_up() -> None:
    payloads, stream = Payloads(), b""
    muxer = Muxer("audio/mpeg")
    sent = []
    for number in range(10):
        made = muxer.mux(mp3_frame(number) * 4)
        stream += made
        sent += payloads.add(made)
    sent += payloads.rest()
    assert {len(payload) for payload in sent} == {PAYLOAD_BYTES}
    together = b"".join(sent)
    assert together[: len(stream)] == stream
    filling = together[len(stream) :]
    assert filling == NULL_PACKET * (len(filling) // PACKET_BYTES)
    assert not payloads.rest()


# ---------------------------------------------------------------- as ffmpeg reads it


@pytest.fixture
def ffmpeg(peer: Callable[[str], Path]) -> Path:
    return peer("ffmpeg")


RAW_MP3 = ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"]
CODECS = {
    "audio/mpeg": [*("-c:a", "libmp3lame", "-b:a", "128k", "-reservoir", "0"), *RAW_MP3],
    "audio/aac": ["-c:a", "aac", "-b:a", "96k", "-f", "adts"],
}
BACK = {"audio/mpeg": RAW_MP3, "audio/aac": ["-f", "adts"]}


def run(*command: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("media_type", list(CODECS))
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_ffmpeg_finds_the_same_frames_at_the_right_times(
    ffmpeg: Path, peer: Callable[[str], Path], tmp_path: Path, media_type: str, rate: int
) -> None:
    tone = ["-f", "lavfi", "-i", f"sine=440:sample_rate={rate}:d=20"]
    sound = run(ffmpeg, "-v", "error", *tone, "-ac", "1", *CODECS[media_type], "-")
    whole = list(frames(media_type, sound))
    muxer, payloads, stream = Muxer(media_type), Payloads(), b""
    for at in range(0, len(whole), 4):
        some = whole[at : at + 4]
        stream += b"".join(payloads.add(muxer.mux(sound[some[0].offset : some[-1].offset + some[-1].length])))
    file = tmp_path / "sound.ts"
    file.write_bytes(stream + b"".join(payloads.rest()))

    # Errors and warnings of its demuxer (counters, sizes, tables) would stand on stderr
    back = run(ffmpeg, "-v", "warning", "-f", "mpegts", "-i", file, "-c", "copy", *BACK[media_type], "-")
    assert back == sound
    entries = ["-show_entries", "packet=pts", "-of", "json"]
    told = json.loads(run(peer("ffprobe"), "-v", "error", *entries, file))
    times = [packet["pts"] for packet in told["packets"]]
    samples = whole[0].samples
    assert len(times) == len(whole)
    for number in range(0, len(times), 4):
        assert times[number] == 9000 + number * samples * CLOCK_HZ // rate
