from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.meter import PeakMeter
from audio.mix import Mix
from audio.pieces import Piece
from audio.prepare import Prepared
from tests.audio_files import RATE

LIMIT_DBFS = -4.0


def tone(hertz: float, seconds: float) -> NDArray[np.float64]:
    return 0.55 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def mixed(folder: Path, wheel: Path, sounds: list[tuple[int, NDArray[np.float64]]], **changes: Any) -> Mix:
    pieces, prepared = [], []
    for index, (start, sound) in enumerate(sounds):
        path = folder / f"{index}.pcm"
        path.write_bytes(np.rint(sound * 32767).astype("<i2").tobytes())
        pieces.append(Piece(path, str(index), start, len(sound), 0, None, **changes))
        prepared.append(Prepared(path, len(sound), None, -5.0))
    total = pieces[-1].end_sample + RATE
    return Mix(pieces, prepared, total, limit_dbfs=LIMIT_DBFS, ffmpeg=wheel)


def heard(mix: Mix, start: int, end: int) -> NDArray[np.float64]:
    return np.frombuffer(mix.read(start, end), dtype="<i2") / 32767


def test_an_overlaps_limiter_does_not_click_where_it_begins_and_ends(wheel: Path, tmp_path: Path) -> None:
    """Two steady tones, far too loud together, meet without a fade: the gain comes and goes over 20 ms."""
    one, two = tone(200, 4.0), tone(310, 4.0)
    mix = mixed(tmp_path, wheel, [(0, one), (3 * RATE, two)])
    sound = heard(mix, 0, mix.total_samples)
    ideal = np.zeros(mix.total_samples)
    ideal[: 4 * RATE] += one
    ideal[3 * RATE : 7 * RATE] += two
    assert np.abs(ideal).max() > 1.0
    assert np.abs(sound).max() <= 10 ** (LIMIT_DBFS / 20) + 1 / 32767
    far = np.r_[0 : 3 * RATE - 960, 4 * RATE + 960 : len(ideal)]
    assert np.abs(sound - ideal)[far].max() < 2 / 32767, "alone, they are as they were"
    # The steepest step of the ideal sum is where a tone is cut off in full swing; the limiter makes none steeper
    near = np.r_[3 * RATE - 2000 : 3 * RATE - 5, 3 * RATE + 5 : 4 * RATE - 5, 4 * RATE + 5 : 4 * RATE + 2000]
    gain = np.where(np.abs(ideal) > 0.1, sound / np.where(ideal == 0, 1, ideal), np.nan)[near]
    steps = np.abs(np.diff(gain[~np.isnan(gain)]))
    assert steps.max() < 0.02


@pytest.mark.parametrize("portion", [1, 1151, 48_000, 100_000])
def test_any_part_read_alone_is_the_part_of_the_whole(portion: int, wheel: Path, tmp_path: Path) -> None:
    fades = {"fade_in_samples": 5000, "fade_out_samples": 7000}
    mix = mixed(
        tmp_path, wheel, [(100, tone(200, 1.0)), (40_000, tone(310, 1.0)), (150_000, tone(90, 0.5))], **fades
    )
    whole = mix.read(0, mix.total_samples)
    assert b"".join(mix.blocks()) == whole
    for start in (0, 99, 39_500, 47_000, 87_999, 149_000, mix.total_samples - 10):
        end = min(start + portion, mix.total_samples)
        assert mix.read(start, end) == whole[2 * start : 2 * end]


def test_there_is_silence_before_a_programme_and_behind_it(wheel: Path, tmp_path: Path) -> None:
    mix = mixed(tmp_path, wheel, [(0, tone(200, 1.0)), (2 * RATE, tone(310, 1.0))])
    whole, total = mix.read(0, mix.total_samples), mix.total_samples
    assert mix.read(-500, total + 700) == bytes(1000) + whole + bytes(1400)
    assert mix.read(RATE + 10, RATE + 90) == bytes(160)


def test_a_piece_may_be_nothing_but_a_fade(wheel: Path, tmp_path: Path) -> None:
    sound = np.full(RATE, 0.5)
    for fade, ends in (("fade_in_samples", (0.0, 0.5)), ("fade_out_samples", (0.5, 0.0))):
        mix = mixed(tmp_path, wheel, [(0, sound)], **{fade: RATE})
        assert heard(mix, 0, RATE)[[0, -1]] == pytest.approx(ends, abs=0.005)


# ------------------------------------------------------------------ cross-fades on music


def noise(seed: int, seconds: float) -> NDArray[np.float64]:
    """Music's worst case for a cross-fade: full band, nothing in common with its neighbour, steady."""
    return np.random.default_rng(seed).normal(0.0, 0.1, round(seconds * RATE))


def crossed(folder: Path, wheel: Path, sounds: list[NDArray[np.float64]], overlap: int) -> Mix:
    start, placed = 0, []
    for sound in sounds:
        placed.append((start, sound))
        start += len(sound) - overlap
    return mixed(folder, wheel, placed, fade_in_samples=overlap, fade_out_samples=overlap)


@pytest.mark.parametrize("seconds", [0.5, 4.0])
def test_the_level_holds_through_a_cross_fade(seconds: float, wheel: Path, tmp_path: Path) -> None:
    overlap = round(seconds * RATE / 1152) * 1152
    mix = crossed(tmp_path, wheel, [noise(1, 10.0), noise(2, 10.0)], overlap)
    sound = heard(mix, 0, mix.total_samples)
    begin, end = 10 * RATE - overlap, 10 * RATE
    tenth = RATE // 10
    levels = [
        10 * np.log10(np.mean(sound[at : at + tenth] ** 2)) for at in range(begin, end - tenth + 1, tenth)
    ]
    assert levels == pytest.approx([-20.0] * len(levels), abs=0.5)
    alone = 10 * np.log10(np.mean(sound[5 * RATE : begin] ** 2))
    assert np.mean(levels) == pytest.approx(alone, abs=0.1)


def test_a_cross_fade_does_not_click(wheel: Path, tmp_path: Path) -> None:
    """Two low tones: nothing above 3 kHz but what a fade's edges and steps would put there, in any 10 ms."""
    overlap = 2500 * 48
    mix = crossed(tmp_path, wheel, [0.3 * tone(220, 6.0), 0.3 * tone(331, 6.0)], overlap)
    sound = heard(mix, 0, mix.total_samples)
    # Not the programme's first and last fades, but from one second on to one before the second tone's own fade
    inner = sound[3 * RATE : 3 * RATE + 5 * RATE]
    rows = inner.reshape(-1, 480) * np.hanning(480)
    spectrum = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    high = spectrum[:, 30:].sum(axis=1) / spectrum.sum(axis=1)
    assert 10 * np.log10(high.max()) < -60


def test_a_cross_fade_of_loud_music_stays_under_the_limit(wheel: Path, tmp_path: Path) -> None:
    """Each alone reaches the limit, the sum of both would be over it; between the samples too, within its margin."""
    overlap = 3 * RATE
    one, two = tone(200, 8.0) * 1.1, tone(310, 8.0) * 1.1
    mix = crossed(tmp_path, wheel, [one, two], overlap)
    sound = heard(mix, 0, mix.total_samples)
    assert np.abs(sound).max() <= 10 ** (LIMIT_DBFS / 20) + 1 / 32767
    assert np.abs(sound[5 * RATE : 8 * RATE]).max() > 10 ** (LIMIT_DBFS / 20) * 0.9, "no more than needed"
    meter = PeakMeter()
    meter.feed(sound.astype(np.float32))
    assert 20 * np.log10(meter.finish()) < LIMIT_DBFS + 0.1
