from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import parse_days
from schedules.errors import BadRecord
from schedules.frequencies import eibi
from schedules.frequencies.eibi import EibiRow, Standing, lines, standing
from schedules.frequencies.eibi_days import within
from schedules.frequencies.line import Line
from schedules.frequencies.text import LATIN_1, ScheduleFile, decode, encode
from schedules.season import Season, season

A26, B26 = season("A26"), season("B26")


def row(text: str) -> EibiRow:
    file = eibi.read(text)
    assert not file.problems
    return file.records[0]


def dates(text: str, code: str = "A26") -> list[tuple[str, str]]:
    return [
        (f"{line.first_date:%d%m%y}", f"{line.last_date:%d%m%y}") for line in lines(row(text), season(code))
    ]


class TestRealSeason:
    """sked-a26.csv: 9,360 rows."""

    def test_every_row_is_read_or_reported_with_its_reason(self, real_file: ScheduleFile[EibiRow]) -> None:
        assert len(real_file.records) == 9_357
        said = [str(problem).split(":")[0:2] for problem in real_file.problems]
        assert said == [
            ["line 2426, columns 6-14 (Time(UTC))", ' "1241-1241" starts and stops at the same minute'],
            ["line 3555, columns 63-67 (Stop)", ' "28021" is not a last day'],
            ["line 9150, columns 66-70 (Stop)", ' "3107f" is not a last day'],
        ]

    def test_a_round_trip_changes_no_byte(self, real_bytes: bytes, real_file: ScheduleFile[EibiRow]) -> None:
        assert decode(real_bytes).encoding == LATIN_1
        assert encode(eibi.write(real_file), LATIN_1) == real_bytes

    def test_days_by_kind(self, real_file: ScheduleFile[EibiRow]) -> None:
        rules = [row.days for row in real_file.records]
        assert Counter(rule.word.lower() for rule in rules if rule.word) == {
            "irr": 103, "test": 14, "tests": 2, "lsb": 4, "usb": 4, "spur": 4
        }  # fmt: skip
        assert sum(rule.nth is not None for rule in rules) == 22
        assert sum(rule.dates is not None for rule in rules) == 47
        assert sum(not row.texts[2] for row in real_file.records) == 7_585
        assert sum(rule.weekly and not rule.word for rule in rules) == 7_585 + 1_572

    def test_persistence_by_code(self, real_file: ScheduleFile[EibiRow]) -> None:
        counts = Counter(row.persistence for row in real_file.records)
        assert counts == {0: 1_628, 1: 6_158, 2: 274, 3: 20, 4: 359, 5: 357, 6: 490, 8: 71}
        assert not any(row.utility for row in real_file.records)

    def test_dates_and_last_heard_marks(self, real_file: ScheduleFile[EibiRow]) -> None:
        assert sum(row.start is not None for row in real_file.records) == 1_153
        assert sum(row.stop is not None for row in real_file.records) == 1_041
        assert sum(row.last_heard is not None for row in real_file.records) == 3_333

    def test_what_the_rows_mean_for_the_season(self, real_file: ScheduleFile[EibiRow]) -> None:
        assert Counter(standing(row, A26) for row in real_file.records) == {
            Standing.AIRED: 8_671,
            Standing.OTHER_SEASON: 359,
            Standing.NEVER: 158,
            Standing.UNCERTAIN: 98,
            Standing.INACTIVE: 71,
        }
        # The 15 rows of a Saturday, Sunday or Friday of the month are a line for each of seven months.
        assert sum(len(lines(row, A26)) for row in real_file.records) == 8_671 - 15 + 15 * 7

    def test_a_row_has_lines_exactly_where_it_is_aired(self, real_file: ScheduleFile[EibiRow]) -> None:
        for row in real_file.records:
            assert bool(lines(row, A26)) == (standing(row, A26) is Standing.AIRED)

    def test_decimals_of_a_kilohertz_are_kept(self, real_file: ScheduleFile[EibiRow]) -> None:
        found = [row for row in real_file.records if row.khz == 7700.1]
        assert [(row.station, row.texts[0]) for row in found][:1] == [("Free Radio Sce Holland", "7700.1")]

    def test_jammers_and_broadcasts_to_north_korea_share_its_zone(
        self, real_file: ScheduleFile[EibiRow]
    ) -> None:
        to_korea = [row for row in real_file.records if row.target == "KRE"]
        assert len(to_korea) == 158
        assert {line.zones for row in to_korea for line in lines(row, A26)} == {frozenset({"44NE"})}


class TestDates:
    def test_a_row_without_dates_has_every_start_within_the_season(self) -> None:
        # 29 March 00:30 was still B25, 25 October 00:30 is still A26, and at 01:00 it is B26.
        assert dates("5920;0030-0100;;J;X;J;KRE;y;1;;") == [("300326", "251026")]
        assert dates("5920;0100-0200;;J;X;J;KRE;y;1;;") == [("290326", "241026")]

    def test_dates_have_the_day_first_and_both_belong_to_it(self) -> None:
        assert dates("5920;1600-1700;;J;X;E;KRE;y;6;0704;2604") == [("070426", "260426")]

    def test_a_start_alone_lasts_to_the_end_of_the_season(self) -> None:
        assert dates("7215;1600-1700;;J;X;E;KRE;y;1;0107;") == [("010726", "241026")]

    def test_a_start_out_of_the_season_lies_behind_it(self) -> None:
        assert dates("7215;1600-1700;;J;X;E;KRE;y;1;0111;") == [("290326", "241026")]

    def test_a_stop_alone_lasts_from_the_start_of_the_season(self) -> None:
        assert dates("7215;1600-1700;;J;X;E;KRE;y;1;;3006") == [("290326", "300626")]

    def test_a_winter_row_goes_across_new_year(self) -> None:
        text = "4505;1910-1920;We,Sa;POL;E11;E;;p;1;0111;2802[0223]"
        assert dates(text) == []
        assert standing(row(text), A26) is Standing.NEVER
        assert dates(text, "B26") == [("011126", "280227")]

    def test_a_row_that_leaves_the_season_and_comes_back_is_two_lines(self) -> None:
        assert dates("4505;1910-1920;;POL;E11;E;;p;1;1509;1504") == [
            ("290326", "150426"),
            ("150926", "241026"),
        ]

    def test_days_that_are_not_weekdays_are_a_line_each(self) -> None:
        assert dates("6170;0000-1800;1.Sa;FIN;X;FI;Eu;v;6;0105;3107") == [
            ("020526", "020526"), ("060626", "060626"), ("040726", "040726")
        ]  # fmt: skip
        assert dates("7370;0730-1000;5Apr;I;X;I;Eu;xx;6;0104;3004") == [("050426", "050426")]
        assert dates("11690;2300-2400;24Dec;FIN;X;FI;Eu;v;1;0112;2412") == []

    def test_weekdays_that_its_dates_do_not_have_leave_nothing(self) -> None:
        text = "5920;1600-1700;Su;J;X;E;KRE;y;6;0604;1104"
        assert standing(row(text), A26) is Standing.NEVER


class TestStanding:
    @pytest.mark.parametrize(
        ("code", "summer", "winter"),
        [
            ("0", Standing.AIRED, Standing.AIRED),
            ("1", Standing.AIRED, Standing.AIRED),
            ("4", Standing.OTHER_SEASON, Standing.AIRED),
            ("5", Standing.AIRED, Standing.OTHER_SEASON),
            ("8", Standing.INACTIVE, Standing.INACTIVE),
            ("94", Standing.OTHER_SEASON, Standing.AIRED),
        ],
    )
    def test_persistence_says_in_which_season(self, code: str, summer: Standing, winter: Standing) -> None:
        found = row(f"7515;2000-2100;;KOR;X;K;KRE;/TWN;{code};;")
        assert (standing(found, A26), standing(found, B26)) == (summer, winter)
        assert found.utility == (code == "94")

    def test_an_irregular_row_has_no_lines(self) -> None:
        found = row("7515;2000-2100;irr;KOR;X;K;KRE;/TWN;1;;")
        assert (standing(found, A26), lines(found, A26)) == (Standing.UNCERTAIN, ())


@pytest.mark.parametrize(
    ("itu", "remarks", "site"),
    [
        ("J", "y", "J-y"),
        ("CLA", "/TWN-s", "TWN-s"),
        ("CLA", "/UZB", "UZB"),
        ("RUS", "", "RUS"),
        ("CLA", "", ""),
    ],
)
def test_the_site_is_where_it_transmits_from(itu: str, remarks: str, site: str) -> None:
    found = row(f"7515;2000-2100;;{itu};X;K;KRE;{remarks};1;;")
    assert found.site == site


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("5920;1600-1700;We;J;X", "line 1: 5 fields instead of 11: separate them by 10 semicolons"),
        ("5920;1600-1700;;J;X;E;KRE;y;6;;;;x", "line 1: 13 fields instead of 11"),
        ("592O;1600-1700;;J;X;E;KRE;y;1;;", 'line 1, columns 1-4 (kHz): "592O" is not a frequency'),
        ("9" * 5_000 + ";1600-1700;;J;X;E;KRE;y;1;;", "line 1, columns 1-5000 (kHz): "),
        ("0;1600-1700;;J;X;E;KRE;y;1;;", 'line 1, column 1 (kHz): "0" is not a frequency'),
        ("5920;1600;;J;X;E;KRE;y;1;;", 'line 1, columns 6-9 (Time(UTC)): "1600" are not two times'),
        ("5920;2400-0100;;J;X;E;KRE;y;1;;", 'line 1, columns 6-14 (Time(UTC)): "2400" cannot be a start'),
        ("5920;1660-1700;;J;X;E;KRE;y;1;;", 'line 1, columns 6-14 (Time(UTC)): "1660" is not a time'),
        (
            "5920;1600-1700;Xy;J;X;E;KRE;y;1;;",
            'line 1, columns 16-17 (Days): "Xy" are not days as EiBi writes them',
        ),
        ("5920;1600-1700;;J;X;E;KRE;y;7;;", 'line 1, column 29 (P): "7" is not a persistence code'),
        ("5920;1600-1700;;J;X;E;KRE;y;;;", 'line 1, column 29 (P): "" is not a persistence code'),
        (
            "5920;1600-1700;;J;X;E;KRE;y;1;3113;",
            "line 1, columns 31-34 (Start): day 31 of month 13 is not a day",
        ),
        ("5920;1600-1700;;J;X;E;KRE;y;1;;[1326]", 'line 1, columns 32-37 (Stop): "[1326]" has no month 13'),
    ],
)
def test_a_bad_row_is_told_by_line_column_and_reason(text: str, problem: str) -> None:
    file = eibi.read(text)
    assert file.records == ()
    assert str(file.problems[0]).startswith(problem)


def test_all_that_is_wrong_with_a_row_is_told_and_good_rows_are_read() -> None:
    good = "5920;1600-1700;;J;X;E;KRE;y;1;;"
    text = f"{eibi.HEADER}\n{good}\nx;1600;Xy;J;X;E;KRE;y;9;0000;?\n{good}\n"
    file = eibi.read(text)
    assert [found.line_number for found in file.records] == [2, 4]
    assert [problem.field for problem in file.problems] == ["kHz", "Time(UTC)", "Days", "P", "Start", "Stop"]
    assert {problem.line_number for problem in file.problems} == {3}
    assert eibi.write(file) == text


fields = st.text(st.characters(codec="latin-1", exclude_characters=";\r\n"), max_size=6)
near_misses = st.sampled_from(
    ["5920", "1600-1700", "156", "1", "0107", "2604[0726]", "9" * 5_000, "²", "４４"]
)
wild_rows = st.lists(fields | near_misses, max_size=13).map(";".join)
days = st.sampled_from(["", "Mo-Fr", "156", "1.Sa", "Last7", "5Apr", "24Dec-2Jan", "irr", "MF-15", "1WeFr"])
any_date = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map("{:%d%m}".format) | st.just("")
good_rows = st.builds(
    "5920;{}-{};{};J;X;J;KRE;y;{};{};{}".format,
    st.sampled_from(["0000", "0030", "0100", "2330"]),
    st.sampled_from(["0015", "0130", "2400"]),
    days,
    st.sampled_from("0123456"),
    any_date,
    any_date,
)


@given(st.lists(wild_rows | good_rows).map("\n".join) | st.text())
def test_whatever_a_file_holds_is_written_back_as_it_was(text: str) -> None:
    file = eibi.read(text)
    assert eibi.write(file).splitlines() == text.splitlines()
    assert len(file.records) + len({problem.line_number for problem in file.problems}) <= len(file.lines)
    for found in file.records:
        for of in (A26, B26):
            assert bool(lines(found, of)) == (standing(found, of) is Standing.AIRED)


class TestExport:
    line = Line(
        key="17",
        khz=7515,
        start_minute=20 * 60,
        stop_minute=24 * 60,
        days=parse_days("We-Mo"),
        first_date=date(2026, 4, 1),
        last_date=date(2026, 9, 30),
        site="TWN-s",
        who="Our station",
        zones=frozenset({"44NE"}),
    )

    def test_a_line_is_written_as_a_row_and_read_back(self) -> None:
        found = eibi.row_of(self.line, A26, itu="KOR", language="K", target="KRE", remarks="/TWN-s")
        assert found.text == "7515;2000-2400;We-Mo;KOR;Our station;K;KRE;/TWN-s;6;0104;3009"
        assert lines(found, A26) == (replace(self.line, key="0"),)

    def test_a_line_of_the_whole_season_has_no_dates(self) -> None:
        whole = replace(self.line, first_date=date(2026, 3, 29), last_date=date(2026, 10, 24))
        assert eibi.row_of(whole, A26, itu="KOR").text == "7515;2000-2400;We-Mo;KOR;Our station;;;;1;;"

    def test_what_would_break_the_row_is_refused(self) -> None:
        with pytest.raises(BadRecord, match="take out semicolons"):
            eibi.row_of(self.line, A26, itu="KOR", language="K;E")


@given(good_rows)
def test_lines_are_on_the_air_on_exactly_the_days_of_row_and_season(text: str) -> None:
    found = row(text)
    for of in (A26, B26):
        expected = [
            day
            for day in (of.start.date() + timedelta(days=step) for step in range(-2, 220))
            if standing(found, of) is Standing.AIRED
            and of.start
            <= datetime.combine(day, time(0), UTC) + timedelta(minutes=found.start_minute)
            < of.end
            and found.days.on(day)
            and on_its_dates(found, day, of)
        ]
        aired = [
            line.first_date + timedelta(days=step)
            for line in lines(found, of)
            for step in range((line.last_date - line.first_date).days + 1)
            if (line.first_date + timedelta(days=step)).isoweekday() in line.days
        ]
        assert aired == expected


def on_its_dates(found: EibiRow, day: date, of: Season) -> bool:
    """A span of every year; a start alone from that day of the season on, a stop alone up to it."""
    start, stop = found.start, found.stop
    if start and stop:
        return within(day, start, stop)
    begins = [start.in_year(year) for year in (of.start.year, of.end.year) if start]
    ends = [stop.in_year(year) for year in (of.start.year, of.end.year) if stop]
    first, last = of.start.date(), of.end.date()
    return all(day >= begin for begin in begins if in_season(begin, found, first, last)) and all(
        day <= end for end in ends if in_season(end, found, first, last)
    )


def in_season(day: date, found: EibiRow, first: date, last: date) -> bool:
    early = found.start_minute < 60
    return first + timedelta(days=early) <= day <= last - timedelta(days=not early)
