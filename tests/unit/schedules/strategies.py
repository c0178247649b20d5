"""Random clocks and libraries, small enough to compile quickly and wild enough to reach every rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schedules.candidates import Announced, Candidate, Request
from schedules.clock import Clock
from schedules.elements import (
    ELASTIC_KINDS,
    KINDS,
    Announcement,
    Awaited,
    Element,
    Fill,
    Fixed,
    IntervalSignal,
    NextEpisode,
    Pick,
    Repeat,
    Spoken,
)
from schedules.hard_time import HardTime
from schedules.rules import Aired, Quota, Rest, Spacing
from schedules.said import Said
from schedules.time import SAMPLE_RATE, to_kst

STARTS_AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SIGNAL_SAMPLES = 8 * SAMPLE_RATE
GRIDS = [1, 960, 1024, 1152]
TAGS = ["daily", "weather", "역사"]
PRESENTERS = ["김", "Lee"]
SERIES = "먼 길"
AWAITED = "letter"
LETTERS = st.sampled_from([STARTS_AT.replace(year=2020), STARTS_AT]).map(lambda at: to_kst(at).date())


def segment(number: int, kind: str, seconds: float, **changes: Any) -> Candidate:
    """A segment for a test that names what matters of it."""
    values: dict[str, Any] = {
        "segment_id": number,
        "master_sha256": f"{number:064x}",
        "kind": kind,
        "tags": frozenset(changes.pop("tags", ())),
        "samples": round(seconds * SAMPLE_RATE),
        "first_sample": 0,
        "approved_at": STARTS_AT - timedelta(days=number),
    }
    return Candidate(**(values | changes))


kinds = st.sampled_from(["news", "talk", "music"] * 3 + ["announcement"] + sorted(KINDS))
lengths = st.one_of(st.integers(1, 5 * SAMPLE_RATE), st.integers(1, 300 * SAMPLE_RATE))
sizes = st.one_of(st.integers(0, 3), st.integers(6, 14), st.integers(6, 14))
TEMPLATES = ("date",), ("time", "frequencies")
templates = st.sampled_from(TEMPLATES)
some_tags = st.lists(st.sampled_from(TAGS), max_size=1).map(tuple)
hard_times = st.sampled_from(["20:00", "05:01 KST", ":02", ":03:30", "+0:00", "+0:01:15", "03:00"]).map(
    HardTime
)


def subjects() -> st.SearchStrategy[tuple[Any, ...]]:
    """What a rule is of, and the value that it names."""
    return st.one_of(
        st.just(("item", None)),
        st.tuples(st.just("presenter"), st.none() | st.sampled_from(PRESENTERS)),
        st.tuples(st.just("tag"), st.none() | st.sampled_from(TAGS)),
    )


days = st.sampled_from([0.5, 1, 2, 7])
rests = st.one_of(
    st.builds(lambda of, days: Rest(of[0], of[1], days=days), subjects(), days),
    st.builds(lambda of, airings: Rest(of[0], of[1], airings=airings), subjects(), st.integers(1, 3)),
)
quotas = st.builds(
    lambda of, most, per: Quota(of[0], of[1], most=most, per=per),
    subjects(),
    st.integers(1, 3),
    st.sampled_from(["night", "week"]),
)
spacings = st.builds(
    lambda of, minutes: Spacing(of[0], of[1], minutes=minutes), subjects(), st.sampled_from([0.5, 1, 3])
)


def few(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(rules, max_size=2).map(tuple)


def common(*, timed: bool = True) -> dict[str, st.SearchStrategy[Any]]:
    timing = {
        "at": st.sampled_from([None] * 7 + [True]).flatmap(lambda at: hard_times if at else st.none()),
        "within_s": st.sampled_from([0, 5, 30]),
    }
    return {
        "label": st.sampled_from(["", "여는 말"]),
        "pause_s": st.one_of(st.just(0.5), st.floats(0.2, 1.0)),
        "crossfade_s": st.sampled_from([0, 1, 4, 4, 5]),
        **(timing if timed else {}),
    }


def elements() -> st.SearchStrategy[Element]:
    some_kinds = st.lists(kinds, min_size=1, max_size=4, unique=True).map(tuple)
    elastic = st.lists(st.sampled_from(sorted(ELASTIC_KINDS)), min_size=1, unique=True).map(tuple)
    weight: dict[str, st.SearchStrategy[Any]] = {
        "required": st.sampled_from([False] * 6 + [True]),
        "priority": st.integers(-2, 2),
    }
    trims = st.sampled_from([0, 0, 0.5, 20])
    return st.one_of(
        st.builds(Fixed, st.integers(1, 12), trim_in_s=trims, trim_out_s=trims, **weight, **common()),
        picks(some_kinds, weight),
        picks(some_kinds, weight),
        st.builds(NextEpisode, st.just(SERIES), **weight, **common()),
        st.builds(Awaited, st.just(AWAITED), st.none() | st.integers(1, 12), **weight, **common()),
        st.builds(Announcement, some_tags, **weight, **common()),
        st.builds(Spoken, templates, **weight, **common()),
        st.builds(Repeat, **weight, **common()),
        st.builds(IntervalSignal, st.floats(1, 30), **common()),
        st.builds(
            Fill,
            elastic,
            min_s=st.sampled_from([0, 0.3, 5, 60]),
            back_timed=st.booleans(),
            **common(timed=False),
        ),
    )


def picks(some_kinds: Any, weight: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Element]:
    return st.builds(
        Pick,
        some_kinds,
        some_tags,
        order=st.sampled_from(["newest", "least_recently_aired", "weighted"]),
        count=st.integers(1, 3),
        max_age_days=st.none() | st.none() | st.integers(3, 10),
        rests=few(rests),
        quotas=few(quotas),
        spacings=few(spacings),
        after_tags=st.just(()) | st.just(()) | some_tags,
        not_after_tags=st.just(()) | some_tags,
        **weight,
        **common(),
    )


def clocks() -> st.SearchStrategy[Clock]:
    return st.lists(elements(), min_size=1, max_size=6).map(lambda some: Clock(tuple(some)))


@st.composite
def candidates(draw: st.DrawFn, segment_id: int) -> Candidate:
    """A segment with dates around the airing, so that embargo and expiry fall inside it often enough."""
    minutes = st.integers(-5, 15).map(lambda number: STARTS_AT + timedelta(minutes=number))
    air_from = draw(st.none() | st.none() | minutes)
    air_until = draw(st.none() | st.none() | minutes)
    role = draw(st.sampled_from(["", "", "", "", "episode", "awaited"]))
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
        presenter=draw(st.none() | st.sampled_from(PRESENTERS)),
        series=SERIES if role == "episode" else None,
        episode=draw(st.integers(1, 4)) if role == "episode" else None,
        awaited_as=AWAITED if role == "awaited" else None,
        awaited_on=draw(LETTERS) if role == "awaited" else None,
    )


@st.composite
def histories(draw: st.DrawFn, library: list[Candidate]) -> tuple[Aired, ...]:
    """What aired in the nights before, and earlier and later in the same one."""
    aired = []
    for hours in draw(st.lists(st.integers(-4, 200), max_size=6)):
        one = draw(st.sampled_from(library))
        airing = STARTS_AT - timedelta(hours=hours or 1)
        at = airing + timedelta(minutes=draw(st.integers(0, 30)))
        aired.append(Aired(one.segment_id, at, airing, draw(st.booleans()), one.presenter, one.tags))
    return tuple(aired)


@st.composite
def announcements(draw: st.DrawFn) -> tuple[Announced, ...]:
    """What was made for the templates: nothing, or a sound."""
    return tuple(
        Announced(template, "오늘은", segment(number, "announcement", draw(st.floats(0.5, 30))))
        if draw(st.booleans())
        else Announced(template, "오늘은", None, Said("", "espeak-ng is not there"))
        for number, template in enumerate(TEMPLATES, 101)
    )


@st.composite
def requests(draw: st.DrawFn, most_seconds: int = 400) -> Request:
    grid = draw(st.sampled_from(GRIDS))
    target = draw(st.integers(5 * SAMPLE_RATE, most_seconds * SAMPLE_RATE))
    library = [draw(candidates(number)) for number in range(1, draw(sizes) + 1)]
    numbers = st.integers(1, 14)
    return Request(
        clock=draw(clocks()),
        starts_at=STARTS_AT,
        target_samples=target - target % grid,
        grid_samples=grid,
        candidates=tuple(draw(st.permutations(library))),
        interval_signal_samples=SIGNAL_SAMPLES,
        seed=draw(st.integers(0, 3)),
        history=draw(histories(library)) if library else (),
        repeated=tuple(draw(st.lists(numbers, max_size=4, unique=True))),
        announced=draw(announcements()),
    )


def with_kept(request: Request, rundown: Any, count: int) -> Request:
    """The same, but for the first items of a rundown, which stay as they are."""
    return replace(request, kept=rundown.items[:count])
