"""The ears that judge the air find what was done to a stream by hand: exactly, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.encode import EARLY_SAMPLES, encode
from audio.ffmpeg import find_ffmpeg
from audio.interval import interval_signal
from audio.pcm import RATE
from audio.profile import MP3_FRAME_SAMPLES, Encoding
from tests.audio_files import voice
from tests.captures import Block, Capture
from tests.ears.frames import Stream, by_frames, frames_of, stream_of
from tests.ears.listening import Listener, NotOnAir
from tests.ears.report import FRAME_MS, Programme, Report, Timeline
from tests.ears.sound import by_sound, decoded, longest_silence_ms
from tests.icecast_sites import BLOCK_BYTES, icecast
from tests.live_sinks import RawSink
from tests.live_sources import source

STARTS_NS = 1_795_942_800_000_000_000
FRAME_NS = 24_000_000
FRAMES = 500


def programme(name: str, seed: int, place: Path, *, frames: int = FRAMES, loops: bool = False) -> Programme:
    """Speech-like sound, and the frames that Danpa makes of it."""
    sound = voice(frames * MP3_FRAME_SAMPLES / RATE, seed)
    sound[: RATE // 20] = 0.0  # the first frames are poor, so a programme begins with silence
    made = place / f"{name}.mp3"
    pcm = np.rint(sound * 32767).astype("<i2").tobytes()
    encode([pcm], len(sound), Encoding("mp3"), made, ffmpeg=find_ffmpeg())
    return Programme(
        name,
        frames_of(made.read_bytes()),
        sound.astype(np.float32),
        STARTS_NS,
        loops,
        early_samples=EARLY_SAMPLES,
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    return programme("night", 3, tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def signal(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    return programme("signal", 5, tmp_path_factory.mktemp("signal"), frames=125, loops=True)


def on_air(
    frames: Sequence[bytes],
    *,
    first_at_ns: int = STARTS_NS,
    late_ns: dict[int, int] | None = None,
    torn: int = 0,
) -> Capture:
    """Frames that came one by one, 24 ms apart, those from frame n on later by ``late_ns[n]``.

    ``torn``: the capture begins so many bytes into the first frame.
    """
    capture = Capture("/night")
    late = 0
    for number, frame in enumerate(frames):
        late += (late_ns or {}).get(number, 0)
        at = first_at_ns + number * FRAME_NS + late
        capture.blocks.append(Block(at - STARTS_NS, at, frame[torn:] if number == 0 else frame))
    return capture


def heard(capture: Capture, *programmes: Programme) -> Report:
    return by_frames(stream_of(capture), programmes)


def listened(capture: Capture, *programmes: Programme) -> Report:
    stream = stream_of(capture)
    return by_sound(stream, decoded(stream.frames, find_ffmpeg()), programmes)


def kinds(report: Report) -> list[tuple[str, float, float]]:
    return [(join.kind, join.ms, join.between_ms) for join in report.joins]


# ------------------------------------------------------------------ by the bytes


def test_all_of_it_in_time(night: Programme) -> None:
    report = heard(on_air(night.frames), night)
    it = report.of("night")
    assert report.joins == ()
    assert (it.start_error_ms, it.end_error_ms, it.earliest_ms, it.latest_ms) == (0, 0, 0, 0)
    assert (it.heard_ms, it.missing_ms, it.repeated_ms, it.buffer_ms) == (FRAMES * FRAME_MS, 0, 0, 0)
    assert (report.strange_ms, report.junk_bytes, report.longest_pause_ms) == (0, 0, FRAME_MS)


def test_nothing_at_all(night: Programme) -> None:
    for hear in (heard, listened):
        report = hear(Capture("/night"), night)
        assert (report.programmes, report.joins, report.strange_ms) == ((), (), 0)
        with pytest.raises(LookupError, match="night was not heard"):
            report.of("night")


@pytest.mark.parametrize("error_ms", [-40, 0, 3, 250])
def test_start_errors(night: Programme, error_ms: int) -> None:
    it = heard(on_air(night.frames, first_at_ns=STARTS_NS + error_ms * 1_000_000), night).of("night")
    assert it.start_error_ms == it.end_error_ms == error_ms


def test_joined_in_progress_at_the_right_place(night: Programme) -> None:
    it = heard(on_air(night.frames[100:], first_at_ns=STARTS_NS + 100 * FRAME_NS), night).of("night")
    assert (it.start_error_ms, it.first_ms, it.missing_ms) == (0, 2400, 2400)


@given(data=st.data())
def test_cuts_at_any_place_are_found_to_the_frame(night: Programme, data: st.DataObject) -> None:
    """Any order of pieces: every step forward is a gap of that length, every step back a repeat."""
    pieces = []
    for _ in range(data.draw(st.integers(1, 5))):
        first = data.draw(st.integers(3, FRAMES - 2))
        pieces.append((first, data.draw(st.integers(first + 1, FRAMES))))
    steps = [other[0] - one[1] for one, other in pairwise(pieces)]
    frames = [frame for first, end in pieces for frame in night.frames[first:end]]
    it = heard(on_air(frames), night).of("night")
    assert it.gaps_ms == tuple(step * FRAME_MS for step in steps if step > 0)
    assert it.repeats_ms == tuple(-step * FRAME_MS for step in steps if step < 0)
    covered = {frame for first, end in pieces for frame in range(first, end)}
    assert it.missing_ms == (FRAMES - len(covered)) * FRAME_MS
    assert it.repeated_ms == (len(frames) - len(covered)) * FRAME_MS


def test_covered_by_another_source(night: Programme, signal: Programme) -> None:
    frames = (
        *signal.frames,
        *signal.frames[:25],
        *night.frames[:200],
        *signal.frames[:50],
        *night.frames[250:],
    )
    capture = on_air(frames, first_at_ns=STARTS_NS - 150 * FRAME_NS)
    report = heard(capture, night, signal)
    assert kinds(report) == [("round", 0, 0), ("change", 0, 0), ("change", 0, 0), ("change", 0, 0)]
    it = report.of("night")
    assert (it.start_error_ms, it.end_error_ms, it.gaps_ms, it.missing_ms) == (0, 0, (1200,), 1200)
    assert report.faults() == ()


def test_strange_sound_between(night: Programme, signal: Programme) -> None:
    frames = (
        *night.frames[:200],
        *signal.frames[:50],
        *night.frames[200:300],
        *signal.frames[:10],
        *night.frames[310:],
    )
    report = heard(on_air(frames), night)
    assert kinds(report) == [("interruption", 0, 1200), ("gap", 240, 240)]
    assert report.strange_ms == 1440
    assert [join.at_ns for join in report.joins] == [STARTS_NS + 250 * FRAME_NS, STARTS_NS + 360 * FRAME_NS]


def test_bytes_that_are_no_frame(night: Programme) -> None:
    """A listener tunes in within a frame, and a source dies within one."""
    whole = on_air(night.frames, torn=100)
    died = whole.blocks[200]
    whole.blocks[200] = Block(died.monotonic_ns, died.realtime_ns, died.data[:150])
    report = heard(whole, night)
    assert kinds(report) == [("gap", FRAME_MS, 0)]
    assert report.junk_bytes == 284 + 150
    assert report.of("night").first_ms == FRAME_MS


def test_a_pause_and_the_rush_behind_it(night: Programme) -> None:
    """Held up for 500 ms, then all at once: nothing is lost, but a player without a buffer ran dry."""
    late = {100: 500_000_000} | {100 + number: -FRAME_NS for number in range(1, 21)}
    report = heard(on_air(night.frames, late_ns=late), night)
    it = report.of("night")
    assert report.joins == ()
    assert (it.start_error_ms, it.latest_ms, it.buffer_ms, it.end_error_ms) == (0, 500, 500, 20)
    assert report.longest_pause_ms == 524


def test_silence_has_the_same_frame_in_many_places(night: Programme) -> None:
    quiet = night.frames[0]
    frames = (*night.frames[:100], *[quiet] * 50, *night.frames[100:])
    padded = Programme("night", frames, starts_at_ns=STARTS_NS)
    assert heard(on_air(frames), padded).joins == ()
    assert kinds(heard(on_air((*frames[:90], *frames[100:])), padded)) == [("gap", 240, 0)]


# ------------------------------------------------------------------ by the sound


def test_the_sound_says_what_the_frames_say(night: Programme, signal: Programme) -> None:
    frames = (*signal.frames, *night.frames[:200], *night.frames[210:350], *night.frames[300:])
    capture = on_air(frames, first_at_ns=STARTS_NS - 125 * FRAME_NS)
    by_bytes, by_ear = heard(capture, night, signal), listened(capture, night, signal)
    assert kinds(by_ear) == kinds(by_bytes) == [("change", 0, 0), ("gap", 240, 0), ("repeat", 1200, 0)]
    assert by_ear.of("night").start_error_ms == pytest.approx(0, abs=0.001)
    for one, other in zip(by_ear.joins, by_bytes.joins, strict=True):
        assert abs(one.at - other.at) < RATE // 50


def test_sound_that_was_encoded_anew(night: Programme, tmp_path: Path) -> None:
    """Cut to the sample, 6 dB down, with a silence in it, through another encoder, off the grid of frames."""
    assert night.sound is not None
    sound = night.sound.astype(np.float64)
    parts = [np.zeros(7_777), sound[:200_123], sound[211_123:350_000], np.zeros(40_000), sound[350_000:]]
    cut = np.concatenate(parts) * 0.5
    made = tmp_path / "cut.mp3"
    total = len(cut) // MP3_FRAME_SAMPLES * MP3_FRAME_SAMPLES
    encode(
        [np.rint(cut * 32767).astype("<i2").tobytes()],
        total,
        Encoding("mp3", bitrate_kbps=64),
        made,
        ffmpeg=find_ffmpeg(),
    )
    report = listened(on_air(frames_of(made.read_bytes())), night)
    it = report.of("night")
    assert [join.kind for join in report.joins] == ["gap", "interruption"]
    assert list(it.gaps_ms) == pytest.approx([11_000 / 48], abs=0.001)
    assert it.start_error_ms == pytest.approx(7_777 / 48, abs=0.03)
    assert report.joins[1].between_ms == pytest.approx(40_000 / 48, abs=5)
    assert report.joins[0].at == pytest.approx(7_777 + 200_123, abs=RATE // 50)
    assert longest_silence_ms(decoded(frames_of(made.read_bytes()), find_ffmpeg())) == pytest.approx(
        833, abs=60
    )


def test_other_sound_is_not_taken_for_it(night: Programme, signal: Programme) -> None:
    report = listened(on_air(signal.frames), night)
    assert report.programmes == ()
    assert report.strange_ms == 125 * FRAME_MS


def test_bells_are_like_themselves_and_still_told_apart(night: Programme) -> None:
    """The interval signal round and round, and cut off within a round by the programme."""
    assert night.sound is not None
    bells = interval_signal().astype(np.float32)
    once = Programme("bells", sound=bells, loops=True)
    anew = Programme("night", sound=night.sound)
    sound = np.concatenate([bells[100_000:], bells, bells[:123_456], night.sound])
    sound = sound[: len(sound) // MP3_FRAME_SAMPLES * MP3_FRAME_SAMPLES]
    ticks = np.arange(len(sound) // MP3_FRAME_SAMPLES, dtype=np.int64) * FRAME_NS
    report = by_sound(Stream((), Timeline(ticks, ticks), 0), sound, [once, anew])
    assert [join.kind for join in report.joins] == ["round", "round", "change"]
    assert report.stretches[2].at_end == pytest.approx(2 * len(bells) - 100_000 + 123_456, abs=RATE // 20)
    assert report.stretches[3].at - report.stretches[3].first == 2 * len(bells) - 100_000 + 123_456


@pytest.mark.parametrize(("first", "count"), [(0, 0), (0, 100), (100, 300), (700, 300)])
def test_the_longest_silence(first: int, count: int) -> None:
    sound = np.full(RATE, 0.5, dtype=np.float32)
    sound[first * 48 : (first + count) * 48] = 0.0005
    assert longest_silence_ms(sound) == count


# ------------------------------------------------------------------ real lines


def test_a_listener_hears_what_icecast_hands_on(night: Programme, peer: Callable[[str], Path]) -> None:
    whole = FRAMES * 384 // BLOCK_BYTES * BLOCK_BYTES
    with icecast(peer("icecast2")) as site, source(site.port, "/night") as (line, _):
        site.wait_for_source("/night")
        with Listener(site.url("/night")) as radio:
            site.wait_for_listeners("/night", 1)
            line.sendall(b"".join(night.frames))
            radio.wait_for(whole)
        report = heard(radio.capture, night)
    assert report.joins == ()
    assert report.of("night").first_ms == 0
    assert report.of("night").heard_ms == whole // 384 * FRAME_MS
    assert radio.capture.header("content-type") == "audio/mpeg"


def test_a_listener_knocks_until_there_is_a_source(night: Programme, peer: Callable[[str], Path]) -> None:
    with icecast(peer("icecast2"), tls=True) as site:
        with pytest.raises(NotOnAir, match="404"), Listener(site.url("/night")):
            pass
        with source(site.port, "/night", tls=site.certificate) as (line, _):
            line.sendall(night.frames[0])
            with Listener(site.url("/night"), patience_s=10) as radio:
                line.sendall(b"".join(night.frames))
                radio.wait_for(10_000)
    radio.wait_for(ended=True)


def test_the_sink_hears_when_each_frame_came(night: Programme) -> None:
    began = time.time_ns()
    with RawSink() as sink, source(sink.port, "/night") as (line, _):
        for number, frame in enumerate(night.frames[:50], 1):
            line.sendall(frame)
            sink.wait_for("/night", size=384 * number)
        capture = sink.wait_for("/night")
        ended = time.time_ns()
    stream = stream_of(capture)
    assert len(capture.blocks) == 50
    assert list(stream.timeline.realtime_ns) == [block.realtime_ns for block in capture.blocks]
    assert began <= heard(capture, night).of("night").start_ns <= ended
