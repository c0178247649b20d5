from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import parse_days
from schedules.frequencies import eibi
from schedules.frequencies.eibi import EibiRow
from schedules.frequencies.line import Line
from schedules.frequencies.season_diff import LineChange, SeasonDiff, season_diff
from schedules.frequencies.text import ScheduleFile, decode
from schedules.season import season
from tests.unit.schedules.frequencies.strategies import lines

LINE = Line(
    key="1",
    khz=5920,
    start_minute=960,
    stop_minute=1020,
    days=parse_days("daily"),
    first_date=date(2026, 3, 29),
    last_date=date(2026, 10, 24),
    site="YAM",
    who="Shiokaze",
    zones=frozenset({"44NE"}),
)
versions = st.lists(lines(), max_size=8)


def test_another_frequency_at_the_same_time_from_the_same_site_is_a_move() -> None:
    new = replace(LINE, khz=6045, key="9")
    assert season_diff([LINE], [new]) == SeasonDiff(moved=(LineChange(LINE, new, ("khz",)),))


def test_a_move_that_changes_more_says_what() -> None:
    new = replace(LINE, khz=6045, first_date=date(2026, 4, 7), power_kw=300)
    assert season_diff([LINE], [new]).moved[0].what == ("khz", "first_date", "power_kw")


@pytest.mark.parametrize(
    "other",
    [
        {"site": "TAM"},
        {"who": "NHK"},
        {"zones": frozenset({"45NE"})},
        {"start_minute": 965},
        {"stop_minute": 1080},
    ],
)
def test_another_frequency_and_another_time_site_or_audience_is_another_line(
    other: dict[str, object],
) -> None:
    new = replace(LINE, khz=6045, **other)  # type: ignore[arg-type]
    assert season_diff([LINE], [new]) == SeasonDiff(added=(new,), gone=(LINE,))


def test_what_is_never_on_the_air_together_is_no_move() -> None:
    weekdays, weekend = (
        replace(LINE, days=parse_days("Mo-Fr")),
        replace(LINE, khz=6045, days=parse_days("Sa-Su")),
    )
    assert season_diff([weekdays], [weekend]) == SeasonDiff(added=(weekend,), gone=(weekdays,))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"stop_minute": 1050}, ("stop_minute",)),
        ({"start_minute": 1000, "stop_minute": 1060}, ("start_minute", "stop_minute")),
        ({"days": parse_days("Mo-Fr")}, ("days",)),
        ({"last_date": date(2026, 4, 6)}, ("last_date",)),
        ({"who": "JSR", "azimuth": 280}, ("who", "azimuth")),
        ({"zones": frozenset({"44NE", "44NW"})}, ("zones",)),
    ],
)
def test_the_same_frequency_and_site_at_a_time_that_overlaps_is_a_change(
    changes: dict[str, object], what: tuple[str, ...]
) -> None:
    new = replace(LINE, **changes)  # type: ignore[arg-type]
    assert season_diff([LINE], [new]) == SeasonDiff(changed=(LineChange(LINE, new, what),))


def test_times_overlap_across_midnight() -> None:
    old = replace(LINE, start_minute=1410, stop_minute=60)
    new = replace(LINE, start_minute=30, stop_minute=90)
    assert season_diff([old], [new]).changed[0].what == ("start_minute", "stop_minute")
    assert season_diff([new], [old]).changed[0].what == ("start_minute", "stop_minute")


def test_another_hour_on_the_same_frequency_is_another_line() -> None:
    new = replace(LINE, start_minute=1020, stop_minute=1080)
    assert season_diff([LINE], [new]) == SeasonDiff(added=(new,), gone=(LINE,))


def test_a_move_within_the_season_is_an_earlier_end_and_a_new_line() -> None:
    closed = replace(LINE, last_date=date(2026, 4, 6))
    opened = replace(LINE, khz=6045, first_date=date(2026, 4, 7))
    found = season_diff([LINE], [closed, opened])
    assert found == SeasonDiff(added=(opened,), changed=(LineChange(LINE, closed, ("last_date",)),))


def test_of_two_parallel_frequencies_the_nearer_one_moved() -> None:
    other, new = replace(LINE, khz=7305), replace(LINE, khz=7295)
    assert season_diff([LINE, other], [new]) == SeasonDiff(
        gone=(LINE,), moved=(LineChange(other, new, ("khz",)),)
    )


def test_alike_lines_are_counted() -> None:
    assert season_diff([LINE, replace(LINE, key="2")], [LINE]).gone == (replace(LINE, key="2"),)


def unnamed(line: Line) -> Line:
    return replace(line, key="")


@given(versions)
def test_a_version_does_not_differ_from_itself_in_another_order(version: list[Line]) -> None:
    renumbered = [replace(line, key=str(at)) for at, line in enumerate(reversed(version))]
    assert season_diff(version, renumbered) == SeasonDiff()


@given(versions, versions, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(old: list[Line], new: list[Line], random: Random) -> None:
    found = season_diff(old, new)
    assert season_diff(random.sample(old, len(old)), random.sample(new, len(new))) == found


@given(versions, versions)
def test_the_diff_makes_the_new_version_of_the_old_one(old: list[Line], new: list[Line]) -> None:
    found = season_diff(old, new)
    pairs = [*found.moved, *found.changed]
    was = Counter(map(unnamed, [*found.gone, *(pair.old for pair in pairs)]))
    becomes = Counter(map(unnamed, [*found.added, *(pair.new for pair in pairs)]))
    before, after = Counter(map(unnamed, old)), Counter(map(unnamed, new))
    assert before - was + becomes == after
    assert was <= before
    for pair in pairs:
        assert replace(pair.old, key="", **{name: getattr(pair.new, name) for name in pair.what}) == unnamed(
            pair.new
        )
        assert all(getattr(pair.old, name) != getattr(pair.new, name) for name in pair.what)


def test_a_real_season_after_one_move_differs_in_that_move(
    real_bytes: bytes, real_file: ScheduleFile[EibiRow]
) -> None:
    text = decode(real_bytes).text
    moved = text.replace(
        "5980;1705-1805;;J;Shiokaze;J;KRE;y;1;0107;", "7410;1705-1805;;J;Shiokaze;J;KRE;y;1;0107;"
    )
    moved = moved.replace("5920;1405-1435;;J;Shiokaze;J;KRE;y;6;2306;3006\r\n", "")

    def aired(file: ScheduleFile[EibiRow]) -> list[Line]:
        return [line for row in file.records for line in eibi.lines(row, season("A26"))]

    found = season_diff(aired(real_file), aired(eibi.read(moved)))
    assert [(pair.old.khz, pair.new.khz, pair.what) for pair in found.moved] == [(5980, 7410, ("khz",))]
    assert [(line.khz, line.start_minute) for line in found.gone] == [(5920, 845)]
    assert (found.added, found.changed) == ((), ())
