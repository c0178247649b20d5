from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import BadZones
from schedules.frequencies.eibi_targets import target_zones
from schedules.frequencies.zones import LAST_ZONE, quadrants, zones_text

PARTS = ["", "N", "S", "E", "W", "NE", "NW", "SE", "SW"]
parts_of_zones = st.tuples(st.integers(1, LAST_ZONE), st.sampled_from(PARTS)).map(
    lambda zone: f"{zone[0]}{zone[1]}"
)
sets_of_quadrants = st.frozensets(
    st.tuples(st.integers(1, LAST_ZONE), st.sampled_from(PARTS[5:])).map(lambda zone: f"{zone[0]}{zone[1]}")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("44", {"44NE", "44NW", "44SE", "44SW"}),
        ("44NE", {"44NE"}),
        ("44N", {"44NE", "44NW"}),
        ("44E", {"44NE", "44SE"}),
        ("08SE", {"8SE"}),
        (" 44ne, 45W ", {"44NE", "45NW", "45SW"}),
        ("44N,44NE", {"44NE", "44NW"}),
        ("85SW 1NE", {"85SW", "1NE"}),
    ],
)
def test_a_zone_is_its_quadrants(text: str, expected: set[str]) -> None:
    assert quadrants(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no zone is named"),
        (" , ", "no zone is named"),
        ("86", '"86" is not a zone: CIRAF zones go from 1 to 85'),
        ("41,0N", '"0N" is not a zone: CIRAF zones go from 1 to 85'),
        ("41,NE", '"NE" is not a zone: write its number'),
        ("441", '"441" is not a zone: write its number'),
        ("44-46", '"44-46" is not a zone: write its number'),
        ("44EN", '"EN" in "44EN" is not a part of a zone'),
        ("４４", "is not a zone"),
    ],
)
def test_what_are_not_zones_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(BadZones, match=reason):
        quadrants(text)


@given(sets_of_quadrants.filter(bool))
def test_the_text_of_an_area_reads_back_as_the_area(zones: frozenset[str]) -> None:
    assert quadrants(zones_text(zones)) == zones


@given(st.lists(parts_of_zones, min_size=1).map(",".join))
def test_the_text_is_never_longer_than_what_people_wrote(text: str) -> None:
    assert len(zones_text(quadrants(text))) <= len(text)


def test_no_shorter_text_says_the_same_of_a_zone() -> None:
    texts = [
        ",".join(f"44{part}" for part in chosen) for size in (1, 2, 3) for chosen in combinations(PARTS, size)
    ]
    for text, other in product(texts, texts):
        if quadrants(text) == quadrants(other):
            assert len(zones_text(quadrants(text))) <= len(other)


def test_zones_are_written_in_their_order() -> None:
    assert zones_text(quadrants("45,44NE,8S,44SE,43NW,43SE,41NE,41S")) == "8S,41S,41E,43NW,43SE,44E,45"
    assert zones_text(frozenset()) == ""


@pytest.mark.parametrize("wrong", ["44", "44N", "044NE", "86NE", "44ne"])
def test_only_quadrants_can_be_written(wrong: str) -> None:
    with pytest.raises(BadZones):
        zones_text(frozenset({wrong}))


def test_north_korea_is_one_quadrant_that_its_neighbours_share_or_not() -> None:
    korea = target_zones("KRE")
    assert korea == {"44NE"}
    assert {code for code in ("KOR", "CHN", "FE", "As") if target_zones(code) & korea} == {
        "KOR",
        "CHN",
        "FE",
        "As",
    }
    assert not any(target_zones(code) & korea for code in ("J", "TWN", "MNG", "SEA"))
    assert target_zones("Eu") == frozenset()
