from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.clock import Clock, dump_clock, parse_clock
from schedules.elements import (
    ELASTIC_KINDS,
    KINDS,
    TYPES,
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
    element_name,
)
from schedules.errors import BadClock
from schedules.hard_time import HardTime
from schedules.rules import Quota, Rest, Spacing
from tests.unit.schedules.strategies import clocks
from tests.unit.schedules.wrong_clocks import WRONG_ELEMENTS


@given(clocks())
def test_a_clock_survives_json(clock: Clock) -> None:
    assert parse_clock(json.loads(json.dumps(dump_clock(clock)))) == clock


def test_what_is_left_out_takes_its_default() -> None:
    clock = parse_clock(
        [
            {"type": "interval_signal", "seconds": 20},
            {"type": "fixed", "segment_id": 12, "label": "여는 말"},
            {"type": "pick", "kinds": ["news"]},
            {"type": "fill"},
        ]
    )
    assert clock.elements == (
        IntervalSignal(20),
        Fixed(12, label="여는 말"),
        Pick(("news",), order="newest", count=1, max_age_days=None, required=True, pause_s=0.5),
        Fill(("music", "filler"), min_s=0),
    )


def test_the_rules_of_a_pick_and_a_hard_time_are_read() -> None:
    [element] = parse_clock(
        [
            {
                "type": "pick",
                "kinds": ["talk"],
                "at": "00:00 KST",
                "within_s": 20,
                "rests": [{"of": "item", "days": 14}, {"of": "presenter", "value": "김", "airings": 2}],
                "quotas": [{"of": "tag", "value": "testimony", "most": 2, "per": "week"}],
                "spacings": [{"of": "presenter", "minutes": 10}],
                "not_after_tags": ["sad"],
            }
        ]
    ).elements
    assert element == Pick(
        ("talk",),
        at=HardTime("00:00 KST"),
        within_s=20,
        rests=(Rest("item", days=14), Rest("presenter", "김", airings=2)),
        quotas=(Quota("tag", "testimony", most=2, per="week"),),
        spacings=(Spacing("presenter", minutes=10),),
        not_after_tags=("sad",),
    )


def test_korean_typed_in_pieces_matches_korean_typed_whole() -> None:
    decomposed, composed = "\u1112\u1161\u11ab", "\ud55c"
    clock = parse_clock([{"type": "pick", "kinds": ["news"], "tags": [decomposed], "label": decomposed}])
    assert clock == Clock((Pick(("news",), (composed,), label=composed),))


def test_speech_and_what_may_be_cut_are_every_kind_of_segment() -> None:
    assert sorted(ELASTIC_KINDS) == ["bed", "filler", "interval_signal", "music"]
    assert len(KINDS) == 11


@pytest.mark.parametrize(("element", "words"), WRONG_ELEMENTS)
def test_a_wrong_element_is_named_with_its_field_and_the_remedy(element: Any, words: str) -> None:
    with pytest.raises(BadClock, match=words):
        parse_clock([{"type": "fill"}, element])


def test_an_empty_clock_is_refused() -> None:
    with pytest.raises(BadClock, match="the clock is empty: give it at least one element"):
        parse_clock([])


@pytest.mark.parametrize(
    ("element", "name"),
    [
        (Fixed(12, label="opening"), 'element 3 (fixed #12, "opening")'),
        (Pick(("news", "talk")), "element 3 (pick news or talk)"),
        (IntervalSignal(5), "element 3 (interval signal)"),
        (NextEpisode("먼 길"), "element 3 (next episode of 먼 길)"),
        (Awaited("letter"), "element 3 (awaited letter)"),
        (Announcement(), "element 3 (announcement)"),
        (Spoken(), "element 3 (spoken)"),
        (Repeat(label="morning"), 'element 3 (repeat, "morning")'),
    ],
)
def test_messages_call_elements_as_people_count_them(element: Element, name: str) -> None:
    assert str(element_name(2, element)) == name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
known_fields = [
    "segment_id",
    "kinds",
    "tags",
    "order",
    "count",
    "max_age_days",
    "seconds",
    "min_s",
    "label",
    "pause_s",
    "required",
    "at",
    "within_s",
    "trim_in_s",
    "back_timed",
    "series",
    "name",
    "substitute_id",
    "without",
    "rests",
    "quotas",
    "spacings",
    "after_tags",
]


@given(
    st.sampled_from(sorted(TYPES)),
    st.dictionaries(st.sampled_from(known_fields), json_values),
)
def test_whatever_json_arrives_is_a_clock_or_a_bad_clock(name: str, fields: dict[str, Any]) -> None:
    try:
        clock = parse_clock([{"type": name, **fields}])
    except BadClock:
        return
    assert parse_clock(dump_clock(clock)) == clock
