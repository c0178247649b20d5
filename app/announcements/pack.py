"""The station's voice pack: a folder of clips, each called by its key. Whoever copies a file into it has recorded it.

A clip that was uploaded has a note beside it, ``<key>.txt``, with the words that it says. Where a programme has another title
since, or the station another name, its clip is not taken for them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session, col, select

from app.programmes.models import Programme
from app.settings import Settings
from app.station.models import Station
from app.storage import sha256_of
from schedules.announcing.checklist import ClipToRecord, checklist
from schedules.announcing.tokens import Token

NOTE = ".txt"


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording; ``says`` is what its note says that it says."""

    key: str
    path: Path
    sha256: str
    bytes: int
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The clips that there are, by key. ``surplus`` are files whose key another file has: nobody hears them."""

    clips: Mapping[str, Clip] = field(default_factory=dict)
    surplus: tuple[Path, ...] = ()

    def clip_of(self, token: Token) -> Clip | None:
        """The clip that says a token, or None where it must be spoken otherwise."""
        return self.clip_for(token.key, token.text) if token.key else None

    def clip_for(self, key: str, text: str) -> Clip | None:
        """The clip of this key, unless it is known to say something else than the text."""
        clip = self.clips.get(key)
        return clip if clip is not None and clip.says in {None, text} else None


def folder_of(settings: Settings) -> Path:
    """Where the Korean pack lies."""
    return settings.voices_dir / "ko"


def read_pack(settings: Settings) -> Pack:
    """What is there now. A file's content is read once, and again only when it was changed."""
    clips: dict[str, Clip] = {}
    surplus: list[Path] = []
    folder = folder_of(settings)
    try:
        found = sorted(folder.iterdir())
    except OSError:  # a station without a voice
        return Pack()
    for path in found:
        if path.suffix == NOTE or path.name.startswith("."):
            continue
        try:
            status = path.stat()
            if not path.is_file():
                continue
            sha256 = _hashed(path, status.st_ino, status.st_size, status.st_ctime_ns)
        except OSError:  # removed while we looked, or not ours to read
            continue
        if path.stem in clips:
            surplus.append(path)
        else:
            clips[path.stem] = Clip(
                path.stem, path, sha256, status.st_size, _note(folder / f"{path.stem}{NOTE}")
            )
    return Pack(clips, tuple(surplus))


def wanted_clips(session: Session) -> tuple[ClipToRecord, ...]:
    """What this station has to record: every word, its name, and the titles of its programmes."""
    station = session.get_one(Station, 1)
    titles = session.exec(select(Programme.code, Programme.title).order_by(col(Programme.code))).all()
    return checklist(station.spoken_name or station.name, dict(titles))


def _note(path: Path) -> str | None:
    try:
        return unicodedata.normalize("NFC", path.read_text(encoding="utf-8")).strip() or None
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=1024)
def _hashed(path: Path, _inode: int, _bytes: int, _changed_ns: int) -> str:
    """By ctime, which nobody can set back: engine and worker must never disagree about a file."""
    return sha256_of(path)
