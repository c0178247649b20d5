"""Lists beside the files: every way in which Excel and people write them, and everything that is wrong told at once."""

from __future__ import annotations

import re
import unicodedata

import pytest

from app.bringing.listing import described, match, read_listing
from app.bringing.recordings import Recording
from app.bringing.tables import Row, read_table
from app.errors import Invalid
from app.library.models import SegmentKind

TEXT = '파일,제목,종류,태그\n뉴스.wav,"아침, 뉴스\n둘째 줄 없음",뉴스,"daily,가"\n\n나.wav,나,음악,\n'


def rows(text: str) -> list[Row]:
    return read_table(text.encode())


def recordings(*names: str) -> list[Recording]:
    return [Recording(name, f"/x/{name}", 1, 1, 0) for name in names]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp949"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-be"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
        TEXT.replace(",", ";").replace("아침;", "아침,").replace("daily;", "daily,").encode(),
        TEXT.replace(",", "\t").replace("아침\t", "아침,").replace("daily\t", "daily,").encode("utf-16"),
    ],
)
def test_a_list_reads_the_same_in_every_encoding_and_with_every_separator(content: bytes) -> None:
    listing = read_listing(read_table(content))
    assert not listing.problems
    assert [(line.line, line.file) for line in listing.lines] == [(2, "뉴스.wav"), (5, "나.wav")]
    assert listing.lines[0].fields["tags"] == "daily,가"
    assert listing.lines[0].fields["title"].startswith("아침, 뉴스")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04rest", "workbook"),
        ("파일,제목\n".encode() + b"a.wav,\xff\xff\n", "line 2 of the list is neither utf-8 nor cp949"),
        (b'file,title\na.wav,"never closed\n', "line 2 of the list cannot be read as CSV"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_line(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_table(content)


def test_a_wrong_heading_is_told_whole_and_nothing_else() -> None:
    listing = read_listing(rows("제목,제목,색깔\na,b,c\n"))
    for problem, told in zip(
        listing.problems,
        ('nobody knows the column "색깔"', "title is there 2 times", "file .* is missing"),
        strict=True,
    ):
        assert re.search(told, problem)


def test_lines_that_fit_no_file_or_one_twice_are_told_by_number() -> None:
    listing = read_listing(rows("file\n없다.wav\n뉴스.wav\n\n./뉴스.wav\n,\n가.wav\nA.WAV\na.wav,b\n"))
    matched = match(listing.lines, recordings("뉴스.wav", "가/가.wav", "나/가.wav", "a.wav"))
    assert listing.problems == [
        "line 9: it has 2 cells and the heading 1: is a quote or a separator missing?",
    ]
    for problem, told in zip(
        matched.problems,
        ("line 2: there is no file", "line 5: .* is listed on line 3", "line 7: .* any of 2 files"),
        strict=True,
    ):
        assert re.match(told, problem)
    assert {name: line.line for name, line in matched.lines.items()} == {"뉴스.wav": 3, "a.wav": 8}


def test_names_match_composed_or_not_and_by_the_whole_path_first() -> None:
    decomposed = unicodedata.normalize("NFD", "녹음\\뉴스.wav")
    listing = read_listing(rows(f"파일\n{decomposed}\n뉴스.wav\n"))
    matched = match(listing.lines, recordings("녹음/뉴스.wav", "뉴스.wav"))
    assert {name: line.line for name, line in matched.lines.items()} == {"녹음/뉴스.wav": 2, "뉴스.wav": 3}


def test_every_field_of_the_upload_form_in_the_words_of_a_list() -> None:
    listing = read_listing(
        rows(
            "파일;제목;종류;태그;진행자;시리즈;회차;air_from;air_until;awaited_as;awaited_on\n"
            "a.wav;제목;증언;가;김하늘;먼 길;제12회;2026-11-22 20:30;2026.11.30;오늘의뉴스;2026/11/29\n"
        )
    )
    description, problems = described(listing.lines[0], {}, SegmentKind.talk)
    assert problems == []
    assert description is not None
    assert (description.kind, description.series, description.episode) == ("testimony", "먼 길", 12)
    assert str(description.awaited_on) == "2026-11-29"
    assert description.air_from is not None
    assert description.air_until is not None
    assert description.air_from.isoformat() == "2026-11-22T11:30:00+00:00"  # KST unless it says otherwise
    assert description.air_until.isoformat() == "2026-11-30T15:00:00+00:00"  # to the end of that day


def test_everything_that_is_wrong_with_a_line_is_told_at_once() -> None:
    listing = read_listing(
        rows(
            "file,title,kind,episode,awaited_on,air_from\n\na.wav,a\u202eb,podcasts,third,2026-13-01,tomorrow\n"
        )
    )
    description, problems = described(listing.lines[0], {}, SegmentKind.talk)
    assert description is None
    told = "\n".join(problems)
    assert all(problem.startswith("line 3: ") for problem in problems)
    for wrong in (
        'kind "podcasts"',
        "U+202E",
        'episode "third"',
        'awaited_on "2026-13-01"',
        'air_from "tomorrow"',
    ):
        assert wrong in told


def test_an_empty_cell_means_that_there_is_none_but_an_empty_title_is_the_files_name() -> None:
    listing = read_listing(rows("file,title,presenter\n가/a.wav,,\n"))
    description, _ = described(
        listing.lines[0], {"title": "guessed", "presenter": "guessed"}, SegmentKind.news
    )
    assert description is not None
    assert (description.title, description.presenter, description.kind) == ("a", None, "news")
