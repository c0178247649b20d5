"""Shiokaze in season A26: what the 94 rows of EiBi say is what the station aired from Yamata, day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schedules.frequencies.eibi import EibiRow, lines
from schedules.frequencies.line import Line
from schedules.frequencies.text import ScheduleFile
from schedules.season import season

# The days from which each list of frequencies is on the air. The jammer was followed seven times in seven months; from
# 19 May to 2 June the old and the new frequency ran side by side.
CHANGES = {
    "2026-03-29": {"1300": [6085, 7305], "1405": [6045, 7325], "1600": [5955, 7375], "1950": [6170, 6185]},
    "2026-04-07": {"1300": [6165], "1405": [7295], "1600": [5920], "1705": [6070], "1950": [7355]},
    "2026-04-27": {"1300": [5935], "1405": [7325], "1600": [6165], "1705": [5980], "1950": [7420]},
    "2026-05-19": {"1300": [5935, 7295], "1405": [5980, 7325], "1600": [5935, 6165], "1950": [6065, 7420]},
    "2026-06-03": {"1300": [7295], "1405": [5980], "1600": [5935], "1705": [7320], "1950": [6065]},
    "2026-06-23": {"1300": [6070], "1405": [5920], "1600": [5955], "1705": [7320], "1950": [6040]},
    "2026-07-01": {"1300": [6070], "1405": [6090, 7295], "1600": [7215], "1705": [5980], "1950": [6175]},
    "2026-07-02": {
        "1300": [6040, 6165],
        "1405": [6090, 7295],
        "1600": [7215],
        "1705": [5980],
        "1950": [6175],
    },
}
# The hours at 1300 and 1600 by ISO weekday: languages of the first and second half.
LANGUAGES = {
    1: ("J", "K"),
    2: ("K", "K"),
    3: ("E", "E"),
    4: ("K", "K"),
    5: ("J", "K"),
    6: ("J", "K"),
    7: ("J", "J"),
}


@pytest.fixture(scope="module")
def aired(real_file: ScheduleFile[EibiRow]) -> list[tuple[EibiRow, Line]]:
    rows = [row for row in real_file.records if row.station == "Shiokaze"]
    assert len(rows) == 94
    return [(row, line) for row in rows for line in lines(row, season("A26"))]


def on_air(aired: list[tuple[EibiRow, Line]], day: date, minute: int) -> list[tuple[int, str]]:
    return sorted(
        (int(line.khz), row.language)
        for row, line in aired
        if line.first_date <= day <= line.last_date
        and day.isoweekday() in line.days
        and line.start_minute <= minute < line.stop_minute
    )


def days() -> list[date]:
    return [date(2026, 3, 29) + timedelta(days=step) for step in range(210)]


def test_each_row_is_one_line_from_one_site_to_north_korea(aired: list[tuple[EibiRow, Line]]) -> None:
    assert len(aired) == 94
    assert {line.site for _, line in aired} == {"J-y"}
    assert {line.zones for _, line in aired} == {frozenset({"44NE"})}
    assert days()[-1] == date(2026, 10, 24) == max(line.last_date for _, line in aired)


def test_frequencies_change_on_the_days_on_which_they_did(aired: list[tuple[EibiRow, Line]]) -> None:
    for day in days():
        since = max(change for change in CHANGES if change <= day.isoformat())
        for start in ("1300", "1330", "1405", "1600", "1630", "1705", "1950"):
            minute = int(start[:2]) * 60 + int(start[2:])
            hour = {"1330": "1300", "1630": "1600"}.get(start, start)
            assert [khz for khz, _ in on_air(aired, day, minute)] == CHANGES[since].get(hour, []), (
                day,
                start,
            )


def test_the_weekday_says_the_language(aired: list[tuple[EibiRow, Line]]) -> None:
    for day in days():
        first, second = LANGUAGES[day.isoweekday()]
        for hour in (13, 16):
            assert {language for _, language in on_air(aired, day, hour * 60)} == {first}
            assert {language for _, language in on_air(aired, day, hour * 60 + 30)} == {second}


def test_nothing_else_is_on_the_air(aired: list[tuple[EibiRow, Line]]) -> None:
    slots = {(line.start_minute, line.stop_minute) for _, line in aired}
    assert slots == {(780, 810), (780, 840), (810, 840), (845, 875), (960, 990), (960, 1020), (990, 1020), (1025, 1085), (1190, 1250)}  # fmt: skip
