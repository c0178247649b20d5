from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.grid import LEAD_IN, SHORTEST_PAUSE, Grid, Run

grids = st.one_of(st.sampled_from([1, 960, 1024, 1152]), st.integers(1, SHORTEST_PAUSE)).map(Grid)
pauses = st.integers(SHORTEST_PAUSE, 48_000)
runs = st.lists(st.builds(Run, st.integers(1, 500_000), pauses), max_size=4)


@given(grids, st.integers(0, 10_000_000))
def test_the_grid_lies_around_every_sample(grid: Grid, sample: int) -> None:
    assert grid.down(sample) <= sample <= grid.up(sample)
    assert grid.up(sample) - grid.down(sample) in {0, grid.samples}
    assert grid.down(sample) % grid.samples == 0


@given(grids)
def test_the_first_item_starts_on_the_grid_after_the_poor_frames(grid: Grid) -> None:
    assert grid.lead % grid.samples == 0
    assert LEAD_IN <= grid.lead < LEAD_IN + grid.samples


@given(grids, st.builds(Run, st.integers(1, 500_000), pauses))
def test_a_pause_gives_way_to_the_grid_and_the_sound_does_not(grid: Grid, run: Run) -> None:
    gap = grid.step(run) - run.samples
    assert 0 <= run.pause - gap < grid.samples


@given(grids, runs, pauses, runs, st.integers(1_000_000, 6_000_000))
def test_room_is_the_longest_item_that_fits(
    grid: Grid, before: list[Run], pause: int, after: list[Run], end: int
) -> None:
    def fits(samples: int) -> bool:
        return grid.lead + grid.length([*before, Run(samples, pause), *after]) <= end

    room = grid.room(end, before, pause, after)
    assert not fits(max(room + 1, 0))
    assert room < 0 or fits(room)


@given(grids, st.lists(st.builds(Run, st.integers(1, 500_000), pauses), min_size=1, max_size=4))
def test_the_latest_start_ends_within_a_grid_step_of_the_end(grid: Grid, some: list[Run]) -> None:
    end = 6_000_000
    start = grid.latest_start(end, some)
    assert start % grid.samples == 0
    assert 0 <= end - (start + grid.length(some)) < grid.samples


@pytest.mark.parametrize("samples", [0, SHORTEST_PAUSE + 1])
def test_a_grid_is_never_wider_than_the_shortest_pause(samples: int) -> None:
    with pytest.raises(ValueError, match="it goes from 1 to 9600"):
        Grid(samples)
