from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.profile import LEVELLED, SHORTWAVE, UNPROCESSED, Encoding, Profile


def test_every_setting_is_in_the_key() -> None:
    changed = [
        replace(SHORTWAVE, highpass_hz=120),
        replace(SHORTWAVE, lowpass_hz=None),
        replace(SHORTWAVE, compress=False),
        replace(SHORTWAVE, target_lufs=-23.0),
        replace(SHORTWAVE, target_lufs=-23.5),
        replace(SHORTWAVE, ceiling_dbtp=-2.0),
        LEVELLED,
        UNPROCESSED,
    ]
    assert len({profile.key for profile in [SHORTWAVE, *changed]}) == len(changed) + 1
    assert Profile().key == SHORTWAVE.key


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"ceiling_dbtp": 1.0}, "ceiling_dbtp 1"),
        ({"target_lufs": -3.0}, "target_lufs -3"),
        ({"target_lufs": None}, "compression"),
        ({"lowpass_hz": 30_000}, "lowpass_hz 30000"),
        ({"highpass_hz": 0}, "highpass_hz 0"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(wrong: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Profile(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("mp3", 32_000), "32000"),
        (("mp3", 48_000, 100), "no 100 kbit/s"),
        (("opus", 44_100), "always 48000"),
        (("wav", 48_000, 128), "lossless"),
        (("aac", 48_000, 999), "999"),
        (("adts", 48_000, 999), "999"),
        (("opus", 48_000, 320), "16 and 256"),
        (("opus", 48_000, 321, 2), "16 and 320"),
        (("wma",), "wma"),
        (("mp3", 48_000, 128, 3), "channels 3"),
        (("mp2", 48_000, 40), "no 40 kbit/s"),
        (("mp2", 48_000, 256), "with 1 channels it has"),
        (("mp2", 48_000, 48, 2), "with 2 channels it has"),
        (("flac", 48_000, 128, 2), "lossless"),
    ],
)
def test_an_encoding_that_does_not_exist_is_refused(arguments: tuple[object, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Encoding(*arguments)  # type: ignore[arg-type]


def test_encodings_name_themselves() -> None:
    assert Encoding("mp3").key == "mp3-48000-128"
    assert Encoding("wav", 44_100).key == "wav-44100"
    assert Encoding("mp3", channels=2).key == "mp3-48000-128-dual"
    assert Encoding("wav", channels=2).key == "wav-48000-dual"
    assert Encoding("mp2").key == "mp2-48000-128"
    assert Encoding("mp2", channels=2).key == "mp2-48000-256-dual"
    assert (Encoding("mp2").extension, Encoding("mp2").media_type) == ("mp2", "audio/mpeg")
    assert (Encoding("aac").extension, Encoding("aac").media_type) == ("m4a", "audio/mp4")
    assert (Encoding("adts").extension, Encoding("adts").media_type) == ("aac", "audio/aac")


def test_the_grid_is_of_whole_frames_where_there_is_one() -> None:
    assert Encoding("mp3").grid_samples == 1152
    assert Encoding("mp2").grid_samples == Encoding("mp3", channels=2).grid_samples == 1152
    assert Encoding("adts").grid_samples == 1024
    assert Encoding("adts", 44_100).grid_samples == 1
    assert Encoding("mp3", 44_100).grid_samples == Encoding("flac").grid_samples == 1


def test_only_mono_mp3_at_48_khz_is_spliced() -> None:
    assert Encoding("mp3").frame_bytes == 384
    whole = (Encoding("mp3", channels=2), Encoding("mp3", 44_100), Encoding("mp2"), Encoding("wav"))
    assert {encoding.frame_bytes for encoding in whole} == {None}


@given(st.integers(1, 4 * 3600 * 48_000))
def test_whole_frames_never_outlast_their_slot_and_fall_short_by_less_than_one(total: int) -> None:
    for encoding in [Encoding(codec, rate) for codec in ("mp3", "mp2", "adts") for rate in (44_100, 48_000)]:
        frames, each = encoding.frames(total), encoding.frame_samples
        assert frames is not None
        assert each is not None
        assert encoding.length(total) == frames * each
        assert 0 <= total / 48_000 - frames * each / encoding.sample_rate < (each + 1) / encoding.sample_rate


def test_a_minute_is_2500_frames() -> None:
    assert Encoding("mp3").frames(60 * 48_000) == 2500
    assert Encoding("mp3", 44_100).frames(60 * 48_000) == 2296


def test_a_live_second_is_whole_frames_where_it_can_be() -> None:
    assert Encoding("opus").frame_samples == 48_000 // 50
    assert Encoding("flac").frame_samples == 48_000 // 20
    assert Encoding("flac", 44_100).frame_samples == 44_100 // 20
    assert (Encoding("mp3").frame_samples, Encoding("adts", 44_100).frame_samples) == (1152, 1024)
