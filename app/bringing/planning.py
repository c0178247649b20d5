"""What an import would do, worked out before anything is written: each file with what it will be called, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from app.bringing.guessing import Guess, guess
from app.bringing.listing import LISTED, Line, Listing, described, match
from app.bringing.recordings import Recording, Source
from app.bringing.spelling import mended
from app.bringing.taking import Intent, known_segments
from app.bringing.words import FILE
from app.database import reading
from app.library.description import Description, title_from
from app.library.models import SegmentKind, SegmentState
from app.library.names import clean_tags, display_name
from audio.errors import AudioError
from audio.tags import read_tags

LIST, WISH = "list", "option"
"""Where else a description comes from besides guesses: a line of the list, an option of the command."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who imports says of every file; ``approve`` lets it on the air in that person's name.

    Without a ``kind`` it is guessed, else it is a talk.
    """

    person_id: int
    kind: SegmentKind | None = None
    tags: tuple[str, ...] = ()
    approve: bool = False
    guesses: bool = True
    read_tags: bool = True
    unlisted: bool = False
    """With a list: whether files without a line are taken too."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One file and what it is to become."""

    intent: Intent
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where its fields come from; what is not here is nobody's."""
    line: int | None = None
    date: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. With ``problems`` nothing is."""

    files: Sequence[Planned]
    known: int
    """How many were taken before."""
    unlisted: Sequence[str] = ()
    """Files without a line in the list, which are left out."""
    problems: Sequence[str] = ()


def plan_import(
    engine: Engine,
    source: Source,
    wishes: Wishes,
    listing: Listing | None,
    *,
    ffmpeg: Path,
    threads: int,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Plan:
    """Plan an import. ``progress`` hears how many files of how many were looked into."""
    if listing is not None and listing.problems:
        return Plan((), 0, problems=listing.problems)
    matched = match(listing.lines, source.recordings) if listing is not None else None
    lines = matched.lines if matched is not None else {}
    unlisted = [one.name for one in source.recordings if listing is not None and one.name not in lines]
    wanted = [one for one in source.recordings if listing is None or wishes.unlisted or one.name in lines]
    with reading(engine) as session:
        known = known_segments(session)
    new = [one for one in wanted if not is_known(known, one)]
    problems = list(matched.problems) if matched is not None else []
    columns = listing.columns if listing is not None else frozenset()
    files: list[Planned] = []
    # A wrong line is told even where its file is known: people correct the list as a whole
    for one in wanted:
        if is_known(known, one) and one.name in lines:
            problems += described(lines[one.name], {}, wishes.kind or SegmentKind.talk)[1]
    for done, (one, tags) in enumerate(_with_tags(new, wishes, ffmpeg, threads), 1):
        planned, wrong = _planned(one, tags, lines.get(one.name), columns, wishes)
        problems += wrong
        if planned is not None:
            files.append(planned)
        progress(done, len(new))
    left = [] if wishes.unlisted else unlisted
    return Plan(files, len(wanted) - len(new), left, sorted(problems, key=_by_line))


def _planned(
    one: Recording, tags: Mapping[str, str], line: Line | None, columns: frozenset[str], wishes: Wishes
) -> tuple[Planned | None, list[str]]:
    guessed = guess(one.name, tags) if wishes.guesses else Guess(title="")
    kind = wishes.kind or guessed.kind or SegmentKind.talk
    sources = dict(guessed.sources)
    if wishes.kind is not None:
        sources["kind"] = WISH
    date = guessed.day.isoformat() if guessed.day else ""
    if line is None:
        intent = Intent(one, _guessed(one, guessed, kind, wishes.tags))
        return Planned(intent, sources, None, date), []
    # What the list has a column for is as it says, empty cells too; guesses fill the columns that it has not
    given = {name: value for name, value in _as_fields(guessed).items() if name not in columns}
    if {"series", "episode"} & columns:
        given.pop("series", None), given.pop("episode", None)
    description, problems = described(line, given, kind)
    sources = {name: told for name, told in sources.items() if name not in columns}
    sources |= dict.fromkeys((name for name, cell in line.fields.items() if cell.strip()), LIST)
    if description is None:
        return None, problems
    description = replace(description, tags=tuple(clean_tags((*description.tags, *wishes.tags))))
    return Planned(Intent(one, description), sources, line.line, date), problems


def _guessed(one: Recording, guessed: Guess, kind: SegmentKind, tags: tuple[str, ...]) -> Description:
    name = one.name.rpartition("/")[2]
    return Description(
        title=title_from(harmless(guessed.title), harmless(name)),
        kind=kind,
        tags=tuple(clean_tags(tags)),
        presenter=guessed.presenter,
        series=guessed.series,
        episode=guessed.episode,
    )


def _as_fields(guessed: Guess) -> dict[str, str]:
    fields = {
        "title": harmless(guessed.title),
        "presenter": guessed.presenter,
        "series": guessed.series,
        "episode": guessed.episode,
    }
    return {name: str(value) for name, value in fields.items() if value}


def _with_tags(
    recordings: Sequence[Recording], wishes: Wishes, ffmpeg: Path, threads: int
) -> Iterator[tuple[Recording, Mapping[str, str]]]:
    """Each recording with its tags, in order. Those of a ZIP file are not read: it would have to be unpacked."""
    paths = [one.handle for one in recordings]
    if not (wishes.guesses and wishes.read_tags) or any(isinstance(path, int) for path in paths):
        yield from ((one, {}) for one in recordings)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="tags") as pool:
        for start in range(0, len(recordings), 64):  # so that Ctrl-C waits for 64 of 10,000 at most
            some = recordings[start : start + 64]
            yield from zip(some, pool.map(lambda one: tags_of(one, ffmpeg), some), strict=True)


def tags_of(recording: Recording, ffmpeg: Path) -> Mapping[str, str]:
    """The tags of a file as text; none where it cannot be read: taking it will say why."""
    assert isinstance(recording.handle, Path)
    try:
        return {name: mended(raw) for name, raw in read_tags(recording.handle, ffmpeg=ffmpeg).items()}
    except (AudioError, OSError):
        return {}


def is_known(known: Mapping[str, tuple[int, int, str]], one: Recording) -> bool:
    """Whether there is nothing to do; of what was rejected it is told why, each time."""
    found = known.get(one.key)
    again = {SegmentState.processing, SegmentState.rejected}
    return found is not None and found[:2] == (one.bytes, one.stamp) and found[2] not in again


def harmless(text: str) -> str:
    """What a file's name may hold and a title may not, as spaces; and no longer than a title."""
    return display_name(text.replace("/", " ").replace("\\", " "))


def _by_line(problem: str) -> tuple[int, str]:
    number = problem.removeprefix("line ").partition(":")[0]
    return (int(number) if number.isdigit() else 0), problem


def listed_fields() -> tuple[str, ...]:
    """The columns of `--write-csv`: the file, and what the upload form takes, what is guessed first."""
    first = ("title", "kind", "presenter", "series", "episode", "tags")
    return (FILE, *first, *sorted(LISTED - set(first)))


def cells_of(planned: Planned, columns: Iterable[str]) -> list[str]:
    """A planned file's cells for `--write-csv`."""
    description = planned.intent.description
    cells = []
    for name in columns:
        value = planned.intent.recording.name if name == FILE else getattr(description, name, None)
        if isinstance(value, tuple):
            value = ", ".join(value)
        cells.append(
            "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
        )
    return cells
