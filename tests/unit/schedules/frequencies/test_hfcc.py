from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import BadRecord
from schedules.frequencies import hfcc
from schedules.frequencies.hfcc import HfccRecord
from schedules.frequencies.line import Line
from schedules.frequencies.text import ScheduleFile
from schedules.season import season
from tests.hfcc_lookalikes import BANDS, lookalike
from tests.unit.schedules.frequencies.strategies import lines

RECORD = " 7515 2000 2100 44NE,45W                       TAM  300 2         0 216 1     7 290326 251026 D  7515 Kor        CHN AAA TSX    12 O  9690             DRM"
A26 = season("A26")


@cache
def real_size() -> ScheduleFile[HfccRecord]:
    return hfcc.read(lookalike())


def with_column(name: str, text: str) -> str:
    first, last = hfcc.COLUMNS[name]
    return RECORD[: first - 1] + text.ljust(last - first + 1) + RECORD[last:]


def problems(line: str) -> list[str]:
    file = hfcc.read(f"; comment\r\n{line}\r\n{RECORD}")
    assert len(file.records) == (2 if not file.problems else 1)
    return [str(problem) for problem in file.problems]


def only(text: str) -> Line:
    file = hfcc.read(text)
    assert file.problems == ()
    return file.records[0].line


def test_a_record_is_read_column_by_column() -> None:
    line = only(RECORD)
    assert line == Line(
        key="1",
        khz=7515,
        start_minute=1200,
        stop_minute=1260,
        days=frozenset({6, 7}),
        first_date=date(2026, 3, 29),
        last_date=date(2026, 10, 25),
        site="TAM",
        who="AAA",
        zones=frozenset({"44NE", "45NW", "45SW"}),
        power_kw=300,
        azimuth=2,
    )
    record = hfcc.read(RECORD).records[0]
    columns = ("SLW", "ANT", "MOD", "AFRQ", "LANGUAGE", "ADM", "FMO", "REQ#", "OLD", "ALT1", "ALT3", "NOTES")
    assert [record.column(name) for name in columns] == [
        "0", "216", "D", "7515", "Kor", "CHN", "TSX", "12", "O", "9690", "", "DRM"
    ]  # fmt: skip
    assert record.text == RECORD


def test_the_header_is_hfccs_and_names_each_column_where_it_is() -> None:
    ruler, titles, _ = hfcc.HEADER
    assert len(ruler) == 158
    assert [at + 1 for at, character in enumerate(ruler) if character == "+"] == [
        last + 1 for name, (_, last) in hfcc.COLUMNS.items() if name != "NOTES"
    ]
    for name in ("STRT", "STOP", "CIRAF", "LOC", "POWR", "AZIMUTH", "SLW", "ANT", "DAYS", "FDATE", "TDATE"):
        assert titles.index(name) + 1 == hfcc.COLUMNS[name][0]
    assert hfcc.read("\n".join(hfcc.HEADER)).records == ()


class TestLookalikeSeason:
    """3,305 lines with the quirks of a real season as often as it had them."""

    def test_every_line_is_read(self) -> None:
        assert (len(real_size().records), real_size().problems) == (3_305, ())

    def test_quirks_are_as_frequent_as_in_the_real_season(self) -> None:
        found = [record.line for record in real_size().records]
        texts = [record.text for record in real_size().records]
        assert (
            sum(text[11:15] == "2400" for text in texts)
            == 193
            == sum(line.stop_minute == 1440 for line in found)
        )
        assert sum(line.stop_minute < line.start_minute for line in found) == 153
        one_day = [line for line in found if line.first_date == line.last_date]
        assert sum(line.first_date.isoweekday() in line.days for line in one_day) == 43
        assert sum(line.first_date.isoweekday() not in line.days for line in one_day) == 2
        assert sum(not any(low <= line.khz <= high for low, high in BANDS) for line in found) == 289
        assert round(sum(line.last_date == date(2026, 10, 25) for line in found) / 3_305, 2) == 0.65
        assert round(sum(line.last_date == date(2026, 10, 24) for line in found) / 3_305, 2) == 0.27
        assert {len(line.site) for line in found} == {2, 3}

    @pytest.mark.parametrize(("size", "seed"), [(3_305, 26), (700, 1), (40, 2), (0, 3)])
    def test_a_round_trip_changes_blanks_only(self, size: int, seed: int) -> None:
        text = lookalike(size, seed)
        written = hfcc.write(hfcc.read(text))
        assert written.split() == text.split()
        assert hfcc.write(hfcc.read(written)) == written

    def test_the_same_seed_gives_the_same_file(self) -> None:
        assert lookalike(100, 5) == lookalike(100, 5) != lookalike(100, 6)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "STOP",
            "2460",
            'columns 12-15 (STOP): "2460" is not a time: hours go from 00 to 23 (2400 for a stop)',
        ),
        ("STRT", "2400", 'columns 7-10 (STRT): "2400" cannot be a start: 2400 only ends a day'),
        ("STRT", "", 'columns 7-10 (STRT): "" is not a time'),
        ("STOP", "2000", 'columns 12-15 (STOP): "2000" is the start as well'),
        ("FREQ", "75I5", 'columns 1-5 (FREQ): "75I5" is not a frequency'),
        ("FREQ", "0", 'columns 1-5 (FREQ): "0" is not a frequency'),
        ("CIRAF", "44,99", 'columns 17-46 (CIRAF): "99" is not a zone'),
        ("LOC", "", "columns 48-50 (LOC): no site is named"),
        ("DAYS", "8", 'columns 73-79 (DAYS): "8" are not weekdays'),
        ("DAYS", "1 1", 'columns 73-79 (DAYS): "1 1" are not weekdays'),
        ("FDATE", "310426", 'columns 81-86 (FDATE): "310426" is not a date'),
        ("TDATE", "2510", 'columns 88-93 (TDATE): "2510" is not a date'),
        (
            "TDATE",
            "280326",
            "columns 88-93 (TDATE): the last date 2026-03-28 is before the first, 2026-03-29",
        ),
        ("FDATE", "", 'columns 81-86 (FDATE): "" is not a date'),
    ],
)
def test_a_bad_line_is_told_by_line_columns_and_reason(name: str, text: str, problem: str) -> None:
    (found,) = problems(with_column(name, text))
    assert found.startswith(f"line 2, {problem}")


def test_all_that_is_wrong_with_a_line_is_told_from_left_to_right() -> None:
    line = with_column("STOP", "2460")[:72] + "9       xx0326" + RECORD[86:]
    assert [problem.split("(")[1][:4] for problem in problems(line)] == ["STOP", "DAYS", "FDAT"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (" " + RECORD[:-1], 'line 2, column 6: "5" stands between FREQ and STRT: a column is shifted'),
        (RECORD[:47] + " " + RECORD[47:], 'line 2, column 51: "M" stands between LOC and POWR'),
        (
            "5920;1600-1700;;J;Shiokaze;J;KRE;y;6;0704;2604",
            'line 2, column 6: "1" stands between FREQ and STRT',
        ),
    ],
)
def test_a_shifted_line_is_told_once(line: str, reason: str) -> None:
    (found,) = problems(line)
    assert found.startswith(reason)


class TestQuirks:
    def test_a_stop_of_0000_is_the_end_of_the_day_and_noted(self) -> None:
        file = hfcc.read(with_column("STOP", "0000"))
        assert file.records[0].line.stop_minute == 1440
        assert [str(note) for note in file.notes] == [
            'line 1, columns 12-15 (STOP): the stop "0000" was read as 2400, the end of the day'
        ]
        assert hfcc.write(file) == with_column("STOP", "0000")

    def test_2400_and_a_stop_after_midnight(self) -> None:
        assert only(with_column("STOP", "2400")).minutes == 240
        assert only(with_column("STOP", "0030")).minutes == 270

    def test_no_days_are_every_day_and_noted(self) -> None:
        file = hfcc.read(with_column("DAYS", ""))
        assert file.records[0].line.days == frozenset(range(1, 8))
        assert [note.field for note in file.notes] == ["DAYS"]

    def test_empty_dates_are_the_seasons(self) -> None:
        text = with_column("FDATE", "")
        assert hfcc.read(text, A26).records[0].line.first_date == date(2026, 3, 29)
        text = with_column("TDATE", "")
        assert hfcc.read(text, A26).records[0].line.last_date == date(2026, 10, 25)

    def test_a_line_that_never_airs_is_read(self) -> None:
        # A Monday, and Sundays only.
        text = RECORD.replace("1     7 290326 251026", "1       300326 300326")
        line = only(text)
        assert line.days == {7}
        assert line.first_date == line.last_date == date(2026, 3, 30)

    def test_two_letter_sites_and_sites_with_signs(self) -> None:
        assert [only(with_column("LOC", site)).site for site in ("IS", "A-A", "P.K")] == ["IS", "A-A", "P.K"]

    def test_no_zones_are_nobodys(self) -> None:
        assert only(with_column("CIRAF", "")).zones == frozenset()

    @pytest.mark.parametrize(("name", "text"), [("AZIMUTH", "ND"), ("AZIMUTH", "361"), ("POWR", "?")])
    def test_power_and_azimuth_that_nobody_understands_are_kept_and_noted(self, name: str, text: str) -> None:
        file = hfcc.read(with_column(name, text))
        line = file.records[0].line
        assert None in {line.azimuth, line.power_kw}
        assert [note.field for note in file.notes] == [name]
        assert hfcc.write(file).split() == with_column(name, text).split()

    def test_notes_may_be_longer_than_their_column(self) -> None:
        text = RECORD + " and more, much more"
        assert hfcc.read(text).records[0].column("NOTES") == "DRM and more, much more"
        assert hfcc.write(hfcc.read(text)) == text

    def test_comments_headers_and_the_mark_of_dos_stay_where_they_are(self) -> None:
        text = f"; one\nFREQ STRT STOP\n{RECORD}\n\n  ; two\n{RECORD}\n\x1a"
        file = hfcc.read(text)
        assert (len(file.records), file.problems) == (2, ())
        assert hfcc.write(file) == text

    def test_the_country_is_not_derived_from_the_administration(self) -> None:
        # Taiwan's sites carry CHN; who the line is from is the broadcaster, or the operator where none is named.
        assert only(with_column("BRC", "")).who == "TSX"


column_texts = {
    "FREQ": "7515 5920 11560 810.5",
    "STRT": "0000 2000 2345",
    "STOP": "2400 0100 2100",
    "LOC": "TAM IS A-A",
    "DAYS": "1 1234567 246",
    "FDATE": "290326 010426",
    "TDATE": "251026 241026",
}
wild = st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=8)


@st.composite
def wild_lines(draw: st.DrawFn) -> str:
    """Lines of HFCC's columns: mostly good, some with anything in a column, some that are not HFCC's at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text(st.characters(exclude_characters="\r\n"), max_size=200))
    line = ""
    for name, (first, last) in hfcc.COLUMNS.items():
        good = st.sampled_from(column_texts.get(name, "44NE").split())
        text = draw(good if name in column_texts else wild | good)[: last - first + 1]
        line = line.ljust(first - 1) + draw(st.sampled_from([text.ljust, text.rjust]))(last - first + 1)
    return line


@given(st.lists(wild_lines()).map("\r\n".join) | st.text())
def test_whatever_a_file_holds_is_written_back_but_for_blanks(text: str) -> None:
    file = hfcc.read(text)
    assert hfcc.write(file).split() == text.split()
    again = hfcc.read(hfcc.write(file))
    assert [replace(record, line_number=0) for record in again.records] == [
        replace(record, line_number=0) for record in file.records
    ]


@given(lines())
def test_a_line_of_ours_is_written_and_read_back(line: Line) -> None:
    if line.khz % 1:
        with pytest.raises(BadRecord, match=r'"7515\.5" does not fit HFCC'):
            hfcc.record_of(line)
        return
    record = hfcc.record_of(line, {"LANGUAGE": "Kor", "BRC": line.who})
    assert only(record.text) == replace(line, key="1")
    assert hfcc.read(record.text).records[0].column("LANGUAGE") == "Kor"


def test_zones_that_do_not_fit_their_column_are_refused() -> None:
    line = replace(only(RECORD), zones=frozenset(f"{zone}NE" for zone in range(1, 20)))
    with pytest.raises(BadRecord, match="does not fit HFCC's column CIRAF: write at most 30 characters"):
        hfcc.record_of(line)


def test_an_exported_file_is_header_and_records() -> None:
    record = hfcc.record_of(only(RECORD), {"BRC": "AAA", "MOD": "D"})
    text = hfcc.write(ScheduleFile((*hfcc.HEADER, record)))
    assert hfcc.read(text).records[0].line == replace(only(RECORD), key="4")
    assert text.count("\r\n") == 3
