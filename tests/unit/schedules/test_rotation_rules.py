"""The station's rules of rotation, episodes, hard times and repeats, one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schedules.candidates import Candidate, Request
from schedules.clock import parse_clock
from schedules.compile import compile_alternatives, compile_rundown
from schedules.errors import DoesNotFit, NothingToPick
from schedules.rules import Aired
from schedules.rundown import IntervalSignalSource, Item, Rundown
from schedules.time import SAMPLE_RATE, to_kst
from tests.bench import compile as bench
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment

FRAME = 1152
NEWS: dict[str, Any] = {"type": "pick", "kinds": ["news"]}
TALK: dict[str, Any] = {"type": "pick", "kinds": ["talk"]}
FILL: dict[str, Any] = {"type": "fill"}


def request(
    clock: list[dict[str, Any]], library: list[Candidate], minutes: float = 3, **changes: Any
) -> Request:
    target = round(minutes * 60 * SAMPLE_RATE) // FRAME * FRAME
    return Request(parse_clock(clock), STARTS_AT, target, FRAME, tuple(library), SIGNAL_SAMPLES, **changes)


def compiled(*arguments: Any, **changes: Any) -> Rundown:
    return compile_rundown(request(*arguments, **changes))


def name(item: Item) -> int | str:
    return "signal" if isinstance(item.source, IntervalSignalSource) else item.source.segment_id


def names(rundown: Rundown) -> list[int | str]:
    return [name(item) for item in rundown.items]


def heard(one: Candidate, hours_before: float, *, ours: bool = True) -> Aired:
    at = STARTS_AT - timedelta(hours=hours_before)
    return Aired(one.segment_id, at, at, ours, one.presenter, one.tags)


class TestRests:
    def test_of_many_by_few_presenters_one_each_is_taken_at_once_and_they_air_in_their_ranking(self) -> None:
        talks = [segment(number, "talk", 20 + number, presenter=f"p{number % 4}") for number in range(1, 25)]
        rest = {"of": "presenter", "days": 1}
        rundown = compiled([{**TALK, "count": 4, "order": "newest", "rests": [rest]}], talks, minutes=1.75)
        heard_ = [one for one in names(rundown) if isinstance(one, int)]
        assert rundown.fit is not None
        assert rundown.fit.proved
        assert rundown.fit.runs == 1
        assert len(heard_) == len({number % 4 for number in heard_}) == 4
        assert heard_ == sorted(heard_)

    talks = (
        segment(1, "talk", 40, presenter="Kim"),
        segment(2, "talk", 40, presenter="Kim"),
        segment(3, "talk", 40, presenter="Lee"),
    )

    def first(self, rest: dict[str, Any], *history: Aired) -> Item:
        return compiled([{**TALK, "rests": [rest]}, FILL], list(self.talks), history=history).items[0]

    def test_an_item_rests_for_days(self) -> None:
        item = self.first({"of": "item", "days": 2}, heard(self.talks[0], 30))
        assert name(item) == 2
        assert (
            "#1 lost: it rests for 2 days and was heard 2026-11-21 14:00 UTC, 18.0 hours too recently"
            in str(item.reason.note)
        )

    def test_after_its_days_to_the_minute_it_may_air_again(self) -> None:
        assert name(self.first({"of": "item", "days": 2}, heard(self.talks[0], 48))) == 1

    def test_a_presenter_rests_with_everything_of_theirs(self) -> None:
        item = self.first({"of": "presenter", "days": 1}, heard(self.talks[0], 20))
        assert name(item) == 3
        assert "#2 lost: presenter Kim rests for 1 days" in str(item.reason.note)

    def test_rest_by_airings_counts_those_of_this_programme_only(self) -> None:
        rest = {"of": "item", "airings": 1}
        one, two, _ = self.talks
        assert name(self.first(rest, heard(one, 24))) == 2
        assert name(self.first(rest, heard(one, 24, ours=False))) == 1
        assert name(self.first(rest, heard(one, 48), heard(two, 24))) == 1

    def test_what_airs_later_in_the_night_neither_rests_nor_takes_the_place_of_an_airing(self) -> None:
        """A repeat that is compiled already must not take its own items from the programme that it repeats."""
        one, two, _ = self.talks
        assert name(self.first({"of": "item", "days": 2}, heard(one, -2))) == 1
        assert name(self.first({"of": "item", "airings": 1}, heard(one, 24), heard(two, -2))) == 2

    def test_a_presenter_who_rests_is_not_heard_twice_in_one_programme_either(self) -> None:
        pick = {**TALK, "count": 2, "rests": [{"of": "presenter", "days": 1}]}
        assert names(compiled([pick, FILL], list(self.talks)))[:2] == [1, 3]

    def test_where_all_must_rest_the_refusal_says_for_how_long_still_and_what_would_air(self) -> None:
        pick = {**TALK, "rests": [{"of": "item", "days": 7}]}
        with pytest.raises(NothingToPick) as refusal:
            compiled([pick], [self.talks[0]], history=(heard(self.talks[0], 24 * 5),))
        [relaxation] = refusal.value.relaxations
        assert str(relaxation) == (
            "element 1 (pick talk): take #1 although it rests for 7 days and was heard 2026-11-17 20:00 UTC, "
            "2 days too recently"
        )
        assert refusal.value.nearest is not None
        assert names(refusal.value.nearest)[0] == 1


class TestQuotas:
    sad = tuple(segment(number, "talk", 30, tags=["sad"]) for number in (1, 2))
    merry = segment(3, "talk", 30)

    def chosen(self, most: int, per: str, *history: Aired) -> list[int | str]:
        pick = {**TALK, "count": 3, "quotas": [{"of": "tag", "value": "sad", "most": most, "per": per}]}
        rundown = compiled([pick], [*self.sad, self.merry], history=history)
        return [one for one in names(rundown) if one != "signal"]

    def test_a_programme_has_no_more_of_its_like_than_a_night_may(self) -> None:
        assert self.chosen(1, "night") == [1, 3]

    def test_what_was_heard_the_same_night_counts(self) -> None:
        assert self.chosen(1, "night", heard(self.sad[0], 3)) == [3]
        assert self.chosen(1, "night", heard(self.sad[0], 24)) == [1, 3]

    def test_what_airs_later_the_same_night_counts_too(self) -> None:
        assert self.chosen(1, "night", heard(self.sad[0], -2)) == [3]

    def test_a_week_is_the_seven_nights_up_to_this_one(self) -> None:
        assert self.chosen(1, "week", heard(self.sad[0], 6 * 24)) == [3]
        assert self.chosen(1, "week", heard(self.sad[0], 7 * 24)) == [1, 3]


class TestNeighbours:
    def test_a_minimum_spacing_keeps_siblings_apart(self) -> None:
        library = [
            segment(1, "ident", 5, tags=["jingle"]),
            segment(2, "ident", 5, tags=["jingle"]),
            segment(3, "talk", 50),
        ]
        ident = {
            "type": "pick",
            "kinds": ["ident"],
            "spacings": [{"of": "tag", "value": "jingle", "minutes": 1.5}],
        }
        rundown = compiled([ident, TALK, FILL, ident], [*library, segment(4, "music", 60)])
        first, last = (item for item in rundown.items if item.element in {0, 3})
        assert last.start_sample - first.end_sample >= 90 * SAMPLE_RATE
        with pytest.raises(DoesNotFit):
            compiled([ident, TALK, ident], library, minutes=1.2)

    def test_what_must_not_follow_another_does_not(self) -> None:
        library = [segment(1, "news", 20, tags=["sad"]), segment(2, "talk", 20), segment(3, "jingle", 5)]
        jingle = {"type": "pick", "kinds": ["jingle"], "required": False}
        merry = {**TALK, "not_after_tags": ["sad"]}
        assert names(compiled([NEWS, jingle, merry], library))[:3] == [1, 3, 2]
        other = segment(4, "news", 20)
        assert names(compiled([NEWS, merry], [*library, other]))[:2] == [4, 2]

    def test_what_must_follow_another_comes_only_there(self) -> None:
        library = [segment(1, "news", 20), segment(2, "talk", 20)]
        comment = {**TALK, "after_tags": ["speech"], "required": False}
        assert 2 not in names(compiled([NEWS, comment], library))
        spoken = segment(3, "news", 20, tags=["speech"])
        assert names(compiled([NEWS, comment], [*library, spoken]))[:2] == [3, 2]


class TestElements:
    def test_the_next_episode_is_the_first_that_was_never_aired(self) -> None:
        library = [
            segment(number, "drama", 30, series="먼 길", episode=number, last_aired_at=aired)
            for number, aired in [(1, STARTS_AT), (2, None), (3, None)]
        ]
        item = compiled([{"type": "next_episode", "series": "먼 길"}], library).items[0]
        assert name(item) == 2
        assert str(item.reason.note) == "episode 2, the first that was never aired"

    def test_an_episode_under_embargo_is_waited_for_not_skipped(self) -> None:
        library = [
            segment(1, "drama", 30, series="먼 길", episode=1, air_from=STARTS_AT + timedelta(days=1)),
            segment(2, "drama", 30, series="먼 길", episode=2),
        ]
        clock = [{"type": "next_episode", "series": "먼 길", "required": False}, {**NEWS, "required": False}]
        assert names(compiled(clock, [*library, segment(3, "news", 30)]))[0] == 3

    def test_what_is_awaited_airs_on_its_date_and_its_substitute_where_it_did_not_come(self) -> None:
        awaited = {"type": "awaited", "name": "letter", "substitute_id": 9}
        substitute = segment(9, "talk", 30)
        tonight = to_kst(STARTS_AT).date()
        letter = segment(1, "talk", 30, awaited_as="letter", awaited_on=tonight)
        old = segment(2, "talk", 30, awaited_as="letter", awaited_on=tonight - timedelta(days=1))
        assert names(compiled([awaited], [letter, old, substitute]))[0] == 1
        item = compiled([awaited], [old, substitute]).items[0]
        assert name(item) == 9
        assert "nothing came as letter for this date" in str(item.reason.note)

    def test_an_announcement_is_the_newest_of_its_tags(self) -> None:
        library = [
            segment(number, "announcement", 10, tags=tags) for number, tags in [(1, []), (2, ["schedule"])]
        ]
        assert names(compiled([{"type": "announcement", "tags": ["schedule"]}], library))[0] == 2

    def test_a_repeat_is_the_same_in_its_order_with_an_ident_of_its_own(self) -> None:
        library = [
            segment(1, "ident", 5),
            segment(2, "news", 40),
            segment(3, "talk", 40),
            segment(4, "ident", 5),
        ]
        clock = [{"type": "fixed", "segment_id": 4}, {"type": "repeat", "at": "+0:00:06", "within_s": 2}]
        rundown = compiled(clock, library, repeated=(1, 3, 2))
        assert names(rundown)[:3] == [4, 3, 2]
        assert str(rundown.items[1].reason.note) == "was in the programme that is repeated"

    def test_where_the_first_of_a_repeat_is_left_out_the_next_one_is_on_time(self) -> None:
        library = [segment(1, "ident", 5), segment(2, "talk", 170), segment(3, "talk", 40)]
        repeat = {"type": "repeat", "at": "+0:02:00", "within_s": 1, "required": False}
        fixed = {"type": "fixed", "segment_id": 1}
        rundown = compiled([fixed, FILL, repeat], library, repeated=(2, 3))
        [second] = [item for item in rundown.items if name(item) == 3]
        assert abs(second.start_sample - 120 * SAMPLE_RATE) <= SAMPLE_RATE
        assert 2 not in names(rundown)

    def test_a_repeat_leaves_out_what_the_clock_names_anyhow(self) -> None:
        library = [segment(1, "talk", 20), segment(2, "news", 20)]
        clock = [{"type": "fixed", "segment_id": 1}, {"type": "repeat"}]
        assert names(compiled(clock, library, repeated=(1, 2)))[:2] == [1, 2]

    def test_a_repeat_of_nothing_is_refused(self) -> None:
        with pytest.raises(NothingToPick, match="nothing is left of the airing that it repeats"):
            compiled([{"type": "repeat"}], [segment(1, "news", 20)])

    def test_a_trimmed_segment_is_heard_without_its_ends(self) -> None:
        clock = [{"type": "fixed", "segment_id": 1, "trim_in_s": 5, "trim_out_s": 10}]
        item = compiled(clock, [segment(1, "talk", 60, first_sample=100)]).items[0]
        assert (item.first_sample, item.samples) == (100 + 5 * SAMPLE_RATE, 45 * SAMPLE_RATE)

    def test_a_back_timed_fill_ends_with_its_own_ending(self) -> None:
        clock = [NEWS, {"type": "fill", "back_timed": True}]
        rundown = compiled(clock, [segment(1, "news", 60), segment(2, "music", 300)])
        music = rundown.items[1]
        assert music.first_sample + music.samples == 300 * SAMPLE_RATE
        assert music.fade_in_samples > 0
        assert music.fade_out_samples == 0
        assert music.end_sample == rundown.target_samples


class TestHardTimes:
    library = (segment(1, "talk", 50), segment(2, "news", 40), segment(3, "music", 200))

    def test_the_news_starts_on_time_and_a_fill_makes_it_so(self) -> None:
        rundown = compiled([TALK, FILL, {**NEWS, "at": "20:01:30"}, FILL], list(self.library))
        [news] = [item for item in rundown.items if name(item) == 2]
        assert 0 <= news.start_sample - 90 * SAMPLE_RATE < FRAME

    def test_what_is_due_at_the_very_beginning_follows_the_lead_in(self) -> None:
        rundown = compiled([{**NEWS, "at": "20:00"}, FILL], list(self.library))
        assert rundown.items[0].start_sample == 2 * FRAME

    def test_a_window_lets_it_start_a_little_early_or_late(self) -> None:
        clock = [TALK, {**NEWS, "at": "05:01 KST", "within_s": 10}, FILL]
        news = compiled(clock, list(self.library)).items[1]
        assert 50 * SAMPLE_RATE <= news.start_sample <= 70 * SAMPLE_RATE

    def test_where_it_is_missed_the_refusal_says_by_how_much_and_shows_what_would_air(self) -> None:
        with pytest.raises(DoesNotFit) as refusal:
            compiled([TALK, {**NEWS, "at": "+0:00:30"}], list(self.library))
        [relaxation] = refusal.value.relaxations
        assert str(relaxation) == (
            "element 2 (pick news): let it start 0:20.2 late, at 20:00:50 UTC instead of +0:00:30"
        )
        assert refusal.value.nearest is not None
        assert names(refusal.value.nearest)[:2] == [1, 2]
        assert refusal.value.nearest.target_samples == round(180 * SAMPLE_RATE) // FRAME * FRAME


class TestFit:
    def test_pauses_take_up_what_would_else_be_cut_from_music(self) -> None:
        library = [segment(1, "news", 60), segment(2, "music", 119.5), segment(3, "talk", 0.5)]
        rundown = compiled([NEWS, FILL, TALK], library, minutes=3.02)
        assert [item.samples for item in rundown.items] == [one.samples for one in library]
        assert rundown.fit is not None
        assert rundown.fit.noticed_samples == 0
        assert rundown.fit.pause_samples > 0

    def test_the_best_is_proved_and_says_what_a_listener_would_notice(self) -> None:
        fit = compiled([NEWS, FILL], [segment(1, "news", 60), segment(2, "music", 125)]).fit
        assert fit is not None
        assert fit.proved
        assert 4 * SAMPLE_RATE < fit.noticed_samples < 7 * SAMPLE_RATE
        assert fit.gap_samples == 0

    def test_another_seed_gives_another_legal_programme(self) -> None:
        talks = [segment(number, "talk", 50) for number in range(1, 9)]
        pick = {**TALK, "order": "least_recently_aired", "count": 2, "rests": [{"of": "item", "days": 3}]}
        history = (heard(talks[0], 24),)
        programmes = [compiled([pick, FILL], talks, seed=seed, history=history) for seed in range(8)]
        assert len({tuple(names(programme)) for programme in programmes}) > 4
        assert all(1 not in names(programme) for programme in programmes)

    def test_three_hours_have_five_alternatives_while_somebody_waits(self) -> None:
        """Nothing of it can be proved in so short a time, and they are five programmes all the same."""
        target = 180 * 60 * SAMPLE_RATE // FRAME * FRAME
        waiting = Request(
            bench.clock(180), STARTS_AT, target, FRAME, bench.library(50), SIGNAL_SAMPLES, 3, quick=True
        )
        found = compile_alternatives(waiting, 5)
        assert len({one.segment_ids() for one in found}) == 5
        assert {one.target_samples for one in found} == {target}

    def test_alternatives_are_different_and_the_best_comes_first(self) -> None:
        talks = [segment(number, "talk", 50 + number) for number in range(1, 7)]
        found = compile_alternatives(request([{**TALK, "order": "least_recently_aired"}, FILL], talks), 5)
        assert len({name(rundown.items[0]) for rundown in found}) == 5
        places = [rundown.fit.rotation_places for rundown in found if rundown.fit]
        assert len(places) == 5
        assert found[0] == compiled([{**TALK, "order": "least_recently_aired"}, FILL], talks)

    def test_what_is_kept_stays_and_the_element_in_which_it_ends_goes_on(self) -> None:
        library = [
            segment(number, "music", 50, last_aired_at=STARTS_AT - timedelta(days=9 - number))
            for number in (1, 2, 3, 4)
        ]
        clock = [{**NEWS}, FILL]
        first = compiled(clock, [segment(9, "news", 30), *library])
        again = compiled(clock, [segment(9, "news", 30), *library[:1], *library[2:]], kept=first.items[:2])
        assert again.items[:2] == first.items[:2]
        assert names(first)[1:3] == [1, 2]
        assert names(again)[1:4] == [1, 3, 4]
