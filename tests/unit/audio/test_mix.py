from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

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
