"""The sound of edits: exact where nothing was asked for, without a click where something was, and without a trace of what was removed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.cut_sound import cut_sound
from audio.cutting import Cut, cut
from audio.edits import NO_EDITS, Cleaning, Cover, Edits, GainOver, joins, kept, length
from audio.errors import BadEdits, EncodeFailed, OnlySilence
from audio.ingest import Master, ingest
from audio.levels import read_peaks
from audio.seams import SEAM_SAMPLES, led_in, led_on
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

Signal = NDArray[np.float64]
S = RATE
EVERYTHING = Cleaning(hum=True, rumble=True, noise="strong", room="strong")


def master_of(sound: Signal, folder: Path, ffmpeg: Path) -> Master:
    """In steps of 24 bits."""
    return ingest(
        write_wav(folder / "source.wav", np.rint(sound * 2**23) / 2**23), folder / "masters", ffmpeg=ffmpeg
    )


class Desk:
    """A recording, and what edits make of it."""

    def __init__(self, sound: Signal, files: AudioFiles, ffmpeg: Path, folder: Path) -> None:
        self.files, self.ffmpeg, self.folder = files, ffmpeg, folder
        self.master = master_of(sound, folder, ffmpeg)
        self.sound = decoded(files, self.master.path, folder)[:, 0]

    def cut(self, edits: Edits) -> Cut:
        return cut(self.master.path, self.master.samples, edits, self.folder / "cuts", ffmpeg=self.ffmpeg)

    def heard(self, edits: Edits) -> Signal:
        return decoded(self.files, self.cut(edits).master.path, self.folder)[:, 0]

    def naive(self, edits: Edits) -> Signal:
        """The kept samples end to end."""
        return np.concatenate([self.sound[start:end] for start, end in kept(edits, len(self.sound))])


@pytest.fixture(scope="module")
def desk(files: AudioFiles, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(voice(12.0, 8), files, wheel, tmp_path_factory.mktemp("desk"))


# ------------------------------------------------------------------ exact


def test_without_edits_a_cut_is_its_master_to_the_byte(desk: Desk) -> None:
    made = desk.cut(NO_EDITS)
    assert made.master.sha256 == desk.master.sha256
    assert made.joins == ()


def test_full_scale_noise_keeps_every_bit_of_24(files: AudioFiles, ffmpeg: Path, tmp_path: Path) -> None:
    noise = np.clip(np.random.default_rng(24).normal(0.0, 0.5, 3 * S), -1.0, 1.0 - 2**-23)
    loud = Desk(noise, files, ffmpeg, tmp_path)
    edits = Edits(first_sample=17, end_sample=3 * S - 5, removed=((S + 1, S + 4802), (2 * S, 2 * S + 1)))
    wanted, heard = loud.naive(edits), loud.heard(edits)
    touched = np.flatnonzero(wanted != heard)
    for join in joins(edits, len(noise)):
        touched = touched[(touched < join) | (touched >= join + SEAM_SAMPLES)]
    assert not len(touched)
    assert np.array_equal(loud.sound, noise.astype("<f4")) or np.abs(loud.sound - noise).max() <= 2**-24


def test_outside_covers_and_gains_nothing_changes_at_all(desk: Desk) -> None:
    ranges = [(S, 2 * S), (3 * S + 7, 3 * S + 400), (5 * S, 6 * S)]
    edits = Edits(
        covered=(Cover(*ranges[0]), Cover(*ranges[1], "silence")), gains=(GainOver(*ranges[2], -6.0),)
    )
    outside = np.ones(len(desk.sound), dtype=bool)
    for start, end in ranges:
        outside[start:end] = False
    assert np.array_equal(desk.heard(edits)[outside], desk.sound[outside])


def test_a_master_measures_as_ingest_measures(desk: Desk) -> None:
    edits = Edits(removed=((S, 2 * S),), covered=(Cover(3 * S, 4 * S),))
    made = desk.cut(edits).master
    again = ingest(made.path, desk.folder / "again", ffmpeg=desk.ffmpeg)
    assert (again.sha256, again.samples, again.silences) == (made.sha256, made.samples, made.silences)
    assert (again.loudness_lufs, again.peak_dbtp) == (made.loudness_lufs, made.peak_dbtp)
    assert np.array_equal(read_peaks(again.peaks_path).values, read_peaks(made.peaks_path).values)


def test_the_same_edits_give_the_same_bytes(desk: Desk) -> None:
    edits = Edits(
        removed=((S, 2 * S),),
        covered=(Cover(3 * S, 4 * S),),
        gains=(GainOver(5 * S, 6 * S, 9.0),),
        fade_out_samples=S,
        cleaning=EVERYTHING,
        even=True,
    )
    assert desk.cut(edits).master == desk.cut(edits).master


CHOICES = st.builds(
    Cleaning,
    st.booleans(),
    st.booleans(),
    *[st.sampled_from(["off", "gentle", "strong"])] * 2,
)


@st.composite
def edits_of(draw: st.DrawFn, samples: int) -> Edits:
    """Edits that fit, with ranges as short as one sample."""

    def ranges(most: int) -> list[tuple[int, int]]:
        at = sorted(
            draw(st.lists(st.integers(2 * S // 10, samples), unique=True, min_size=0, max_size=2 * most))
        )
        return list(zip(at[::2], at[1::2], strict=False))

    return Edits(
        first_sample=draw(st.integers(0, 999)),
        removed=tuple(ranges(4)),
        covered=tuple(Cover(*each, draw(st.sampled_from(["tone", "silence"]))) for each in ranges(4)),
        gains=tuple(GainOver(*each, draw(st.floats(-40, 20))) for each in ranges(3)),
        fade_in_samples=draw(st.integers(0, S // 20)),
    )


@given(edits_of(S), st.integers(100, S))
@settings(max_examples=60, deadline=None)
def test_whatever_is_edited_the_length_is_that_of_what_is_kept(edits: Edits, block: int) -> None:
    sound = voice(1.0, 3).astype(np.float32)
    blocks = (sound[start : start + block] for start in range(0, len(sound), block))
    heard = np.concatenate(list(cut_sound(blocks, len(sound), edits, tone_dbfs=-20.0)))
    assert len(heard) == length(edits, len(sound)) == sum(end - start for start, end in kept(edits, S))
    assert np.isfinite(heard).all()


@given(edits_of(2 * S), CHOICES)
@settings(max_examples=12, deadline=None)
def test_cleaning_moves_nothing_and_adds_no_sample(desk: Desk, edits: Edits, cleaning: Cleaning) -> None:
    both = Edits(
        first_sample=edits.first_sample,
        end_sample=2 * S,
        removed=edits.removed,
        covered=edits.covered,
        cleaning=cleaning,
    )
    assert desk.cut(both).master.samples == length(both, len(desk.sound))


# ------------------------------------------------------------------ nothing of it is heard


def likeness(part: Signal, sound: Signal) -> float:
    """The highest correlation of a part with any stretch of a sound, from 0 to 1."""
    size = 1 << (len(part) + len(sound)).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(part, size)), size)[: len(sound)]
    sums = np.concatenate([[0.0], np.cumsum(sound**2), np.full(len(part), (sound**2).sum())])
    energies = sums[len(part) : len(part) + len(sound)] - sums[: len(sound)]
    return float((np.abs(product) / np.sqrt(np.maximum(energies, 1e-3) * (part @ part))).max())


@pytest.mark.parametrize(
    "edits",
    [
        Edits(removed=((3 * S, 4 * S), (6 * S, 6 * S + S // 2), (9 * S, 12 * S))),
        Edits(covered=(Cover(3 * S, 4 * S), Cover(6 * S, 6 * S + S // 2, "silence"), Cover(9 * S, 12 * S))),
        Edits(first_sample=2 * S, removed=((3 * S, 4 * S),), cleaning=EVERYTHING, even=True),
    ],
    ids=["removed", "covered", "cleaned"],
)
def test_no_stretch_of_what_is_removed_or_covered_is_found_in_the_cut(
    files: AudioFiles, wheel: Path, tmp_path: Path, edits: Edits
) -> None:
    """Noise, of which no part is like any other: every tenth of a second is looked for by itself."""
    sound = np.random.default_rng(12).normal(0.0, 0.1, 12 * S)
    heard = Desk(sound, files, wheel, tmp_path).heard(edits)
    gone = [*edits.removed, *((each.start, each.end) for each in edits.covered), (0, edits.first_sample)]
    parts = [sound[at : at + S // 10] for start, end in gone for at in range(start, end, S // 10)]
    assert max(likeness(part, heard) for part in parts) < 0.15
    assert likeness(sound[5 * S : 5 * S + S // 10], heard) > 0.5, "what is kept would be found"


@pytest.mark.parametrize("cleaning", [Cleaning(), EVERYTHING], ids=["as it is", "cleaned"])
def test_a_cut_is_the_same_whatever_was_said_in_what_it_leaves_out(
    cleaning: Cleaning, files: AudioFiles, wheel: Path, tmp_path: Path
) -> None:
    """Not a bit of it depends on the removed word: no filter, no measurement, no cross-fade has heard it."""
    edits = Edits(
        first_sample=S,
        end_sample=11 * S,
        removed=((3 * S, 4 * S), (6 * S, 6 * S + 100)),
        covered=(Cover(8 * S, 9 * S),),
        cleaning=cleaning,
        even=True,
    )
    one = voice(12.0, 5)
    other = voice(12.0, 6) + 0.1 * np.sin(2 * np.pi * 50 * np.arange(12 * S) / RATE)
    for start, end in ((S, 3 * S), (4 * S, 6 * S), (6 * S + 100, 8 * S), (9 * S, 11 * S)):
        other[start:end] = one[start:end]
    made = []
    for number, sound in enumerate((one, other)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(Desk(sound, files, wheel, folder).cut(edits))
    assert made[0].master.sha256 == made[1].master.sha256


def test_a_covered_name_is_a_tone_of_1_khz_about_as_loud_as_the_voice(desk: Desk) -> None:
    tone = desk.heard(Edits(covered=(Cover(3 * S, 4 * S),)))[3 * S : 4 * S]
    middle = tone[S // 10 : -S // 10]
    power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) ** 2
    hertz = np.fft.rfftfreq(len(middle), 1 / RATE)
    near = np.abs(hertz - 1000) < 10
    assert 10 * np.log10(power[~near].sum() / power[near].sum()) < -80
    assert desk.master.loudness_lufs is not None
    assert 10 * np.log10(np.mean(middle**2)) == pytest.approx(desk.master.loudness_lufs - 3.0, abs=0.5)


def test_a_covered_silence_is_one(desk: Desk) -> None:
    silence = desk.heard(Edits(covered=(Cover(3 * S, 4 * S, "silence"),)))[3 * S : 4 * S]
    assert not silence[SEAM_SAMPLES:-SEAM_SAMPLES].any()
    assert silence[:SEAM_SAMPLES].any(), "what was heard before dies away"


def test_a_cover_goes_on_across_a_removal(desk: Desk) -> None:
    edits = Edits(removed=((3 * S + 4000, 3 * S + 9000),), covered=(Cover(3 * S, 4 * S),))
    tone = desk.heard(edits)[3 * S : 4 * S - 5000]
    middle = tone[SEAM_SAMPLES : -SEAM_SAMPLES - 1]
    bend = middle[2:] - 2 * np.cos(2 * np.pi * 1000 / RATE) * middle[1:-1] + middle[:-2]
    assert np.abs(bend).max() < 1e-6, "one sine, without a step"


# ------------------------------------------------------------------ without a click


def click_db(sound: Signal, at: int) -> float:
    """How loud what is above 8 kHz is in the 10 ms around a place, beside all of the 200 ms around it, in dB.

    The voice of these tests has nothing above 7 kHz; a step has.
    """
    around = sound[at - S // 10 : at + S // 10]
    spectrum = np.fft.rfft(around * np.hanning(len(around)))
    spectrum[np.fft.rfftfreq(len(around), 1 / RATE) < 8000] = 0.0
    high = np.fft.irfft(spectrum, len(around))[S // 10 - S // 200 : S // 10 + S // 200]
    return float(10 * np.log10((high**2).mean() / (around**2).mean() + 1e-12))


def removals(seed: int) -> Edits:
    """Six, anywhere."""
    starts = np.random.default_rng(seed).integers(S // 2, S + S // 2, 6) + 2 * S * np.arange(6)
    return Edits(removed=tuple((int(at), int(at) + 9_601 + 317 * n) for n, at in enumerate(starts[:-1])))


def test_no_removal_clicks(desk: Desk) -> None:
    ours, naive = [], []
    for seed in range(6):
        edits = removals(seed)
        heard, glued = desk.heard(edits), desk.naive(edits)
        places = joins(edits, len(desk.sound))
        ours += [click_db(heard, at) for at in places]
        naive += [click_db(glued, at) for at in places]
    assert len(ours) == 30
    assert np.median(naive) > -40, "a step clicks"
    assert max(ours) < -60
    assert np.median(ours) < np.median(naive) - 40


@pytest.mark.parametrize("sound", ["tone", "silence"])
def test_neither_end_of_a_cover_clicks(desk: Desk, sound: str) -> None:
    ours, naive = [], []
    for start in range(S, 11 * S, S // 2 + 111):
        cover = Cover(start, start + S // 4, sound)  # type: ignore[arg-type]
        heard, muted = desk.heard(Edits(covered=(cover,))), desk.sound.copy()
        muted[cover.start : cover.end] = 0.0
        ours += [click_db(heard, at) for at in (cover.start, cover.end)]
        naive += [click_db(muted, at) for at in (cover.start, cover.end)]
    assert max(ours) < -75
    assert np.median(ours) < np.median(naive) - 25


def test_no_gain_clicks(desk: Desk) -> None:
    edits = Edits(gains=(GainOver(2 * S + 123, 4 * S + 77, 12.0), GainOver(4 * S + 77, 6 * S, -12.0)))
    heard = desk.heard(edits)
    assert max(click_db(heard, at) for at in joins(edits, len(desk.sound))) < -60


def test_a_tone_goes_on_through_a_seam_as_if_nothing_had_happened() -> None:
    at = np.arange(3000) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 220 * at) + 0.1 * np.sin(2 * np.pi * 660 * at)).astype(np.float32)
    assert led_on(tone[:2000], SEAM_SAMPLES) == pytest.approx(tone[2000:2240], abs=0.06)
    assert led_in(tone[1000:], SEAM_SAMPLES) == pytest.approx(tone[760:1000], abs=0.06)


@pytest.mark.parametrize("before", [0, 1, 3, 4, 5, 100])
def test_the_shortest_sounds_are_led_on(before: int) -> None:
    following = led_on(voice(0.1)[:before].astype(np.float32), SEAM_SAMPLES)
    assert len(following) == SEAM_SAMPLES
    assert np.abs(following).max() <= 0.75


# ------------------------------------------------------------------ level and fades


def test_a_gain_is_as_asked_for_and_never_goes_over_full_scale(desk: Desk) -> None:
    start, end = 2 * S, 4 * S
    inside = slice(start + SEAM_SAMPLES, end - SEAM_SAMPLES)
    heard = desk.heard(Edits(gains=(GainOver(start, end, -6.0),)))
    np.testing.assert_allclose(heard[inside], desk.sound[inside] * 10 ** (-6 / 20), rtol=0, atol=2e-7)
    loud = desk.heard(Edits(gains=(GainOver(start, end, 20.0),)))
    assert np.abs(loud).max() <= 1.0
    assert np.abs(loud[inside]).max() > 0.9
    assert desk.cut(Edits(gains=(GainOver(start, end, 20.0),))).master.clipped_samples == 0


def test_fades_are_straight_and_lie_inside(desk: Desk) -> None:
    edits = Edits(first_sample=S, fade_in_samples=2 * S, fade_out_samples=S)
    heard, sound = desk.heard(edits), desk.sound[S:]
    ramp = (np.arange(2 * S) + 0.5) / (2 * S)
    np.testing.assert_allclose(heard[: 2 * S], sound[: 2 * S] * ramp, rtol=0, atol=2e-7)
    assert np.array_equal(heard[2 * S : -S], sound[2 * S : -S])
    np.testing.assert_allclose(heard[-S:], sound[-S:] * ramp[::2][::-1], rtol=0, atol=2e-5)


# ------------------------------------------------------------------ what goes wrong


def test_bad_edits_leave_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(BadEdits, match="goes beyond the end"):
        cut(desk.master.path, desk.master.samples, Edits(end_sample=13 * S), tmp_path / "out", ffmpeg=desk.ffmpeg)  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_a_master_that_is_shorter_than_it_was_said_to_be_is_not_cut(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed, match="576000 samples where 720000 were wanted"):
        cut(desk.master.path, 15 * S, Edits(removed=((S, 2 * S),)), tmp_path / "out", ffmpeg=desk.ffmpeg)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_pause_alone_is_no_item(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    quiet = Desk(np.concatenate([voice(1.0), np.zeros(3 * S)]), files, wheel, tmp_path)
    with pytest.raises(OnlySilence):
        quiet.cut(Edits(first_sample=2 * S, fade_in_samples=S))


def test_a_long_recording_needs_no_more_memory_than_a_short_one(wheel: Path, tmp_path: Path) -> None:
    def most_bytes(seconds: int) -> int:
        folder = tmp_path / str(seconds)
        folder.mkdir()
        sound = np.tile(np.random.default_rng(1).normal(0.0, 0.1, 10 * S), seconds // 10)
        master = master_of(sound, folder, wheel)
        del sound
        edits = Edits(
            removed=((5 * S, 6 * S),),
            covered=(Cover(7 * S, 8 * S), Cover(20 * S, (seconds - 10) * S, "silence")),
            cleaning=EVERYTHING,
            even=True,
        )
        tracemalloc.start()
        cut(master.path, master.samples, edits, folder / "cuts", ffmpeg=wheel)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert most_bytes(240) < 1.1 * most_bytes(60) + 2_000_000
