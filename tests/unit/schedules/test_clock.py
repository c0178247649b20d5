from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.clock import (
    ELASTIC_KINDS,
    KINDS,
    Clock,
    Element,
    Fill,
    Fixed,
    IntervalSignal,
    Pick,
    dump_clock,
    element_name,
    parse_clock,
)
from schedules.errors import BadClock
from tests.unit.schedules.strategies import clocks


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


def test_korean_typed_in_pieces_matches_korean_typed_whole() -> None:
    decomposed, composed = "\u1112\u1161\u11ab", "\ud55c"
    clock = parse_clock([{"type": "pick", "kinds": ["news"], "tags": [decomposed], "label": decomposed}])
    assert clock == Clock((Pick(("news",), (composed,), label=composed),))


def test_speech_and_what_may_be_cut_are_every_kind_of_segment() -> None:
    assert sorted(ELASTIC_KINDS) == ["bed", "filler", "interval_signal", "music"]
    assert len(KINDS) == 11


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("news", r'element 2: an element is an object such as \{"type": "pick"'),
        ({}, r'element 2: "type" is missing: use one of fixed, pick, interval_signal, fill'),
        ({"type": "song"}, r'element 2: "type" is "song": use one of fixed, pick'),
        ({"type": ["pick"]}, r"""element 2: "type" is \['pick'\]: use one of"""),
        ({"type": "fixed"}, r'element 2: a fixed needs "segment_id"'),
        ({"type": "fixed", "segment_id": "12"}, r'element 2: "segment_id" is "12": write a whole number'),
        ({"type": "fixed", "segment_id": True}, r'element 2: "segment_id" is True: write a whole number'),
        ({"type": "fixed", "segment_id": 1, "required": "no"}, r'"required" is "no": write true or false'),
        ({"type": "pick", "kind": "news"}, r'element 2: a pick has no "kind": did you mean "kinds"\?'),
        ({"type": "fill", "colour": 1}, r'a fill has no "colour": it may have label, pause_s, kinds, min_s'),
        ({"type": "pick", "kinds": "news"}, r'"kinds" is "news": write a list of texts, such as \["news"\]'),
        ({"type": "pick", "kinds": []}, r'"kinds" is empty: name at least one of'),
        ({"type": "pick", "kinds": ["opera"]}, r'"kinds" is "opera": use announcement or bed or drama'),
        ({"type": "pick", "kinds": ["news"], "order": "newst"}, r'"order" is "newst": use newest or least'),
        ({"type": "pick", "kinds": ["news"], "count": 0}, r'"count" is 0: it goes from 1 to 100'),
        ({"type": "pick", "kinds": ["news"], "max_age_days": 0}, r'"max_age_days" is 0: it goes from 1'),
        ({"type": "pick", "kinds": ["news"], "pause_s": 5}, r'"pause_s" is 5: it goes from 0\.2 to 1'),
        ({"type": "pick", "kinds": ["news"], "pause_s": "long"}, r'"pause_s" is "long": write a number of'),
        ({"type": "interval_signal", "seconds": 0}, r'"seconds" is 0: it goes from 1 to 86400'),
        ({"type": "interval_signal", "seconds": float("nan")}, r'"seconds" is nan: it goes from'),
        ({"type": "fill", "kinds": ["news"]}, r'"kinds" has "news", which counts as speech and is never cut'),
        ({"type": "fill", "min_s": -1}, r'"min_s" is -1: it goes from 0'),
    ],
)
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
    ],
)
def test_messages_call_elements_as_people_count_them(element: Element, name: str) -> None:
    assert element_name(2, element) == name


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
]


@given(
    st.sampled_from(["fixed", "pick", "interval_signal", "fill"]),
    st.dictionaries(st.sampled_from(known_fields), json_values),
)
def test_whatever_json_arrives_is_a_clock_or_a_bad_clock(name: str, fields: dict[str, Any]) -> None:
    try:
        clock = parse_clock([{"type": name, **fields}])
    except BadClock:
        return
    assert parse_clock(dump_clock(clock)) == clock
