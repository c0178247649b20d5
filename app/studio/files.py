"""What a takeover leaves on the disk: its frames in every form, the recording as it came, and a note that finds both again.

`air/studio/<airing>-<n>.json` is written once the studio is ready, and taken away when the recording has been handed over:
what a killed process left is found by it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.errors import DiskReserve
from app.settings import Settings
from app.storage import require_space, write_atomically
from audio.frames import FrameCutter
from audio.profile import Encoding

_NAME = re.compile(r"(?P<airing>\d+)-(?P<number>\d+)")
SPACE_CHECK = 1 << 20
"""The disk's reserve is looked at again after so many bytes: a minute at 128 kbit/s."""


@dataclass(frozen=True, slots=True)
class Note:
    """A takeover that may have been heard."""

    name: str
    airing_id: int
    title: str
    person_id: int
    zero_sample: int
    frames: str
    """The file of its first sound's frames."""
    encoding: dict[str, Any]
    """Of that sound."""


def count_frames(path: Path, encoding: Encoding) -> int:
    """How many frames lie in a file; what a killed process left of one is cut off."""
    cutter, count, whole = FrameCutter(encoding), 0, 0
    try:
        with path.open("rb+") as file:
            while content := file.read(1 << 20):
                frames = cutter.feed(content)
                count, whole = count + len(frames), whole + sum(map(len, frames))
            file.truncate(whole)
    except (OSError, ValueError):
        return count
    return count


def new_name(settings: Settings, airing_id: int) -> str:
    """A name that no takeover of this airing has had."""
    settings.studio_dir.mkdir(mode=0o700, exist_ok=True)
    found = (_NAME.match(path.name) for path in settings.studio_dir.iterdir())
    numbers = [int(one["number"]) for one in found if one and int(one["airing"]) == airing_id]
    return f"{airing_id}-{max(numbers, default=0) + 1}"


def frames_path(settings: Settings, name: str, recipe: str) -> Path:
    """Where a takeover's frames in one recipe lie."""
    return settings.studio_dir / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.frames"


def recording_path(settings: Settings, name: str) -> Path:
    return settings.studio_dir / f"{name}.recording"


def _note_path(settings: Settings, name: str) -> Path:
    return settings.studio_dir / f"{name}.json"


def write_note(settings: Settings, note: Note) -> None:
    write_atomically(_note_path(settings, note.name), json.dumps(asdict(note)).encode())


def notes(settings: Settings) -> Iterator[Note]:
    """Of what has not been handed over. What cannot be read is left lying for somebody to look at."""
    for path in sorted(settings.studio_dir.glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            yield Note(**json.loads(path.read_bytes()))


def forget(settings: Settings, name: str) -> None:
    """The recording has been handed over, or is not wanted."""
    recording_path(settings, name).unlink(missing_ok=True)
    _note_path(settings, name).unlink(missing_ok=True)


def sent_frames(settings: Settings, airing_id: int) -> Iterable[Path]:
    """The files of frames of an airing's takeovers."""
    return settings.studio_dir.glob(f"{airing_id}-*.frames")


def clear_away(settings: Settings) -> None:
    """Remove frames as old as artefacts that are collected, and what is left of a recording that nobody heard."""
    noted = {one.name for one in notes(settings)}
    limits = {".frames": timedelta(days=settings.keep_artefacts_days), ".recording": timedelta(days=1)}
    for path in settings.studio_dir.iterdir():
        limit = limits.get(path.suffix)
        with suppress(FileNotFoundError):
            if (
                limit
                and path.stem not in noted
                and time.time() - path.stat().st_mtime > limit.total_seconds()
            ):
                path.unlink()


class FramesFile:
    """A growing file of frames: whole ones only, as the air process reads them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.count = 0

    def append(self, frames: Iterable[bytes]) -> None:
        """Raises OSError where the disk takes no more."""
        held = list(frames)
        content = b"".join(held)
        if os.write(self._file, content) < len(content):
            raise OSError("the disk took half a frame")
        self.count += len(held)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Recording:
    """What came from the studio, as it came. It ends where it would eat into the disk's reserve; the air goes on."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self.path = recording_path(settings, name)
        # Unbuffered: what a killed process has taken in is not to be lost
        self._file = self.path.open("xb", buffering=0)
        self.path.chmod(0o600)
        self._bytes = 0
        self._checked_at = 0
        self.stopped: str | None = None
        """Why it is not complete."""

    def write(self, content: bytes) -> None:
        if self.stopped is not None:
            return
        try:
            if self._bytes - self._checked_at >= SPACE_CHECK:
                self._checked_at = self._bytes
                require_space(self._settings)
            if self._bytes + len(content) > self._settings.upload_limit_bytes:
                self.stopped = "it is larger than a recording may be"
                return
            self._file.write(content)
            self._bytes += len(content)
        except (OSError, DiskReserve) as error:
            self.stopped = str(error)

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
