"""Artefacts as the ticker reads them: frames out of memory, put there by threads that may wait for a disk.

A track is opened when its airing is taken on and keeps its file open, so that it can be read to its end whatever
becomes of the folder.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.air.armed import ArmedFile
from app.processes import is_news
from audio.errors import AudioError
from audio.frames import Frames
from audio.profile import Encoding

log = structlog.get_logger()

BLOCK_S = 5.0
"""What is read at once."""

BLOCKS_AHEAD = 6
"""So many of them behind the one that is due are in memory: a disk may take half a minute without being heard."""

KEPT_S = 60.0
"""A block that nobody has asked for as long as this is let go."""


class NotThere(Exception):
    """An artefact is not what the armed file says, or cannot be read."""


class NotReady(Exception):
    """The frames are not in memory: the disk is too slow, or fails."""


class Playable(Protocol):
    """What an output plays. `frames` never waits for anything."""

    sha256: str
    count: int
    frame_samples: int
    sample_rate: int

    def frames(self, first: int, count: int) -> list[bytes]:
        """So many frames from the first on. Raises NotReady."""

    def prepare(self, first: int) -> None:
        """Have what lies from a frame on read, without waiting for it."""

    def close(self) -> None: ...


class Track:
    """The frames of one artefact. `frames` never waits for the disk; `load` does and belongs into a thread."""

    def __init__(self, file: ArmedFile, encoding: Encoding, readers: ThreadPoolExecutor) -> None:
        self.sha256 = file.sha256
        self._frames = _open(file, encoding)
        self.count = self._frames.count
        self.frame_samples, self.sample_rate = self._frames.frame_samples, self._frames.sample_rate
        self._block = max(1, round(BLOCK_S * self.sample_rate / self.frame_samples))
        self._readers = readers
        self._blocks: dict[int, list[bytes]] = {}
        self._asked: dict[int, float] = {}
        self._reading: set[int] = set()
        self._pinned: set[int] = set()
        self._lock = threading.Lock()

    def frames(self, first: int, count: int) -> list[bytes]:
        """So many frames from the first on; they lie in one or two blocks.

        Raises:
            NotReady: they are not in memory yet; they have been asked for.
        """
        number, offset = divmod(first, self._block)
        self._ask(number + 1)
        block = self._taken(number)
        if offset + count <= len(block):
            return block[offset : offset + count]
        return block[offset:] + self._taken(number + 1)[: offset + count - len(block)]

    def prepare(self, first: int) -> None:
        """Have what lies from a frame on read, without waiting for it: to be called every second."""
        number = first // self._block
        now = time.monotonic()
        for each in range(number, number + 1 + BLOCKS_AHEAD):
            self._ask(each)
            if each in self._blocks:
                self._asked[each] = now

    def load(self, first: int, *, pin: bool = False) -> None:
        """Read what lies from a frame on, now; ``pin``: and keep it.

        Raises:
            OSError: the disk.
            AudioError: the file was cut short since.
        """
        number = first // self._block
        for each in (number, number + 1):
            if each * self._block < self.count:
                self._read(each)
                if pin:
                    self._pinned.add(each)

    def load_all(self) -> None:
        """Keep the whole of it in memory: of what must never fail. Raises as `load`."""
        for number in range(-(-self.count // self._block)):
            self._read(number)
            self._pinned.add(number)

    def close(self) -> None:
        self._frames.close()

    def _taken(self, number: int) -> list[bytes]:
        block = self._blocks.get(number)
        if block is None:
            self._ask(number)
            raise NotReady
        self._asked[number] = time.monotonic()
        return block

    def _ask(self, number: int) -> None:
        if number in self._blocks or number in self._reading or number * self._block >= self.count:
            return
        self._reading.add(number)
        self._readers.submit(self._try_to_read, number)

    def _try_to_read(self, number: int) -> None:
        try:
            self._read(number)
        except (OSError, ValueError, AudioError) as error:
            # It is asked for again; meanwhile something else goes out
            if is_news(f"read {self.sha256}"):
                log.warning("an artefact cannot be read", sha256=self.sha256[:12], error=str(error))
        finally:
            self._reading.discard(number)

    def _read(self, number: int) -> None:
        first = number * self._block
        frames = self._frames.read(first, min(first + self._block, self.count))
        now = time.monotonic()
        with self._lock:
            self._blocks[number] = frames
            self._asked[number] = now
            for old in [one for one, at in list(self._asked.items()) if now - at > KEPT_S]:
                if old not in self._pinned:
                    self._blocks.pop(old, None)
                    self._asked.pop(old, None)


def _open(file: ArmedFile, encoding: Encoding) -> Frames:
    """Raises NotThere."""
    try:
        if file.path.stat().st_size != file.bytes:
            raise NotThere(f"{file.sha256[:12]} is not as long as it was")
        with file.path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
                raise NotThere(f"{file.sha256[:12]} is damaged")
        frames = Frames.open(file.path, encoding)
    except (OSError, ValueError, AudioError) as error:
        raise NotThere(f"{file.sha256[:12]} cannot be read: {error}") from error
    if frames.count == 0:
        frames.close()
        raise NotThere(f"{file.sha256[:12]} is empty")
    return frames


@dataclass(slots=True)
class _Held:
    track: Playable
    users: int = 0


class Tracks:
    """Every open track once, however many airings and outputs share it. Its methods may wait: call them in a thread."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="read")
        self._held: dict[tuple[str, str], _Held] = {}
        self._lock = threading.Lock()

    def take(self, file: ArmedFile, encoding: Encoding) -> Track:
        """Open a track, or share it; to be given back. Raises NotThere."""
        found = self.share((file.sha256, encoding.key), lambda: Track(file, encoding, self._readers))
        assert isinstance(found, Track), "artefacts are under their own keys"
        return found

    def share(self, key: tuple[str, str], make: Callable[[], Playable]) -> Playable:
        """The track that is open under a key, or a new one; to be given back. Raises what ``make`` raises."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = _Held(make())
            held.users += 1
            return held.track

    def give_back(self, tracks: Iterable[Playable]) -> None:
        """Close what nobody uses any more."""
        with self._lock:
            for track in tracks:
                for key, held in list(self._held.items()):
                    if held.track is track:
                        held.users -= 1
                        if held.users <= 0:
                            del self._held[key]
                            track.close()

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
