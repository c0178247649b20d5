"""Edits where songs are faded into one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schedules.candidates import Request
from schedules.clock import parse_clock
from schedules.compile import compile_rundown
from schedules.edits import Edition, Lock, Swap, edited
from schedules.errors import BadEdit
from schedules.rundown import Rundown
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment

FRAME = 1152
CLOCK: list[dict[str, Any]] = [{"type": "fill"}, {"type": "pick", "kinds": ["talk"], "required": False}]
SONGS = tuple(segment(number, "music", 100) for number in (1, 2, 3))
REQUEST = Request(
    parse_clock(CLOCK), STARTS_AT, 296 * SAMPLE_RATE // FRAME * FRAME, FRAME, SONGS, SIGNAL_SAMPLES
)


@pytest.fixture(scope="module")
def songs() -> Rundown:
    """Three songs, the second and the third of which begin within the one before."""
    rundown = compile_rundown(REQUEST)
    assert len(rundown.items) == 3
    assert rundown.fit is not None
    assert rundown.fit.crossfaded_samples > SAMPLE_RATE
    return rundown


def again(edition: Edition, rundown: Rundown, *more: Any) -> Rundown:
    kept = tuple(replace(item, element=index) for index, item in enumerate(rundown.items[: edition.kept]))
    return compile_rundown(
        replace(REQUEST, clock=edition.clock, candidates=(*SONGS, *more), kept=kept, quick=True)
    )


def test_a_whole_song_that_is_faded_can_be_locked_and_is_faded_again(songs: Rundown) -> None:
    edition = edited(REQUEST.clock, songs, [Lock(0), Lock(1), Lock(2)], keep=False)
    locked = again(edition, songs)
    assert [item.source for item in locked.items] == [item.source for item in songs.items]
    assert locked.fit is not None
    assert locked.fit.crossfaded_samples > SAMPLE_RATE


def test_what_comes_before_a_change_keeps_its_fade(songs: Rundown) -> None:
    edition = edited(REQUEST.clock, songs, [Swap(2, 4)])
    swapped = again(edition, songs, segment(4, "talk", 90))
    kept = [replace(item, element=None) for item in songs.items[:2]]
    assert [replace(item, element=None) for item in swapped.items[:2]] == kept
    assert swapped.items[2].start_sample > swapped.items[1].end_sample


def test_a_piece_that_was_shortened_cannot_be_locked() -> None:
    rundown = compile_rundown(replace(REQUEST, target_samples=250 * SAMPLE_RATE // FRAME * FRAME))
    [number] = [item.position for item in rundown.items if item.shortened]
    with pytest.raises(BadEdit, match="is a piece that was shortened to fill time"):
        edited(REQUEST.clock, rundown, [Lock(number)])
