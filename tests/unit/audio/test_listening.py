"""A listen tells what goes out from everything else.

Measured by `tests.bench.listening` with the demo's speech and music, clips of 5 s in the 65 s before, 0, 3, 10, 25 and 50 s
late; a clip is alike from a correlation of 0.4 on, a loop from 0.9 with itself:

| what is heard | listens | wrong | likeness least | median | most |
|---|---|---|---|---|---|
| the same through MP3 at 128 kbit/s, also 20 dB softer | 365 | 0 | 0.979 | 0.993 | 0.996 |
| through MP3 at 32 | 365 | 0 | 0.964 | 0.988 | 0.992 |
| through Opus at 24 | 365 | 0 | 0.987 | 0.994 | 0.999 |
| through Opus at 12 | 365 | 0 | 0.839 | 0.972 | 0.981 |
| its phases turned, compressed 6:1 | 365 | 0 | 0.446 | 0.705 | 0.778 |
| with noise at 10 dB | 365 | 0 | 0.777 | 0.958 | 0.977 |
| with noise at 0 dB | 365 | 2 | 0.368 | 0.751 | 0.857 |
| the interval signal, over and over | 175 | 0 | 1.000 | 1.000 | 1.000 |
| other speech, also through Opus at 24 | 724 | 0 | 0.028 | 0.081 | 0.234 |
| music for speech | 237 | 0 | 0.032 | 0.051 | 0.105 |
| the interval signal for the programme | 362 | 0 | 0.047 | 0.063 | 0.165 |
| another part of the same music | 90 | 0 | 0.147 | 0.214 | 0.392 |
| 2 s of it over and over | 362 | 0 | 0.164 | 0.397 | 0.555 |
| the same through Opus at 24 | 73 | 0 | 0.201 | 0.392 | 0.505 |

Wrong: of the right sound a false alarm (not known again, taken for a loop, or known at another place); of another one a miss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio.clips import decode
from audio.interval import interval_signal
from audio.listening import RATE, listen
from audio.meter import Samples
from tests.bench import listening as bench

FEW_S = 60.0
"""The bench listens at more places."""


@pytest.fixture(scope="module")
def sent() -> Samples:
    return bench.voice(*bench.ON_AIR[1:])


@pytest.fixture(scope="module")
def others() -> Samples:
    return bench.voice(*bench.OTHERS)


def wrong(row: bench.Row) -> int:
    assert row.count > 0
    return row.wrong


@pytest.mark.parametrize("name", ["MP3 32", "Opus 24", "phase turned, compressed 6:1"])
def test_the_right_sound_is_known_through_another_encoder_however_late(name: str, sent: Samples) -> None:
    heard = bench.recoded(sent, bench.CODECS[name])
    assert wrong(bench.measure(name, bench.same(heard, sent, FEW_S), bench.false_alarm)) == 0


@pytest.mark.parametrize("gain", [0.1, 1.5])
def test_louder_or_softer_with_noise_under_it(gain: float, sent: Samples) -> None:
    heard = bench.noisy(sent * np.float32(gain), 10)
    assert wrong(bench.measure("noise", bench.same(heard, sent, FEW_S), bench.false_alarm)) == 0


def test_other_speech_is_not(sent: Samples, others: Samples) -> None:
    heard = bench.recoded(others, bench.CODECS["Opus 24"])
    assert wrong(bench.measure("other", bench.other(heard, sent, FEW_S), bench.miss)) == 0


def test_a_loop_is_one(sent: Samples) -> None:
    assert wrong(bench.measure("stuck", bench.stuck(sent, FEW_S), bench.miss)) == 0


def test_the_interval_signal_repeats_itself_by_right() -> None:
    signals = signal_for(70)
    hearing = listen(signals[-bench.CLIP :], signals)
    assert hearing.alike
    assert hearing.repeats_s is None


def test_of_places_that_are_equally_alike_the_one_where_it_was_before(sent: Samples) -> None:
    signals = signal_for(70)
    length_s = len(signal()) / RATE
    at = listen(signals[-bench.CLIP :], signals, near_s=2 * length_s + 1.0)
    assert abs(at.lag_s - 2 * length_s) < 0.01
    assert listen(signals[-bench.CLIP :], signals).lag_s == 0.0


def signal() -> Samples:
    return np.asarray(interval_signal()[::6], dtype=np.float32)


def signal_for(seconds: float) -> Samples:
    times = -(-round(seconds * RATE) // len(signal()))
    return np.tile(signal(), times)


@pytest.mark.parametrize(("dbfs", "silent"), [(-120, True), (-60, True), (-50, False)])
def test_silence_is_what_nobody_hears(dbfs: float, silent: bool, sent: Samples) -> None:  # noqa: FBT001 - a table
    noise = np.random.default_rng(5).standard_normal(bench.CLIP).astype(np.float32)
    hearing = listen(noise * np.float32(10 ** (dbfs / 20)), sent[: bench.WINDOW])
    assert hearing.silent is silent
    assert not hearing.alike
    assert not hearing.silence_expected
    assert hearing.loudness_dbfs == pytest.approx(dbfs, abs=2)


def test_silence_may_be_what_was_meant(sent: Samples) -> None:
    pause = sent[: bench.WINDOW].copy()
    pause[20 * RATE : 26 * RATE] = 0
    hearing = listen(np.zeros(bench.CLIP, dtype=np.float32), pause)
    assert hearing.silent
    assert hearing.silence_expected


@pytest.mark.parametrize("seconds", [0, 1])
def test_where_little_or_nothing_was_sent_nothing_is_alike(
    seconds: int, sent: Samples, others: Samples
) -> None:
    assert not listen(others[: bench.CLIP], sent[: seconds * RATE]).alike


@pytest.mark.parametrize("demuxer", ["mp3", "ogg", None])
@pytest.mark.parametrize("body", [b"", b"<html>not found</html>", bytes(range(256)) * 40])
def test_what_is_no_sound_decodes_to_nothing(body: bytes, demuxer: str | None, ffmpeg: Path) -> None:
    assert len(decode(body, demuxer, ffmpeg=ffmpeg, longest_s=10)) == 0


def test_a_stream_is_heard_from_within_a_frame_on_and_no_longer_than_asked(
    sent: Samples, ffmpeg: Path, tmp_path: Path
) -> None:
    path = tmp_path / "stream.mp3"
    bench.encoded(sent[: 20 * RATE], bench.CODECS["MP3 128"], path)
    body = path.read_bytes()[100_001:]
    heard = decode(body, None, ffmpeg=ffmpeg, longest_s=8)
    assert 7.9 * RATE < len(heard) <= 8 * RATE
    assert listen(heard[-bench.CLIP :], sent[: 20 * RATE]).alike


def test_a_clip_larger_than_any_pipe_is_decoded(ffmpeg: Path, tmp_path: Path, sent: Samples) -> None:
    path = tmp_path / "long.mp3"
    bench.encoded(sent[: 100 * RATE], bench.CODECS["MP3 128"], path)
    heard = decode(path.read_bytes(), "mp3", ffmpeg=ffmpeg, longest_s=300)
    assert abs(len(heard) / RATE - 100) < 0.2
