"""Which edits fit a recording, and where what is left of it stands."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.edits import (
    MOST_EDITS,
    NO_EDITS,
    Cleaning,
    Cover,
    Edits,
    GainOver,
    Places,
    check,
    heard,
    joins,
    kept,
    length,
    merged,
    spans,
)
from audio.edits_json import from_json, to_json
from audio.errors import AudioError, BadEdits
from audio.pcm import RATE

SAMPLES = 10 * RATE
S = RATE

positions = st.integers(0, SAMPLES)
ranges = (
    st.tuples(positions, positions).map(lambda two: (min(two), max(two))).filter(lambda two: two[0] < two[1])
)
apart = st.lists(positions, unique=True, max_size=8).map(
    lambda at: list(zip(sorted(at)[::2], sorted(at)[1::2], strict=False))
)


@st.composite
def any_edits(draw: st.DrawFn) -> Edits:
    first, end = draw(ranges)
    return Edits(
        first_sample=first,
        end_sample=draw(st.sampled_from([None, end])),
        removed=tuple(draw(st.lists(ranges, max_size=5))),
        covered=tuple(Cover(*each, draw(st.sampled_from(["tone", "silence"]))) for each in draw(apart)),
        gains=tuple(GainOver(*each, draw(st.floats(-40, 20))) for each in draw(apart)),
        fade_in_samples=draw(st.integers(0, S)),
        fade_out_samples=draw(st.integers(0, S)),
        cleaning=draw(st.builds(Cleaning, st.booleans(), st.booleans())),
        even=draw(st.booleans()),
    )


def fits(edits: Edits) -> bool:
    try:
        check(edits, SAMPLES)
    except BadEdits:
        return False
    return True


# ------------------------------------------------------------------ bad ones


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        (Edits(removed=((S, 2 * S), (9 * S, 11 * S))), r"Removed range 2 \(9\.000 s to 11\.000 s\) goes beyond the end .* 10\.000 s"),
        (Edits(end_sample=11 * S), r"part that is used \(0\.000 s to 11\.000 s\) goes beyond"),
        (Edits(first_sample=-1), "begins before the recording"),
        (Edits(first_sample=5 * S, end_sample=5 * S), "ends where it begins"),
        (Edits(removed=((2 * S, 2 * S),)), r"Removed range 1 \(2\.000 s to 2\.000 s\) ends where it begins"),
        (Edits(covered=(Cover(3 * S, 2 * S),)), r"Cover 1 \(3\.000 s to 2\.000 s\) ends where it begins or before"),
        (Edits(gains=(GainOver(0, 11 * S, 3.0),)), "Gain 1 .* goes beyond"),
        (Edits(gains=(GainOver(0, S, 20.5),)), r"Gain 1 \(0\.000 s to 1\.000 s\) is 20\.5 dB: choose one from -40 to 20"),
        (Edits(gains=(GainOver(0, S, -41.0),)), "is -41 dB"),
        (Edits(gains=(GainOver(0, S, float("nan")),)), "is nan dB"),
        (Edits(removed=((0, 4 * S), (4 * S, 10 * S))), r"Only 0\.000 s .* remove or cover less"),
        (Edits(removed=((S // 20, 10 * S),)), r"Only 0\.050 s"),
        (Edits(covered=(Cover(0, 10 * S),)), r"Only 0\.000 s .* would be heard"),
        (Edits(covered=(Cover(S, 3 * S), Cover(2 * S, 4 * S))), r"Covers from 1\.000 s to 3\.000 s and from 2\.000 s to 4\.000 s overlap"),
        (Edits(gains=(GainOver(S, 3 * S, 1.0), GainOver(2 * S, 4 * S, 1.0))), "Gains from .* overlap"),
        (Edits(fade_in_samples=6 * S, fade_out_samples=5 * S), r"fade-in of 6\.000 s and the fade-out of 5\.000 s .* 10\.000 s"),
        (Edits(removed=((S, 9 * S),), fade_out_samples=3 * S), r"longer than the 2\.000 s that are left"),
        (Edits(fade_in_samples=-1), "fade-in .* give it 0 or more"),
        (Edits(removed=tuple((at, at + 1) for at in range(0, 2 * MOST_EDITS + 2, 2))), f"There are {MOST_EDITS + 1}, and at most {MOST_EDITS}"),
    ],
)  # fmt: skip
def test_edits_that_cannot_be_made_are_refused_by_name_and_place(edits: Edits, says: str) -> None:
    with pytest.raises(BadEdits, match=says) as refusal:
        check(edits, SAMPLES)
    assert refusal.value.code == "bad-edits"


@pytest.mark.parametrize(
    "edits",
    [
        NO_EDITS,
        Edits(first_sample=9 * S, removed=((0, S),)),
        Edits(removed=((0, 9 * S), (8 * S, 9 * S + S // 2))),
        Edits(covered=(Cover(S, 2 * S), Cover(2 * S, 3 * S, "silence"))),
        Edits(fade_in_samples=5 * S, fade_out_samples=5 * S),
        Edits(end_sample=SAMPLES, gains=(GainOver(0, S, 20.0), GainOver(S, SAMPLES, -40.0))),
        Edits(removed=tuple((at, at + 1) for at in range(0, 2 * MOST_EDITS, 2))),
    ],
)
def test_what_just_fits_is_taken(edits: Edits) -> None:
    check(edits, SAMPLES)


# ------------------------------------------------------------------ what is left


def test_removed_ranges_that_overlap_or_touch_are_one() -> None:
    assert merged([(5, 7), (1, 3), (3, 4), (6, 9)]) == ((1, 4), (5, 9))


@given(any_edits())
def test_what_is_kept_is_what_nobody_removed(edits: Edits) -> None:
    """The definition, sample by sample."""
    left = np.zeros(SAMPLES, dtype=bool)
    left[edits.first_sample : edits.end_sample] = True
    for start, end in edits.removed:
        left[start:end] = False
    told = np.zeros(SAMPLES, dtype=bool)
    for start, end in kept(edits, SAMPLES):
        assert start < end
        told[start:end] = True
    assert np.array_equal(told, left)
    assert length(edits, SAMPLES) == left.sum()
    for cover in edits.covered:
        left[cover.start : cover.end] = False
    told[:] = False
    for start, end in heard(edits, SAMPLES):
        told[start:end] = True
    assert np.array_equal(told, left)


@given(any_edits().filter(fits))
def test_joins_are_sorted_and_inside_and_spans_fill_the_outcome(edits: Edits) -> None:
    whole, found = length(edits, SAMPLES), joins(edits, SAMPLES)
    assert list(found) == sorted(set(found))
    assert all(0 < join < whole for join in found)
    at = 0
    for span in spans(edits, SAMPLES):
        assert span.at == at
        at += span.samples
    assert at == whole


@given(any_edits().filter(fits), st.data())
def test_every_sample_that_is_kept_is_found_again(edits: Edits, data: st.DataObject) -> None:
    places = Places(edits, SAMPLES)
    position = data.draw(st.integers(0, places.length - 1))
    there = places.in_master(position)
    assert any(start <= there < end for start, end in kept(edits, SAMPLES))
    assert places.in_cut(there) == position
    assert places.in_cut(SAMPLES) == places.length


def test_a_removed_position_is_where_the_sound_goes_on() -> None:
    places = Places(Edits(first_sample=S, removed=((3 * S, 5 * S),)), SAMPLES)
    assert places.in_cut(4 * S) == 2 * S == places.in_cut(3 * S) == places.in_cut(5 * S)
    assert places.in_cut(0) == 0
    assert places.in_cut(6 * S) == 3 * S
    assert places.in_master(2 * S) == 5 * S
    with pytest.raises(ValueError, match="not within"):
        places.in_master(8 * S)


# ------------------------------------------------------------------ the document


def written(edits: Edits) -> str:
    """The document as it is stored and hashed."""
    return json.dumps(to_json(edits), allow_nan=False)


@given(any_edits(), st.randoms(use_true_random=False))
def test_equal_edits_are_equal_bytes_in_whatever_order_they_were_made(edits: Edits, chance: Any) -> None:
    def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(values, len(values)))

    other = dataclasses.replace(
        edits,
        removed=shuffled(edits.removed),
        covered=shuffled(edits.covered),
        gains=shuffled(edits.gains),
    )
    assert written(other) == written(edits)
    again = from_json(json.loads(written(edits)))
    assert written(again) == written(edits)
    assert spans(again, SAMPLES) == spans(edits, SAMPLES)


def test_a_document_may_leave_out_what_is_not_edited() -> None:
    assert from_json({}) == NO_EDITS
    assert from_json(to_json(NO_EDITS)) == NO_EDITS


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"removd": []}, "unknown fields: removd"),
        ({"first_sample": 1.5}, "first_sample is 1.5, not a whole number"),
        ({"first_sample": True}, "first_sample is True"),
        ({"end_sample": "9"}, "end_sample is '9'"),
        ({"removed": [[1]]}, "removed 1 is not a pair"),
        ({"removed": [[1, 2], [1, None]]}, "removed 2, end is None"),
        ({"removed": {}}, "removed is not a list"),
        ({"covered": [{"start": 1}]}, "end is None"),
        ({"covered": [{"start": 1, "end": 2, "sound": "duck"}]}, "sound is 'duck', not one of tone, silence"),
        ({"covered": [{"start": 1, "end": 2, "volume": 3}]}, "covered 1 has unknown fields: volume"),
        ({"gains": [{"start": 1, "end": 2}]}, "gains 1, gain_db is None"),
        ({"gains": [5]}, "gains 1 is not an object"),
        ({"cleaning": {"noise": "much"}}, "noise is 'much', not one of off, gentle, strong"),
        ({"cleaning": {"humm": True}}, "cleaning has unknown fields: humm"),
        ({"cleaning": {"hum": 1}}, "hum is 1, not true or false"),
        ({"even": "yes"}, "even is 'yes'"),
    ],
)
def test_a_document_that_is_none_is_refused_by_field(document: dict[str, Any], says: str) -> None:
    with pytest.raises(BadEdits, match=says):
        from_json(document)


def test_the_error_is_one_of_ours() -> None:
    assert issubclass(BadEdits, AudioError)
