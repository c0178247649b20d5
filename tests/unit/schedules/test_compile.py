"""What holds for every clock and every library: the promises of the compiler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from schedules.candidates import Candidate, Request
from schedules.clock import ELASTIC_KINDS, Clock, Fill, Fixed, IntervalSignal, Pick, element_name
from schedules.compile import compile_rundown, compile_single
from schedules.errors import DoesNotFit, NothingToPick
from schedules.rundown import IntervalSignalSource, Item, Rundown, SegmentSource, audio_airs_at
from schedules.time import SAMPLE_RATE, samples_to_timedelta
from tests.unit.schedules.strategies import GRIDS, SIGNAL_SAMPLES, STARTS_AT, candidates, requests


def with_segments(rundown: Rundown, library: Iterable[Candidate]) -> list[tuple[Item, Candidate]]:
    by_id = {candidate.segment_id: candidate for candidate in library}
    return [
        (item, by_id[item.source.segment_id])
        for item in rundown.items
        if isinstance(item.source, SegmentSource)
    ]


def assert_no_dead_air_from_start_to_end(rundown: Rundown) -> None:
    rundown.check()
    assert rundown.items[0].start_sample >= 2304
    assert rundown.items[-1].end_sample >= rundown.target_samples - SAMPLE_RATE
    assert rundown.silences(SAMPLE_RATE) == []
    for item in rundown.items:
        if isinstance(item.source, IntervalSignalSource):
            assert item.source.loop == (item.samples > SIGNAL_SAMPLES)


def assert_speech_is_whole_and_only_music_is_shortened(
    rundown: Rundown, library: Iterable[Candidate]
) -> None:
    for item, segment in with_segments(rundown, library):
        assert item.first_sample == segment.first_sample
        if item.samples != segment.samples:
            assert segment.kind in ELASTIC_KINDS
            assert item.samples < segment.samples
        assert (item.fade_out_samples > 0) == (item.samples < segment.samples)
        assert item.fade_in_samples == 0


def assert_heard_within_its_dates(rundown: Rundown, library: Iterable[Candidate]) -> None:
    for item, segment in with_segments(rundown, library):
        starts = audio_airs_at(item, STARTS_AT)
        assert segment.air_from is None or segment.air_from <= starts
        assert segment.air_until is None or starts + samples_to_timedelta(item.samples) <= segment.air_until


def assert_nothing_twice_but_by_name_or_in_fills(rundown: Rundown, request: Request) -> None:
    elements = request.clock.elements
    heard: Counter[int] = Counter()
    filled: set[int] = set()
    for item, segment in with_segments(rundown, request.candidates):
        if item.element is not None and isinstance(elements[item.element], Fill):
            filled.add(segment.segment_id)
        else:
            heard[segment.segment_id] += 1
    named = Counter(element.segment_id for element in elements if isinstance(element, Fixed))
    assert not filled & heard.keys()
    assert all(count <= max(1, named[number]) for number, count in heard.items())


def assert_elements_in_order_and_required_ones_there(rundown: Rundown, clock: Clock) -> None:
    places = [item.element for item in rundown.items]
    assert None not in places[:-1]
    asked = [place for place in places if place is not None]
    assert asked == sorted(asked)
    for index, element in enumerate(clock.elements):
        items = [item for item in rundown.items if item.element == index]
        match element:
            case Fixed() | Pick():
                count = element.count if isinstance(element, Pick) else 1
                assert int(element.required) <= len(items) <= count
                left_out = f"{element_name(index, element)} was left out: "
                assert bool(items) != any(note.startswith(left_out) for note in rundown.notes)
            case IntervalSignal():
                assert [item.samples for item in items] == [round(element.seconds * SAMPLE_RATE)]
            case Fill() if element.min_s > 1:
                assert items[-1].end_sample - items[0].start_sample >= (element.min_s - 1) * SAMPLE_RATE


def assert_every_item_says_why_it_is_there(rundown: Rundown) -> None:
    rules = {"fixed", "pick newest", "pick least_recently_aired", "interval_signal", "fill", "closing"}
    for item in rundown.items:
        assert item.reason.rule in rules
        assert item.reason.note
        assert item.reason.candidates >= int(isinstance(item.source, SegmentSource))


@settings(max_examples=400)
@given(requests())
def test_every_clock_and_library_gives_a_rundown_that_keeps_all_promises_or_a_refusal(
    request: Request,
) -> None:
    try:
        rundown = compile_rundown(request)
    except (DoesNotFit, NothingToPick) as refusal:
        event(f"refused: {refusal.code}")
        return
    event("compiled")
    assert rundown.target_samples == request.target_samples
    assert rundown.grid_samples == request.grid_samples
    assert_no_dead_air_from_start_to_end(rundown)
    assert_speech_is_whole_and_only_music_is_shortened(rundown, request.candidates)
    assert_heard_within_its_dates(rundown, request.candidates)
    assert_nothing_twice_but_by_name_or_in_fills(rundown, request)
    assert_elements_in_order_and_required_ones_there(rundown, request.clock)
    assert_every_item_says_why_it_is_there(rundown)


@given(requests(), st.randoms(use_true_random=False))
def test_the_same_request_gives_the_same_bytes_in_whatever_order_the_library_comes(
    request: Request, random: Random
) -> None:
    shuffled = list(request.candidates)
    random.shuffle(shuffled)
    assert answer(replace(request, candidates=tuple(shuffled))) == answer(request)


def answer(request: Request) -> bytes | str:
    """The rundown's bytes, or the words of the refusal."""
    try:
        written = compile_rundown(request).to_json()
    except (DoesNotFit, NothingToPick) as refusal:
        return str(refusal)
    assert Rundown.from_json(written).to_json() == written
    return written


@given(candidates(7), st.sampled_from(GRIDS), st.integers(1, 600 * SAMPLE_RATE))
def test_a_stand_by_fills_the_target_or_says_why_it_cannot(
    segment: Candidate, grid: int, length: int
) -> None:
    target = (length // grid + 1) * grid
    try:
        rundown = compile_single("standby", segment, target, grid, SIGNAL_SAMPLES, STARTS_AT)
    except DoesNotFit:
        assert segment.kind not in ELASTIC_KINDS
        assert segment.samples > target - 2304 - grid
        return
    except NothingToPick:
        assert segment.air_from or segment.air_until
        return
    assert (rundown.target_samples, rundown.level) == (target, "standby")
    if target > SAMPLE_RATE:
        assert_no_dead_air_from_start_to_end(rundown)
        assert_speech_is_whole_and_only_music_is_shortened(rundown, [segment])
        assert_heard_within_its_dates(rundown, [segment])


@given(st.sampled_from(GRIDS), st.integers(1, 4 * 3600 * SAMPLE_RATE))
def test_the_interval_signal_cannot_fail(grid: int, length: int) -> None:
    target = (length // grid + 1) * grid
    rundown = compile_single("interval_signal", None, target, grid, SIGNAL_SAMPLES, STARTS_AT)
    assert (rundown.target_samples, rundown.level) == (target, "interval_signal")
    if target > SAMPLE_RATE:
        (item,) = rundown.items
        assert (item.start_sample, item.end_sample) == (-(-2304 // grid) * grid, target)
