"""The compiler's best programme is the best of all: held against every programme of a small library.

By itself this tries a few dozen. `EXAMPLES=2000 python -m pytest tests/unit/schedules/test_optimum.py` tries more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice, pairwise
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from schedules.candidates import Candidate, Request
from schedules.clock import Clock
from schedules.compile import compile_alternatives, search_for
from schedules.elements import Element, Fill, Fixed, IntervalSignal, Pick
from schedules.errors import Uncompilable
from schedules.goals import Goals, Score
from schedules.hard_time import HardTime
from schedules.rules import Quota, Rest, Spacing
from schedules.search import Found
from schedules.stages import stages_of
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.brute_force import BruteForce, Cost
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
GRID = SAMPLE_RATE // 5
TAGS = ["sad", "gay"]

seconds = st.integers(2, 40).map(lambda tenths: tenths / 2)
some_tags = st.just(()) | st.just(()) | st.just(()) | st.sampled_from(TAGS).map(lambda tag: (tag,))
hard_times = st.sampled_from([None] * 6 + ["+0:00:10", "+0:00:20", "20:00"]).map(
    lambda text: HardTime(text) if text else None
)


def rarely(*rules: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.just(()) | st.sampled_from(rules).map(lambda rule: (rule,))


crossfades = st.sampled_from([0, 2, 4])
elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(
        Fixed,
        st.integers(1, 7),
        required=st.just(False),
        at=hard_times,
        priority=st.integers(0, 1),
        crossfade_s=crossfades,
    ),
    st.builds(
        Pick,
        st.sampled_from([("news",), ("talk",), ("news", "talk"), ("music",), ("music", "talk")]),
        crossfade_s=crossfades,
        order=st.sampled_from(["newest", "least_recently_aired"]),
        count=st.integers(1, 2),
        required=st.sampled_from([False, False, True]),
        priority=st.integers(0, 1),
        at=hard_times,
        within_s=st.sampled_from([0, 2]),
        rests=rarely(Rest("presenter", days=1), Rest("tag", "sad", airings=1)),
        quotas=rarely(Quota("presenter", most=1), Quota("tag", "sad", most=1), Quota("tag", most=2)),
        spacings=rarely(Spacing("presenter", minutes=0.1), Spacing("tag", minutes=0.3)),
        after_tags=some_tags,
        not_after_tags=some_tags,
    ),
    st.builds(IntervalSignal, st.integers(1, 10)),
    st.builds(Fill, st.just(("music",)), min_s=st.sampled_from([0, 0, 15]), crossfade_s=crossfades),
)


@st.composite
def segments(draw: st.DrawFn, number: int) -> Candidate:
    dates = (
        st.none() | st.none() | st.none() | st.integers(1, 50).map(lambda s: STARTS_AT + timedelta(seconds=s))
    )
    kind = draw(st.sampled_from(["news", "talk", "talk", "music", "music"]))
    return Candidate(
        number,
        f"{number:064x}",
        kind,
        frozenset(draw(some_tags)),
        round(draw(seconds) * SAMPLE_RATE) + draw(st.sampled_from([0, 100])),
        0,
        STARTS_AT - timedelta(days=draw(st.integers(1, 5))),
        last_aired_at=STARTS_AT - timedelta(days=draw(st.integers(1, 5))),
        air_from=draw(dates) if kind != "music" else None,
        air_until=draw(dates) if kind != "music" else None,
        presenter=draw(st.sampled_from([None, "Kim", "Lee"])),
    )


def is_small(clock: list[Element]) -> bool:
    """Fills have many lengths, and with spacings each of them counts: together they are too much to try."""
    fills = sum(isinstance(element, Fill) for element in clock)
    return fills <= (1 if any(getattr(element, "spacings", ()) for element in clock) else 2)


@st.composite
def small_requests(draw: st.DrawFn) -> Request:
    library = [draw(segments(number)) for number in range(1, draw(st.integers(2, 5)) + 1)]
    clock = draw(st.lists(elements, min_size=1, max_size=4).filter(is_small))
    length = draw(st.integers(5, 30)) * SAMPLE_RATE // GRID * GRID
    return Request(Clock(tuple(clock)), STARTS_AT, length, GRID, tuple(library), SIGNAL_SAMPLES)


def is_fill(element: Element) -> bool:
    return isinstance(element, Fill)


def is_bearable(clock: Sequence[Element], pieces: int) -> bool:
    """Three songs that may be faded and cut in three places are a minute's work each."""
    return not any(map(is_fill, clock)) or len(clock) + pieces <= 5


@st.composite
def musical_requests(draw: st.DrawFn) -> Request:
    """Songs long enough to be faded into one another, and just about as much time as they take."""
    # With several fills some are too short for that: what fills one leaves odd rests to the other
    fills = draw(st.integers(1, 2))
    lengths = st.integers(50, 90) if fills == 1 else st.integers(5, 65)
    lengths = lengths.map(lambda fifths: fifths * GRID)
    library = [
        Candidate(
            number,
            f"{number:064x}",
            draw(st.sampled_from(["music", "music", "music", "bed", "talk", "interval_signal"])),
            frozenset(),
            draw(lengths) + draw(st.sampled_from([0, 100])),
            0,
            STARTS_AT - timedelta(days=draw(st.integers(1, 5))),
            last_aired_at=STARTS_AT - timedelta(days=draw(st.integers(1, 5))),
        )
        for number in range(1, draw(st.integers(2, 3 if fills == 1 else 2)) + 1)
    ]
    fill = st.builds(
        Fill,
        st.sampled_from([("music",), ("music", "bed", "interval_signal")]),
        min_s=st.sampled_from([0, 0, 20]),
        crossfade_s=crossfades,
    )
    pick = st.builds(
        Pick,
        st.sampled_from([("music",), ("music", "bed", "talk")]),
        order=st.sampled_from(["newest", "least_recently_aired"]),
        count=st.integers(1, 3),
        required=st.booleans(),
        at=hard_times,
        within_s=st.sampled_from([0, 2]),
        crossfade_s=crossfades,
    )
    clock = draw(
        st.lists(fill | pick | pick, min_size=1, max_size=3).filter(
            lambda some: is_bearable(some, len(library)) and sum(map(is_fill, some)) <= fills
        )
    )
    whole = sum(one.samples for one in library)
    length = whole - draw(st.integers(-10, 60)) * GRID
    return Request(
        Clock(tuple(clock)), STARTS_AT, max(length // GRID, 25) * GRID, GRID, tuple(library), SIGNAL_SAMPLES
    )


def cost_of(score: Score, found: Found, force: BruteForce) -> Cost:
    """A programme's cost as the brute force counts it."""
    missing = [0] * len(force.priorities)
    for number, stage in enumerate(force.stages):
        if not stage.is_fill:
            there = sum(one.stage == number for one in found.placements)
            missing[force.priorities.index(stage.priority)] += stage.most - there
    return tuple(missing), score.newest, score.noticed_ticks, score.rotation


def two_best(request: Request) -> tuple[list[Found], Goals]:
    """What the search finds."""
    search = search_for(request, stages_of(request))
    return list(islice(search.programmes(), 2)), search.track.goals


@settings(max_examples=EXAMPLES or 50, suppress_health_check=list(HealthCheck))
@given(small_requests() | musical_requests())
def test_no_programme_of_all_that_there_are_is_better_and_the_second_is_the_second_best(
    request: Request,
) -> None:
    force = BruteForce(request, wanted=2)
    found, goals = two_best(request)
    if not found:
        event("refused")
        assert not force.best
        return
    costs = [cost_of(goals.read(one.cost), one, force) for one in found]
    proved = [one.is_proved for one in found]
    event(f"proved: {proved}, alternatives: {len(found)}, cross-fades: {overlaps(found[0])}")
    if proved[0]:
        assert costs[0] == force.costs[0]
    # Where nothing at all was chosen there is nothing to choose otherwise
    if all(proved) and len(costs) > 1:
        assert costs == force.costs


def overlaps(found: Found) -> int:
    return sum(after.start < before.end for before, after in pairwise(found.placements))


@settings(max_examples=EXAMPLES or 30, suppress_health_check=list(HealthCheck))
@given(small_requests() | musical_requests())
def test_what_is_noticed_is_never_more_than_the_search_counted_but_for_even_pauses(request: Request) -> None:
    try:
        [rundown] = compile_alternatives(request, 1)
    except Uncompilable:
        return
    assert rundown.fit is not None
    [found, *_], goals = two_best(request)
    joins = len(rundown.items) + 1
    assert rundown.fit.noticed_samples <= (goals.read(found.cost).noticed_ticks + joins * 5) * GRID


def music_and_more(*seconds: tuple[str, float]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            number,
            f"{number:064x}",
            kind,
            frozenset(),
            round(length * SAMPLE_RATE),
            0,
            STARTS_AT - timedelta(days=1),
            last_aired_at=STARTS_AT - timedelta(days=1),
        )
        for number, (kind, length) in enumerate(seconds, 1)
    )


def test_an_empty_fill_that_costs_more_in_the_end_does_not_hide_its_pieces() -> None:
    # With nothing in it the second fill costs less at first; 2.002 s and 17 s of music fit but for 3 ticks
    library = music_and_more(("music", 96_100 / SAMPLE_RATE), ("music", 17))
    fill = Fill(("music",), crossfade_s=0)
    request = Request(Clock((fill, fill)), STARTS_AT, 21 * SAMPLE_RATE, GRID, library, SIGNAL_SAMPLES)
    [first, second], goals = two_best(request)
    assert first.is_proved
    assert [goals.read(one.cost).noticed_ticks for one in (first, second)] == [3, 3]
    assert all(one.how == "whole" for one in first.placements)


def test_an_alternative_may_have_more_in_one_place_and_nothing_in_another() -> None:
    library = music_and_more(("music", 10), ("bed", 10))
    one = Pick(("music",), order="newest", required=False, crossfade_s=0)
    two = Pick(("music", "bed"), order="newest", count=2, required=False, crossfade_s=0)
    request = Request(Clock((one, two)), STARTS_AT, 104 * GRID, GRID, library, SIGNAL_SAMPLES)
    [first, second], _ = two_best(request)
    assert first.is_proved
    # {1 and 2 in the second place} is better than what the search finds: it must not say that there is none
    assert not second.is_proved
