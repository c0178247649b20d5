from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.cache import trim_cache
from audio.files import scratch, sweep
from audio.ingest import Master, ingest
from audio.prepare import Cut, Prepared, prepare
from audio.profile import LEVELLED, SHORTWAVE, UNPROCESSED, Profile
from audio.verify import Measurement, measure
from tests.audio_files import RATE, AudioFiles, voice, write_wav


def cut_of(master: Master, first: int = 0, samples: int | None = None) -> Cut:
    return Cut(master.path, master.sha256, first, samples or master.samples - first, master.loudness_lufs)


def sound_of(piece: Prepared) -> NDArray[np.float64]:
    return np.fromfile(piece.path, dtype="<i2") / 32768


def measured(piece: Prepared, ffmpeg: Path, folder: Path) -> Measurement:
    return measure(write_wav(folder / "prepared.wav", sound_of(piece)), ffmpeg)


def decoded(files: AudioFiles, path: Path, folder: Path) -> NDArray[np.float64]:
    raw = folder / "raw.f32"
    files.run("-i", str(path), "-c:a", "pcm_f32le", "-f", "f32le", str(raw))
    return np.fromfile(raw, dtype="<f4").astype(np.float64)


@pytest.fixture
def speech(wheel: Path, tmp_path: Path) -> Master:
    return ingest(write_wav(tmp_path / "speech.wav", voice(8.0, 4)), tmp_path, ffmpeg=wheel)


MATERIAL = {
    "a voice": voice(8.0, 1),
    "a whisper": voice(8.0, 1) * 0.01,
    "a voice far over full scale": np.clip(voice(8.0, 1) * 12, -1, 1),
    "half of it quiet": np.concatenate([voice(4.0, 1) * 0.15, voice(4.0, 2)]),
    "with pauses": np.concatenate([voice(2.0, 1), np.zeros(RATE * 2), voice(3.0, 2), np.zeros(RATE)]),
    "with a hammer in it": np.where(np.arange(8 * RATE) % RATE < 20, 0.95, voice(8.0, 5) * 0.1),
}


@pytest.mark.parametrize("profile", [SHORTWAVE, LEVELLED], ids=["shortwave", "levelled"])
@pytest.mark.parametrize("name", MATERIAL)
def test_every_piece_comes_out_at_the_target_and_under_the_limit(
    name: str, profile: Profile, wheel: Path, tmp_path: Path
) -> None:
    master = ingest(write_wav(tmp_path / "in.wav", MATERIAL[name]), tmp_path, ffmpeg=wheel)
    piece = prepare(cut_of(master), profile, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    found = measured(piece, wheel, tmp_path)
    assert found.samples == piece.samples == master.samples
    assert found.loudness_lufs == pytest.approx(-20.0, abs=0.2)
    assert found.peak_dbtp <= -3.0
    assert piece.peak_dbtp == pytest.approx(found.peak_dbtp, abs=0.01)


@pytest.mark.parametrize("gain_db", [-9.0, -2.5, 4.0])
@pytest.mark.parametrize("profile", [SHORTWAVE, LEVELLED], ids=["shortwave", "levelled"])
def test_what_is_to_be_louder_or_softer_than_the_others_is(
    gain_db: float, profile: Profile, wheel: Path, tmp_path: Path, speech: Master
) -> None:
    cut = replace(cut_of(speech), gain_db=gain_db)
    piece = prepare(cut, profile, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    found = measured(piece, wheel, tmp_path)
    assert found.loudness_lufs == pytest.approx(-20.0 + gain_db, abs=0.3)
    assert found.peak_dbtp <= -3.0


def test_where_nothing_is_levelled_what_is_to_be_softer_is(
    wheel: Path, tmp_path: Path, speech: Master
) -> None:
    """By so much, whatever its level is."""
    asis, softer = (
        prepare(replace(cut_of(speech), gain_db=gain_db), UNPROCESSED, cache_dir=tmp_path, ffmpeg=wheel)
        for gain_db in (0.0, -6.0)
    )
    assert np.abs(sound_of(asis) * 10 ** (-6 / 20) - sound_of(softer)).max() < 3 / 32768


def test_a_short_jingle_is_set_by_its_loudest_moment(wheel: Path, tmp_path: Path) -> None:
    master = ingest(write_wav(tmp_path / "jingle.wav", voice(0.7, 1) * 0.1), tmp_path, ffmpeg=wheel)
    piece = prepare(cut_of(master), SHORTWAVE, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    assert piece.loudness_lufs == pytest.approx(-20.0, abs=0.2)


def test_a_blip_too_short_to_measure_is_kept(wheel: Path, tmp_path: Path) -> None:
    master = ingest(write_wav(tmp_path / "blip.wav", voice(0.15, 1)), tmp_path, ffmpeg=wheel)
    piece = prepare(cut_of(master), SHORTWAVE, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    assert piece.samples == master.samples
    assert -40 < piece.peak_dbtp <= -3.0


def test_an_empty_room_is_not_turned_into_noise(wheel: Path, tmp_path: Path) -> None:
    master = ingest(write_wav(tmp_path / "room.wav", voice(4.0, 1) * 0.003), tmp_path, ffmpeg=wheel)
    assert master.loudness_lufs is not None
    assert master.loudness_lufs < -60
    piece = prepare(cut_of(master), LEVELLED, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    assert piece.loudness_lufs is not None
    assert piece.loudness_lufs <= -19.8


def test_nothing_moves_in_time(files: AudioFiles, ffmpeg: Path, tmp_path: Path, speech: Master) -> None:
    """Filters, limiter and cut together shift nothing: the same sample is where it was."""
    first = 12_345
    piece = prepare(cut_of(speech, first, 3 * RATE), UNPROCESSED, cache_dir=tmp_path / "cache", ffmpeg=ffmpeg)
    there = decoded(files, speech.path, tmp_path)[first : first + 3 * RATE]
    here = sound_of(piece)
    assert len(here) == 3 * RATE
    assert np.abs(here - there).max() < 3 / 32768, "16 bit and its dither, nothing else"


def test_shortwave_takes_away_what_the_transmitter_cannot_carry(
    files: AudioFiles, wheel: Path, tmp_path: Path
) -> None:
    chance = np.random.default_rng(1)
    noise = chance.normal(0.0, 0.1, 6 * RATE)
    master = ingest(write_wav(tmp_path / "noise.wav", noise), tmp_path, ffmpeg=wheel)
    piece = prepare(cut_of(master), SHORTWAVE, cache_dir=tmp_path / "cache", ffmpeg=wheel)
    spectrum = np.abs(np.fft.rfft(sound_of(piece))) ** 2
    hertz = np.fft.rfftfreq(6 * RATE, 1 / RATE)

    def level(low: float, high: float) -> float:
        return float(10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].mean()))

    middle = level(500, 3000)
    assert level(4400, 4600) == pytest.approx(middle - 3, abs=1.0)
    assert level(9000, 9100) < middle - 22, "24 dB an octave"
    assert level(20, 40) < middle - 12


def test_a_piece_is_made_once_and_is_the_same_when_made_again(
    wheel: Path, tmp_path: Path, speech: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = prepare(cut_of(speech), SHORTWAVE, cache_dir=tmp_path / "one", ffmpeg=wheel)
    two = prepare(cut_of(speech), SHORTWAVE, cache_dir=tmp_path / "two", ffmpeg=wheel)
    assert one.path.name == two.path.name
    assert one.path.read_bytes() == two.path.read_bytes()
    speech.path.unlink()
    assert prepare(cut_of(speech), SHORTWAVE, cache_dir=tmp_path / "one", ffmpeg=wheel) == one
    assert sorted(each.suffix for each in (tmp_path / "one").iterdir()) == [".json", ".pcm"]


def test_everything_that_matters_makes_another_piece(wheel: Path, tmp_path: Path, speech: Master) -> None:
    cut = cut_of(speech, 0, RATE)
    cuts = [cut, replace(cut, first_sample=1), replace(cut, samples=RATE + 1)]
    pieces = [prepare(each, SHORTWAVE, cache_dir=tmp_path / "c", ffmpeg=wheel) for each in cuts]
    pieces.append(prepare(cut, LEVELLED, cache_dir=tmp_path / "c", ffmpeg=wheel))
    assert len({piece.path for piece in pieces}) == 4


def test_a_cut_past_the_masters_end_leaves_nothing_behind(
    wheel: Path, tmp_path: Path, speech: Master
) -> None:
    piece = prepare(cut_of(speech, 0, RATE), SHORTWAVE, cache_dir=tmp_path / "c", ffmpeg=wheel)
    before = set((tmp_path / "c").iterdir())
    speech.path.write_bytes(b"fLaC broken")
    with pytest.raises(Exception, match="could not be processed"):
        prepare(cut_of(speech, 5, RATE), SHORTWAVE, cache_dir=tmp_path / "c", ffmpeg=wheel)
    assert set((tmp_path / "c").iterdir()) == before
    assert piece.path in before


def test_what_a_killed_run_left_is_swept_away_and_a_running_one_is_not(tmp_path: Path) -> None:
    with scratch(tmp_path) as running:
        killed = tmp_path / ".making-killed"
        killed.mkdir()
        (killed / "half.flac").write_bytes(bytes(10))
        os.utime(killed, (1_000_000, 1_000_000))
        assert sweep(tmp_path, untouched_since=2_000_000) == 1
        assert running.exists()
        assert not killed.exists()


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    for age, name in enumerate(["newest", "middle", "oldest"]):
        for suffix in (".pcm", ".json"):
            path = tmp_path / f"{name}{suffix}"
            path.write_bytes(bytes(1000))
            os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert trim_cache(tmp_path, 3000) == 0
    assert trim_cache(tmp_path, 2500) == 1000
    assert {path.stem for path in tmp_path.iterdir()} == {"newest", "middle"}
    assert trim_cache(tmp_path, 0, keep_used_since=1_000_000) == 1000
    assert {path.name for path in tmp_path.iterdir()} == {"newest.pcm", "newest.json"}
    assert trim_cache(tmp_path / "not-there-yet", 0) == 0
