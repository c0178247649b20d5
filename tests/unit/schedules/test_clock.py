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


PICK = {"type": "pick", "kinds": ["talk"]}


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("news", r'element 2: an element is an object such as \{"type": "pick"'),
        ({}, r'element 2: "type" is missing: use one of fixed, pick, next_episode, awaited, announcement'),
        ({"type": "song"}, r'element 2: "type" is "song": use one of fixed, pick'),
        ({"type": ["pick"]}, r"""element 2: "type" is \['pick'\]: use one of"""),
        ({"type": "fixed"}, r'element 2: a fixed needs "segment_id"'),
        ({"type": "fixed", "segment_id": "12"}, r'element 2: "segment_id" is "12": write a whole number'),
        ({"type": "fixed", "segment_id": True}, r'element 2: "segment_id" is True: write a whole number'),
        ({"type": "fixed", "segment_id": 1, "required": "no"}, r'"required" is "no": write true or false'),
        ({"type": "pick", "kind": "news"}, r'element 2: a pick has no "kind": did you mean "kinds"\?'),
        (
            {"type": "fill", "colour": 1},
            r'a fill has no "colour": it may have label, pause_s, at, within_s, crossfade_s, kinds',
        ),
        ({"type": "pick", "kinds": "news"}, r'"kinds" is "news": write a list of texts, such as \["news"\]'),
        ({"type": "pick", "kinds": []}, r'"kinds" is empty: name at least one of'),
        ({"type": "pick", "kinds": ["opera"]}, r'"kinds" is "opera": use announcement or bed or drama'),
        ({"type": "pick", "kinds": ["news"], "order": "newst"}, r'"order" is "newst": use newest or least'),
        ({"type": "pick", "kinds": ["news"], "count": 0}, r'"count" is 0: it goes from 1 to 100'),
        ({"type": "pick", "kinds": ["news"], "max_age_days": 0}, r'"max_age_days" is 0: it goes from 1'),
        ({"type": "pick", "kinds": ["news"], "pause_s": 5}, r'"pause_s" is 5: it goes from 0\.2 to 1'),
        ({"type": "pick", "kinds": ["news"], "pause_s": "long"}, r'"pause_s" is "long": write a number$'),
        ({"type": "fill", "crossfade_s": 6}, r'"crossfade_s" is 6: it goes from 1 to 5, or 0'),
        ({"type": "fill", "crossfade_s": 0.5}, r'"crossfade_s" is 0.5: it goes from 1 to 5, or 0'),
        ({"type": "interval_signal", "seconds": 0}, r'"seconds" is 0: it goes from 1 to 86400'),
        ({"type": "interval_signal", "seconds": float("nan")}, r'"seconds" is nan: it goes from'),
        ({"type": "fill", "kinds": ["news"]}, r'"kinds" has "news", which counts as speech and is never cut'),
        ({"type": "fill", "min_s": -1}, r'"min_s" is -1: it goes from 0'),
        ({"type": "fill", "at": ":30"}, r'a fill takes what time is left and has no "at"'),
        ({"type": "fill", "back_timed": 1}, r'"back_timed" is 1: write true or false'),
        ({"type": "fixed", "segment_id": 1, "at": "25:00"}, r'"at" is "25:00": write a time of day'),
        ({"type": "fixed", "segment_id": 1, "at": 15}, r'"at" is 15: write a text'),
        ({"type": "fixed", "segment_id": 1, "within_s": -1}, r'"within_s" is -1: it goes from 0 to 3600'),
        ({"type": "fixed", "segment_id": 1, "trim_in_s": -1}, r'"trim_in_s" is -1: it goes from 0'),
        ({"type": "next_episode", "series": ""}, r'"series" is empty: name the series'),
        ({"type": "awaited", "name": ""}, r'"name" is empty: name what is awaited'),
        ({"type": "awaited"}, r'an? awaited needs "name"'),
        ({"type": "spoken", "template": ["weather"]}, r'"template": "weather" is no part of an announcement'),
        ({"type": "spoken", "template": []}, r'"template": an announcement names at least one part'),
        ({"type": "spoken", "template": "date"}, r'"template" is "date": write a list of texts'),
        ({"type": "repeat", "without": ["opera"]}, r'"without" is "opera": use announcement'),
        ({**PICK, "rests": {"of": "item"}}, r""""rests" is \{'of': 'item'\}: write a list of rules"""),
        ({**PICK, "rests": ["item"]}, r'"rests" has "item": a rest is an object such as \{"of": "item"\}'),
        ({**PICK, "rests": [{"of": "item"}]}, r'"rests", rule 1: a rest has either "days" or "airings"'),
        ({**PICK, "rests": [{"of": "item", "days": 1, "airings": 1}]}, r'either "days" or "airings"'),
        ({**PICK, "rests": [{"of": "item", "days": 0}]}, r'"days" is 0: it goes up to 3660'),
        ({**PICK, "rests": [{"of": "item", "airings": 0}]}, r'"airings" is 0: it goes from 1'),
        ({**PICK, "rests": [{"of": "singer", "days": 1}]}, r'"of" is "singer": use item or presenter or tag'),
        ({**PICK, "rests": [{"of": "item", "value": "x", "days": 1}]}, r"a rule of an item has none"),
        ({**PICK, "quotas": [{"of": "tag", "most": 0}]}, r'"quotas", rule 1: "most" is 0'),
        ({**PICK, "quotas": [{"of": "tag", "per": "year"}]}, r'"per" is "year": use night or week'),
        ({**PICK, "spacings": [{"of": "tag"}]}, r'"spacings", rule 1: "minutes" is 0: it goes up to 1440'),
        ({**PICK, "spacings": [{"of": "tag", "minuts": 1}]}, r'did you mean "minutes"'),
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
