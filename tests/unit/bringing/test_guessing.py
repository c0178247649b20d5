"""What names, folders and tags of old recordings say, and where each guess comes from."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bringing.dates import find_date, read_date
from app.bringing.guessing import guess
from app.bringing.spelling import mended, unmangled
from app.library.description import clean_place, clean_presenter, title_from

CASES = [
    (
        "2019-03-04_아침뉴스_김하늘.mp3",
        {},
        {"title": "아침뉴스 2019-03-04", "kind": "news", "presenter": "김하늘", "day": date(2019, 3, 4)},
        {"title": "file name", "kind": 'file name "뉴스"', "presenter": "file name", "date": "file name"},
    ),
    (
        "탈북 수기 제12회.wav",
        {},
        {"title": "탈북 수기 제12회", "kind": "testimony", "series": "탈북 수기", "episode": 12},
        {"title": "file name", "kind": 'file name "수기"', "series": "file name", "episode": "file name"},
    ),
    ("20190304 뉴스.mp3", {}, {"title": "뉴스 2019-03-04", "kind": "news"}, {"date": "file name"}),
    (
        "드라마/먼 길/먼 길 03.mp3",
        {},
        {"title": "먼 길 03", "kind": "drama", "series": "먼 길", "episode": 3},
        {"kind": 'folder "드라마"'},
    ),
    (
        "먼길/2019/제3회.wav",
        {},
        {"title": "먼길 제3회", "series": "먼길", "episode": 3, "kind": None},
        {"series": "folder", "episode": "file name"},
    ),
    (
        "음악/a01.flac",
        {"title": "아리랑", "artist": "조용필", "album": "Best"},
        {"title": "아리랑", "kind": "music", "presenter": "조용필", "series": None, "episode": None},
        {"title": "tag", "presenter": "tag"},
    ),
    (
        "a/Track 01.mp3",
        {"title": "Track 01", "artist": "Unknown"},
        {"title": "Track 01", "presenter": None},
        {},
    ),
    (
        "강연 (3회).mp3",
        {"title": "통일을 말하다"},
        {"title": "통일을 말하다", "series": "강연", "episode": 3},
        {"title": "tag"},
    ),
    ("노래 1994.mp3", {}, {"title": "노래 1994", "kind": "music", "episode": None, "day": None}, {}),
    ("3회.wav", {}, {"title": "3회", "series": None, "episode": None}, {}),  # of which series nobody knows
    ("x.mp3", {"genre": "Speech"}, {"kind": "talk"}, {"kind": 'tag "speech"'}),
    ("20190304.mp3", {}, {"title": "20190304", "day": date(2019, 3, 4)}, {}),
]


@pytest.mark.parametrize(("path", "tags", "expected", "sources"), CASES, ids=[case[0] for case in CASES])
def test_what_is_guessed_and_from_where(
    path: str, tags: dict[str, str], expected: dict[str, object], sources: dict[str, str]
) -> None:
    made = guess(path, tags)
    assert {name: getattr(made, name) for name in expected} == expected
    assert {name: made.sources.get(name) for name in sources} == sources


@given(
    st.text(max_size=120),
    st.dictionaries(st.sampled_from(["title", "artist", "album"]), st.text(max_size=400)),
)
def test_whatever_a_name_holds_what_is_guessed_can_be_kept(name: str, tags: dict[str, str]) -> None:
    made = guess(f"폴더/{name}.mp3", tags)
    clean_presenter(made.presenter)
    clean_place(made.series, made.episode, None, None)
    assert (made.series is None) == (made.episode is None)
    if "title" in tags and made.sources.get("title") == "tag" and made.series is None and made.day is None:
        title_from(made.title, "")


DATES = [
    ("2019.3.4", date(2019, 3, 4)),
    ("2019년 3월 4일", date(2019, 3, 4)),
    ("20190304", date(2019, 3, 4)),
    ("190304", date(2019, 3, 4)),
    ("2019. 3. 4.", date(2019, 3, 4)),
    ("2019-02-30", None),
    ("12345678", None),
    ("03-04", None),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates_as_people_write_them(text: str, expected: date | None) -> None:
    assert read_date(text) == expected


NEAR = [
    ("뉴스 1129", date(2026, 11, 28), date(2026, 11, 29)),
    ("뉴스_11-29", date(2026, 11, 30), date(2026, 11, 29)),  # yesterday's, late
    ("0102뉴스", date(2026, 12, 31), date(2027, 1, 2)),  # the new year's
    ("12월 31일 뉴스", date(2027, 1, 1), date(2026, 12, 31)),
    ("뉴스 0229", date(2027, 1, 1), None),
]


@pytest.mark.parametrize(("text", "near", "expected"), NEAR)
def test_a_day_without_a_year_is_the_one_that_is_near(text: str, near: date, expected: date | None) -> None:
    found = find_date(text, near=near)
    assert (found.date if found else None) == expected


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("뉴스".encode("cp949"), "뉴스"),
        ("뉴스".encode(), "뉴스"),
        (
            "뉴스".encode("cp949").decode("latin-1").encode(),
            "뉴스",
        ),  # an ID3v2 text that calls itself Latin-1
        ("뉴스".encode().decode("latin-1").encode(), "뉴스"),
        ("똠방각하".encode("cp949").decode("latin-1").encode(), "똠방각하"),
        (b"Caf\xc3\xa9", "Café"),
        ("Ärzte".encode(), "Ärzte"),
        ("Motörhead".encode(), "Motörhead"),
        (b"plain\0", "plain"),
    ],
)
def test_tags_are_read_as_they_were_meant(raw: bytes, meant: str) -> None:
    assert mended(raw) == meant


@given(st.text())
def test_what_is_no_mangled_korean_stays_as_it_is(text: str) -> None:
    if any("가" <= character <= "힣" for character in text):
        assert unmangled(text) == text
