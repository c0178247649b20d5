from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.frequencies.line import Line
from schedules.frequencies.occurrences import airs, first_occurrence, occurrences
from schedules.season import Season, season_at
from schedules.time import Span
from tests.unit.schedules.frequencies.minute_by_minute import airings, at, minutes_in
from tests.unit.schedules.frequencies.seasons import (
    A26,
    B26,
    line,
    real_season,
    seasons_around,
    spans_around,
    utc,
)


def seen_minute_by_minute(
    lines: list[Line], span: Span, season: Season | None
) -> list[tuple[datetime, datetime, str]]:
    wanted = minutes_in(span)
    found = []
    for one in lines:
        for airing in airings(one):
            kept = {minute for minute in airing if season is None or season.span.contains(at(minute))}
            if kept & wanted:
                found.append((at(min(kept)), at(max(kept) + 1), one.key))
    return sorted(found)


@settings(max_examples=300)
@given(st.data())
def test_what_is_on_the_air_is_what_every_minute_says(data: st.DataObject) -> None:
    centre, lines = data.draw(seasons_around())
    span = data.draw(spans_around(centre))
    season = None
    if data.draw(st.booleans()):
        noon = datetime(centre.year, centre.month, centre.day, 12, tzinfo=UTC)
        season = season_at(noon - timedelta(days=data.draw(st.sampled_from([0, 1]))))
    expected = seen_minute_by_minute(lines, span, season)
    found = occurrences(lines, span, season)
    assert sorted((one.start, one.stop, one.line.key) for one in found) == expected
    assert len(found) == len(expected)
    assert found.start.tolist() == sorted(found.start.tolist())
    for one in lines:
        first = first_occurrence(one, span, season)
        firsts = [(start, stop) for start, stop, key in expected if key == one.key]
        assert (first and (first.start, first.stop)) == (firsts[0] if firsts else None)


def test_the_tail_past_midnight_belongs_to_the_day_of_the_start() -> None:
    sundays = line(start_minute=23 * 60 + 30, stop_minute=30, days=frozenset({7}))
    tail = Span(utc("2026-11-02T00:10"), utc("2026-11-02T00:20"))
    assert [one.start for one in occurrences([sundays], tail)] == [utc("2026-11-01T23:30")]
    assert airs(sundays, date(2026, 11, 1))
    assert not airs(sundays, date(2026, 11, 2))


@pytest.mark.parametrize("ended", ["2026-11-01T21:00", "2026-11-01T23:59", "2026-11-02T00:00"])
def test_a_weekly_line_that_has_just_ended_is_next_on_the_air_in_a_week(ended: str) -> None:
    found = first_occurrence(line(days=frozenset({7})), Span(utc(ended), B26.end))
    assert found is not None
    assert found.start == utc("2026-11-08T20:00")


def test_a_whole_day_is_on_the_air_without_a_break() -> None:
    found = occurrences([line(start_minute=0, stop_minute=1440)], B26.span, B26)
    assert (found.start[1:] == found.stop[:-1]).all()
    assert (found.stop[-1] - found.start[0]) * 60 == B26.span.duration.total_seconds()


def test_a_seasons_lines_end_at_the_change_and_the_next_ones_begin_there() -> None:
    night = Span(utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))
    old = line(start_minute=0, stop_minute=120, first_date=A26.start.date(), last_date=A26.end.date())
    new = line(start_minute=0, stop_minute=120)
    assert [(one.start.hour, one.stop.hour) for one in occurrences([old], night, A26)] == [(0, 1)]
    assert [(one.start.hour, one.stop.hour) for one in occurrences([new], night, B26)] == [(1, 2)]
    assert [(one.start.hour, one.stop.hour) for one in occurrences([new], night)] == [(0, 2)]


def test_a_line_that_ends_on_the_change_sunday_is_not_on_the_air_that_evening() -> None:
    evening = line(first_date=A26.start.date(), last_date=A26.end.date())
    last = [*occurrences([evening], A26.span, A26)][-1]
    assert last.start == utc("2026-10-24T20:00")


@pytest.mark.parametrize(
    "never",
    [
        line(first_date=date(2026, 11, 2), last_date=date(2026, 11, 2), days=frozenset({7})),
        line(first_date=date(2026, 11, 2), last_date=date(2026, 11, 1)),
        line(days=frozenset()),
    ],
)
def test_a_line_whose_date_and_day_disagree_is_never_on_the_air(never: Line) -> None:
    assert [*occurrences([never], B26.span)] == []
    assert first_occurrence(never, B26.span) is None


def test_a_line_that_never_ends_is_as_quick_as_the_span() -> None:
    endless = line(first_date=date.min, last_date=date.max)
    assert len(occurrences([endless], Span(B26.start, B26.start + timedelta(days=365)))) == 365


def test_nothing_is_on_the_air_in_no_time_and_without_lines() -> None:
    nothing = Span(utc("2026-11-01T20:30"), utc("2026-11-01T20:30"))
    assert [*occurrences([line()], nothing)] == []
    assert [*occurrences([], B26.span)] == []


def test_a_whole_season_of_everybody_is_each_line_on_each_of_its_days() -> None:
    lines = real_season(300)
    season = minutes_in(B26.span)
    expected = [(one.key, at(min(airing))) for one in lines for airing in airings(one) if airing & season]
    found = occurrences(lines, B26.span)
    assert sorted((one.line.key, one.start) for one in found) == sorted(expected)
    assert all(airs(one.line, one.start.date()) for one in found)
