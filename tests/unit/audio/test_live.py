"""Encoding while it comes in: at the level and in the band of a programme, in every form, and nothing lost."""

from __future__ import annotations

import io
import itertools
import threading
import wave

import numpy as np
import pytest

from audio.errors import NotAudio
from audio.ffmpeg import find_ffmpeg
from audio.frames import FrameCutter
from audio.levelling import MOST_DB, Leveller
from audio.live import BLOCK_SAMPLES, LiveChain, LiveSound, Shaper
from audio.meter import Meter, Samples
from audio.pcm import RATE, db_to_gain
from audio.profile import LEVELLED, SHORTWAVE, UNPROCESSED, Codec, Encoding, Profile
from tests.armed_airings import noise, wait_until


def _voice(seconds: float, dbfs: float, seed: int = 1) -> Samples:
    """Noise in the band of a voice, in syllables and sentences."""
    sound = noise(seed, seconds).astype(np.float32) / 32768
    at = np.arange(len(sound)) / RATE
    shape = (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at)) * (at % 5 < 4.3)
    return np.asarray(sound * shape / np.sqrt(np.mean(sound**2)) * db_to_gain(dbfs), dtype=np.float32)


def _shaped(sound: Samples, profile: Profile) -> Samples:
    shaper = Shaper(profile)
    whole = len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES
    pcm = b"".join(shaper.feed(sound[at : at + BLOCK_SAMPLES]) for at in range(0, whole, BLOCK_SAMPLES))
    return np.asarray(np.frombuffer(pcm, dtype="<i2") / 32768, dtype=np.float32)


@pytest.mark.parametrize("profile", [SHORTWAVE, LEVELLED], ids=["shortwave", "levelled"])
@pytest.mark.parametrize("dbfs", [-32, -18, -8])
def test_it_comes_to_the_programme_s_level_and_stays_under_its_ceiling(profile: Profile, dbfs: float) -> None:
    shaped = _shaped(_voice(30, dbfs), profile)[10 * RATE :]
    meter = Meter(RATE)
    meter.feed(shaped)
    found = meter.finish()
    assert found.integrated_lufs is not None
    assert profile.target_lufs is not None
    assert abs(found.integrated_lufs - profile.target_lufs) < 1.0
    assert found.true_peak_dbtp <= profile.ceiling_dbtp


def test_without_a_profile_it_is_the_studio_s_own_sound_twenty_milliseconds_late() -> None:
    sound = _voice(2, -20)
    shaped = _shaped(sound, UNPROCESSED)
    late = RATE // 50
    assert np.abs(shaped[late:] - sound[:-late][: len(shaped) - late]).max() < 1e-4


def test_a_level_moves_slowly_once_it_is_found_and_a_pause_moves_nothing() -> None:
    leveller = Leveller(-20.0)
    sound = _voice(20, -30)
    gains = []
    for at in range(0, len(sound), BLOCK_SAMPLES):
        leveller.feed(sound[at : at + BLOCK_SAMPLES])
        gains.append(leveller.gain_db)
    assert max(abs(b - a) for a, b in itertools.pairwise(gains[20:])) <= 0.0501
    before = leveller.gain_db
    for _ in range(100):
        leveller.feed(np.zeros(BLOCK_SAMPLES, dtype=np.float32))
    assert abs(leveller.gain_db - before) < 3
    quiet = Leveller(-20.0)
    for _ in range(100):
        quiet.feed(_voice(0.1, -49))
    assert quiet.gain_db == pytest.approx(MOST_DB, abs=0.1)


FORMS = [
    Encoding("mp3"),
    Encoding("mp3", 44_100),
    Encoding("mp2"),
    Encoding("adts"),
    Encoding("mp3", channels=2),
]


def _wav(sound: Samples) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, RATE, 0, "NONE", ""))
        written.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())
    return file.getvalue()


def test_it_is_made_in_every_form_at_once_and_to_its_end() -> None:
    found: dict[Encoding, list[bytes]] = {one: [] for one in FORMS}
    sounds = [LiveSound(one, SHORTWAVE, found[one].extend) for one in FORMS]
    heard: list[int] = []
    chain = LiveChain(
        "wav", sounds, ffmpeg=find_ffmpeg(), timeout_s=60, heard=lambda block: heard.append(len(block))
    )
    try:
        content = _wav(_voice(3, -20))
        for at in range(0, len(content), 5000):
            chain.feed(content[at : at + 5000])
        chain.finish()
        assert chain.failure is None
    finally:
        chain.close()
    assert sum(heard) == 3 * RATE
    for encoding, frames in found.items():
        seconds = len(frames) * (encoding.frame_samples or 0) / encoding.sample_rate
        assert 3.0 <= seconds < 3.2, encoding
        assert FrameCutter(encoding).feed(b"".join(frames)) == frames


def _feed(chain: LiveChain, content: bytes) -> None:
    for _ in range(10_000):
        chain.feed(content)


def test_what_cannot_be_decoded_is_said_and_leaves_nothing_running() -> None:
    before = threading.active_count()
    chain = LiveChain(
        "ogg",
        [LiveSound(Encoding("mp3"), SHORTWAVE, lambda _: None)],
        ffmpeg=find_ffmpeg(),
        timeout_s=60,
        heard=lambda _: None,
    )
    try:
        with pytest.raises(NotAudio):
            _feed(chain, b"this is no Ogg " * 1000)
    finally:
        chain.close()
    wait_until(lambda: threading.active_count() <= before, "all threads have ended")


@pytest.mark.parametrize("codec", ["opus", "flac"])
def test_what_has_no_frames_of_its_own_is_not_made_live(codec: Codec) -> None:
    with pytest.raises(ValueError, match="cannot be encoded on the air"):
        LiveChain(
            "mp3",
            [LiveSound(Encoding(codec), SHORTWAVE, lambda _: None)],
            ffmpeg=find_ffmpeg(),
            timeout_s=9,
            heard=lambda _: None,
        )
