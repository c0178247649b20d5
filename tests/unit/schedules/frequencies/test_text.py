from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import BadEncoding
from schedules.frequencies.text import LATIN_1, UTF_8, UTF_8_WITH_BOM, Problem, decode, encode, split_lines
from schedules.said import Said


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"7515;KRE", "7515;KRE", LATIN_1),
        ("Rádio".encode("latin-1"), "Rádio", LATIN_1),
        ("Rádio 단파".encode(), "Rádio 단파", UTF_8),
        (b"\xef\xbb\xbf7515", "7515", UTF_8_WITH_BOM),
        ("Rádio".encode("utf-8-sig"), "Rádio", UTF_8_WITH_BOM),
        (b"\xef\xbb\xbfR\xe1dio", "ï»¿Rádio", LATIN_1),
        (b"", "", LATIN_1),
    ],
)
def test_a_file_is_utf_8_if_it_can_be_and_iso_8859_1_otherwise(data: bytes, text: str, encoding: str) -> None:
    decoded = decode(data)
    assert (decoded.text, decoded.encoding) == (text, encoding)


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-8-sig")))
def test_any_bytes_are_read_and_written_back_as_they_were(data: bytes) -> None:
    decoded = decode(data)
    assert encode(decoded.text, decoded.encoding) == data


def test_what_an_encoding_cannot_write_is_told_by_line() -> None:
    with pytest.raises(BadEncoding, match='line 2: "단" cannot be written in iso-8859-1'):
        encode("Rádio\r\n단파", LATIN_1)


def test_lines_end_at_line_ends_only() -> None:
    # \x85 and \x1c are characters of ISO-8859-1; to str.splitlines they are line ends.
    assert split_lines("a\x85b\r\nc\x1cd\n\ne\rf") == ["a\x85b", "c\x1cd", "", "e", "f"]


def test_a_problem_names_line_columns_and_field() -> None:
    bad = Said("", "bad")
    assert str(Problem(212, bad, "STOP", 12, 15)) == "line 212, columns 12-15 (STOP): bad"
    assert str(Problem(212, bad, "Stop", 12, 11)) == "line 212, column 12 (Stop): bad"
    assert str(Problem(212, bad, "", 6, 6)) == "line 212, column 6: bad"
    assert str(Problem(212, bad)) == "line 212: bad"
