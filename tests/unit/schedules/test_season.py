from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import BadSeason
from schedules.season import season, season_at, seasons

instants = st.datetimes(datetime(2015, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

# As published by HFCC for these seasons.
PUBLISHED = {
    "B15": ("2015-10-25", "2016-03-27"),
    "A19": ("2019-03-31", "2019-10-27"),
    "B23": ("2023-10-29", "2024-03-31"),
    "A24": ("2024-03-31", "2024-10-27"),
    "A26": ("2026-03-29", "2026-10-25"),
    "B26": ("2026-10-25", "2027-03-28"),
}


@pytest.mark.parametrize(("code", "dates"), PUBLISHED.items())
def test_seasons_are_those_that_hfcc_publishes(code: str, dates: tuple[str, str]) -> None:
    found = season(code)
    assert (found.start.isoformat(), found.end.isoformat()) == tuple(f"{day}T01:00:00+00:00" for day in dates)


def test_seasons_2015_to_2035_follow_the_calendar_without_gaps() -> None:
    found = list(seasons(2015, 2035))
    assert [one.code for one in found] == [f"{letter}{year}" for year in range(15, 36) for letter in "AB"]
    assert all(earlier.end == later.start for earlier, later in pairwise(found))
    for one in found:
        month = 3 if one.code[0] == "A" else 10
        year = 2000 + int(one.code[1:])
        # The calendar module's weeks are the independent rule: the last week that has a Sunday.
        sundays = [
            week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month) if week[calendar.SUNDAY]
        ]
        assert one.start == datetime(year, month, sundays[-1], 1, tzinfo=UTC)


@given(instants)
def test_every_instant_lies_in_the_season_named_for_it(instant: datetime) -> None:
    found = season_at(instant)
    assert found.span.contains(instant)
    assert season(found.code) == found


def test_the_change_itself_belongs_to_the_new_season() -> None:
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert season_at(change - timedelta(microseconds=1)).code == "A26"
    assert season_at(change).code == "B26"


@pytest.mark.parametrize("code", ["C26", "26", "B2026", "", "가을"])
def test_what_is_not_a_season_is_refused_in_words(code: str) -> None:
    with pytest.raises(BadSeason, match=f'"{code}" is not a season: write A'):
        season(code)
