"""The words by which stations call kinds of recordings and the columns of their lists, in Korean and English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.bringing.spelling import bare
from app.library.models import SegmentKind

FILE = "file"
GUESSED_FROM = "guessed_from"
"""A column of `--write-csv` for people; it is passed over when the list comes back."""

_KOREAN_COLUMNS = {
    "파일": FILE,
    "파일명": FILE,
    "파일이름": FILE,
    "제목": "title",
    "종류": "kind",
    "구분": "kind",
    "분류": "kind",
    "태그": "tags",
    "진행자": "presenter",
    "진행": "presenter",
    "방송원": "presenter",
    "시리즈": "series",
    "연속물": "series",
    "회차": "episode",
    "회": "episode",
    "방송시작": "air_from",
    "방송가능시작": "air_from",
    "방송끝": "air_until",
    "방송종료": "air_until",
    "방송가능끝": "air_until",
    "기다리는항목": "awaited_as",
    "대기항목": "awaited_as",
    "방송일": "awaited_on",
    "방송날짜": "awaited_on",
    "대본": "script",
    "원고": "script",
    "메모": "notes",
    "비고": "notes",
    "권리": "rights",
    "저작권": "rights",
    "가명": "pseudonym",
    "최대방송횟수": "max_airings",
    "보관기한": "retain_until",
    "출처": GUESSED_FROM,
}
"""What is not a field of the upload form (yet) is refused like any other unknown column."""

_KINDS: Mapping[SegmentKind, str] = {
    SegmentKind.news: "뉴스 소식 보도 news",
    SegmentKind.talk: "이야기 대담 토크 좌담 강연 강좌 칼럼 논평 해설 인터뷰 talk interview speech podcast",
    SegmentKind.drama: "드라마 연속극 라디오극 단막극 drama",
    SegmentKind.testimony: "증언 수기 체험담 testimony",
    SegmentKind.music: "음악 노래 가요 music song songs",
    SegmentKind.jingle: "징글 로고송 jingle",
    SegmentKind.ident: "방송국이름 방송국명 콜사인 ident",
    SegmentKind.interval_signal: "인터벌시그널 시보음 intervalsignal",
    SegmentKind.announcement: "안내 공지 announcement",
    SegmentKind.filler: "채움 막간 filler",
    SegmentKind.bed: "배경음 배경음악 bgm bed",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_LONGEST_FIRST = sorted(_BY_WORD, key=len, reverse=True)


def column_of(heading: str) -> str:
    """The field that a column's heading means: its Korean or English name, else the heading itself as a field's name."""
    return _KOREAN_COLUMNS.get(bare(heading), heading.strip().lower().replace("-", "_").replace(" ", "_"))


def kind_named(word: str) -> SegmentKind | None:
    """The kind that has exactly this name."""
    key = bare(word)
    return SegmentKind(word.lower()) if word.lower() in set(SegmentKind) else _BY_WORD.get(key)


def kind_within(text: str) -> tuple[SegmentKind, str] | None:
    """The kind of which a text speaks, and the word that says so: the longest word that is in it."""
    key = bare(text)
    for word in _LONGEST_FIRST:
        if word.isascii():
            # Between letters of other scripts and digits too, but not inside another word: no "song" in "singsong"
            if re.search(rf"(?<![a-z]){word}(?![a-z])", text.lower()):
                return _BY_WORD[word], word
        elif word in key:
            return _BY_WORD[word], word
    return None
