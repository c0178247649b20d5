"""What LibreTime knew of its tracks, in our words.

The tables are those of LibreTime 3 and 4 (`api/libretime_api/legacy/migrations/sql/schema.sql` and the migrations beside it):
until 3.0.0-alpha.13.9 a track has its type's code (`track_type`), since then its number (`track_type_id`); older ones name a
folder (`directory`, of `cc_music_dirs`) below which `filepath` lies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.bringing.libretime.dump import Fields, read_dump
from app.errors import Invalid
from app.library.models import SegmentKind
from audio.pcm import RATE

SUGGESTED = {
    "MUS": SegmentKind.music,
    "SID": SegmentKind.ident,
    "JIN": SegmentKind.jingle,
    "SWP": SegmentKind.jingle,
    "INT": SegmentKind.jingle,
    "OUT": SegmentKind.jingle,
    "PRO": SegmentKind.announcement,
    "NWS": SegmentKind.news,
    "ITV": SegmentKind.talk,
    "SHO": SegmentKind.talk,
    "VTR": SegmentKind.talk,
}
"""What LibreTime's own examples of track types are here. Commercials (COM) have no place on our air: somebody must say."""

USUAL_STORAGE = ("/srv/libretime", "/srv/airtime/stor")
"""Where the storage lay on the old machine, unless its configuration said otherwise."""

TRACKS, TYPES, FOLDERS, SHOWS = "cc_files", "cc_track_types", "cc_music_dirs", "cc_show"
NOT_TAKEN = {
    "cc_playlist": "playlists",
    "cc_block": "smart blocks",
    "cc_webstream": "web streams",
    "cc_show_instances": "shows on dates",
}
"""What is counted and left: a programme here has a clock, which nobody can make of a playlist."""

_INTERVAL = re.compile(
    r"(?:(?P<days>-?\d+) days? ?)?(?:(?P<sign>-)?(?P<hours>\d+):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d+)?))?"
)


@dataclass(frozen=True, slots=True)
class Track:
    """One row of `cc_files`. Seconds; ``cue_out_s`` is 0 where it was never set."""

    id: int
    path: str
    folder_id: str | None
    title: str
    artist: str
    album: str
    genre: str
    type: str | None
    """Its type's code or number."""
    cue_in_s: float
    cue_out_s: float
    gone: str = ""
    """Why LibreTime itself would not play it."""

    def within(self) -> tuple[int, int] | None:
        """The samples that LibreTime played, where somebody or something cut it; None for all."""
        if self.cue_out_s <= self.cue_in_s:
            return None
        return round(self.cue_in_s * RATE), round(self.cue_out_s * RATE)


@dataclass(slots=True)
class Station:
    """A LibreTime station as its dump tells of it."""

    tracks: list[Track] = field(default_factory=list)
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By number: code and name."""
    folders: dict[str, str] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    """Those of the folders that LibreTime only watched: its storage is the other one."""
    shows: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def code_of(self, track: Track) -> str:
        """The code of a track's type, in capitals; empty where it has none."""
        if track.type is None:
            return ""
        return (self.types.get(track.type, (track.type, ""))[0]).strip().upper()

    def file_of(self, track: Track, storage: Path) -> Path:
        """Where a track's file should lie.

        Raises:
            Invalid: outside of the storage folder.
        """
        folder = track.folder_id or ""
        if folder in self.watched:
            raise Invalid(
                f"it lies in a watched folder, {self.folders[folder]}: import that folder by itself"
            )
        path = track.path
        roots = (*self.folders.values(), str(storage.absolute()), *USUAL_STORAGE)
        for root in sorted((root.rstrip("/") + "/" for root in roots if root), key=len, reverse=True):
            path = path.removeprefix(root)
        if path.startswith("/"):
            raise Invalid(f"it lies outside of the storage folder, at {path}: import that folder by itself")
        if ".." in Path(path).parts:
            raise Invalid("its path leads out of the storage folder")
        return storage / path


def read_station(dump: Path) -> Station:
    """Read a dump. Raises Invalid as `read_dump`, and where it is no LibreTime's."""
    station = Station()
    tables = {TRACKS, TYPES, FOLDERS, SHOWS, *NOT_TAKEN}
    for table, row in read_dump(dump, tables):
        _put(station, table, row)
    if not station.tracks:
        raise Invalid(
            f"the dump has no tracks (table {TRACKS}): is it the database of a LibreTime station, with its data?"
        )
    return station


def _put(station: Station, table: str, row: Fields) -> None:
    if table == TRACKS:
        station.tracks.append(_track(row))
    elif table == TYPES:
        station.types[row.get("id") or ""] = (row.get("code") or "", row.get("type_name") or "")
    elif table == FOLDERS:
        number = row.get("id") or ""
        station.folders[number] = row.get("directory") or ""
        if row.get("type") == "watched":
            station.watched.add(number)
    elif table == SHOWS:
        station.shows.append(row.get("name") or "")
    else:
        station.left[NOT_TAKEN[table]] += 1


def _track(row: Fields) -> Track:
    title = (row.get("track_title") or "").strip()
    return Track(
        id=int(row.get("id") or 0),
        path=row.get("filepath") or "",
        folder_id=row.get("directory"),
        title=title,
        artist=(row.get("artist_name") or "").strip(),
        album=(row.get("album_title") or "").strip(),
        genre=(row.get("genre") or "").strip(),
        type=row.get("track_type_id") or row.get("track_type") or None,
        cue_in_s=seconds_of(row.get("cuein")),
        cue_out_s=seconds_of(row.get("cueout")),
        gone=_why_gone(row),
    )


def _why_gone(row: Fields) -> str:
    if _is(row.get("hidden")):
        return "it was deleted in LibreTime"
    if row.get("file_exists") is not None and not _is(row.get("file_exists")):
        return "LibreTime had lost its file"
    # 0 is success, 1 pending, 2 failed (`File.ImportStatus`)
    if (row.get("import_status") or "0") != "0":
        return "LibreTime never finished importing it"
    if not row.get("filepath"):
        return "LibreTime had no file for it"
    return ""


def _is(value: str | None) -> bool:
    return value is not None and value.strip().lower() in {"t", "true", "1", "yes", "on"}


def seconds_of(interval: str | None) -> float:
    """Seconds of a PostgreSQL interval ("00:03:25.5", "1 day 02:00:00"); 0 for none and for what is no length of a track."""
    match = _INTERVAL.fullmatch((interval or "").strip())
    if match is None or match["sign"]:
        return 0.0
    hours = int(match["days"] or 0) * 24 + int(match["hours"] or 0)
    return max(0.0, hours * 3600.0 + int(match["minutes"] or 0) * 60 + float(match["seconds"] or 0))


def unmapped(station: Station, kinds: Mapping[str, SegmentKind]) -> dict[str, str]:
    """Codes of types that tracks have and nobody has given a kind, with their names."""
    names = {code.strip().upper(): name for code, name in station.types.values()}
    used = {station.code_of(track) for track in station.tracks if not track.gone}
    return {code: names.get(code, "") for code in sorted(used) if code and code not in kinds}


def tags_of(track: Track) -> Sequence[str]:
    """Its genre and album as tags: what commas would part stays together."""
    return [text.replace(",", " ")[:60].strip() for text in (track.genre, track.album) if text]
