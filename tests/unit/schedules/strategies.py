"""Random clocks and libraries, small enough to compile quickly and wild enough to reach every rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schedules.candidates import Candidate, Request
from schedules.clock import ELASTIC_KINDS, KINDS, Clock, Element, Fill, Fixed, IntervalSignal, Pick
from schedules.time import SAMPLE_RATE

STARTS_AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SIGNAL_SAMPLES = 8 * SAMPLE_RATE
GRIDS = [1, 960, 1024, 1152]
TAGS = ["daily", "weather", "역사"]

kinds = st.sampled_from(["news", "talk", "ident", "music", "filler"]) | st.sampled_from(sorted(KINDS))
lengths = st.one_of(st.integers(1, 5 * SAMPLE_RATE), st.integers(1, 300 * SAMPLE_RATE))


def common() -> dict[str, st.SearchStrategy[Any]]:
    return {
        "label": st.sampled_from(["", "여는 말"]),
        "pause_s": st.one_of(st.just(0.5), st.floats(0.2, 1.0)),
    }


def elements() -> st.SearchStrategy[Element]:
    some_kinds = st.lists(kinds, min_size=1, max_size=4, unique=True).map(tuple)
    elastic = st.lists(st.sampled_from(sorted(ELASTIC_KINDS)), min_size=1, unique=True).map(tuple)
    weight: dict[str, st.SearchStrategy[Any]] = {
        "required": st.sampled_from([True, False, False]),
        "priority": st.integers(-2, 2),
    }
    return st.one_of(
        st.builds(Fixed, st.integers(1, 12), **weight, **common()),
        st.builds(
            Pick,
            some_kinds,
            st.lists(st.sampled_from(TAGS), max_size=1).map(tuple),
            order=st.sampled_from(["newest", "least_recently_aired"]),
            count=st.integers(1, 3),
            max_age_days=st.none() | st.none() | st.integers(3, 10),
            **weight,
            **common(),
        ),
        st.builds(IntervalSignal, st.floats(1, 30), **common()),
        st.builds(Fill, elastic, min_s=st.sampled_from([0, 0.3, 5, 60]), **common()),
    )


def clocks() -> st.SearchStrategy[Clock]:
    return st.lists(elements(), min_size=1, max_size=7).map(lambda some: Clock(tuple(some)))


@st.composite
def candidates(draw: st.DrawFn, segment_id: int) -> Candidate:
    """A segment with dates around the airing, so that embargo and expiry fall inside it often enough."""
    minutes = st.integers(-5, 15).map(lambda number: STARTS_AT + timedelta(minutes=number))
    air_from = draw(st.none() | st.none() | minutes)
    air_until = draw(st.none() | st.none() | minutes)
    return Candidate(
        segment_id=segment_id,
        master_sha256=f"{segment_id:064x}",
        kind=draw(kinds),
        tags=frozenset(draw(st.lists(st.sampled_from(TAGS), max_size=2))),
        samples=draw(lengths),
        first_sample=draw(st.integers(0, 1000)),
        approved_at=STARTS_AT - timedelta(days=draw(st.integers(0, 12))),
        last_aired_at=draw(st.none() | st.integers(1, 5).map(lambda days: STARTS_AT - timedelta(days=days))),
        air_from=air_from,
        air_until=air_until,
    )


@st.composite
def requests(draw: st.DrawFn) -> Request:
    grid = draw(st.sampled_from(GRIDS))
    target = draw(st.integers(5 * SAMPLE_RATE, 900 * SAMPLE_RATE))
    library = [draw(candidates(number)) for number in range(1, draw(st.integers(0, 14)) + 1)]
    return Request(
        clock=draw(clocks()),
        starts_at=STARTS_AT,
        target_samples=target - target % grid,
        grid_samples=grid,
        candidates=tuple(draw(st.permutations(library))),
        interval_signal_samples=SIGNAL_SAMPLES,
        seed=draw(st.integers(0, 3)),
    )
