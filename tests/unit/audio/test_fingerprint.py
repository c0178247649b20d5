"""A recording is known again by its fingerprint, and another one is not taken for it.

How often, through what, and among how many others: `tests.bench.alike`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.alike import likeness
from audio.errors import ArtefactBroken
from audio.fingerprint import (
    FRAME_S,
    NO_WORD,
    WORD_S,
    Fingerprint,
    FingerprintMeter,
    read_fingerprint,
    write_fingerprint,
)
from audio.fingerprinting import fingerprint_of
from audio.ingest import ingest
from audio.interval import interval_signal
from audio.meter import Samples
from audio.pcm import RATE
from tests.alike_sounds import CHANGES, demo, faster, fingerprint, louder, noisy, part, through, tune
from tests.audio_files import write_wav

TALK, OTHER, MUSIC = "talk-radio-waves", "news-morning", "music-strings"


@pytest.fixture(scope="module")
def talk() -> Samples:
    return demo(TALK)[: 60 * RATE]


@pytest.fixture(scope="module")
def other() -> Samples:
    """By the same speaker."""
    return demo(OTHER)[: 60 * RATE]


@pytest.fixture(scope="module")
def music() -> Samples:
    return demo(MUSIC)[: 60 * RATE]


def bits_apart(one: Fingerprint, another: Fingerprint) -> float:
    """Share of bits in which words at the same place differ."""
    both = (one.words != NO_WORD) & (another.words != NO_WORD)
    return float(np.bitwise_count(one.words[both] ^ another.words[both]).mean()) / 32


def fed(sound: Samples, size: int) -> Fingerprint:
    meter = FingerprintMeter()
    for at in range(0, len(sound), size):
        meter.feed(sound[at : at + size])
    return meter.finish()


@settings(max_examples=10)
@given(st.integers(500, 3 * RATE))
def test_a_fingerprint_does_not_depend_on_how_the_stream_is_cut(size: int) -> None:
    sound = tune(1, 40.0)
    one, another = fingerprint(sound), fed(sound, size)
    # Sums in another order round otherwise: a bit may turn, and never more than a few
    assert len(one.words) == len(another.words)
    assert bits_apart(one, another) < 1e-3
    assert abs(len(one.landmarks.words) - len(another.landmarks.words)) <= 1


def test_equal_sound_has_equal_fingerprints(talk: Samples) -> None:
    one, again = fingerprint(talk), fingerprint(talk.copy())
    assert np.array_equal(one.words, again.words)
    assert np.array_equal(one.landmarks.frames, again.landmarks.frames)


def test_a_word_stands_for_128_ms_and_an_hour_is_160_kb(talk: Samples, tmp_path: Path) -> None:
    made = fingerprint(talk)
    assert made.samples == len(talk)
    assert len(made.words) * WORD_S == pytest.approx(60, abs=2 * WORD_S)
    assert made.landmarks.frames.max() * FRAME_S < 60
    path = tmp_path / "a.print"
    write_fingerprint(made, path)
    assert path.stat().st_size * 60 < 170_000


@pytest.mark.parametrize("name", ["MP3 32", "AAC 24", "Opus 12, 16 kHz", "telephone, AMR 4.75"])
def test_no_encoder_turns_more_than_a_quarter_of_the_bits(name: str, talk: Samples) -> None:
    assert bits_apart(fingerprint(talk), fingerprint(through(talk, name))) < 0.25


def test_level_does_not_matter(talk: Samples) -> None:
    assert bits_apart(fingerprint(talk), fingerprint(louder(talk, -18))) < 0.01


def silence() -> Samples:
    return np.zeros(20 * RATE, dtype=np.float32)


def tone() -> Samples:
    return (0.3 * np.sin(2 * np.pi * 1000 * np.arange(20 * RATE) / RATE)).astype(np.float32)


def noise() -> Samples:
    return np.random.default_rng(1).normal(0, 0.1, 20 * RATE).astype(np.float32)


def click() -> Samples:
    sound = silence()
    sound[10 * RATE] = 0.9
    return sound


@pytest.mark.parametrize("sound", [silence, tone, noise, click])
def test_what_does_not_move_has_no_words(sound: Callable[[], Samples]) -> None:
    made = fingerprint(sound())
    assert np.count_nonzero(made.words) <= 0.01 * len(made.words)
    assert likeness(made, fingerprint(sound())) is None


def test_pauses_have_no_words(talk: Samples) -> None:
    gap = np.zeros(10 * RATE, dtype=np.float32)
    made = fingerprint(np.concatenate([talk[: 20 * RATE], gap, talk[20 * RATE : 40 * RATE]]))
    inside = made.words[round(21 / WORD_S) : round(29 / WORD_S)]
    assert not inside.any()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 1.2])
def test_what_is_too_short_has_no_words_and_is_like_nothing(seconds: float, talk: Samples) -> None:
    short = fingerprint(talk[: round(seconds * RATE)])
    assert not short.words.any()
    assert likeness(short, fingerprint(talk)) is None


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_is_all_of_its_original(name: str, talk: Samples) -> None:
    common = likeness(fingerprint(CHANGES[name](talk)), fingerprint(talk))
    assert common is not None
    assert common.of_this > 0.9


@pytest.mark.parametrize("name", ["MP3 32", "0.5 s off the front", "the middle half", "12 dB louder"])
def test_music_is_known_again_too(name: str, music: Samples) -> None:
    common = likeness(fingerprint(CHANGES[name](music)), fingerprint(music))
    assert common is not None
    assert common.of_this > 0.9


def test_other_recordings_are_not_alike(talk: Samples, other: Samples, music: Samples) -> None:
    prints = [fingerprint(sound) for sound in (talk, other, music, tune(1, 60), tune(2, 60))]
    pairs = [(one, another) for one in prints for another in prints if one is not another]
    assert all(likeness(one, another) is None for one, another in pairs)


def test_two_interval_signals_are_not_alike() -> None:
    signal, another = np.tile(interval_signal(), 4).astype(np.float32), np.tile(tune(60, 8), 4)
    assert likeness(fingerprint(signal), fingerprint(another)) is None


def test_it_says_how_much_of_each_is_shared_and_where(talk: Samples, other: Samples) -> None:
    """A minute's middle 20 s, after 30 s of another talk."""
    quoting = fingerprint(np.concatenate([other[: 30 * RATE], talk[20 * RATE : 40 * RATE]]))
    common = likeness(quoting, fingerprint(talk))
    assert common is not None
    assert common.at_s == pytest.approx(30, abs=2)
    assert common.at_s + common.offset_s == pytest.approx(20, abs=2)
    assert common.of_this == pytest.approx(0.4, abs=0.08)
    assert common.of_other == pytest.approx(1 / 3, abs=0.08)
    assert common.shared_s < 20, "its pauses do not count"


def test_it_is_the_same_seen_from_the_other(talk: Samples) -> None:
    half, whole = fingerprint(part(talk, 0.25, 0.5)), fingerprint(talk)
    one, back = likeness(half, whole), likeness(whole, half)
    assert one is not None
    assert back is not None
    assert (one.of_this, one.of_other) == pytest.approx((back.of_other, back.of_this), abs=0.02)
    assert one.offset_s == pytest.approx(-back.offset_s, abs=1.5 * WORD_S)


def test_a_jingle_before_two_talks_counts_for_itself_alone(talk: Samples, other: Samples) -> None:
    jingle = tune(5, 8.0)
    one, another = (fingerprint(np.concatenate([jingle, sound])) for sound in (talk, other))
    common = likeness(one, another)
    assert common is not None
    assert common.shared_s == pytest.approx(8, abs=2)
    assert common.of_this < 0.25
    assert (common.at_s, common.offset_s) == pytest.approx((0, 0), abs=1.2)


def test_a_copy_with_a_piece_cut_out_is_the_rest_of_it(talk: Samples) -> None:
    cut = np.concatenate([talk[: 20 * RATE + 1234], talk[35 * RATE :]])
    common = likeness(fingerprint(cut), fingerprint(talk))
    assert common is not None
    assert common.of_this > 0.9
    assert common.of_other == pytest.approx(0.75, abs=0.06)


def test_a_copy_that_runs_a_little_fast_is_known(talk: Samples) -> None:
    common = likeness(fingerprint(faster(talk, 0.01)), fingerprint(talk))
    assert common is not None
    assert common.of_this > 0.8


def test_noise_under_it_hides_little(talk: Samples) -> None:
    common = likeness(fingerprint(noisy(talk, 15)), fingerprint(talk))
    assert common is not None
    assert common.of_this > 0.9


def test_a_file_holds_all_of_it(talk: Samples, tmp_path: Path) -> None:
    made, path = fingerprint(talk), tmp_path / "a.print"
    write_fingerprint(made, path)
    read = read_fingerprint(path)
    assert read.samples == made.samples
    assert np.array_equal(read.words, made.words)
    for name in ("words", "frames", "weakest", "chief"):
        assert np.array_equal(getattr(read.landmarks, name), getattr(made.landmarks, name)), name
    assert 0 < np.count_nonzero(read.landmarks.chief) < len(read.landmarks.words)


@pytest.mark.parametrize("wrong", [b"", b"DPF", b"DPF2" + bytes(16), b"DPK1" + bytes(100)])
def test_another_file_or_version_is_refused(wrong: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.print"
    path.write_bytes(wrong)
    with pytest.raises(ValueError, match="not a fingerprint"):
        read_fingerprint(path)


def test_half_a_file_is_refused(talk: Samples, tmp_path: Path) -> None:
    path = tmp_path / "a.print"
    write_fingerprint(fingerprint(talk), path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short"):
        read_fingerprint(path)


def test_ingest_makes_the_same_fingerprint_as_its_master_has(
    talk: Samples, ffmpeg: Path, tmp_path: Path
) -> None:
    master = ingest(write_wav(tmp_path / "a.wav", talk.astype(np.float64)), tmp_path / "out", ffmpeg=ffmpeg)
    assert master.fingerprint_path is not None
    made = read_fingerprint(master.fingerprint_path)
    later = fingerprint_of(master.path, ffmpeg=ffmpeg)
    assert made.samples == later.samples == master.samples
    # A master has 24 bits, the source had floats
    assert bits_apart(made, later) < 1e-3
    common = likeness(made, later)
    assert common is not None
    assert common.of_this == pytest.approx(1)


def test_a_broken_master_has_no_fingerprint(talk: Samples, wheel: Path, tmp_path: Path) -> None:
    master = ingest(write_wav(tmp_path / "a.wav", talk.astype(np.float64)), tmp_path / "out", ffmpeg=wheel)
    master.path.write_bytes(master.path.read_bytes()[: master.path.stat().st_size // 2])
    with pytest.raises(ArtefactBroken):
        fingerprint_of(master.path, ffmpeg=wheel)
