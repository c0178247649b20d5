from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from audio.errors import IngestTimeout, OnlySilence, TooLong
from audio.flac import flac_samples
from audio.ingest import IngestLimits, ingest
from audio.levels import read_peaks
from audio.verify import measure
from tests.audio_files import (
    INNER_SILENCE,
    LEADING_SILENCE,
    RATE,
    RECORDINGS,
    REFERENCE_SAMPLES,
    TRAILING_SILENCE,
    AudioFiles,
    Recording,
    reference,
    voice,
    write_wav,
)

# An encoder smears a beginning or an end: 5 ms before a sharp edge is what MP3 and Opus do to it.
EDGE = 1200


@pytest.fixture(scope="module")
def reference_lufs(files: AudioFiles, wheel: Path) -> float:
    loudness = measure(files.reference(), wheel).loudness_lufs
    assert loudness is not None
    return loudness


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_every_format_becomes_the_same_master(
    recording: Recording, files: AudioFiles, ffmpeg: Path, reference_lufs: float, tmp_path: Path
) -> None:
    master = ingest(files.path(recording.name), tmp_path, ffmpeg=ffmpeg)

    assert master.path == tmp_path / f"{master.sha256}.flac"
    assert flac_samples(master.path) == master.samples
    assert abs(master.samples - REFERENCE_SAMPLES) <= recording.samples
    assert master.loudness_lufs == pytest.approx(reference_lufs, abs=recording.lu)
    assert master.clipped_samples == 0
    assert not master.damaged
    if recording.lossless:
        edge = EDGE if recording.samples else 1
        assert master.peak_dbtp == pytest.approx(-6.0, abs=0.3)
        assert master.leading_silence_samples == pytest.approx(LEADING_SILENCE, abs=edge)
        assert master.trailing_silence_samples == pytest.approx(
            TRAILING_SILENCE, abs=recording.samples + edge
        )
        assert [position for silence in master.silences for position in silence] == pytest.approx(
            INNER_SILENCE, abs=edge
        )
    else:
        assert len(master.silences) == 1, "the pause between the sentences"
        assert master.silences[0] == pytest.approx(INNER_SILENCE, abs=4 * EDGE)


@pytest.mark.parametrize("hertz", [250, 500, 1000])
def test_a_line_up_tone_is_not_taken_for_television(hertz: int, ffmpeg: Path, tmp_path: Path) -> None:
    """500 Hz repeats every 192 bytes, as packets of a transport stream do: ffmpeg 9 guesses that it is one."""
    source = tmp_path / "tone.wav"
    tone = 0.25 * 32767 * np.sin(2 * np.pi * hertz * np.arange(24_000) / RATE)
    with wave.open(str(source), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())
    assert ingest(source, tmp_path, ffmpeg=ffmpeg).samples == 24_000
    assert measure(source, ffmpeg).samples == 24_000


def test_a_24_bit_recording_at_48_khz_keeps_every_bit(
    files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    master = ingest(files.path("wav_s24"), tmp_path, ffmpeg=ffmpeg)

    def samples(path: Path) -> bytes:
        raw = tmp_path / "raw"
        files.run("-i", str(path), "-c:a", "pcm_s24le", "-f", "s24le", str(raw))
        return raw.read_bytes()

    assert samples(master.path) == samples(files.path("wav_s24"))


def test_the_same_sound_in_two_containers_is_one_object(
    files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    same = ("wav_s16", "flac", "wav_s16_stereo", "flac_stereo", "wav_rf64", "w64", "aiff", "alac")
    assert len({ingest(files.path(name), tmp_path, ffmpeg=ffmpeg).sha256 for name in same}) == 1
    assert len(list(tmp_path.iterdir())) == 3, (
        "one master, one waveform, one fingerprint, nothing left behind"
    )


def test_resampled_sound_is_one_object_too(files: AudioFiles, ffmpeg: Path, tmp_path: Path) -> None:
    wav = files.path("wav_s16_44k")
    flac = tmp_path / "44k.flac"
    files.run("-i", str(wav), str(flac))
    assert ingest(wav, tmp_path, ffmpeg=ffmpeg).sha256 == ingest(flac, tmp_path, ffmpeg=ffmpeg).sha256


@pytest.mark.parametrize("sample_format", ["pcm_s16le", "pcm_f32le"])
def test_a_voice_on_both_channels_keeps_its_level(
    sample_format: str, files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    """ffmpeg's own downmix differs by 3 dB between these two."""
    mono = write_wav(tmp_path / "mono.wav", voice(4.0))
    stereo = tmp_path / "stereo.wav"
    files.run("-i", str(mono), "-af", "pan=stereo|c0=c0|c1=c0", "-c:a", sample_format, str(stereo))
    one, two = (ingest(source, tmp_path, ffmpeg=ffmpeg) for source in (mono, stereo))
    assert one.loudness_lufs is not None
    assert two.loudness_lufs == pytest.approx(one.loudness_lufs, abs=0.02)


@pytest.mark.parametrize("channels", [3, 4, 6])
def test_many_channels_at_full_level_do_not_clip(channels: int, ffmpeg: Path, tmp_path: Path) -> None:
    loud = 1.9 * np.stack([voice(2.0, 3)] * channels, axis=1)
    master = ingest(write_wav(tmp_path / "many.wav", loud), tmp_path, ffmpeg=ffmpeg)
    assert master.samples == 2 * RATE
    assert -6.0 < master.peak_dbtp <= 0.0


def test_clipping_is_counted_and_a_full_scale_tone_is_not_clipping(wheel: Path, tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 220.0 * np.arange(3 * RATE) / RATE)
    clean = ingest(write_wav(tmp_path / "clean.wav", tone), tmp_path, ffmpeg=wheel)
    hot = ingest(write_wav(tmp_path / "hot.wav", np.clip(2.0 * tone, -1.0, 1.0)), tmp_path, ffmpeg=wheel)
    assert clean.clipped_samples == 0
    assert hot.clipped_samples == pytest.approx(2 / 3 * 3 * RATE, rel=0.02), (
        "a sine is over half for two thirds"
    )


def test_loudness_is_of_one_channel(wheel: Path, tmp_path: Path) -> None:
    """BS.1770: a 997 Hz tone at -20 dBFS in one channel measures -23.0 LKFS."""
    tone = 0.1 * np.sin(2 * np.pi * 997.0 * np.arange(5 * RATE) / RATE)
    master = ingest(write_wav(tmp_path / "tone.wav", tone), tmp_path, ffmpeg=wheel)
    assert master.loudness_lufs == pytest.approx(-23.0, abs=0.1)
    assert master.peak_dbtp == pytest.approx(-20.0, abs=0.1)


def test_a_blip_has_no_loudness_but_is_taken(wheel: Path, tmp_path: Path) -> None:
    master = ingest(write_wav(tmp_path / "blip.wav", voice(0.2)), tmp_path, ffmpeg=wheel)
    assert master.samples == RATE // 5


def test_a_true_peak_between_the_samples_is_seen(wheel: Path, tmp_path: Path) -> None:
    """A quarter of the sampling rate, 45 degrees off: every sample is 3 dB under the peak."""
    swell = np.hanning(RATE)
    tone = 0.5 * swell * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)
    master = ingest(write_wav(tmp_path / "between.wav", tone), tmp_path, ffmpeg=wheel)
    assert master.peak_dbtp == pytest.approx(-6.0, abs=0.3)


def test_the_waveform_shows_the_recording(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    master = ingest(files.path("wav_float"), tmp_path, ffmpeg=wheel)
    peaks = read_peaks(master.peaks_path)
    buckets = reference().reshape(-1, peaks.samples_per_bucket)
    assert (peaks.rate, peaks.samples) == (RATE, REFERENCE_SAMPLES)
    assert np.abs(peaks.values[:, 0] - buckets.min(axis=1) * 127).max() <= 0.51
    assert np.abs(peaks.values[:, 1] - buckets.max(axis=1) * 127).max() <= 0.51


def test_a_giant_cover_picture_does_no_harm(files: AudioFiles, ffmpeg: Path, tmp_path: Path) -> None:
    plain = ingest(files.path("mp3_cbr"), tmp_path, ffmpeg=ffmpeg)
    covered = ingest(files.path("mp3_big_cover"), tmp_path, ffmpeg=ffmpeg)
    assert covered.sha256 == plain.sha256
    assert not covered.damaged


def test_an_mp3_that_lost_its_beginning_is_taken(files: AudioFiles, ffmpeg: Path, tmp_path: Path) -> None:
    master = ingest(files.path("mp3_broken_header"), tmp_path, ffmpeg=ffmpeg)
    assert REFERENCE_SAMPLES - 10_000 < master.samples < REFERENCE_SAMPLES + 2400


@pytest.mark.parametrize("name", ["wav_cut", "mp3_cut", "flac_cut", "m4a_cut_behind_index"])
def test_what_is_there_of_a_cut_recording_is_taken_and_marked(
    name: str, files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    master = ingest(files.path(name), tmp_path, ffmpeg=ffmpeg)
    assert master.damaged
    assert REFERENCE_SAMPLES * 0.3 < master.samples < REFERENCE_SAMPLES * 0.9


def test_too_long_stops_at_the_limit(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(TooLong, match=r"0\.05 minutes"):
        ingest(files.path("flac"), tmp_path, ffmpeg=wheel, limits=IngestLimits(max_duration_s=3.0))
    assert list(tmp_path.iterdir()) == []


def test_sound_after_a_long_silence_is_not_waited_for(wheel: Path, tmp_path: Path) -> None:
    late = write_wav(tmp_path / "late.wav", np.concatenate([np.zeros(5 * RATE), voice(1.0)]))
    with pytest.raises(OnlySilence):
        ingest(late, tmp_path / "out", ffmpeg=wheel, limits=IngestLimits(max_leading_silence_s=4.0))
    assert ingest(late, tmp_path / "out", ffmpeg=wheel).leading_silence_samples == 5 * RATE


def test_an_ingest_that_hangs_is_killed(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(IngestTimeout):
        ingest(
            files.path("silence_ten_hours"),
            tmp_path,
            ffmpeg=wheel,
            limits=IngestLimits(max_duration_s=40_000, max_leading_silence_s=40_000, timeout_s=0.3),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["-i", "a:b", "100%d", 'it\'s "quoted"\n', "소식 ｗａｖ"])
def test_no_file_name_is_taken_for_anything_else(
    name: str, files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    odd = tmp_path / name
    odd.write_bytes(files.path("wav_s16").read_bytes())
    folder = tmp_path / f"{name}-masters"
    assert ingest(odd, folder, ffmpeg=ffmpeg).samples == REFERENCE_SAMPLES
