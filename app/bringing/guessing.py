"""What a recording's place, name and tags let one guess about it. Pure: nothing is opened, nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from app.bringing.dates import find_date
from app.bringing.spelling import bare
from app.bringing.words import kind_named, kind_within
from app.errors import Invalid
from app.library.description import MOST_EPISODES
from app.library.models import SegmentKind
from app.library.names import clean_line, title_of

NAME, FOLDER, TAG = "file name", "folder", "tag"
"""Where a guess comes from."""

_EPISODE = re.compile(
    r"(?P<before>.*?)[\s_\-(\[]*"
    r"(?:제\s*(?P<formal>\d{1,5})\s*[회화부편강]|(?P<plain>\d{1,5})\s*[회화부편강](?![가-힣])"
    r"|#\s*(?P<hash>\d{1,5})|\b(?:ep|episode|e)\.?\s*(?P<english>\d{1,5})\b)"
    r"[\s_\-)\]]*(?P<after>.*)",
    re.IGNORECASE,
)
_NUMBER_BEHIND = re.compile(r"(?P<before>.*\D)[\s_\-]+(?P<number>\d{1,4})")
_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_PERSON = re.compile(r"[가-힣]{3}")
_ROLE = re.compile(r"[\s_]*(?:진행|낭독|아나운서|기자|방송원)[\s_]*")
_SEPARATOR = re.compile(r"\s*_+\s*|\s+-\s+")
_JUNK = re.compile(
    r"(?:track|트랙|audio ?track|title|untitled|제목 ?없음|unknown|unknown artist|알 수 없는.*|various artists|녹음|음성|"
    r"recording|new recording|voice|rec|audio|file)?[\s_\-#.]*\d*",
    re.IGNORECASE,
)
_MAKERS = re.compile(r"(?:adobe|audacity|goldwave|sound ?forge|lavf|www\.|https?:)", re.IGNORECASE)
_YEARLY = re.compile(
    r"(?:(?:19|20)\d{2}(?:년|[-._ ]?(?:0[1-9]|1[0-2]))?|(?:0?[1-9]|1[0-2])월?)(?:[-._ ]?(?:0[1-9]|[12]\d|3[01]))?"
)


@dataclass(frozen=True, slots=True)
class Guess:
    """Fields of a description as far as they could be guessed, each with where it comes from."""

    title: str
    kind: SegmentKind | None = None
    presenter: str | None = None
    series: str | None = None
    episode: int | None = None
    day: date | None = None
    """The date that its name bears; it is part of the title."""
    sources: Mapping[str, str] = field(default_factory=dict)


def guess(path: str, tags: Mapping[str, str]) -> Guess:
    """Guess from a path below the folder that is brought, with slashes, and from the file's tags.

    A tag goes before the name where somebody filled it in: programs write "Track 01" and their own names. An episode is only
    guessed together with its series, as the library keeps them.
    """
    pure = PurePosixPath(path)
    stem = " ".join(title_of(pure.name).split())
    folders = list(reversed(pure.parts[:-1]))
    sources: dict[str, str] = {}
    dated = find_date(stem)
    if dated is not None:
        sources["date"] = NAME
    text, presenter = _without_presenter(dated.rest if dated else stem)
    if presenter is not None:
        sources["presenter"] = NAME
    if said := _told(tags, "artist", "album_artist", limit=100):
        presenter, sources["presenter"] = said, TAG
    day = dated.date if dated else None
    series, episode = _series(text, folders, tags, sources)
    title = _title(text, stem, tags, day, sources)
    if series is not None and sources["series"] != NAME and bare(series) not in bare(title):
        title = f"{series} {title}"  # "제3회" alone says nothing in a list
    kind = _kind(stem, folders, tags, sources)
    return Guess(title, kind, presenter, series, episode, day, sources)


def _title(text: str, stem: str, tags: Mapping[str, str], day: date | None, sources: dict[str, str]) -> str:
    title, sources["title"] = _SEPARATOR.sub(" ", text).strip(), NAME
    if said := _told(tags, "title"):
        title, sources["title"] = said, TAG
    if not title:
        return stem
    if day is not None and find_date(title) is None:
        return f"{title} {day}"
    return title


def _without_presenter(text: str) -> tuple[str, str | None]:
    """A name's last part is who speaks, where it looks like a person: "아침뉴스_김하늘"."""
    parts = [part for part in _SEPARATOR.split(text) if part]
    if len(parts) < 2:
        return text, None
    last = _ROLE.sub("", parts[-1])
    if not (_PERSON.fullmatch(last) and last[0] in _SURNAMES) or kind_within(last):
        return text, None
    return " ".join(parts[:-1]), last


def _series(
    text: str, folders: list[str], tags: Mapping[str, str], sources: dict[str, str]
) -> tuple[str | None, int | None]:
    folder = next((name for name in folders if not _is_plain_folder(name)), None)
    number, before = _numbered(text, folder)
    if number is None or not 1 <= number <= MOST_EPISODES:
        return None, None
    named = _usable(_SEPARATOR.sub(" ", before), 100)
    if named:
        series, sources["series"] = named, NAME
    elif folder is not None and (named := _usable(folder, 100)):
        series, sources["series"] = named, FOLDER
    elif album := _told(tags, "album", limit=100):
        series, sources["series"] = album, TAG
    else:
        return None, None
    sources["episode"] = NAME
    return series, number


def _numbered(text: str, folder: str | None) -> tuple[int | None, str]:
    """The number of an episode, and what stands before it."""
    if match := _EPISODE.fullmatch(text):
        number = next(match[name] for name in ("formal", "plain", "hash", "english") if match[name])
        return int(number), match["before"]
    behind = _NUMBER_BEHIND.fullmatch(text)
    # A number alone is one only where the folder bears the series' name: "먼 길/먼 길 03"
    if behind and folder is not None and bare(behind["before"]) == bare(folder):
        return int(behind["number"]), behind["before"]
    return None, ""


def _kind(
    stem: str, folders: list[str], tags: Mapping[str, str], sources: dict[str, str]
) -> SegmentKind | None:
    for folder in folders:
        if (exact := kind_named(folder)) is not None:
            sources["kind"] = f'{FOLDER} "{folder}"'
            return exact
    told = ((NAME, stem), *((FOLDER, folder) for folder in folders), (TAG, tags.get("genre", "")))
    for source, text in told:
        if found := kind_within(text):
            sources["kind"] = f'{source} "{found[1]}"'
            return found[0]
    return None


def _told(tags: Mapping[str, str], *names: str, limit: int = 300) -> str | None:
    """The first of these tags that somebody filled in."""
    for name in names:
        text = " ".join(tags.get(name, "").split())
        if (
            text
            and not _JUNK.fullmatch(text)
            and not _MAKERS.match(text)
            and (usable := _usable(text, limit))
        ):
            return usable
    return None


def _usable(text: str, limit: int) -> str | None:
    try:
        return clean_line(text, "tag", limit) or None
    except Invalid:
        return None


def _is_plain_folder(name: str) -> bool:
    """A folder that says a kind or a date, no series."""
    return (
        kind_named(name) is not None or bool(_YEARLY.fullmatch(name.strip())) or find_date(name) is not None
    )
