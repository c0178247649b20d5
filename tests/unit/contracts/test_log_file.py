"""Logs as sites write them, and what is said of those that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.log_file import Charset, LogMapping, LogRow, check_mapping, read_log
from app.errors import Invalid
from schedules.time import Span

PLAIN = LogMapping(date="Date", start="On", stop="Off", khz="kHz")
EVENING = Span(datetime(2026, 11, 22, 20, tzinfo=UTC), datetime(2026, 11, 22, 20, 30, tzinfo=UTC))


def read(text: str, mapping: LogMapping, encoding: str = "utf-8") -> list[LogRow]:
    check_mapping(mapping)
    log = read_log(text.encode(encoding), mapping)
    assert log.problems == ()
    return list(log.rows)


def one(text: str, mapping: LogMapping, encoding: str = "utf-8") -> LogRow:
    [row] = read(text, mapping, encoding)
    return row


def complaints(text: str, mapping: LogMapping = PLAIN) -> list[tuple[int, str, str]]:
    check_mapping(mapping)
    return [(bad.line, bad.column, bad.reason.text) for bad in read_log(text.encode(), mapping).problems]


def test_a_plain_log() -> None:
    row = one("Date,On,Off,kHz\n2026-11-22,20:00,20:30,7585\n", PLAIN)
    assert row == LogRow(line=2, span=EVENING, khz=7585, status="", aired=True)


def test_an_invoice_in_korean_time_with_decimal_commas() -> None:
    mapping = LogMapping(
        date="날짜", start="시작", minutes="분", khz="주파수", status="상태", aired=("정상",), not_aired=("결방",),
        date_format="%d.%m.%Y", zone="KST", delimiter=";", charset="cp949", decimal_comma=True, header_line=3,
    )  # fmt: skip
    text = '11월 청구서\r\n\r\n날짜;시작;분;주파수;상태\r\n23.11.2026;500;29,5;7585,0;정상\r\n"23.11.2026";0530;0;7585;결방\r\n\r\n'
    aired, missed = read(text, mapping, "cp949")
    assert aired.span == Span(EVENING.start, EVENING.end - timedelta(seconds=30))
    assert (aired.khz, aired.status, aired.aired, aired.line) == (7585, "정상", True, 4)
    assert missed.span == Span(EVENING.end, EVENING.end)
    assert (missed.aired, missed.line) == (False, 5)


def test_a_file_without_titles_is_read_by_numbers() -> None:
    mapping = LogMapping(date="2", start="3", stop="4", khz="1", header_line=0, delimiter="\t")
    assert one("7585\t2026-11-22\t2000\t2030\n", mapping).span == EVENING


@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_a_title(charset: Charset) -> None:
    text = "Date,On,Off,kHz\n2026-11-22,20:00,20:30,7585\n"
    mapping = replace(PLAIN, charset=charset)
    assert one(text, mapping, "utf-8-sig" if charset == "utf-8" else charset).span == EVENING


@pytest.mark.parametrize(
    ("on", "off", "length_s"),
    [
        ("20:00", "20:30", 1800),
        ("2000", "2030", 1800),
        ("20:00:10", "20:29:50", 1780),
        ("23:45", "00:15", 1800),
        ("2330", "2400", 1800),
        ("2330", "0000", 1800),
        ("500", "530", 1800),
        ("20:00", "20:00", 0),
    ],
)
def test_times(on: str, off: str, length_s: int) -> None:
    row = one(f"Date,On,Off,kHz\n2026-11-22,{on},{off},7585\n", PLAIN)
    assert row.span.duration == timedelta(seconds=length_s)


def test_a_whole_day_needs_its_minutes() -> None:
    mapping = replace(PLAIN, minutes="Min")
    row = one("Date,On,Off,kHz,Min\n2026-11-22,0600,0600,7585,1440\n", mapping)
    assert row.span.duration == timedelta(days=1)


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ("22.11.2026,2000,2030,7585", "Date", '"22.11.2026" is not a date of the form %Y-%m-%d'),
        ("1926-11-22,2000,2030,7585", "Date", '"1926-11-22" is not in the years 2000 to 2099'),
        ("2026-11-22,2060,2030,7585", "On", '"2060" is not a time: 2000, 20:00 and 20:00:30 are'),
        ("2026-11-22,2000,2401,7585", "Off", '"2401" is not a time: 2000, 20:00 and 20:00:30 are'),
        ("2026-11-22,2000,,7585", "Off", '"" is not a time: 2000, 20:00 and 20:00:30 are'),
        ("2026-11-22,2000", "Off", '"" is not a time: 2000, 20:00 and 20:00:30 are'),
        ("2026-11-22,2000,2030,7.585", "kHz", "7.585 is no shortwave frequency in kHz (2000 to 30000)"),
        ("2026-11-22,2000,2030,", "kHz", '"" is not a number (decimals after a point)'),
        ("2026-11-22,2000,2030,1e4", "kHz", '"1e4" is not a number (decimals after a point)'),
        ("Total,,,", "Date", '"Total" is not a date of the form %Y-%m-%d'),
    ],
)
def test_a_bad_cell_is_named_by_line_column_and_reason(cells: str, column: str, reason: str) -> None:
    text = f"Date,On,Off,kHz\n2026-11-21,2000,2030,7585\n{cells}\n2026-11-23,2000,2030,7585\n"
    assert complaints(text) == [(3, column, reason)]


def test_lines_are_counted_as_editors_count_them() -> None:
    text = 'Date,On,Off,kHz\n"2026-11-\n21",2000,2030,7585\n\n2026-11-22,x,2030,7585\n'
    assert [line for line, _, _ in complaints(text)] == [2, 5]


def test_minutes_must_agree_with_start_and_stop() -> None:
    mapping = replace(PLAIN, minutes="Min")
    text = "Date,On,Off,kHz,Min\n2026-11-22,2000,2030,7585,{}\n"
    assert one(text.format("29.5"), mapping).span == EVENING
    assert complaints(text.format("60"), mapping) == [
        (2, "Min", '"60" minutes do not lie between start and stop')
    ]
    assert complaints(text.format("9999"), mapping) == [(2, "Min", "9999 minutes are more than a day")]


def test_a_status_that_nobody_explained_is_not_guessed() -> None:
    mapping = replace(PLAIN, status="S", aired=("OK",), not_aired=("off",))
    text = "Date,On,Off,kHz,S\n2026-11-22,2000,2030,7585,{}\n"
    assert one(text.format("ok"), mapping).aired
    assert not one(text.format("OFF"), mapping).aired
    [(line, column, reason)] = complaints(text.format("weak"), mapping)
    assert (line, column) == (2, "S")
    assert '"weak" is neither among the words' in reason


def test_a_missing_or_doubled_title_is_said_with_those_there_are() -> None:
    assert complaints("Day,On,Off,kHz\n") == [
        (1, "Date", "there is no column of this title: line 1 has Day, On, Off, kHz")
    ]
    assert complaints("Date,On,Off,kHz,Off\n")[0][2].startswith("two columns have this title")
    assert complaints("")[0][2].endswith("line 1 has nothing")


def test_another_encoding_than_named_is_said_with_the_line() -> None:
    content = "Date,On,Off,kHz\n2026-11-22,2000,2030,7585\n결방".encode("cp949")
    log = read_log(content, PLAIN)
    assert log.rows == ()
    [problem] = log.problems
    assert (problem.line, problem.column) == (3, "")
    assert str(problem.reason) == "is not utf-8: say which encoding the file has"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stop": None}, "stop"),
        ({"status": "S"}, "aired"),
        ({"status": "S", "aired": ("OK",), "not_aired": ("ok",)}, "aired"),
        ({"date_format": "%d.%m."}, "date_format"),
        ({"date_format": "today"}, "date_format"),
        ({"date_format": "%Q"}, "date_format"),
        ({"header_line": 0}, "header_line"),
    ],
)
def test_a_mapping_that_could_read_nothing_is_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_mapping(replace(PLAIN, **change))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_row_is_known_by_what_it_says_not_by_how_the_file_looks() -> None:
    plain = one("Date,On,Off,kHz\n2026-11-22,20:00,20:30,7585\n", PLAIN)
    other = one("kHz;Off;On;Date\n\n7585;0530;0500;2026-11-23\n", replace(PLAIN, delimiter=";", zone="KST"))
    assert plain.sha256 == other.sha256
    assert replace(plain, khz=9330).sha256 != plain.sha256
    assert replace(plain, status="off").sha256 != plain.sha256


@given(st.binary(max_size=400) | st.text(alphabet='0123456789:-,"\n\r\x00D', max_size=400).map(str.encode))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    for mapping in (PLAIN, LogMapping(date="1", start="2", minutes="3", header_line=0, charset="utf-16")):
        for text in (content, b"Date,On,Off,kHz\n" + content):
            log = read_log(text, mapping)
            assert all(bad.line >= 1 and bad.reason for bad in log.problems)
