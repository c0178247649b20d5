"""What a site does with what it was given: a naive player with a log of its own, and eyes that never close."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from audio.ffmpeg import find_ffmpeg
from tests.site_view.sites import Site

LOOK_EVERY_S = 0.005
MINUTE_OF_PCM = 60 * 48_000 * 2


@dataclass(frozen=True, slots=True)
class Aired:
    """One line of a player's log. ``at`` is the true time, whatever the site's clock said."""

    site: str
    on_air_at: datetime
    at: datetime
    name: str = ""
    sha256: str = ""
    """Empty: silence."""
    whole: bool = False
    """ffmpeg decoded a minute of it without a complaint."""


def air(site: Site, on_air_at: datetime, at: datetime) -> Aired:
    """Open what lies under the agreed name and play it to its end."""
    found = site.tonight(on_air_at)
    if found is None:
        return Aired(site.label, on_air_at, at)
    content = found.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return Aired(site.label, on_air_at, at, found.name, sha256, _is_whole(content))


def _is_whole(content: bytes) -> bool:
    form = ("-f", "s16le", "-ac", "1", "-ar", "48000", "-")
    command = [str(find_ffmpeg()), "-nostdin", "-v", "error", "-xerror", "-i", "-", *form]
    played = subprocess.run(command, input=content, capture_output=True, check=False)
    return played.returncode == 0 and not played.stderr and len(played.stdout) == MINUTE_OF_PCM


@dataclass(frozen=True, slots=True)
class Seen:
    """Something lay under a name that a player would take."""

    site: str
    name: str
    sha256: str


class Eyes:
    """Looks at every site all the time, also while a file is on its way: an automation may look at any moment."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._sites = tuple(sites)
        self._known: dict[Path, tuple[int, int, int]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="eyes")
        self.seen: list[Seen] = []
        self.looks = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            self.looks += 1
            for site in self._sites:
                with contextlib.suppress(FileNotFoundError):  # taken away between two looks
                    self._look_into(site)

    def _look_into(self, site: Site) -> None:
        with os.scandir(site.folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".mp3")]
        for name in names:
            path = site.folder / name
            status = path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if name.startswith(".") or self._known.get(path) == mark:
                continue
            content = path.read_bytes()
            self._known[path] = mark
            self.seen.append(Seen(site.label, name, hashlib.sha256(content).hexdigest()))


def an_hour_off(site: Site, sign: int) -> timedelta:
    """The site's clock goes wrong: its files have its times. Gives what is to be added to the true time of its airing."""
    off = timedelta(hours=sign)
    for path in site.folder.iterdir():
        at = path.stat().st_mtime - off.total_seconds()
        os.utime(path, (at, at))
    return off
