"""The budget of a clock: what it takes, against the length of the programme, as the compiler reckons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schedules.budget import Verdict, budget_of
from schedules.candidates import Candidate, Request
from schedules.clock import parse_clock
from schedules.compile import compile_rundown
from schedules.errors import DoesNotFit
from schedules.rundown import Item
from schedules.time import SAMPLE_RATE

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
GRID = 1_152
NEWS: dict[str, object] = {"type": "pick", "kinds": ["news"], "order": "newest"}
TALKS: dict[str, object] = {
    "type": "pick",
    "kinds": ["talk"],
    "order": "newest",
    "count": 2,
    "required": False,
}
FILL: dict[str, object] = {"type": "fill", "kinds": ["music"]}


def request(clock: list[dict[str, object]], minutes: float) -> Request:
    """A library of two news, three talks and an hour of music."""
    lengths = [("news", 300.0), ("news", 420.0), ("talk", 240.0), ("talk", 300.0), ("talk", 600.0)]
    lengths += [("music", 200.0 + number) for number in range(18)]
    candidates = tuple(
        Candidate(
            segment_id=number,
            master_sha256=f"{number}",
            kind=kind,
            tags=frozenset(),
            samples=int(seconds * SAMPLE_RATE),
            first_sample=0,
            approved_at=AT,
        )
        for number, (kind, seconds) in enumerate(lengths, 1)
    )
    target = int(minutes * 60) * SAMPLE_RATE
    return Request(parse_clock(clock), AT, target - target % GRID, GRID, candidates, 8 * SAMPLE_RATE)


@pytest.mark.parametrize(
    ("clock", "minutes", "verdict"),
    [
        ([NEWS, FILL], 30, "fits"),
        ([NEWS, TALKS, FILL], 18, "tight"),
        ([NEWS], 30, "short"),
        ([NEWS, FILL], 4, "over"),
        ([{**FILL, "min_s": 600}, NEWS], 12, "over"),
    ],
)
def test_the_verdict_says_how_it_fits(
    clock: list[dict[str, object]], minutes: float, verdict: Verdict
) -> None:
    assert budget_of(request(clock, minutes)).verdict == verdict


def test_what_is_over_never_compiles() -> None:
    wanted = request([NEWS, FILL], 4)
    with pytest.raises(DoesNotFit):
        compile_rundown(wanted)


@pytest.mark.parametrize("minutes", [20, 30, 45])
def test_every_element_of_a_compiled_programme_is_within_its_share(minutes: float) -> None:
    wanted = request([{"type": "interval_signal", "seconds": 12}, NEWS, TALKS, FILL], minutes)
    budget, rundown = budget_of(wanted), compile_rundown(wanted)
    for share in budget.shares:
        samples = sum(item.samples for item in rundown.items if item.element == share.element)
        pauses = SAMPLE_RATE * len(own_items(rundown.items, share.element))
        assert samples + pauses >= share.least
        assert share.most is None or samples <= share.most


def own_items(items: tuple[Item, ...], element: int) -> list[Item]:
    return [item for item in items if item.element == element]


def test_what_is_required_and_not_in_the_library_is_missing() -> None:
    budget = budget_of(request([{**NEWS, "kinds": ["drama"]}, FILL], 30))
    assert [share.is_missing for share in budget.shares] == [True, False]


def test_a_fill_takes_whatever_is_left() -> None:
    budget = budget_of(request([NEWS, {**FILL, "min_s": 60}], 30))
    assert budget.most is None
    assert budget.shares[1].least == pytest.approx(60 * SAMPLE_RATE, abs=GRID)
