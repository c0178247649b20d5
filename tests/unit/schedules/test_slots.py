from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import EVERY_DAY
from schedules.errors import (
    AcrossSeasonChange,
    BadDateRange,
    BadDays,
    BadTime,
    EmptySlot,
    ScheduleError,
    SlotShorterThanEarlyOff,
)
from schedules.said import Said
from schedules.season import season
from schedules.slots import Slot, check_season_changes, occurrences, season_crossings, slot_times
from schedules.time import Span

B26 = season("B26")
dates = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    start = draw(st.integers(0, 1439))
    stop = draw(st.integers(1, 1440).filter(lambda minute: minute != start))
    first = draw(dates)
    last = first + timedelta(days=draw(st.one_of(st.just(0), st.integers(0, 60))))
    days = draw(st.frozensets(st.integers(1, 7), min_size=1))
    return Slot(start, stop, days, first, last, early_off_s=draw(st.integers(0, 59)))


def evening(**changes: Any) -> Slot:
    values: dict[str, Any] = {
        "start_minute": 20 * 60,
        "stop_minute": 21 * 60,
        "days": EVERY_DAY,
        "first_date": date(2026, 11, 1),
        "last_date": date(2027, 3, 27),
    }
    return Slot(**(values | changes))


@given(slots(), st.integers(-70, 70), st.integers(0, 130), st.integers(0, 1439))
def test_occurrences_are_the_minutes_at_which_the_slot_starts(
    slot: Slot, offset: int, days: int, minute: int
) -> None:
    start = datetime.combine(slot.first_date, datetime.min.time(), UTC) + timedelta(
        days=offset, minutes=minute
    )
    span = Span(start, start + timedelta(days=days))
    # Brute force: look at every day's start time, asking only the instant itself.
    moment = datetime.combine(span.start.date(), datetime.min.time(), UTC) + timedelta(
        minutes=slot.start_minute
    )
    expected = []
    while moment < span.end:
        on_the_day = moment.isoweekday() in slot.days and slot.first_date <= moment.date() <= slot.last_date
        if on_the_day and moment >= span.start:
            expected.append(moment)
        moment += timedelta(days=1)
    found = list(occurrences(slot, span))
    assert [one.start for one in found] == expected
    assert all(one.duration == timedelta(seconds=slot.span_s) for one in found)


@given(slots())
def test_an_occurrence_ends_at_its_stop_within_a_day(slot: Slot) -> None:
    assert 0 < slot.span_s <= 24 * 3600
    day = Span(datetime(2015, 1, 1, tzinfo=UTC), datetime(2036, 3, 1, tzinfo=UTC))
    for one in occurrences(slot, day):
        assert (one.end.hour * 60 + one.end.minute) % 1440 == slot.stop_minute % 1440


def test_the_tail_past_midnight_belongs_to_the_day_of_the_start() -> None:
    slot = evening(start_minute=23 * 60 + 30, stop_minute=30, days=frozenset({7}))
    found = next(occurrences(slot, B26.span))
    assert slot.span_s == 3600
    assert (found.start.isoweekday(), found.end.isoweekday()) == (7, 1)
    tail = Span(found.start + timedelta(minutes=30), found.end)
    assert list(occurrences(slot, tail)) == []


def test_a_slot_of_one_day_airs_once_and_only_on_its_weekday() -> None:
    one_day = {"first_date": date(2026, 12, 25), "last_date": date(2026, 12, 25)}
    assert len(list(occurrences(evening(**one_day), B26.span))) == 1
    assert list(occurrences(evening(**one_day, days=frozenset({1})), B26.span)) == []


def test_a_slot_that_never_ends_is_as_quick_as_its_span() -> None:
    slot = evening(last_date=date.max)
    assert len(list(occurrences(slot, Span(B26.start, B26.start + timedelta(days=365))))) == 358


@given(slots(), st.sampled_from([1, 960, 1024, 1152]))
def test_the_target_is_the_longest_on_the_grid_that_the_slot_holds(slot: Slot, grid: int) -> None:
    target = slot.target_samples(grid_samples=grid)
    booked = (slot.span_s - slot.early_off_s) * 48_000
    assert target % grid == 0
    assert 0 <= booked - target < grid


def test_any_multiple_of_three_seconds_is_on_the_mp3_grid() -> None:
    assert evening(early_off_s=3).target_samples(grid_samples=1152) == (3600 - 3) * 48_000


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"stop_minute": 1200}, EmptySlot, r"the slot starts and stops at 2000: correct one of the two"),
        ({"start_minute": 1440}, BadTime, r"a slot cannot start at minute 1440"),
        ({"stop_minute": 0}, BadTime, r"a slot cannot stop at minute 0"),
        ({"stop_minute": 1500}, BadTime, r"a slot cannot stop at minute 1500"),
        ({"days": frozenset()}, BadDays, r"no weekday is chosen: choose at least one"),
        ({"days": frozenset({0, 1})}, BadDays, r"0 is not a weekday"),
        (
            {"last_date": date(2026, 10, 31)},
            BadDateRange,
            r"last date 2026-10-31 is before its first date 2026-11-01",
        ),
        ({"early_off_s": -5}, BadTime, r"an early-off of -5 s is not possible"),
        (
            {"early_off_s": 3600},
            SlotShorterThanEarlyOff,
            r"the slot 2000-2100 UTC daily lasts 3600 s and its early-off of 3600 s leaves nothing to air: lengthen",
        ),
    ],
)
def test_a_slot_that_cannot_be_is_refused_in_words(
    changes: dict[str, Any], error: type[ScheduleError], words: str
) -> None:
    with pytest.raises(error, match=words):
        evening(**changes)


def test_slot_times_are_read_with_their_notes() -> None:
    notes: list[Said] = []
    assert slot_times("2300", "0000", notes) == (1380, 1440)
    assert [note.text for note in notes] == ['the stop "0000" was read as 2400, the end of the day']
    assert slot_times("0000", "24:00") == (0, 1440)


@pytest.mark.parametrize("same", ["2000", "0000"])
def test_a_whole_day_is_never_got_by_writing_one_time_twice(same: str) -> None:
    with pytest.raises(
        EmptySlot, match=rf"starts and stops at {same}: correct one of the two \(a whole day is 0000 to 2400"
    ):
        slot_times(same, same)


def test_a_stop_of_2460_is_refused() -> None:
    with pytest.raises(BadTime, match='"2460" is not a time'):
        slot_times("2000", "2460")


def test_an_occurrence_astride_the_season_change_is_an_error_and_never_cut() -> None:
    slot = evening(start_minute=30, stop_minute=90)
    crossings = list(season_crossings(slot, B26.span))
    assert crossings == []
    slot = evening(start_minute=30, stop_minute=90, last_date=date(2027, 3, 28))
    (crossing,) = season_crossings(slot, B26.span)
    assert crossing == Span(
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    )
    with pytest.raises(AcrossSeasonChange, match="from B26 to A27 at 01:00 UTC: end it by then"):
        check_season_changes(slot, B26.span)


@pytest.mark.parametrize(("start", "stop"), [(0, 60), (60, 120)])
def test_an_occurrence_that_only_touches_the_change_is_fine(start: int, stop: int) -> None:
    slot = evening(start_minute=start, stop_minute=stop, last_date=date(2027, 4, 30))
    check_season_changes(slot, Span(B26.start, season("A27").end))


@given(slots())
def test_season_crossings_are_found_by_looking_at_both_ends(slot: Slot) -> None:
    span = Span(datetime(2015, 1, 1, tzinfo=UTC), datetime(2036, 3, 1, tzinfo=UTC))
    changes = [season(f"{letter}{year:02d}").start for year in range(14, 37) for letter in "AB"]
    expected = [
        one for one in occurrences(slot, span) if any(one.start < change < one.end for change in changes)
    ]
    assert list(season_crossings(slot, span)) == expected
