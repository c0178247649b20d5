from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.frequencies import sides
from schedules.frequencies.conflicts import Conflict, background_conflicts, own_conflicts
from schedules.frequencies.levels import Level, Severity
from schedules.frequencies.line import Line
from schedules.time import Span
from tests.unit.schedules.frequencies.minute_by_minute import Clash, clashes, minutes_in
from tests.unit.schedules.frequencies.seasons import (
    A26,
    B26,
    line,
    lines,
    own_season,
    pairs,
    real_season,
    seasons_around,
    spans_around,
    spans_that_cut,
    utc,
)

RETUNE_S = {"TAC": 90, "PUG": 3600}


def figures(conflict: Conflict) -> Clash:
    return Clash(
        conflict.level.code,
        conflict.line.key,
        conflict.other.key,
        conflict.first_at,
        conflict.occurrences,
        conflict.minutes,
        conflict.gap_s,
    )


def check_the_rest(conflicts: tuple[Conflict, ...]) -> None:
    order = [(-one.level, one.first_at) for one in conflicts]
    assert order == sorted(order)
    for one in conflicts:
        assert one.separation_khz == abs(one.line.khz - one.other.khz)
        assert one.shared_zones == one.line.zones & one.other.zones


@settings(max_examples=500)
@given(st.data())
def test_own_conflicts_are_those_that_every_minute_shows(data: st.DataObject) -> None:
    centre, own = data.draw(seasons_around())
    span = data.draw(spans_around(centre))
    found = own_conflicts(own, span, RETUNE_S)
    figured = [figures(one) for one in found]
    assert set(figured) == clashes(own, own, minutes_in(span), RETUNE_S)
    assert len(figured) == len(set(figured))
    check_the_rest(found)


@settings(max_examples=500)
@given(st.data())
def test_conflicts_with_others_are_those_that_every_minute_shows(data: st.DataObject) -> None:
    centre, own = data.draw(seasons_around((1, 2, 3)))
    others = [data.draw(lines(centre, f"b{number}")) for number in range(data.draw(st.integers(0, 3)))]
    span = data.draw(spans_around(centre))
    found = background_conflicts(own, others, span)
    figured = [figures(one) for one in found]
    assert set(figured) == clashes(own, others, minutes_in(span), None)
    assert len(figured) == len(set(figured))
    check_the_rest(found)


@settings(max_examples=500)
@given(st.data())
def test_two_lines_of_one_frequency_meet_as_every_minute_shows(data: st.DataObject) -> None:
    one, other = data.draw(pairs())
    pair = [replace(one, khz=7500), replace(other, khz=7500)]
    span = data.draw(spans_that_cut(pair))
    found = {figures(each) for each in own_conflicts(pair, span)}
    assert found == clashes(pair, pair, minutes_in(span), {})


@settings(max_examples=500)
@given(st.data())
def test_retunings_are_those_that_every_minute_shows(data: st.DataObject) -> None:
    one, other = data.draw(pairs())
    pair = [replace(one, khz=7500), replace(other, khz=6000)]
    span = data.draw(spans_that_cut(pair))
    found = {figures(each) for each in own_conflicts(pair, span, RETUNE_S)}
    assert found == clashes(pair, pair, minutes_in(span), RETUNE_S)


@settings(max_examples=100)
@given(st.data())
def test_a_season_against_itself_has_each_pair_once(data: st.DataObject) -> None:
    centre, everybody = data.draw(seasons_around())
    span = data.draw(spans_around(centre))
    found = background_conflicts(everybody, everybody, span)
    assert {figures(one) for one in found} == clashes(everybody, everybody, minutes_in(span), None)
    assert all(one.line is not one.other for one in found)


@given(
    st.lists(st.integers(-5, 5), max_size=12),
    st.lists(st.integers(-5, 5), max_size=12),
    st.integers(0, 3),
    st.integers(1, 9),
)
def test_near_pairs_are_all_there_whatever_the_size_of_a_block(
    one: list[int], other: list[int], reach: int, block: int
) -> None:
    expected = [
        (i, j) for i, mine in enumerate(one) for j, its in enumerate(other) if abs(mine - its) <= reach
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sides, "_BLOCK", block)
        blocks = list(sides.near(np.array(one, np.int64), np.array(other, np.int64), reach))
    assert sorted(pair for lefts, rights in blocks for pair in zip(lefts, rights, strict=True)) == expected
    largest = max((sum(abs(mine - its) <= reach for its in other) for mine in one), default=0)
    assert all(lefts.size < block + largest for lefts, _ in blocks)


def test_a_season_of_everybody_is_the_same_in_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    own, others = own_season(60), real_season(2000)
    at_once = background_conflicts(own, others, B26.span), own_conflicts(own, B26.span, RETUNE_S)
    monkeypatch.setattr(sides, "_BLOCK", 100)
    assert (background_conflicts(own, others, B26.span), own_conflicts(own, B26.span, RETUNE_S)) == at_once
    assert all(at_once)


# ---------------------------------------------------------------- the levels


def levels(one: Line, other: Line, **retune_s: int) -> list[str]:
    return [found.level.code for found in own_conflicts([one, other], B26.span, retune_s)]


def with_others(one: Line, other: Line) -> list[str]:
    return [found.level.code for found in background_conflicts([one], [other], B26.span)]


KOREA, EUROPE = frozenset({"44NE", "45NW"}), frozenset({"27SW", "28NW"})


def test_one_transmitter_cannot_send_two_lines_at_once() -> None:
    other = line(khz=7500, transmitter="1")
    assert levels(line(transmitter="1"), other) == ["same-transmitter"]
    assert levels(line(transmitter="2"), other) == []
    assert levels(line(transmitter="1", site="PUG"), other) == []


def test_parallel_frequencies_of_a_site_are_normal() -> None:
    assert levels(line(), line(khz=7500, zones=KOREA)) == []


def test_a_site_cannot_send_two_lines_on_one_frequency_even_in_step() -> None:
    assert levels(line(synchronised="a"), line(synchronised="a")) == ["same-site-and-frequency"]


def test_own_lines_of_two_sites_share_a_frequency_only_in_step() -> None:
    assert levels(line(synchronised="a"), line(site="PUG", synchronised="a")) == []
    assert levels(line(synchronised="a"), line(site="PUG", synchronised="b")) == ["own-co-channel"]
    assert levels(line(zones=KOREA), line(site="PUG", zones=EUROPE)) == ["own-co-channel"]


@pytest.mark.parametrize(
    ("khz", "zones", "expected"),
    [
        (9650, {"44NE"}, ["co-channel"]),
        (9650, {"27SW"}, []),
        (9650, (), ["co-channel-zones-unknown"]),
        (9645, {"44NE"}, ["adjacent-channel"]),
        (9654.999, {"44NE"}, ["adjacent-channel"]),
        (9655.001, {"44NE"}, ["near-channel"]),
        (9660, {"44NE"}, ["near-channel"]),
        (9660.001, {"44NE"}, []),
        (9645, (), []),
        (9640, {"27SW"}, []),
    ],
)
def test_others_matter_by_separation_where_a_zone_is_shared(
    khz: float, zones: set[str], expected: list[str]
) -> None:
    other = line(khz=khz, zones=frozenset(zones), site="XYZ")
    assert with_others(line(zones=KOREA), other) == expected


def test_more_zones_than_a_machine_word_has_bits_are_told_apart() -> None:
    everywhere = frozenset(f"{zone}NE" for zone in range(1, 86))
    found = background_conflicts(
        [line(zones=everywhere)], [line(site="XYZ", zones=frozenset({"85NE", "9SW"}))], B26.span
    )
    assert [one.shared_zones for one in found] == [frozenset({"85NE"})]


def test_a_retuning_is_sure_where_the_transmitter_is_known_and_else_told_as_possible() -> None:
    after = line(khz=7500, start_minute=21 * 60, stop_minute=22 * 60)
    sure = line(transmitter="1"), line(khz=7500, start_minute=1260, stop_minute=1320, transmitter="1")
    assert levels(*sure, TAC=60) == ["retune"]
    assert levels(line(), after, TAC=60) == ["retune-if-one-transmitter"]
    assert levels(line(transmitter="1"), after, TAC=60) == ["retune-if-one-transmitter"]
    assert levels(line(transmitter="1"), line(khz=7500, start_minute=1260, transmitter="2"), TAC=60) == []
    assert levels(line(), after, PUG=60) == []


def test_a_retuning_needs_its_seconds_and_another_frequency() -> None:
    two_minutes_later = line(khz=7500, start_minute=21 * 60 + 2, stop_minute=22 * 60)
    assert levels(line(), two_minutes_later, TAC=120) == []
    assert levels(line(), two_minutes_later, TAC=121) == ["retune-if-one-transmitter"]
    assert levels(line(), line(start_minute=21 * 60, stop_minute=22 * 60), TAC=121) == []


def test_a_retuning_past_midnight_is_that_of_the_next_day() -> None:
    late = line(start_minute=1380, stop_minute=1440, days=frozenset({7}), transmitter="1")
    early = line(khz=7500, start_minute=0, stop_minute=60, days=frozenset({1}), transmitter="1")
    (found,) = own_conflicts([early, late], B26.span, {"TAC": 30})
    assert (found.line, found.other) == (late, early)
    assert (found.first_at, found.gap_s, found.minutes) == (utc("2026-10-26T00:00"), 0, 0)
    assert found.occurrences == 22


def test_levels_are_in_the_order_of_their_importance() -> None:
    assert [level.code for level in sorted(Level, reverse=True)] == [
        "same-transmitter",
        "same-site-and-frequency",
        "own-co-channel",
        "retune",
        "co-channel",
        "adjacent-channel",
        "co-channel-zones-unknown",
        "retune-if-one-transmitter",
        "near-channel",
    ]
    severities = [level.severity for level in sorted(Level)]
    assert severities == sorted(severities)
    assert [level for level in Level if level.severity is Severity.ERROR] == [
        Level.SAME_SITE_AND_FREQUENCY,
        Level.SAME_TRANSMITTER,
    ]


# ---------------------------------------------------------------- when


def test_lines_that_only_follow_each_other_do_not_conflict() -> None:
    assert levels(line(), line(start_minute=21 * 60, stop_minute=22 * 60)) == []


def test_one_minute_together_is_a_conflict() -> None:
    (found,) = own_conflicts([line(), line(start_minute=21 * 60 - 1, stop_minute=22 * 60)], B26.span)
    assert (found.first_at, found.occurrences, found.minutes) == (utc("2026-10-25T20:59"), 154, 154)


def test_lines_that_share_hours_but_no_day_do_not_conflict() -> None:
    assert levels(line(days=frozenset({1, 2})), line(days=frozenset({3, 7}))) == []
    late = line(start_minute=1380, stop_minute=60, days=frozenset({7}))
    assert levels(late, line(start_minute=0, stop_minute=60, days=frozenset({7}))) == []
    assert levels(late, line(start_minute=0, stop_minute=60, days=frozenset({1}))) == [
        "same-site-and-frequency"
    ]


def test_a_tail_on_the_day_after_the_last_date_still_conflicts() -> None:
    last = date(2026, 11, 3)
    tail = line(start_minute=1380, stop_minute=60, last_date=last)
    early = line(start_minute=30, stop_minute=90, first_date=last + timedelta(days=1), key="2")
    (found,) = own_conflicts([tail, early], B26.span)
    assert (found.first_at, found.occurrences, found.minutes) == (utc("2026-11-04T00:30"), 1, 30)


def test_nothing_bites_before_the_season_or_after_it() -> None:
    old = {"first_date": A26.start.date(), "last_date": A26.end.date(), "start_minute": 30, "stop_minute": 90}
    (found,) = own_conflicts([line(**old), line(**old, key="2")], A26.span)
    assert found.minutes == 30 + 60 * 209 + 30
    evening = old | {"start_minute": 1200, "stop_minute": 1260, "first_date": A26.end.date()}
    assert own_conflicts([line(**evening), line(**evening, key="2")], A26.span) == ()


def test_a_conflict_is_told_from_when_one_asks() -> None:
    both = [
        line(zones=KOREA),
        line(khz=9655, site="PUG", days=frozenset({7}), zones=KOREA | EUROPE, who="Danpa"),
    ]
    (found,) = own_conflicts(both, Span(utc("2027-02-28T20:30"), B26.end))
    assert (found.first_at, found.occurrences, found.minutes) == (utc("2027-02-28T20:30"), 4, 210)
    assert str(found) == (
        "adjacent-channel: 9650 kHz TAC 2000-2100 daily and 9655 kHz PUG 2000-2100 Su (Danpa), 5 kHz apart, "
        "both for 44NE, 45NW; from Sun 2027-02-28 20:30 UTC, 4 times, 210 minutes"
    )


def test_a_line_that_never_airs_harms_nobody() -> None:
    never = line(first_date=date(2026, 11, 2), last_date=date(2026, 11, 2), days=frozenset({7}))
    assert levels(line(), never, TAC=3600) == []


def test_without_lines_there_are_no_conflicts() -> None:
    assert own_conflicts([], B26.span, {"TAC": 60}) == ()
    assert background_conflicts([], real_season(10), B26.span) == ()
    assert background_conflicts(own_season(3), [], B26.span) == ()
