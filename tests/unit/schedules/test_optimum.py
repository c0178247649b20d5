"""The compiler's best programme is the best of all: held against every programme of a small library.

By itself this tries a few dozen. `EXAMPLES=2000 python -m pytest tests/unit/schedules/test_optimum.py` tries more.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from schedules.candidates import Candidate, Request
from schedules.clock import Clock
from schedules.compile import compile_alternatives
from schedules.elements import Element, Fill, Fixed, IntervalSignal, Pick
from schedules.errors import Uncompilable
from schedules.hard_time import HardTime
from schedules.rules import Quota, Rest, Spacing
from schedules.rundown import Rundown
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


elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(Fixed, st.integers(1, 7), required=st.just(False), at=hard_times, priority=st.integers(0, 1)),
    st.builds(
        Pick,
        st.sampled_from([("news",), ("talk",), ("news", "talk")]),
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
    st.builds(Fill, st.just(("music",)), min_s=st.sampled_from([0, 0, 15])),
)


@st.composite
def segments(draw: st.DrawFn, number: int) -> Candidate:
    dates = (
        st.none() | st.none() | st.none() | st.integers(1, 50).map(lambda s: STARTS_AT + timedelta(seconds=s))
    )
    kind = draw(st.sampled_from(["news", "talk", "talk", "music"]))
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


def cost_of(rundown: Rundown, force: BruteForce) -> Cost:
    """A rundown's cost as the brute force counts it."""
    fit = rundown.fit
    assert fit is not None
    missing = [0] * len(force.priorities)
    for number, stage in enumerate(force.stages):
        if not stage.is_fill:
            there = sum(item.element == stage.index for item in rundown.items)
            missing[force.priorities.index(force.stages[number].priority)] += stage.most - there
    return tuple(missing), fit.newest_places, fit.noticed_samples // GRID, fit.rotation_places


def alternatives(request: Request) -> tuple[list[Rundown], str]:
    """The two best, or the words of the refusal."""
    try:
        return compile_alternatives(request, 2), ""
    except Uncompilable as refusal:
        return [], str(refusal)


@settings(max_examples=EXAMPLES or 50, suppress_health_check=list(HealthCheck))
@given(small_requests())
def test_no_programme_of_all_that_there_are_is_better_and_the_second_is_the_second_best(
    request: Request,
) -> None:
    force = BruteForce(request, wanted=2)
    rundowns, refused = alternatives(request)
    if refused:
        event("refused")
        # A programme of nothing but interval signal is refused although it breaks no rule
        assert not force.best or refused.startswith("no segment at all")
        return
    costs = [cost_of(rundown, force) for rundown in rundowns]
    proved = [rundown.fit is not None and rundown.fit.proved for rundown in rundowns]
    event(f"proved: {proved}, alternatives: {len(rundowns)}")
    assert costs == sorted(costs)
    if proved[0]:
        assert costs[0] == force.costs[0]
    # Where nothing at all was chosen there is nothing to choose otherwise
    if all(proved) and len(costs) > 1:
        assert costs == force.costs
