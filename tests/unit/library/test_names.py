from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.library.description import UNTITLED, from_form
from app.library.names import clean_line, clean_tags, content_disposition, display_name

CASES = [
    (b'form-data; name="file"; filename="news.wav"', "news.wav"),
    (b"form-data; name=file; filename=news.wav", "news.wav"),
    ('form-data; name="file"; filename="뉴스.wav"'.encode(), "뉴스.wav"),
    ('form-data; name="file"; filename="뉴스.wav"'.encode("cp949"), "뉴스.wav"),
    (b'form-data; name="file"; filename="x"; filename*=UTF-8\'\'%EB%89%B4%EC%8A%A4.wav', "뉴스.wav"),
    (b"form-data; name=\"file\"; filename*=euc-kr'ko'%B4%BA%BD%BA.wav", "뉴스.wav"),
    (b"form-data; name=\"file\"; filename*=UTF-8''%B4%BA%BD%BA.wav", "뉴스.wav"),  # CP949 that says UTF-8
    (b"form-data; name=\"file\"; filename*=no-such-charset''a.wav", "a.wav"),
    (
        b"form-data; name=\"file\"; filename*=undefined''a.wav",
        "a.wav",
    ),  # a codec of Python's that always fails
    (b"form-data; name=\"file\"; filename*=\0''a.wav", "a.wav"),
    (b'form-data; name="file"; filename="a\\"b\\";c.wav"', 'a"b";c.wav'),
    (b'form-data; name="file"; filename="a%22b.wav"', 'a"b.wav'),
    (b'form-data; name="file"; filename="a%0D%0Ab.wav"', "a  b.wav"),
    (b'form-data; name="file"; filename="a\nb.wav"', "a b.wav"),
    (b'form-data; name="file"; filename="../../etc/passwd"', "passwd"),
    (b'form-data; name="file"; filename="C:\\Users\\Kim\\news.wav"', "news.wav"),
    (b'form-data; name="file"; filename=".."', ".."),
    (b'form-data; name="file"; filename=""', ""),
    (b'form-data; name="file"', ""),
    ('form-data; name="file"; filename="abc\u202evaw.exe"'.encode(), "abc vaw.exe"),
    (unicodedata.normalize("NFD", 'form-data; name="file"; filename="뉴스.wav"').encode(), "뉴스.wav"),
    (b'form-data; name="file"; filename="\xff\xfe.wav"', "\ufffd\ufffd.wav"),
]


@pytest.mark.parametrize(("header", "shown"), CASES)
def test_a_file_name_reads_as_its_sender_meant_it_and_is_never_a_path(header: bytes, shown: str) -> None:
    name, filename = content_disposition(header)
    assert name == "file"
    assert display_name(filename or "") == shown


@given(st.binary(max_size=300))
def test_no_bytes_in_a_header_do_harm(header: bytes) -> None:
    _, filename = content_disposition(b'form-data; name="file"; filename="' + header)
    shown = display_name(filename or "")
    assert not set(shown) & set("/\\\n\r\0")
    shown.encode()  # no lone surrogates


@given(st.text(max_size=400))
def test_a_cleaned_line_is_nfc_and_cleaning_again_changes_nothing(text: str) -> None:
    try:
        line = clean_line(text, "title")
    except Invalid:
        return
    assert unicodedata.is_normalized("NFC", line)
    assert clean_line(line, "title") == line
    assert len(line) <= 300


def test_three_hundred_syllables_fit_however_they_are_spelled() -> None:
    assert clean_line(unicodedata.normalize("NFD", "각" * 300), "title") == "각" * 300
    with pytest.raises(Invalid, match="301 characters"):
        clean_line("각" * 301, "title")


def test_control_characters_are_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"U\+0007"):
        clean_line("bell\a", "title")
    with pytest.raises(Invalid, match=r"U\+202E"):
        clean_line("abc\u202edef", "title")


def test_tags_are_split_at_commas_and_kept_once() -> None:
    assert clean_tags(["뉴스, daily", "daily", " ", unicodedata.normalize("NFD", "뉴스")]) == [
        "뉴스",
        "daily",
    ]


def test_an_empty_title_becomes_the_file_name() -> None:
    assert from_form({"kind": ["news"], "title": [" "]}, "아침 뉴스.final.wav").title == "아침 뉴스.final"
    assert from_form({"kind": ["news"]}, "").title == UNTITLED


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({}, "kind", "kind is missing"),
        ({"kind": ["newz"]}, "kind", '"newz" is not known'),
        ({"kind": ["news", "talk"]}, "kind", "sent 2 times"),
        ({"kind": ["news"], "air_from": ["tomorrow"]}, "air_from", "not a time"),
        ({"kind": ["news"], "air_from": ["2026-11-22T20:00"]}, "air_from", "time zone"),
        (
            {"kind": ["news"], "air_from": ["2026-11-22T20:00Z"], "air_until": ["2026-11-23T05:00+09:00"]},
            "air_until",
            "could never air",
        ),
        ({"kind": ["news"], "tags": [",".join(map(str, range(41)))]}, "tags", "41 tags"),
    ],
)
def test_a_wrong_form_names_the_field(fields: dict[str, list[str]], field: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        from_form(fields, "a.wav")
    assert refusal.value.field == field
