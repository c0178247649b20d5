from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import BadDateRange, BadTime
from schedules.hhmm import format_hhmm, parse_hhmm
from schedules.said import Said
from schedules.time import (
    DAY_MINUTES,
    SAMPLE_RATE,
    Span,
    length_text,
    night_of,
    night_span,
    samples_to_timedelta,
    to_kst,
    to_pyongyang,
)

instants = st.datetimes(datetime(2015, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.integers(0, DAY_MINUTES - 1))
def test_every_minute_of_the_day_is_written_and_read_back(minute: int) -> None:
    assert parse_hhmm(format_hhmm(minute), stop=False) == minute
    assert parse_hhmm(f"{minute // 60:02d}:{minute % 60:02d}", stop=False) == minute


def test_2400_is_a_stop_and_never_a_start() -> None:
    assert parse_hhmm("2400", stop=True) == DAY_MINUTES
    with pytest.raises(BadTime, match=r'"2400" cannot be a start: 2400 only ends a day; write 0000'):
        parse_hhmm("2400", stop=False)


def test_a_stop_of_0000_is_read_as_2400_with_a_note() -> None:
    notes: list[Said] = []
    assert parse_hhmm("00:00", stop=True, notes=notes) == DAY_MINUTES
    assert [note.text for note in notes] == ['the stop "00:00" was read as 2400, the end of the day']
    assert parse_hhmm("0000", stop=False, notes=notes) == 0
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2460", r'"2460" is not a time: hours go from 00 to 23 \(2400 for a stop\), minutes from 00 to 59'),
        ("2401", r'"2401" is not a time: hours go'),
        ("1960", r'"1960" is not a time: hours go'),
        ("930", r'"930" is not a time: write four digits'),
        ("", r'"" is not a time: write four digits'),
        ("8 pm", r'"8 pm" is not a time'),
        ("-100", r'"-100" is not a time'),
        ("２０００", r"is not a time: write four digits"),
    ],
)
def test_what_is_not_a_time_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadTime, match=words):
        parse_hhmm(text, stop=True)


def test_sunday_evening_utc_is_monday_morning_in_korea() -> None:
    instant = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert instant.isoweekday() == 7
    assert (to_kst(instant).isoweekday(), to_kst(instant).hour) == (1, 5)
    assert to_pyongyang(instant).hour == 5


def test_pyongyang_was_half_an_hour_behind_seoul_from_2015_to_2018() -> None:
    instant = datetime(2017, 6, 1, 12, 0, tzinfo=UTC)
    assert to_kst(instant).strftime("%H:%M") == "21:00"
    assert to_pyongyang(instant).strftime("%H:%M") == "20:30"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(BadTime, match="2026-11-22T20:00:00 has no time zone"):
        to_kst(datetime(2026, 11, 22, 20, 0))  # noqa: DTZ001


def test_a_span_is_kept_in_utc_and_never_reversed() -> None:
    start = datetime(2026, 11, 23, 5, 0, tzinfo=timezone(timedelta(hours=9)))
    span = Span(start, start + timedelta(hours=1))
    assert span.start.utcoffset() == timedelta(0)
    assert span.start.day == 22
    with pytest.raises(BadDateRange, match="the span ends at 2026-11-22 19:59 UTC, before it starts"):
        Span(start, start - timedelta(minutes=1))


@given(st.lists(instants, min_size=4, max_size=4), instants)
def test_spans_share_exactly_the_instants_that_lie_in_both(ends: list[datetime], instant: datetime) -> None:
    one, other = Span(*sorted(ends[:2])), Span(*sorted(ends[2:]))
    shared = one.intersection(other)
    assert shared == other.intersection(one)
    assert one.overlaps(other) == (shared is not None)
    for moment in [instant, *ends]:
        in_both = one.contains(moment) and other.contains(moment)
        assert in_both == (shared is not None and shared.contains(moment))


def test_spans_that_touch_share_nothing() -> None:
    start = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert not Span(start, start + hour).overlaps(Span(start + hour, start + 2 * hour))
    assert not Span(start, start + hour).contains(start + hour)


@given(instants)
def test_every_instant_belongs_to_one_night_of_24_hours(instant: datetime) -> None:
    night = night_of(instant)
    assert night_span(night).contains(instant)
    assert night_span(night).duration == timedelta(hours=24)
    assert night_span(night).end == night_span(night + timedelta(days=1)).start


def test_a_night_is_labelled_by_its_evening() -> None:
    assert night_of(datetime(2026, 11, 22, 20, 0, tzinfo=UTC)) == date(2026, 11, 22)
    assert night_of(datetime(2026, 11, 23, 2, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert night_of(datetime(2026, 11, 23, 3, 0, tzinfo=UTC)) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.05, "0.05 s"),
        (12, "0:12"),
        (190, "3:10"),
        (190.4, "3:10.4"),
        (59.96, "0:59.9"),
        (0, "0.00 s"),
        (0.001, "less than 0.01 s"),
        (3725, "1:02:05"),
    ],
)
def test_lengths_read_as_producers_write_them(seconds: float, text: str) -> None:
    assert length_text(round(seconds * SAMPLE_RATE)) == text


def test_samples_become_time_without_drift() -> None:
    assert samples_to_timedelta(24 * 3600 * SAMPLE_RATE + 1) == timedelta(days=1, microseconds=21)
