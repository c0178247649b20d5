"""What a station chooses to announce, and the clips of its voice pack: who put them there, and what is still to record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine
from sqlmodel import Session

from app.announcements.pack import NOTE, Clip, Pack, folder_of, read_pack, wanted_clips
from app.database import reading, writing
from app.errors import NotFound
from app.journal.service import record
from app.settings import Settings
from app.station.models import Station
from app.station.service import station
from app.storage import sha256_of, write_atomically
from audio.sniff import refuse_hopeless

ClipState = Literal["recorded", "missing", "other_words"]

_ENDINGS = {b"RIFF": "wav", b"FORM": "aiff", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a station chooses; without a ``spoken_name`` announcements call it by its name."""

    spoken_name: str | None = None
    announced_zone: Literal["kst", "pyongyang"] = "kst"
    frequencies_spoken: bool = True
    next_spoken: bool = True


@dataclass(frozen=True, slots=True)
class WantedClip:
    """A clip of the checklist. ``other_words``: what is there is known to say something else, and is not used."""

    key: str
    text: str
    state: ClipState
    clip: Clip | None = None


@dataclass(frozen=True, slots=True)
class PackState:
    """The checklist with what there is of it; ``unknown`` files are nobody's, or a second one of their key."""

    wanted: tuple[WantedClip, ...]
    unknown: tuple[str, ...]

    def count(self, *states: ClipState) -> int:
        return sum(one.state in states for one in self.wanted)


def choose(session: Session, choices: Choices, *, now: datetime, by: int | None) -> Station:
    """What is compiled already and says otherwise is compiled anew by the engine."""
    here = station(session)
    changed = [name for name, value in asdict(choices).items() if getattr(here, name) != value]
    for name in changed:
        setattr(here, name, getattr(choices, name))
    session.add(here)
    record(session, "station.announcements_chosen", at=now, person_id=by, fields=changed)
    return here


def look_through(session: Session, settings: Settings) -> PackState:
    """What is recorded and what is missing, in the order in which to read it."""
    pack = read_pack(settings)
    wanted = tuple(_wanted(pack, one.key, one.text) for one in wanted_clips(session))
    known = {one.key for one in wanted}
    stray = [clip.path.name for key, clip in pack.clips.items() if key not in known]
    return PackState(wanted, tuple(sorted([*stray, *(path.name for path in pack.surplus)])))


def require_wanted(session: Session, key: str) -> str:
    """The words of a clip of the checklist. Raises NotFound."""
    for one in wanted_clips(session):
        if one.key == key:
            return one.text
    raise NotFound(
        f'no clip is called "{key[:60]}": `danpa voices checklist` and GET /voice-pack list what to record'
    )


def put_clip(
    engine: Engine, settings: Settings, key: str, received: Path, *, now: datetime, by: int | None
) -> WantedClip:
    """Take a received file into the pack, in place of what was there.

    Raises:
        NotFound: no clip has this key.
        AudioError: its bytes alone say that nobody can use it; whether it decodes is told by ``danpa voices check``.
    """
    refuse_hopeless(received)
    with reading(engine) as session:
        text = require_wanted(session, key)
    folder = folder_of(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = _files(settings, key)
    sha256, path = sha256_of(received), folder / f"{key}.{_ending(received)}"
    received.replace(path)
    write_atomically(folder / f"{key}{NOTE}", f"{text}\n".encode())
    for other in before:
        if other.name not in {path.name, f"{key}{NOTE}"}:
            other.unlink(missing_ok=True)
    size = path.stat().st_size
    with writing(engine) as session:
        record(session, "voice_clip.put", at=now, person_id=by, key=key, sha256=sha256, bytes=size)
    return WantedClip(key, text, "recorded", Clip(key, path, sha256, size, text))


def remove_clip(engine: Engine, settings: Settings, key: str, *, now: datetime, by: int | None) -> None:
    """Take a clip out of the pack. Raises NotFound where there is none of this key."""
    found = _files(settings, key)
    if not any(path.suffix != NOTE for path in found):
        raise NotFound(f'there is no clip "{key[:60]}" in the voice pack')
    for path in found:
        path.unlink(missing_ok=True)
    with writing(engine) as session:
        record(session, "voice_clip.removed", at=now, person_id=by, key=key)


def _files(settings: Settings, key: str) -> list[Path]:
    """Everything of a key: compared with what is there, so that a key is never a path."""
    folder = folder_of(settings)
    return [path for path in folder.iterdir() if path.stem == key] if folder.is_dir() else []


def _wanted(pack: Pack, key: str, text: str) -> WantedClip:
    clip = pack.clips.get(key)
    if clip is None:
        return WantedClip(key, text, "missing")
    return WantedClip(key, text, "recorded" if pack.clip_for(key, text) else "other_words", clip)


def _ending(received: Path) -> str:
    """By its content, for people who look into the folder: Danpa itself goes by the content alone."""
    with received.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "m4a"
    if head[:1] == b"\xff":
        return "mp3"
    return next((ending for mark, ending in _ENDINGS.items() if head.startswith(mark)), "audio")
