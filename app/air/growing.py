"""Frames of a file that still grows: what a studio is sending, read as it comes by a thread that may wait for a disk."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Final

import structlog

from app.air.tracks import NotReady, NotThere
from app.processes import is_news
from audio.frames import FrameCutter
from audio.profile import Encoding

log = structlog.get_logger()

LOOK_S = 0.02
_READ_BYTES: Final = 1 << 20

KEPT_FRAMES: Final = 2500
"""Behind the newest one that was read, at least: a minute, many times what a studio may be ahead."""

ENDLESS: Final = 1 << 40
"""How many frames there will be is not known."""


def digest_of(path: Path) -> str:
    """What a growing file is called on the record, where an artefact has its SHA-256: it has none yet."""
    return hashlib.sha256(path.name.encode()).hexdigest()


class GrowingTrack:
    """As `app.air.tracks.Track`, but what is not there yet may never come: `NotReady` says only that it is not there."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        """Reads what there is. Raises NotThere."""
        self.sha256 = digest_of(path)
        self.count = ENDLESS
        self.frame_samples, self.sample_rate = encoding.frame_samples or 0, encoding.sample_rate
        self._cutter = FrameCutter(encoding)
        self._offset = 0
        self._held: tuple[int, list[bytes]] = (0, [])
        """The number of the first frame that is kept, and the frames: replaced as a whole, so that nobody waits for a lock."""
        self._closing = threading.Event()
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise NotThere(f"{path.name} cannot be read: {error}") from error
        try:
            self._read()
        except (OSError, ValueError) as error:
            os.close(self._file)
            raise NotThere(f"{path.name} cannot be read: {error}") from error
        self._reader = threading.Thread(target=self._follow, name="studio", daemon=True)
        self._reader.start()

    def frames(self, first: int, count: int) -> list[bytes]:
        """So many frames from the first on. Raises NotReady: they are not there, or are long past."""
        base, frames = self._held
        found = frames[first - base : first - base + count] if first >= base else []
        if len(found) < count:
            raise NotReady
        return found

    def prepare(self, first: int) -> None:
        """Nothing to do: it is read as it comes."""

    def close(self) -> None:
        self._closing.set()
        self._reader.join()
        os.close(self._file)

    def _follow(self) -> None:
        while not self._closing.wait(LOOK_S):
            try:
                self._read()
            except OSError as error:
                if is_news(f"read {self.sha256}"):
                    log.warning("what a studio sends cannot be read", error=str(error))
            except ValueError as error:
                log.warning("what a studio sends is broken", error=str(error))
                return

    def _read(self) -> None:
        """What is new. Raises OSError, and ValueError where anything but frames stands."""
        while content := os.pread(self._file, _READ_BYTES, self._offset):
            self._offset += len(content)
            base, frames = self._held
            frames.extend(self._cutter.feed(content))
            if len(frames) > 2 * KEPT_FRAMES:
                past = len(frames) - KEPT_FRAMES
                self._held = (base + past, frames[past:])
