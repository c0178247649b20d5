from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.frequencies.advice import (
    ERROR,
    INFORMATION,
    LESSER,
    SERIOUS,
    Alternative,
    ConflictCount,
    Jammer,
    Reports,
    advise,
    free_channels,
)
from schedules.frequencies.propagation import Signal


def signals(*percents: int) -> tuple[Signal, ...]:
    return tuple(Signal(0, 80, percent) for percent in percents)


GOOD = Alternative(khz=7515, is_cleared=True, in_band=True, signals=signals(85, 80))
OTHER = replace(GOOD, khz=9465)
HEARD_WELL = Reports(4, 3, 4.2)
FAILING = Reports(4, 3, 1.8)


def order(*alternatives: Alternative, jammers: tuple[Jammer, ...] = ()) -> list[float]:
    return [advice.alternative.khz for advice in advise(alternatives, jammers)]


def codes(alternative: Alternative, *jammers: Jammer) -> set[str]:
    return {reason.code for reason in advise([alternative], jammers)[0].reasons}


def test_what_cannot_be_transmitted_comes_last_but_is_shown() -> None:
    impossible = replace(GOOD, conflicts=(ConflictCount("same transmitter", ERROR, 60),))
    hopeless = Alternative(khz=9465, is_cleared=False, in_band=False)
    found = advise([impossible, hopeless], [Jammer(9465, "KRE")])
    assert [advice.alternative.khz for advice in found] == [9465, 7515]
    assert found[1].decided_by == "possible"
    assert found[1].reasons[0].text == "cannot be transmitted: same transmitter for 60 minutes a week"


@pytest.mark.parametrize(
    ("apart", "code"),
    [
        (0, "jammer-on-channel"),
        (4.9, "jammer-on-channel"),
        (5, "jammer-beside"),
        (9.9, "jammer-beside"),
        (10, "jammers-clear"),
        (500, "jammers-clear"),
    ],
)
def test_a_jammer_counts_by_how_near_it_is(apart: float, code: str) -> None:
    for side in (-apart, apart):
        assert code in codes(GOOD, Jammer(GOOD.khz + side, "Pyongyang"), Jammer(3900, "far"))


def test_a_cleared_frequency_under_a_jammer_is_no_way_out() -> None:
    uncleared = replace(OTHER, is_cleared=False)
    assert order(GOOD, uncleared, jammers=(Jammer(7515, "KRE"),)) == [9465, 7515]
    assert order(GOOD, uncleared) == [7515, 9465]


def test_cleared_out_of_band_is_as_good_as_in_band_and_uncleared_in_band_is_better_than_out_of_it() -> None:
    outside = replace(GOOD, in_band=False)
    assert order(OTHER, outside) == [7515, 9465]  # equal: the lower one
    assert "cleared-out-of-band" in codes(outside)
    assert order(replace(outside, is_cleared=False), replace(OTHER, is_cleared=False)) == [9465, 7515]


def test_listeners_who_report_that_it_fails_outweigh_the_prediction() -> None:
    failing = replace(GOOD, signals=signals(99, 99), reports=FAILING)
    assert order(failing, replace(OTHER, signals=signals(30, 30))) == [9465, 7515]


def test_listeners_who_hear_it_decide_between_equal_predictions_only() -> None:
    heard = replace(OTHER, reports=HEARD_WELL)
    assert order(GOOD, heard) == [9465, 7515]
    assert order(replace(GOOD, signals=signals(95, 95)), heard) == [7515, 9465]


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        (None, "no-evidence"),
        (Reports(0, 0, 0), "no-evidence"),
        (Reports(9, 22, 1.0), "reports-old"),
        (Reports(1, 1, 1.0), "reports-few"),
        (Reports(2, 21, 2.4), "reports-bad"),
        (Reports(2, 21, 2.5), "reports-mixed"),
        (Reports(2, 21, 3.0), "reports-good"),
    ],
)
def test_evidence_is_several_recent_reports(reports: Reports | None, code: str) -> None:
    assert code in codes(replace(GOOD, reports=reports))


def test_old_or_single_reports_are_told_but_decide_nothing() -> None:
    for reports in (Reports(9, 60, 1.0), Reports(1, 1, 1.0), Reports(9, 60, 5.0)):
        assert order(replace(GOOD, reports=reports), OTHER) == [7515, 9465]
        assert order(replace(OTHER, reports=reports), GOOD) == [7515, 9465]


def test_a_station_on_the_channel_outweighs_the_signal_and_one_beside_it_does_not() -> None:
    strong = replace(GOOD, signals=signals(99, 99))
    on_it = replace(strong, conflicts=(ConflictCount("co-channel with a shared zone", SERIOUS, 30),))
    beside = replace(strong, conflicts=(ConflictCount("5 kHz beside us", LESSER, 420),))
    known = replace(strong, conflicts=(ConflictCount("10 kHz beside us", INFORMATION, 420),))
    assert order(on_it, OTHER) == [9465, 7515]
    assert order(beside, OTHER) == [7515, 9465]
    assert order(replace(OTHER, signals=strong.signals), beside) == [9465, 7515]
    assert order(replace(OTHER, signals=strong.signals), known) == [7515, 9465]


def test_a_slot_is_as_good_as_its_worst_hour() -> None:
    one_bad_hour = replace(GOOD, signals=signals(99, 99, 25))
    assert order(one_bad_hour, replace(OTHER, signals=signals(55, 55, 55))) == [9465, 7515]
    assert order(replace(OTHER, signals=signals(99, 55)), replace(GOOD, signals=signals(55, 55))) == [
        9465,
        7515,
    ]


def test_what_nobody_predicted_is_not_taken_for_good() -> None:
    assert order(replace(GOOD, signals=()), replace(OTHER, signals=signals(30))) == [9465, 7515]
    assert "no-prediction" in codes(replace(GOOD, signals=()))


def test_each_reason_is_a_sentence_with_the_values_in_it_and_is_told_once() -> None:
    found = advise([replace(GOOD, reports=FAILING)], [Jammer(7520, "")])[0]
    assert [reason.text for reason in found.reasons] == [
        "nothing of our own stands in its way",
        "a jammer overlaps: an unknown site is on 7520 kHz, 5 kHz away",
        "listeners report that it fails: 4 reports, the newest 3 days old, overall 1.8 of 5",
        "cleared",
        "no other station is on it in our zone",
        "predicted good in the slot's worst hour (4 of 5)",
        "no other station is near it in our zone",
        "enough signal on 82 % of the days",
    ]
    for reason in found.reasons:
        assert all(str(value) in reason.text for value in reason.values.values())


alternatives = st.builds(
    Alternative,
    khz=st.integers(1180, 2420).map(lambda step: step * 5.0),
    is_cleared=st.booleans(),
    in_band=st.booleans(),
    signals=st.lists(st.integers(0, 100), max_size=3).map(lambda percents: signals(*percents)),
    conflicts=st.lists(
        st.builds(ConflictCount, st.sampled_from(["a", "b"]), st.integers(0, 3), st.integers(0, 500)),
        max_size=2,
    ),
    reports=st.none()
    | st.builds(Reports, st.integers(0, 5), st.integers(0, 40), st.floats(1, 5, allow_nan=False)),
)
jammers = st.lists(
    st.builds(Jammer, st.integers(1180, 2420).map(lambda step: step * 5.0), st.just("KRE")), max_size=3
)


@given(st.lists(alternatives, max_size=4, unique_by=lambda one: one.khz), jammers)
def test_the_order_does_not_depend_on_the_order_of_asking_and_is_as_it_says(
    asked: list[Alternative], known: list[Jammer]
) -> None:
    first = advise(asked, known)
    assert [advice.place for advice in first] == list(range(1, len(asked) + 1))
    for other in permutations(asked):
        assert advise(other, known[::-1]) == first
    for before, after in pairwise(first):
        pairs = list(zip(before.parts, after.parts, strict=True))
        decisive = next((mine for theirs, mine in pairs if theirs.score != mine.score), None)
        if decisive is None:
            assert before.alternative.khz < after.alternative.khz
            assert after.decided_by is None
        else:
            theirs = next(part for part in before.parts if part.question == after.decided_by)
            assert theirs.score < decisive.score
            assert after.decided_by == decisive.question


@given(alternatives, jammers)
def test_nothing_that_speaks_for_it_makes_it_worse(one: Alternative, known: list[Jammer]) -> None:
    def scores(other: Alternative) -> list[float]:
        return [part.score for part in advise([other], known)[0].parts]

    assert scores(replace(one, is_cleared=True)) <= scores(one)
    assert scores(replace(one, conflicts=())) <= scores(one)
    assert scores(replace(one, reports=HEARD_WELL)) <= scores(one)
    assert scores(replace(one, signals=signals(100))) <= scores(one)
    assert scores(replace(one, reports=FAILING)) >= scores(one)


def test_free_channels_keep_inside_the_band_and_away_from_what_is_taken() -> None:
    assert free_channels([(5900, 5930)], []) == [5905, 5910, 5915, 5920, 5925]
    assert free_channels([(5900, 5950)], [5925]) == [5905, 5910, 5915, 5935, 5940, 5945]
    assert free_channels([(5900, 5950)], [5925], apart_khz=5) == [
        5905,
        5910,
        5915,
        5920,
        5930,
        5935,
        5940,
        5945,
    ]
    assert free_channels([(7200, 7215), (5900, 5915)], [], step_khz=10) == [5910, 7210]
    assert free_channels([], [5900]) == []
