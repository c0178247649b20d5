"""Where nothing keeps every rule, or the search was given up: what a producer is told, and offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schedules.candidates import Request
from schedules.clock import parse_clock
from schedules.compile import compile_alternatives, compile_rundown
from schedules.errors import DoesNotFit
from schedules.rundown import Rundown
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment

FRAME = 1152
NEWS: dict[str, Any] = {"type": "pick", "kinds": ["news"]}
TALK: dict[str, Any] = {"type": "pick", "kinds": ["talk"]}


def request(clock: list[dict[str, Any]], library: list[Any], minutes: float) -> Request:
    target = round(minutes * 60 * SAMPLE_RATE) // FRAME * FRAME
    return Request(parse_clock(clock), STARTS_AT, target, FRAME, tuple(library), SIGNAL_SAMPLES)


def refused(wanted: Request) -> tuple[DoesNotFit, Rundown]:
    with pytest.raises(DoesNotFit) as refusal:
        compile_rundown(wanted)
    assert refusal.value.nearest is not None
    refusal.value.nearest.check()
    return refusal.value, refusal.value.nearest


def test_a_fill_that_cannot_be_long_enough_may_be_shorter_and_the_producer_is_shown_how() -> None:
    library = [segment(1, "talk", 140), segment(2, "music", 100)]
    clock = [{"type": "interval_signal", "seconds": 100}, {"type": "fill", "min_s": 100}]
    refusal, nearest = refused(request(clock, library, 3))
    assert [text[: text.index(" shorter")] for text in map(str, refusal.relaxations)] == [
        "element 2 (fill): let it be 0:19.7"
    ]
    assert nearest.segment_ids() == {2}


def test_to_shorten_a_fill_is_offered_before_something_required_is_left_out() -> None:
    library = [segment(1, "talk", 100), segment(2, "music", 300)]
    refusal, nearest = refused(request([TALK, {"type": "fill", "min_s": 90}], library, 3))
    assert len(refusal.relaxations) == 1
    assert "shorter than its minimum" in str(refusal.relaxations[0])
    assert nearest.segment_ids() == {1, 2}


class TestGivenUp:
    talks = tuple(segment(number, "talk", 40 + number, presenter="Kim") for number in range(1, 7))
    clock = (
        {**TALK, "count": 1},
        {**TALK, "rests": [{"of": "presenter", "days": 1}]},
        {"type": "fill"},
    )

    def test_a_contradiction_that_is_proved_says_that_there_is_none(self) -> None:
        refusal, _ = refused(request(list(self.clock), list(self.talks), 4))
        assert str(refusal).startswith("no programme keeps every rule of the clock. Relax one: ")

    def test_where_the_search_ends_before_a_proof_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("schedules.search.MOST_RUNS", 1)
        monkeypatch.setattr("schedules.search.FEWEST_RUNS", 1)
        monkeypatch.setattr("schedules.search.LAST_RUN", 1)
        with pytest.raises(
            DoesNotFit, match=r"was found in 1 runs; then the search was given up, so there may be"
        ):
            compile_rundown(request(list(self.clock), list(self.talks), 4))


class TestQuick:
    def test_what_is_proved_is_the_same_as_with_all_the_time_there_is(self) -> None:
        talks = [segment(number, "talk", 50 + number, presenter=f"p{number % 3}") for number in range(1, 9)]
        pick = {
            **TALK,
            "order": "least_recently_aired",
            "count": 2,
            "rests": [{"of": "presenter", "days": 1}],
        }
        wanted = request([pick, {"type": "fill"}], [*talks, segment(20, "music", 100)], 4)
        quick = compile_rundown(replace(wanted, quick=True))
        assert quick.fit is not None
        assert quick.fit.proved
        assert quick == compile_rundown(wanted)

    def test_what_is_not_says_what_a_better_one_could_have(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("schedules.search.QUICK_RUNS", 1)
        monkeypatch.setattr("schedules.search.FEWEST_QUICK_RUNS", 1)
        talks = [segment(number, "talk", 50 + number, presenter=f"p{number // 3}") for number in range(1, 12)]
        pick = {**TALK, "order": "least_recently_aired", "rests": [{"of": "presenter", "days": 1}]}
        wanted = replace(request([pick] * 3, [*talks, segment(20, "music", 100)], 3.1), quick=True)
        found = compile_alternatives(wanted, 5)
        assert found
        for one in found:
            assert one.fit is not None
            assert one.fit.proved != any("the search was given up after" in str(note) for note in one.notes)
        assert not all(one.fit.proved for one in found if one.fit)
