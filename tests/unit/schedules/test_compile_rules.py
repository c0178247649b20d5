"""The station's rules for a programme, one by one, and the words a producer reads when one cannot be kept."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from schedules.candidates import Candidate, Request
from schedules.clock import parse_clock
from schedules.compile import compile_rundown
from schedules.errors import DoesNotFit, NothingToPick, ScheduleError
from schedules.rundown import IntervalSignalSource, Item, Rundown
from schedules.single import compile_single
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment

FRAME = 1152
MINUTE = 60


def compiled(
    clock: list[dict[str, Any]], library: list[Candidate], minutes: float = 10, seed: int = 0
) -> Rundown:
    target = round(minutes * MINUTE * SAMPLE_RATE) // FRAME * FRAME
    request = Request(parse_clock(clock), STARTS_AT, target, FRAME, tuple(library), SIGNAL_SAMPLES, seed)
    return compile_rundown(request)


def heard(rundown: Rundown) -> list[tuple[int | str, float]]:
    """What a listener hears: segment numbers or "signal", each with its seconds to the nearest tenth."""
    return [(name(item), round(item.samples / SAMPLE_RATE, 1)) for item in rundown.items]


def name(item: Item) -> int | str:
    return "signal" if isinstance(item.source, IntervalSignalSource) else item.source.segment_id


def after(minutes: float) -> Any:
    return STARTS_AT + timedelta(minutes=minutes)


NEWS: dict[str, Any] = {"type": "pick", "kinds": ["news"]}
FILL: dict[str, Any] = {"type": "fill"}


class TestPicks:
    def test_the_newest_wins_and_the_reason_says_why_newer_ones_lost(self) -> None:
        library = [
            segment(1, "news", 700),
            segment(2, "news", 60, air_from=after(120)),
            segment(3, "news", 190),
            segment(4, "news", 100),
            segment(9, "talk", 100),
        ]
        item = compiled([NEWS, FILL], library).items[0]
        assert name(item) == 3
        assert item.reason.rule == "pick newest"
        assert item.reason.candidates == 4
        assert str(item.reason.note) == (
            "approved 2026-11-19 20:00 UTC; #1 lost: 11:40 is too long for what the other required elements leave; "
            "#2 lost: it may not air before 2026-11-22 22:00 UTC"
        )

    def test_of_two_approved_together_the_later_upload_is_newer(self) -> None:
        library = [segment(number, "news", 60, approved_at=STARTS_AT) for number in (1, 3, 2)]
        assert name(compiled([NEWS, FILL], library).items[0]) == 3

    def test_the_longest_unheard_comes_first_and_the_never_heard_before_it(self) -> None:
        library = [
            segment(1, "talk", 60, last_aired_at=after(-600)),
            segment(2, "talk", 60, last_aired_at=after(-900)),
            segment(3, "talk", 60),
        ]
        clock = [{"type": "pick", "kinds": ["talk"], "order": "least_recently_aired", "count": 3}]
        rundown = compiled(clock, library)
        assert [name(item) for item in rundown.items[:3]] == [3, 2, 1]
        assert str(rundown.items[0].reason.note) == "never aired"
        assert str(rundown.items[1].reason.note).startswith(
            "last aired 2026-11-22 05:00 UTC; #3 lost: it is in element 1"
        )

    def test_the_seed_decides_among_the_never_heard_and_nothing_else(self) -> None:
        library = [segment(number, "music", 50) for number in range(1, 9)]
        orders = {
            tuple(name(item) for item in compiled([FILL], library, 7, seed).items) for seed in range(20)
        }
        assert len(orders) > 10
        news = [segment(number, "news", 50) for number in range(1, 9)]
        firsts = {name(compiled([NEWS], news, 7, seed).items[0]) for seed in range(20)}
        assert firsts == {1}

    def test_all_tags_must_match_and_old_ones_do_not(self) -> None:
        library = [
            segment(1, "news", 60, tags=["daily"]),
            segment(2, "news", 60, tags=["daily", "weather"]),
            segment(8, "news", 60, tags=["daily", "weather", "Seoul"]),
        ]
        pick = {**NEWS, "tags": ["daily", "weather"], "order": "least_recently_aired", "max_age_days": 5}
        item = compiled([pick], library).items[0]
        assert (name(item), item.reason.candidates) == (2, 1)

    def test_a_pick_never_takes_what_the_clock_names(self) -> None:
        library = [segment(1, "news", 60), segment(2, "news", 70)]
        rundown = compiled([NEWS, {"type": "fixed", "segment_id": 1}], library)
        assert [name(item) for item in rundown.items[:2]] == [2, 1]

    def test_a_required_pick_of_five_is_content_with_the_two_there_are(self) -> None:
        library = [segment(1, "news", 60), segment(2, "news", 60)]
        rundown = compiled([{**NEWS, "count": 5}], library)
        assert [name(item) for item in rundown.items] == [1, 2, "signal"]
        assert str(rundown.notes[0]).startswith(
            "element 1 (pick news) was left out (2 of 5 items are there): all that it may take are in the programme"
        )


class TestTooLong:
    def test_optional_elements_give_way_lowest_priority_first(self) -> None:
        library = [segment(number, "talk", 200) for number in (1, 2, 3)] + [segment(9, "talk", 200)]
        clock = [
            {"type": "fixed", "segment_id": 1, "required": False, "priority": 1},
            {"type": "fixed", "segment_id": 2, "required": False, "priority": 3},
            {"type": "fixed", "segment_id": 3, "required": False, "priority": 2},
            {"type": "fixed", "segment_id": 9},
        ]
        rundown = compiled(clock, library, minutes=10.03)
        assert [name(item) for item in rundown.items] == [2, 3, 9]
        assert tuple(map(str, rundown.notes)) == (
            "element 1 (fixed #1) was left out: nothing of it fits beside what matters more (#1, the shortest, is 3:20)",
        )

    def test_of_equal_priority_the_last_gives_way(self) -> None:
        library = [segment(1, "talk", 400), segment(2, "talk", 400)]
        clock = [{"type": "fixed", "segment_id": number, "required": False} for number in (1, 2)]
        assert name(compiled(clock, library).items[0]) == 1

    def test_pauses_shrink_before_the_programme_is_refused(self) -> None:
        library = [segment(number, "talk", 199.7) for number in (1, 2, 3)]
        rundown = compiled([{"type": "fixed", "segment_id": number} for number in (1, 2, 3)], library)
        assert [name(item) for item in rundown.items] == [1, 2, 3]
        pauses = [gap.samples / SAMPLE_RATE for gap in rundown.silences(5000)]
        assert all(0.2 <= pause < 0.5 for pause in pauses)
        assert rundown.fit is not None
        assert rundown.fit.pause_samples > 0

    def test_one_segment_may_take_everything_but_the_lead_in(self) -> None:
        whole = 10 * MINUTE * SAMPLE_RATE - 2 * FRAME
        library = [segment(1, "talk", 60, samples=whole)]
        assert (
            compiled([{"type": "fixed", "segment_id": 1}], library).items[0].end_sample
            == 10 * MINUTE * SAMPLE_RATE
        )
        with pytest.raises(DoesNotFit, match=r"is less than 0\.01 s too long"):
            compiled([{"type": "fixed", "segment_id": 1}], [segment(1, "talk", 60, samples=whole + 1)])


class TestDates:
    def test_an_embargo_that_ends_during_the_programme_is_judged_when_the_item_airs(self) -> None:
        library = [segment(1, "news", 60, air_from=after(5)), segment(2, "news", 60), segment(3, "talk", 360)]
        talk = {"type": "fixed", "segment_id": 3}
        assert [name(item) for item in compiled([NEWS, talk], library).items[:2]] == [2, 3]
        assert [name(item) for item in compiled([talk, NEWS], library).items[:2]] == [3, 1]

    def test_the_reason_says_when_its_turn_would_have_been(self) -> None:
        library = [segment(1, "news", 60, air_from=after(5)), segment(2, "news", 60)]
        note = compiled([NEWS], library).items[0].reason.note.text
        assert "#1 lost: it may not air before 2026-11-22 20:05 UTC, and its turn is at 20:00:00 UTC" in note

    def test_the_last_sample_must_be_heard_before_the_expiry(self) -> None:
        clock = [{"type": "fixed", "segment_id": 1}]
        lead = timedelta(milliseconds=48)
        compiled(clock, [segment(1, "news", 300, air_until=after(5) + lead)])
        with pytest.raises(NothingToPick, match="it may not air after 2026-11-22 20:05 UTC"):
            compiled(clock, [segment(1, "news", 300, air_until=after(5) + lead - timedelta(microseconds=1))])

    def test_music_expires_in_a_fill_too(self) -> None:
        library = [segment(1, "music", 200, air_until=after(1)), segment(2, "music", 200)]
        assert {name(item) for item in compiled([FILL], library).items} == {2}


class TestFills:
    def test_whole_pieces_then_one_shortened_and_faded_to_the_exact_end(self) -> None:
        library = [
            segment(number, "music", 200, last_aired_at=after(-900 + number)) for number in (1, 2, 3, 4)
        ]
        rundown = compiled([FILL], library, minutes=9)
        assert heard(rundown) == [(1, 200), (2, 200), (3, 147.6)]
        assert [item.shortened for item in rundown.items] == [False, False, True]
        assert rundown.items[-1].fade_out_samples == 3 * SAMPLE_RATE
        assert rundown.items[-1].end_sample == rundown.target_samples
        assert str(rundown.items[-1].reason.note).startswith("longest unheard; shortened by 0:52.3")

    def test_songs_that_are_a_little_too_long_together_are_faded_into_one_another(self) -> None:
        library = [segment(number, "music", 200, last_aired_at=after(-900 + number)) for number in (1, 2, 3)]
        rundown = compiled([FILL], library, minutes=597 / 60)
        assert heard(rundown) == [(1, 200), (2, 200), (3, 200)]
        assert rundown.fit is not None
        assert (rundown.fit.noticed_samples, rundown.fit.proved) == (0, True)
        overlaps = [before.end_sample - item.start_sample for before, item in pairwise(rundown.items)]
        assert sum(overlap for overlap in overlaps if overlap > 0) == rundown.fit.crossfaded_samples
        for (before, item), overlap in zip(pairwise(rundown.items), overlaps, strict=True):
            faded = overlap > 0
            assert (before.fade_out_samples, item.fade_in_samples) == (overlap * faded, overlap * faded)
            assert str(item.reason.note).endswith(" absorbed in a cross-fade before it") == faded

    def test_the_clock_says_how_long_a_cross_fade_may_be(self) -> None:
        library = [segment(number, "music", 200, last_aired_at=after(-900 + number)) for number in (1, 2, 3)]
        rundown = compiled([{**FILL, "crossfade_s": 0}], library, minutes=597 / 60)
        assert rundown.fit is not None
        assert rundown.fit.crossfaded_samples == 0
        assert rundown.fit.noticed_samples > 3 * SAMPLE_RATE

    def test_music_is_faded_into_the_music_of_another_element(self) -> None:
        clock: list[dict[str, Any]] = [
            {"type": "fixed", "segment_id": 1},
            {"type": "pick", "kinds": ["music"]},
            {"type": "fixed", "segment_id": 2},
        ]
        library = [segment(1, "music", 60), segment(2, "talk", 60), segment(3, "music", 63)]
        song, picked, talk = compiled(clock, library, minutes=3).items
        assert SAMPLE_RATE <= song.end_sample - picked.start_sample <= 4 * SAMPLE_RATE
        assert picked.end_sample < talk.start_sample
        assert (talk.fade_in_samples, talk.samples) == (0, 60 * SAMPLE_RATE)

    def test_neither_speech_nor_a_jingle_nor_a_short_piece_is_ever_faded(self) -> None:
        for kind, seconds in (("talk", 63), ("jingle", 63), ("interval_signal", 63), ("music", 9)):
            clock = [{"type": "fixed", "segment_id": number} for number in (1, 2)]
            library = [segment(1, "music", 60), segment(2, kind, seconds)]
            with pytest.raises(DoesNotFit):
                compiled(clock, library, minutes=(60 + seconds - 2) / 60)

    def test_what_follows_a_fill_ends_with_the_slot(self) -> None:
        library = [segment(1, "music", 900), segment(2, "ident", 20)]
        rundown = compiled([FILL, {"type": "fixed", "segment_id": 2}], library)
        assert heard(rundown) == [(1, 579.4), (2, 20)]
        assert 0 <= rundown.target_samples - rundown.items[-1].end_sample < FRAME

    def test_a_remainder_too_short_for_music_is_interval_signal(self) -> None:
        library = [segment(1, "news", 592), segment(2, "music", 200)]
        rundown = compiled([NEWS, FILL], library)
        assert heard(rundown) == [(1, 592), ("signal", 7.5)]
        assert rundown.items[-1].fade_out_samples > 0
        assert tuple(map(str, rundown.notes)) == (
            "element 2 (fill): the interval signal covers 0:07.4, its pieces do not fit",
        )

    def test_a_remainder_of_a_second_is_silence(self) -> None:
        assert heard(compiled([NEWS, FILL], [segment(1, "news", 599)])) == [(1, 599)]

    def test_without_music_the_interval_signal_is_repeated(self) -> None:
        rundown = compiled([NEWS, FILL], [segment(1, "news", 300)])
        assert heard(rundown) == [(1, 300), ("signal", 299.4)]
        assert rundown.items[-1].source == IntervalSignalSource(loop=True)
        assert "nothing to fill with may air here" in str(rundown.notes[0])

    def test_music_repeats_only_when_all_of_it_has_been_heard(self) -> None:
        library = [segment(1, "music", 150), segment(2, "music", 150)]
        numbers = [name(item) for item in compiled([FILL], library).items]
        assert sorted(map(str, numbers[:2])) == ["1", "2"]
        assert numbers[2:] == numbers[:2]

    def test_only_the_last_of_several_fills_shortens_a_piece(self) -> None:
        library = [segment(number, "music", 70) for number in range(1, 9)] + [segment(9, "news", 120)]
        rundown = compiled([FILL, NEWS, FILL], library)
        assert [item.samples < 70 * SAMPLE_RATE for item in rundown.items] == [False] * (
            len(rundown.items) - 1
        ) + [True]
        assert [item.element for item in rundown.items] == [0, 0, 1, 2, 2, 2, 2, 2]

    def test_an_early_fill_leaves_what_the_rest_of_the_clock_needs(self) -> None:
        library = [segment(1, "news", 539.4), segment(2, "music", 60.4)]
        rundown = compiled([{**FILL, "min_s": 60}, NEWS, FILL], library)
        assert heard(rundown) == [(2, 59.8), (1, 539.4)]

    def test_a_fill_keeps_its_minimum_against_optional_speech(self) -> None:
        library = [segment(1, "talk", 500), segment(2, "music", 300)]
        talk = {"type": "pick", "kinds": ["talk"], "required": False}
        rundown = compiled([{**FILL, "min_s": 120}, talk], library)
        assert {name(item) for item in rundown.items} == {2}
        assert (
            "element 2 (pick talk) was left out: nothing of it fits beside what matters more (#1, the shortest, is 8:20)"
            in map(str, rundown.notes)
        )

    def test_without_a_fill_the_interval_signal_closes_the_programme(self) -> None:
        rundown = compiled([NEWS], [segment(1, "news", 300), segment(2, "music", 200)])
        assert heard(rundown) == [(1, 300), ("signal", 299.4)]
        assert rundown.items[-1].element is None
        assert tuple(map(str, rundown.notes)) == (
            "nothing in the clock fills the last 4:59.4: the interval signal does; a fill element would play music there",
        )


def fixed(number: int, label: str = "") -> dict[str, Any]:
    return {"type": "fixed", "segment_id": number, "label": label}


@pytest.mark.parametrize(
    ("clock", "library", "error", "words"),
    [
        pytest.param(
            [fixed(1, "opening"), fixed(2, "drama"), FILL],
            [segment(1, "ident", 30), segment(2, "drama", 700)],
            DoesNotFit,
            "what must be aired is 2:10.2 too long for the 10:00 of the slot, the shortest pauses included: "
            'element 1 (fixed #1, "opening") 0:30, element 2 (fixed #2, "drama") 11:40. '
            "Shorten one of them, make one optional, or book a longer slot",
            id="fixed items longer than the slot",
        ),
        pytest.param(
            [{"type": "interval_signal", "seconds": 590}, NEWS, {**FILL, "min_s": 60}],
            [segment(1, "news", 60), segment(2, "news", 30)],
            DoesNotFit,
            "what must be aired is 1:20.4 too long for the 10:00 of the slot, the shortest pauses included: "
            "element 1 (interval signal) 9:50, element 2 (pick news) at least 0:30, element 3 (fill) 1:00. "
            "Shorten one of them, make one optional, or book a longer slot",
            id="even the shortest news is too long",
        ),
        pytest.param(
            [{**NEWS, "tags": ["weather"], "max_age_days": 1, "label": "날씨"}],
            [segment(1, "talk", 60)],
            NothingToPick,
            'element 1 (pick news, "날씨"): the library has no approved news tagged weather from the last 1 days: '
            "approve one, or make the element optional",
            id="nothing matches",
        ),
        pytest.param(
            [fixed(5)],
            [segment(1, "talk", 60)],
            NothingToPick,
            "element 1 (fixed #5): the segment it names is not among those approved: "
            "approve it, name another, or make the element optional",
            id="the named segment is not approved",
        ),
        pytest.param(
            [NEWS],
            [segment(1, "news", 60, air_until=after(-60)), segment(2, "news", 60, air_from=after(600))],
            NothingToPick,
            "element 1 (pick news): of its 2 candidates none may air here (#1: it may not air after 2026-11-22 19:00 UTC; "
            "#2: it may not air before 2026-11-23 06:00 UTC): approve another, or make the element optional",
            id="all expired or embargoed",
        ),
        pytest.param(
            [NEWS, NEWS],
            [segment(1, "news", 60)],
            NothingToPick,
            "element 2 (pick news): of its 1 candidates none may air here (#1: it is in element 1 (pick news)): "
            "approve another, or make the element optional",
            id="one segment for two picks",
        ),
        pytest.param(
            [NEWS, NEWS],
            [segment(1, "news", 60), segment(2, "news", 560)],
            DoesNotFit,
            "what must be aired is 0:20.2 too long for the 10:00 of the slot, the shortest pauses included: "
            "element 1 (pick news) at least 1:00, element 2 (pick news) at least 9:20. "
            "Shorten one of them, make one optional, or book a longer slot",
            id="two picks that counted on the same short segment",
        ),
        pytest.param(
            [{**NEWS, "required": False}, FILL],
            [],
            NothingToPick,
            "no segment at all is left for this airing (element 1 (pick news) was left out: the library has no approved "
            "news: approve one; element 2 (fill): the interval signal covers 9:59.9, nothing to fill with may air here): "
            "approve segments, or choose a stand-by",
            id="nothing but interval signal",
        ),
    ],
)
def test_what_cannot_be_compiled_is_said_in_words_a_producer_understands(
    clock: list[dict[str, Any]], library: list[Candidate], error: type[ScheduleError], words: str
) -> None:
    with pytest.raises(error) as refusal:
        compiled(clock, library)
    assert str(refusal.value) == words


def test_a_clock_of_nothing_but_interval_signal_is_what_somebody_wanted() -> None:
    rundown = compiled([{"type": "interval_signal", "seconds": 30}], [])
    assert heard(rundown) == [("signal", 30), ("signal", 569.4)]


class TestSingles:
    def single(self, candidate: Candidate | None, minutes: float = 10) -> Rundown:
        target = round(minutes * MINUTE * SAMPLE_RATE) // FRAME * FRAME
        return compile_single("standby", candidate, target, FRAME, SIGNAL_SAMPLES, STARTS_AT)

    def test_speech_repeats_whole_and_the_interval_signal_takes_the_rest(self) -> None:
        assert heard(self.single(segment(1, "talk", 250))) == [(1, 250), (1, 250), ("signal", 99.0)]

    def test_music_repeats_and_is_shortened(self) -> None:
        rundown = self.single(segment(1, "music", 250))
        assert heard(rundown) == [(1, 250), (1, 250), (1, 99.0)]
        assert rundown.items[-1].fade_out_samples == 3 * SAMPLE_RATE

    def test_repeats_end_with_its_dates(self) -> None:
        rundown = self.single(segment(1, "talk", 250, air_until=after(6)))
        assert heard(rundown) == [(1, 250), ("signal", 349.5)]

    def test_without_a_segment_it_is_interval_signal_and_says_so(self) -> None:
        rundown = self.single(None)
        assert rundown.level == "interval_signal"
        assert heard(rundown) == [("signal", 600.0)]

    def test_speech_longer_than_the_slot_is_refused(self) -> None:
        with pytest.raises(
            DoesNotFit, match=r"the stand-by, segment #1, is 11:40 of talk and may not be cut, but there"
        ):
            self.single(segment(1, "talk", 700))

    def test_a_segment_outside_its_dates_is_refused(self) -> None:
        words = r"the stand-by, segment #1, may not air at 2026-11-22 20:00 UTC \(it may not air before"
        with pytest.raises(NothingToPick, match=words):
            self.single(segment(1, "talk", 60, air_from=after(1)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target_samples": FRAME + 1}, "1153 samples are not a target on a grid of 1152"),
        ({"target_samples": 0}, "0 samples are not a target"),
        ({"candidates": (segment(1, "news", 1), segment(1, "talk", 2))}, "the same segment is twice"),
    ],
)
def test_a_request_that_no_caller_should_make_is_a_value_error(changes: dict[str, Any], words: str) -> None:
    values: dict[str, Any] = {
        "clock": parse_clock([FILL]),
        "starts_at": STARTS_AT,
        "target_samples": FRAME,
        "grid_samples": FRAME,
        "candidates": (),
        "interval_signal_samples": SIGNAL_SAMPLES,
    }
    with pytest.raises(ValueError, match=words):
        Request(**(values | changes))
