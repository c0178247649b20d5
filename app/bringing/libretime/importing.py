"""``danpa import-libretime``: the tracks of a dump with their files become segments."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from sqlalchemy import Engine

from app.bringing.libretime.tracks import SUGGESTED, Station, Track, read_station, tags_of, unmapped
from app.bringing.planning import Plan, Planned, Wishes, harmless, is_known
from app.bringing.recordings import Folder, Recording, file_recording, shown_path
from app.bringing.running import NAMED, Manner, carry_out, confirm, require_new, show, write_plan
from app.bringing.taking import Intent, known_segments
from app.bringing.words import kind_named, kind_within
from app.database import reading
from app.errors import Invalid
from app.library.description import Description, clean_presenter, title_from
from app.library.models import SegmentKind
from app.library.names import clean_tags, display_name
from app.settings import Settings

SAID = "LibreTime"
"""Where what is known of a track comes from."""


def run_import_libretime(
    engine: Engine,
    settings: Settings,
    dump: Path,
    storage: Path,
    wishes: Wishes,
    manner: Manner,
    *,
    kinds_given: Mapping[str, SegmentKind],
    ask_kind: Callable[[str], str] | None,
    console: Console,
) -> int:
    """The command. Returns the exit status: 0 when every track that LibreTime would have played is in the library.

    Raises:
        Invalid: there is no such dump or folder, or nobody has said what some types of tracks are here.
    """
    if not storage.is_dir():
        raise Invalid(
            f"{storage} is not a folder: --storage is the folder that LibreTime's `storage.path` names"
        )
    if not dump.is_file():
        raise Invalid(f"there is no file {dump}")
    require_new(manner.write_csv)
    station = read_station(dump)
    _tell(station, console)
    kinds = _kinds(station, kinds_given, ask_kind)
    plan, refused = plan_tracks(engine, station, storage, wishes, kinds)
    if manner.write_csv is not None:
        write_plan(plan.files, manner.write_csv)
    show(plan, console, in_full=manner.dry_run)
    _tell_refused(refused, console)
    if manner.dry_run or manner.write_csv is not None:
        console.print("Nothing was imported.")
        return 0
    if plan.files:
        confirm(manner, f"Import {len(plan.files)} tracks?")
    source = Folder([one.intent.recording for one in plan.files], 0, (), refused)
    threads = manner.threads or os.cpu_count() or 1
    return carry_out(engine, settings, source, plan, wishes, manner, threads=threads, console=console)


def plan_tracks(
    engine: Engine, station: Station, storage: Path, wishes: Wishes, kinds: Mapping[str, SegmentKind]
) -> tuple[Plan, list[tuple[str, str]]]:
    """What each track becomes, and those that are not taken, with the reason."""
    with reading(engine) as session:
        known = known_segments(session)
    files: list[Planned] = []
    refused: list[tuple[str, str]] = []
    before = 0
    for track in station.tracks:
        try:
            recording = _recording(station, track, storage)
        except Invalid as why:
            refused.append((f"{track.title or track.path} (track {track.id})", str(why)))
            continue
        if is_known(known, recording):
            before += 1
        else:
            files.append(_planned(station, track, recording, wishes, kinds))
    return Plan(files, before), refused


def _recording(station: Station, track: Track, storage: Path) -> Recording:
    if track.gone:
        raise Invalid(track.gone)
    path = station.file_of(track, storage)
    if not path.is_file():
        raise Invalid(f"there is no file {shown_path(path.relative_to(storage))} in the storage folder")
    return file_recording(path, path.relative_to(storage))


def _planned(
    station: Station, track: Track, recording: Recording, wishes: Wishes, kinds: Mapping[str, SegmentKind]
) -> Planned:
    sources = {"title": SAID if track.title else "file name", "kind": SAID}
    code = station.code_of(track)
    kind = kinds.get(code)
    if kind is None:
        kind, sources["kind"] = _kind_of_untyped(track, wishes)
    name = recording.name.rpartition("/")[2]
    if track.artist:
        sources["presenter"] = SAID
    description = Description(
        title=title_from(harmless(track.title), harmless(name)),
        kind=kind,
        tags=tuple(clean_tags((*map(harmless, tags_of(track)), *wishes.tags))),
        presenter=clean_presenter(harmless(track.artist)[:100]),
    )
    return Planned(Intent(recording, description, track.within()), sources)


def _kind_of_untyped(track: Track, wishes: Wishes) -> tuple[SegmentKind, str]:
    """Of a track without a type: what was asked for, what its genre or title says, else a talk."""
    if wishes.kind is not None:
        return wishes.kind, "option"
    for what, text in (("genre", track.genre), ("title", track.title)):
        if found := kind_within(text):
            return found[0], f'{what} "{found[1]}"'
    return SegmentKind.talk, "nobody"


def _kinds(
    station: Station, given: Mapping[str, SegmentKind], ask: Callable[[str], str] | None
) -> dict[str, SegmentKind]:
    kinds = {**SUGGESTED, **given}
    names = unmapped(station, kinds)
    if names and ask is None:
        told = ", ".join(f"{code} ({name})" if name else code for code, name in names.items())
        raise Invalid(
            f"say what these track types are here: {told}, as --kind-of CODE=kind; a kind is one of {', '.join(SegmentKind)}"
        )
    for code, name in names.items():
        assert ask is not None
        kind = None
        while kind is None:
            kind = kind_named(ask(f'What is the track type {code} "{name}" here? ({", ".join(SegmentKind)})'))
        kinds[code] = kind
    return kinds


def _tell_refused(refused: Sequence[tuple[str, str]], console: Console) -> None:
    for name, reason in refused[:NAMED]:
        console.print(f"  not taken: {escape(name)}: {escape(reason)}", highlight=False, soft_wrap=True)
    if len(refused) > NAMED:
        console.print(f"  ... and {len(refused) - NAMED} more that are not taken; --report FILE names all")


def _tell(station: Station, console: Console) -> None:
    """What the dump holds, and what of it has no place here."""
    left = ", ".join(f"{count} {what}" for what, count in station.left.items())
    console.print(f"{len(station.tracks)} tracks; not taken: {left or 'nothing else'}", highlight=False)
    if station.shows:
        console.print("Shows, to be made programmes by hand:", highlight=False)
        for name in station.shows:
            console.print(f"  {escape(display_name(name))}", highlight=False, soft_wrap=True)
