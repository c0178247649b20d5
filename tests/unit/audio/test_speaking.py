from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.errors import (
    AudioError,
    EmptyFile,
    EspeakMissing,
    ForbiddenFormat,
    NotAudio,
    OnlySilence,
    SpeechFailed,
    TooLong,
    TooShort,
)
from audio.espeak import ENGLISH
from audio.flac import flac_samples
from audio.ingest import Master
from audio.levels import read_peaks
from audio.likeness import AROUND_SAMPLES, unlike_frames
from audio.meter import Meter
from audio.speaking import SPOKEN_LUFS, Utterance, speak
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

Signal = NDArray[np.float64]
PAUSE_MS = 300
MARGIN_S = 0.02


@pytest.fixture
def espeak(peer: Callable[[str], Path]) -> Path:
    return peer("espeak-ng")


@pytest.fixture
def heard(files: AudioFiles, tmp_path: Path) -> Callable[[Master], Signal]:
    return lambda master: decoded(files, master.path, tmp_path)[:, 0]


def clip(path: Path, seconds: float, seed: int, gain: float = 1.0, around: float = 0.4) -> Path:
    """A recorded word between two silences, in which a studio hums 50 dB below it."""
    silence = np.zeros(round(around * RATE))
    sound = np.concatenate([silence, voice(seconds, seed), silence])
    hum = 0.0015 * np.sin(2 * np.pi * 100 * np.arange(len(sound)) / RATE)
    return write_wav(path, gain * (sound + hum))


def stretches(sound: Signal, shortest_gap: int = RATE // 10) -> list[Signal]:
    """What is heard between silences."""
    where = np.flatnonzero(np.abs(sound) > 0.001)
    breaks = np.flatnonzero(np.diff(where) > shortest_gap)
    starts, ends = where[[0, *(breaks + 1)]], where[[*breaks, -1]]
    return [sound[start : end + 1] for start, end in zip(starts, ends, strict=True)]


def loudest_lufs(sound: Signal) -> float:
    meter = Meter(RATE)
    meter.feed(sound.astype(np.float32))
    level = meter.finish().momentary_max_lufs
    assert level is not None
    return level


def correlation(one: Signal, two: Signal) -> float:
    """The best at any shift: 1 for the same sound."""
    size = 1 << (len(one) + len(two)).bit_length()
    both = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(two, size)), size)
    return float(np.abs(both).max() / np.sqrt((one @ one) * (two @ two)))


def say_korean(texts: Sequence[str], folder: Path, ffmpeg: Path, espeak: Path) -> Master:
    return speak([Utterance(text) for text in texts], folder, ffmpeg=ffmpeg, espeak=espeak)


def test_clips_become_one_master_with_the_pauses_asked_for(
    ffmpeg: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    lengths = (0.7, 0.25, 1.2)
    clips = [clip(tmp_path / f"{n}.wav", seconds, n) for n, seconds in enumerate(lengths)]
    says = [Utterance("", path, pause_ms=PAUSE_MS) for path in clips]
    master = speak(says, tmp_path / "made", ffmpeg=ffmpeg)

    sound = heard(master)
    found = stretches(sound)
    assert [len(each) / RATE for each in found] == pytest.approx(lengths, abs=0.05), "trimmed to the speech"
    assert master.samples == len(sound) == flac_samples(master.path) == read_peaks(master.peaks_path).samples
    silent = (len(sound) - sum(map(len, found))) / RATE
    assert silent == pytest.approx(3 * (PAUSE_MS / 1000 + 2 * MARGIN_S), abs=0.05)
    assert master.trailing_silence_samples == pytest.approx(PAUSE_MS * 48, abs=RATE // 20)
    assert master.path.name == f"{master.sha256}.flac"
    assert sorted(each.suffix for each in (tmp_path / "made").iterdir()) == [".flac", ".peaks", ".print"]


def test_clips_of_any_level_are_evened_and_none_clips(
    wheel: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    gains = (1.9, 1.0, 0.3, 0.05)
    clips = [clip(tmp_path / f"{n}.wav", 0.6 + 0.3 * n, n, gain) for n, gain in enumerate(gains)]
    before = [loudest_lufs(voice(0.6 + 0.3 * n, n) * gain) for n, gain in enumerate(gains)]
    assert max(before) - min(before) > 25

    says = [Utterance("", path, pause_ms=PAUSE_MS) for path in clips]
    master = speak(says, tmp_path / "made", ffmpeg=wheel)
    levels = [loudest_lufs(each) for each in stretches(heard(master))]
    assert len(levels) == len(gains)
    assert max(levels) - min(levels) < 1.0
    assert levels == pytest.approx([SPOKEN_LUFS] * len(gains), abs=0.5)
    assert master.clipped_samples == 0
    assert master.peak_dbtp < -2.5


def test_a_short_word_is_no_louder_than_a_long_one(
    wheel: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    """오 beside 킬로헤르츠: the meter's 400 ms would take the short one for quiet."""
    says = [
        Utterance("", clip(tmp_path / f"{n}.wav", seconds, 7), pause_ms=PAUSE_MS)
        for n, seconds in enumerate((0.15, 1.5))
    ]
    short, long = stretches(heard(speak(says, tmp_path / "made", ffmpeg=wheel)))

    def power(sound: Signal) -> float:
        return 10 * float(np.log10(np.mean(sound**2)))

    assert abs(power(short) - power(long)) < 3.0


def test_a_click_in_a_quiet_clip_is_limited(
    wheel: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    """Turned up by 40 dB it would be five times full scale."""
    sound = 0.004 * voice(1.0, 3)
    sound[24_000] = 0.05
    path = write_wav(tmp_path / "click.wav", sound)
    master = speak([Utterance("", path)], tmp_path / "made", ffmpeg=wheel)
    assert 0.5 < np.abs(heard(master)).max() < 0.71
    assert master.clipped_samples == 0


@pytest.mark.parametrize(
    "name", ["wav_u8", "wav_s16_stereo_22k", "mp3_vbr", "m4a", "opus", "ogg_vorbis", "amr"]
)
def test_a_clip_may_have_any_format(
    name: str, files: AudioFiles, ffmpeg: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    master = speak([Utterance("", files.path(name))], tmp_path, ffmpeg=ffmpeg)
    # Two seconds of voice, a pause, one and a half: without the silent ends
    assert master.samples / RATE == pytest.approx(5.0, abs=0.12)
    assert loudest_lufs(heard(master)) == pytest.approx(SPOKEN_LUFS, abs=1.0)
    assert not master.damaged


def test_what_could_only_be_read_in_part_is_marked(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    assert speak([Utterance("", files.path("wav_cut"))], tmp_path, ffmpeg=wheel).damaged


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("empty", EmptyFile),
        ("text", NotAudio),
        ("noise", NotAudio),
        ("hls", ForbiddenFormat),
        ("silence", OnlySilence),
    ],
)
def test_a_clip_that_is_none_is_named(
    name: str, error: type[AudioError], files: AudioFiles, wheel: Path, tmp_path: Path
) -> None:
    path = files.path(name)
    with pytest.raises(error, match=path.name):
        speak([Utterance("", path)], tmp_path / "made", ffmpeg=wheel)
    assert list((tmp_path / "made").iterdir()) == []


def test_a_clip_that_is_gone_too_short_or_too_long_is_named(wheel: Path, tmp_path: Path) -> None:
    short = write_wav(tmp_path / "short.wav", voice(0.005))
    long = write_wav(tmp_path / "long.wav", np.tile(voice(5.0), 13))
    for path, error in ((tmp_path / "gone.wav", NotAudio), (short, TooShort), (long, TooLong)):
        with pytest.raises(error, match=path.name):
            speak([Utterance("", path)], tmp_path / "made", ffmpeg=wheel)


def test_where_every_word_has_a_clip_no_espeak_is_needed(wheel: Path, tmp_path: Path) -> None:
    here = clip(tmp_path / "here.wav", 0.5, 1)
    says = [Utterance("여기는", here), Utterance(".", attached=True, pause_ms=PAUSE_MS)]
    assert speak(says, tmp_path / "made", ffmpeg=wheel).loudness_lufs is not None
    with pytest.raises(EspeakMissing, match="단파 방송"):
        speak([*says, Utterance("단파 방송")], tmp_path / "made", ffmpeg=wheel)


@pytest.mark.parametrize("says", [[], [Utterance(".", pause_ms=500)], [Utterance("♪ …")]])
def test_nothing_to_say_is_an_error(says: list[Utterance], wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed, match="nothing to say"):
        speak(says, tmp_path, ffmpeg=wheel)


def test_a_pause_is_not_negative_nor_dead_air() -> None:
    for wrong in (-1, 5001):
        with pytest.raises(ValueError, match="not between 0 and 5000"):
            Utterance("", pause_ms=wrong)


def test_the_same_is_the_same_bytes(ffmpeg: Path, espeak: Path, tmp_path: Path) -> None:
    here = clip(tmp_path / "here.wav", 0.5, 1)
    says = [
        Utterance("여기는", here),
        Utterance("단파 방송"),
        Utterance("입니다", attached=True, pause_ms=PAUSE_MS),
    ]
    made = [speak(says * 3, tmp_path / str(n), ffmpeg=ffmpeg, espeak=espeak) for n in range(4)]
    assert len({master.sha256 for master in made}) == 1
    assert made[0].path.read_bytes() == made[3].path.read_bytes()


def test_neighbours_without_a_clip_are_read_as_one_sentence(
    wheel: Path, espeak: Path, tmp_path: Path
) -> None:
    parts = [
        Utterance("주파수는"),
        Utterance("칠천"),
        Utterance("오백", attached=True),
        Utterance("킬로헤르츠입니다"),
        Utterance(".", attached=True),
    ]
    whole = Utterance("주파수는 칠천오백 킬로헤르츠입니다.")
    assert (
        speak(parts, tmp_path, ffmpeg=wheel, espeak=espeak).sha256
        == speak([whole], tmp_path, ffmpeg=wheel, espeak=espeak).sha256
    )


def test_between_two_sentences_is_the_pause_asked_for(
    wheel: Path, espeak: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    lengths = []
    for pause_ms in (300, 900):
        says = [Utterance("여기는 단파 방송입니다", pause_ms=pause_ms), Utterance("오늘은 일요일입니다")]
        sound = heard(speak(says, tmp_path, ffmpeg=wheel, espeak=espeak))
        assert len(stretches(sound, pause_ms * 48)) == 2
        lengths.append(len(sound))
    assert lengths[1] - lengths[0] == 600 * 48


def test_more_words_take_longer(wheel: Path, espeak: Path, tmp_path: Path) -> None:
    words = ["주파수는", "만", "천오백육십", "킬로헤르츠입니다"]
    lengths = [
        say_korean(words[:count], tmp_path, wheel, espeak).samples for count in range(1, len(words) + 1)
    ]
    assert np.diff(lengths).min() > RATE // 10


def test_another_frequency_is_another_sound(
    wheel: Path, espeak: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    one, same, other = (
        heard(say_korean([number], tmp_path / number, wheel, espeak))
        for number in ("칠천오백십오", "칠천오백십오", "구천사백팔십")
    )
    assert correlation(one, same) == pytest.approx(1.0)
    assert correlation(one, other) < 0.5


def test_a_clip_is_heard_only_where_it_belongs(
    wheel: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    """Two announcements that differ in one word differ there, and nowhere else."""
    first, five, six, last = (
        clip(tmp_path / f"{name}.wav", 0.6, seed)
        for seed, name in enumerate(("first", "five", "six", "last"))
    )

    def sound(number: Path) -> Signal:
        says = [Utterance("", path, pause_ms=PAUSE_MS) for path in (first, number, last)]
        return heard(speak(says, tmp_path / "made", ffmpeg=wheel))

    one, two = sound(five), sound(six)
    frames = len(one) // AROUND_SAMPLES - 2
    around = one[: (frames + 2) * AROUND_SAMPLES].astype(np.float32)
    inner = two[AROUND_SAMPLES : (frames + 1) * AROUND_SAMPLES].astype(np.float32)
    differing = (unlike_frames(inner, around) + 1) * AROUND_SAMPLES / RATE
    word_from, word_to = 0.6 + PAUSE_MS / 1000, 1.2 + PAUSE_MS / 1000
    assert len(differing) > 15
    assert word_from - 0.05 < differing.min()
    assert differing.max() < word_to + 0.1


def test_a_synthetic_voice_is_as_loud_as_the_clips_beside_it(
    wheel: Path, espeak: Path, heard: Callable[[Master], Signal], tmp_path: Path
) -> None:
    here = clip(tmp_path / "here.wav", 0.8, 1, gain=0.1)
    says = [Utterance("여기는", here, pause_ms=PAUSE_MS), Utterance("단파 시험 방송입니다")]
    recorded, synthetic = stretches(
        heard(speak(says, tmp_path / "made", ffmpeg=wheel, espeak=espeak)), RATE // 5
    )
    assert abs(loudest_lufs(recorded) - loudest_lufs(synthetic)) < 1.0


def test_letters_that_the_voice_cannot_say_are_told(wheel: Path, tmp_path: Path) -> None:
    mute = tmp_path / "espeak-ng"
    mute.write_text('#!/bin/sh\ncat > /dev/null\nshift 8\nhead -c 44100 /dev/zero > "$1"\n')
    mute.chmod(0o755)
    with pytest.raises(SpeechFailed, match='no sound for "단파 방송"'):
        speak([Utterance("단파 방송")], tmp_path / "made", ffmpeg=wheel, espeak=mute)


def test_the_operators_slate_is_spoken_in_english(wheel: Path, espeak: Path, tmp_path: Path) -> None:
    slate = "Danpa test station. 29 November 2026, 15 00 UTC. 7515 kilohertz. Version 2."
    english = speak([Utterance(slate)], tmp_path, ffmpeg=wheel, espeak=espeak, voice=ENGLISH)
    assert 8 < english.samples / RATE < 20
    assert english.silences == ()
