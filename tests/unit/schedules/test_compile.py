"""What holds for every clock and every library: the promises of the compiler, checked without its own code.

By itself this tries a few hundred. `EXAMPLES=5000 python -m pytest tests/unit/schedules/test_compile.py` tries thousands.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from schedules.candidates import Candidate, Request
from schedules.clock import Clock
from schedules.compile import compile_rundown
from schedules.elements import (
    ELASTIC_KINDS,
    Awaited,
    Fill,
    Fixed,
    IntervalSignal,
    NextEpisode,
    Pick,
    Repeat,
    Spoken,
    element_name,
)
from schedules.errors import DoesNotFit, NothingToPick, Uncompilable
from schedules.rules import Quota, Rest
from schedules.rundown import IntervalSignalSource, Item, Rundown, SegmentSource, audio_airs_at
from schedules.single import compile_single
from schedules.time import SAMPLE_RATE, Span, night_of, samples_to_timedelta, to_kst
from tests.unit.schedules.likeness import alike, likeness
from tests.unit.schedules.strategies import GRIDS, SIGNAL_SAMPLES, STARTS_AT, candidates, requests, with_kept

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))

HeardItem = tuple[Item, Candidate]


def with_segments(rundown: Rundown, library: Iterable[Candidate]) -> list[tuple[Item, Candidate]]:
    by_id = {candidate.segment_id: candidate for candidate in library}
    return [
        (item, by_id[item.source.segment_id])
        for item in rundown.items
        if isinstance(item.source, SegmentSource)
    ]


def sounds_of(request: Request) -> list[Candidate]:
    """The library, and what was made for the clock's announcements."""
    return [*request.candidates, *(one.sound for one in request.announced if one.sound)]


def overlaps_of(rundown: Rundown) -> dict[int, tuple[int, int]]:
    """For every item for how many samples the one before it, and the one after it, is heard as well."""
    laps = [max(before.end_sample - after.start_sample, 0) for before, after in pairwise(rundown.items)]
    return {item.position: lap for item, lap in zip(rundown.items, pairwise([0, *laps, 0]), strict=True)}


def assert_only_music_is_faded_into_music_within_its_bounds(rundown: Rundown, request: Request) -> None:
    kinds = {segment.segment_id: segment.kind for segment in sounds_of(request)}
    for before, item in pairwise(rundown.items):
        overlap = before.end_sample - item.start_sample
        if overlap <= 0 or item in request.kept:
            continue
        event("cross-faded")
        for one in (before, item):
            assert isinstance(one.source, SegmentSource)
            assert kinds[one.source.segment_id] in {"music", "filler", "bed"}
        assert item.element is not None
        longest = request.clock.elements[item.element].crossfade_s
        assert SAMPLE_RATE <= overlap <= longest * SAMPLE_RATE
        assert before.fade_out_samples >= overlap <= item.fade_in_samples
        assert "absorbed in a cross-fade before it" in str(item.reason.note)


def assert_no_dead_air_from_start_to_end(rundown: Rundown) -> None:
    rundown.check()
    assert rundown.items[0].start_sample >= 2304
    assert rundown.items[-1].end_sample >= rundown.target_samples - SAMPLE_RATE
    assert rundown.silences(SAMPLE_RATE) == []
    for item in rundown.items:
        if isinstance(item.source, IntervalSignalSource):
            assert item.source.loop == (item.samples > SIGNAL_SAMPLES)


def assert_speech_is_whole_and_only_music_is_shortened(
    rundown: Rundown,
    library: Iterable[Candidate],
    clock: Clock | None = None,
    kept: Sequence[Item] = (),
) -> None:
    overlaps = overlaps_of(rundown)
    for item, segment in with_segments(rundown, library):
        element = clock.elements[item.element] if clock and item.element is not None else None
        first, whole = segment.first_sample, segment.samples
        if isinstance(element, Fixed):
            first += round(element.trim_in_s * SAMPLE_RATE)
            whole -= round(element.trim_in_s * SAMPLE_RATE) + round(element.trim_out_s * SAMPLE_RATE)
        cut = whole - item.samples
        assert cut == 0 or (cut > 0 and segment.kind in ELASTIC_KINDS)
        back_timed = isinstance(element, Fill) and element.back_timed
        assert item.first_sample == first + (cut if back_timed else 0)
        assert item.shortened == (cut > 0)
        lap_in, lap_out = overlaps[item.position]
        # What is kept may have been faded into what is there no more
        if item not in kept:
            assert (item.fade_out_samples > lap_out) <= (cut > 0 and not back_timed)
            assert (item.fade_in_samples > lap_in) <= (cut > 0 and back_timed)
            assert not cut or item.fade_in_samples or item.fade_out_samples


def assert_heard_within_its_dates(rundown: Rundown, library: Iterable[Candidate]) -> None:
    for item, segment in with_segments(rundown, library):
        starts = audio_airs_at(item, STARTS_AT)
        assert segment.air_from is None or segment.air_from <= starts
        assert segment.air_until is None or starts + samples_to_timedelta(item.samples) <= segment.air_until


def assert_nothing_twice_but_by_name_or_in_fills(rundown: Rundown, request: Request) -> None:
    elements = request.clock.elements
    heard: Counter[int] = Counter()
    filled: set[int] = set()
    for item, segment in with_segments(rundown, sounds_of(request)):
        if item.element is not None and isinstance(elements[item.element], Fill):
            filled.add(segment.segment_id)
        else:
            heard[segment.segment_id] += 1
    named = Counter(element.segment_id for element in elements if isinstance(element, Fixed))
    repeats = sum(isinstance(element, Repeat) for element in elements)
    for number in set(request.repeated) - named.keys():
        named[number] = repeats
    for element in elements:
        if isinstance(element, Spoken) and (said := request.announcement_of(element)) and said.sound:
            named[said.sound.segment_id] += 1
    assert not filled & heard.keys()
    assert all(count <= max(1, named[number]) for number, count in heard.items())


def assert_elements_in_order_and_required_ones_there(rundown: Rundown, request: Request) -> None:
    clock = request.clock
    by_id = {candidate.segment_id: candidate for candidate in sounds_of(request)}
    numbers = {item.position: segment.segment_id for item, segment in with_segments(rundown, by_id.values())}
    places = [item.element for item in rundown.items]
    assert None not in places[:-1]
    asked = [place for place in places if place is not None]
    assert asked == sorted(asked)
    for index, element in enumerate(clock.elements):
        items = [item for item in rundown.items if item.element == index]
        match element:
            case Repeat():
                again = [numbers[item.position] for item in items]
                assert again == [number for number in request.repeated if number in again]
            case NextEpisode(series=series) if items:
                [segment] = [by_id[numbers[item.position]] for item in items]
                episodes = [
                    one for one in request.candidates if one.series == series and one.episode is not None
                ]
                heard = {one.episode for one in episodes if one.last_aired_at is not None}
                assert segment.episode == min(
                    one.episode for one in episodes if one.episode is not None and one.episode not in heard
                )
            case Awaited(name=name, substitute_id=substitute) if items:
                [segment] = [by_id[numbers[item.position]] for item in items]
                is_due = segment.awaited_as == name and segment.awaited_on == to_kst(STARTS_AT).date()
                assert is_due or segment.segment_id == substitute
            case Spoken():
                said = request.announcement_of(element)
                for item in items:
                    assert said is not None
                    assert said.sound is not None
                    assert numbers[item.position] == said.sound.segment_id
                    assert str(item.reason.note) == said.text or item in request.kept
            case Fixed() | Pick():
                count = element.count if isinstance(element, Pick) else 1
                assert int(element.required) <= len(items) <= count
                left_out = f"{element_name(index, element)} was left out: "
                assert bool(items) != any(str(note).startswith(left_out) for note in rundown.notes)
            case IntervalSignal():
                assert [item.samples for item in items] == [round(element.seconds * SAMPLE_RATE)]
            case Fill() if element.min_s > 1 and items:
                assert items[-1].end_sample - items[0].start_sample >= (element.min_s - 1) * SAMPLE_RATE


def assert_rules_of_rotation_are_kept(rundown: Rundown, request: Request) -> None:
    heard = with_segments(rundown, sounds_of(request))
    for item, segment in heard:
        element = request.clock.elements[item.element] if item.element is not None else None
        if not isinstance(element, Pick) or item in request.kept:
            continue
        before = [other for other in heard if other[0].start_sample < item.start_sample]
        for rest in element.rests:
            assert_rested(rest, segment, before, request)
        for quota in element.quotas:
            assert_within_quota(quota, segment, [one for _, one in heard], request)
        for spacing in element.spacings:
            for earlier, other in before:
                if alike(spacing, segment, other):
                    assert item.start_sample - earlier.end_sample >= spacing.minutes * 60 * SAMPLE_RATE


def assert_rested(rest: Rest, segment: Candidate, before: list[HeardItem], request: Request) -> None:
    assert not any(alike(rest, segment, other) for _, other in before)
    earlier = [aired for aired in request.history if aired.at < STARTS_AT]
    history = [aired for aired in earlier if alike(rest, segment, aired)]
    if rest.days is not None:
        assert all(STARTS_AT - aired.at >= timedelta(days=rest.days) for aired in history)
        return
    airings = sorted({aired.airing for aired in earlier if aired.ours})[-(rest.airings or 0) :]
    assert not any(aired.ours and aired.airing in airings for aired in history)


def assert_within_quota(quota: Quota, segment: Candidate, heard: list[Candidate], request: Request) -> None:
    nights = {night_of(STARTS_AT) - timedelta(days=days) for days in range(7 if quota.per == "week" else 1)}
    for like in likeness(quota, segment):
        aired = [one for one in request.history if night_of(one.at) in nights]
        assert sum(like in likeness(quota, one) for one in [*aired, *heard]) <= quota.most


def assert_neighbours_suit_each_other(rundown: Rundown, request: Request) -> None:
    by_id = {candidate.segment_id: candidate for candidate in sounds_of(request)}
    for before, item in pairwise([None, *rundown.items]):
        assert item is not None
        element = request.clock.elements[item.element] if item.element is not None else None
        if not isinstance(element, Pick) or item in request.kept:
            continue
        if before is not None and before.element == item.element:
            continue
        source = before.source if before is not None else None
        tags = by_id[source.segment_id].tags if isinstance(source, SegmentSource) else frozenset()
        assert not tags & set(element.not_after_tags)
        assert not element.after_tags or tags & set(element.after_tags)


def assert_hard_times_are_met(rundown: Rundown, request: Request) -> None:
    for index, element in enumerate(request.clock.elements):
        items = [item for item in rundown.items if item.element == index]
        if element.at is None or not items or items[0] in request.kept:
            continue
        starts = audio_airs_at(items[0], STARTS_AT)
        instants = element.at.instants(
            Span(STARTS_AT, STARTS_AT + samples_to_timedelta(request.target_samples))
        )
        # A tick is up to 24 ms, the lead-in 48 ms and a tick; what is due at the beginning follows it
        slack = timedelta(seconds=element.within_s, milliseconds=25)
        lead_in = timedelta(milliseconds=50 + 25)
        assert any(
            abs(starts - instant) <= (max(slack, lead_in) if instant == STARTS_AT else slack)
            for instant in instants
        )


def assert_every_item_says_why_it_is_there(rundown: Rundown) -> None:
    rules = {
        "fixed",
        "pick newest",
        "pick least_recently_aired",
        "pick weighted",
        "next_episode",
        "awaited",
        "announcement",
        "spoken",
        "repeat",
        "interval_signal",
        "fill",
        "closing",
    }
    for item in rundown.items:
        assert item.reason.rule in rules
        assert str(item.reason.note)
        assert item.reason.candidates >= int(isinstance(item.source, SegmentSource))


def assert_all_promises_are_kept(rundown: Rundown, request: Request) -> None:
    assert rundown.target_samples == request.target_samples
    assert rundown.grid_samples == request.grid_samples
    assert_no_dead_air_from_start_to_end(rundown)
    assert_speech_is_whole_and_only_music_is_shortened(
        rundown, sounds_of(request), request.clock, request.kept
    )
    assert_only_music_is_faded_into_music_within_its_bounds(rundown, request)
    assert_heard_within_its_dates(rundown, sounds_of(request))
    assert_nothing_twice_but_by_name_or_in_fills(rundown, request)
    assert_rules_of_rotation_are_kept(rundown, request)
    assert_neighbours_suit_each_other(rundown, request)
    assert_hard_times_are_met(rundown, request)
    assert_every_item_says_why_it_is_there(rundown)


def assert_a_way_out_is_shown(refusal: Uncompilable, request: Request) -> None:
    """What to relax, and the programme of exactly this length that would then air."""
    assert str(refusal)
    if refusal.nearest is None:
        return
    assert refusal.relaxations
    assert refusal.nearest.target_samples == request.target_samples
    assert_no_dead_air_from_start_to_end(refusal.nearest)
    assert_speech_is_whole_and_only_music_is_shortened(refusal.nearest, sounds_of(request), request.clock)
    assert_heard_within_its_dates(refusal.nearest, sounds_of(request))


@settings(max_examples=EXAMPLES or 250)
@given(requests())
def test_every_clock_and_library_gives_a_rundown_that_keeps_all_promises_or_a_refusal_with_a_way_out(
    request: Request,
) -> None:
    try:
        rundown = compile_rundown(request)
    except Uncompilable as refusal:
        event(f"refused: {refusal.code}, {'with' if refusal.nearest else 'without'} a nearest")
        assert_a_way_out_is_shown(refusal, request)
        return
    assert rundown.fit is not None
    event(f"compiled, proved: {rundown.fit.proved}")
    assert_elements_in_order_and_required_ones_there(rundown, request)
    assert_all_promises_are_kept(rundown, request)


@settings(max_examples=EXAMPLES or 60)
@given(requests(), st.integers(1, 6))
def test_what_is_kept_stays_as_it_is_and_the_rest_keeps_all_promises(request: Request, count: int) -> None:
    try:
        before = compile_rundown(request)
    except Uncompilable:
        return
    changed = with_kept(request, before, count)
    try:
        after = compile_rundown(replace(changed, seed=request.seed + 1))
    except Uncompilable as refusal:
        event(f"refused: {refusal.code}")
        return
    assert after.items[: len(changed.kept)] == changed.kept
    assert_all_promises_are_kept(after, changed)


@settings(max_examples=EXAMPLES or 50)
@given(requests(), st.randoms(use_true_random=False))
def test_the_same_request_gives_the_same_bytes_in_whatever_order_the_library_comes(
    request: Request, random: Random
) -> None:
    shuffled = list(request.candidates)
    random.shuffle(shuffled)
    assert answer(replace(request, candidates=tuple(shuffled))) == answer(request)


def answer(request: Request) -> bytes | tuple[str, ...]:
    """The rundown's bytes, or the words of the refusal."""
    try:
        written = compile_rundown(request).to_json()
    except Uncompilable as refusal:
        return (str(refusal), *map(str, refusal.relaxations))
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
        assert segment.samples > target - 2304 - max(grid, 960 + grid)
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
        assert 2304 <= item.start_sample < 2304 + max(grid, 960 + grid)
        assert item.end_sample == target
