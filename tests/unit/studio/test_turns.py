"""The join rules: when a studio is heard, and what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.studio.turns import NoPlace, Takeover, give_back, hard_samples, heard, level_at, take_over
from schedules.clock import parse_clock
from schedules.rundown import IntervalSignalSource, Item, Reason, Rundown
from schedules.said import Said
from schedules.time import SAMPLE_RATE, Span

S = SAMPLE_RATE
JOINS = [0, 60 * S, 90 * S, 300 * S]
END = 600 * S


def _takeover(zero: int = 0, *, at_once: bool = False, name: str = "1-1") -> Takeover:
    return Takeover(name, zero, {"r": "/f"}, at_once=at_once)


def _on(turns: list[dict[str, Any]]) -> list[tuple[float, str]]:
    return [(turn["from_sample"] / S, turn["level"]) for turn in turns]


def _take(
    zero_s: float, hard: Sequence[int] = (), *, at_once: bool = False, before: Sequence[dict[str, Any]] = ()
) -> list[Any]:
    takeover = _takeover(round(zero_s * S), at_once=at_once)
    return take_over(before, takeover, JOINS, [one * S for one in hard], earliest=0, end=END)


@pytest.mark.parametrize(
    ("zero_s", "hard", "at_once", "turns"),
    [
        (-5, [], False, [(0, "studio")]),
        (10, [], False, [(60, "studio")]),
        (60, [], False, [(60, "studio")]),
        (61, [300], False, [(90, "studio"), (300, "programme")]),
        (10, [60], False, [(60, "studio")]),
        (10, [60, 300], False, [(60, "studio"), (300, "programme")]),
        (45, [60], True, [(60, "studio")]),  # that is soon enough
        (10, [], True, [(10, "studio")]),
        (10, [60], True, [(10, "studio"), (60, "programme")]),
        (301, [], True, [(301, "studio")]),
        (299, [300], True, [(300, "studio")]),
    ],
)
def test_a_studio_begins_at_a_join_and_ends_at_a_hard_time(
    zero_s: float, hard: list[int], *, at_once: bool, turns: list[tuple[float, str]]
) -> None:
    assert _on(_take(zero_s, hard, at_once=at_once)) == turns


def test_where_no_item_begins_any_more_only_who_cannot_wait_gets_in() -> None:
    with pytest.raises(NoPlace):
        _take(301)
    with pytest.raises(NoPlace):
        _take(598, at_once=True)


def test_a_join_just_before_a_hard_time_is_no_place_for_a_studio() -> None:
    turns = take_over([], _takeover(58 * S), [60 * S, 62 * S, 90 * S], [62 * S], earliest=0, end=END)
    assert _on(turns) == [(62, "studio")]


def test_the_hand_brake_of_before_stays_and_what_was_planned_after_it_goes() -> None:
    before = [{"from_sample": 5 * S, "level": "standby"}, {"from_sample": 70 * S, "level": "programme"}]
    assert _on(_take(10, before=before)) == [(5, "standby"), (60, "studio")]


def _give(
    last_s: float, earliest_s: float = 0, hard: Sequence[int] = (), joins: Sequence[int] = JOINS
) -> list[tuple[float, str]]:
    turns = _take(10, hard)
    return _on(
        give_back(turns, "1-1", joins, last=round(last_s * S), earliest=round(earliest_s * S), end=END)
    )


def test_after_a_studio_the_programme_goes_on_in_the_middle_of_what_it_would_be_at() -> None:
    assert _give(120.5) == [(60, "studio"), (120.5, "programme")]
    assert _give(120.5, hard=[300]) == [(60, "studio"), (120.5, "programme")]


def test_the_interval_signal_fills_a_few_seconds_until_an_item_begins() -> None:
    assert _give(82) == [(60, "studio"), (82, "interval_signal"), (90, "programme")]
    assert _give(79) == [(60, "studio"), (79, "programme")]
    assert _give(89.5) == [(60, "studio"), (89.5, "programme")]  # too short for it
    assert _give(82, earliest_s=83) == [(60, "studio"), (82, "programme")]  # it is heard already


def test_a_studio_that_is_gone_before_it_is_heard_leaves_nothing() -> None:
    assert _give(59, hard=[300]) == []


def test_after_its_time_nothing_changes() -> None:
    assert _give(301, hard=[300]) == [(60, "studio"), (300, "programme")]
    assert give_back([], "1-1", JOINS, last=5, earliest=0, end=END) == []


def test_a_hand_brake_that_was_pulled_meanwhile_stays() -> None:
    turns = [*_take(10), {"from_sample": 70 * S, "level": "standby"}]
    assert _on(give_back(turns, "1-1", JOINS, last=75 * S, earliest=0, end=END)) == [
        (60, "studio"),
        (70, "standby"),
    ]


@given(
    zero=st.integers(-10 * S, 700 * S), hard=st.sets(st.sampled_from([*JOINS, 200 * S])), at_once=st.booleans(),
    last=st.integers(0, 700 * S), earliest=st.integers(0, 700 * S),
)  # fmt: skip
def test_turns_are_always_in_order_and_a_studio_is_never_heard_before_it_is_there(
    *, zero: int, hard: set[int], at_once: bool, last: int, earliest: int
) -> None:
    try:
        turns = take_over([], _takeover(zero, at_once=at_once), JOINS, sorted(hard), earliest=0, end=END)
    except NoPlace:
        return
    after = give_back(turns, "1-1", JOINS, last=last, earliest=earliest, end=END)
    for each in (turns, after):
        places = [turn["from_sample"] for turn in each]
        assert places == sorted(places)
        assert len(set(places)) == len(places)
        assert all(turn["from_sample"] >= max(zero, 0) for turn in each if turn["level"] == "studio")
    studio = heard(after, "1-1", END)
    assert studio is None or studio[1] <= max(last, studio[0]) or after == turns
    assert level_at(after, END) != "studio" or last >= END


def test_hard_times_are_found_in_what_was_compiled() -> None:
    starts_at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    clock = parse_clock(
        [
            {"type": "interval_signal", "seconds": 9},
            {"type": "interval_signal", "seconds": 9, "at": ":01", "within_s": 5},
            {"type": "interval_signal", "seconds": 9, "at": "15:05"},
            {"type": "interval_signal", "seconds": 9, "at": "16:05"},
        ]
    )
    starts = [0, 57 * S, 64 * S, 100 * S, 300 * S + 1000]
    items = tuple(
        Item(n, IntervalSignalSource(loop=True), at, S, 0, 0, 0, 0, Reason("", 1, Said("", "")))
        for n, at in enumerate(starts)
    )
    rundown = Rundown(END, 1152, "programme", items, (), None, "")
    assert hard_samples(clock, rundown, Span(starts_at, starts_at + timedelta(minutes=10))) == [
        57 * S,
        64 * S,
        300 * S + 1000,
    ]
